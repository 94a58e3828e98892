/* SPDX-License-Identifier: ISC */
/*
 * The correlation phase: entries without a link meet the accounts that are there already.
 *
 * When the tenant was listed the answer is in the observed table; else the accounts are looked up
 * one by one, or listed, whichever costs fewer requests.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/unicode.h"
#include "base/vec.h"
#include "core/differ.h"
#include <stdlib.h>

enum { BATCH = 256, MATCHES_MAX = 8, LOOK_UPS_WITHOUT_ASKING = 3 };

struct row {
	struct row *next;
	struct cycle *cycle;
	struct action action;
};

struct correlation {
	struct row *first, **last; /* of the batch */
	struct arena *arena;       /* holds the batch */
	size_t in_flight, row_count;
	int64_t after_id;
	bool is_batch_over;
	uint64_t done;
};

static void next_batch(struct cycle *cycle);

/* ---- deciding one ---- */

static struct span directory_name(const struct cycle *cycle, uint8_t number)
{
	for (size_t i = 0; i < cycle->in.source_count; i++) {
		if (cycle->directories[i].number == number)
			return cycle->directories[i].source->name;
	}
	return SPAN_NULL;
}

/* @return why the userName is another new entry's, or nobody's; null when it is this one's */
static struct span taken_name(struct cycle *cycle, const struct action *action)
{
	struct digest digest;
	struct uuid key;
	const struct index_item *item;
	uint8_t number;

	str_truncate(&cycle->scratch, 0);
	if (!utf8_fold(action->user_name, &cycle->scratch))
		str_add(&cycle->scratch, action->user_name);
	digest = hash_digest(str_span(&cycle->scratch));
	memcpy(key.byte, digest.byte, sizeof(key.byte));
	item = index_find(cycle->names, &key);
	if (item == NULL)
		return SPAN_NULL;
	if (item->flags & INDEX_DRIFTED)
		return SPAN("another new entry has the same userName; neither is sent: "
			    "give one of them another one");
	if (snapshot_directory_number(cycle, action->directory, &number) &&
	    number != item->directory)
		return arena_format(cycle->entry_arena,
		    "a new entry of directory %.*s, which comes first, has the same userName: "
		    "give one of them another one",
		    SPAN_ARG(directory_name(cycle, item->directory)));
	return SPAN_NULL;
}

static bool write_action(struct cycle *cycle, const struct action *action)
{
	struct err err;

	return cycle_store_ok(cycle, store_action_update(cycle->in.store, action, &err), &err);
}

static bool write_conflict(struct cycle *cycle, struct action *action, struct span detail)
{
	action->kind = ACTION_CONFLICT;
	action->state = ACTION_STATE_REJECTED;
	action->reason = REASON_CONFLICT;
	action->detail = detail;
	action->request = (struct tenant_request) { SPAN_NULL, SPAN_NULL, SPAN_NULL };
	write_action(cycle, action);
	return false;
}

/* A linked entry keeps its userName against one that has no link. */
static bool is_name_linked(struct cycle *cycle, const struct action *action, struct span *ret_dn)
{
	const struct index_item *item;
	struct link link;
	bool found = false;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_link_find(cycle->in.store, LINK_BY_USER_NAME, action->user_name,
		    cycle->entry_arena, &link, &found, &err),
		&err) ||
	    !found || uuid_compare(&link.key, &action->key) == 0)
		return false;
	*ret_dn = link.dn;
	item = index_find(cycle->index, &link.key);
	return item != NULL &&
	       !(item->flags & (INDEX_PROVED_ABSENT | INDEX_INACTIVE | INDEX_UNLINKED));
}

