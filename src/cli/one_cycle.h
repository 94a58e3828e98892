/* SPDX-License-Identifier: ISC */
/*
 * One cycle from beginning to end, in the foreground: what sync, apply and undo have in common.
 */
#ifndef CLI_ONE_CYCLE_H
#define CLI_ONE_CYCLE_H

#include "cli/program.h"
#include "sync/cycle.h"

struct one_cycle {
	enum cycle_kind kind;
	const char *who; /* one person only; NULL: everybody */
	bool is_dry;
	struct review *review; /* what it must come to; NULL: whatever */
	struct review *shown;  /* gets the plan as it is printed; NULL: nobody */
	int64_t undo_run;      /* of an undo; 0: the last */
};

/**
 * Runs it on a store that is open, prints the plan or what became of it, and sends notices.
 *
 * @return its exit code, after having said why
 */
enum exit_code one_cycle_run(struct program *program, const struct one_cycle *wanted);

#endif
