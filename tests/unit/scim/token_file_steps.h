/* SPDX-License-Identifier: ISC */
/*
 * A copy of scim/token_file.c in which each system call that changes a file is a step: a test can
 * have the process die before it, or have it fail.  This test program links the copy.
 */
#ifndef TESTS_UNIT_SCIM_TOKEN_FILE_STEPS_H
#define TESTS_UNIT_SCIM_TOKEN_FILE_STEPS_H

enum { TOKEN_FILE_STEPS_MAX = 64, TOKEN_FILE_DIED = 99 };

/* Counted from 1; 0: never. */
struct token_file_steps {
	int count;
	int die_at;             /* ends the process with TOKEN_FILE_DIED, as kill -9 would */
	int fail_at, fail_with; /* with that errno */
	const char *names[TOKEN_FILE_STEPS_MAX]; /* of the steps that were done */
	int done;
};

/** Lies in memory that a child process shares. */
extern struct token_file_steps *token_file_steps;

/** Makes that memory, once. */
void token_file_steps_make(void);

#endif
