/* SPDX-License-Identifier: ISC */
/*
 * The last phase of a dry run: what the tenant will make of the plan, asked by reading alone.
 *
 * Correlation has noted on its way which userNames are taken.  Left are those that renames ask for,
 * which nobody has looked up, and the workspaces.  The plan and the exit code stay as they are
 * whatever comes of it: what could not be asked is told as not checked.
 */
#include "sync/cycle_p.h"

#include "base/unicode.h"
#include "base/vec.h"
#include <stdlib.h>

enum { ASKS_AT_ONCE = 256, WORKSPACES_MAX = 100000 };

/* A userName that an action asks for. */
struct wanted {
	struct digest digest; /* of the folded name */
	int64_t action_id;
};

/* Likewise, to be looked up. */
struct ask {
	struct cycle *cycle;
	int64_t action_id;
	struct span user_name, account_id; /* in the arena */
};

struct predicting {
	struct arena *arena;
	struct prediction_facts facts;
	struct forecast forecast;
	struct prediction_claim *claims;
	struct wanted *wanted;
	struct ask *asks;
	struct span *renamed; /* ids of accounts that give their userName up */
	struct span *workspaces;
	size_t claim_count, claim_cap, wanted_count, wanted_cap, ask_count, ask_cap, renamed_count,
	    renamed_cap, workspace_count, workspace_cap;
	size_t ask_at, in_flight;
	bool grants; /* some action grants a workspace */
	bool is_over;
};

static struct predicting *predicting_of(struct cycle *cycle)
{
	if (cycle->predicting == NULL) {
		cycle->predicting = mem_new(1, sizeof(*cycle->predicting));
		cycle->predicting->arena = arena_new();
	}
	return cycle->predicting;
}

void predicting_free(struct predicting **predicting)
{
	struct predicting *gone = *predicting;

	if (gone == NULL)
		return;
	*predicting = NULL;
	arena_free(&gone->arena);
	free(gone->claims);
	free(gone->wanted);
	free(gone->asks);
	free(gone->renamed);
	free(gone->workspaces);
	free(gone);
}

/* ---- userNames ---- */

static void add_claim(struct predicting *predicting, const struct prediction_claim *claim)
{
	*(struct prediction_claim *)vec_push((void **)&predicting->claims, &predicting->claim_count,
	    &predicting->claim_cap, sizeof(*claim)) = *claim;
}

/* Is the userName that of another account? */
static void hold_against(struct predicting *predicting, const struct ask *ask,
    const struct observed *observed, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct span name = observed[i].account.text[ACCOUNT_USER_NAME];

		if (name.at == NULL || !utf8_equal_fold(name, ask->user_name) ||
		    span_equal(observed[i].id, ask->account_id))
			continue;
		add_claim(
		    predicting, &(struct prediction_claim) { .action_id = ask->action_id,
				    .holder = arena_span(predicting->arena, observed[i].id) });
		return;
	}
}

void predicting_note(
    struct cycle *cycle, const struct action *action, const struct observed *observed, size_t count)
{
	struct ask ask = { cycle, action->id, action->user_name, SPAN_NULL };

	if (cycle_is_dry(cycle))
		hold_against(predicting_of(cycle), &ask, observed, count);
}

static void note_wanted(struct cycle *cycle, const struct action *action)
{
	struct predicting *predicting = cycle->predicting;
	struct wanted *wanted = vec_push((void **)&predicting->wanted, &predicting->wanted_count,
	    &predicting->wanted_cap, sizeof(*wanted));

	str_truncate(&cycle->scratch, 0);
	if (!utf8_fold(action->user_name, &cycle->scratch))
		str_add(&cycle->scratch, action->user_name);
	*wanted = (struct wanted) { hash_digest(str_span(&cycle->scratch)), action->id };
}

/* Whoever is renamed has its request already, and nobody has looked for the new name. */
static void note_rename(struct cycle *cycle, const struct action *action)
{
	struct predicting *predicting = cycle->predicting;
	struct ask *ask = vec_push(
	    (void **)&predicting->asks, &predicting->ask_count, &predicting->ask_cap, sizeof(*ask));

	*ask = (struct ask) { cycle, action->id, arena_span(predicting->arena, action->user_name),
		arena_span(predicting->arena, action->account_id) };
	if (action->kind == ACTION_RENAME)
		*(struct span *)vec_push((void **)&predicting->renamed, &predicting->renamed_count,
		    &predicting->renamed_cap, sizeof(struct span)) = ask->account_id;
}

static int compare_wanted(const void *a, const void *b)
{
	return memcmp(&((const struct wanted *)a)->digest, &((const struct wanted *)b)->digest,
	    sizeof(struct digest));
}

