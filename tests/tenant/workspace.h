// SPDX-License-Identifier: ISC

// The tenant's workspaces, and the set of them that one account has.
//
// Documented: entitlements are the only way to give workspaces; the forms are
// WORKSPACE (one object each), WORKSPACE_IDS (one object, ids with commas) and
// WORKSPACE_NAMES (one object, quoted names with commas); answers carry all
// three together; at most 50 workspaces in one call.
// Chosen, where the documents contradict each other or say nothing: `value`
// counts and `display` is looked at only when there is no `value`; an object
// without a type is a WORKSPACE; an unknown type is malformed.

#ifndef TENANT_WORKSPACE_H
#define TENANT_WORKSPACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How many workspaces one call may name. */
#define WORKSPACES_PER_CALL 50

struct workspace {
	char *id;   /**< owned; 32 hexadecimal digits in a live tenant */
	char *name; /**< owned */
};

/** All workspaces of the tenant, in the order they were named. */
struct workspaces {
	struct workspace *list; /**< owned */
	size_t count;
};

/** The workspaces of one account, as positions in `struct workspaces`. */
struct entitlements {
	uint16_t *list; /**< owned; no position twice, in the order given */
	size_t count;
};

/** What a request asked for. */
struct entitlements_wish {
	struct entitlements known; /**< owned; those that exist */
	size_t unknown_count;      /**< how many names led nowhere */
};

/** Adds a workspace.  @param name NULL gives "Workspace N". */
void workspaces_add(struct workspaces *all, const char *id, const char *name);

/** Frees all workspaces. */
void workspaces_done(struct workspaces *all);

/** Lists the workspaces as the Integration API does.  @return owned. */
json_t *workspaces_json(const struct workspaces *all);

/** Adds one workspace, unless it is there. */
void entitlements_add(struct entitlements *set, uint16_t workspace);

/** Takes one workspace out, if it is there. */
void entitlements_drop(struct entitlements *set, uint16_t workspace);

/** Replaces `set` with a copy of `from`. */
void entitlements_copy(struct entitlements *set, const struct entitlements *from);

/** Empties and frees a set. */
void entitlements_done(struct entitlements *set);

/**
 * Reads an `entitlements` value: an array of objects or one object, in any of the three forms.
 * @param value borrowed.
 * @param ret_wish written on success only; release with entitlements_done() on `known`.
 * @return false when the value is malformed.
 */
bool entitlements_parse(
    const struct workspaces *all, const json_t *value, struct entitlements_wish *ret_wish);

/** Finds a workspace by id, or else by name.  @return its position, or -1. */
int workspaces_find(const struct workspaces *all, const char *id, const char *name);

/** Shows a set in all three forms together.  @return owned; an empty array for no workspace. */
json_t *entitlements_json(const struct workspaces *all, const struct entitlements *set);

#endif
