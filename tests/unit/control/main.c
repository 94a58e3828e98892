/* SPDX-License-Identifier: ISC */
#include "tests/unit/control/tests.h"

#include <stdlib.h>

#define RUN(name) _cmocka_run_group_tests(#name, name##_tests, name##_test_count, NULL, NULL)

int main(void)
{
	int failures = RUN(codec) + RUN(listener) + RUN(server);

	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
