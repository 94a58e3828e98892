/* SPDX-License-Identifier: ISC */
/* Who is missing, why, and what the policy makes of it. */
#include "scenarios.h"

static void assert_left(struct world *world, enum reason_code reason)
{
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_action(world, 1, ACTION_DEACTIVATE, ACTION_DONE, reason, NULL);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1]");
	expect_in_step(world);
}

static void assert_kept(struct world *world)
{
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
}

static void the_deleted_are_deactivated(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	assert_left(world, REASON_DELETED);
	assert_int_equal(fake_source_counts(world->directory).batches, 1);
	assert_int_equal(fake_source_counts(world->directory).keys, 1);
	assert_int_equal(fake_source_counts(world->directory).look_ups, 0);
}

static void a_delta_sees_leavers_too(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_in_step(world);
}

static void the_moved_are_deactivated(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_source_place(world->directory, 1, FAKE_OUT_OF_BASE);
	assert_left(world, REASON_MOVED);
}

static void those_out_of_scope_are_deactivated(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_source_place(world->directory, 1, FAKE_OUT_OF_FILTER);
	assert_left(world, REASON_LEFT_SCOPE);
}

static void the_disabled_are_told_from_those_out_of_scope(void **state)
{
	struct world *world = *state;

	world->policy.leavers.left_scope = world->policy.leavers.moved = POLICY_LEAVER_KEEP;
	given_synced(world, 3);
	fake_source_place(world->directory, 1, FAKE_OUT_OF_FILTER);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	assert_left(world, REASON_DISABLED);
	fake_source_place(world->directory, 2, FAKE_OUT_OF_BASE);
	given(world, 2, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_action(world, 2, ACTION_DEACTIVATE, ACTION_DONE, REASON_DISABLED, NULL);
}

static void the_unreadable_are_kept(void **state)
{
	struct world *world = *state;

	expect_log(world, "cannot be told from unreadable");
	given_synced(world, 3);
	fake_source_place(world->directory, 1, FAKE_UNREADABLE);
	assert_kept(world);
}

static void those_whom_only_the_scan_missed_are_kept(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_source_place(world->directory, 1, FAKE_FLICKERING);
	assert_kept(world);
}

static void the_policy_may_keep_each(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	world->policy.leavers.moved = POLICY_LEAVER_KEEP;
	fake_source_place(world->directory, 1, FAKE_OUT_OF_BASE);
	assert_kept(world);
	world->policy.leavers.left_scope = POLICY_LEAVER_KEEP;
	fake_source_place(world->directory, 1, FAKE_OUT_OF_FILTER);
	assert_kept(world);
	world->policy.leavers.disabled = POLICY_LEAVER_KEEP;
	fake_source_place(world->directory, 1, FAKE_IN_SCOPE);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	assert_kept(world);
	world->policy.leavers.deleted = POLICY_LEAVER_KEEP;
	fake_source_remove(world->directory, 1);
	assert_kept(world);
}

static void who_is_kept_though_disabled_is_kept_through_drift(void **state)
{
	struct world *world = *state;

	world->policy.leavers.disabled = POLICY_LEAVER_KEEP;
	given_synced(world, 2);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	assert_kept(world);
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Rai");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	expect_in_step(world);
}

static void grace_is_waited_for(void **state)
{
	struct world *world = *state;

	world->policy.leavers.grace_ms = 7 * TIME_DAY_MS;
	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	die_and_restart(world);
	pass(world, 7 * TIME_DAY_MS - TIME_MINUTE_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	pass(world, TIME_MINUTE_MS);
	assert_left(world, REASON_DELETED);
}

/* A clock that was ahead when somebody left gives them no more time than the policy says. */
static void grace_does_not_trust_a_clock_that_was_ahead(void **state)
{
	struct world *world = *state;

	world->policy.leavers.grace_ms = 7 * TIME_DAY_MS;
	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	fake_loop_jump_wall(world->loop, 60 * TIME_DAY_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	fake_loop_jump_wall(world->loop, -60 * TIME_DAY_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	pass(world, 7 * TIME_DAY_MS - TIME_MINUTE_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	pass(world, TIME_MINUTE_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_in_step(world);
}

static void who_comes_back_within_grace_has_never_left(void **state)
{
	struct world *world = *state;

	world->policy.leavers.grace_ms = 7 * TIME_DAY_MS;
	given_synced(world, 3);
	fake_source_place(world->directory, 1, FAKE_OUT_OF_BASE);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	fake_source_place(world->directory, 1, FAKE_IN_SCOPE);
	pass(world, TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	/* Leaving anew, the time begins anew. */
	fake_source_place(world->directory, 1, FAKE_OUT_OF_BASE);
	pass(world, 6 * TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, 6 * TIME_DAY_MS);
	assert_left(world, REASON_MOVED);
}

static void a_change_within_grace_goes_out_and_gains_no_time(void **state)
{
	struct world *world = *state;

	world->policy.leavers.grace_ms = 7 * TIME_DAY_MS;
	given_synced(world, 2);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, 4 * TIME_DAY_MS);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, 3 * TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Ray [W1]");
	expect_in_step(world);
}

static void who_comes_back_changed_within_grace_has_left_it(void **state)
{
	struct world *world = *state;

	world->policy.leavers.grace_ms = 7 * TIME_DAY_MS;
	given_synced(world, 2);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, 4 * TIME_DAY_MS);
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, 4 * TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, 3 * TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
}

static void workspaces_go_too_when_the_policy_says_so(void **state)
{
	struct world *world = *state;

	world->policy.leavers.revoke_workspaces = true;
	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	given(world, 2, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 []");
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 []");
	expect_in_step(world);
}

static void revoked_workspaces_stay_revoked_until_the_return(void **state)
{
	struct world *world = *state;

	world->policy.leavers.revoke_workspaces = true;
	given_synced(world, 2);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Ray []");
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Rai");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Ray []");
	expect_in_step(world);
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	expect_in_step(world);
}

static void an_account_that_was_opened_again_by_hand_is_closed(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	fake_tenant_set(world->tenant, "p1@x", "active", "true");
	world->policy.drift = POLICY_DRIFT_REPORT;
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	world->policy.drift = POLICY_DRIFT_RESTORE;
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_action(world, 1, ACTION_DEACTIVATE, ACTION_DONE, REASON_DRIFT, NULL);
	expect_in_step(world);
}

static void a_refused_deactivation_is_tried_at_quarantines_pace(void **state)
{
	struct world *world = *state;

	expect_log(world, "deactivate of key");
	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	given_status(world, "PATCH", 400, -1, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, TIME_HOUR_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 1);
	fake_tenant_heal(world->tenant);
	pass(world, 4 * TIME_HOUR_MS);
	assert_left(world, REASON_DELETED);
	assert_false(is_quarantined(world, 1));
}

static void who_is_back_after_a_refused_deactivation_leaves_quarantine(void **state)
{
	struct world *world = *state;

	expect_log(world, "deactivate of key");
	given_synced(world, 3);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	given_status(world, "PATCH", 400, -1, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 1);
	assert_true(is_quarantined(world, 1));
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
	expect_in_step(world);
	assert_false(is_quarantined(world, 1));
}

static void many_may_leave_at_once(void **state)
{
	struct world *world = *state;

	given_synced(world, 200);
	for (unsigned person = 1; person <= 150; person++)
		fake_source_remove(world->directory, person);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 150);
	expect_in_step(world);
}

/* 250 missing of 400, every fifth for another reason. */
static void given_many_missing(struct world *world)
{
	given_synced(world, 400);
	for (unsigned person = 1; person <= 250; person++) {
		switch (person % 5) {
		case 0:
			fake_source_place(world->directory, person, FAKE_UNREADABLE);
			break;
		case 1:
			fake_source_place(world->directory, person, FAKE_OUT_OF_FILTER);
			break;
		case 2:
			fake_source_place(world->directory, person, FAKE_OUT_OF_BASE);
			break;
		case 3:
			fake_source_place(world->directory, person, FAKE_FLICKERING);
			break;
		default:
			fake_source_remove(world->directory, person);
			break;
		}
	}
	expect_log(world, "cannot be told from unreadable");
}

static void the_missing_are_looked_at_in_batches(void **state)
{
	struct world *world = *state;
	struct fake_source_counts counts;

	given_many_missing(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 150);
	counts = fake_source_counts(world->directory);
	assert_int_equal(counts.batches, 3);
	assert_int_equal(counts.keys, 250);
	assert_int_equal(counts.look_ups, 0);
	for (unsigned person = 1; person <= 250; person += 5) {
		expect_action(world, person, ACTION_DEACTIVATE, ACTION_DONE, REASON_LEFT_SCOPE,
		    "filter does not match");
		expect_action(world, person + 1, ACTION_DEACTIVATE, ACTION_DONE, REASON_MOVED,
		    "under another base");
		expect_action(world, person + 3, ACTION_DEACTIVATE, ACTION_DONE, REASON_DELETED,
		    "no entry has this key");
	}
	expect_account(world, 3, "p3@x ext=1003 active Given3 Family3 [W1]");
	expect_account(world, 5, "p5@x ext=1005 active Given5 Family5 [W1]");
	/* Those who are kept are asked for again, and only they. */
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(fake_source_counts(world->directory).keys, 250 + 100);
}

static void a_batch_that_breaks_off_tells_nothing_of_the_rest(void **state)
{
	struct world *world = *state;

	given_synced(world, 200);
	for (unsigned person = 1; person <= 150; person++)
		fake_source_remove(world->directory, person);
	DIRECTORY(world)->look_up_breaks_after = 30;
	expect_run(world, CYCLE_FULL, CYCLE_PEER_DOWN, 30);
	assert_int_equal(fake_source_counts(world->directory).batches, 1);
	DIRECTORY(world)->look_up_breaks_after = 0;
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 120);
	expect_in_step(world);
}

static void a_stop_ends_a_batch(void **state)
{
	struct world *world = *state;

	given_synced(world, 200);
	for (unsigned person = 1; person <= 150; person++)
		fake_source_remove(world->directory, person);
	DIRECTORY(world)->delay_ms = 1000;
	world->stop_after_ms = 1500; /* the scan ends at 1000 */
	expect_run(world, CYCLE_FULL, CYCLE_FAILED, 0);
	assert_true(world->result.is_stopped);
	assert_int_equal(fake_source_counts(world->directory).batches, 1);
	assert_int_equal(count_actions(world, ACTION_FAILED), 0); /* nothing was planned */
	world->stop_after_ms = -1;
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 150);
	expect_in_step(world);
}

static void one_person_is_looked_at_alone(void **state)
{
	struct world *world = *state;

	given_synced(world, 5);
	fake_source_remove(world->directory, 1);
	fake_source_remove(world->directory, 2);
	assert_int_equal(run_for(world, "p1@x"), CYCLE_DONE);
	expect_writes(world, 1);
	assert_int_equal(fake_source_counts(world->directory).batches, 0);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1]");
}

const struct CMUnitTest leavers_scenarios[] = {
	SCENARIO(the_deleted_are_deactivated),
	SCENARIO(a_delta_sees_leavers_too),
	SCENARIO(the_moved_are_deactivated),
	SCENARIO(those_out_of_scope_are_deactivated),
	SCENARIO(the_disabled_are_told_from_those_out_of_scope),
	SCENARIO(the_unreadable_are_kept),
	SCENARIO(those_whom_only_the_scan_missed_are_kept),
	SCENARIO(the_policy_may_keep_each),
	SCENARIO(who_is_kept_though_disabled_is_kept_through_drift),
	SCENARIO(grace_is_waited_for),
	SCENARIO(grace_does_not_trust_a_clock_that_was_ahead),
	SCENARIO(who_comes_back_within_grace_has_never_left),
	SCENARIO(a_change_within_grace_goes_out_and_gains_no_time),
	SCENARIO(who_comes_back_changed_within_grace_has_left_it),
	SCENARIO(workspaces_go_too_when_the_policy_says_so),
	SCENARIO(revoked_workspaces_stay_revoked_until_the_return),
	SCENARIO(an_account_that_was_opened_again_by_hand_is_closed),
	SCENARIO(a_refused_deactivation_is_tried_at_quarantines_pace),
	SCENARIO(who_is_back_after_a_refused_deactivation_leaves_quarantine),
	SCENARIO(many_may_leave_at_once),
	SCENARIO(the_missing_are_looked_at_in_batches),
	SCENARIO(a_batch_that_breaks_off_tells_nothing_of_the_rest),
	SCENARIO(a_stop_ends_a_batch),
	SCENARIO(one_person_is_looked_at_alone),
};
const size_t leavers_scenario_count = COUNT_OF(leavers_scenarios);
