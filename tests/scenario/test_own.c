/* SPDX-License-Identifier: ISC */
/* The agent's own account is p1's: whatever the directory says, nobody locks the agent out. */
#include "scenarios.h"

/* Ways to know whose credential it is. */
static const struct {
	const char *own_name, *told_name, *told_id;
} ways[] = {
	{ .own_name = "P1@X" },             /* the configuration says it */
	{ .told_name = "p1@X" },            /* the tenant says it when it is opened */
	{ .told_name = "somebody@y", "1" }, /* likewise, and userId is not the userName */
	{ .own_name = "other@y", .told_id = "1" },
};

static const char untouched[] = "p1@x ext=1001 active Given1 Family1 [W1]";

/* Persons 1 to 3 are in step; from now on the credential is p1's. */
static void given_own(struct world *world, size_t way)
{
	struct fake_tenant_settings *settings = fake_tenant_settings(world->tenant);

	given_synced(world, 3);
	settings->own_name = ways[way].own_name;
	settings->told_name = ways[way].told_name;
	settings->told_id = ways[way].told_id;
	fake_tenant_own(world->tenant);
	expect_log(world, "agent's own account");
}

static void assert_refused(struct world *world, enum cycle_kind kind)
{
	expect_run(world, kind, CYCLE_REJECTED, 0);
	expect_account(world, 1, untouched);
}

static void run_in_each_way(void **state, void (*test)(struct world *world, size_t way))
{
	for (size_t way = 0; way < COUNT_OF(ways); way++) {
		if (way > 0) {
			assert_int_equal(world_tear_down(state), 0);
			assert_int_equal(world_set_up(state), 0);
		}
		given_own(*state, way);
		test(*state, way);
	}
}

static void change(struct world *world, size_t way)
{
	(void)way;
	given(world, 1, "sn", "Ray");
	given(world, 2, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 1);
	expect_account(world, 1, untouched);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Ray [W1]");
}

static void the_own_account_is_not_changed(void **state)
{
	run_in_each_way(state, change);
}

static void leave(struct world *world, size_t way)
{
	(void)way;
	fake_source_remove(world->directory, 1);
	fake_source_remove(world->directory, 2);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 1);
	expect_account(world, 1, untouched);
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 [W1]");
	assert_refused(world, CYCLE_FULL);
}

static void the_own_account_does_not_leave(void **state)
{
	run_in_each_way(state, leave);
}

static void disable(struct world *world, size_t way)
{
	(void)way;
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	assert_refused(world, CYCLE_DELTA);
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
	given_no_member(world, 0, 1);
	assert_refused(world, CYCLE_DELTA);
}

static void the_own_account_is_not_disabled_and_loses_no_workspace(void **state)
{
	run_in_each_way(state, disable);
}

static void drift(struct world *world, size_t way)
{
	(void)way;
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Rai");
	fake_tenant_set(world->tenant, "p2@x", "name.familyName", "Rai");
	expect_run(world, CYCLE_RECONCILE, CYCLE_REJECTED, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Rai [W1]");
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1]");
}

static void drift_of_the_own_account_is_not_restored(void **state)
{
	run_in_each_way(state, drift);
}

static void recreate(struct world *world, size_t way)
{
	(void)way;
	world->policy.rename = POLICY_RENAME_RECREATE;
	given(world, 1, "mail", "new1@x");
	assert_refused(world, CYCLE_FULL);
	assert_string_equal(fake_tenant_show(world->tenant, "new1@x"), "none");
	world->policy.rename = POLICY_RENAME_PATCH;
	assert_refused(world, CYCLE_FULL);
	world->policy.rename = POLICY_RENAME_HOLD;
	assert_refused(world, CYCLE_FULL);
	assert_int_equal(count_holds(world), 0);
}

static void the_own_account_is_not_renamed_or_replaced(void **state)
{
	run_in_each_way(state, recreate);
}

static void adopt(struct world *world, size_t way)
{
	(void)way;
	/* The snapshot is lost, and the account is not as the directory wants it. */
	given(world, 1, "sn", "Ray");
	lose_state(world);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 0);
	expect_account(world, 1, untouched);
	assert_false(is_linked(world, 1));
	assert_true(is_linked(world, 2));
}

static void the_own_account_is_not_adopted_with_a_change(void **state)
{
	run_in_each_way(state, adopt);
}

static void a_new_key_for_the_own_account_changes_nothing(void **state)
{
	struct world *world = *state;

	given_own(world, 1);
	fake_source_remove(world->directory, 1);
	given_people(world, 9, 9);
	given(world, 9, "mail", "p1@x");
	given(world, 9, "employeeNumber", "1001");
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 0);
	expect_account(world, 1, untouched);
}

/* The plan was made before the tenant told: the last look before a request is sent. */
static void what_is_learnt_late_counts_too(void **state)
{
	struct world *world = *state;

	given_own(world, 3);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 0);
	expect_account(world, 1, untouched);
	expect_action(world, 1, ACTION_UPDATE, ACTION_STATE_REJECTED, REASON_ATTRIBUTE_CHANGED,
	    "cannot lock itself out");
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 0);
	expect_action(world, 1, ACTION_REJECTED, ACTION_STATE_REJECTED, REASON_ATTRIBUTE_CHANGED,
	    "cannot lock itself out");
}

static void the_tenant_is_asked_once_and_only_when_it_has_to_be(void **state)
{
	struct world *world = *state;

	given_own(world, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(TENANT(world).opens, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(TENANT(world).opens, 1);
	*fake_tenant_settings(world->tenant) =
	    (struct fake_tenant_settings) { .page_size = 100, .own_name = "p1@x" };
	fake_tenant_own(world->tenant);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(TENANT(world).opens, 1);
}

/* On a day too on which nobody changes; and if it is of no use, somebody is told before it is
 * needed. */
static void a_credential_that_would_go_stale_is_used(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(TENANT(world).opens, 0);
	fake_tenant_settings(world->tenant)->must_open = true;
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(TENANT(world).opens, 1);
	assert_int_equal(TENANT(world).closes, 1);
	fake_tenant_fault(world->tenant,
	    &(struct fake_fault) {
		.kind = FAKE_STATUS, .method = "OPEN", .times = 1, .http_status = 401 });
	expect_run(world, CYCLE_DELTA, CYCLE_PEER_DOWN, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
}

static void a_dry_run_says_it_too(void **state)
{
	struct world *world = *state;

	given_own(world, 1);
	fake_source_remove(world->directory, 1);
	assert_int_equal(run_dry(world, CYCLE_FULL), CYCLE_REJECTED);
	assert_int_equal(world->result.run.summary.deactivate, 0);
	assert_int_equal(world->result.run.summary.rejected, 1);
}

const struct CMUnitTest own_scenarios[] = {
	SCENARIO(the_own_account_is_not_changed),
	SCENARIO(the_own_account_does_not_leave),
	SCENARIO(the_own_account_is_not_disabled_and_loses_no_workspace),
	SCENARIO(drift_of_the_own_account_is_not_restored),
	SCENARIO(the_own_account_is_not_renamed_or_replaced),
	SCENARIO(the_own_account_is_not_adopted_with_a_change),
	SCENARIO(a_new_key_for_the_own_account_changes_nothing),
	SCENARIO(what_is_learnt_late_counts_too),
	SCENARIO(the_tenant_is_asked_once_and_only_when_it_has_to_be),
	SCENARIO(a_credential_that_would_go_stale_is_used),
	SCENARIO(a_dry_run_says_it_too),
};
const size_t own_scenario_count = COUNT_OF(own_scenarios);
