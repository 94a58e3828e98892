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
};

struct index_item {
	struct uuid key;
	struct digest digest;
	uint32_t dn_mark;  /* hash_mark of the last known DN, which the digest does not cover */
	uint8_t directory; /* number of the directory it came from */
	uint8_t flags;     /* enum index_flag */
	uint8_t is_used;
	uint8_t unused;
};

/** Makes a table with room for `expected` items before it has to grow. @return owned */
struct index *index_new(size_t expected);

/** Frees the table; sets `*index` to NULL; NULL is welcome. */
void index_free(struct index **index);

/** Adds an item or replaces the one with its key. */
void index_put(struct index *index, const struct index_item *item);

/** Finds an item. @return borrowed until the next index_put, its flags and digest may be changed;
 * NULL: none */
struct index_item *index_find(struct index *index, const struct uuid *key);

/** Number of items. */
size_t index_count(const struct index *index);

/**
 * Goes through all items in no order.
 *
 * @param cursor  0 at first, kept by the caller
 * @return the next item, NULL at the end
 */
struct index_item *index_next(struct index *index, size_t *cursor);

/** Bytes of memory the table holds. */
size_t index_size_bytes(const struct index *index);

#endif