static struct correlate_candidate candidate_of(
    struct cycle *cycle, const struct action *action, const struct observed *observed)
{
	struct correlate_candidate candidate = { .observed = observed };
	const struct index_item *item;
	struct link link;
	bool found = false;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_link_find(cycle->in.store, LINK_BY_ACCOUNT_ID, observed->id,
		    cycle->entry_arena, &link, &found, &err),
		&err) ||
	    !found || uuid_compare(&link.key, &action->key) == 0)
		return candidate;
	item = index_find(cycle->index, &link.key);
	candidate.is_linked = true;
	/* Somebody inactive who was not there at the last look left earlier. */
	candidate.is_link_missing =
	    item == NULL || (item->flags & INDEX_PROVED_ABSENT) ||
	    ((item->flags & INDEX_INACTIVE) && (item->flags & INDEX_ABSENT));
	return candidate;
}

static void on_doomed(void *context, const struct action *action)
{
	struct cycle *cycle = context;
	struct err err;

	cycle_store_ok(cycle, store_action_delete(cycle->in.store, action->id, &err), &err);
}

struct closing {
	struct cycle *cycle;
	struct span account_id;
	int64_t id;
};

static void find_closing(void *context, const struct action *action)
{
	struct closing *closing = context;

	if (span_equal(action->account_id, closing->account_id))
		closing->id = action->id;
}

/* Who comes back under a new key does not leave under the old one. */
static void drop_leaver(struct cycle *cycle, struct span account_id)
{
	struct closing closing = { cycle, account_id, 0 };
	struct action_query query = { .run_id = cycle->run.id, .kinds = 1U << ACTION_DEACTIVATE };
	struct err err;

	if (!cycle_store_ok(cycle,
		store_action_each(cycle->in.store, &query, find_closing, &closing, &err), &err))
		return;
	if (closing.id != 0)
		on_doomed(cycle, &(struct action) { .id = closing.id });
}

/* The account of an entry that is not active: a leaver whom the policy may keep, or keep for now.
 */
static void apply_leaver_policy(struct cycle *cycle, struct action *action,
    const struct account *before, struct account *merged)
{
	const struct policy *policy = cycle->in.policy;

	if (merged->is_active)
		return;
	if (before->is_active && policy->leavers.disabled == POLICY_LEAVER_KEEP) {
		merged->is_active = true;
	} else if (before->is_active && policy->leavers.grace_ms > 0) {
		merged->is_active = true;
		action->digest = (struct digest) { { 0 } }; /* the next scan begins the grace */
	} else if (policy->leavers.revoke_workspaces) {
		merged->workspace_count = 0;
	}
}

/* @return whether there is something to send */
static bool adopt(struct cycle *cycle, struct action *action, const struct account *desired,
    const struct correlate_decision *decision)
{
	struct account before = decision->observed->account;
	struct account merged = differ_merge(&before, desired);
	bool is_rehire = decision->verdict == CORRELATE_REHIRE ||
			 (!before.is_active && merged.is_active);
	struct change change;

	merged.text[ACCOUNT_USER_NAME] =
	    before.text[ACCOUNT_USER_NAME]; /* a rename is seen at the next scan */
	apply_leaver_policy(cycle, action, &before, &merged);
	change = differ_compare(&before, &merged, cycle->entry_arena);
	action->account_id = decision->observed->id;
	action->reason = is_rehire ? REASON_REHIRED : REASON_ADOPTED;
	action->detail = action->detail.at == NULL
			     ? decision->detail
			     : arena_format(cycle->entry_arena, "%.*s; %.*s",
				   SPAN_ARG(decision->detail), SPAN_ARG(action->detail));
	action->kind = ACTION_UPDATE;
	if (change_has(
		&(struct change) {
		    .texts = differ_compare(&before, desired, cycle->entry_arena).texts },
		ACCOUNT_USER_NAME))
		action->digest = (struct digest) { { 0 } };
	if (decision->verdict == CORRELATE_REHIRE)
		drop_leaver(cycle, action->account_id);
	planner_fill(cycle, &(struct planner_change) { action, &before, &merged, &change }, true);
	if (change_is_empty(&change) && action->kind != ACTION_REJECTED)
		action->kind = ACTION_LINK;
	if (is_rehire && cycle->in.policy->rehire == POLICY_REHIRE_HOLD &&
	    action->kind != ACTION_REJECTED) {
		action->state = ACTION_HELD;
		action->digest = planner_digest(cycle, desired); /* it is held once */
	}
	return write_action(cycle, action) && action->state == ACTION_PLANNED &&
	       action_has_request(action->kind);
}

