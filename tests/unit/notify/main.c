/* SPDX-License-Identifier: ISC */
#include "tests/unit/notify/tests.h"

#define RUN(name) _cmocka_run_group_tests(#name, name##_tests, name##_test_count, NULL, NULL)

int main(void)
{
	return RUN(mail) + RUN(notice) + RUN(outbox) + RUN(url) + RUN(webhook) > 0;
}
