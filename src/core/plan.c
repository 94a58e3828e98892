/* SPDX-License-Identifier: ISC */
/*
 * The names of the verbs, and what a change is called.
 */
#include "core/plan.h"
#include <assert.h>

static const char *const cycle_kinds[] = {
	[CYCLE_DELTA] = "delta",
	[CYCLE_FULL] = "full",
	[CYCLE_RECONCILE] = "reconcile",
	[CYCLE_UNDO] = "undo",
};

static const char *const action_kinds[ACTION_KIND_COUNT] = {
	[ACTION_DEACTIVATE] = "deactivate",
	[ACTION_RENAME] = "rename",
	[ACTION_UPDATE] = "update",
	[ACTION_REACTIVATE] = "reactivate",
	[ACTION_CREATE] = "create",
	[ACTION_LINK] = "link",
	[ACTION_CONFLICT] = "conflict",
	[ACTION_REJECTED] = "rejected",
};

static const char *const action_states[ACTION_STATE_COUNT] = {
	[ACTION_PLANNED] = "planned",
	[ACTION_HELD] = "held",
	[ACTION_SENT] = "sent",
	[ACTION_DONE] = "done",
	[ACTION_STATE_REJECTED] = "rejected",
	[ACTION_FAILED] = "failed",
	[ACTION_UNKNOWN] = "unknown",
};

static const char *const reason_codes[REASON_COUNT] = {
	[REASON_JOINED] = "joined",
	[REASON_ATTRIBUTE_CHANGED] = "attribute-changed",
	[REASON_GROUP_GAINED] = "group-gained",
	[REASON_GROUP_LOST] = "group-lost",
	[REASON_DISABLED] = "disabled",
	[REASON_EXPIRED] = "expired",
	[REASON_LEFT_SCOPE] = "left-scope",
	[REASON_MOVED] = "moved",
	[REASON_DELETED] = "deleted",
	[REASON_REHIRED] = "rehired",
	[REASON_RENAMED] = "renamed",
	[REASON_DRIFT] = "drift",
	[REASON_UNDO] = "undo",
	[REASON_ADOPTED] = "adopted",
	[REASON_CONFLICT] = "conflict",
	[REASON_UNMAPPABLE] = "unmappable",
};

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

/* @return the place of the name, or `count` when it is none */
static size_t find_name(struct span name, const char *const *names, size_t count)
{
	size_t i = 0;

	while (i < count && !span_equal(name, span_of(names[i])))
		i++;
	return i;
}

const char *cycle_kind_name(enum cycle_kind kind)
{
	return cycle_kinds[kind];
}

const char *action_kind_name(enum action_kind kind)
{
	return action_kinds[kind];
}

const char *action_state_name(enum action_state state)
{
	return action_states[state];
}

const char *reason_code_name(enum reason_code reason)
{
	return reason_codes[reason];
}

bool cycle_kind_parse(struct span name, enum cycle_kind *ret_kind)
{
	size_t i = find_name(name, cycle_kinds, COUNT(cycle_kinds));

	if (i == COUNT(cycle_kinds))
		return false;
	*ret_kind = (enum cycle_kind)i;
	return true;
}

bool action_kind_parse(struct span name, enum action_kind *ret_kind)
{
	size_t i = find_name(name, action_kinds, COUNT(action_kinds));

	if (i == COUNT(action_kinds))
		return false;
	*ret_kind = (enum action_kind)i;
	return true;
}

bool action_state_parse(struct span name, enum action_state *ret_state)
{
	size_t i = find_name(name, action_states, COUNT(action_states));

	if (i == COUNT(action_states))
		return false;
	*ret_state = (enum action_state)i;
	return true;
}

bool reason_code_parse(struct span name, enum reason_code *ret_reason)
{
	size_t i = find_name(name, reason_codes, COUNT(reason_codes));

	if (i == COUNT(reason_codes))
		return false;
	*ret_reason = (enum reason_code)i;
	return true;
}

bool action_has_request(enum action_kind kind)
{
	return kind <= ACTION_CREATE;
}

/* Where actions of a kind are counted. */
static uint64_t *kind_counter(struct plan_summary *summary, enum action_kind kind)
{
	switch (kind) {
	case ACTION_DEACTIVATE:
		return &summary->deactivate;
	case ACTION_RENAME:
		return &summary->rename;
	case ACTION_UPDATE:
		return &summary->update;
	case ACTION_REACTIVATE:
		return &summary->reactivate;
	case ACTION_CREATE:
		return &summary->create;
	case ACTION_LINK:
		return &summary->link;
	case ACTION_CONFLICT:
		return &summary->conflict;
	case ACTION_REJECTED:
	case ACTION_KIND_COUNT:
		break;
	}
	assert(kind == ACTION_REJECTED);
	return &summary->rejected;
}

void plan_summary_add(
    struct plan_summary *summary, enum action_kind kind, enum action_state state, uint64_t count)
{
	*kind_counter(summary, kind) += count;
	/* A conflict or a record that cannot be mapped is its own outcome and counts once. */
	if (kind == ACTION_CONFLICT || kind == ACTION_REJECTED)
		return;
	switch (state) {
	case ACTION_HELD:
		summary->held += count;
		break;
	case ACTION_DONE:
		summary->done += count;
		break;
	case ACTION_STATE_REJECTED:
		summary->rejected += count;
		break;
	case ACTION_FAILED:
	case ACTION_UNKNOWN:
		summary->failed += count;
		break;
	case ACTION_PLANNED:
	case ACTION_SENT:
	case ACTION_STATE_COUNT:
		break;
	}
}

uint64_t plan_summary_pending(const struct plan_summary *summary)
{
	return summary->create + summary->update + summary->rename + summary->deactivate +
	       summary->reactivate;
}

void plan_classify(
    const struct change *change, enum action_kind *ret_kind, enum reason_code *ret_reason)
{
	uint32_t texts = change->texts & ~(UINT32_C(1) << ACCOUNT_USER_NAME);

	*ret_kind = ACTION_UPDATE;
	if (change->is_deactivated) {
		*ret_kind = ACTION_DEACTIVATE;
		*ret_reason = REASON_DISABLED;
	} else if (change->is_activated) {
		*ret_kind = ACTION_REACTIVATE;
		*ret_reason = REASON_REHIRED;
	} else if (texts != 0 || (change->revoked_count == 0 && change->granted_count == 0)) {
		*ret_reason = REASON_ATTRIBUTE_CHANGED;
	} else {
		*ret_reason = change->revoked_count > 0 ? REASON_GROUP_LOST : REASON_GROUP_GAINED;
	}
}
