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

struct service_request {
	struct service *service;
	struct service_request *next;
	enum cycle_kind kind;
	char *who, *by; /* owned; NULL: everybody; not said */
	cycle_callback *callback;
	void *context;
	bool is_running; /* its cycle is the one under way */
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
	struct service_request *requests; /* in the order in which they came */
	char *who, *by;                   /* owned; of the cycle under way */
	int64_t next_ms;                  /* wall time of the next cycle */
	int64_t planned_ms;               /* likewise, as the schedule has it */
	int64_t full_ms, reconcile_ms;    /* when these are due; 0: never */
	int64_t started_ms;               /* of the one under way */
	char phase[48];                   /* likewise: where it is */
	uint64_t done, of;
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

static void start_in(struct service *service, int64_t wait_ms)
{
	service->next_ms = loop_wall_ms(service->loop) + wait_ms;
	loop_timer_start(service->timer, wait_ms);
}

static void note_due(struct service *service, const struct schedule_history *history)
{
	int64_t now_ms = loop_wall_ms(service->loop);
	struct schedule_due due = schedule_due(&service->schedule, history, now_ms);

	service->full_ms = due.full_ms < 0 ? 0 : now_ms + due.full_ms;
	service->reconcile_ms = due.reconcile_ms < 0 ? 0 : now_ms + due.reconcile_ms;
}

/* @return how long until then */
static int64_t plan_next(struct service *service)
{
	struct schedule_history history = history_of(service);
	struct schedule_next next = schedule_decide(&service->schedule, &history,
	    loop_wall_ms(service->loop), (unsigned)loop_random(service->loop, 1000));

	note_due(service, &history);
	/* Whoever asks for one person does not put off the next try of all. */
	if (service->who != NULL && service->failures > 0)
		next.wait_ms = service->planned_ms - loop_wall_ms(service->loop);
	service->kind = next.kind;
	service->only_turns = next.only_turns;
	service->planned_ms = loop_wall_ms(service->loop) + next.wait_ms;
	if (next.wait_ms > 0)
		tell(service, &next);
	start_in(service, next.wait_ms);
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
	start_in(service, GATHER_MS);
}

void service_hurry(struct service *service)
{
	if (service->is_hurrying)
		return; /* a stream of changes does not put it off */
	service->is_woken = true;
	hurry(service);
}

static void on_change(void *context)
{
	service_hurry(context);
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

	if (result->run.who.at != NULL) /* whoever asked is told the rest, which may name people */
		log_notice("%s cycle for one person ended: exit %d", kind, (int)result->exit);
	else if (result->exit == CYCLE_PEER_DOWN)
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
	/* One person says nothing about the next cycle of all. */
	if (result->run.who.at != NULL)
		return;
	if (result->exit == CYCLE_PEER_DOWN || result->exit == CYCLE_STATE_FAILED) {
		service->failures++;
		return;
	}
	if (service->failures > 0)
		log_notice("recovered after %u failed cycles", service->failures);
	service->failures = 0;
}

/* ---- who asks for a cycle ---- */

static void take_out(struct service_request *request)
{
	struct service_request **place = &request->service->requests;

	while (*place != request)
		place = &(*place)->next;
	*place = request->next;
}

static void request_free(struct service_request *request)
{
	free(request->who);
	free(request->by);
	free(request);
}

/* @return NULL: nobody of that kind */
static struct service_request *find_request(const struct service *service, bool is_running)
{
	struct service_request *request = service->requests;

	while (request != NULL && request->is_running != is_running)
		request = request->next;
	return request;
}

/* Those whose cycle has ended, or all when none will come. */
static void answer_requests(
    struct service *service, bool is_running, const struct cycle_result *result)
{
	struct service_request *request;

	while ((request = find_request(service, is_running)) != NULL) {
		take_out(request);
		request->callback(request->context, result);
		request_free(request);
	}
}

static void answer_stopped(struct service *service)
{
	struct cycle_result result = { .exit = CYCLE_FAILED, .is_stopped = true };

	err_set(&result.err, "the service is stopping; it did not come to this");
	answer_requests(service, false, &result);
}

/* What is asked for goes before what is due; others who want the same need no cycle of their own.
 */
static void take_request(struct service *service)
{
	struct service_request *first = find_request(service, false);

	free(service->who);
	free(service->by);
	service->who = service->by = NULL;
	if (first == NULL)
		return;
	service->kind = first->kind;
	service->only_turns = false;
	service->who = mem_strdup(first->who);
	service->by = mem_strdup(first->by);
	for (struct service_request *request = first; request != NULL; request = request->next)
		request->is_running =
		    request == first ||
		    (request->kind == first->kind && request->who == NULL && first->who == NULL);
}

static void run_requests(struct service *service)
{
	if (!service->is_stopping && service->cycle == NULL && find_request(service, false) != NULL)
		start_in(service, 0);
}

static enum cycle_kind kind_of(struct service *service, const struct service_wish *wish)
{
	uint64_t links = 0;

