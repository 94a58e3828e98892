/* SPDX-License-Identifier: ISC */
/*
 * Settling: actions that an earlier run had marked as sent and never heard of again.  The tenant is
 * asked what it has; the link learns that, and the scan plans what is still missing.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/vec.h"
#include "sync/outcome.h"
#include <stdlib.h>

struct settling {
	int64_t *ids;
	size_t count, cap, at;
	uint64_t done;
	struct arena *arena;
	struct action action; /* being settled */
};

static void settle_next(struct cycle *cycle);

static void on_unsettled(void *context, const struct action *action)
{
	struct settling *settling = ((struct cycle *)context)->settling;

	*(int64_t *)vec_push((void **)&settling->ids, &settling->count, &settling->cap,
	    sizeof(*settling->ids)) = action->id;
}

static bool write_state(struct cycle *cycle, enum action_state state, struct span answer)
{
	struct action *action = &cycle->settling->action;
	struct err err;

	action->state = state;
	action->answer = answer;
	action->at_ms = cycle_wall_ms(cycle);
	if (!cycle_store_ok(cycle, store_action_set_state(cycle->in.store, action, &err), &err))
		return false;
	trail_action(cycle, action);
	return !cycle->has_failed;
}

/* The link takes what the tenant shows; a digest of zeros makes the scan look at the entry again.
 */
static bool learn(struct cycle *cycle, const struct observed *observed, bool is_as_wanted,
    const struct account *wanted, const struct account *known)
{
	struct action *action = &cycle->settling->action;
	struct link link = { .key = action->key, .dn = action->dn, .account_id = observed->id };

	if (uuid_is_zero(&action->key))
		return true;
	if (action->kind == ACTION_DEACTIVATE &&
	    snapshot_has_moved_on(cycle, &action->key, observed->id))
		return true;
	if (!snapshot_directory_number(cycle, action->directory, &link.directory))
		return false;
	if (is_as_wanted)
		link.digest = action->digest;
	link.acknowledged = planner_canonical(cycle, is_as_wanted ? wanted : known);
	link.user_name = known->text[ACCOUNT_USER_NAME];
	link.is_active = known->is_active;
	if (link.is_active)
		link.missing_since_ms = snapshot_missing_since(cycle, &action->key);
	link.changed_ms = cycle_wall_ms(cycle);
	return snapshot_put(cycle, &link);
}

static void settle_with(struct cycle *cycle, const struct observed *observed)
{
	struct action *action = &cycle->settling->action;
	bool has_before = action->before.at != NULL;
	struct account before, wanted, known;
	struct change change;
	bool is_as_wanted;
	struct err err;

	if (!cycle_store_ok(
		cycle, account_decode(action->after, cycle->entry_arena, &wanted, &err), &err) ||
	    (has_before &&
		!cycle_store_ok(cycle,
		    account_decode(action->before, cycle->entry_arena, &before, &err), &err)))
		return;
	/* A create may have met an account that was there before: correlation decides whose it is.
	 */
	if (action->account_id.at == NULL && !span_equal(wanted.text[ACCOUNT_EXTERNAL_ID],
						 observed->account.text[ACCOUNT_EXTERNAL_ID])) {
		write_state(cycle, ACTION_FAILED,
		    SPAN("found not done after an interruption; planned anew"));
		return;
	}
	/* This is no answer to the request: what it does not show is as it was before. */
	known = outcome_known(has_before ? &before : NULL, &wanted, observed);
	change = outcome_missing(has_before ? &before : NULL, &wanted, &known, cycle->entry_arena);
	is_as_wanted = change_is_empty(&change);
	if (!learn(cycle, observed, is_as_wanted, &wanted, &known))
		return;
	action->account_id = observed->id;
	if (is_as_wanted)
		write_state(cycle, ACTION_DONE, SPAN("found done after an interruption"));
	else
		write_state(cycle, ACTION_FAILED,
		    SPAN("found not done after an interruption; planned anew"));
	cycle->settling->done++;
}

