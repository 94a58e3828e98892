/* SPDX-License-Identifier: ISC */
/* Accounts that expire or begin while the directory reports nothing. */
#include "scenarios.h"

#include "base/arena.h"
#include "sync/service.h"
#include <stdio.h>

struct watch {
	struct world *world;
	struct service *service;
	unsigned cycles[3]; /* by kind */
	unsigned only_turns;
	int64_t last_ms; /* wall time of the last cycle's start */
};

static void on_status(void *context, const char *text)
{
	(void)context, (void)text;
}

static void on_cycle(void *context, const struct cycle_result *result)
{
	((struct watch *)context)->world->exit = result->exit;
}

static void on_stopped(void *context)
{
	(void)context;
}

static void prepare(void *context, struct cycle_input *input)
{
	struct watch *watch = context;
	struct world *world = watch->world;

	watch->cycles[input->kind]++;
	watch->only_turns += input->only_turns;
	watch->last_ms = loop_wall_ms(world->loop);
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

/* No polls: whatever happens between the daily scans happens because of the time. */
static const struct schedule daily = { .full_ms = TIME_DAY_MS, .reconcile_ms = 7 * TIME_DAY_MS };

static void start(struct watch *watch, struct world *world)
{
	static const struct service_events events = { on_status, on_cycle, on_stopped, prepare };

	*watch = (struct watch) { .world = world };
	watch->service = service_new(world->loop, world->store, &daily, &events, watch);
}

static void stop(struct watch *watch)
{
	service_stop(watch->service);
	fake_loop_advance(watch->world->loop, TIME_MINUTE_MS);
	service_free(&watch->service);
}

static int64_t in(struct world *world, int64_t ms)
{
	return loop_wall_ms(world->loop) + ms;
}

static void given_time(struct world *world, unsigned person, int64_t from_ms, int64_t until_ms)
{
	fake_source_time(world->directory, person, from_ms, until_ms);
}

static void an_account_is_closed_when_it_expires(void **state)
{
	struct world *world = *state;
	struct watch watch;
	int64_t end_ms = in(world, 3 * TIME_HOUR_MS + 1234);

	given_people(world, 1, 3);
	given_time(world, 2, 0, end_ms);
	start(&watch, world);
	pass(world, 3 * TIME_HOUR_MS);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 []");
	assert_int_equal(watch.cycles[CYCLE_RECONCILE] + watch.cycles[CYCLE_DELTA], 1);
	pass(world, 2 * TIME_SECOND_MS);
	assert_int_equal(watch.last_ms, end_ms);
	assert_int_equal(watch.only_turns, 1);
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 []");
	expect_action(world, 2, ACTION_DEACTIVATE, ACTION_DONE, REASON_EXPIRED, NULL);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	pass(world, TIME_HOUR_MS);
	assert_int_equal(watch.only_turns, 1);
	assert_int_equal(fake_source_counts(world->directory).scans, 1);
	stop(&watch);
}

static void an_account_is_made_when_it_begins_and_closed_when_it_ends(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 2);
	given_time(world, 2, in(world, TIME_HOUR_MS), in(world, 2 * TIME_HOUR_MS));
	start(&watch, world);
	pass(world, TIME_HOUR_MS - TIME_SECOND_MS);
	expect_writes(world, 1);
	assert_false(is_linked(world, 2));
	pass(world, 2 * TIME_SECOND_MS);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 []");
	pass(world, TIME_HOUR_MS);
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 []");
	assert_int_equal(watch.only_turns, 2);
	stop(&watch);
}

static void a_contract_that_was_prolonged_goes_on(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 2);
	given_time(world, 2, 0, in(world, TIME_HOUR_MS));
	start(&watch, world);
	pass(world, TIME_MINUTE_MS);
	given_time(world, 2, 0, in(world, 5 * TIME_HOUR_MS));
	pass(world, 2 * TIME_HOUR_MS);
	assert_int_equal(watch.only_turns, 1);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 []");
	pass(world, 4 * TIME_HOUR_MS);
	assert_int_equal(watch.only_turns, 2);
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 []");
	stop(&watch);
}

