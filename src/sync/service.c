/* SPDX-License-Identifier: ISC */
/* The service.  All it remembers between cycles is in the state database. */
#include "sync/service.h"

#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include "sync/watching.h"
#include <stdio.h>
#include <stdlib.h>

enum {
	TURNS_TOGETHER_MS = 1000,
	GATHER_MS = 200, /* what changes in a burst is looked at together */
};

struct service {
	struct loop *loop;
	struct store *store;
	struct schedule schedule;
	const struct service_events *events;
	void *context;
	struct loop_timer *timer;
	struct cycle *cycle;
	enum cycle_kind kind;
	bool only_turns;
	struct turns *turns; /* NULL until the first cycle */
	unsigned failures;
	int64_t last_thorough_ms; /* wall time of the last full or reconcile of this process */
	bool is_stopping;
	struct watching *watching;
	struct source *const *sources; /* of the last cycle */
	size_t source_count;
	bool is_woken;    /* a directory said that something changed */
	bool is_hurrying; /* the timer runs for that */
	struct arena *arena;
};

static int64_t read_time(struct service *service, const char *name)
{
	struct span text;
	int64_t at_ms = 0;

	if (store_meta_get(service->store, name, service->arena, &text, NULL) != STATUS_OK ||
	    text.at == NULL)
		return 0;
	return time_parse_iso(text, &at_ms) ? at_ms : 0;
}

static void note_turns(struct service *service, struct schedule_history *history)
{
	if (service->turns == NULL)
		return;
	history->next_turn_ms = turns_next_ms(service->turns);
	history->horizon_ms = turns_horizon_ms(service->turns);
	history->has_many_due = turns_due(service->turns, history->next_turn_ms + TURNS_TOGETHER_MS,
				    NULL, 0) > TURNS_LOOKED_UP_MAX;
}

static struct schedule_history history_of(struct service *service)
{
	struct schedule_history history = { .failures = service->failures,
		.last_thorough_ms = service->last_thorough_ms };
	uint64_t links = 0;

	arena_reset(service->arena);
	history.last_ms = service->failures > 0 ? loop_wall_ms(service->loop)
						: read_time(service, "last_cycle");
	history.last_full_ms = read_time(service, "last_full_cycle");
	history.last_reconcile_ms = read_time(service, "last_reconcile_cycle");
	history.is_empty = store_link_count(service->store, &links, NULL) == STATUS_OK &&
			   links == 0 && history.last_reconcile_ms == 0;
	note_turns(service, &history);
	return history;
}

static void tell(struct service *service, const struct schedule_next *next)
{
	char wait[TIME_TEXT_SIZE], text[128];

	duration_format(next->wait_ms, wait);
	if (service->failures > 0)
		snprintf(text, sizeof(text), "A peer is down (%u in a row); trying again in %s",
		    service->failures, wait);
	else if (next->only_turns)
		snprintf(text, sizeof(text), "Idle; an account expires or begins in %s", wait);
	else
		snprintf(text, sizeof(text), "Idle; next %s cycle in %s",
		    cycle_kind_name(next->kind), wait);
	service->events->on_status(service->context, text);
}

/* @return how long until then */
static int64_t plan_next(struct service *service)
{
	struct schedule_history history = history_of(service);
	struct schedule_next next = schedule_decide(&service->schedule, &history,
	    loop_wall_ms(service->loop), (unsigned)loop_random(service->loop, 1000));

	service->kind = next.kind;
	service->only_turns = next.only_turns;
	if (next.wait_ms > 0)
		tell(service, &next);
	loop_timer_start(service->timer, next.wait_ms);
	return next.wait_ms;
}

/* ---- push ---- */

/* The next cycle comes soon, whatever kind is due then. */
static void hurry(struct service *service)
{
	if (!service->is_woken || service->is_stopping || service->cycle != NULL ||
	    service->failures > 0)
		return;
	service->is_woken = false;
	service->is_hurrying = true;
	service->only_turns = false;
	loop_timer_start(service->timer, GATHER_MS);
}

static void on_change(void *context)
{
	struct service *service = context;

	if (service->is_hurrying)
		return; /* a stream of changes does not put it off */
	service->is_woken = true;
	hurry(service);
}

static void watch(struct service *service, const struct cycle_result *result)
{
	if (!service->schedule.push || service->is_stopping)
		watching_stop(service->watching);
	else if (result->tells_changes && result->exit != CYCLE_PEER_DOWN)
		watching_start(service->watching, service->sources, service->source_count);
}

void service_forget_sources(struct service *service)
{
	watching_stop(service->watching);
	service->source_count = 0;
}

static void log_down(
    const struct service *service, const struct cycle_result *result, int64_t wait_ms)
{
	const char *kind = cycle_kind_name(result->run.kind);
	char wait[TIME_TEXT_SIZE], at[TIME_TEXT_SIZE];

	if (service->is_stopping) {
		log_warning("%s cycle ended: %s; stopping", kind, result->err.text);
		return;
	}
	duration_format(wait_ms, wait);
	time_format(loop_wall_ms(service->loop) + wait_ms, false, at);
	log_warning("%s cycle ended: %s; %u in a row, trying again in %s, at %s", kind,
	    result->err.text, service->failures, wait, at);
}

