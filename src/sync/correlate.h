/* SPDX-License-Identifier: ISC */
/*
 * Recognises an existing account for an entry that has no link (DESIGN: correlation).  Pure: the
 * caller has found the accounts that could be meant and knows which of them are linked.
 */
#ifndef SYNC_CORRELATE_H
#define SYNC_CORRELATE_H

#include "base/arena.h"
#include "core/account.h"
#include "core/policy.h"
#include "core/port_tenant.h"
#include <stdbool.h>
#include <stddef.h>

/* An account that could be meant. */
struct correlate_candidate {
	const struct observed *observed;
	bool is_linked;       /* to another key */
	bool is_link_missing; /* and that key's entry is proved absent from this scan: a rehire is
				 possible */
};

enum correlate_verdict {
	CORRELATE_NONE,     /* no account: create one */
	CORRELATE_ADOPT,    /* this is the account */
	CORRELATE_REHIRE,   /* this is the account of a person who came back under a new key */
	CORRELATE_CONFLICT, /* a person must settle it; detail says what and how */
};

struct correlate_decision {
	enum correlate_verdict verdict;
	const struct observed *observed; /* of adopt and rehire */
	struct span detail;              /* for people, in the arena */
};

/**
 * Decides.
 *
 * In the order of `policy.correlate`, the first rule that finds accounts decides: more than one is
 * a conflict; one that is linked to another key is a rehire when externalId found it and that key's
 * entry is gone, else a conflict; one that was found by userName but carries another externalId is
 * a conflict.
 */
struct correlate_decision correlate_decide(const struct policy *policy,
    const struct account *desired, const struct correlate_candidate *candidates, size_t count,
    struct arena *arena);

#endif