static void on_answer(void *context, const struct tenant_answer *answer)
{
	struct cycle *cycle = context;
	struct action *action = &cycle->settling->action;
	bool is_gone = answer->status == STATUS_REJECT && answer->http_status == 404;

	arena_reset(cycle->entry_arena);
	if (answer->status == STATUS_OK && answer->account_count == 1) {
		settle_with(cycle, &answer->accounts[0]);
	} else if (answer->status == STATUS_OK || is_gone) {
		/* No account, or several: correlation decides anew, with all it knows. */
		if (is_gone && !uuid_is_zero(&action->key))
			snapshot_delete(cycle, &action->key);
		write_state(cycle, ACTION_FAILED,
		    SPAN("found not done after an interruption; planned anew"));
	} else if (answer->status != STATUS_CANCELED) {
		cycle_peer_down(cycle, "tenant", answer->error);
	}
	cycle->settling->at++;
	settle_next(cycle);
}

static struct tenant_call *try_settle(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct cycle *cycle = context;
	struct account_reader *reader = cycle->in.reader;
	struct action *action = &cycle->settling->action;
	struct account wanted;

	if (action->account_id.at != NULL)
		return reader->vtable->get(reader, action->account_id, callback, callback_context);
	if (account_decode(action->after, cycle->settling->arena, &wanted, NULL) != STATUS_OK)
		wanted.text[ACCOUNT_EXTERNAL_ID] = SPAN_NULL;
	return reader->vtable->find(reader, wanted.text[ACCOUNT_EXTERNAL_ID], action->user_name,
	    callback, callback_context);
}

static void finish(struct cycle *cycle)
{
	struct settling *settling = cycle->settling;

	if (settling->count > 0 && !cycle->has_failed) {
		log_notice("%zu requests of an interrupted run were looked up, %llu are settled",
		    settling->at, (unsigned long long)settling->done);
		cycle_commit(cycle);
	}
	arena_free(&settling->arena);
	free(settling->ids);
	free(settling);
	cycle->settling = NULL;
	moved_note_snapshot(cycle);
	if (cycle->is_tenant_down || cycle->has_failed || cycle->is_stopping)
		cycle_next(cycle, PHASE_CLOSE);
	else if (cycle->in.kind == CYCLE_UNDO)
		cycle_next(cycle, PHASE_UNDO);
	else
		cycle_next(cycle, cycle->in.kind == CYCLE_RECONCILE ? PHASE_LIST : PHASE_SCAN);
}

static void settle_next(struct cycle *cycle)
{
	struct settling *settling = cycle->settling;
	bool found = false;
	struct err err;

	if (settling->at >= settling->count || cycle->is_tenant_down || cycle->has_failed ||
	    cycle->is_stopping) {
		finish(cycle);
		return;
	}
	arena_reset(settling->arena);
	if (!cycle_store_ok(cycle,
		store_action_get(cycle->in.store, settling->ids[settling->at], settling->arena,
		    &settling->action, &found, &err),
		&err) ||
	    !found) {
		finish(cycle);
		return;
	}
	exchange_submit(
	    cycle->exchange, &(struct exchange_request) { try_settle, on_answer, cycle, false });
}

void settle_start(struct cycle *cycle)
{
	struct action_query query = { .states = 1U << ACTION_SENT | 1U << ACTION_UNKNOWN };
	struct err err;

	cycle->settling = mem_new(1, sizeof(*cycle->settling));
	cycle->settling->arena = arena_new();
	/* A dry run looks, it does not mend. */
	if (!cycle_is_dry(cycle) &&
	    !cycle_store_ok(cycle,
		store_action_each(cycle->in.store, &query, on_unsettled, cycle, &err), &err)) {
		finish(cycle);
		return;
	}
	if (cycle->settling->count == 0)
		finish(cycle);
	else
		cycle_open_tenant(cycle, settle_next);
}
