/* SPDX-License-Identifier: ISC */
/*
 * Reaches every server of a directory, not only the first that answers: one that is only needed
 * when another fails would otherwise be found broken on that day.
 *
 * Tells the steps "domain", "names", "connection", "tls" and, of servers that refuse it, "bind".
 * Once a server has refused the credentials they are offered to no other, so that a check does not
 * lock the account.
 */
#ifndef DIRECTORY_REACH_H
#define DIRECTORY_REACH_H

#include "core/check.h"
#include "directory/directory.h"
#include "loop/loop.h"

struct reach;

/* What came of it; borrowed until the callback returns. */
struct reach_result {
	bool is_ready;    /* a server took the bind */
	const char *why;  /* else: what later steps lack, "there is no connection" */
	struct span urls; /* of those that took it, ", " between */
};

typedef void reach_callback(void *context, const struct reach_result *result);

/**
 * Starts.
 *
 * @param settings, teller  borrowed until the callback, which comes once, never before this returns
 * @return owned
 */
struct reach *reach_start(struct loop *loop, const struct directory_settings *settings,
    struct check_teller *teller, reach_callback *callback, void *context);

/** Ends it without a callback; sets `*reach` to NULL; NULL is welcome. Not from its callback. */
void reach_free(struct reach **reach);

#endif
