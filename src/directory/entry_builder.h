/* SPDX-License-Identifier: ISC */
/*
 * Makes entries from attributes and values, for LDAP and LDIF alike.
 *
 * A builder knows the attribute set and the kind of directory: which attributes to ask for (those
 * of the set, and what key, `.enabled` and `.expires` need), which of them is the key, and how
 * the derived attributes follow.  One builder makes one entry at a time; all its arrays are used
 * again, so that a scan allocates nothing per entry in the end.
 *
 * Pure.  Values are looked at, not copied.
 */
#ifndef DIRECTORY_ENTRY_BUILDER_H
#define DIRECTORY_ENTRY_BUILDER_H

#include "base/str.h"
#include "core/attributes.h"
#include "core/entry.h"
#include "directory/directory.h"
#include <stdbool.h>
#include <stdint.h>

struct entry_builder;

#define ENTRY_BUILDER_NO_SLOT UINT32_MAX

/**
 * Makes a builder.
 *
 * @param set  complete; borrowed until freed
 * @param kind  not DIRECTORY_AUTO
 * @return owned
 */
struct entry_builder *entry_builder_new(const struct attribute_set *set, enum directory_kind kind);

/** Frees the builder; sets `*builder` to NULL; NULL is welcome. */
void entry_builder_free(struct entry_builder **builder);

/** The kind it was made for. */
enum directory_kind entry_builder_kind(const struct entry_builder *builder);

/** The names to ask a server for; ends in NULL; borrowed. */
const char *const *entry_builder_attributes(const struct entry_builder *builder);

/** Begins an entry; its DN may also come later. */
void entry_builder_begin(struct entry_builder *builder, struct span dn);
void entry_builder_set_dn(
    struct entry_builder *builder, struct span dn); /**< any time before the end */

/**
 * Finds where an attribute goes.
 *
 * @return ENTRY_BUILDER_NO_SLOT when nobody wants it. Cost: one hash and one comparison.
 */
uint32_t entry_builder_slot(struct entry_builder *builder, struct span attribute);

/** Adds a value; values of one slot may come in several goes. */
void entry_builder_add(struct entry_builder *builder, uint32_t slot, struct span value);

/**
 * Ends an entry: sorts the values into slots, finds the key, derives.
 *
 * @param wall_ms  now, for accounts that expire or have not begun
 * @param ret_entry  borrowed until the next entry_builder_begin; without groups
 * @param ret_why  on false: why it cannot be used, for people; borrowed likewise
 */
bool entry_builder_finish(
    struct entry_builder *builder, int64_t wall_ms, struct entry *ret_entry, struct span *ret_why);

/** Whether the entry held a part of a ranged attribute that is wanted (`mail;range=0-1499`). */
bool entry_builder_has_range(const struct entry_builder *builder);

#endif
