/* SPDX-License-Identifier: ISC */
/*
 * Runs the tests of the room state, one group a file.
 */
#include "fixture.h"

int main(void)
{
	int failed = 0;

#define RUN(name)                                                                                  \
	failed += _cmocka_run_group_tests(#name, name##_tests, name##_test_count, NULL, NULL)
	RUN(action);
	RUN(audit);
	RUN(file);
	RUN(hold);
	RUN(link);
	RUN(meta);
	RUN(observed);
	RUN(place);
	RUN(quarantine);
	RUN(record);
	RUN(run);
	RUN(schema);
	RUN(store);
	return failed == 0 ? 0 : 1;
}
