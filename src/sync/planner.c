/* SPDX-License-Identifier: ISC */
/*
 * Entries become actions.  The unchanged ones leave by the shortest way: mapped, digested, found
 * equal in the index, counted.  Only the others are read from disk and written to the plan.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/unicode.h"
#include "core/differ.h"
#include "sync/outcome.h"

struct digest planner_digest(struct cycle *cycle, const struct account *account)
{
	return account_digest(account, &cycle->scratch);
}

struct span planner_canonical(struct cycle *cycle, const struct account *account)
{
	str_truncate(&cycle->scratch, 0);
	account_encode(account, &cycle->scratch);
	return arena_span(cycle->entry_arena, str_span(&cycle->scratch));
}

static bool add_row(struct cycle *cycle, struct action *action)
{
	struct err err;

	if (!cycle_need_run(cycle))
		return false;
	changes_compare(cycle, action);
	action->run_id = cycle->run.id;
	action->at_ms = cycle_wall_ms(cycle);
	return cycle_store_ok(cycle, store_action_add(cycle->in.store, action, &err), &err);
}

bool planner_add(struct cycle *cycle, struct action *action)
{
	enum hold_answer answer = HOLD_NONE;

	if (action_has_request(action->kind))
		answer = holds_ask(cycle, action);
	if (answer == HOLD_WAITS || answer == HOLD_REFUSED)
		return !cycle->has_failed;
	return add_row(cycle, action);
}

static struct action new_action(struct cycle *cycle, const struct entry *entry)
{
	return (struct action) {
		.state = ACTION_PLANNED,
		.key = entry->key,
		.dn = entry->dn,
		.directory = cycle->directories[cycle->directory_at].source->name,
	};
}

void planner_unusable(struct cycle *cycle, const struct uuid *key, struct span dn, struct span why)
{
	struct action action = {
		.kind = ACTION_REJECTED,
		.state = ACTION_STATE_REJECTED,
		.reason = REASON_UNMAPPABLE,
		.detail = why,
		.dn = dn,
		.directory = cycle->directories[cycle->directory_at].source->name,
	};
	struct index_item *item;

	if (key != NULL) {
		action.key = *key;
		item = index_find(cycle->index, key);
		if (item != NULL)
			index_flag(cycle->index, item, INDEX_SEEN); /* its account stays */
	}
	log_debug("entry %.*s: %.*s; skipping", SPAN_ARG(dn), SPAN_ARG(why));
	planner_add(cycle, &action);
}

bool planner_is_quarantined(
    struct cycle *cycle, const struct uuid *key, const struct digest *digest)
{
	struct quarantine quarantine;
	bool found = false;
	int64_t wait_ms;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_quarantine_get(
		    cycle->in.store, key, cycle->entry_arena, &quarantine, &found, &err),
		&err) ||
	    !found)
		return false;
	if (cycle->in.who.at != NULL && !cycle->in.keeps_quarantine)
		return false; /* asked for by name: tried now */
	wait_ms = quarantine.not_before_ms - cycle_wall_ms(cycle);
	/* Longer than the longest wait: the clock was ahead when that was written. */
	return digest_equal(&quarantine.digest, digest) && wait_ms > 0 &&
	       wait_ms <= outcome_quarantine_ms(quarantine.attempts);
}

static void refuse(struct action *action, struct span why)
{
	action->kind = ACTION_REJECTED;
	action->state = ACTION_STATE_REJECTED;
	action->classes = 0;
	action->detail = why;
	action->request = (struct tenant_request) { SPAN_NULL, SPAN_NULL, SPAN_NULL };
}

static bool is_own(const struct cycle *cycle, const struct planner_change *change)
{
	struct span account_id = change->action->account_id;

	if (change->before != NULL &&
	    cycle_is_own(cycle, account_id, change->before->text[ACCOUNT_USER_NAME]))
		return true;
	return cycle_is_own(cycle, account_id, change->after->text[ACCOUNT_USER_NAME]);
}

