/* SPDX-License-Identifier: ISC */
/* A saved plan: it is done to the letter, or nothing is. */
#include "scenarios.h"

#include <stdlib.h>

/* Of every kind: a joiner, a change, a grant, two sorts of leavers, one who is adopted. */
static void given_changes(struct world *world)
{
	given_synced(world, 5);
	given_people(world, 6, 7);
	given_member(world, 1, 6);
	given(world, 1, "sn", "Ray");
	given(world, 2, ATTRIBUTE_ENABLED, "FALSE");
	fake_source_remove(world->directory, 3);
	given_member(world, 1, 4);
	fake_tenant_add(world->tenant, "p7@x", "1007", true);
}

static void expect_refused(struct world *world, const char *plan, const char *why, const char *what)
{
	unsigned writes = TENANT(world).writes;

	assert_int_equal(apply(world, plan), CYCLE_FAILED);
	assert_true(world->result.is_refused);
	assert_int_equal(TENANT(world).writes, writes);
	assert_int_equal(count_actions(world, ACTION_PLANNED), 0);
	assert_int_equal(count_actions(world, ACTION_SENT), 0);
	if (strstr(world->result.err.text, why) == NULL)
		fail_msg("\"%s\" does not tell of \"%s\"", world->result.err.text, why);
	if (strstr(world->differences, what) == NULL)
		fail_msg("\"%s\" does not tell of \"%s\"", world->differences, what);
}

static void it_is_done_as_it_was_planned(void **state)
{
	static const enum cycle_kind kinds[] = { CYCLE_DELTA, CYCLE_FULL, CYCLE_RECONCILE };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct world *world = *state;
		char *text;

		given_changes(world);
		text = plan(world, kinds[i]);
		expect_writes(world, 0);
		assert_int_equal(apply(world, text), CYCLE_DONE);
		expect_writes(world, 6);
		assert_string_equal(world->differences, "");
		expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
		expect_account(world, 6, "p6@x ext=1006 active Given6 Family6 [W2]");
		assert_int_equal(count_records(world, "\"plan\":\""), 1);
		expect_audited(world);
		expect_in_step(world);
		expect_refused(world, text, "the snapshot", "not asked for any more");
		free(text);
		world_tear_down(state);
		world_set_up(state);
	}
}

static void a_plan_of_nothing_sends_nothing(void **state)
{
	struct world *world = *state;
	char *text;

	given_synced(world, 2);
	text = plan(world, CYCLE_FULL);
	assert_int_equal(apply(world, text), CYCLE_DONE);
	expect_writes(world, 0);
	given_people(world, 3, 3);
	expect_refused(
	    world, text, "the directory", "create of p3@x (planned): now asked for, and");
	free(text);
}

static void a_directory_that_moved_is_told(void **state)
{
	struct world *world = *state;
	char *text;

	given_changes(world);
	text = plan(world, CYCLE_FULL);
	given(world, 1, "sn", "Roy");
	expect_refused(
	    world, text, "the directory", "update of p1@x (planned): now asked for other");
	given(world, 1, "sn", "Family1");
	expect_refused(
	    world, text, "the directory", "update of p1@x (planned): in the plan, and not asked");
	given(world, 1, "sn", "Ray");
	given_people(world, 8, 8);
	expect_refused(
	    world, text, "the directory", "create of p8@x (planned): now asked for, and");
	fake_source_remove(world->directory, 8);
	assert_int_equal(apply(world, text), CYCLE_DONE);
	expect_writes(world, 6);
	free(text);
}

static void a_delta_whose_changes_went_is_refused(void **state)
{
	struct world *world = *state;
	char *text;

	DIRECTORY(world)->tells_changes = true;
	given_synced(world, 3);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	given(world, 1, "sn", "Ray");
	text = plan(world, CYCLE_DELTA);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_refused(
	    world, text, "the snapshot", "update of p1@x (planned): in the plan, and not");
	free(text);
}

static void a_refused_delta_is_told_again(void **state)
{
	struct world *world = *state;
	char *text;

	DIRECTORY(world)->tells_changes = true;
	given_synced(world, 3);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	given(world, 1, "sn", "Ray");
	text = plan(world, CYCLE_DELTA);
	given(world, 2, "sn", "Ray");
	expect_refused(world, text, "differ", "update of p2@x (planned): now asked for, and not");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	free(text);
}

static void a_configuration_that_moved_is_told(void **state)
{
	struct world *world = *state;
	char *text;

	given_changes(world);
	text = plan(world, CYCLE_FULL);
	world->config_digest = "c1";
	expect_refused(world, text, "the configuration", "");
	world->config_digest = "c0";
	assert_int_equal(apply(world, text), CYCLE_DONE);
	free(text);
}

