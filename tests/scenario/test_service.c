/* SPDX-License-Identifier: ISC */
/* Weeks of the service in a moment. */
#include "scenarios.h"

#include "sync/service.h"
#include <stdio.h>

struct watch {
	struct world *world;
	struct service *service;
	unsigned cycles[3]; /* by kind */
	unsigned down;      /* that ended because a peer was down */
	unsigned stopped;
	int64_t last_ms;                 /* start of the last cycle */
	int64_t due_ms;                  /* that the last one which failed announced for the next */
	unsigned off_time;               /* cycles that came at another time */
	int64_t shortest_ms, longest_ms; /* between two starts */
	char status[256];
};

static void on_status(void *context, const char *text)
{
	struct watch *watch = context;

	snprintf(watch->status, sizeof(watch->status), "%s", text);
}

static void on_cycle(void *context, const struct cycle_result *result)
{
	struct watch *watch = context;

	watch->down += result->exit == CYCLE_PEER_DOWN;
	assert_true((result->retry_after_ms > 0) == (result->exit == CYCLE_PEER_DOWN));
	if (result->exit == CYCLE_PEER_DOWN)
		watch->due_ms = loop_now_ms(watch->world->loop) + result->retry_after_ms;
	watch->world->exit = result->exit;
}

static void on_stopped(void *context)
{
	((struct watch *)context)->stopped++;
}

static void prepare(void *context, struct cycle_input *input)
{
	struct watch *watch = context;
	struct world *world = watch->world;
	int64_t now_ms = loop_now_ms(world->loop);

	if (watch->last_ms != 0) {
		int64_t passed_ms = now_ms - watch->last_ms;

		if (watch->shortest_ms == 0 || passed_ms < watch->shortest_ms)
			watch->shortest_ms = passed_ms;
		if (passed_ms > watch->longest_ms)
			watch->longest_ms = passed_ms;
	}
	watch->last_ms = now_ms;
	watch->off_time += watch->due_ms != 0 && watch->due_ms != now_ms;
	watch->due_ms = 0;
	watch->cycles[input->kind]++;
	input->sources = &world->source;
	input->source_count = 1;
	input->mapping = world->mapping;
	input->policy = &world->policy;
	input->reader = fake_tenant_reader(world->tenant);
	input->encoder = fake_tenant_encoder(world->tenant);
	input->writer = fake_tenant_writer(world->tenant);
	input->gate = &world->gate;
	input->index = &world->index;
}

static const struct schedule usual = {
	.delta_ms = TIME_MINUTE_MS, .full_ms = TIME_DAY_MS, .reconcile_ms = 7 * TIME_DAY_MS
};

static void start(struct watch *watch, struct world *world, const struct schedule *schedule)
{
	static const struct service_events events = { on_status, on_cycle, on_stopped, prepare };

	*watch = (struct watch) { .world = world };
	watch->service = service_new(world->loop, world->store, schedule, &events, watch);
	assert_int_equal(watch->cycles[CYCLE_RECONCILE], 0); /* not before it returned */
}

static void forget(struct watch *watch)
{
	for (size_t i = 0; i < COUNT_OF(watch->cycles); i++)
		watch->cycles[i] = 0;
	watch->down = 0;
	watch->shortest_ms = watch->longest_ms = 0;
}

static void stop(struct watch *watch)
{
	service_stop(watch->service);
	assert_int_equal(watch->stopped, 0);
	fake_loop_advance(watch->world->loop, TIME_MINUTE_MS);
	assert_int_equal(watch->stopped, 1);
	assert_false(service_is_busy(watch->service));
	service_free(&watch->service);
}

static void polls_by_the_schedule(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, 10 * TIME_MINUTE_MS + TIME_SECOND_MS);
	assert_int_equal(watch.cycles[CYCLE_RECONCILE], 1);
	assert_int_equal(watch.cycles[CYCLE_DELTA], 10);
	assert_int_equal(watch.cycles[CYCLE_FULL], 0);
	expect_writes(world, 3);
	assert_int_equal(count_runs(world), 1); /* quiet polls leave no row */
	assert_non_null(strstr(watch.status, "Idle; next delta cycle in"));
	stop(&watch);
}

