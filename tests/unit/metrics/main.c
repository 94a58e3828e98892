/* SPDX-License-Identifier: ISC */
#include "tests/unit/metrics/tests.h"

#include <stdlib.h>

#define RUN(name) _cmocka_run_group_tests(#name, name##_tests, name##_test_count, NULL, NULL)

int main(void)
{
	int failures = RUN(address) + RUN(exposition) + RUN(listener);

	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