static bool is_protected(const struct cycle *cycle, const struct planner_change *change)
{
	const struct policy *policy = cycle->in.policy;

	if (change->before != NULL &&
	    policy_protects(policy, change->before->text[ACCOUNT_USER_NAME]))
		return true;
	return policy_protects(policy, change->after->text[ACCOUNT_USER_NAME]);
}

void planner_fill(struct cycle *cycle, const struct planner_change *change, bool keep_reason)
{
	struct action *action = change->action;
	enum action_kind kind = ACTION_CREATE;
	enum reason_code reason = REASON_JOINED;
	struct encode_input input;
	struct err err;

	if (change->before != NULL)
		plan_classify(change->change, &kind, &reason);
	if (action->kind != ACTION_RENAME)
		action->kind = kind;
	if (!keep_reason)
		action->reason = reason;
	action->classes = guard_classes(action->kind, change->change);
	action->user_name = change->after->text[ACCOUNT_USER_NAME];
	action->after = planner_canonical(cycle, change->after);
	if (change->before != NULL)
		action->before = planner_canonical(cycle, change->before);
	if (is_own(cycle, change)) {
		refuse(action, SPAN(CYCLE_OWN_ACCOUNT_WHY));
		return;
	}
	if (is_protected(cycle, change)) {
		refuse(
		    action, SPAN("the account is protected (policy.protect): it is never changed"));
		return;
	}
	action->request = (struct tenant_request) { SPAN_NULL, SPAN_NULL, SPAN_NULL };
	if (change->before != NULL && change_is_empty(change->change))
		return; /* a request that asks for nothing cannot be made */
	input = (struct encode_input) {
		.kind = action->kind,
		.account_id = action->account_id,
		.before = change->before,
		.after = change->after,
		.with_user_name = action->kind == ACTION_RENAME,
	};
	if (cycle->in.encoder->encode(
		cycle->in.encoder, &input, cycle->entry_arena, &action->request, &err) != STATUS_OK)
		refuse(action, arena_span(cycle->entry_arena, span_of(err.text)));
}

/* ---- why, in words ---- */

static void describe_grant(
    struct cycle *cycle, const struct entry *entry, struct span id, struct str *detail)
{
	struct mapping_trace trace = mapping_explain_grants(
	    cycle->in.mapping, entry, cycle->membership, cycle->entry_arena);

	for (size_t i = 0; i < trace.grant_count; i++) {
		const struct grant_trace *grant = &trace.grants[i];

		if (!span_equal(grant->id, id))
			continue;
		if (grant->outcome == GRANT_BY_GROUP)
			str_addf(detail, " via %.*s", SPAN_ARG(grant->path));
		else if (grant->outcome == GRANT_BY_WHEN)
			str_addf(detail, " by rule %.*s", SPAN_ARG(grant->when));
		else
			continue;
		return;
	}
}

static void describe_workspaces(
    struct cycle *cycle, const struct entry *entry, const struct change *change, struct str *detail)
{
	for (size_t i = 0; i < change->granted_count; i++) {
		struct span name = mapping_workspace_name(cycle->in.mapping, change->granted[i]);

		str_addf(detail, "%s+ %.*s", detail->len > 0 ? "; " : "",
		    SPAN_ARG(name.at != NULL ? name : change->granted[i]));
		if (entry != NULL)
			describe_grant(cycle, entry, change->granted[i], detail);
	}
	for (size_t i = 0; i < change->revoked_count; i++) {
		struct span name = mapping_workspace_name(cycle->in.mapping, change->revoked[i]);

		str_addf(detail, "%s- %.*s: in no group and under no rule that grants it",
		    detail->len > 0 ? "; " : "",
		    SPAN_ARG(name.at != NULL ? name : change->revoked[i]));
	}
}

static struct span describe(
    struct cycle *cycle, const struct entry *entry, const struct change *change)
{
	struct str detail = { 0 };
	struct span text;

	describe_workspaces(cycle, entry, change, &detail);
	text = detail.len > 0 ? arena_span(cycle->entry_arena, str_span(&detail)) : SPAN_NULL;
	str_done(&detail);
	return text;
}

/* ---- entries without a link ---- */

