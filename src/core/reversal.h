/* SPDX-License-Identifier: ISC */
/*
 * What an account becomes when a change is taken back.
 *
 * Only what the change itself made goes back, from what the account is now: whatever somebody did
 * to it since stays, and is named.
 */
#ifndef CORE_REVERSAL_H
#define CORE_REVERSAL_H

#include "base/arena.h"
#include "base/str.h"
#include "core/account.h"
#include <stdint.h>

/* Who of the agent's own runs changed a member last, after the change that is taken back. */
struct later_change {
	int64_t run_id; /* 0: none did */
	bool is_undo;   /* it took back what others had done since */
};

struct later_workspace {
	struct span id;
	struct later_change change;
};

struct later_changes {
	struct later_change texts[ACCOUNT_TEXT_COUNT], active;
	struct later_workspace *workspaces;
	size_t workspace_count, workspace_cap;
};

struct reversal_input {
	const struct account *before; /* the change; NULL: it made the account */
	const struct account *after;
	const struct account *now;         /* what the tenant has */
	const struct later_changes *later; /* NULL: there are none */
	bool takes_workspaces;             /* an account that was made loses its workspaces, too */
};

/**
 * Takes the change back.
 *
 * @param arena  holds what the result looks at besides the input
 * @param notes  gets what stays, and why, for people; nothing is added when all goes back
 * @return what is wanted now
 */
struct account reversal_make(
    const struct reversal_input *input, struct arena *arena, struct str *notes);

/** Notes what a later change did. */
void later_changes_add(struct later_changes *later, const struct account *before,
    const struct account *after, struct later_change by, struct arena *arena);

/** Frees its list. */
void later_changes_done(struct later_changes *later);

#endif
