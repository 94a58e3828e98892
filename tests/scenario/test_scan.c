/* SPDX-License-Identifier: ISC */
/* Scans that are not whole. */
#include "scenarios.h"

/* Person 1 is missing, person 4 is new, and the scan is not to be trusted. */
static void given_a_gap(struct world *world)
{
	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	given_people(world, 4, 4);
}

static void assert_absence_is_void(struct world *world, const char *why)
{
	expect_log(world, "is not certified");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 1);
	expect_request(world, 0, "POST");
	assert_non_null(strstr(world->certificate, why));
	assert_false(world->result.run.is_certified);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	assert_int_equal(fake_source_counts(world->directory).look_ups, 0);
	*DIRECTORY(world) = (struct fake_source_switches) { 0 };
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_in_step(world);
}

static void a_missing_canary_voids_absences(void **state)
{
	struct world *world = *state;

	given_a_gap(world);
	DIRECTORY(world)->missing_canary = "cn=always here";
	assert_absence_is_void(world, "always here");
}

static void a_search_that_ended_early_voids_absences(void **state)
{
	struct world *world = *state;

	given_a_gap(world);
	DIRECTORY(world)->is_incomplete = true;
	assert_absence_is_void(world, "size limit");
}

static void too_few_entries_void_absences(void **state)
{
	struct world *world = *state;

	given_a_gap(world);
	given_people(world, 5, 5);
	given(world, 5, ATTRIBUTE_ENABLED, "FALSE");
	DIRECTORY(world)->shows_only = 1;
	world->policy.smallest_scan_percent = 90;
	expect_log(world, "is not certified");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
}

static void success_without_an_entry_voids_absences(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	DIRECTORY(world)->shows_nothing = true;
	expect_log(world, "is not certified");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	expect_run(world, CYCLE_RECONCILE, CYCLE_HELD, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
}

static void another_identity_voids_absences(void **state)
{
	struct world *world = *state;

	DIRECTORY(world)->identity = "cn=agent";
	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	DIRECTORY(world)->identity = "";
	expect_log(world, "is not certified");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	DIRECTORY(world)->identity = "cn=agent";
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
}

static void a_scan_that_breaks_off_still_sends_creates(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 5);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 5);
	fake_tenant_forget(world->tenant);
	given_people(world, 6, 9);
	fake_source_remove(world->directory, 1); /* 9 takes its place in the order */
	DIRECTORY(world)->breaks_after = 6;
	expect_run(world, CYCLE_FULL, CYCLE_PEER_DOWN, 2);
	expect_request(world, 0, "POST");
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	assert_non_null(strstr(world->result.err.text, "in the middle"));
	DIRECTORY(world)->breaks_after = 0;
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 3);
	expect_in_step(world);
}

static void a_directory_that_is_down_changes_nothing(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	DIRECTORY(world)->is_down = true;
	expect_run(world, CYCLE_DELTA, CYCLE_PEER_DOWN, 0);
	expect_run(world, CYCLE_RECONCILE, CYCLE_PEER_DOWN, 0);
	DIRECTORY(world)->is_down = false;
	expect_in_step(world);
}

static void a_second_look_that_fails_takes_nobody_for_gone(void **state)
{
	struct world *world = *state;

	given_synced(world, 5);
	fake_source_remove(world->directory, 1);
	fake_source_remove(world->directory, 2);
	fake_source_remove(world->directory, 3);
	DIRECTORY(world)->is_look_up_down = true;
	expect_run(world, CYCLE_FULL, CYCLE_PEER_DOWN, 0);
	assert_int_equal(fake_source_counts(world->directory).batches, 1);
	DIRECTORY(world)->is_look_up_down = false;
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 3);
	expect_in_step(world);
}

static void an_unknown_group_revokes_nothing(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_source_unknown(world->directory, 0, true);
	expect_log(world, "could not be read whole");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	/* What is known goes on, and takes the unknown along. */
	given_member(world, 1, 1);
	given_no_member(world, 0, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1 W2]");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	fake_source_unknown(world->directory, 0, false);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W2]");
	expect_in_step(world);
}

static void an_unknown_group_puts_nobody_out_of_scope(void **state)
{
	struct world *world = *state;

	world->policy.scope = POLICY_SCOPE_ENTITLED;
	given_synced(world, 3);
	fake_source_unknown(world->directory, 0, true);
	expect_log(world, "could not be read whole");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
}

/* Named wrongly, it would give everybody an account, and let in again whoever was shut out. */
static void an_unknown_group_lets_nobody_in(void **state)
{
	struct world *world = *state;

	world->policy.scope = POLICY_SCOPE_ENTITLED;
	given_synced(world, 3);
	given_no_member(world, 0, 2);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 [W1]");
	fake_source_unknown(world->directory, 0, true);
	given_people(world, 4, 4);
	expect_log(world, "could not be read whole");
	expect_log(world, " left without access, as only a group that is unknown");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 [W1]");
	expect_account(world, 4, "none");
	/* Who has a workspace from a group that is known comes in. */
	given_member(world, 1, 4);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_account(world, 4, "p4@x ext=1004 active Given4 Family4 [W2]");
	fake_source_unknown(world->directory, 0, false);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_in_step(world);
}

static void a_quiet_poll_with_an_unknown_group_stays_quiet(void **state)
{
	struct world *world = *state;
	unsigned runs;

	given_synced(world, 3);
	fake_source_unknown(world->directory, 0, true);
	expect_log(world, "could not be read whole");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	runs = count_runs(world);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(count_runs(world), runs);
	fake_source_unknown(world->directory, 0, false);
	expect_in_step(world);
}

static void an_entry_without_a_key_is_reported(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	DIRECTORY(world)->unusable = 1;
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 0);
	assert_int_equal(world->result.run.summary.rejected, 1);
}

/* Of the first nobody knows how many they will be, and a scan that is not certified tells nothing.
 */
static void progress_counts_on_the_last_certified_scan(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 120);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 120);
	assert_int_equal(world->scanned, 100);
	assert_int_equal(world->scan_expects, 0);
	given_people(world, 121, 150);
	DIRECTORY(world)->is_incomplete = true;
	expect_log(world, "is not certified");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 30);
	assert_int_equal(world->scan_expects, 120);
	*DIRECTORY(world) = (struct fake_source_switches) { 0 };
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(world->scan_expects, 120);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(world->scan_expects, 150);
}

const struct CMUnitTest scan_scenarios[] = {
	SCENARIO(a_missing_canary_voids_absences),
	SCENARIO(a_search_that_ended_early_voids_absences),
	SCENARIO(too_few_entries_void_absences),
	SCENARIO(success_without_an_entry_voids_absences),
	SCENARIO(another_identity_voids_absences),
	SCENARIO(a_scan_that_breaks_off_still_sends_creates),
	SCENARIO(a_directory_that_is_down_changes_nothing),
	SCENARIO(a_second_look_that_fails_takes_nobody_for_gone),
	SCENARIO(an_unknown_group_revokes_nothing),
	SCENARIO(an_unknown_group_puts_nobody_out_of_scope),
	SCENARIO(an_unknown_group_lets_nobody_in),
	SCENARIO(a_quiet_poll_with_an_unknown_group_stays_quiet),
	SCENARIO(an_entry_without_a_key_is_reported),
	SCENARIO(progress_counts_on_the_last_certified_scan),
};
const size_t scan_scenario_count = COUNT_OF(scan_scenarios);
