/* SPDX-License-Identifier: ISC */
/*
 * Gathers everything that can be said of one person (core/explanation.h).
 *
 * It asks every directory, plans with the cycle itself, as a dry run, and reads the rest from the
 * state.  It writes nothing, and goes on without a peer that cannot be used.
 */
#ifndef SYNC_EXPLAIN_H
#define SYNC_EXPLAIN_H

#include "core/explanation.h"
#include "sync/cycle.h"

enum { EXPLAIN_HISTORY_DEFAULT = 10, EXPLAIN_PATIENCE_MS = 20 * 1000 };

/* All is borrowed until the callback returned. */
struct explain_input {
	const struct cycle_input *cycle; /* a dry run's, with neither index nor `who` */
	struct span who;
	const struct explained_scope *scopes; /* one a source */
	size_t history_max;                   /* actions of the past that are wanted */
	bool is_whole; /* plan everybody's changes: only so is it known whether a limit holds this
			  person's; costs a reconciliation */
};

/**
 * Told once, when all is gathered.
 *
 * @param status       STATUS_OK, also when a peer cannot be used; else the state cannot be: err
 * @param explanation  lives until the callback returns
 */
typedef void explain_callback(void *context, enum status status,
    const struct explanation *explanation, const struct err *err);

/** Starts. Gone when the callback returns. */
void explain_start(const struct explain_input *input, explain_callback *callback, void *context);

#endif
