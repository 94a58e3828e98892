/* SPDX-License-Identifier: ISC */
/*
 * Runs the tests of the room report.
 */
#include "tests.h"

int main(void)
{
	return _cmocka_run_group_tests(
		   "plan_writer", plan_writer_tests, plan_writer_test_count, NULL, NULL) == 0
		   ? 0
		   : 1;
}
