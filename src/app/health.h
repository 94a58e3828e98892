/* SPDX-License-Identifier: ISC */
/*
 * Whether the service can do its work, by how its cycles ended.
 *
 * It is ready as long as no kind of cycle's last one ended because a peer (the directory, the
 * tenant) or the state could not be used.  A cycle that ended otherwise clears that of its own kind
 * and of the lesser ones: a reconcile does what a full does, a full what a delta does.  Before its
 * first cycle has ended it is ready.
 */
#ifndef APP_HEALTH_H
#define APP_HEALTH_H

#include "base/str.h"
#include "sync/cycle.h"
#include <stdbool.h>

enum { HEALTH_KIND_COUNT = CYCLE_UNDO + 1 };

/* Zero-initialized. */
struct health {
	const char *broken[HEALTH_KIND_COUNT]; /* what could not be used; NULL: all well */
	bool is_stopping;
};

/** Takes how a cycle ended. One that was stopped, or was for one person, says nothing. */
void health_note(struct health *health, const struct cycle_result *result);

/**
 * Says whether the service is ready, and why not: a line a reason, which names nobody and repeats
 * no words of a peer.
 */
bool health_tell(const struct health *health, struct str *out);

#endif
