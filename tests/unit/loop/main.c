/* SPDX-License-Identifier: ISC */
#include "tests/unit/loop/tests.h"

#include <stdlib.h>
#include <unistd.h>

int main(void)
{
	/* A loop that does not come back must not hang the run. */
	alarm(60);
	int failures = _cmocka_run_group_tests(
	    "contract", contract_tests, contract_test_count, NULL, NULL);
	failures += _cmocka_run_group_tests("body", body_tests, body_test_count, NULL, NULL);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