static bool create(struct cycle *cycle, struct action *action, const struct account *desired)
{
	struct err err;

	if (!desired->is_active) {
		cycle_store_ok(cycle, store_action_delete(cycle->in.store, action->id, &err), &err);
		return false;
	}
	action->account_id = SPAN_NULL;
	planner_fill(cycle, &(struct planner_change) { action, NULL, desired, NULL }, true);
	return write_action(cycle, action) && action->kind == ACTION_CREATE;
}

/* A recreated person's old account keeps the externalId: the new userName is what counts. */
static bool is_closed_one(const struct action *action, const struct observed *observed)
{
	return action->reason == REASON_RENAMED &&
	       !utf8_equal_fold(observed->account.text[ACCOUNT_USER_NAME], action->user_name);
}

bool correlation_resolve(
    struct cycle *cycle, struct action *action, const struct observed *observed, size_t count)
{
	struct correlate_candidate candidates[2 * MATCHES_MAX];
	size_t candidate_count = 0;
	struct correlate_decision decision;
	struct account desired;
	struct span taken;
	struct span dn;
	struct err err;

	if (!cycle_store_ok(
		cycle, account_decode(action->after, cycle->entry_arena, &desired, &err), &err))
		return false;
	taken = taken_name(cycle, action);
	if (taken.at != NULL)
		return write_conflict(cycle, action, taken);
	for (size_t i = 0; i < count && candidate_count < 2 * MATCHES_MAX; i++) {
		if (!is_closed_one(action, &observed[i]))
			candidates[candidate_count++] = candidate_of(cycle, action, &observed[i]);
	}
	decision = correlate_decide(
	    cycle->in.policy, &desired, candidates, candidate_count, cycle->entry_arena);
	if (decision.verdict != CORRELATE_REHIRE && is_name_linked(cycle, action, &dn))
		return write_conflict(cycle, action,
		    arena_format(cycle->entry_arena,
			"the linked entry %.*s has this userName and keeps it; give this one "
			"another one",
			SPAN_ARG(dn)));
	switch (decision.verdict) {
	case CORRELATE_NONE:
		predicting_note(cycle, action, observed, count);
		return create(cycle, action, &desired);
	case CORRELATE_ADOPT:
	case CORRELATE_REHIRE:
		return adopt(cycle, action, &desired, &decision);
	case CORRELATE_CONFLICT:
		break;
	}
	return write_conflict(cycle, action, decision.detail);
}

struct tenant_call *correlation_find(struct cycle *cycle, const struct action *action,
    tenant_callback *callback, void *callback_context)
{
	struct account_reader *reader = cycle->in.reader;
	struct span external_id = SPAN_NULL, user_name = SPAN_NULL;
	struct account desired;

	if (account_decode(action->after, cycle->arena, &desired, NULL) != STATUS_OK)
		desired = (struct account) { 0 };
	for (size_t i = 0; i < cycle->in.policy->correlate_count; i++) {
		if (cycle->in.policy->correlate[i] == POLICY_CORRELATE_EXTERNAL_ID)
			external_id = desired.text[ACCOUNT_EXTERNAL_ID];
		else
			user_name = desired.text[ACCOUNT_USER_NAME];
	}
	/* A dry run wants to know of a userName that is taken, whoever is meant; it costs no
	 * request more. */
	if (cycle_is_dry(cycle) || (external_id.at == NULL && user_name.at == NULL))
		user_name = action->user_name;
	return reader->vtable->find(reader, external_id, user_name, callback, callback_context);
}