static void who_left_otherwise_is_left_to_the_scan(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 4);
	for (unsigned person = 1; person <= 3; person++)
		given_time(world, person, 0, in(world, TIME_HOUR_MS));
	start(&watch, world);
	pass(world, TIME_MINUTE_MS);
	fake_source_remove(world->directory, 1);
	fake_source_place(world->directory, 2, FAKE_OUT_OF_BASE);
	fake_source_place(world->directory, 3, FAKE_UNREADABLE);
	fake_tenant_forget(world->tenant);
	pass(world, TIME_HOUR_MS);
	assert_int_equal(watch.only_turns, 1);
	expect_writes(world, 0);
	fake_source_place(world->directory, 3, FAKE_IN_SCOPE);
	pass(world, TIME_HOUR_MS);
	expect_account(world, 3, "p3@x ext=1003 inactive Given3 Family3 []");
	expect_writes(world, 1);
	assert_int_equal(watch.only_turns, 2);
	stop(&watch);
}

static void a_directory_that_is_down_then_only_delays_it(void **state)
{
	struct world *world = *state;
	struct watch watch;

	DIRECTORY(world)->tells_changes = true; /* so that no cycle looks at everybody */
	expect_log(world, "trying again in");
	given_people(world, 1, 2);
	given_time(world, 2, 0, in(world, TIME_HOUR_MS));
	start(&watch, world);
	pass(world, TIME_MINUTE_MS);
	DIRECTORY(world)->is_down = true;
	pass(world, 2 * TIME_HOUR_MS);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 []");
	DIRECTORY(world)->is_down = false;
	pass(world, 16 * TIME_MINUTE_MS);
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 []");
	stop(&watch);
}

static void a_tenant_that_is_down_then_only_delays_it(void **state)
{
	struct world *world = *state;
	struct watch watch;

	DIRECTORY(world)->tells_changes = true; /* so that no cycle looks at everybody */
	expect_log(world, "trying again in");
	given_people(world, 1, 2);
	given_time(world, 2, 0, in(world, TIME_HOUR_MS));
	start(&watch, world);
	pass(world, TIME_MINUTE_MS);
	fake_tenant_fault(
	    world->tenant, &(struct fake_fault) { .kind = FAKE_REFUSED, .method = "OPEN" });
	pass(world, 2 * TIME_HOUR_MS);
	fake_tenant_heal(world->tenant);
	pass(world, 16 * TIME_MINUTE_MS);
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 []");
	stop(&watch);
}

static void many_at_once_take_one_scan(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 60);
	for (unsigned person = 1; person <= 30; person++)
		given_time(world, person, 0, in(world, TIME_HOUR_MS));
	start(&watch, world);
	pass(world, TIME_HOUR_MS + 10 * TIME_SECOND_MS);
	assert_int_equal(watch.only_turns, 0);
	assert_int_equal(watch.cycles[CYCLE_FULL], 1);
	assert_int_equal(fake_source_counts(world->directory).look_ups, 0);
	assert_int_equal(count_holds(world) > 0 || watch.world->exit == CYCLE_DONE, 1);
	pass(world, TIME_HOUR_MS);
	assert_int_equal(watch.cycles[CYCLE_FULL], 1);
	stop(&watch);
}

static void many_at_once_come_again_when_the_tenant_is_back(void **state)
{
	struct world *world = *state;
	struct watch watch;

	expect_log(world, "trying again in");
	world->policy.deactivations = (struct policy_limit) { 0 };
	DIRECTORY(world)->tells_changes = true;
	given_people(world, 1, 60);
	for (unsigned person = 1; person <= 30; person++)
		given_time(world, person, 0, in(world, TIME_HOUR_MS));
	start(&watch, world);
	pass(world, TIME_MINUTE_MS);
	fake_tenant_fault(
	    world->tenant, &(struct fake_fault) { .kind = FAKE_REFUSED, .method = "OPEN" });
	pass(world, 2 * TIME_HOUR_MS);
	fake_tenant_heal(world->tenant);
	fake_tenant_forget(world->tenant);
	pass(world, 20 * TIME_MINUTE_MS);
	expect_writes(world, 30);
	stop(&watch);
}

