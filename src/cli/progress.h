/* SPDX-License-Identifier: ISC */
/*
 * A line of progress on a terminal, for anything that takes over a second.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "loop/loop.h"
#include <stdbool.h>
#include <stdint.h>

struct progress {
	struct loop *loop;
	int64_t started_ms, shown_ms;
	bool is_on;      /* standard error is a terminal and nobody asked for quiet */
	bool is_showing; /* a line is on the terminal */
};

/** Starts the clock. */
void progress_init(struct progress *progress, struct loop *loop, bool is_quiet);

/** Shows where it is, at most five times a second; fits cycle_input.on_progress. */
void progress_show(void *progress, const char *phase, uint64_t done, uint64_t of);

/** Wipes the line. */
void progress_done(struct progress *progress);

#endif
