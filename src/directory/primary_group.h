/* SPDX-License-Identifier: ISC */
/*
 * Active Directory's primary groups.  A person's primary group is not named by `member` nor by
 * `memberOf`: the person has the last part of the group's SID, its RID, in primaryGroupID.  So who
 * wants all members of a group asks for those with its RID too.
 *
 * This keeps the RIDs of the groups of a walk and makes searches of them, many groups each.  Pure.
 * Source: MS-ADTS 3.1.1.4.5.11 (primaryGroupToken), 2.2.12 (groupType), MS-SAMR 3.1.1.8.2
 */
#ifndef DIRECTORY_PRIMARY_GROUP_H
#define DIRECTORY_PRIMARY_GROUP_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a group says of itself; zeros: nothing was noted. */
struct primary_group {
	bool has_rid;
	uint32_t rid;
	bool cannot_be; /* its type is none that may be somebody's primary group */
};

/** Notes a value of a group's attribute. Others than objectSid, primaryGroupToken and groupType
 * mean nothing. */
void primary_group_note(struct primary_group *group, struct span attribute, struct span value);

/* The groups of a walk; zeros: none. */
struct primary_groups {
	struct primary_member *at; /* owned */
	size_t count, cap;
	size_t next; /* the first that no filter has asked for */
};

/**
 * Adds a group, unless it cannot be anybody's primary group.
 *
 * @param context  the naming context that it is in, as a number of the caller's: RIDs are a
 *   domain's
 */
void primary_groups_add(struct primary_groups *groups, const struct primary_group *group,
    uint32_t number, size_t context);

/** Frees what it holds. */
void primary_groups_done(struct primary_groups *groups);

/**
 * Writes the filter of the next search.
 *
 * @param filter  overwritten
 * @param ret_context  where to search
 * @return false: all groups were asked for
 */
bool primary_groups_next(struct primary_groups *groups, struct str *filter, size_t *ret_context);

/**
 * Finds the groups of the last search that a value of primaryGroupID means.
 *
 * @param from  0 to begin with, then what came back before plus 1
 * @return its place in `at`; `count`: there is no other
 */
size_t primary_groups_find(const struct primary_groups *groups, struct span value, size_t from);

/** Whether a place in `at` is of the last search. */
bool primary_groups_was_asked(const struct primary_groups *groups, size_t place);

/** The number of the group at a place. */
uint32_t primary_groups_number(const struct primary_groups *groups, size_t place);

#endif
