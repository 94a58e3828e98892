// SPDX-License-Identifier: ISC

// Makes changes when it is told to, on one connection, and says when each was over.
//
//	one_by_one URI BIND_DN PASSWORD ATTRIBUTE
//
// Each line of stdin is a value, a blank and the DN of the entry whose attribute it
// replaces.  When the server has answered, prints the seconds of the monotonic clock:
//
//	5123.004567
//
// Ends with its input, or with exit status 1 after a change that failed.

#include "connection.h"
#include "measure.h"

#include <stdlib.h>

static bool change(LDAP *ldap, char *attribute, char *line)
{
	char *value = strtok(line, " "), *dn = strtok(NULL, "\n");
	char *values[] = { value, NULL };
	LDAPMod replace = {
		.mod_op = LDAP_MOD_REPLACE, .mod_type = attribute, .mod_values = values
	};
	LDAPMod *changes[] = { &replace, NULL };
	if (!value || !dn) {
		fputs("one_by_one: a line is no VALUE DN\n", stderr);
		return false;
	}
	int result = ldap_modify_ext_s(ldap, dn, changes, NULL, NULL);
	double end_s = measure_now_s();
	if (!connection_succeeded(result, dn))
		return false;
	printf("%.6f\n", end_s);
	return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
	LDAP *ldap;
	char line[1024];
	bool is_good = true;
	if (argc != 5) {
		fputs("Usage: one_by_one URI BIND_DN PASSWORD ATTRIBUTE\n", stderr);
		return 64;
	}
	if (!connection_open(&ldap, argv[1], argv[2], argv[3]))
		return EXIT_FAILURE;
	while (is_good && fgets(line, sizeof(line), stdin))
		is_good = change(ldap, argv[4], line);
	ldap_unbind_ext_s(ldap, NULL, NULL);
	return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
