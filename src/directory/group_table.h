/* SPDX-License-Identifier: ISC */
/*
 * The groups of one walk: what membership.h keeps, and which of them could not be read whole.
 *
 * A group that failed makes every root above it unknown, as a smaller group is worse than none:
 * it would take workspaces away from people who are still members.
 */
#ifndef DIRECTORY_GROUP_TABLE_H
#define DIRECTORY_GROUP_TABLE_H

#include "base/str.h"
#include "base/uuid.h"
#include "core/membership.h"
#include "directory/directory.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct group_table;

/**
 * Makes a table for the configured groups.
 *
 * @param settings  borrowed until freed
 * @return owned
 */
struct group_table *group_table_new(const struct directory_settings *settings);

/** Makes a table whose members hash as those of `old` do, to walk all groups again. @return owned
 */
struct group_table *group_table_new_like(
    const struct directory_settings *settings, const struct membership *old);

/**
 * Makes a table that holds all that a walk brought but for the members of some groups, which are to
 * be read again. None of the roots is unknown.
 *
 * @param keys        of the groups, `group_count` of them
 * @param is_changed  by group: read it again
 */
struct group_table *group_table_renew(const struct directory_settings *settings,
    const struct membership *old, const struct uuid *keys, const bool *is_changed);

/** Has each member that is added told. */
typedef void group_table_member_callback(void *context, uint32_t group, struct span dn);
void group_table_watch(
    struct group_table *table, group_table_member_callback *callback, void *context);

/** Frees the table, and the membership unless it was taken; sets `*table` to NULL; NULL is welcome.
 */
void group_table_free(struct group_table **table);

/**
 * Adds a group that is walked for its nested groups too, or finds it.
 *
 * @param ret_is_new  whether it still has to be read
 */
uint32_t group_table_add(struct group_table *table, struct span dn, bool *ret_is_new);

/**
 * Adds the group of a root. One whose nested groups are not wanted stands by itself even when
 * another rule wants the same group with them; so add the nested roots' groups, and read them,
 * before the others.
 */
uint32_t group_table_add_root(struct group_table *table, uint32_t root, bool *ret_is_new);

/** Says that `child` is a member of `parent`. */
void group_table_add_edge(struct group_table *table, uint32_t child, uint32_t parent);

/** Adds a member of a group. */
void group_table_add_member(struct group_table *table, uint32_t group, struct span dn);

/** Takes a member out again. */
void group_table_remove_member(struct group_table *table, uint32_t group, struct span dn);

/** Notes the key of a group. */
void group_table_set_key(struct group_table *table, uint32_t group, const struct uuid *key);

/** Whether a group could not be read whole. */
bool group_table_has_failed(const struct group_table *table);

/** The DN of a group as it was added; borrowed until the table is sealed. */
struct span group_table_dn(const struct group_table *table, uint32_t group);

/** Takes the keys out, one a group; zero: not known. @return owned */
struct uuid *group_table_take_keys(struct group_table *table);

/** Says that a group could not be read whole; the first reason stays. @param why copied */
void group_table_fail(struct group_table *table, uint32_t group, struct span why);

/** Makes every root unknown for one reason. @param why copied */
void group_table_fail_roots(struct group_table *table, bool only_nested, struct span why);

/** Ends the walk: works out the unknown roots, seals the membership. */
void group_table_seal(struct group_table *table);

/** Takes the sealed membership out. @return owned */
struct membership *group_table_take(struct group_table *table);

/** After sealing: roots that are unknown, and the first with its reason (absent: none; borrowed).
 */
uint64_t group_table_unknown_count(const struct group_table *table);
struct span group_table_first_unknown(const struct group_table *table);

/** Number of groups that were added. */
uint64_t group_table_group_count(const struct group_table *table);

#endif