static void a_change_is_seen_within_a_poll(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, TIME_HOUR_MS);
	fake_tenant_forget(world->tenant);
	given(world, 1, "sn", "Ray");
	pass(world, TIME_MINUTE_MS + TIME_SECOND_MS);
	expect_writes(world, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray []");
	stop(&watch);
}

static void scans_fully_each_day_and_reconciles_each_week(void **state)
{
	struct world *world = *state;
	const struct schedule hourly = {
		.delta_ms = TIME_HOUR_MS, .full_ms = TIME_DAY_MS, .reconcile_ms = 7 * TIME_DAY_MS
	};
	struct watch watch;

	given_people(world, 1, 3);
	start(&watch, world, &hourly);
	pass(world, 28 * TIME_DAY_MS + TIME_HOUR_MS / 2);
	/* A week has six full scans and one reconcile, which is a full scan too. */
	assert_in_range(watch.cycles[CYCLE_RECONCILE], 4, 5);
	assert_in_range(watch.cycles[CYCLE_FULL], 23, 24);
	assert_in_range(watch.shortest_ms, 1, TIME_HOUR_MS);
	assert_in_range(watch.longest_ms, TIME_HOUR_MS - TIME_SECOND_MS, TIME_HOUR_MS + 1000);
	expect_writes(world, 3);
	stop(&watch);
}

static void a_reconcile_of_the_schedule_restores_drift(void **state)
{
	struct world *world = *state;
	const struct schedule hourly = {
		.delta_ms = TIME_HOUR_MS, .full_ms = TIME_DAY_MS, .reconcile_ms = 7 * TIME_DAY_MS
	};
	struct watch watch;

	given_people(world, 1, 3);
	start(&watch, world, &hourly);
	pass(world, TIME_HOUR_MS);
	fake_tenant_set(world->tenant, "p1@x", "active", "false");
	pass(world, 7 * TIME_DAY_MS);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	stop(&watch);
}

static void backs_off_while_the_tenant_is_down_and_recovers(void **state)
{
	struct world *world = *state;
	struct watch watch;

	expect_log(world, "trying again in");
	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, TIME_HOUR_MS);
	forget(&watch);
	fake_tenant_forget(world->tenant);
	given(world, 1, "sn", "Ray");
	fake_tenant_fault(
	    world->tenant, &(struct fake_fault) { .kind = FAKE_REFUSED, .method = "OPEN" });
	pass(world, 6 * TIME_HOUR_MS);
	/* Between 7.5 and 15 minutes in the end, and each takes 12 s to give up. */
	assert_in_range(watch.down, 22, 50);
	assert_in_range(watch.longest_ms, 7 * TIME_MINUTE_MS, 16 * TIME_MINUTE_MS);
	assert_non_null(strstr(watch.status, "A peer is down"));
	assert_non_null(strstr(watch.status, "in a row); trying again in"));
	assert_int_equal(watch.off_time, 0);
	fake_tenant_heal(world->tenant);
	world->counted = "recovered";
	pass(world, 16 * TIME_MINUTE_MS);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray []");
	forget(&watch);
	pass(world, TIME_HOUR_MS);
	assert_in_range(watch.cycles[CYCLE_DELTA], 59, 61);
	assert_int_equal(world->count, 1);
	assert_non_null(strstr(watch.status, "Idle"));
	stop(&watch);
}

/* What the log promises is kept. */
static void says_when_it_tries_again(void **state)
{
	struct world *world = *state;
	struct watch watch;
	unsigned down;
	char at[TIME_TEXT_SIZE];
	int64_t wait_ms;

	expect_log(world, "trying again in");
	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, TIME_HOUR_MS);
	DIRECTORY(world)->is_down = true;
	world->counted = "trying again in";
	pass(world, TIME_HOUR_MS);
	assert_int_equal(world->count, watch.down);
	wait_ms = fake_loop_next_ms(world->loop);
	time_format(loop_wall_ms(world->loop) + wait_ms, false, at);
	assert_string_equal(strstr(world->line, ", at ") + strlen(", at "), at);
	down = watch.down;
	pass(world, wait_ms - 1);
	assert_int_equal(watch.down, down);
	pass(world, TIME_SECOND_MS);
	assert_int_equal(watch.down, down + 1);
	assert_non_null(strstr(world->line, "in a row, trying again in "));
	assert_non_null(strstr(watch.status, "trying again in "));
	DIRECTORY(world)->is_down = false;
	stop(&watch);
}

