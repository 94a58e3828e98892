/* SPDX-License-Identifier: ISC */
/* Stops, deaths, and what the next run makes of them. */
#include "scenarios.h"

#include <stdio.h>

static void a_stop_drains_what_is_in_flight(void **state)
{
	struct world *world = *state;

	given_synced(world, 40);
	for (unsigned person = 1; person <= 40; person++)
		given(world, person, "sn", "Ray");
	gate_init(&world->gate, world->loop, &(struct gate_settings) { 0, 1, 4 });
	world->stop_after_ms = 50;
	run(world, CYCLE_DELTA);
	expect_exit(world, CYCLE_FAILED);
	assert_true(world->result.is_stopped);
	assert_in_range(TENANT(world).writes, 4, 12);
	assert_int_equal(TENANT(world).closes, TENANT(world).opens);
	assert_int_equal(count_actions(world, ACTION_SENT), 0);
	world->stop_after_ms = -1;
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 40 - TENANT(world).writes);
	expect_in_step(world);
}

static void a_stop_may_come_at_any_time(void **state)
{
	struct world *world = *state;
	unsigned done = 0;

	DIRECTORY(world)->delay_ms = 30;
	given_synced(world, 3);
	for (int64_t at_ms = 0; at_ms < 400; at_ms += 10) {
		char surname[32];

		snprintf(surname, sizeof(surname), "Ray%d", (int)at_ms);
		given(world, 1, "sn", surname);
		fake_source_place(
		    world->directory, 2, at_ms % 20 == 0 ? FAKE_OUT_OF_BASE : FAKE_IN_SCOPE);
		world->stop_after_ms = at_ms;
		run(world, CYCLE_RECONCILE);
		done += world->exit == CYCLE_DONE;
		assert_int_equal(count_actions(world, ACTION_SENT), 0);
		assert_int_equal(count_actions(world, ACTION_PLANNED), 0);
	}
	assert_in_range(done, 1, 39);
	world->stop_after_ms = -1;
	fake_source_place(world->directory, 2, FAKE_IN_SCOPE);
	run(world, CYCLE_FULL);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1]");
	expect_in_step(world);
}

/* ---- death: what was marked as sent and never heard of again ---- */

struct last {
	struct arena *arena;
	int64_t id;
};

static void find_last(void *context, const struct action *action)
{
	struct last *last = context;

	last->id = action->id;
}

/* The process died between the request of person 1 and the writing down of its outcome. */
static void given_death_after_sending(struct world *world, enum action_kind kind)
{
	struct last last = { arena_new(), 0 };
	struct action_query query = { .kinds = 1U << kind };
	struct action action;
	struct link link;
	bool found = false;

	store_action_each(world->store, &query, find_last, &last, NULL);
	store_action_get(world->store, last.id, last.arena, &action, &found, NULL);
	assert_true(found);
	action.state = ACTION_SENT;
	if (kind == ACTION_CREATE)
		action.account_id = SPAN_NULL;
	assert_int_equal(store_action_update(world->store, &action, NULL), STATUS_OK);
	store_link_get(world->store, &action.key, last.arena, &link, &found, NULL);
	assert_true(found);
	if (kind == ACTION_CREATE) {
		store_link_delete(world->store, &link.key, NULL);
	} else {
		link.acknowledged = action.before;
		link.is_active = true;
		link.digest = (struct digest) { { 7 } };
		assert_int_equal(store_link_put(world->store, &link, NULL), STATUS_OK);
	}
	assert_int_equal(store_commit(world->store, NULL), STATUS_OK);
	arena_free(&last.arena);
	world->is_death_feigned = true;
	die_and_restart(world);
	fake_tenant_forget(world->tenant);
}

static void a_create_that_was_done_is_not_repeated(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	given_death_after_sending(world, ACTION_CREATE);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(TENANT(world).finds, 1);
	assert_true(is_linked(world, 1));
	expect_action(world, 1, ACTION_CREATE, ACTION_DONE, REASON_JOINED, "interruption");
	expect_in_step(world);
}

static void a_create_that_was_not_done_is_made_up_for(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	given_death_after_sending(world, ACTION_CREATE);
	fake_tenant_remove(world->tenant, "p1@x");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	expect_in_step(world);
}

