/* SPDX-License-Identifier: ISC */
/*
 * What the directory holds: a DN, an immutable key, and values in the slots of an attribute set.
 *
 * An entry is a view: its bytes belong to the adapter and last until the callback that brought it
 * returns.  Values are as the server sent them; nothing is promised about their encoding.
 */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include "base/str.h"
#include "base/uuid.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The values of one attribute. */
struct values {
	const struct span *at; /* borrowed; in the server's order, which means nothing */
	uint32_t count;        /* 0: the entry has no such attribute */
};

struct entry {
	struct span dn;
	struct uuid key;
	const struct values *values; /* by slot of the attribute set it was read for */
	size_t slot_count;           /* values behind this are empty */
	const uint32_t
	    *groups; /* walked groups that name this entry directly (membership.h), ascending */
	uint32_t group_count;
	int64_t turns_ms; /* wall time when `.enabled` changes next although nothing else does; 0:
			     never */
	bool is_expired;  /* `.enabled` is FALSE for no other reason than the time */
};

/** The values in a slot; none when the slot is beyond what was read. */
static inline struct values entry_values(const struct entry *entry, size_t slot)
{
	return slot < entry->slot_count ? entry->values[slot] : (struct values) { NULL, 0 };
}

#endif
