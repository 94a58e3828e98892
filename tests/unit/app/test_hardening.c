/* SPDX-License-Identifier: ISC */
#include "app/hardening.h"
#include "tests/unit/app/tests.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child, because the rest of the tests wants its core dumps. */
static int harden_and_look(void)
{
	struct err err = { "" };
	struct rlimit limit = { 1, 1 };

	umask(0);
	if (process_harden(&err) != STATUS_OK || err.text[0] != '\0')
		return 1;
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 2;
	if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0 || limit.rlim_max != 0)
		return 3;
	return umask(0) == 077 ? 0 : 4;
}

static void gives_up_what_could_leak(void **state)
{
	pid_t child = fork();
	int how;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(harden_and_look());
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
}

const struct CMUnitTest hardening_tests[] = {
	cmocka_unit_test(gives_up_what_could_leak),
};
const size_t hardening_test_count = sizeof(hardening_tests) / sizeof(*hardening_tests);