/* The first directory that has the name keeps it; within one directory nobody does. */
static void note_name(struct cycle *cycle, struct span user_name)
{
	uint8_t directory = cycle->directories[cycle->directory_at].number;
	struct index_item item = { .flags = INDEX_SEEN, .directory = directory };
	struct digest digest;
	struct index_item *taken;

	str_truncate(&cycle->scratch, 0);
	if (!utf8_fold(user_name, &cycle->scratch))
		str_add(&cycle->scratch, user_name);
	digest = hash_digest(str_span(&cycle->scratch));
	memcpy(item.key.byte, digest.byte, sizeof(item.key.byte));
	taken = index_find(cycle->names, &item.key);
	if (taken == NULL)
		index_put(cycle->names, &item);
	else if (taken->directory == directory)
		index_flag(cycle->names, taken, INDEX_DRIFTED);
}

static void plan_candidate(struct cycle *cycle, const struct entry *entry,
    const struct mapped *mapped, const struct digest *digest)
{
	struct index_item item = {
		.key = entry->key, .digest = *digest, .flags = INDEX_SEEN | INDEX_UNLINKED
	};
	struct index_item *known = index_find(cycle->index, &entry->key);
	struct action action = new_action(cycle, entry);
	struct change change;

	if (known != NULL)
		item.flags |= known->flags & INDEX_QUARANTINED;
	item.directory = cycle->directories[cycle->directory_at].number;
	index_put(cycle->index, &item);
	/* Who may not log in needs no account; an existing one is looked for where that costs
	 * nothing. */
	if (!mapped->account.is_active && !cycle->is_observed)
		return;
	if ((item.flags & INDEX_QUARANTINED) &&
	    planner_is_quarantined(cycle, &entry->key, digest)) {
		cycle->summary.unchanged++;
		return;
	}
	if (holds_keep_back(cycle, &entry->key, digest))
		return;
	if (mapped->account.is_active)
		note_name(cycle, mapped->account.text[ACCOUNT_USER_NAME]);
	change = differ_compare(NULL, &mapped->account, cycle->entry_arena);
	action.kind = ACTION_CREATE;
	action.reason = REASON_JOINED;
	action.user_name = mapped->account.text[ACCOUNT_USER_NAME];
	action.after = planner_canonical(cycle, &mapped->account);
	action.digest = *digest;
	action.detail = describe(cycle, entry, &change);
	if (add_row(cycle, &action))
		cycle->candidates++;
}

/* ---- linked entries ---- */

struct linked {
	const struct entry *entry;
	struct link link;
	struct account before; /* what the tenant has, as far as known */
	struct account after;  /* what it shall have */
	struct digest digest;
	bool has_drifted;
	bool is_directory_changed;
};

/* In a reconcile the tenant's own word counts, not what it acknowledged once. */
static void take_observed(struct cycle *cycle, struct linked *linked)
{
	struct observed observed;
	struct account before;
	size_t count = 0;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_observed_find(cycle->in.store, OBSERVED_BY_ID, linked->link.account_id,
		    cycle->entry_arena, &observed, 1, &count, &err),
		&err) ||
	    count == 0)
		return;
	linked->has_drifted = true;
	before = outcome_known(&linked->before, &linked->before, &observed);
	/* What correlation trusts must be what the tenant really has. */
	before.text[ACCOUNT_EXTERNAL_ID] = observed.account.text[ACCOUNT_EXTERNAL_ID];
	linked->before = before;
}

static bool load_linked(struct cycle *cycle, const struct index_item *item, struct linked *linked)
{
	bool found = false;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_link_get(
		    cycle->in.store, &item->key, cycle->entry_arena, &linked->link, &found, &err),
		&err) ||
	    !found)
		return false;
	if (!cycle_store_ok(cycle,
		account_decode(
		    linked->link.acknowledged, cycle->entry_arena, &linked->before, &err),
		&err))
		return false;
	if (item->flags & INDEX_DRIFTED)
		take_observed(cycle, linked);
	return true;
}

