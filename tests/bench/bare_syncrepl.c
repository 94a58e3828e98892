// SPDX-License-Identifier: ISC

// The least that a program on libldap must do to be told of changes: what push is compared with.
//
//	bare_syncrepl URI BIND_DN PASSWORD BASE FILTER
//
// Begins without a cookie, so that the server names everybody first (RFC 4533,
// refreshAndPersist).  Prints the seconds of the monotonic clock, one line when
// that is over and one for each change from then on:
//
//	5123.004567
//
// Runs until it is killed, or the connection ends: exit status 1.

#include "connection.h"
#include "measure.h"

#include <stdlib.h>

static bool is_settled;

static void print_now(void)
{
	printf("%.6f\n", measure_now_s());
	fflush(stdout);
}

static int on_entry(
    ldap_sync_t *sync, LDAPMessage *message, struct berval *key, ldap_sync_refresh_t phase)
{
	(void)sync, (void)message, (void)key, (void)phase;
	if (is_settled)
		print_now();
	return LDAP_SUCCESS;
}

static int on_intermediate(
    ldap_sync_t *sync, LDAPMessage *message, BerVarray keys, ldap_sync_refresh_t phase)
{
	(void)sync, (void)message, (void)keys;
	if (phase == LDAP_SYNC_CAPI_DONE && !is_settled) {
		is_settled = true;
		print_now();
	}
	return LDAP_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fputs("Usage: bare_syncrepl URI BIND_DN PASSWORD BASE FILTER\n", stderr);
		return 64;
	}
	ldap_sync_t sync;
	ldap_sync_initialize(&sync);
	sync.ls_base = argv[4];
	sync.ls_scope = LDAP_SCOPE_SUBTREE;
	sync.ls_filter = argv[5];
	sync.ls_timeout = -1;
	sync.ls_search_entry = on_entry;
	sync.ls_intermediate = on_intermediate;
	if (!connection_open(&sync.ls_ld, argv[1], argv[2], argv[3]))
		return EXIT_FAILURE;
	int result = ldap_sync_init(&sync, LDAP_SYNC_REFRESH_AND_PERSIST);
	while (result == LDAP_SUCCESS)
		result = ldap_sync_poll(&sync);
	connection_succeeded(result, "content synchronization");
	return EXIT_FAILURE;
}
