/* SPDX-License-Identifier: ISC */
#include "support.h"

int main(void)
{
	int failures = 0;

	failures += _cmocka_run_group_tests(
	    "attributes", attributes_tests, attributes_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests("dn", dn_tests, dn_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests("filter", filter_tests, filter_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests(
	    "filter_evaluate", filter_evaluate_tests, filter_evaluate_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests(
	    "template", template_tests, template_test_count, NULL, NULL);
	return failures > 0;
}