/* Nothing to send, but the snapshot learns the new digest, DN, or that the leaver is back. */
static void refresh_link(struct cycle *cycle, struct linked *linked)
{
	struct account merged = differ_merge(&linked->before, &linked->after);

	linked->link.digest = linked->digest;
	linked->link.dn = linked->entry->dn;
	linked->link.missing_since_ms = 0;
	linked->link.acknowledged = planner_canonical(cycle, &merged);
	linked->link.user_name = merged.text[ACCOUNT_USER_NAME];
	linked->link.is_active = merged.is_active;
	if (snapshot_leave_quarantine(cycle, &linked->link.key))
		snapshot_put(cycle, &linked->link);
	cycle->summary.unchanged++;
}

static struct action linked_action(struct cycle *cycle, const struct linked *linked)
{
	struct action action = new_action(cycle, linked->entry);

	action.account_id = linked->link.account_id;
	action.digest = linked->digest;
	return action;
}

/*
 * What is held is the new name alone, so that it is the same batch whatever else changes meanwhile.
 *
 * @return whether it was released: then all else waits for the next cycle, because there are never
 * two requests in flight for one account
 */
static bool plan_rename_held(
    struct cycle *cycle, struct linked *linked, const struct change *change)
{
	const struct account only_name = { .text[ACCOUNT_USER_NAME] =
					       linked->after.text[ACCOUNT_USER_NAME] };
	struct action action = linked_action(cycle, linked);
	struct account renamed = linked->before;

	renamed.text[ACCOUNT_USER_NAME] = linked->after.text[ACCOUNT_USER_NAME];
	action.kind = ACTION_RENAME;
	action.reason = REASON_RENAMED;
	action.detail = SPAN(
	    "userName is read-only in Anaplan (policy.rename = \"hold\"): change the "
	    "login there by hand, or approve, and the agent tries to patch it, or set "
	    "policy.rename to \"recreate\" or \"patch\"");
	planner_fill(
	    cycle, &(struct planner_change) { &action, &linked->before, &renamed, change }, true);
	action.classes = 0;
	if (action.kind == ACTION_RENAME)
		action.state = ACTION_HELD;
	action.digest = planner_digest(cycle, &only_name);
	planner_add(cycle, &action);
	return action.kind == ACTION_RENAME && action.state == ACTION_PLANNED;
}

/* The old account is closed and a new one made: the only rename that Anaplan documents. */
static void plan_recreate(struct cycle *cycle, struct linked *linked, const struct account *renamed)
{
	struct action closing = linked_action(cycle, linked),
		      creating = new_action(cycle, linked->entry);
	struct account closed = linked->before;
	struct change change;

	closed.is_active = false;
	closed.workspaces = NULL;
	closed.workspace_count = 0;
	change = differ_compare(&linked->before, &closed, cycle->entry_arena);
	closing.key = (struct uuid) { { 0 } }; /* the link follows the new account */
	closing.reason = REASON_RENAMED;
	closing.detail = SPAN(
	    "closed: the person goes on with a new account under the new userName");
	planner_fill(
	    cycle, &(struct planner_change) { &closing, &linked->before, &closed, &change }, true);
	if (linked->before.is_active && !planner_add(cycle, &closing))
		return;
	if (closing.kind == ACTION_REJECTED)
		return; /* an account that may not be closed is not replaced either */
	creating.kind = ACTION_CREATE;
	creating.reason = REASON_RENAMED;
	creating.digest = linked->digest;
	creating.detail = SPAN("the person's userName changed (policy.rename = \"recreate\")");
	planner_fill(cycle, &(struct planner_change) { &creating, NULL, renamed, NULL }, true);
	planner_add(cycle, &creating);
}

static void plan_rename_patch(struct cycle *cycle, struct linked *linked,
    const struct change *change, const struct account *renamed)
{
	struct action action = linked_action(cycle, linked);

	action.kind = ACTION_RENAME;
	action.reason = REASON_RENAMED;
	planner_fill(
	    cycle, &(struct planner_change) { &action, &linked->before, renamed, change }, true);
	planner_add(cycle, &action);
}

