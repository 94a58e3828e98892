// SPDX-License-Identifier: ISC

// How the programs on libldap reach the server.

#ifndef BENCH_CONNECTION_H
#define BENCH_CONNECTION_H

#include <errno.h>
#include <ldap.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/** Whether an operation succeeded; says on stderr what failed otherwise. */
static inline bool connection_succeeded(int result, const char *tried)
{
	if (result == LDAP_SUCCESS)
		return true;
	fprintf(
	    stderr, "%s: %s: %s\n", program_invocation_short_name, tried, ldap_err2string(result));
	return false;
}

/**
 * Connects and binds; waits for both.
 * @param dn empty: anonymously.
 * @return false: it failed, and was said.
 */
static inline bool connection_open(LDAP **ret_ldap, const char *uri, const char *dn, char *password)
{
	int version = LDAP_VERSION3;
	struct berval secret = { strlen(password), password };
	if (!connection_succeeded(ldap_initialize(ret_ldap, uri), uri))
		return false;
	ldap_set_option(*ret_ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(*ret_ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	return !*dn || connection_succeeded(ldap_sasl_bind_s(*ret_ldap, dn, LDAP_SASL_SIMPLE,
						&secret, NULL, NULL, NULL),
			   "bind");
}

#endif
