/* SPDX-License-Identifier: ISC */
/*
 * Who is told what of a cycle: each new hold, the first failed cycle of a row (and again each day
 * while it lasts), that it is over, and users who entered quarantine.
 *
 * Whether a row of failures is under way is in the state, as meta "failing", so that one that began
 * before a restart, or in another run of `scimward sync`, is still told to be over, and once:
 *
 *     COUNT TIME-OF-THE-LAST-NOTICE          "3 2026-03-01T12:00:00Z"
 */
#ifndef APP_NOTICES_H
#define APP_NOTICES_H

#include "app/config.h"
#include "core/port_store.h"
#include "loop/loop.h"
#include "sync/cycle.h"

struct notices;

struct notices_input {
	struct loop *loop;
	struct store *store;         /* borrowed; written to */
	const struct config *config; /* its part is copied */
	void (*on_drained)(void *context);
	void *context;
};

/** Makes them; nothing is told yet. @return owned */
struct notices *notices_new(const struct notices_input *input);

/** Drops what was not delivered and frees; sets `*notices` to NULL; NULL is welcome. */
void notices_free(struct notices **notices);

/** Takes the settings of another configuration. */
void notices_configure(struct notices *notices, const struct config *config);

/**
 * Tells of a cycle that has ended and is committed.
 *
 * @param is_partial  it looked at one person only, which says nothing about the peers
 */
void notices_tell(struct notices *notices, const struct cycle_result *result, bool is_partial);

/** Hurries; on_drained comes within seconds, never before this returns. */
void notices_drain(struct notices *notices);

#endif