static void backs_off_while_the_directory_is_down(void **state)
{
	struct world *world = *state;
	struct watch watch;

	expect_log(world, "trying again in");
	DIRECTORY(world)->is_down = true;
	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, 3 * TIME_HOUR_MS);
	assert_in_range(watch.cycles[CYCLE_RECONCILE], 11, 40);
	assert_int_equal(watch.cycles[CYCLE_DELTA], 0);
	DIRECTORY(world)->is_down = false;
	pass(world, 16 * TIME_MINUTE_MS);
	expect_writes(world, 3);
	stop(&watch);
}

static void an_uncertified_scan_makes_nobody_hurry(void **state)
{
	struct world *world = *state;
	struct watch watch;

	expect_log(world, "is not certified");
	DIRECTORY(world)->missing_canary = "cn=always here";
	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, TIME_HOUR_MS);
	assert_in_range(watch.cycles[CYCLE_DELTA] + watch.cycles[CYCLE_RECONCILE], 55, 62);
	assert_in_range(watch.cycles[CYCLE_RECONCILE], 2, 5);
	expect_writes(world, 3);
	stop(&watch);
}

static void an_empty_directory_makes_nobody_hurry(void **state)
{
	struct world *world = *state;
	struct watch watch;

	start(&watch, world, &usual);
	pass(world, TIME_HOUR_MS);
	assert_in_range(watch.cycles[CYCLE_DELTA] + watch.cycles[CYCLE_RECONCILE], 55, 62);
	stop(&watch);
}

static void a_stop_ends_the_cycle_that_runs(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 40);
	gate_init(&world->gate, world->loop, &(struct gate_settings) { 1, 1, 4 });
	start(&watch, world, &usual);
	pass(world, 10 * TIME_SECOND_MS);
	assert_true(service_is_busy(watch.service));
	stop(&watch);
	assert_in_range(TENANT(world).writes, 1, 20);
	assert_int_equal(count_actions(world, ACTION_SENT), 0);
}

static void the_wall_clock_may_jump(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, TIME_HOUR_MS);
	fake_loop_jump_wall(world->loop, -30 * TIME_DAY_MS);
	forget(&watch);
	pass(world, TIME_HOUR_MS);
	assert_in_range(watch.cycles[CYCLE_DELTA], 58, 62);
	fake_loop_jump_wall(world->loop, 60 * TIME_DAY_MS);
	forget(&watch);
	pass(world, TIME_HOUR_MS);
	assert_in_range(watch.cycles[CYCLE_DELTA] + watch.cycles[CYCLE_RECONCILE], 58, 62);
	stop(&watch);
}

static void a_new_schedule_holds_at_once(void **state)
{
	struct world *world = *state;
	struct schedule slow = usual;
	struct watch watch;

	slow.delta_ms = TIME_HOUR_MS;
	given_people(world, 1, 3);
	start(&watch, world, &slow);
	pass(world, TIME_MINUTE_MS);
	forget(&watch);
	service_reschedule(watch.service, &usual);
	pass(world, 10 * TIME_MINUTE_MS);
	assert_in_range(watch.cycles[CYCLE_DELTA], 10, 12);
	stop(&watch);
}

/* ---- push ---- */

static const struct schedule pushed = { .delta_ms = TIME_HOUR_MS,
	.full_ms = 7 * TIME_DAY_MS,
	.reconcile_ms = 30 * TIME_DAY_MS,
	.push = true };

static void given_pushing(struct world *world, struct watch *watch)
{
	DIRECTORY(world)->tells_changes = DIRECTORY(world)->can_watch = true;
	given_people(world, 1, 5);
	start(watch, world, &pushed);
	pass(world, TIME_MINUTE_MS);
	assert_true(fake_source_is_watched(world->directory));
	fake_tenant_forget(world->tenant);
	forget_directory(world);
}