/* @return whether the rest of the change is still to be planned */
static bool plan_rename(struct cycle *cycle, struct linked *linked, const struct change *change)
{
	struct account renamed = differ_merge(&linked->before, &linked->after);

	switch (cycle->in.policy->rename) {
	case POLICY_RENAME_PATCH:
		plan_rename_patch(cycle, linked, change, &renamed);
		return false;
	case POLICY_RENAME_RECREATE:
		if (renamed.is_active) {
			plan_recreate(cycle, linked, &renamed);
			return false;
		}
		break; /* who leaves needs no new account */
	case POLICY_RENAME_HOLD:
		if (plan_rename_held(cycle, linked, change))
			return false;
		break;
	}
	/* The link does not learn the new name, so that every scan asks for it again. */
	linked->after.text[ACCOUNT_USER_NAME] = linked->before.text[ACCOUNT_USER_NAME];
	linked->digest = planner_digest(cycle, &linked->after);
	return true;
}

static void plan_change(struct cycle *cycle, struct linked *linked)
{
	struct account merged = differ_merge(&linked->before, &linked->after);
	struct change change = differ_compare(&linked->before, &merged, cycle->entry_arena);
	struct action action = linked_action(cycle, linked);
	bool is_drift = linked->has_drifted && !linked->is_directory_changed;

	if (change_is_empty(&change))
		return;
	action.digest = linked->digest;
	if (is_drift)
		action.reason = REASON_DRIFT;
	action.detail = describe(cycle, linked->entry, &change);
	planner_fill(cycle, &(struct planner_change) { &action, &linked->before, &merged, &change },
	    is_drift);
	if (action.reason == REASON_DISABLED && linked->entry->is_expired)
		action.reason = REASON_EXPIRED;
	if (action.kind == ACTION_REACTIVATE && !is_drift) {
		action.reason = REASON_REHIRED;
		if (cycle->in.policy->rehire == POLICY_REHIRE_HOLD)
			action.state = ACTION_HELD;
	}
	planner_add(cycle, &action);
}

/* ---- leavers ---- */

static enum policy_leaver leaver_policy(const struct policy *policy, enum reason_code reason)
{
	if (reason == REASON_DELETED)
		return policy->leavers.deleted;
	if (reason == REASON_MOVED)
		return policy->leavers.moved;
	if (reason == REASON_DISABLED || reason == REASON_EXPIRED)
		return policy->leavers.disabled;
	return policy->leavers.left_scope;
}

/* @return whether the leaver's time has not come yet */
static bool wait_for_grace(struct cycle *cycle, const struct link *link)
{
	int64_t now_ms = cycle_wall_ms(cycle);
	int64_t since_ms = link->missing_since_ms != 0 ? link->missing_since_ms : now_ms;
	struct index_item *item = index_find(cycle->index, &link->key);
	struct err err;

	if (now_ms - since_ms >= cycle->in.policy->leavers.grace_ms)
		return false;
	/* A time to come is of a clock that was ahead: the grace begins anew. */
	if ((link->missing_since_ms == 0 || since_ms > now_ms) &&
	    cycle_store_ok(
		cycle, store_link_set_missing(cycle->in.store, &link->key, now_ms, &err), &err) &&
	    item != NULL)
		index_flag(cycle->index, item, INDEX_PENDING_LEAVE);
	return true;
}

/* Whoever's leaving is held, or was taken back, has had the grace: the hold must be asked, or it
 * lapses. */
static bool waits_for_grace(
    struct cycle *cycle, const struct linked *linked, const struct digest *digest)
{
	const struct action leaving = {
		.key = linked->link.key, .kind = ACTION_DEACTIVATE, .digest = *digest
	};

	return !holds_has(cycle->holds, &leaving) && wait_for_grace(cycle, &linked->link);
}

/*
 * An entry that maps to "not active" is a leaver who is still in the directory: the policy decides.
 *
 * @return whether the leaver is inside the grace period
 */
