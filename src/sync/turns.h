/* SPDX-License-Identifier: ISC */
/*
 * Accounts that turn on or off by themselves: they expire, or begin, at a point in time, and no
 * directory reports that as a change.
 *
 * The nearest of these times are remembered with the entry's key, so that somebody can look then.
 * There are at most TURNS_MAX of them, which is 96 KiB; what would be more is only remembered as
 * "from this time on something is not known": by then a whole scan is due, which brings the rest.
 * A time too many does no harm: whoever looks finds nothing to do.
 *
 * Text, as it is kept in the state: a line for the horizon (0: all is known), then a line for each
 * turn, the time in ms since 1970 and the key, in no order:
 *
 *     0
 *     1772323200000 00112233-4455-6677-8899-aabbccddeeff
 */
#ifndef SYNC_TURNS_H
#define SYNC_TURNS_H

#include "base/str.h"
#include "base/uuid.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TURNS_MAX = 4096,
	TURNS_LOOKED_UP_MAX = 20, /* at one time; for more a whole scan is cheaper */
};

struct turns;

/** Makes an empty set. @return owned */
struct turns *turns_new(void);

/** Frees it; sets `*turns` to NULL; NULL is welcome. */
void turns_free(struct turns **turns);

/** Says that a whole scan begins: every turn will be told again. */
void turns_begin(struct turns *turns);

/**
 * Says that it ended. What it did not tell again is forgotten when it was whole; else only what was
 * due at `now_ms`, because who was seen was seen then.
 */
void turns_end(struct turns *turns, bool is_whole, int64_t now_ms);

/** Says that from a time on nothing can be relied on, so that a whole scan is due by then. */
void turns_doubt(struct turns *turns, int64_t from_ms);

/**
 * Notes when an entry turns, instead of what was noted before.
 *
 * @param at_ms  wall time; 0: never
 * Cost: in a whole scan a logarithm; else one pass over the set.
 */
void turns_note(struct turns *turns, const struct uuid *key, int64_t at_ms);

/** When the next turn is; 0: none is known. */
int64_t turns_next_ms(const struct turns *turns);

/** From when on turns are not known; 0: all are. */
int64_t turns_horizon_ms(const struct turns *turns);

/** Copies the keys that turn at `now_ms` or before. @return how many; at most `cap` are written */
size_t turns_due(const struct turns *turns, int64_t now_ms, struct uuid *ret_keys, size_t cap);

/** Whether anything was noted that the text read or written last does not say. */
bool turns_have_changed(const struct turns *turns);

/** Appends the text. */
void turns_encode(struct turns *turns, struct str *out);

/** Takes what a text says. @return false when it is none; then nothing is known */
bool turns_decode(struct turns *turns, struct span text);

#endif
