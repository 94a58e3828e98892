/* SPDX-License-Identifier: ISC */
/* The cycle: its phases in order, what they share, and how it ends. */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include <stdlib.h>

/* ---- for the phases ---- */

void cycle_next(struct cycle *cycle, enum cycle_phase phase)
{
	cycle->phase = phase;
	loop_timer_start(cycle->timer, 0);
}

void cycle_touch(struct cycle *cycle, const struct uuid *key, uint8_t directory)
{
	struct index_item item = { .key = *key, .directory = directory };

	if (index_find(cycle->touched, key) == NULL)
		index_put(cycle->touched, &item);
}

bool cycle_store_ok(struct cycle *cycle, enum status status, const struct err *err)
{
	if (status == STATUS_OK)
		return true;
	if (!cycle->has_failed) {
		cycle->has_failed = true;
		cycle->exit = CYCLE_STATE_FAILED;
		cycle->err = *err;
	}
	return false;
}

static void on_step(void *context)
{
	struct cycle *cycle = context;

	if (cycle->in.on_step != NULL)
		cycle->in.on_step(cycle->in.step_context);
}

bool cycle_commit(struct cycle *cycle)
{
	struct err err;

	if (cycle->has_failed)
		return false;
	on_step(cycle);
	return cycle_store_ok(cycle, store_commit(cycle->in.store, &err), &err);
}

void cycle_peer_down(struct cycle *cycle, const char *what, struct span why)
{
	if (strcmp(what, "tenant") == 0)
		cycle->is_tenant_down = true;
	if (cycle->exit == CYCLE_PEER_DOWN || cycle->exit == CYCLE_STATE_FAILED)
		return;
	cycle->exit = CYCLE_PEER_DOWN;
	cycle->peer = what;
	err_set(&cycle->err, "%s: %.*s", what, SPAN_ARG(why));
}

bool cycle_need_run(struct cycle *cycle)
{
	struct err err;

	if (cycle->has_failed)
		return false;
	if (cycle->run.id != 0)
		return true;
	if (!cycle_store_ok(cycle, store_run_start(cycle->in.store, &cycle->run, &err), &err))
		return false;
	trail_run_started(cycle);
	return !cycle->has_failed;
}

void cycle_progress(struct cycle *cycle, const char *phase, uint64_t done, uint64_t of)
{
	if (cycle->in.on_progress != NULL)
		cycle->in.on_progress(cycle->in.progress_context, phase, done, of);
}

/* ---- opening and closing the tenant ---- */

struct opening {
	struct cycle *cycle;
	void (*go_on)(struct cycle *cycle);
};

static struct tenant_call *try_open(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct account_reader *reader = ((struct opening *)context)->cycle->in.reader;

	return reader->vtable->open(reader, callback, callback_context);
}

static void on_opened(void *context, const struct tenant_answer *answer)
{
	struct opening *opening = context;
	struct cycle *cycle = opening->cycle;
	void (*go_on)(struct cycle *) = opening->go_on;

	free(opening);
	if (answer->status == STATUS_OK)
		cycle->is_tenant_open = true;
	else if (answer->status != STATUS_CANCELED)
		cycle_peer_down(cycle, "tenant", answer->error);
	go_on(cycle);
}

void cycle_open_tenant(struct cycle *cycle, void (*go_on)(struct cycle *cycle))
{
	struct opening *opening;

	if (cycle->is_tenant_open || cycle->is_tenant_down) {
		go_on(cycle);
		return;
	}
	opening = mem_new(1, sizeof(*opening));
	*opening = (struct opening) { cycle, go_on };
	exchange_submit(
	    cycle->exchange, &(struct exchange_request) { try_open, on_opened, opening, false });
}

static void on_closed(void *context, const struct tenant_answer *answer)
{
	struct cycle *cycle = context;

	(void)answer;
	cycle->is_tenant_open = false;
	cycle_next(cycle, PHASE_END);
}

