/* SPDX-License-Identifier: ISC */
/*
 * `scimward check`: all that a support engineer would look at, in the order in which one thing
 * needs the other.  It writes nothing, to no peer and not to the state.
 */
#ifndef APP_CHECK_H
#define APP_CHECK_H

#include "app/agent.h"
#include "core/check.h"

struct app_check_input {
	struct agent *agent;     /* borrowed until it is freed */
	const char *config_path; /* for people */
	bool is_offline;         /* nobody is asked over the network */
	/** A step. @param peer  of a directory its name, else that of the area */
	void (*on_step)(
	    void *context, enum check_area area, struct span peer, const struct check_step *step);
	void (*on_done)(void *context); /* once, never before the start returned */
	void (*on_progress)(void *context, const char *phase, uint64_t done, uint64_t of);
	void *context;
};

struct app_check;

/** Starts. @return owned */
struct app_check *app_check_start(const struct app_check_input *input);

/** Ends what is under way as soon as it can; all that is left is told as skipped. */
void app_check_stop(struct app_check *check);

/** Frees it; sets `*check` to NULL; NULL is welcome. */
void app_check_free(struct app_check **check);

#endif
