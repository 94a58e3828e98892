/* SPDX-License-Identifier: ISC */
/* Joiners, movers, and what a quiet day costs. */
#include "scenarios.h"

static void a_first_sync_creates_everybody(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 3);
	given_member(world, 0, 1);
	given_member(world, 1, 1);
	given_member(world, 0, 2);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 3);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1 W2]");
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1]");
	expect_account(world, 3, "p3@x ext=1003 active Given3 Family3 []");
	expect_action(world, 1, ACTION_CREATE, ACTION_DONE, REASON_JOINED, "cn=g0");
	assert_int_equal(world->result.run.summary.create, 3);
	assert_int_equal(world->result.run.summary.done, 3);
	assert_int_equal(world->result.entries, 3);
	assert_int_equal(TENANT(world).opens, 1);
	assert_int_equal(TENANT(world).closes, 1);
	expect_in_step(world);
}

static void a_first_sync_may_be_a_delta(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 2);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	expect_in_step(world);
}

static void a_reconcile_in_step_sends_nothing(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_int_equal(world->result.run.summary.unchanged, 3);
	expect_in_step(world);
}

static void a_new_surname_is_one_operation(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	given(world, 2, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	assert_string_equal(fake_tenant_request(world->tenant, 0),
	    "PATCH /Users/2 "
	    "{\"Operations\":[{\"op\":\"replace\",\"path\":\"name.familyName\","
	    "\"value\":\"Ray\"}]}");
	expect_account(world, 2, "p2@x ext=1002 active Given2 Ray [W1]");
	expect_action(world, 2, ACTION_UPDATE, ACTION_DONE, REASON_ATTRIBUTE_CHANGED, NULL);
	expect_in_step(world);
}

static void a_value_that_goes_away_is_left_alone(void **state)
{
	struct world *world = *state;

	given_synced(world, 1);
	given(world, 1, "givenName", NULL);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_in_step(world);
}

static void the_first_workspace_is_added(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 1);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	fake_tenant_forget(world->tenant);
	given(world, 1, "departmentNumber", "HR7");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_request(world, 0, "{\"op\":\"add\",\"path\":\"entitlements\"");
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W3]");
	expect_action(world, 1, ACTION_UPDATE, ACTION_DONE, REASON_GROUP_GAINED,
	    "HR by rule (departmentNumber=HR*)");
	expect_in_step(world);
}

static void leaving_a_group_sends_the_full_remaining_set(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given_member(world, 1, 1);
	given(world, 1, "departmentNumber", "HR");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1 W2 W3]");
	fake_tenant_forget(world->tenant);
	given_no_member(world, 0, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	assert_string_equal(fake_tenant_request(world->tenant, 0),
	    "PATCH /Users/1 {\"Operations\":[{\"op\":\"replace\","
	    "\"path\":\"entitlements[type eq \\\"WORKSPACE\\\"]\",\"value\":["
	    "{\"type\":\"WORKSPACE\",\"value\":\"W2\"},"
	    "{\"type\":\"WORKSPACE\",\"value\":\"W3\"}]}]}");
	expect_action(
	    world, 1, ACTION_UPDATE, ACTION_DONE, REASON_GROUP_LOST, "- Finance: in no group");
	expect_in_step(world);
}

static void the_last_workspace_is_removed(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given_no_member(world, 0, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_request(world, 0, "{\"op\":\"remove\",\"path\":\"entitlements[type eq");
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	expect_in_step(world);
}

static void only_the_entitled_are_in_scope(void **state)
{
	struct world *world = *state;

	world->policy.scope = POLICY_SCOPE_ENTITLED;
	given_synced(world, 2);
	given_people(world, 3, 3);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_account(world, 3, "none");
	given_no_member(world, 0, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_action(
	    world, 1, ACTION_DEACTIVATE, ACTION_DONE, REASON_LEFT_SCOPE, "no workspace is left");
	expect_in_step(world);
	given_member(world, 1, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W2]");
	expect_in_step(world);
}

static void who_may_not_log_in_gets_no_account(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 2);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	expect_account(world, 1, "none");
	expect_in_step(world);
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	expect_in_step(world);
}

static void who_is_disabled_is_deactivated_and_comes_back(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_action(world, 1, ACTION_DEACTIVATE, ACTION_DONE, REASON_DISABLED, NULL);
	expect_in_step(world);
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_action(world, 1, ACTION_REACTIVATE, ACTION_DONE, REASON_REHIRED, NULL);
	expect_in_step(world);
}

static void an_unmappable_entry_stops_only_itself(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 3);
	given(world, 2, "mail", NULL);
	expect_run(world, CYCLE_RECONCILE, CYCLE_REJECTED, 2);
	expect_action(
	    world, 2, ACTION_REJECTED, ACTION_STATE_REJECTED, REASON_UNMAPPABLE, "no userName");
	assert_int_equal(world->result.run.summary.rejected, 1);
	given(world, 2, "mail", "p2@x");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_in_step(world);
}

