/* SPDX-License-Identifier: ISC */
/*
 * The difference between two accounts as plain data.
 */
#ifndef CORE_DIFFER_H
#define CORE_DIFFER_H

#include "base/arena.h"
#include "base/str.h"
#include "core/account.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct change {
	uint32_t texts;             /* a bit an account_path that differs */
	bool is_activated;          /* active: false → true */
	bool is_deactivated;        /* active: true → false */
	const struct span *granted; /* workspaces gained; ascending */
	size_t granted_count;
	const struct span *revoked; /* workspaces lost; ascending */
	size_t revoked_count;
};

/**
 * Compares two accounts. An absent desired text is not managed: it never makes a change.
 *
 * userName differs only when it differs regardless of case (RFC 7643 4.1.1: caseExact false).
 *
 * @param before  what the tenant last acknowledged; NULL: there is no account
 * @param arena   holds the lists
 */
struct change differ_compare(
    const struct account *before, const struct account *after, struct arena *arena);

/** Whether "nothing to do" is the outcome. */
bool change_is_empty(const struct change *change);

/** Whether a text of the account differs. */
static inline bool change_has(const struct change *change, enum account_path path)
{
	return (change->texts & (UINT32_C(1) << path)) != 0;
}

/**
 * What the account becomes when `desired` is acknowledged over `before`: absent desired texts are
 * kept from before, so that the snapshot remembers them.
 */
struct account differ_merge(const struct account *before, const struct account *desired);

/**
 * Adds to an account's workspaces those of `keep` that `before` had: an unknown group revokes
 * nothing.
 */
void differ_keep_workspaces(struct account *account, const struct account *before,
    const struct span *keep, size_t keep_count, struct arena *arena);

#endif