static void close_tenant(struct cycle *cycle)
{
	/* Past the gate and without repeats: a log-out is a courtesy. */
	if (cycle->is_tenant_open)
		cycle->in.reader->vtable->close(cycle->in.reader, on_closed, cycle);
	else
		cycle_next(cycle, PHASE_END);
}

/* ---- the start ---- */

static void on_left_over(void *context, const struct action *action)
{
	struct cycle *cycle = context;
	struct action failed = *action;
	struct err err;

	if (action->state == ACTION_HELD && action->hold_id != 0)
		return; /* a person is still to decide */
	failed.state = ACTION_FAILED;
	failed.answer = cycle->is_refused
			    ? SPAN("not sent: the plan is not the one that was reviewed")
			    : SPAN("not sent: the run ended before; a later run plans it anew");
	failed.at_ms = cycle_wall_ms(cycle);
	cycle_store_ok(cycle, store_action_set_state(cycle->in.store, &failed, &err), &err);
}

/* Planned actions that will not be sent any more. @param run_id 0: of all runs */
static void end_left_over(struct cycle *cycle, int64_t run_id)
{
	struct action_query query = { .run_id = run_id, .states = 1U << ACTION_PLANNED };
	struct err err;

	/* What the policy holds is in no hold yet when the run ends before the guard. */
	if (run_id != 0)
		query.states |= 1U << ACTION_HELD;

	cycle_store_ok(
	    cycle, store_action_each(cycle->in.store, &query, on_left_over, cycle, &err), &err);
}

static bool number_directories(struct cycle *cycle)
{
	struct err err;

	for (size_t i = 0; i < cycle->in.source_count; i++) {
		cycle->directories[i].source = cycle->in.sources[i];
		if (!cycle_store_ok(cycle,
			store_directory_number(cycle->in.store, cycle->in.sources[i]->name,
			    &cycle->directories[i].number, &err),
			&err))
			return false;
	}
	return true;
}

static void start(struct cycle *cycle)
{
	struct err err;

	if (!cycle_is_dry(cycle)) {
		trail_dead_runs(cycle);
		cycle_store_ok(cycle,
		    store_run_end_dead(cycle->in.store, 0, cycle_wall_ms(cycle), &err), &err);
		trail_decisions(cycle);
		end_left_over(cycle, 0);
	}
	if (cycle->has_failed || !holds_load(cycle) || !number_directories(cycle) ||
	    !snapshot_load(cycle) || !turning_load(cycle)) {
		cycle_next(cycle, PHASE_END);
		return;
	}
	cycle_next(cycle, PHASE_SETTLE);
}

/* ---- the end ---- */

static void on_orphan(void *context, const struct observed *observed)
{
	struct cycle *cycle = context;

	(void)observed;
	cycle->summary.orphan++;
}

bool cycle_is_certified(const struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->in.source_count; i++) {
		if (!cycle->directories[i].is_scanned ||
		    !cycle->directories[i].certificate.is_certified)
			return false;
	}
	return true;
}

static struct span certificates(struct cycle *cycle)
{
	struct str json = { 0 };
	struct span text;

	str_add_byte(&json, '[');
	for (size_t i = 0; i < cycle->in.source_count; i++) {
		if (!cycle->directories[i].is_scanned)
			continue;
		if (json.len > 1)
			str_add_byte(&json, ',');
		str_add(&json, cycle->directories[i].certificate_json);
	}
	str_add_byte(&json, ']');
	text = arena_span(cycle->arena, str_span(&json));
	str_done(&json);
	return text;
}

static void summarize(struct cycle *cycle)
{
	uint64_t unchanged = cycle->summary.unchanged;
	struct err err;

	if (cycle->run.id != 0)
		cycle_store_ok(cycle,
		    store_action_summary(cycle->in.store, cycle->run.id, &cycle->summary, &err),
		    &err);
	cycle->summary.unchanged = unchanged;
	cycle->summary.missed = changes_missed(cycle->changes);
	cycle->summary.orphan = 0;
	cycle->summary.held += cycle->already_held;
	if (cycle->in.kind == CYCLE_RECONCILE && cycle->is_observed && !cycle->has_failed)
		cycle_store_ok(cycle,
		    store_observed_each_orphan(
			cycle->in.store, cycle->run.id, on_orphan, cycle, &err),
		    &err);
}