/* ---- the batch ---- */

static void forget_batch(struct correlation *correlation)
{
	arena_reset(correlation->arena);
	correlation->first = NULL;
	correlation->last = &correlation->first;
	correlation->row_count = 0;
}

static void on_row(void *context, const struct action *action)
{
	struct cycle *cycle = context;
	struct correlation *correlation = cycle->correlation;
	struct row *row;

	correlation->after_id = action->id;
	correlation->row_count++;
	if (action->request.method.at != NULL)
		return; /* knows its request already */
	row = arena_alloc(correlation->arena, sizeof(*row));
	row->cycle = cycle;
	row->action = *action;
	row->action.detail = arena_span(correlation->arena, action->detail);
	row->action.directory = arena_span(correlation->arena, action->directory);
	row->action.dn = arena_span(correlation->arena, action->dn);
	row->action.user_name = arena_span(correlation->arena, action->user_name);
	row->action.after = arena_span(correlation->arena, action->after);
	*correlation->last = row;
	correlation->last = &row->next;
}

static bool load_batch(struct cycle *cycle)
{
	struct correlation *correlation = cycle->correlation;
	struct action_query query = {
		.run_id = cycle->run.id,
		.states = 1U << ACTION_PLANNED,
		.kinds = 1U << ACTION_CREATE,
		.after_kind = ACTION_CREATE,
		.after_id = correlation->after_id,
		.limit = BATCH,
	};
	struct err err;

	forget_batch(correlation);
	if (!cycle_store_ok(
		cycle, store_action_each(cycle->in.store, &query, on_row, cycle, &err), &err))
		return false;
	correlation->is_batch_over = correlation->row_count < BATCH;
	return true;
}

static void finish(struct cycle *cycle)
{
	arena_free(&cycle->correlation->arena);
	free(cycle->correlation);
	cycle->correlation = NULL;
	cycle_next(cycle, PHASE_GUARD);
}

static size_t matches_of(
    struct cycle *cycle, const struct row *row, struct observed observed[2 * MATCHES_MAX])
{
	struct account desired;
	size_t count = 0, more = 0;
	struct err err;

	if (!cycle_store_ok(
		cycle, account_decode(row->action.after, cycle->entry_arena, &desired, &err), &err))
		return 0;
	if (desired.text[ACCOUNT_EXTERNAL_ID].at != NULL &&
	    !cycle_store_ok(cycle,
		store_observed_find(cycle->in.store, OBSERVED_BY_EXTERNAL_ID,
		    desired.text[ACCOUNT_EXTERNAL_ID], cycle->entry_arena, observed, MATCHES_MAX,
		    &count, &err),
		&err))
		return 0;
	if (!cycle_store_ok(cycle,
		store_observed_find(cycle->in.store, OBSERVED_BY_USER_NAME, row->action.user_name,
		    cycle->entry_arena, observed + count, MATCHES_MAX, &more, &err),
		&err))
		return 0;
	/* Both may have found the same one. */
	for (size_t i = count; i < count + more; i++) {
		for (size_t j = 0; j < count; j++) {
			if (span_equal(observed[i].id, observed[j].id)) {
				observed[i--] = observed[count + --more];
				break;
			}
		}
	}
	return count + more;
}

/* The tenant was listed: all answers are here. */
static void resolve_batch(struct cycle *cycle)
{
	struct observed observed[2 * MATCHES_MAX];

	for (struct row *row = cycle->correlation->first; row != NULL && !cycle->has_failed;
	     row = row->next) {
		size_t count = 0;

		arena_reset(cycle->entry_arena);
		if (cycle->tenant_total > 0)
			count = matches_of(cycle, row, observed);
		if (!cycle->has_failed)
			correlation_resolve(cycle, &row->action, observed, count);
		cycle->correlation->done++;
	}
	cycle_progress(
	    cycle, "matching people with accounts", cycle->correlation->done, cycle->candidates);
}

