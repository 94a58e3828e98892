/* SPDX-License-Identifier: ISC */
/*
 * Runs the groups of core's unit tests, or those that are named as arguments.
 */
#include "tests.h"

#include <stdbool.h>
#include <string.h>

static bool is_wanted(const char *name, int count, char **names)
{
	for (int i = 1; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return count < 2;
}

#define RUN(name)                                                                                  \
	(is_wanted(#name, argc, argv) ? _cmocka_run_group_tests("core/" #name, name##_tests,       \
					    name##_test_count, NULL, NULL)                         \
				      : 0)

int main(int argc, char **argv)
{
	int failed = 0;

	failed += RUN(account);
	failed += RUN(audit);
	failed += RUN(audit_chain);
	failed += RUN(certificate);
	failed += RUN(check);
	failed += RUN(differ);
	failed += RUN(forecast);
	failed += RUN(graph);
	failed += RUN(guard);
	failed += RUN(index);
	failed += RUN(mapping);
	failed += RUN(mapping_explain);
	failed += RUN(membership);
	failed += RUN(membership_renew);
	failed += RUN(plan);
	failed += RUN(plan_reader);
	failed += RUN(policy);
	failed += RUN(prediction);
	failed += RUN(reversal);
	failed += RUN(survey);
	failed += RUN(tenant_self);
	failed += RUN(value);
	failed += RUN(workspace_group);
	failed += RUN(x509);
	return failed == 0 ? 0 : 1;
}
