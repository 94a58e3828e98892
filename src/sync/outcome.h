/* SPDX-License-Identifier: ISC */
/*
 * Holds what the tenant answered against what was asked: 207 and silent loss are real.
 */
#ifndef SYNC_OUTCOME_H
#define SYNC_OUTCOME_H

#include "base/arena.h"
#include "base/str.h"
#include "core/account.h"
#include "core/differ.h"
#include "core/port_tenant.h"
#include <stdbool.h>

/**
 * What of a request is not there: the difference between the account as known and as wanted, less
 * the texts that were not asked for. A tenant may derive those (displayName follows the names), or
 * somebody else may have changed them: a reconcile looks into that.
 *
 * @param before  the account before the change; NULL: it was created
 */
struct change outcome_missing(const struct account *before, const struct account *wanted,
    const struct account *known, struct arena *arena);

/**
 * Compares the account in an answer with the one that was wanted, as outcome_missing does.
 *
 * What the answer does not show is taken as done (204, no `active`, no entitlements at all while
 * the write was acknowledged whole), except that workspaces which were wanted must be shown.
 *
 * @param before  the account before the change; NULL: it was created
 * @param wanted  the account after the change
 * @param arena   holds `ret_detail`
 * @param ret_detail  what is missing, for people ("the tenant answered 200 but kept active = true")
 * @return whether all is as asked
 */
bool outcome_matches(const struct account *before, const struct account *wanted,
    const struct observed *shown, struct arena *arena, struct span *ret_detail);

/**
 * What is now known of the account: the answer where it shows something, what was there before
 * elsewhere. @param before NULL: it did not exist
 */
struct account outcome_known(
    const struct account *before, const struct account *wanted, const struct observed *shown);

/** When a user that was refused is tried again: 1 h, 4 h, then daily. @param attempts so far, at
 * least 1 */
int64_t outcome_quarantine_ms(int attempts);

#endif