static void on_found(void *context, const struct tenant_answer *answer)
{
	struct row *row = context;
	struct cycle *cycle = row->cycle;

	arena_reset(cycle->entry_arena);
	if (answer->status == STATUS_OK && !cycle->has_failed) {
		correlation_resolve(cycle, &row->action, answer->accounts, answer->account_count);
	} else if (answer->status == STATUS_DOWN) {
		cycle_peer_down(cycle, "tenant", answer->error);
	} else if (answer->status != STATUS_CANCELED) {
		struct err err;

		row->action.state = ACTION_FAILED;
		row->action.answer = answer->error;
		row->action.http_status = answer->http_status;
		cycle_store_ok(
		    cycle, store_action_set_state(cycle->in.store, &row->action, &err), &err);
		trail_action(cycle, &row->action);
	}
	cycle->correlation->done++;
	cycle_progress(
	    cycle, "matching people with accounts", cycle->correlation->done, cycle->candidates);
	if (--cycle->correlation->in_flight == 0)
		next_batch(cycle);
}

static struct tenant_call *try_find(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct row *row = context;

	return correlation_find(row->cycle, &row->action, callback, callback_context);
}

static void look_up_batch(struct cycle *cycle)
{
	struct correlation *correlation = cycle->correlation;

	for (struct row *row = correlation->first; row != NULL; row = row->next)
		correlation->in_flight++;
	for (struct row *row = correlation->first; row != NULL; row = row->next)
		exchange_submit(
		    cycle->exchange, &(struct exchange_request) { try_find, on_found, row, false });
}

static void next_batch(struct cycle *cycle)
{
	struct correlation *correlation = cycle->correlation;

	do {
		if (correlation->is_batch_over || cycle->has_failed || cycle->is_tenant_down ||
		    cycle->is_stopping || !load_batch(cycle)) {
			finish(cycle);
			return;
		}
		if (cycle->is_observed)
			resolve_batch(cycle);
	} while (cycle->is_observed || correlation->first == NULL);
	look_up_batch(cycle);
}

/* ---- which way costs fewer requests ---- */

static void on_total(void *context, const struct tenant_answer *answer)
{
	struct cycle *cycle = context;
	size_t page = cycle->in.reader->traits.page_size > 0 ? cycle->in.reader->traits.page_size
							     : 1;

	if (answer->status == STATUS_OK)
		cycle->tenant_total = answer->total >= 0 ? answer->total : 0;
	if (answer->status == STATUS_DOWN)
		cycle_peer_down(cycle, "tenant", answer->error);
	if (answer->status == STATUS_OK &&
	    (!cycle->in.reader->traits.can_filter ||
		(uint64_t)cycle->tenant_total / page < cycle->candidates))
		listing_run(cycle, next_batch);
	else
		next_batch(cycle);
}

static struct tenant_call *try_total(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct cycle *cycle = context;

	return cycle->in.reader->vtable->list(cycle->in.reader, 1, callback, callback_context);
}

static void opened(struct cycle *cycle)
{
	if (cycle->is_tenant_down)
		finish(cycle);
	else if (cycle->in.reader->traits.can_filter &&
		 cycle->candidates <= LOOK_UPS_WITHOUT_ASKING)
		next_batch(cycle);
	else
		exchange_submit(cycle->exchange,
		    &(struct exchange_request) { try_total, on_total, cycle, false });
}

void correlation_start(struct cycle *cycle)
{
	cycle->correlation = mem_new(1, sizeof(*cycle->correlation));
	cycle->correlation->arena = arena_new();
	cycle->correlation->last = &cycle->correlation->first;
	if (cycle->candidates == 0)
		finish(cycle);
	else if (cycle->is_observed)
		next_batch(cycle);
	else
		cycle_open_tenant(cycle, opened);
}
