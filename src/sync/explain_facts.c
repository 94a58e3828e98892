/* SPDX-License-Identifier: ISC */
/* What the state knows of the person: account, holds, and what was done. */
#include "sync/explain_p.h"

#include "base/vec.h"
#include <stdlib.h>

static struct store *store_of(const struct explain *explain)
{
	return explain->in.cycle->store;
}

/* ---- the account ---- */

static enum status read_directory(struct explain *explain)
{
	struct explanation *told = &explain->told;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < told->directory_count && status == STATUS_OK; i++) {
		uint8_t number = 0;

		status = store_directory_number(
		    store_of(explain), told->directories[i].name, &number, &explain->err);
		if (status == STATUS_OK && number == told->link.directory)
			told->link_directory = told->directories[i].name;
	}
	return status;
}

/* What the cycle observed is still in the store. */
static enum status read_observed(struct explain *explain)
{
	struct explanation *told = &explain->told;
	size_t count = 0;
	enum status status = STATUS_OK;

	if (told->link.account_id.at != NULL)
		status = store_observed_find(store_of(explain), OBSERVED_BY_ID,
		    told->link.account_id, explain->arena, &told->observed, 1, &count,
		    &explain->err);
	told->has_observed = status == STATUS_OK && count > 0;
	told->is_account_gone = status == STATUS_OK && count == 0 && told->is_planned &&
				!explain->is_tenant_down;
	return status;
}

static enum status read_account(struct explain *explain)
{
	struct explanation *told = &explain->told;
	enum status status;

	if (!told->is_linked)
		return STATUS_OK;
	told->has_acknowledged = account_decode(told->link.acknowledged, explain->arena,
				     &told->acknowledged, NULL) == STATUS_OK;
	status = read_directory(explain);
	return status == STATUS_OK ? read_observed(explain) : status;
}

static void judge_name(struct explain *explain, struct span user_name)
{
	const struct cycle_input *cycle = explain->in.cycle;
	struct explanation *told = &explain->told;

	if (user_name.at == NULL)
		return;
	told->is_protected |= policy_protects(cycle->policy, user_name);
	told->is_own |= tenant_self_is(&cycle->reader->self, told->link.account_id, user_name);
}

/* ---- holds ---- */

struct held_ids {
	struct explain *explain;
	struct held_action *items;
	size_t count, cap;
};

static void on_held(void *context, const struct held_action *action)
{
	struct held_ids *held = context;
	struct uuid key = explain_key(held->explain);

	if (uuid_compare(&action->key, &key) == 0)
		*(struct held_action *)vec_push(
		    (void **)&held->items, &held->count, &held->cap, sizeof(*action)) = *action;
}

static enum status read_hold(struct explain *explain, const struct held_action *held)
{
	struct explained_hold found = { 0 };
	bool is_hold = false, is_action = false;
	enum status status = store_hold_get(
	    store_of(explain), held->hold_id, explain->arena, &found.hold, &is_hold, &explain->err);

	if (status == STATUS_OK)
		status = store_action_get(store_of(explain), held->id, explain->arena,
		    &found.action, &is_action, &explain->err);
	if (status == STATUS_OK && is_hold && is_action)
		*(struct explained_hold *)vec_push((void **)&explain->holds, &explain->hold_count,
		    &explain->hold_cap, sizeof(found)) = found;
	return status;
}

static enum status read_holds(struct explain *explain)
{
	struct held_ids held = { .explain = explain };
	enum status status = store_hold_each_action(
	    store_of(explain), on_held, &held, &explain->err);

	for (size_t i = 0; i < held.count && status == STATUS_OK; i++)
		status = read_hold(explain, &held.items[i]);
	free(held.items);
	return status;
}

/* ---- what was done ---- */

static struct record copy_record(struct explain *explain, const struct record *record)
{
	struct record copy = *record;
	struct action *action = arena_alloc(explain->arena, sizeof(*action));

	*action = explain_copy_action(explain, record->action);
	copy.action = action;
	copy.decided_by = arena_span(explain->arena, record->decided_by);
	return copy;
}

static void note_refused(struct explain *explain, const struct record *record)
{
	const struct action *action = record->action;
	bool is_refused = action->state == ACTION_STATE_REJECTED ||
			  action->state == ACTION_FAILED; /* acknowledged, but not done */
	struct record *refused;

	if (!explain->told.has_quarantine || explain->told.refused != NULL || !is_refused ||
	    !action_has_request(action->kind) || action->at_ms < explain->told.quarantine.since_ms)
		return;
	refused = arena_alloc(explain->arena, sizeof(*refused));
	*refused = copy_record(explain, record);
	explain->told.refused = refused;
}

/* The first thing that was done with this very account; what made it does not know its id. */
static void note_since(struct explain *explain, const struct action *action)
{
	bool is_create = action->kind == ACTION_CREATE;

	if (action->state != ACTION_DONE || !explain->told.is_linked || explain->is_since_known)
		return;
	if (!is_create && !span_equal(action->account_id, explain->told.link.account_id))
		return;
	explain->told.linked_since_ms = action->at_ms;
	explain->is_since_known = is_create;
}

static bool on_record(void *context, const struct record *record)
{
	struct explain *explain = context;
	struct explanation *told = &explain->told;

	told->history_total++;
	note_since(explain, record->action);
	note_refused(explain, record);
	if (explain->record_count < explain->in.history_max)
		*(struct record *)vec_push((void **)&explain->records, &explain->record_count,
		    &explain->record_cap, sizeof(*explain->records)) = copy_record(explain, record);
	return true;
}

static enum status read_history(struct explain *explain)
{
	struct uuid key = explain_key(explain);

	return store_record_each_of_key(store_of(explain), &key, on_record, explain, &explain->err);
}

void explain_facts(struct explain *explain)
{
	struct explanation *told = &explain->told;
	enum status status = read_account(explain);

	if (status == STATUS_OK)
		status = read_holds(explain);
	if (status == STATUS_OK)
		status = read_history(explain);
	judge_name(explain, told->desired.text[ACCOUNT_USER_NAME]);
	judge_name(explain, told->link.user_name);
	explain_end(explain, status);
}
