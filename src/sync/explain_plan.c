/* SPDX-License-Identifier: ISC */
/*
 * What the next cycle would do, by having it done without a writer: nothing here decides.
 *
 * The cycle is a reconcile of the one person, which asks for their account, so that it also shows
 * what others changed.  Without the tenant it is planned from the snapshot.  What a quarantine
 * keeps back is planned once more as if its time had come.
 */
#include "sync/explain_p.h"

#include "base/vec.h"

static void plan(struct explain *explain, enum cycle_kind kind, bool keeps_quarantine);

static bool is_theirs(const struct explain *explain, const struct action *action)
{
	struct uuid key = explain_key(explain);

	if (!explain->in.is_whole || uuid_compare(&action->key, &key) == 0)
		return true;
	/* The half of a rename that closes the old account stands for nobody. */
	return explain->told.is_linked && uuid_is_zero(&action->key) &&
	       span_equal(action->account_id, explain->told.link.account_id);
}

static void on_action(void *context, const struct action *action)
{
	struct explain *explain = context;
	struct action *copy;

	if (!is_theirs(explain, action))
		return;
	if (action->state == ACTION_FAILED) { /* nothing was sent: an account was looked for */
		explain->unanswered = arena_span(explain->arena, action->answer);
		return;
	}
	copy = vec_push((void **)&explain->actions, &explain->action_count, &explain->action_cap,
	    sizeof(*explain->actions));
	*copy = explain_copy_action(explain, action);
}

/* @return false: the explanation has ended */
static bool take_actions(struct explain *explain, const struct cycle_result *result)
{
	struct action_query query = { .run_id = result->run.id };
	enum status status = STATUS_OK;

	if (result->run.id != 0)
		status = store_action_each(
		    explain->in.cycle->store, &query, on_action, explain, &explain->err);
	explain->told.is_planned = explain->unanswered.at == NULL;
	if (status != STATUS_OK)
		explain_end(explain, status);
	return status == STATUS_OK;
}

static void tell_unplanned(struct explain *explain)
{
	explain_gap(explain, "plan", SPAN_NULL,
	    SPAN("what would change depends on what could not be asked"));
}

/* @return false: the explanation has ended */
static bool read_quarantine(struct explain *explain)
{
	struct explanation *told = &explain->told;
	struct uuid key = explain_key(explain);
	enum status status = store_quarantine_get(explain->in.cycle->store, &key, explain->arena,
	    &told->quarantine, &told->has_quarantine, &explain->err);

	if (status != STATUS_OK)
		explain_end(explain, status);
	return status == STATUS_OK;
}

static void note_grace(struct explain *explain)
{
	struct explanation *told = &explain->told;
	struct index_item *item = told->is_linked ? index_find(explain->index, &told->link.key)
						  : NULL;
	int64_t grace_ms = explain->in.cycle->policy->leavers.grace_ms;

	told->leaver_since_ms = told->is_linked ? told->link.missing_since_ms : 0;
	if (told->leaver_since_ms != 0) {
		told->leaver_until_ms = told->leaver_since_ms + grace_ms;
	} else if (item != NULL && (item->flags & INDEX_PENDING_LEAVE)) {
		told->would_begin_grace = true;
		told->leaver_until_ms = told->now_ms + grace_ms;
	}
}

static void on_planned_later(void *context, const struct cycle_result *result)
{
	struct explain *explain = context;

	if (result->exit != CYCLE_PEER_DOWN && !take_actions(explain, result))
		return;
	if (explain->action_count > 0)
		explain->told.not_before_ms = explain->told.quarantine.not_before_ms;
	explain_facts(explain);
}

static bool is_kept_back(const struct explain *explain)
{
	return explain->told.has_quarantine && explain->action_count == 0 &&
	       explain->told.quarantine.not_before_ms > explain->told.now_ms;
}

/* What the cycle says, without the name of the peer in front. */
static struct span reason_of(const struct cycle_result *result)
{
	struct span why = span_of(result->err.text);
	size_t len = strlen(result->peer) + 2;

	if (why.len <= len || why.at[len - 2] != ':')
		return why;
	return (struct span) { why.at + len, why.len - len };
}

/* @return whether it is planned once more without the tenant */
static bool take_down(struct explain *explain, const struct cycle_result *result)
{
	bool is_tenant = result->peer != NULL && result->peer[0] == 't';

	if (is_tenant && !explain->is_tenant_down) {
		explain->is_tenant_down = true;
		explain_gap(explain, "tenant", SPAN_NULL, reason_of(result));
		if (explain->told.is_linked && !explain->in.is_whole) {
			plan(explain, CYCLE_FULL, true);
			return true;
		}
	}
	return false;
}

static void on_planned(void *context, const struct cycle_result *result)
{
	struct explain *explain = context;

	if (result->exit == CYCLE_STATE_FAILED) {
		explain->err = result->err;
		explain_end(explain, STATUS_CORRUPT);
		return;
	}
	if (result->exit == CYCLE_PEER_DOWN) {
		if (take_down(explain, result))
			return;
		tell_unplanned(explain);
		note_grace(explain);
		explain_facts(explain);
		return;
	}
	if (!take_actions(explain, result))
		return;
	if (explain->unanswered.at != NULL) {
		explain_gap(explain, "tenant", SPAN_NULL, explain->unanswered);
		tell_unplanned(explain);
	}
	note_grace(explain);
	if (is_kept_back(explain))
		plan(explain, explain->is_tenant_down ? CYCLE_FULL : CYCLE_RECONCILE, false);
	else
		explain_facts(explain);
}

static void plan(struct explain *explain, enum cycle_kind kind, bool keeps_quarantine)
{
	struct cycle_input input = *explain->in.cycle;
	struct uuid key = explain_key(explain);
	char text[UUID_TEXT_SIZE];

	uuid_format(&key, text);
	index_free(&explain->index);
	input.index = &explain->index;
	if (!explain->in.is_whole || !keeps_quarantine)
		input.who = arena_span(explain->arena, span_of(text));
	input.kind = kind;
	input.keeps_quarantine = keeps_quarantine;
	input.patience_ms = EXPLAIN_PATIENCE_MS;
	cycle_start(&input, keeps_quarantine ? on_planned : on_planned_later, explain);
}

/* Of two new entries with one userName only a plan that has both can tell. */
static bool has_new_rival(const struct explain *explain)
{
	for (size_t i = 0; i < explain->rival_count; i++)
		if (explain->rivals[i].verdict != RIVAL_LOSES)
			return !explain->told.is_linked;
	return false;
}

void explain_plan(struct explain *explain)
{
	if (!read_quarantine(explain))
		return;
	if (has_new_rival(explain))
		explain->in.is_whole = explain->told.is_whole = true;
	plan(explain, CYCLE_RECONCILE, true);
}
