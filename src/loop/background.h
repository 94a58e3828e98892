/* SPDX-License-Identifier: ISC */
/*
 * Work that blocks, done by a thread of its own, with a deadline.
 *
 * The hand-over object is shared and counted: whoever comes last frees it and the job, so that work
 * that was given up may end when it pleases.
 */
#ifndef LOOP_BACKGROUND_H
#define LOOP_BACKGROUND_H

#include "loop/loop.h"
#include <stdbool.h>
#include <stdint.h>

struct background;

struct background_input {
	void *job;                   /* taken; the thread has it until the work is done */
	void (*work)(void *job);     /* in the thread */
	void (*free_job)(void *job); /* in whatever thread comes last */
	int64_t timeout_ms;
	/**
	 * Once, from the loop, unless it is cancelled. The background is gone by then.
	 *
	 * @param is_late  the work is not done: of the job only what it does not touch may be read
	 * @param job  borrowed until the callback returns
	 */
	void (*on_end)(void *context, void *job, bool is_late);
	void *context;
};

/** Starts it. @return owned; NULL: the system gives no thread, and the job was freed */
struct background *background_start(struct loop *loop, const struct background_input *input);

/** Gives it up without a callback; sets `*background` to NULL; NULL is welcome. */
void background_cancel(struct background **background);

#endif