static bool apply_leaver_policy(struct cycle *cycle, struct linked *linked)
{
	const struct policy *policy = cycle->in.policy;

	if (linked->after.is_active)
		return false;
	if (linked->before.is_active &&
	    leaver_policy(policy, REASON_DISABLED) == POLICY_LEAVER_KEEP) {
		linked->after.is_active = true; /* the link remembers the digest as mapped */
		return false;
	}
	/* An account that somebody opened again has had its grace. */
	if (linked->before.is_active && linked->is_directory_changed &&
	    waits_for_grace(cycle, linked, &linked->digest)) {
		linked->after.is_active = true;
		linked->digest = planner_digest(cycle, &linked->after);
		return true;
	}
	if (policy->leavers.revoke_workspaces)
		linked->after.workspace_count = 0;
	return false;
}

/* Whoever is back has left the grace period, whatever becomes of other changes. */
static bool end_grace(struct cycle *cycle, struct linked *linked)
{
	struct index_item *item = index_find(cycle->index, &linked->link.key);
	struct err err;

	if (linked->link.missing_since_ms == 0 || item == NULL)
		return true;
	linked->link.missing_since_ms = 0;
	index_unflag(cycle->index, item, INDEX_PENDING_LEAVE);
	return cycle_store_ok(
	    cycle, store_link_set_missing(cycle->in.store, &linked->link.key, 0, &err), &err);
}

static bool is_left_alone(
    struct cycle *cycle, const struct index_item *item, const struct linked *linked)
{
	if (linked->has_drifted && !linked->is_directory_changed &&
	    cycle->in.policy->drift == POLICY_DRIFT_REPORT)
		return true;
	return (item->flags & INDEX_QUARANTINED) &&
	       planner_is_quarantined(cycle, &linked->link.key, &linked->digest);
}

static void plan_linked(struct cycle *cycle, const struct index_item *item,
    const struct entry *entry, const struct mapped *mapped)
{
	struct linked linked = { .entry = entry, .after = mapped->account };
	struct change change;
	bool is_in_grace;

	if (!load_linked(cycle, item, &linked))
		return;
	differ_keep_workspaces(&linked.after, &linked.before, mapped->unknown,
	    mapped->unknown_count, cycle->entry_arena);
	linked.digest = planner_digest(cycle, &linked.after);
	linked.is_directory_changed = !digest_equal(&linked.digest, &linked.link.digest);
	if (mapped->account.is_active && !end_grace(cycle, &linked))
		return;
	is_in_grace = apply_leaver_policy(cycle, &linked);
	change = differ_compare(&linked.before, &linked.after, cycle->entry_arena);
	if (change_is_empty(&change)) {
		if (is_in_grace)
			cycle->summary.unchanged++;
		else
			refresh_link(cycle, &linked);
		return;
	}
	if (is_left_alone(cycle, item, &linked)) {
		cycle->summary.unchanged++;
		return;
	}
	if (change_has(&change, ACCOUNT_USER_NAME) &&
	    (!plan_rename(cycle, &linked, &change) || is_left_alone(cycle, item, &linked)))
		return;
	plan_change(cycle, &linked);
}

static bool is_out_of_scope(const struct cycle *cycle, const struct mapped *mapped)
{
	return cycle->in.policy->scope == POLICY_SCOPE_ENTITLED && !mapped_is_entitled(mapped);
}

/*
 * Whom only an unknown group could entitle.  Nothing is taken from such a person, and nothing is
 * given either: a group that was named wrongly would let everybody in.
 */
static bool is_undecided(
    const struct cycle *cycle, const struct mapped *mapped, const struct index_item *item)
{
	bool is_out = item == NULL || (item->flags & (INDEX_UNLINKED | INDEX_INACTIVE)) != 0;

	return cycle->in.policy->scope == POLICY_SCOPE_ENTITLED && is_out &&
	       mapped->account.workspace_count == 0 && mapped->unknown_count > 0;
}

/* The digest knows no DN; the second look needs the last one when a key finds nothing. */
static void refresh_dn(struct cycle *cycle, struct index_item *item, const struct entry *entry)
{
	uint32_t mark = hash_mark(entry->dn);
	struct err err;

	if (mark == item->dn_mark)
		return;
	if (cycle_store_ok(
		cycle, store_link_set_dn(cycle->in.store, &entry->key, entry->dn, &err), &err))
		item->dn_mark = mark;
}