/* Wants the state to know, or not to know, when a person turns. */
static void expect_kept(struct world *world, unsigned person, bool is_kept)
{
	struct arena *arena = arena_new();
	struct uuid key = fake_key(person);
	char text[UUID_TEXT_SIZE];
	struct span kept;

	uuid_format(&key, text);
	assert_int_equal(store_meta_get(world->store, "turns", arena, &kept, NULL), STATUS_OK);
	assert_non_null(kept.at);
	assert_int_equal(strstr(kept.at, text) != NULL, is_kept);
	arena_free(&arena);
}

static void a_restart_knows_who_turns(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 2);
	given_time(world, 2, 0, in(world, TIME_HOUR_MS));
	start(&watch, world);
	pass(world, TIME_MINUTE_MS);
	expect_kept(world, 2, true);
	expect_kept(world, 1, false);
	stop(&watch);
	die_and_restart(world);
	/* The scan at the start is cut short, so that only the state can know. */
	expect_log(world, "is not certified");
	DIRECTORY(world)->shows_nothing = true;
	start(&watch, world);
	pass(world, TIME_HOUR_MS);
	assert_int_equal(watch.only_turns, 1);
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 []");
	expect_kept(world, 2, false);
	stop(&watch);
}

static void on_answer(void *context, const struct cycle_result *result)
{
	*(enum cycle_exit *)context = result->exit;
}

static enum cycle_exit ask_for(struct watch *watch, const char *who)
{
	enum cycle_exit exit = CYCLE_DONE;

	service_ask(watch->service,
	    &(struct service_wish) { .has_kind = true, .kind = CYCLE_FULL, .who = span_of(who) },
	    on_answer, &exit);
	pass(watch->world, 30 * TIME_SECOND_MS);
	return exit;
}

/* A look at one person that came to nothing says nothing about when others turn. */
static void one_person_in_vain_brings_no_scan_of_all(void **state)
{
	struct world *world = *state;
	struct watch watch;

	given_people(world, 1, 3);
	start(&watch, world);
	pass(world, TIME_HOUR_MS);
	DIRECTORY(world)->is_down = true;
	assert_int_equal(ask_for(&watch, "p1@x"), CYCLE_PEER_DOWN);
	DIRECTORY(world)->is_down = false;
	given(world, 1, "sn", "Ray");
	fake_tenant_fault(
	    world->tenant, &(struct fake_fault) { .kind = FAKE_REFUSED, .method = "OPEN" });
	assert_int_equal(ask_for(&watch, "p1@x"), CYCLE_PEER_DOWN);
	fake_tenant_heal(world->tenant);
	pass(world, 10 * TIME_MINUTE_MS);
	assert_int_equal(watch.only_turns, 1); /* who was asked for is looked at again */
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray []");
	assert_int_equal(fake_source_counts(world->directory).scans, 1);
	stop(&watch);
}

const struct CMUnitTest turns_scenarios[] = {
	SCENARIO(an_account_is_closed_when_it_expires),
	SCENARIO(an_account_is_made_when_it_begins_and_closed_when_it_ends),
	SCENARIO(a_contract_that_was_prolonged_goes_on),
	SCENARIO(who_left_otherwise_is_left_to_the_scan),
	SCENARIO(a_directory_that_is_down_then_only_delays_it),
	SCENARIO(a_tenant_that_is_down_then_only_delays_it),
	SCENARIO(many_at_once_take_one_scan),
	SCENARIO(many_at_once_come_again_when_the_tenant_is_back),
	SCENARIO(a_restart_knows_who_turns),
	SCENARIO(one_person_in_vain_brings_no_scan_of_all),
};
const size_t turns_scenario_count = COUNT_OF(turns_scenarios);
