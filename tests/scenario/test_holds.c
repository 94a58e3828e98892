/* SPDX-License-Identifier: ISC */
/* What waits for a person: renames and rehires. */
#include "scenarios.h"

static void a_rename_is_held_once(void **state)
{
	struct world *world = *state;
	unsigned runs;

	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	expect_action(world, 1, ACTION_RENAME, ACTION_HELD, REASON_RENAMED, "policy.rename");
	assert_int_equal(world->result.run.summary.held, 1);
	runs = count_runs(world);
	for (int i = 0; i < 3; i++)
		expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	assert_int_equal(count_actions(world, ACTION_HELD), 1);
	assert_int_equal(count_runs(world), runs); /* a quiet poll leaves no row */
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(count_actions(world, ACTION_HELD), 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
}

static void other_changes_flow_past_a_held_rename(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	given(world, 1, "sn", "Ray");
	given_people(world, 3, 3);
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 2);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	given(world, 1, "mail", "p1@x");
	expect_in_step(world);
}

static void a_rename_that_was_done_by_hand_is_over(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	fake_tenant_set(world->tenant, "p1@x", "userName", "new@x");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	expect_in_step(world);
}

static void a_case_of_letters_is_no_rename(void **state)
{
	struct world *world = *state;

	fake_tenant_add(world->tenant, "P1@X", "1001", true);
	given_people(world, 1, 1);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	expect_in_step(world);
}

static void a_rename_may_be_patched(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_PATCH;
	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	assert_string_equal(
	    fake_tenant_show(world->tenant, "new@x"), "new@x ext=1001 active Given1 Ray [W1]");
	expect_action(world, 1, ACTION_RENAME, ACTION_DONE, REASON_RENAMED, NULL);
	expect_in_step(world);
}

static void assert_recreated(struct world *world)
{
	assert_int_equal(fake_tenant_count(world->tenant), 3);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 []");
	assert_string_equal(
	    fake_tenant_show(world->tenant, "new@x"), "new@x ext=1001 active Given1 Family1 [W1]");
	expect_in_step(world);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_int_equal(world->result.run.summary.orphan, 1);
}

static void a_rename_may_make_a_new_account(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_RECREATE;
	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	expect_request(world, 0, "PATCH /Users/1 ");
	expect_request(world, 1, "POST");
	assert_recreated(world);
}

static void a_recreated_account_whose_answer_was_lost_is_found(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_RECREATE;
	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	given_fault(world, FAKE_LOST, "new@x", 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	assert_recreated(world);
}

static void a_leaver_with_a_new_name_gets_no_new_account(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_RECREATE;
	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	assert_int_equal(fake_tenant_count(world->tenant), 2);
}

static void a_rehire_may_be_held_once(void **state)
{
	struct world *world = *state;

	world->policy.rehire = POLICY_REHIRE_HOLD;
	given_synced(world, 2);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	expect_action(world, 1, ACTION_REACTIVATE, ACTION_HELD, REASON_REHIRED, NULL);
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(count_actions(world, ACTION_HELD), 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
}

static void a_rehire_under_a_new_key_may_be_held_once(void **state)
{
	struct world *world = *state;

	world->policy.rehire = POLICY_REHIRE_HOLD;
	fake_tenant_add(world->tenant, "p1@x", "1001", false);
	given_people(world, 1, 1);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	expect_run(world, CYCLE_RECONCILE, CYCLE_HELD, 0);
	assert_int_equal(count_actions(world, ACTION_HELD), 1);
	expect_account(world, 1, "p1@x ext=1001 inactive - - []");
}

const struct CMUnitTest holds_scenarios[] = {
	SCENARIO(a_rename_is_held_once),
	SCENARIO(other_changes_flow_past_a_held_rename),
	SCENARIO(a_rename_that_was_done_by_hand_is_over),
	SCENARIO(a_case_of_letters_is_no_rename),
	SCENARIO(a_rename_may_be_patched),
	SCENARIO(a_rename_may_make_a_new_account),
	SCENARIO(a_recreated_account_whose_answer_was_lost_is_found),
	SCENARIO(a_leaver_with_a_new_name_gets_no_new_account),
	SCENARIO(a_rehire_may_be_held_once),
	SCENARIO(a_rehire_under_a_new_key_may_be_held_once),
};
const size_t holds_scenario_count = COUNT_OF(holds_scenarios);