static void a_change_that_is_told_is_acted_on_within_a_second(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_pushing(world, &watch);
	given(world, 1, "sn", "Ray");
	pass(world, TIME_SECOND_MS);
	expect_writes(world, 1);
	assert_int_equal(counted(world).scans, 0);
	stop(&watch);
	assert_false(fake_source_is_watched(world->directory));
}

static void a_burst_is_gathered(void **state)
{
	struct world *world = *state;
	struct watch watch;
	char surname[16];

	given_pushing(world, &watch);
	for (unsigned i = 0; i < 15; i++) {
		snprintf(surname, sizeof(surname), "Ray%u", i);
		given(world, 1 + i % 5, "sn", surname);
		pass(world, 10);
	}
	pass(world, TIME_SECOND_MS);
	expect_writes(world, 5);
	assert_int_equal(counted(world).changes, 1);
	stop(&watch);
}

/* A stream of changes that never ends is not waited for. */
static void a_long_stream_is_acted_on_while_it_lasts(void **state)
{
	struct world *world = *state;
	struct watch watch;
	char surname[16];

	given_pushing(world, &watch);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(surname, sizeof(surname), "Ray%u", i);
		given(world, 1, "sn", surname);
		pass(world, 100);
	}
	assert_in_range(TENANT(world).writes, 15, 50);
	pass(world, TIME_SECOND_MS);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray99 []");
	stop(&watch);
}

static void a_lost_stream_falls_back_to_polling_and_comes_back(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_pushing(world, &watch);
	world->counted = "does not say when something changes";
	fake_source_lose_watch(world->directory);
	pass(world, TIME_SECOND_MS);
	assert_int_equal(world->count, 1);
	given(world, 1, "sn", "Ray");
	pass(world, TIME_MINUTE_MS);
	expect_writes(world, 0);
	pass(world, TIME_HOUR_MS);
	expect_writes(world, 1);
	assert_true(fake_source_is_watched(world->directory));
	given(world, 2, "sn", "Ray");
	pass(world, TIME_SECOND_MS);
	expect_writes(world, 2);
	stop(&watch);
}

/* A directory that can tell nothing is asked less and less often, and said so once. */
static void who_never_tells_is_asked_seldom(void **state)
{
	struct world *world = *state;
	struct schedule schedule = pushed;
	struct watch watch;

	schedule.delta_ms = TIME_MINUTE_MS;
	given_pushing(world, &watch);
	service_reschedule(watch.service, &schedule);
	pass(world, TIME_SECOND_MS);
	world->counted = "does not say when something changes";
	forget_directory(world);
	for (unsigned i = 0; i < 120; i++) {
		if (fake_source_is_watched(world->directory))
			fake_source_lose_watch(world->directory);
		pass(world, TIME_MINUTE_MS);
	}
	assert_int_equal(world->count, 1);
	assert_in_range(counted(world).watches, 3, 10);
	stop(&watch);
}

static void nobody_waits_where_push_is_off(void **state)
{
	struct world *world = *state;
	struct schedule schedule = pushed;
	struct watch watch;

	given_pushing(world, &watch);
	schedule.push = false;
	service_reschedule(watch.service, &schedule);
	pass(world, TIME_SECOND_MS);
	assert_false(fake_source_is_watched(world->directory));
	stop(&watch);
}

/* ---- who asks ---- */

struct asking {
	unsigned answers;
	enum cycle_kind kind;
	enum cycle_exit exit;
	bool is_stopped;
	char who[32], err[ERR_SIZE_BYTES];
};

static void on_answer(void *context, const struct cycle_result *result)
{
	struct asking *asking = context;

	asking->answers++;
	asking->kind = result->run.kind;
	asking->exit = result->exit;
	asking->is_stopped = result->is_stopped;
	snprintf(asking->who, sizeof(asking->who), "%.*s", SPAN_ARG(result->run.who));
	snprintf(asking->err, sizeof(asking->err), "%s", result->err.text);
}

static struct service_request *ask(
    struct watch *watch, enum cycle_kind kind, const char *who, struct asking *asking)
{
	*asking = (struct asking) { 0 };
	return service_ask(watch->service,
	    &(struct service_wish) { .has_kind = true, .kind = kind, .who = span_of(who) },
	    on_answer, asking);
}

