/* SPDX-License-Identifier: ISC */
/* Deltas that ask a directory for changes, and whole scans that look what these missed. */
#include "scenarios.h"

#include <stdio.h>

/* In step, and the directory tells changes from here on. */
static void given_telling(struct world *world, unsigned count)
{
	DIRECTORY(world)->tells_changes = true;
	given_synced(world, count);
	forget_directory(world);
}

static void expect_no_scan(struct world *world)
{
	assert_int_equal(counted(world).scans, 0);
}

static void a_quiet_poll_reads_nothing(void **state)
{
	struct world *world = *state;
	unsigned runs;

	given_telling(world, 3);
	runs = count_runs(world);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	expect_no_scan(world);
	assert_int_equal(counted(world).changes, 2);
	assert_int_equal(counted(world).keys, 0);
	assert_int_equal(count_runs(world), runs);
}

static void a_change_is_looked_at_alone(void **state)
{
	struct world *world = *state;

	given_telling(world, 5);
	given(world, 2, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Ray [W1]");
	expect_no_scan(world);
	assert_int_equal(counted(world).keys, 1);
	assert_int_equal(world->result.run.is_certified, true);
	assert_non_null(strstr(world->certificate, "\"changesBy\":\"fake\""));
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(counted(world).keys, 1);
}

static void everything_that_happens_to_people_is_told(void **state)
{
	struct world *world = *state;

	given_telling(world, 6);
	given_people(world, 7, 7);
	fake_source_remove(world->directory, 1);
	fake_source_place(world->directory, 2, FAKE_OUT_OF_BASE);
	fake_source_place(world->directory, 3, FAKE_OUT_OF_FILTER);
	given(world, 4, ATTRIBUTE_ENABLED, "FALSE");
	fake_source_place(world->directory, 5, FAKE_UNREADABLE);
	expect_log(world, "cannot be told from unreadable ones");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 5);
	expect_no_scan(world);
	expect_account(world, 7, "p7@x ext=1007 active Given7 Family7 []");
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_account(world, 2, "p2@x ext=1002 inactive Given2 Family2 [W1]");
	expect_account(world, 3, "p3@x ext=1003 inactive Given3 Family3 [W1]");
	expect_account(world, 4, "p4@x ext=1004 inactive Given4 Family4 [W1]");
	expect_account(world, 5, "p5@x ext=1005 active Given5 Family5 [W1]");
	expect_action(world, 1, ACTION_DEACTIVATE, ACTION_DONE, REASON_DELETED, NULL);
	expect_action(world, 2, ACTION_DEACTIVATE, ACTION_DONE, REASON_MOVED, NULL);
	expect_action(world, 3, ACTION_DEACTIVATE, ACTION_DONE, REASON_LEFT_SCOPE, NULL);
	expect_action(world, 4, ACTION_DEACTIVATE, ACTION_DONE, REASON_DISABLED, NULL);
	/* A whole scan finds nothing that was missed. */
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(world->result.run.summary.missed, 0);
}

/* The entries of people do not change when a group does. */
static void group_changes_are_changes(void **state)
{
	struct world *world = *state;

	given_telling(world, 5);
	given_no_member(world, 0, 1);
	given_member(world, 1, 2);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	expect_no_scan(world);
	assert_int_equal(counted(world).keys, 2);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1 W2]");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(world->result.run.summary.missed, 0);
}

static void somebody_without_an_account_joins_by_a_group(void **state)
{
	struct world *world = *state;

	world->policy.scope = POLICY_SCOPE_ENTITLED;
	given_telling(world, 2);
	given_people(world, 3, 3);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	given_member(world, 0, 3);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 3, "p3@x ext=1003 active Given3 Family3 [W1]");
	expect_no_scan(world);
	given_no_member(world, 0, 3);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 3, "p3@x ext=1003 inactive Given3 Family3 [W1]");
}

/* The server rewrites the groups of who was renamed, and says nothing of it. */
static void a_renamed_entry_keeps_its_groups(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	DIRECTORY(world)->keeps_groups = true;
	fake_source_rename(world->directory, 1, "uid=p1,ou=moved,dc=example");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	expect_no_scan(world);
}

static void given_again(struct world *world)
{
	given_people(world, 9, 9);
	given(world, 9, "mail", "p1@x");
	given(world, 9, "employeeNumber", "1001");
	given(world, 9, "givenName", "Given1");
	given(world, 9, "sn", "Family1");
	given_member(world, 0, 9);
}

static void who_is_made_again_at_once_keeps_the_account(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	fake_source_remove(world->directory, 1);
	given_again(world);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	assert_true(is_linked(world, 9));
	assert_false(is_linked(world, 1));
	expect_no_scan(world);
}

static void who_is_made_again_later_gets_the_account_back(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	given_again(world);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	assert_true(is_linked(world, 9));
	expect_no_scan(world);
}

/* Not active is not gone: the old entry is there, whether a delta looked at it or not. */
static void an_inactive_entry_keeps_its_account(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	given_again(world);
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 0);
	assert_true(is_linked(world, 1));
	assert_false(is_linked(world, 9));
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
}

static void what_is_not_done_is_told_again(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	given(world, 1, "sn", "Ray");
	fake_source_remove(world->directory, 2);
	given_status(world, "PATCH", 403, -1, 0);
	run(world, CYCLE_DELTA);
	expect_exit(world, CYCLE_PEER_DOWN);
	fake_tenant_heal(world->tenant);
	fake_tenant_forget(world->tenant);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	expect_no_scan(world);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(counted(world).keys, 4);
}

