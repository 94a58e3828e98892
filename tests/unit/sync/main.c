/* SPDX-License-Identifier: ISC */
#include "support.h"

int main(void)
{
	int failures = 0;

	failures += _cmocka_run_group_tests(
	    "correlate", correlate_tests, correlate_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests(
	    "exchange", exchange_tests, exchange_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests(
	    "fingerprint", fingerprint_tests, fingerprint_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests("gate", gate_tests, gate_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests(
	    "outcome", outcome_tests, outcome_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests(
	    "schedule", schedule_tests, schedule_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests(
	    "scan_check", scan_check_tests, scan_check_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests("turns", turns_tests, turns_test_count, NULL, NULL);
	return failures > 0;
}
