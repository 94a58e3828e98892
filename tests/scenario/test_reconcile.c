/* SPDX-License-Identifier: ISC */
/* The whole directory against the whole tenant. */
#include "scenarios.h"

#include <stdio.h>

static void drift_is_restored(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Rai");
	fake_tenant_set(world->tenant, "p2@x", "entitlements", "W2");
	fake_tenant_set(world->tenant, "p3@x", "active", "false");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0); /* only a reconcile sees it */
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 3);
	assert_string_equal(meta_of(world, "drifted_accounts"), "3");
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1]");
	expect_account(world, 3, "p3@x ext=1003 active Given3 Family3 [W1]");
	expect_action(world, 1, ACTION_UPDATE, ACTION_DONE, REASON_DRIFT, NULL);
	expect_action(world, 3, ACTION_REACTIVATE, ACTION_DONE, REASON_DRIFT, NULL);
	expect_in_step(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_string_equal(meta_of(world, "drifted_accounts"), "3");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_string_equal(meta_of(world, "drifted_accounts"), "0");
}

static void drift_may_be_reported_only(void **state)
{
	struct world *world = *state;

	world->policy.drift = POLICY_DRIFT_REPORT;
	given_synced(world, 2);
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Rai");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Rai [W1]");
	assert_string_equal(meta_of(world, "drifted_accounts"), "1");
	expect_in_step(world);
}

static void a_change_in_the_directory_is_no_drift(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Rai");
	given(world, 1, "givenName", "Ada");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Ada Family1 [W1]");
	expect_action(world, 1, ACTION_UPDATE, ACTION_DONE, REASON_ATTRIBUTE_CHANGED, NULL);
	expect_in_step(world);
}

static void orphans_are_counted_and_left_alone(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	fake_tenant_add(world->tenant, "boss@x", NULL, true);
	fake_tenant_add(world->tenant, "robot@x", NULL, true);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_int_equal(world->result.run.summary.orphan, 2);
	assert_string_equal(meta_of(world, "orphan_accounts"), "2");
	assert_string_equal(
	    fake_tenant_show(world->tenant, "boss@x"), "boss@x ext=- active - - []");
}

static void an_account_that_the_tenant_lost_is_made_again(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_tenant_remove(world->tenant, "p1@x");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	assert_int_equal(TENANT(world).gets, 1);
	expect_request(world, 0, "POST");
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_in_step(world);
}

static void an_account_that_is_only_not_listed_is_not_gone(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_tenant_hide(world->tenant, "p1@x", true);
	expect_log(world, "counts 3 accounts but lists fewer");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_int_equal(TENANT(world).gets, 1);
	assert_true(is_linked(world, 1));
	expect_in_step(world);
}

static void pages_may_be_short_and_in_any_order(void **state)
{
	struct world *world = *state;

	given_synced(world, 60);
	fake_tenant_settings(world->tenant)->page_size = 10;
	fake_tenant_settings(world->tenant)->has_short_pages = true;
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_int_equal(TENANT(world).lists, 12);
	fake_tenant_settings(world->tenant)->has_unstable_order = true;
	world->is_anything_allowed = true; /* whether three passes see all is luck */
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	expect_in_step(world);
}

static void a_tenant_that_cannot_be_listed_ends_the_cycle(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	given_status(world, "LIST", 500, -1, 0);
	expect_run(world, CYCLE_RECONCILE, CYCLE_PEER_DOWN, 0);
	fake_tenant_heal(world->tenant);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	expect_in_step(world);
}

static void losing_the_snapshot_is_harmless(void **state)
{
	struct world *world = *state;
	char lost[128];

	given_synced(world, 5);
	store_close(&world->store);
	index_free(&world->index);
	snprintf(lost, sizeof(lost), "%s/lost.db", world->folder);
	assert_int_equal(rename(world->path, lost), 0);
	assert_int_equal(store_open(world->path, STORE_WRITE, &world->store, NULL), STATUS_OK);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_int_equal(world->result.run.summary.link, 5);
	expect_in_step(world);
	assert_int_equal(remove(lost), 0);
}

const struct CMUnitTest reconcile_scenarios[] = {
	SCENARIO(drift_is_restored),
	SCENARIO(drift_may_be_reported_only),
	SCENARIO(a_change_in_the_directory_is_no_drift),
	SCENARIO(orphans_are_counted_and_left_alone),
	SCENARIO(an_account_that_the_tenant_lost_is_made_again),
	SCENARIO(an_account_that_is_only_not_listed_is_not_gone),
	SCENARIO(pages_may_be_short_and_in_any_order),
	SCENARIO(a_tenant_that_cannot_be_listed_ends_the_cycle),
	SCENARIO(losing_the_snapshot_is_harmless),
};
const size_t reconcile_scenario_count = COUNT_OF(reconcile_scenarios);