static void a_refused_one_is_tried_when_its_time_comes(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	given(world, 1, "sn", "Ray");
	given_status(world, "PATCH", 400, -1, 1);
	expect_log(world, "update of key");
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, 2 * TIME_HOUR_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	expect_no_scan(world);
}

static void a_grace_period_ends_without_a_change(void **state)
{
	struct world *world = *state;

	world->policy.leavers.grace_ms = TIME_DAY_MS;
	given_telling(world, 3);
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, TIME_DAY_MS / 2);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_no_scan(world);
}

static void an_approved_hold_goes_without_a_change(void **state)
{
	struct world *world = *state;

	given_telling(world, 5);
	world->policy.deactivations.count = 1;
	fake_source_remove(world->directory, 1);
	fake_source_remove(world->directory, 2);
	expect_log(world, "2 deactivations are held");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	/* A delta that does not ask for it again lets nothing lapse. */
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(count_holds(world), 1);
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	assert_int_equal(count_holds(world), 0);
	expect_no_scan(world);
}

/* ---- when changes cannot be told ---- */

static void a_gap_makes_a_whole_scan(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	given(world, 1, "sn", "Ray");
	DIRECTORY(world)->has_gap = true;
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	assert_int_equal(counted(world).scans, 1);
	DIRECTORY(world)->has_gap = false;
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(counted(world).scans, 1);
	assert_int_equal(world->result.run.summary.missed, 0);
}

static void another_configuration_makes_a_whole_scan(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	world->config_digest = "another";
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(counted(world).changes, 0);
	assert_int_equal(counted(world).scans, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(counted(world).changes, 1);
}

static void another_identity_makes_a_whole_scan(void **state)
{
	struct world *world = *state;

	DIRECTORY(world)->identity = "dn:cn=sync";
	given_telling(world, 3);
	DIRECTORY(world)->identity = "dn:cn=nobody";
	fake_source_remove(world->directory, 1);
	expect_log(world, "not certified");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	assert_int_equal(counted(world).scans, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
}

static void a_directory_that_breaks_says_nothing(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	fake_source_remove(world->directory, 1);
	DIRECTORY(world)->is_look_up_down = true;
	run(world, CYCLE_DELTA);
	expect_exit(world, CYCLE_PEER_DOWN);
	DIRECTORY(world)->is_look_up_down = false;
	DIRECTORY(world)->is_down = true;
	run(world, CYCLE_DELTA);
	expect_exit(world, CYCLE_PEER_DOWN);
	DIRECTORY(world)->is_down = false;
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_no_scan(world);
}

static void a_dry_run_moves_no_cursor(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	given(world, 1, "sn", "Ray");
	run_dry(world, CYCLE_DELTA);
	assert_int_equal(world->result.run.summary.update, 1);
	die_and_restart(world);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_no_scan(world);
}

/* ---- what the deltas missed ---- */

static void what_deltas_miss_is_counted(void **state)
{
	struct world *world = *state;

	given_telling(world, 5);
	DIRECTORY(world)->forgets_deletions = DIRECTORY(world)->forgets_groups = true;
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	world->counted = "all of them deletions, which the directory does not tell";
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	assert_int_equal(world->result.run.summary.missed, 1);
	given_no_member(world, 0, 2);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	assert_int_equal(world->result.run.summary.missed, 1);
	assert_string_equal(meta_of(world, "delta_missed_changes_total"), "2");
}

/* It is planned by each whole scan, and was told of long ago. */
static void who_cannot_be_mapped_is_not_missed(void **state)
{
	struct world *world = *state;

	given_telling(world, 3);
	given(world, 2, "mail", NULL);
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 0);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 0);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 0);
	assert_int_equal(world->result.run.summary.rejected, 1);
	assert_int_equal(world->result.run.summary.missed, 0);
}

static void what_happens_between_is_not_missed(void **state)
{
	struct world *world = *state;

	given_telling(world, 5);
	given(world, 1, "sn", "Ray");
	fake_source_remove(world->directory, 2);
	given_people(world, 6, 6);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 3);
	assert_int_equal(world->result.run.summary.missed, 0);
	/* Drift is no change of the directory. */
	fake_tenant_set(world->tenant, "p3@x", "active", "false");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	assert_int_equal(world->result.run.summary.missed, 0);
}

const struct CMUnitTest changes_scenarios[] = {
	SCENARIO(a_quiet_poll_reads_nothing),
	SCENARIO(a_change_is_looked_at_alone),
	SCENARIO(everything_that_happens_to_people_is_told),
	SCENARIO(group_changes_are_changes),
	SCENARIO(somebody_without_an_account_joins_by_a_group),
	SCENARIO(a_renamed_entry_keeps_its_groups),
	SCENARIO(who_is_made_again_at_once_keeps_the_account),
	SCENARIO(who_is_made_again_later_gets_the_account_back),
	SCENARIO(an_inactive_entry_keeps_its_account),
	SCENARIO(what_is_not_done_is_told_again),
	SCENARIO(a_refused_one_is_tried_when_its_time_comes),
	SCENARIO(a_grace_period_ends_without_a_change),
	SCENARIO(an_approved_hold_goes_without_a_change),
	SCENARIO(a_gap_makes_a_whole_scan),
	SCENARIO(another_configuration_makes_a_whole_scan),
	SCENARIO(another_identity_makes_a_whole_scan),
	SCENARIO(a_directory_that_breaks_says_nothing),
	SCENARIO(a_dry_run_moves_no_cursor),
	SCENARIO(what_deltas_miss_is_counted),
	SCENARIO(who_cannot_be_mapped_is_not_missed),
	SCENARIO(what_happens_between_is_not_missed),
};
const size_t changes_scenario_count = COUNT_OF(changes_scenarios);