	if (wish->has_kind)
		return wish->kind;
	if (store_link_count(service->store, &links, NULL) == STATUS_OK && links == 0)
		return CYCLE_RECONCILE;
	return CYCLE_FULL;
}

struct service_request *service_ask(struct service *service, const struct service_wish *wish,
    cycle_callback *callback, void *context)
{
	struct service_request *request = mem_new(1, sizeof(*request));
	struct service_request **last = &service->requests;

	*request = (struct service_request) { .service = service,
		.kind = kind_of(service, wish),
		.who = wish->who.at != NULL ? span_dup_c(wish->who) : NULL,
		.by = wish->by.at != NULL ? span_dup_c(wish->by) : NULL,
		.callback = callback,
		.context = context };
	while (*last != NULL)
		last = &(*last)->next;
	*last = request;
	run_requests(service);
	return request;
}

void service_request_cancel(struct service_request **request)
{
	if (*request == NULL)
		return;
	take_out(*request);
	request_free(*request);
	*request = NULL;
}

bool service_request_runs(const struct service_request *request)
{
	return request->is_running;
}

/* ---- cycles ---- */

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
	answer_requests(service, true, &told);
	service->events->on_cycle(service->context, &told);
	/* It may have been stopped by who was told. */
	if (service->is_stopping)
		loop_timer_start(service->timer, 0);
	else
		hurry(service);
	run_requests(service);
}

static void on_progress(void *context, const char *phase, uint64_t done, uint64_t of)
{
	struct service *service = context;

	snprintf(service->phase, sizeof(service->phase), "%s", phase);
	service->done = done;
	service->of = of;
}

/* Looking at one person does not do what a change, or the schedule, asked for. */
static void note_start(struct service *service)
{
	bool is_partial = service->who != NULL;

	service->started_ms = loop_wall_ms(service->loop);
	service->phase[0] = '\0';
	service->done = service->of = 0;
	if (service->kind != CYCLE_DELTA && !is_partial)
		service->last_thorough_ms = service->started_ms;
	service->is_woken = is_partial && (service->is_woken || service->is_hurrying);
	service->is_hurrying = false;
}

static void tell_start(struct service *service)
{
	char text[64];

	snprintf(text, sizeof(text), "Running a %s cycle%s", cycle_kind_name(service->kind),
	    service->who != NULL ? " for one person" : "");
	service->events->on_status(service->context, text);
}

static void on_timer(void *context)
{
	struct service *service = context;
	struct cycle_input input = { .loop = service->loop,
		.store = service->store,
		.turns = &service->turns,
		.on_progress = on_progress,
		.progress_context = service };

	if (service->is_stopping) {
		answer_stopped(service);
		service->events->on_stopped(service->context);
		return;
	}
	take_request(service);
	input.kind = service->kind;
	input.only_turns = service->only_turns;
	input.who = span_of(service->who);
	input.by = span_of(service->by);
	note_start(service);
	tell_start(service);
	service->events->prepare(service->context, &input);
	service->sources = input.sources;
	service->source_count = input.source_count;
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
	start_in(service, 0);
	return service;
}

void service_free(struct service **service)
{
	if (*service == NULL)
		return;
	while ((*service)->requests != NULL) {
		struct service_request *request = (*service)->requests;

		service_request_cancel(&request);
	}
	free((*service)->who);
	free((*service)->by);
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

void service_moment(const struct service *service, struct service_moment *ret_moment)
{
	*ret_moment = (struct service_moment) { .is_busy = service->cycle != NULL,
		.kind = service->kind,
		.is_partial = service->only_turns,
		.next_ms = service->next_ms,
		.full_ms = service->full_ms,
		.reconcile_ms = service->reconcile_ms,
		.failures = service->failures,
		.watched = service_watched(service),
		.phase = "" };
	for (const struct service_request *request = service->requests; request != NULL;
	     request = request->next)
		ret_moment->waiting += !request->is_running;
	if (service->cycle == NULL)
		return;
	ret_moment->is_partial |= service->who != NULL;
	ret_moment->next_ms = 0;
	ret_moment->started_ms = service->started_ms;
	ret_moment->phase = service->phase;
	ret_moment->done = service->done;
	ret_moment->of = service->of;
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
	start_in(service, 0);
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