static void a_create_that_met_another_account_is_for_correlation(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	given_death_after_sending(world, ACTION_CREATE);
	fake_tenant_set(world->tenant, "p1@x", "externalId", "77");
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 0);
	assert_false(is_linked(world, 1));
}

static void an_update_that_was_done_is_not_repeated(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	given_death_after_sending(world, ACTION_UPDATE);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(TENANT(world).gets, 1);
	expect_in_step(world);
}

static void an_update_that_was_not_done_is_made_up_for(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	given_death_after_sending(world, ACTION_UPDATE);
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Family1");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	expect_in_step(world);
}

static void a_leaver_is_settled_too(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	given_death_after_sending(world, ACTION_DEACTIVATE);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_in_step(world);
	given_death_after_sending(world, ACTION_DEACTIVATE);
	fake_tenant_set(world->tenant, "p1@x", "active", "true");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_in_step(world);
}

static void nothing_is_planned_before_all_is_settled(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	given_death_after_sending(world, ACTION_UPDATE);
	given(world, 2, "sn", "Roe");
	given_status(world, "GET", 500, -1, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_PEER_DOWN, 0);
	fake_tenant_heal(world->tenant);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_in_step(world);
}

/* ---- death at every step ---- */

static void given_work(struct world *world)
{
	given_synced(world, 6);
	given_people(world, 7, 9);
	given_member(world, 1, 7);
	given(world, 1, "sn", "Ray");
	given(world, 2, ATTRIBUTE_ENABLED, "FALSE");
	fake_source_remove(world->directory, 3);
	given_member(world, 1, 4);
	gate_init(&world->gate, world->loop, &(struct gate_settings) { 0, 1, 2 });
}

static void assert_work_is_done(struct world *world)
{
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 [W1]");
	expect_account(world, 3, "p3@x ext=1003 inactive Given3 Family3 [W1]");
	expect_account(world, 4, "p4@x ext=1004 active Given4 Family4 [W1 W2]");
	expect_account(world, 7, "p7@x ext=1007 active Given7 Family7 [W2]");
	assert_int_equal(fake_tenant_count(world->tenant), 9);
	assert_int_equal(count_actions(world, ACTION_SENT), 0);
	assert_int_equal(count_actions(world, ACTION_PLANNED), 0);
	expect_in_step(world);
}

/* Dies `at_ms` after the start. @return whether there was still something to interrupt */
static bool dies_and_resumes(int64_t at_ms, enum cycle_kind kind)
{
	void *state = NULL;
	struct world *world;
	bool was_running;

	assert_int_equal(world_set_up(&state), 0);
	world = state;
	given_work(world);
	was_running = run_until_death(world, kind, at_ms);
	run(world, kind);
	expect_exit(world, CYCLE_DONE);
	assert_work_is_done(world);
	assert_int_equal(world_tear_down(&state), 0);
	return was_running;
}

static void death_at_every_step_harms_nobody(void **state)
{
	const enum cycle_kind kinds[] = { CYCLE_DELTA, CYCLE_RECONCILE };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		int64_t at_ms = 0;

		while (dies_and_resumes(at_ms, kinds[i]))
			at_ms += 10;
		assert_in_range(at_ms, 100, 1000);
	}
}

const struct CMUnitTest interruption_scenarios[] = {
	SCENARIO(a_stop_drains_what_is_in_flight),
	SCENARIO(a_stop_may_come_at_any_time),
	SCENARIO(a_create_that_was_done_is_not_repeated),
	SCENARIO(a_create_that_was_not_done_is_made_up_for),
	SCENARIO(a_create_that_met_another_account_is_for_correlation),
	SCENARIO(an_update_that_was_done_is_not_repeated),
	SCENARIO(an_update_that_was_not_done_is_made_up_for),
	SCENARIO(a_leaver_is_settled_too),
	SCENARIO(nothing_is_planned_before_all_is_settled),
	cmocka_unit_test(death_at_every_step_harms_nobody),
};
const size_t interruption_scenario_count = COUNT_OF(interruption_scenarios);
