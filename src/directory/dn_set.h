/* SPDX-License-Identifier: ISC */
/*
 * A set of DNs by 16 bytes of hash each: which of a directory's entries are groups.
 *
 * Filled, sealed, then asked.  DNs compare normalized (core/dn.h).
 */
#ifndef DIRECTORY_DN_SET_H
#define DIRECTORY_DN_SET_H

#include "base/hash.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

struct dn_set {
	struct digest *items; /* owned; sorted once sealed */
	size_t count, cap;
	struct str scratch; /* owned */
};

/** Adds a DN; a set of zeros is empty. */
void dn_set_add(struct dn_set *set, struct span dn);

/** Sorts and drops repeats; nothing is added afterwards. */
void dn_set_seal(struct dn_set *set);

/** Whether a DN was added. Cost: one normalization, one SHA-256, a binary search. */
bool dn_set_has(struct dn_set *set, struct span dn);

/** Where a DN stands in the sealed set: below `count`, each its own place; `count` when it is not
 * there. */
size_t dn_set_find(struct dn_set *set, struct span dn);

/** Frees the memory and makes the set empty again. */
void dn_set_done(struct dn_set *set);

#endif