static void find_contested(struct predicting *predicting)
{
	const struct wanted *wanted = predicting->wanted;

	if (predicting->wanted_count > 0)
		qsort(
		    predicting->wanted, predicting->wanted_count, sizeof(*wanted), compare_wanted);
	for (size_t i = 0; i < predicting->wanted_count; i++) {
		bool is_contested = (i > 0 && compare_wanted(&wanted[i - 1], &wanted[i]) == 0) ||
				    (i + 1 < predicting->wanted_count &&
					compare_wanted(&wanted[i], &wanted[i + 1]) == 0);

		if (is_contested)
			add_claim(predicting,
			    &(struct prediction_claim) {
				.action_id = wanted[i].action_id, .is_contested = true });
	}
}

static int compare_spans(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* Who has a name may give it up in this very plan. */
static void find_given_up(struct predicting *predicting, const struct tenant_traits *traits)
{
	if (!traits->can_rename || predicting->renamed_count == 0)
		return;
	qsort(predicting->renamed, predicting->renamed_count, sizeof(struct span), compare_spans);
	for (size_t i = 0; i < predicting->claim_count; i++) {
		struct prediction_claim *claim = &predicting->claims[i];

		if (claim->holder.at != NULL &&
		    bsearch(&claim->holder, predicting->renamed, predicting->renamed_count,
			sizeof(struct span), compare_spans) != NULL)
			claim->is_contested = true;
	}
}

/* ---- the plan ---- */

static void on_action(void *context, const struct action *action)
{
	struct cycle *cycle = context;
	struct predicting *predicting = cycle->predicting;
	struct account before, after;
	bool has_before = action->before.at != NULL;
	struct change change;
	struct err err;

	if (!action_has_request(action->kind) || action->request.method.at == NULL)
		return;
	arena_reset(cycle->entry_arena);
	if (!cycle_store_ok(
		cycle, account_decode(action->after, cycle->entry_arena, &after, &err), &err) ||
	    (has_before &&
		!cycle_store_ok(cycle,
		    account_decode(action->before, cycle->entry_arena, &before, &err), &err)))
		return;
	change = differ_compare(has_before ? &before : NULL, &after, cycle->entry_arena);
	predicting->grants = predicting->grants || change.granted_count > 0;
	if (action->kind == ACTION_CREATE || action->kind == ACTION_RENAME) {
		note_wanted(cycle, action);
		if (action->reason == REASON_RENAMED)
			note_rename(cycle, action);
	}
}

static bool look_through_plan(struct cycle *cycle)
{
	struct action_query query = { .run_id = cycle->run.id,
		.states = 1U << ACTION_PLANNED | 1U << ACTION_HELD };
	struct err err;

	return cycle->run.id == 0 ||
	       (cycle_store_ok(cycle,
		    store_action_each(cycle->in.store, &query, on_action, cycle, &err), &err) &&
		   !cycle->has_failed);
}

/* ---- the end ---- */

static void finish(struct cycle *cycle)
{
	struct predicting *predicting = cycle->predicting;
	struct prediction_facts *facts = &predicting->facts;

	find_given_up(predicting, &cycle->in.reader->traits);
	prediction_sort_claims(predicting->claims, predicting->claim_count);
	prediction_sort_workspaces(predicting->workspaces, predicting->workspace_count);
	facts->traits = cycle->in.reader->traits;
	facts->claims = predicting->claims;
	facts->claim_count = predicting->claim_count;
	facts->workspaces = predicting->workspaces;
	facts->workspace_count = predicting->workspace_count;
	predicting->is_over = !cycle->has_failed && !cycle->is_stopping;
	cycle_next(cycle, PHASE_CLOSE);
}

void predicting_tell(const struct cycle *cycle, struct cycle_result *result)
{
	const struct predicting *predicting = cycle->predicting;

	if (predicting == NULL || !predicting->is_over || cycle->has_failed)
		return;
	result->facts = &predicting->facts;
	result->forecast = predicting->forecast;
}

/* ---- workspaces ---- */

static void next_workspaces(struct cycle *cycle);

static void take_workspaces(struct predicting *predicting, const struct tenant_answer *answer)
{
	for (size_t i = 0; i < answer->workspace_count; i++)
		*(struct span *)vec_push((void **)&predicting->workspaces,
		    &predicting->workspace_count, &predicting->workspace_cap,
		    sizeof(struct span)) = arena_span(predicting->arena, answer->workspaces[i]);
}

static void on_workspaces(void *context, const struct tenant_answer *answer)
{
	struct cycle *cycle = context;
	struct predicting *predicting = cycle->predicting;
	size_t before = predicting->workspace_count;

	if (answer->status != STATUS_OK) {
		predicting->facts.workspaces_not_checked = arena_span(
		    predicting->arena, answer->error);
		finish(cycle);
		return;
	}
	take_workspaces(predicting, answer);
	if (predicting->workspace_count > before && predicting->workspace_count < WORKSPACES_MAX &&
	    (int64_t)predicting->workspace_count < answer->total) {
		next_workspaces(cycle);
		return;
	}
	if ((int64_t)predicting->workspace_count < answer->total)
		predicting->facts.workspaces_not_checked = SPAN(
		    "the tenant counts more workspaces than it lists");
	else
		predicting->facts.has_workspaces = true;
	finish(cycle);
}

static struct tenant_call *try_workspaces(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct cycle *cycle = context;

	return cycle->in.reader->vtable->workspaces(cycle->in.reader,
	    (int64_t)cycle->predicting->workspace_count, callback, callback_context);
}

static void next_workspaces(struct cycle *cycle)
{
	exchange_submit(cycle->exchange,
	    &(struct exchange_request) { try_workspaces, on_workspaces, cycle, false });
}

/* Last of all: whatever is wrong with that list harms nothing else. */
static void ask_workspaces(struct cycle *cycle)
{
	struct predicting *predicting = cycle->predicting;

	if (!predicting->grants || cycle->is_stopping) {
		finish(cycle);
	} else if (!cycle->in.reader->traits.can_show_workspaces) {
		predicting->facts.workspaces_not_checked = SPAN(
		    "this kind of tenant has no list of workspaces");
		finish(cycle);
	} else {
		next_workspaces(cycle);
	}
}

/* ---- looking up ---- */

static void ask_names(struct cycle *cycle);

static void on_found(void *context, const struct tenant_answer *answer)
{
	struct ask *ask = context;
	struct predicting *predicting = ask->cycle->predicting;

	if (answer->status == STATUS_OK)
		hold_against(predicting, ask, answer->accounts, answer->account_count);
	else
		predicting->facts.names_not_checked = arena_span(predicting->arena, answer->error);
	if (--predicting->in_flight == 0)
		ask_names(ask->cycle);
}

static struct tenant_call *try_find(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct ask *ask = context;
	struct account_reader *reader = ask->cycle->in.reader;

	return reader->vtable->find(reader, SPAN_NULL, ask->user_name, callback, callback_context);
}

static void ask_names(struct cycle *cycle)
{
	struct predicting *predicting = cycle->predicting;

	if (predicting->ask_at >= predicting->ask_count || cycle->is_stopping) {
		ask_workspaces(cycle);
		return;
	}
	while (predicting->ask_at < predicting->ask_count && predicting->in_flight < ASKS_AT_ONCE) {
		predicting->in_flight++;
		exchange_submit(
		    cycle->exchange, &(struct exchange_request) { try_find, on_found,
					 &predicting->asks[predicting->ask_at++], false });
	}
}

/* The tenant was listed: the answers are here. */
static bool look_at_listing(struct cycle *cycle)
{
	struct predicting *predicting = cycle->predicting;
	struct observed observed[2];
	size_t count = 0;
	struct err err;

	for (; predicting->ask_at < predicting->ask_count; predicting->ask_at++) {
		const struct ask *ask = &predicting->asks[predicting->ask_at];

		arena_reset(cycle->entry_arena);
		if (!cycle_store_ok(cycle,
			store_observed_find(cycle->in.store, OBSERVED_BY_USER_NAME, ask->user_name,
			    cycle->entry_arena, observed, 2, &count, &err),
			&err))
			return false;
		hold_against(predicting, ask, observed, count);
	}
	return true;
}

/* A tenant that cannot be opened makes a dry run no failure that would have had none. */
static void on_opened(void *context, const struct tenant_answer *answer)
{
	struct cycle *cycle = context;
	struct predicting *predicting = cycle->predicting;

	if (answer->status == STATUS_OK) {
		cycle->is_tenant_open = true;
		ask_names(cycle);
		return;
	}
	if (predicting->ask_at < predicting->ask_count)
		predicting->facts.names_not_checked = arena_span(predicting->arena, answer->error);
	if (predicting->grants)
		predicting->facts.workspaces_not_checked = arena_span(
		    predicting->arena, answer->error);
	finish(cycle);
}

static struct tenant_call *try_open(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct account_reader *reader = ((struct cycle *)context)->in.reader;

	return reader->vtable->open(reader, callback, callback_context);
}

static void count_reads(struct cycle *cycle)
{
	struct predicting *predicting = cycle->predicting;
	const struct gate_settings *pace = &cycle->in.gate->settings;
	predicting->forecast.pace =
	    (struct forecast_pace) { pace->requests_per_second, pace->burst, pace->concurrency };
	/* To open is to get a token, or to ask what the tenant can do. */
	predicting->forecast.reads = exchange_tries(cycle->exchange) - cycle->is_tenant_open;
}

void predicting_start(struct cycle *cycle)
{
	struct predicting *predicting = predicting_of(cycle);

	if (!look_through_plan(cycle) || (cycle->is_observed && !look_at_listing(cycle))) {
		finish(cycle);
		return;
	}
	count_reads(cycle);
	find_contested(predicting);
	if (predicting->ask_at == predicting->ask_count && !predicting->grants)
		finish(cycle);
	else if (cycle->is_tenant_open)
		ask_names(cycle);
	else
		exchange_submit(cycle->exchange,
		    &(struct exchange_request) { try_open, on_opened, cycle, false });
}