static bool is_stopped(const struct cycle *cycle)
{
	return cycle->is_stopping && !cycle->is_whole;
}

static enum cycle_exit judge(const struct cycle *cycle)
{
	const struct plan_summary *summary = &cycle->summary;

	if (cycle->exit != CYCLE_DONE)
		return cycle->exit;
	if (cycle->is_who_unknown || is_stopped(cycle))
		return CYCLE_FAILED;
	if (summary->rejected + summary->conflict + summary->failed > 0)
		return CYCLE_REJECTED;
	if (summary->held > 0 || (!cycle_is_partial(cycle) && !cycle_is_certified(cycle)))
		return CYCLE_HELD;
	return CYCLE_DONE;
}

/* A poll that found nothing leaves no row: a quiet year is not half a million of them. */
static bool is_quiet(const struct cycle *cycle)
{
	if (cycle->is_run_unknown)
		return cycle->run.id == 0;
	return cycle->run.id == 0 && cycle->in.kind == CYCLE_DELTA &&
	       (cycle->in.only_turns || cycle_is_certified(cycle)) &&
	       (cycle->exit == CYCLE_DONE || cycle->exit == CYCLE_HELD);
}

static void write_run(struct cycle *cycle)
{
	struct err err;

	if (cycle->has_failed)
		return;
	/* Who asked for a quiet poll hears of it, too. */
	cycle->run.is_certified = cycle_is_certified(cycle);
	cycle->run.certificate = certificates(cycle);
	if (is_quiet(cycle) || !cycle_need_run(cycle))
		return;
	cycle->run.ended_ms = cycle_wall_ms(cycle);
	cycle->run.summary = cycle->summary;
	cycle->run.exit_code = (int)cycle->exit;
	cycle->run.error = cycle->exit == CYCLE_PEER_DOWN || cycle->exit == CYCLE_FAILED
			       ? span_of(cycle->err.text)
			       : SPAN_NULL;
	cycle_store_ok(cycle, store_run_update(cycle->in.store, &cycle->run, &err), &err);
	trail_run_ended(cycle);
	trail_retain(cycle);
}

/* A delta is no scan: the last certified one is older. */
bool cycle_is_scanned_whole(const struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->in.source_count; i++) {
		if (cycle->directories[i].is_delta)
			return false;
	}
	return cycle_is_certified(cycle);
}

static void put_number(struct cycle *cycle, const char *name, uint64_t number)
{
	struct span text = arena_format(cycle->arena, "%llu", (unsigned long long)number);
	struct err err;

	if (!cycle->has_failed)
		cycle_store_ok(cycle, store_meta_put(cycle->in.store, name, text, &err), &err);
}

/* What only a look at the whole tenant tells, for who asks between two of them. */
static void note_reconcile(struct cycle *cycle, struct span at)
{
	struct err err;

	cycle_store_ok(
	    cycle, store_meta_put(cycle->in.store, "last_reconcile_cycle", at, &err), &err);
	if (!cycle->is_observed)
		return;
	put_number(cycle, "drifted_accounts", cycle->drifted);
	put_number(cycle, "orphan_accounts", cycle->summary.orphan);
}