static void a_tenant_that_moved_is_told(void **state)
{
	struct world *world = *state;
	char *text;

	given_changes(world);
	text = plan(world, CYCLE_RECONCILE);
	fake_tenant_set(world->tenant, "p5@x", "name.familyName", "Other");
	expect_refused(world, text, "the tenant", "update of p5@x (planned): now asked for, and");
	fake_tenant_set(world->tenant, "p5@x", "name.familyName", "Family5");
	assert_int_equal(apply(world, text), CYCLE_DONE);
	free(text);
}

static void an_account_that_moved_is_told(void **state)
{
	struct world *world = *state;
	char *text;

	given_changes(world);
	text = plan(world, CYCLE_FULL);
	fake_tenant_remove(world->tenant, "p7@x");
	expect_refused(
	    world, text, "an account", "create of p7@x (planned): now asked for otherwise");
	free(text);
}

/* The tenant moves while the plan is under way: what comes up then is in no plan. */
static void what_comes_up_under_way_is_not_sent(void **state)
{
	struct world *world = *state;
	char *text;

	given_synced(world, 3);
	given(world, 1, "sn", "Ray");
	given(world, 2, "sn", "Ray");
	text = plan(world, CYCLE_FULL);
	fake_tenant_remove(world->tenant, "p1@x");
	expect_log(world, "gone from the tenant");
	assert_int_equal(apply(world, text), CYCLE_REJECTED);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Ray [W1]");
	assert_int_equal(fake_tenant_count(world->tenant), 2);
	expect_action(
	    world, 1, ACTION_UPDATE, ACTION_FAILED, REASON_ATTRIBUTE_CHANGED, "not in the plan");
	/* A sync makes a joiner of whom the tenant lost. */
	assert_int_equal(run(world, CYCLE_FULL), CYCLE_DONE);
	assert_int_equal(fake_tenant_count(world->tenant), 3);
	free(text);
}

static void what_is_held_in_the_plan_is_held(void **state)
{
	struct world *world = *state;
	char *text;

	given_synced(world, 4);
	world->policy.deactivations.count = 1;
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	given(world, 2, ATTRIBUTE_ENABLED, "FALSE");
	given(world, 3, "mail", "new@x");
	given(world, 4, "sn", "Ray");
	expect_log(world, "deactivations");
	text = plan(world, CYCLE_FULL);
	assert_non_null(strstr(text, "\"state\": \"held\""));
	world->policy.deactivations.count = 2;
	expect_refused(
	    world, text, "the limits", "deactivate of p1@x (planned): now asked for oth");
	assert_int_equal(count_actions(world, ACTION_HELD), 0);
	assert_int_equal(count_holds(world), 0);
	world->policy.deactivations.count = 1;
	assert_int_equal(apply(world, text), CYCLE_HELD);
	expect_writes(world, 1);
	assert_int_equal(count_holds(world), 2);
	assert_int_equal(count_actions(world, ACTION_HELD), 3);
	free(text);
}

static void a_directory_that_is_down_sends_nothing(void **state)
{
	struct world *world = *state;
	char *text;

	given_changes(world);
	text = plan(world, CYCLE_FULL);
	DIRECTORY(world)->breaks_after = 3;
	world->is_anything_allowed = true;
	assert_int_equal(apply(world, text), CYCLE_PEER_DOWN);
	expect_writes(world, 0);
	free(text);
}

/* The next process is a sync, or makes a new plan: the old one is refused once something went. */
static void death_under_way_is_made_good(void **state)
{
	unsigned step = 1;
	bool has_died = true;

	for (; has_died; step++) {
		struct world *world = *state;
		char *text;

		world->is_anything_allowed = true;
		given_changes(world);
		text = plan(world, CYCLE_FULL);
		world->die_at = step;
		apply(world, text);
		world->die_at = 0;
		has_died = world->has_died;
		if (has_died)
			come_back(world);
		assert_int_equal(run(world, CYCLE_FULL), CYCLE_DONE);
		assert_int_equal(TENANT(world).blind_creates, 0);
		expect_account(world, 6, "p6@x ext=1006 active Given6 Family6 [W2]");
		expect_audited(world);
		expect_in_step(world);
		free(text);
		world_tear_down(state);
		world_set_up(state);
	}
	assert_in_range(step, 15, 60);
}

const struct CMUnitTest apply_scenarios[] = {
	SCENARIO(it_is_done_as_it_was_planned),
	SCENARIO(a_plan_of_nothing_sends_nothing),
	SCENARIO(a_directory_that_moved_is_told),
	SCENARIO(a_delta_whose_changes_went_is_refused),
	SCENARIO(a_refused_delta_is_told_again),
	SCENARIO(a_configuration_that_moved_is_told),
	SCENARIO(a_tenant_that_moved_is_told),
	SCENARIO(an_account_that_moved_is_told),
	SCENARIO(what_comes_up_under_way_is_not_sent),
	SCENARIO(what_is_held_in_the_plan_is_held),
	SCENARIO(a_directory_that_is_down_sends_nothing),
	SCENARIO(death_under_way_is_made_good),
};
const size_t apply_scenario_count = COUNT_OF(apply_scenarios);
