/* SPDX-License-Identifier: ISC */
/* Classes of actions, their limits, and what a batch is bound to. */
#include "core/guard.h"
#include <assert.h>

static const char *const class_names[GUARD_CLASS_COUNT] = {
	[GUARD_DEACTIVATIONS] = "deactivations",
	[GUARD_REVOCATIONS] = "revocations",
	[GUARD_CREATIONS] = "creations",
	[GUARD_RENAMES] = "renames",
	[GUARD_REHIRES] = "rehires",
	[GUARD_UNDONE] = "undone",
};

const char *guard_class_name(enum guard_class class)
{
	return class_names[class];
}

const char *guard_class_noun(enum guard_class class, uint64_t count)
{
	static const char *const nouns[GUARD_CLASS_COUNT][2] = {
		[GUARD_DEACTIVATIONS] = { "deactivation", "deactivations" },
		[GUARD_REVOCATIONS] = { "revocation", "revocations" },
		[GUARD_CREATIONS] = { "creation", "creations" },
		[GUARD_RENAMES] = { "rename", "renames" },
		[GUARD_REHIRES] = { "rehire", "rehires" },
		[GUARD_UNDONE] = { "undone change", "undone changes" },
	};

	return nouns[class][count != 1];
}

bool guard_class_parse(struct span name, enum guard_class *ret_class)
{
	for (unsigned i = 0; i < GUARD_CLASS_COUNT; i++) {
		if (!span_equal(name, span_of(class_names[i])))
			continue;
		*ret_class = (enum guard_class)i;
		return true;
	}
	return false;
}

static const char *const decision_names[HOLD_DECISION_COUNT] = {
	[HOLD_OPEN] = "open",
	[HOLD_APPROVED] = "approved",
	[HOLD_REJECTED] = "rejected",
};

const char *hold_decision_name(enum hold_decision decision)
{
	return decision_names[decision];
}

bool hold_decision_parse(struct span name, enum hold_decision *ret_decision)
{
	for (unsigned i = 0; i < HOLD_DECISION_COUNT; i++) {
		if (!span_equal(name, span_of(decision_names[i])))
			continue;
		*ret_decision = (enum hold_decision)i;
		return true;
	}
	return false;
}

unsigned guard_classes(enum action_kind kind, const struct change *change)
{
	unsigned classes = 0;

	if (!action_has_request(kind))
		return 0;
	if (kind == ACTION_CREATE)
		classes |= guard_bit(GUARD_CREATIONS);
	if (kind == ACTION_DEACTIVATE)
		classes |= guard_bit(GUARD_DEACTIVATIONS);
	if (change != NULL && change->revoked_count > 0)
		classes |= guard_bit(GUARD_REVOCATIONS);
	return classes;
}

unsigned guard_held_with(const struct action *action)
{
	bool is_half = action->reason == REASON_RENAMED &&
		       (action->kind == ACTION_DEACTIVATE || action->kind == ACTION_CREATE);

	if (!is_half)
		return action->classes;
	return guard_bit(GUARD_DEACTIVATIONS) | guard_bit(GUARD_REVOCATIONS) |
	       guard_bit(GUARD_CREATIONS);
}

enum guard_class guard_policy_class(enum action_kind kind)
{
	return kind == ACTION_RENAME ? GUARD_RENAMES : GUARD_REHIRES;
}

const struct policy_limit *guard_limit(const struct policy *policy, enum guard_class class)
{
	switch (class) {
	case GUARD_DEACTIVATIONS:
		return &policy->deactivations;
	case GUARD_REVOCATIONS:
		return &policy->revocations;
	case GUARD_CREATIONS:
		return &policy->creations;
	case GUARD_RENAMES:
	case GUARD_REHIRES:
	case GUARD_UNDONE:
	case GUARD_CLASS_COUNT:
		break;
	}
	return NULL;
}

/* linked * percent / 100, rounded down, without overflow. */
static uint64_t share_of(uint64_t linked, uint64_t percent)
{
	return linked / 100 * percent + linked % 100 * percent / 100;
}

struct guard_verdict guard_judge(const struct policy_limit *limit, const struct guard_load *load)
{
	struct guard_verdict verdict = { .count = load->planned + load->recent,
		.limit = UINT64_MAX };

	if (limit->count > 0)
		verdict.limit = limit->count;
	if (limit->percent > 0 && load->linked > 0) {
		uint64_t share = share_of(load->linked, limit->percent);

		if (share < verdict.limit)
			verdict.limit = share;
	}
	verdict.is_over = load->planned > 0 && verdict.count > verdict.limit;
	return verdict;
}

static void add_part(struct str *out, struct span part)
{
	str_addf(out, "%zu:", part.len);
	str_add(out, part);
}

void guard_digest_add(struct digest *digest, const struct action *action, struct str *scratch)
{
	str_truncate(scratch, 0);
	str_add(scratch, (struct span) { (const char *)digest->byte, sizeof(digest->byte) });
	str_add_c(scratch, action_kind_name(action->kind));
	str_add(
	    scratch, (struct span) { (const char *)action->key.byte, sizeof(action->key.byte) });
	str_add(scratch,
	    (struct span) { (const char *)action->digest.byte, sizeof(action->digest.byte) });
	add_part(scratch, action->account_id);
	add_part(scratch, action->request.method);
	add_part(scratch, action->request.path);
	add_part(scratch, action->request.body);
	*digest = hash_digest(str_span(scratch));
}