static void note_poll(struct cycle *cycle)
{
	char at[TIME_TEXT_SIZE];
	struct err err;

	if (cycle->has_failed || cycle_is_dry(cycle) || cycle_is_partial(cycle) ||
	    cycle->is_refused)
		return;
	time_format(cycle->run.started_ms, false, at);
	cycle_store_ok(
	    cycle, store_meta_put(cycle->in.store, "last_cycle", span_of(at), &err), &err);
	if (cycle->exit == CYCLE_PEER_DOWN || is_stopped(cycle) || !cycle_is_scanned_whole(cycle))
		return;
	cycle_store_ok(cycle,
	    store_meta_put(cycle->in.store, "last_certified_cycle", span_of(at), &err), &err);
	if (cycle->in.kind != CYCLE_DELTA)
		cycle_store_ok(cycle,
		    store_meta_put(cycle->in.store, "last_full_cycle", span_of(at), &err), &err);
	if (cycle->in.kind == CYCLE_RECONCILE)
		note_reconcile(cycle, span_of(at));
}

static void cycle_free(struct cycle *cycle)
{
	loop_timer_free(&cycle->timer);
	exchange_free(&cycle->exchange);
	changes_free(&cycle->changes);
	predicting_free(&cycle->predicting);
	index_free(&cycle->touched);
	index_free(&cycle->names);
	holds_free(&cycle->holds);
	undo_free(&cycle->undoing);
	arena_free(&cycle->entry_arena);
	arena_free(&cycle->arena);
	arena_free(&cycle->trail.arena);
	str_done(&cycle->trail.body);
	str_done(&cycle->scratch);
	free(cycle->directories);
	free(cycle);
}

static bool tells_changes(const struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->in.source_count; i++) {
		const struct cycle_directory *directory = &cycle->directories[i];

		if (directory->is_down || (!directory->is_delta && directory->cursor.at == NULL))
			return false;
	}
	return !cycle_is_partial(cycle);
}

/* Where nothing was held nothing is written: a quiet poll touches no disk. */
static void end_holds(struct cycle *cycle)
{
	struct err err;

	if (cycle->hold_count == 0 && holds_are_none(cycle->holds))
		return;
	trail_holds_ended(cycle);
	cycle_store_ok(
	    cycle, store_hold_end_settled(cycle->in.store, cycle_wall_ms(cycle), &err), &err);
}

static void end(struct cycle *cycle)
{
	struct cycle_result result;

	if (!cycle->has_failed && cycle->run.id != 0 && !cycle_is_dry(cycle))
		end_left_over(cycle, cycle->run.id);
	if (!cycle->has_failed && !cycle_is_dry(cycle))
		end_holds(cycle);
	if (!cycle->has_failed)
		summarize(cycle);
	moved_note_directory(cycle);
	cycle->exit = judge(cycle);
	if (!cycle->has_failed && !cycle_is_dry(cycle) && !cycle_is_partial(cycle) &&
	    !cycle->is_refused)
		changes_keep(cycle);
	if (cycle->is_who_unknown && cycle->exit == CYCLE_FAILED)
		err_set(&cycle->err,
		    "nobody is known as \"%.*s\", in the directory or in the snapshot",
		    SPAN_ARG(cycle->in.who));
	else if (cycle->exit == CYCLE_FAILED && cycle->err.text[0] == '\0')
		err_set(&cycle->err, "stopped before it was over; the next run goes on");
	write_run(cycle);
	note_poll(cycle);
	turning_finish(cycle);
	cycle_commit(cycle);
	trail_tell(cycle);
	if (cycle->has_failed)
		index_free(cycle->in.index); /* memory and disk may differ: read it anew */
	result = (struct cycle_result) {
		.run = cycle->run,
		.exit = cycle->exit,
		.err = cycle->err,
		.peer = cycle->peer,
		.is_who_unknown = cycle->is_who_unknown,
		.is_run_unknown = cycle->is_run_unknown,
		.is_refused = cycle->is_refused,
		.is_stopped = is_stopped(cycle),
		.entries = cycle->entries,
		.tells_changes = tells_changes(cycle),
		.holds = cycle->holds_made,
		.hold_count = cycle->hold_count,
		.quarantined = cycle->quarantined,
	};
	result.run.summary = cycle->summary;
	predicting_tell(cycle, &result);
	cycle->callback(cycle->callback_context, &result);
	cycle_free(cycle);
}