static void what_is_asked_for_comes_at_once(void **state)
{
	struct world *world = *state;
	struct asking asking;
	struct watch watch;

	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, TIME_HOUR_MS);
	forget(&watch);
	given(world, 1, "sn", "Ray");
	ask(&watch, CYCLE_FULL, NULL, &asking);
	assert_int_equal(asking.answers, 0); /* not before it returned */
	pass(world, TIME_SECOND_MS);
	assert_int_equal(asking.answers, 1);
	assert_int_equal(asking.kind, CYCLE_FULL);
	assert_int_equal(asking.exit, CYCLE_DONE);
	assert_int_equal(watch.cycles[CYCLE_FULL], 1);
	forget(&watch);
	pass(world, 10 * TIME_MINUTE_MS + TIME_SECOND_MS);
	assert_int_equal(watch.cycles[CYCLE_DELTA], 10); /* the schedule goes on */
	stop(&watch);
}

/* A cycle that takes its time. */
static void given_slow(struct world *world, struct watch *watch)
{
	given_people(world, 1, 40);
	gate_init(&world->gate, world->loop, &(struct gate_settings) { 1, 1, 4 });
	start(watch, world, &usual);
	pass(world, 10 * TIME_SECOND_MS);
	assert_true(service_is_busy(watch->service));
	forget(watch);
}

static void a_cycle_that_runs_is_awaited_and_another_follows(void **state)
{
	struct world *world = *state;
	struct service_request *request;
	struct service_moment moment;
	struct asking asking;
	struct watch watch;

	given_slow(world, &watch);
	request = ask(&watch, CYCLE_RECONCILE, NULL, &asking);
	service_moment(watch.service, &moment);
	assert_true(moment.is_busy);
	assert_int_equal(moment.waiting, 1);
	assert_string_equal(moment.phase, "sending");
	assert_in_range(moment.done, 1, 39);
	assert_int_equal(moment.of, 40);
	assert_false(service_request_runs(request));
	pass(world, 2 * TIME_MINUTE_MS);
	assert_int_equal(asking.answers, 1);
	assert_int_equal(watch.cycles[CYCLE_RECONCILE], 1);
	service_moment(watch.service, &moment);
	assert_false(moment.is_busy);
	assert_int_equal(moment.waiting, 0);
	assert_int_equal(moment.next_ms > loop_wall_ms(world->loop), 1);
	assert_int_equal(moment.full_ms > moment.next_ms, 1);
	stop(&watch);
}

static void who_wants_the_same_shares_a_cycle(void **state)
{
	struct world *world = *state;
	struct asking first, second, other, left;
	struct service_request *request;
	struct watch watch;

	given_slow(world, &watch);
	ask(&watch, CYCLE_FULL, NULL, &first);
	ask(&watch, CYCLE_RECONCILE, NULL, &other);
	request = ask(&watch, CYCLE_FULL, NULL, &left);
	ask(&watch, CYCLE_FULL, NULL, &second);
	service_request_cancel(&request);
	assert_null(request);
	pass(world, 2 * TIME_MINUTE_MS);
	assert_int_equal(first.answers + second.answers + other.answers, 3);
	assert_int_equal(left.answers, 0);
	assert_int_equal(watch.cycles[CYCLE_FULL], 1);
	assert_int_equal(watch.cycles[CYCLE_RECONCILE], 1);
	assert_int_equal(other.kind, CYCLE_RECONCILE);
	stop(&watch);
}

static void one_person_is_no_cycle_of_all(void **state)
{
	struct world *world = *state;
	struct asking asking, unknown;
	struct watch watch;

	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, TIME_HOUR_MS);
	fake_tenant_forget(world->tenant);
	given(world, 1, "sn", "Ray");
	given(world, 2, "sn", "Roe");
	ask(&watch, CYCLE_FULL, "p1@x", &asking);
	ask(&watch, CYCLE_FULL, "nobody@x", &unknown);
	pass(world, TIME_SECOND_MS);
	assert_int_equal(asking.answers, 1);
	assert_string_equal(asking.who, "p1@x");
	assert_int_equal(asking.exit, CYCLE_DONE);
	assert_int_equal(TENANT(world).writes, 1);
	assert_int_equal(unknown.exit, CYCLE_FAILED);
	assert_non_null(strstr(unknown.err, "nobody is known as"));
	pass(world, TIME_MINUTE_MS);
	assert_int_equal(TENANT(world).writes, 2); /* the next delta has the other */
	stop(&watch);
}