void planner_entry(struct cycle *cycle, const struct entry *entry)
{
	struct index_item *item = index_find(cycle->index, &entry->key);
	struct mapped mapped;
	struct digest digest;
	struct err err;

	if (item != NULL && (item->flags & INDEX_SEEN))
		return; /* bases overlap */
	arena_reset(cycle->entry_arena);
	cycle->entries++;
	if (cycle->in.turns != NULL)
		turns_note(*cycle->in.turns, &entry->key, entry->turns_ms);
	if (mapping_apply(cycle->in.mapping, entry, cycle->membership, cycle->entry_arena, &mapped,
		&err) != STATUS_OK) {
		planner_unusable(cycle, &entry->key, entry->dn, span_of(err.text));
		return;
	}
	if (item != NULL) {
		index_flag(cycle->index, item, INDEX_SEEN);
		index_unflag(cycle->index, item, INDEX_ABSENT);
	}
	digest = planner_digest(cycle, &mapped.account);
	fingerprint_add(&cycle->mapped, &entry->key, &digest);
	if (is_out_of_scope(cycle, &mapped)) {
		if (item != NULL && cycle_may_be_open(item))
			planner_leaver(cycle, &entry->key, REASON_LEFT_SCOPE,
			    SPAN("no workspace is left (policy.scope = \"entitled\")"));
		return;
	}
	if (is_undecided(cycle, &mapped, item)) {
		cycle->undecided++;
		cycle->summary.unchanged++;
		return;
	}
	if (item == NULL || (item->flags & INDEX_UNLINKED)) {
		plan_candidate(cycle, entry, &mapped, &digest);
		return;
	}
	if (digest_equal(&digest, &item->digest) &&
	    !(item->flags & (INDEX_PENDING_LEAVE | INDEX_DRIFTED | INDEX_QUARANTINED))) {
		cycle->summary.unchanged++;
		if (cycle->in.kind != CYCLE_DELTA)
			refresh_dn(cycle, item, entry);
		return;
	}
	plan_linked(cycle, item, entry, &mapped);
}

/* A leaver's account that somebody opened again is drift; all others have their grace. */
static bool is_kept_for_now(struct cycle *cycle, const struct index_item *item,
    const struct linked *linked, const struct digest *digest)
{
	if (item->flags & INDEX_INACTIVE)
		return !linked->before.is_active || cycle->in.policy->drift == POLICY_DRIFT_REPORT;
	return waits_for_grace(cycle, linked, digest);
}

struct account planner_left(const struct cycle *cycle, const struct account *account)
{
	struct account left = *account;

	left.is_active = false;
	if (cycle->in.policy->leavers.revoke_workspaces)
		left.workspace_count = 0;
	return left;
}

void planner_leaver(
    struct cycle *cycle, const struct uuid *key, enum reason_code reason, struct span detail)
{
	struct linked linked = { 0 };
	struct index_item *item = index_find(cycle->index, key);
	struct account after;
	struct action action;
	struct change change;
	struct digest digest;

	if (item == NULL || !load_linked(cycle, item, &linked))
		return;
	after = planner_left(cycle, &linked.before);
	digest = planner_digest(cycle, &after);
	if (leaver_policy(cycle->in.policy, reason) == POLICY_LEAVER_KEEP ||
	    is_kept_for_now(cycle, item, &linked, &digest)) {
		cycle->summary.unchanged++;
		return;
	}
	if (item->flags & INDEX_INACTIVE)
		reason = REASON_DRIFT;
	change = differ_compare(&linked.before, &after, cycle->entry_arena);
	if (change_is_empty(&change) ||
	    ((item->flags & INDEX_QUARANTINED) && planner_is_quarantined(cycle, key, &digest))) {
		cycle->summary.unchanged++;
		return;
	}
	action = (struct action) {
		.state = ACTION_PLANNED,
		.reason = reason,
		.detail = detail,
		.key = *key,
		.dn = linked.link.dn,
		.directory = cycle->directories[cycle->directory_at].source->name,
		.account_id = linked.link.account_id,
		.digest = digest,
	};
	planner_fill(
	    cycle, &(struct planner_change) { &action, &linked.before, &after, &change }, true);
	planner_add(cycle, &action);
}