/* ---- the machine ---- */

/*
 * What the configuration does not say about the agent's own account the tenant has to, before
 * anything is planned.  Once a process: later cycles know it.  A credential that would go stale is
 * used as well, on a day too on which nothing changes.
 */
static void learn_self(struct cycle *cycle)
{
	const struct tenant_self *self = &cycle->in.reader->self;

	if ((self->is_told_by_opening && self->user_name.at == NULL) ||
	    cycle->in.reader->vtable->must_open(cycle->in.reader))
		cycle_open_tenant(cycle, scan_phase_start);
	else
		scan_phase_start(cycle);
}

static void apply_or_predict(struct cycle *cycle)
{
	cycle->is_whole = cycle_is_dry(cycle) && !cycle->is_stopping;
	/* A plan that may be made of less than it should is not the one that was reviewed. */
	if (cycle->is_tenant_down || cycle->has_failed || cycle->is_stopping ||
	    (cycle_is_exact(cycle) && cycle->exit != CYCLE_DONE))
		cycle_next(cycle, PHASE_CLOSE);
	else if (cycle_is_dry(cycle))
		predicting_start(cycle);
	else
		applier_start(cycle);
}

static void step(void *context)
{
	struct cycle *cycle = context;

	switch (cycle->phase) {
	case PHASE_START:
		start(cycle);
		break;
	case PHASE_SETTLE:
		settle_start(cycle);
		break;
	case PHASE_UNDO:
		undo_start(cycle);
		break;
	case PHASE_LIST:
		listing_start(cycle);
		break;
	case PHASE_SCAN:
		learn_self(cycle);
		break;
	case PHASE_LEAVERS:
		leavers_start(cycle);
		break;
	case PHASE_CORRELATE:
		correlation_start(cycle);
		break;
	case PHASE_GUARD:
		guarding_start(cycle);
		break;
	case PHASE_APPLY:
		apply_or_predict(cycle);
		break;
	case PHASE_CLOSE:
		close_tenant(cycle);
		break;
	case PHASE_END:
		end(cycle);
		break;
	}
}

struct cycle *cycle_start(const struct cycle_input *input, cycle_callback *callback, void *context)
{
	struct cycle *cycle = mem_new(1, sizeof(*cycle));

	cycle->in = *input;
	cycle->is_first = *input->index == NULL;
	cycle->callback = callback;
	cycle->callback_context = context;
	cycle->arena = arena_new();
	cycle->entry_arena = arena_new();
	cycle->trail.arena = arena_new();
	cycle->names = index_new(0);
	cycle->touched = index_new(0);
	cycle->directories = mem_new(input->source_count, sizeof(*cycle->directories));
	cycle->exchange = exchange_new(input->loop, input->gate,
	    input->patience_ms > 0 ? input->patience_ms : CYCLE_PATIENCE_MS);
	exchange_watch(cycle->exchange, on_step, cycle);
	cycle->tenant_total = -1;
	cycle->timer = loop_timer_new(input->loop, step, cycle);
	cycle->run = (struct run) {
		.kind = input->kind,
		.is_dry = cycle_is_dry(cycle),
		.started_ms = loop_wall_ms(input->loop),
		.exit_code = -1,
		.config_digest = input->config_digest,
		.who = input->who,
		.by = input->by,
		.plan_digest = input->review != NULL ? review_plan_digest(input->review)
						     : SPAN_NULL,
	};
	cycle_next(cycle, PHASE_START);
	return cycle;
}

void cycle_stop(struct cycle *cycle)
{
	cycle->is_stopping = true;
	exchange_cancel(cycle->exchange);
	if ((cycle->phase == PHASE_SCAN || cycle->phase == PHASE_LEAVERS) &&
	    cycle->directory_at < cycle->in.source_count)
		source_cancel(cycle->directories[cycle->directory_at].source);
}