static void log_end(
    const struct service *service, const struct cycle_result *result, int64_t wait_ms)
{
	const struct plan_summary *summary = &result->run.summary;
	const char *kind = cycle_kind_name(result->run.kind);

	if (result->exit == CYCLE_PEER_DOWN)
		log_down(service, result, wait_ms);
	else if (result->is_stopped)
		log_notice("%s cycle %s", kind, result->err.text);
	else if (result->exit == CYCLE_STATE_FAILED || result->exit == CYCLE_FAILED)
		log_error("%s cycle failed: %s", kind, result->err.text);
	else if (result->run.id != 0)
		log_info("run %lld: %s of %llu entries: %llu done, %llu failed, %llu held, %llu "
			 "rejected, %llu conflicts, %llu unchanged",
		    (long long)result->run.id, kind, (unsigned long long)result->entries,
		    (unsigned long long)summary->done, (unsigned long long)summary->failed,
		    (unsigned long long)summary->held, (unsigned long long)summary->rejected,
		    (unsigned long long)summary->conflict, (unsigned long long)summary->unchanged);
	else
		log_debug(
		    "%s: %llu entries, nothing to do", kind, (unsigned long long)result->entries);
}

static void count_failures(struct service *service, const struct cycle_result *result)
{
	if (result->exit == CYCLE_PEER_DOWN || result->exit == CYCLE_STATE_FAILED) {
		service->failures++;
		return;
	}
	if (service->failures > 0)
		log_notice("recovered after %u failed cycles", service->failures);
	service->failures = 0;
}

static void on_cycle_done(void *context, const struct cycle_result *result)
{
	struct service *service = context;
	struct cycle_result told = *result;
	int64_t wait_ms = 0;

	service->cycle = NULL;
	count_failures(service, result);
	if (!service->is_stopping)
		wait_ms = plan_next(service);
	log_end(service, result, wait_ms);
	told.retry_after_ms = result->exit == CYCLE_PEER_DOWN ? wait_ms : 0;
	watch(service, result);
	service->events->on_cycle(service->context, &told);
	/* It may have been stopped by who was told. */
	if (service->is_stopping)
		loop_timer_start(service->timer, 0);
	else
		hurry(service);
}

static void on_timer(void *context)
{
	struct service *service = context;
	struct cycle_input input = { .loop = service->loop,
		.store = service->store,
		.kind = service->kind,
		.turns = &service->turns,
		.only_turns = service->only_turns };
	char text[64];

	if (service->is_stopping) {
		service->events->on_stopped(service->context);
		return;
	}
	if (service->kind != CYCLE_DELTA)
		service->last_thorough_ms = loop_wall_ms(service->loop);
	snprintf(text, sizeof(text), "Running a %s cycle", cycle_kind_name(service->kind));
	service->events->on_status(service->context, text);
	service->events->prepare(service->context, &input);
	service->sources = input.sources;
	service->source_count = input.source_count;
	service->is_woken = service->is_hurrying = false;
	service->cycle = cycle_start(&input, on_cycle_done, service);
}

struct service *service_new(struct loop *loop, struct store *store, const struct schedule *schedule,
    const struct service_events *events, void *context)
{
	struct service *service = mem_new(1, sizeof(*service));

	service->loop = loop;
	service->store = store;
	service->schedule = *schedule;
	service->events = events;
	service->context = context;
	service->arena = arena_new();
	service->watching = watching_new(loop, on_change, service);
	service->timer = loop_timer_new(loop, on_timer, service);
	plan_next(service);
	/* Whoever starts the service wants to see it work. */
	loop_timer_start(service->timer, 0);
	return service;
}

void service_free(struct service **service)
{
	if (*service == NULL)
		return;
	watching_free(&(*service)->watching);
	loop_timer_free(&(*service)->timer);
	turns_free(&(*service)->turns);
	arena_free(&(*service)->arena);
	free(*service);
	*service = NULL;
}

bool service_is_busy(const struct service *service)
{
	return service->cycle != NULL;
}

size_t service_watched(const struct service *service)
{
	return watching_count(service->watching);
}

void service_reschedule(struct service *service, const struct schedule *schedule)
{
	service->schedule = *schedule;
	if (service->cycle != NULL || service->is_stopping)
		return;
	service->failures = 0;
	plan_next(service);
	loop_timer_start(service->timer, 0);
}

void service_stop(struct service *service)
{
	service->is_stopping = true;
	watching_stop(service->watching);
	service->events->on_status(service->context, "Stopping; waiting for requests in flight");
	if (service->cycle != NULL)
		cycle_stop(service->cycle);
	else
		loop_timer_start(service->timer, 0);
}
