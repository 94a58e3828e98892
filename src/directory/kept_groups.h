/* SPDX-License-Identifier: ISC */
/*
 * The groups as they were at a cursor, kept from one operation to the next, so that a change of one
 * group does not cost the reading of all.
 *
 * A caller may lose what it was told and ask again from the cursor before.  So who was told last is
 * kept too, until the caller comes with the new cursor.
 */
#ifndef DIRECTORY_KEPT_GROUPS_H
#define DIRECTORY_KEPT_GROUPS_H

#include "base/arena.h"
#include "base/uuid.h"
#include "core/membership.h"
#include "directory/dn_set.h"

/* A member whose roots changed. */
struct changed_member {
	struct member_hash hash;
	struct span dn; /* absent: not known */
};

struct kept_groups {
	struct membership *membership; /* owned, sealed; NULL: nothing is kept */
	struct uuid *keys;             /* owned; one a group; zero: not known */
	struct dn_set known;           /* the DNs of all groups, when nested ones are wanted */
	struct str cursor;             /* as of which */
	struct str before;             /* from which on `told` was told */
	struct changed_member *told;   /* owned */
	size_t told_count, told_cap;
	struct arena *arena; /* of the DNs in told */
};

/** Forgets all and frees it; zeros are nothing. */
void kept_groups_done(struct kept_groups *kept);

/**
 * Keeps other groups.
 *
 * @param membership  sealed; taken
 * @param keys        taken
 * @param known       taken, and empty afterwards
 */
void kept_groups_set(struct kept_groups *kept, struct membership *membership, struct uuid *keys,
    struct dn_set *known);

/** Says as of which cursor they are, after a whole scan. */
void kept_groups_begin(struct kept_groups *kept, struct span cursor);

/**
 * Begins to find out what came after a cursor: what was told up to it is forgotten.
 *
 * @return false: they are kept as of another one
 */
bool kept_groups_resume(struct kept_groups *kept, struct span cursor);

/** Remembers somebody who is told. @param member its DN is copied */
void kept_groups_tell(struct kept_groups *kept, const struct changed_member *member);

/** Says as of which cursor they are now, and that what was told began at `before`. */
void kept_groups_advance(struct kept_groups *kept, struct span before, struct span cursor);

/** Finds the groups with a key. @return how many; the first in `ret_group` */
uint32_t kept_groups_find(
    const struct kept_groups *kept, const struct uuid *key, uint32_t *ret_group);

#endif