static void a_linked_entry_that_cannot_be_mapped_keeps_its_account(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 2, "mail", NULL);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 0);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1]");
}

static void room_is_made_before_it_is_taken(void **state)
{
	struct world *world = *state;

	given_synced(world, 4);
	given(world, 4, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	fake_tenant_forget(world->tenant);
	given_people(world, 5, 5);                   /* create */
	given(world, 4, ATTRIBUTE_ENABLED, "TRUE");  /* reactivate */
	given(world, 2, "sn", "Ray");                /* update */
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE"); /* deactivate */
	given(world, 3, "mail", "new@x");            /* rename */
	world->policy.rename = POLICY_RENAME_PATCH;
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 5);
	expect_request(world, 0, "/Users/1 ");
	expect_request(world, 1, "/Users/3 ");
	expect_request(world, 2, "/Users/2 ");
	expect_request(world, 3, "/Users/4 ");
	expect_request(world, 4, "POST");
	expect_in_step(world);
}

static void protected_accounts_are_never_changed(void **state)
{
	struct world *world = *state;
	const struct span protect[] = { SPAN_INIT("P1@X"), SPAN_INIT("p2@x") };

	given_synced(world, 1);
	world->policy.protect = protect;
	world->policy.protect_count = COUNT_OF(protect);
	fake_tenant_add(world->tenant, "p2@x", "1002", true);
	given_people(world, 2, 3);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_RECONCILE, CYCLE_REJECTED, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_account(world, 2, "p2@x ext=1002 active - - []");
	expect_account(world, 3, "p3@x ext=1003 active Given3 Family3 []");
	expect_action(world, 1, ACTION_REJECTED, ACTION_STATE_REJECTED, REASON_ATTRIBUTE_CHANGED,
	    "protected");
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
}

static void more_than_one_batch_goes_out_whole(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 600);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 600);
	assert_int_equal(fake_tenant_count(world->tenant), 600);
	expect_in_step(world);
	for (unsigned person = 1; person <= 600; person++)
		given(world, person, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 600);
	expect_in_step(world);
}

static void a_moved_entry_is_known_under_its_new_name(void **state)
{
	struct world *world = *state;
	struct arena *arena = arena_new();
	struct uuid key = fake_key(1);
	struct link link;
	bool found = false;

	given_synced(world, 1);
	given_no_member(world, 0, 1);
	fake_source_rename(world->directory, 1, "uid=p1,ou=sales,dc=example");
	given_member(world, 0, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	store_link_get(world->store, &key, arena, &link, &found, NULL);
	assert_true(found && span_equal(link.dn, SPAN("uid=p1,ou=sales,dc=example")));
	arena_free(&arena);
	expect_in_step(world);
}

const struct CMUnitTest everyday_scenarios[] = {
	SCENARIO(a_first_sync_creates_everybody),
	SCENARIO(a_first_sync_may_be_a_delta),
	SCENARIO(a_reconcile_in_step_sends_nothing),
	SCENARIO(a_new_surname_is_one_operation),
	SCENARIO(a_value_that_goes_away_is_left_alone),
	SCENARIO(the_first_workspace_is_added),
	SCENARIO(leaving_a_group_sends_the_full_remaining_set),
	SCENARIO(the_last_workspace_is_removed),
	SCENARIO(only_the_entitled_are_in_scope),
	SCENARIO(who_may_not_log_in_gets_no_account),
	SCENARIO(who_is_disabled_is_deactivated_and_comes_back),
	SCENARIO(an_unmappable_entry_stops_only_itself),
	SCENARIO(a_linked_entry_that_cannot_be_mapped_keeps_its_account),
	SCENARIO(room_is_made_before_it_is_taken),
	SCENARIO(protected_accounts_are_never_changed),
	SCENARIO(more_than_one_batch_goes_out_whole),
	SCENARIO(a_moved_entry_is_known_under_its_new_name),
};
const size_t everyday_scenario_count = COUNT_OF(everyday_scenarios);
