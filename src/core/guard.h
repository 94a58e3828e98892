/* SPDX-License-Identifier: ISC */
/*
 * The guard: too much of a class of actions is held, not sent (DESIGN section 6).
 *
 * An action counts in the classes of what it takes away or makes.  When a class is over its limit,
 * all actions of this plan that stand in that class are held as one batch: half a mistake is also a
 * mistake.  Two classes have no limit: a rename and a rehire are held because the policy says so.
 */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H

#include "base/hash.h"
#include "base/str.h"
#include "core/plan.h"
#include "core/policy.h"
#include <stdbool.h>
#include <stdint.h>

/* Held by the first of its classes that is over. */
enum guard_class {
	GUARD_DEACTIVATIONS,
	GUARD_REVOCATIONS,
	GUARD_CREATIONS,
	GUARD_LIMITED, /* those before have a limit */
	GUARD_RENAMES = GUARD_LIMITED,
	GUARD_REHIRES,
	GUARD_UNDONE, /* what the directory asks for and an undo took back: rejected from the start
		       */
	GUARD_CLASS_COUNT,
};

/* What a person said about a batch. */
enum hold_decision { HOLD_OPEN, HOLD_APPROVED, HOLD_REJECTED };
enum { HOLD_DECISION_COUNT = HOLD_REJECTED + 1 };

/** Names a decision: "open" "approved" "rejected". */
const char *hold_decision_name(enum hold_decision decision);

/** Finds a decision by its name, case included. @return false: there is none */
bool hold_decision_parse(struct span name, enum hold_decision *ret_decision);

/** A class as a bit. */
static inline unsigned guard_bit(enum guard_class class)
{
	return 1U << class;
}

/** Names a class: as its key below policy.limits, "renames", "rehires" or "undone". */
const char *guard_class_name(enum guard_class class);

/** What so many actions of a class are called behind their number: "deactivation". */
const char *guard_class_noun(enum guard_class class, uint64_t count);

/** Finds a class by its name, case included. @return false: there is none */
bool guard_class_parse(struct span name, enum guard_class *ret_class);

/**
 * The classes that an action counts in, a bit each.
 *
 * An account that loses a workspace is a revocation, whether it loses the last one, is deactivated
 * at the same time, or gets another.
 *
 * @param change  NULL for a create
 */
unsigned guard_classes(enum action_kind kind, const struct change *change);

/**
 * The classes whose hold takes the action along: those it counts in.  The two halves of a renamed
 * person's new account go together, whichever of them is over: else one would have two accounts, or
 * none.
 */
unsigned guard_held_with(const struct action *action);

/** The class of an action that the policy holds: a rename, or a rehire. */
enum guard_class guard_policy_class(enum action_kind kind);

/** The limit of a class; NULL: it has none. */
const struct policy_limit *guard_limit(const struct policy *policy, enum guard_class class);

/* What stands against a limit. */
struct guard_load {
	uint64_t planned; /* asked for by this plan, what is held already included */
	uint64_t recent;  /* sent within the window, but for what a person approved */
	uint64_t linked;  /* accounts that are linked */
};

struct guard_verdict {
	bool is_over;
	uint64_t count; /* what was held against the limit */
	uint64_t limit; /* the number that was not to be passed; UINT64_MAX: none */
};

/**
 * Judges a class. Exactly the limit is allowed; 0 switches count or percent off; the percentage
 * says nothing while nobody is linked.
 */
struct guard_verdict guard_judge(const struct policy_limit *limit, const struct guard_load *load);

/** Goes on with the digest of a batch: `*digest` starts as zeros, and each action, in its order, is
 * chained to it. What counts is the person, the account, and the request to the letter. */
void guard_digest_add(struct digest *digest, const struct action *action, struct str *scratch);

#endif
