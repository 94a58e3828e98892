/* SPDX-License-Identifier: ISC */
/*
 * Runs the tests of the room report.
 */
#include "tests.h"

int main(void)
{
	int failed = _cmocka_run_group_tests(
	    "plan_writer", plan_writer_tests, plan_writer_test_count, NULL, NULL);

	failed += _cmocka_run_group_tests(
	    "plan_page", plan_page_tests, plan_page_test_count, NULL, NULL);
	failed += _cmocka_run_group_tests(
	    "explanation", explanation_tests, explanation_test_count, NULL, NULL);
	failed += _cmocka_run_group_tests("lines", lines_tests, lines_test_count, NULL, NULL);
	failed += _cmocka_run_group_tests("pace", pace_tests, pace_test_count, NULL, NULL);
	failed += _cmocka_run_group_tests(
	    "check_writer", check_writer_tests, check_writer_test_count, NULL, NULL);
	failed += _cmocka_run_group_tests("report", report_tests, report_test_count, NULL, NULL);
	return failed == 0 ? 0 : 1;
}