static void who_asks_does_not_wait_for_a_peer_to_come_back(void **state)
{
	struct world *world = *state;
	struct asking asking;
	struct watch watch;
	int64_t due_ms;

	expect_log(world, "trying again in");
	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, TIME_MINUTE_MS);
	DIRECTORY(world)->is_down = true;
	pass(world, 20 * TIME_MINUTE_MS);
	assert_true(watch.down > 2);
	due_ms = watch.due_ms;
	ask(&watch, CYCLE_DELTA, "p1@x", &asking);
	pass(world, TIME_SECOND_MS);
	assert_int_equal(asking.exit, CYCLE_PEER_DOWN);
	watch.due_ms = due_ms;
	watch.off_time = 0;
	pass(world, 20 * TIME_MINUTE_MS);
	assert_int_equal(watch.off_time, 0); /* it was not put off */
	DIRECTORY(world)->is_down = false;
	ask(&watch, CYCLE_DELTA, NULL, &asking);
	pass(world, TIME_SECOND_MS);
	assert_int_equal(asking.exit, CYCLE_DONE);
	stop(&watch);
}

static void a_stop_answers_who_waits(void **state)
{
	struct world *world = *state;
	struct asking asking, running;
	struct watch watch;

	given_slow(world, &watch);
	ask(&watch, CYCLE_FULL, NULL, &running);
	pass(world, TIME_MINUTE_MS - 25 * TIME_SECOND_MS);
	ask(&watch, CYCLE_RECONCILE, NULL, &asking);
	stop(&watch);
	assert_int_equal(asking.answers, 1);
	assert_true(asking.is_stopped);
	assert_int_equal(asking.exit, CYCLE_FAILED);
	assert_string_equal(asking.err, "the service is stopping; it did not come to this");
	assert_int_equal(running.answers, 1);
}

static void a_decision_is_acted_on_soon(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 3);
	start(&watch, world, &usual);
	pass(world, TIME_HOUR_MS + 30 * TIME_SECOND_MS);
	forget(&watch);
	service_hurry(watch.service);
	pass(world, TIME_SECOND_MS);
	assert_int_equal(watch.cycles[CYCLE_DELTA], 1);
	stop(&watch);
}

const struct CMUnitTest service_scenarios[] = {
	SCENARIO(what_is_asked_for_comes_at_once),
	SCENARIO(a_cycle_that_runs_is_awaited_and_another_follows),
	SCENARIO(who_wants_the_same_shares_a_cycle),
	SCENARIO(one_person_is_no_cycle_of_all),
	SCENARIO(who_asks_does_not_wait_for_a_peer_to_come_back),
	SCENARIO(a_stop_answers_who_waits),
	SCENARIO(a_decision_is_acted_on_soon),
	SCENARIO(polls_by_the_schedule),
	SCENARIO(a_change_is_seen_within_a_poll),
	SCENARIO(scans_fully_each_day_and_reconciles_each_week),
	SCENARIO(a_reconcile_of_the_schedule_restores_drift),
	SCENARIO(backs_off_while_the_tenant_is_down_and_recovers),
	SCENARIO(says_when_it_tries_again),
	SCENARIO(backs_off_while_the_directory_is_down),
	SCENARIO(an_uncertified_scan_makes_nobody_hurry),
	SCENARIO(an_empty_directory_makes_nobody_hurry),
	SCENARIO(a_stop_ends_the_cycle_that_runs),
	SCENARIO(the_wall_clock_may_jump),
	SCENARIO(a_new_schedule_holds_at_once),
	SCENARIO(a_change_that_is_told_is_acted_on_within_a_second),
	SCENARIO(a_burst_is_gathered),
	SCENARIO(a_long_stream_is_acted_on_while_it_lasts),
	SCENARIO(a_lost_stream_falls_back_to_polling_and_comes_back),
	SCENARIO(who_never_tells_is_asked_seldom),
	SCENARIO(nobody_waits_where_push_is_off),
};
const size_t service_scenario_count = COUNT_OF(service_scenarios);
