/* SPDX-License-Identifier: ISC */
/* How fast, and how many at once. */
#include "scenarios.h"

static void requests_take_the_time_they_must(void **state)
{
	struct world *world = *state;
	int64_t from_ms, took_ms;

	given_synced(world, 105);
	for (unsigned person = 1; person <= 105; person++)
		given(world, person, "sn", "Ray");
	gate_init(&world->gate, world->loop, &(struct gate_settings) { 10, 6, 8 });
	from_ms = loop_now_ms(world->loop);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 105);
	took_ms = loop_now_ms(world->loop) - from_ms;
	/* The log-in and 105 requests, of which 6 go at once. */
	assert_in_range(took_ms, 10000, 10100);
	expect_in_step(world);
}

static void concurrency_is_never_exceeded(void **state)
{
	struct world *world = *state;

	gate_init(&world->gate, world->loop, &(struct gate_settings) { 0, 1, 3 });
	given_people(world, 1, 300);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 300);
	assert_int_equal(TENANT(world).in_flight_max, 3);
	expect_in_step(world);
}

static void a_slow_answer_holds_up_only_its_kind(void **state)
{
	struct world *world = *state;
	int64_t from_ms;

	given_synced(world, 40);
	for (unsigned person = 1; person <= 40; person++)
		given(world, person, "sn", "Ray");
	fake_tenant_fault(world->tenant,
	    &(struct fake_fault) {
		.kind = FAKE_SLOW, .match = "/Users/1 ", .times = 1, .delay_ms = 50000 });
	from_ms = loop_now_ms(world->loop);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 40);
	assert_in_range(loop_now_ms(world->loop) - from_ms, 50000, 50100);
	assert_in_range(TENANT(world).last_write_ms - from_ms, 0, 300);
	expect_in_step(world);
}

const struct CMUnitTest pace_scenarios[] = {
	SCENARIO(requests_take_the_time_they_must),
	SCENARIO(concurrency_is_never_exceeded),
	SCENARIO(a_slow_answer_holds_up_only_its_kind),
};
const size_t pace_scenario_count = COUNT_OF(pace_scenarios);
