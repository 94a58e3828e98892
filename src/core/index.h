/* SPDX-License-Identifier: ISC */
/*
 * The snapshot in memory: key → digest, and what the scan has seen.
 *
 * An open hash table with 40 bytes an item, four fifths full when it was sized for its items: 50
 * bytes a known user, at most 62.5 after it grew.
 */
#ifndef CORE_INDEX_H
#define CORE_INDEX_H

#include "base/hash.h"
#include "base/uuid.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index;

enum index_flag {
	INDEX_SEEN = 1,           /* this scan brought the entry */
	INDEX_QUARANTINED = 2,    /* the tenant rejected it: see the store before trying again */
	INDEX_UNLINKED = 4,       /* in quarantine without having an account: not a link */
	INDEX_INACTIVE = 8,       /* acknowledged as not active */
	INDEX_PENDING_LEAVE = 16, /* a leaver inside its grace period */
	INDEX_ABSENT = 32,        /* not active, and not there when a certified scan or a look-up
				     looked last */
	INDEX_PROVED_ABSENT = 64, /* a look-up of this scan found it gone */
	INDEX_DRIFTED = 128,      /* somebody else changed the account */

	/* What one scan found is nothing to the next. */
	INDEX_PASSING = INDEX_SEEN | INDEX_QUARANTINED | INDEX_PROVED_ABSENT | INDEX_DRIFTED,
};

struct index_item {
	struct uuid key;
	struct digest digest;
	uint32_t dn_mark;  /* hash_mark of the last known DN, which the digest does not cover */
	uint8_t directory; /* number of the directory it came from */
	uint8_t flags;     /* enum index_flag; changed by index_flag and index_unflag alone */
	uint8_t is_used;
	uint8_t unused;
};

/** Makes a table with room for `expected` items before it has to grow. @return owned */
struct index *index_new(size_t expected);

/** Frees the table; sets `*index` to NULL; NULL is welcome. */
void index_free(struct index **index);

/** Adds an item or replaces the one with its key. */
void index_put(struct index *index, const struct index_item *item);

/** Finds an item. @return borrowed until the next index_put, its digest and mark may be changed;
 * NULL: none */
struct index_item *index_find(struct index *index, const struct uuid *key);

/** Gives an item of the table flags, or takes them from it; those that it has, or has not, are
 * welcome. */
void index_flag(struct index *index, struct index_item *item, uint8_t flags);
void index_unflag(struct index *index, struct index_item *item, uint8_t flags);

/** Takes INDEX_PASSING from all items. It costs as much as there are items that got one of these
 * since the last time; above some thousand as much as there are items. */
void index_forget_passing(struct index *index);

/** Number of items. */
size_t index_count(const struct index *index);

/**
 * Goes through all items in no order.
 *
 * @param cursor  0 at first, kept by the caller
 * @return the next item, NULL at the end
 */
struct index_item *index_next(struct index *index, size_t *cursor);

/** As index_next, for the items that have one of the flags. It costs nothing when none has. */
struct index_item *index_next_flagged(struct index *index, uint8_t flags, size_t *cursor);

/** Bytes of memory the table holds. */
size_t index_size_bytes(const struct index *index);

#endif
