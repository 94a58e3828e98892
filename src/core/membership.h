/* SPDX-License-Identifier: ISC */
/*
 * Who is in which group, directly or through other groups.
 *
 * The adapter walks the groups that workspaces name ("roots") and, where nesting is wanted, the
 * groups inside them.  It adds each walked group once, an edge for each group found in another, and
 * each member by its DN.  After membership_seal the direct groups of a DN are found by binary
 * search, and the roots that a walked group leads to are known, with the path.
 *
 * Memory: 16 bytes a membership (12 of a salted hash of the normalized DN, 4 of the group).  The
 * salt is random for each scan, so nobody can prepare two DNs that collide.
 */
#ifndef CORE_MEMBERSHIP_H
#define CORE_MEMBERSHIP_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct membership;

#define MEMBERSHIP_NONE UINT32_MAX

/** Makes an empty table. @param salt 16 random bytes, copied. @return owned */
struct membership *membership_new(const uint8_t salt[16]);

/** Frees the table; sets `*membership` to NULL; NULL is welcome. */
void membership_free(struct membership **membership);

/* What stands for a member: 12 bytes of the salted hash of the normalized DN. */
struct member_hash {
	uint8_t byte[12];
};

/** Hashes a DN as a membership with that salt does. @param scratch overwritten */
void member_hash(
    const uint8_t salt[16], struct span dn, struct str *scratch, struct member_hash *ret_hash);

/** The salt of a membership, 16 bytes; borrowed. */
const uint8_t *membership_salt(const struct membership *membership);

/**
 * Starts the next version of a sealed membership: groups keep their numbers, roots their groups and
 * all groups their members and the groups inside them, but for those that `is_changed` names, which
 * are to be read again. What was unknown is forgotten, so name those groups too.
 *
 * @return owned, not sealed. Cost: one pass over the members; both versions are in memory
 */
struct membership *membership_renew(const struct membership *old,
    bool (*is_changed)(const void *context, uint32_t group), const void *context);

/** Takes a member out of a group again, before sealing. Cost: one pass over the members. */
void membership_remove_member(struct membership *membership, uint32_t group, struct span member_dn);

/**
 * Gives a member's groups to another DN too, in a sealed membership: an entry was renamed, and the
 * server rewrites the groups without a word. Cost: one pass over the members for each group.
 */
void membership_copy_member(struct membership *membership, struct span from_dn, struct span to_dn);

/**
 * Tells whose roots differ between two sealed versions of one membership, each member once, in no
 * order.
 *
 * Cost: one pass over both.
 */
void membership_diff(const struct membership *old, const struct membership *renewed,
    void (*on_member)(void *context, const struct member_hash *hash), void *context);

/**
 * Adds a walked group, or finds it when it was added before (DNs compared normalized).
 *
 * @return its number, counted from 0
 */
uint32_t membership_add_group(struct membership *membership, struct span dn);

/** Makes a group the `root`-th root (what workspace rules refer to). Roots count from 0. */
void membership_set_root(struct membership *membership, uint32_t root, uint32_t group);

/**
 * Says that of a root only the direct members count (`nested = false`), even when other roots make
 * the adapter walk the groups inside it.
 */
void membership_set_direct_only(struct membership *membership, uint32_t root);

/** Marks a root as unknown: missing, unreadable or only partly read. @param why copied, for people
 */
void membership_set_unknown(struct membership *membership, uint32_t root, struct span why);

/** Says that `child` is a member of `parent`. Cycles are fine. */
void membership_add_edge(struct membership *membership, uint32_t child, uint32_t parent);

/** Says that an entry is a direct member of a group. Cost: one normalization, one SHA-256, 16
 * bytes. */
void membership_add_member(struct membership *membership, uint32_t group, struct span member_dn);

/** Sorts, drops repeats and works out which roots each group leads to. Nothing is added afterwards.
 */
void membership_seal(struct membership *membership);

/**
 * Finds the groups that name a DN directly.
 *
 * @param ret_groups  borrowed until the next call; ascending
 * @return how many
 */
uint32_t membership_find(
    struct membership *membership, struct span dn, const uint32_t **ret_groups);

/** Likewise by hash, into memory of the caller. @return how many; at most `cap` are written */
uint32_t membership_find_hash(const struct membership *membership, const struct member_hash *hash,
    uint32_t *ret_groups, uint32_t cap);

/** Finds a walked group by its DN. @return MEMBERSHIP_NONE: there is none */
uint32_t membership_find_group(struct membership *membership, struct span dn);

/** The roots that a walked group leads to, itself included. @return how many; ascending */
uint32_t membership_roots(
    const struct membership *membership, uint32_t group, const uint32_t **ret_roots);

/** Whether a root's members are fully known. One that was neither set nor marked is not. */
bool membership_is_known(const struct membership *membership, uint32_t root);

/** Whether any of the first `root_count` roots is unknown, once sealed. */
bool membership_has_unknown(const struct membership *membership, uint32_t root_count);

/** The group of a root; MEMBERSHIP_NONE when none was set. */
uint32_t membership_root_group(const struct membership *membership, uint32_t root);

/** Why a root is unknown (the first reason given); absent when it is known. */
struct span membership_unknown_reason(const struct membership *membership, uint32_t root);

/** The DN of a walked group as it was added. */
struct span membership_group_dn(const struct membership *membership, uint32_t group);

/** Number of walked groups. */
size_t membership_group_count(const struct membership *membership);

/** Number of roots, counted to the highest that was set or marked. */
size_t membership_root_count(const struct membership *membership);

/** Number of memberships, after sealing without repeats. */
size_t membership_member_count(const struct membership *membership);

/** Number of direct members of a walked group after sealing. */
size_t membership_group_size(const struct membership *membership, uint32_t group);

/**
 * Appends the shortest way from a direct group to a root: "CN=Sub,… > CN=Finance,…".
 *
 * @return false when the group does not lead there
 */
bool membership_path(
    const struct membership *membership, uint32_t group, uint32_t root, struct str *out);

/** Bytes of memory the table holds. */
size_t membership_size_bytes(const struct membership *membership);

#endif
