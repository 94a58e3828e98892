/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noreturn)) static void run_child(death *die, int to_parent)
{
	const struct rlimit no_core = { 0, 0 };
	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGABRT, SIG_DFL);
	dup2(to_parent, STDERR_FILENO);
	die();
	_exit(0);
}

void assert_aborts(death *die, const char *line)
{
	int pipe_fds[2], how;
	char said[4096];
	size_t len = 0;

	assert_int_equal(pipe(pipe_fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run_child(die, pipe_fds[1]);
	close(pipe_fds[1]);
	for (ssize_t got; (got = read(pipe_fds[0], said + len, sizeof(said) - 1 - len)) > 0;)
		len += (size_t)got;
	said[len] = '\0';
	close(pipe_fds[0]);
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFSIGNALED(how));
	assert_int_equal(WTERMSIG(how), SIGABRT);
	assert_non_null(strstr(said, line));
}

#define RUN(name) _cmocka_run_group_tests(#name, name##_tests, name##_test_count, NULL, NULL)

int main(void)
{
	int failures = RUN(arena) + RUN(err) + RUN(hash) + RUN(histogram) + RUN(emit) + RUN(log) +
		       RUN(owned) + RUN(replace) + RUN(secret);
	failures += RUN(str) + RUN(time) + RUN(unicode) + RUN(unix_socket) + RUN(uuid) + RUN(vec);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
