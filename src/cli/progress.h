/* SPDX-License-Identifier: ISC */
/*
 * A line of progress on a terminal, for anything that takes over a second.  It is as wide as the
 * terminal is at that moment, gives way to whatever else is written, and goes on telling the time
 * when nothing moves.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "loop/loop.h"
#include "report/pace.h"
#include <stdbool.h>
#include <stdint.h>

struct progress {
	struct loop *loop;
	struct loop_timer *again; /* NULL: not on a terminal, or nobody wants it */
	int64_t started_ms, shown_ms;
	struct pace pace;
};

/** Starts the clock. */
void progress_init(struct progress *progress, struct loop *loop, bool is_quiet);

/** Shows where it is, at most five times a second; fits cycle_input.on_progress. */
void progress_show(void *progress, const char *phase, uint64_t done, uint64_t of);

/** Wipes the line, and stops. */
void progress_done(struct progress *progress);

#endif
