/* SPDX-License-Identifier: ISC */
/* Too much of one class is held, and what a person decides about it. */
#include "scenarios.h"

#include <stdio.h>

static void limit(struct policy_limit *limit, uint64_t count)
{
	limit->count = count;
}

/* Ten people, of whom `count` leave, counted from the first. */
static void given_leavers(struct world *world, unsigned count)
{
	given_synced(world, 10);
	limit(&world->policy.deactivations, 3);
	for (unsigned person = 1; person <= count; person++)
		fake_source_remove(world->directory, person);
}

static unsigned count_active(struct world *world)
{
	unsigned active = 0;

	for (unsigned person = 1; person <= 10; person++) {
		char name[16];

		snprintf(name, sizeof(name), "p%u@x", person);
		active += strstr(fake_tenant_show(world->tenant, name), " active ") != NULL;
	}
	return active;
}

static void exactly_the_limit_goes(void **state)
{
	struct world *world = *state;

	given_leavers(world, 3);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 3);
	assert_int_equal(count_holds(world), 0);
	expect_in_step(world);
}

static void over_the_limit_the_whole_class_is_held_and_all_else_flows(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	given(world, 5, "sn", "Ray");
	given_people(world, 11, 12);
	expect_log(world, "hold 1: 4 deactivations are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 3);
	assert_int_equal(count_active(world), 10);
	assert_int_equal(fake_tenant_count(world->tenant), 12);
	expect_account(world, 5, "p5@x ext=1005 active Given5 Ray [W1]");
	assert_int_equal(world->result.run.summary.held, 4);
	assert_int_equal(world->result.hold_count, 1);
	expect_action(world, 1, ACTION_DEACTIVATE, ACTION_HELD, REASON_DELETED, NULL);
}

static void a_batch_is_held_once_and_costs_nothing_afterwards(void **state)
{
	struct world *world = *state;
	unsigned runs;

	given_leavers(world, 4);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	runs = count_runs(world);
	for (int i = 0; i < 3; i++) {
		expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
		assert_int_equal(world->result.run.summary.held, 4);
		assert_int_equal(world->result.hold_count, 0);
	}
	assert_int_equal(count_runs(world), runs);
	assert_int_equal(count_actions(world, ACTION_HELD), 4);
	assert_int_equal(count_holds(world), 1);
	die_and_restart(world);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(count_holds(world), 1);
}

static void an_approved_batch_goes_with_the_next_cycle(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 4);
	assert_int_equal(count_active(world), 6);
	assert_int_equal(count_actions(world, ACTION_HELD), 0);
	assert_int_equal(count_holds(world), 0);
	expect_action(world, 1, ACTION_DEACTIVATE, ACTION_DONE, REASON_DELETED, NULL);
	expect_in_step(world);
}

static void what_was_approved_does_not_fill_the_window(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 4);
	fake_source_remove(world->directory, 5);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
}

static void a_rejected_batch_is_not_asked_for_again(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	decide(world, 1, HOLD_REJECTED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(world->result.run.summary.held, 0);
	/* It does not stand in the way of others. */
	fake_source_remove(world->directory, 5);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	assert_int_equal(count_active(world), 9);
	/* A mind may be changed. */
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 4);
	assert_int_equal(count_active(world), 5);
}

static void who_comes_back_leaves_the_batch(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	given_people(world, 1, 2);
	given_member(world, 0, 1);
	given_member(world, 0, 2);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(world->result.run.summary.held, 2);
	expect_action(world, 1, ACTION_DEACTIVATE, ACTION_STATE_REJECTED, REASON_DELETED, "lapsed");
	/* What was shown may go, whoever has left it meanwhile. */
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	assert_int_equal(count_active(world), 8);
	assert_int_equal(count_holds(world), 0);
}

static void a_batch_lapses_when_nobody_asks_for_it(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	given_people(world, 1, 4);
	for (unsigned person = 1; person <= 4; person++)
		given_member(world, 0, person);
	/* A scan that is not certified says nothing about what is no longer asked for. */
	DIRECTORY(world)->missing_canary = "CN=Always Here";
	expect_log(world, "not certified");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(count_holds(world), 1);
	DIRECTORY(world)->missing_canary = NULL;
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(count_holds(world), 0);
	assert_int_equal(count_actions(world, ACTION_HELD), 0);
	decide_in_vain(world, 1, HOLD_APPROVED);
	expect_in_step(world);
}

static void later_leavers_make_a_batch_of_their_own(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	expect_log(world, "held: ");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	fake_source_remove(world->directory, 5);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(count_holds(world), 2);
	assert_int_equal(world->result.run.summary.held, 5);
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 4);
	assert_int_equal(count_active(world), 6);
	expect_account(world, 5, "p5@x ext=1005 active Given5 Family5 [W1]");
	decide(world, 2, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
}

static void an_approval_covers_what_was_shown(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	decide(world, 1, HOLD_APPROVED);
	/* One of them is to lose the workspaces too by now: that was not shown. */
	world->policy.leavers.revoke_workspaces = true;
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(count_active(world), 10);
	assert_int_equal(count_holds(world), 1);
	decide_in_vain(world, 1, HOLD_APPROVED);
}

/* One a day passes every limit that looks at one plan. */
static void a_slow_bleed_is_held_by_the_window(void **state)
{
	struct world *world = *state;

	given_synced(world, 10);
	limit(&world->policy.deactivations, 3);
	for (unsigned person = 1; person <= 3; person++) {
		fake_source_remove(world->directory, person);
		expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
		pass(world, TIME_HOUR_MS);
	}
	fake_source_remove(world->directory, 4);
	expect_log(world, "hold 1: 1 deactivation is held: 4 in this plan and the last");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(count_active(world), 7);
	/* The day is over: what is held waits all the same, the next one goes. */
	pass(world, TIME_DAY_MS);
	fake_source_remove(world->directory, 5);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 1);
	assert_int_equal(count_active(world), 6);
}

static void a_percentage_is_of_the_linked(void **state)
{
	struct world *world = *state;

	given_synced(world, 10);
	world->policy.deactivations.percent = 20;
	fake_source_remove(world->directory, 1);
	fake_source_remove(world->directory, 2);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	fake_source_remove(world->directory, 3);
	expect_log(world, "the limit is 2");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
}

/* A group that was emptied by mistake is the same harm as people who are gone. */
static void an_emptied_group_revokes_nothing(void **state)
{
	struct world *world = *state;

	given_synced(world, 10);
	limit(&world->policy.revocations, 3);
	for (unsigned person = 1; person <= 10; person++)
		given_no_member(world, 0, person);
	given(world, 10, "sn", "Ray"); /* is held with the rest: one request a person */
	given_people(world, 11, 11);
	expect_log(world, "10 revocations are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 10);
	expect_account(world, 10, "p10@x ext=10010 active Given10 Ray []");
	expect_in_step(world);
}

static void a_revoking_leaver_counts_in_both_classes(void **state)
{
	struct world *world = *state;

	given_leavers(world, 2);
	world->policy.leavers.revoke_workspaces = true;
	limit(&world->policy.revocations, 1);
	expect_log(world, "2 revocations are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(count_active(world), 10);
}

static void creations_have_a_limit_and_adoptions_have_none(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 6);
	fake_tenant_add(world->tenant, "p1@x", "1001", true);
	limit(&world->policy.creations, 4);
	expect_log(world, "5 creations are held");
	expect_run(world, CYCLE_RECONCILE, CYCLE_HELD, 1);
	assert_int_equal(fake_tenant_count(world->tenant), 1);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(TENANT(world).finds, 0);
	assert_int_equal(count_holds(world), 1);
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 5);
	expect_in_step(world);
}

/* Somebody made the account by hand meanwhile: it is adopted, and not made again. */
static void an_approved_creation_is_correlated_anew(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 2);
	limit(&world->policy.creations, 1);
	expect_log(world, "2 creations are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	decide(world, 1, HOLD_APPROVED);
	fake_tenant_add(world->tenant, "p1@x", "1001", true);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	assert_int_equal(fake_tenant_count(world->tenant), 2);
	expect_in_step(world);
	assert_int_equal(count_holds(world), 0);
}

/* Closing many old accounts and making new ones is held as one, whichever limit is passed. */
static void the_halves_of_renamed_people_stay_together(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_RECREATE;
	given_synced(world, 4);
	limit(&world->policy.creations, 2);
	for (unsigned person = 1; person <= 3; person++) {
		char mail[16];

		snprintf(mail, sizeof(mail), "n%u@x", person);
		given(world, person, "mail", mail);
	}
	expect_log(world, "6 creations are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	assert_int_equal(count_holds(world), 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 6);
	assert_int_equal(fake_tenant_count(world->tenant), 7);
	expect_in_step(world);
}

static void an_approved_rename_is_patched(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	assert_int_equal(count_holds(world), 1);
	/* Other changes flow, and the batch stays the same. */
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 1);
	assert_int_equal(count_holds(world), 1);
	decide(world, 1, HOLD_APPROVED);
	given(world, 1, "sn", "Roe");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	assert_string_equal(
	    fake_tenant_show(world->tenant, "new@x"), "new@x ext=1001 active Given1 Roe [W1]");
	expect_in_step(world);
}

static void a_rejected_rename_is_left_alone(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	decide(world, 1, HOLD_REJECTED);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	given(world, 1, "mail", "newer@x");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	assert_int_equal(count_holds(world), 1);
}

static void an_approved_rehire_is_reactivated(void **state)
{
	struct world *world = *state;

	world->policy.rehire = POLICY_REHIRE_HOLD;
	given_synced(world, 2);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
	expect_run(world, CYCLE_DELTA, CYCLE_HELD, 0);
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_in_step(world);
}

static void an_approved_rehire_of_an_account_that_was_there_is_adopted(void **state)
{
	struct world *world = *state;

	world->policy.rehire = POLICY_REHIRE_HOLD;
	fake_tenant_add(world->tenant, "p1@x", "1001", false);
	given_people(world, 1, 1);
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	expect_in_step(world);
}

/* What a person approved is not asked for a second time because the tenant was down. */
static void an_approval_outlives_a_failure(void **state)
{
	struct world *world = *state;

	given_leavers(world, 8);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	decide(world, 1, HOLD_APPROVED);
	given_status(world, "PATCH", 403, -1, 0);
	run(world, CYCLE_FULL);
	expect_exit(world, CYCLE_PEER_DOWN);
	fake_tenant_heal(world->tenant);
	fake_tenant_forget(world->tenant);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 8);
	assert_int_equal(count_active(world), 2);
	assert_int_equal(count_holds(world), 0);
	expect_in_step(world);
}

static void a_dry_run_says_what_would_be_held(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	expect_log(world, "4 deactivations would be held");
	run_dry(world, CYCLE_FULL);
	expect_exit(world, CYCLE_HELD);
	assert_int_equal(world->result.run.summary.held, 4);
	expect_writes(world, 0);
	die_and_restart(world);
	assert_int_equal(count_holds(world), 0);
	expect_log(world, "hold 1: 4 deactivations are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	/* What is held already is no news to a dry run. */
	run_dry(world, CYCLE_FULL);
	assert_int_equal(world->result.run.summary.held, 4);
	die_and_restart(world);
	decide(world, 1, HOLD_APPROVED);
	run_dry(world, CYCLE_FULL);
	expect_exit(world, CYCLE_DONE);
	assert_int_equal(world->result.run.summary.deactivate, 4);
	assert_int_equal(world->result.run.summary.held, 0);
	die_and_restart(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 4);
}

static void one_person_is_held_with_the_batch(void **state)
{
	struct world *world = *state;

	given_leavers(world, 4);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
	run_for(world, "p1@x");
	expect_exit(world, CYCLE_HELD);
	expect_writes(world, 0);
	/* Looking at one person says nothing about the others. */
	assert_int_equal(count_actions(world, ACTION_HELD), 4);
	decide(world, 1, HOLD_APPROVED);
	run_for(world, "p1@x");
	expect_writes(world, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 3);
	assert_int_equal(count_holds(world), 0);
}

/* A tenant that lost everybody does not get them all back without a person's word. */
static void whom_the_tenant_lost_counts_as_a_creation(void **state)
{
	struct world *world = *state;

	given_synced(world, 6);
	limit(&world->policy.creations, 2);
	world->policy.creations.window_ms = 1; /* those of the start are past */
	pass(world, TIME_DAY_MS);
	for (unsigned person = 1; person <= 6; person++) {
		char name[16];

		snprintf(name, sizeof(name), "p%u@x", person);
		fake_tenant_remove(world->tenant, name);
		given(world, person, "sn", "Ray");
	}
	world->is_anything_allowed = true;
	run(world, CYCLE_FULL);
	expect_exit(world, CYCLE_REJECTED);
	assert_int_equal(fake_tenant_count(world->tenant), 2);
	pass(world, TIME_DAY_MS);
	run(world, CYCLE_FULL);
	expect_exit(world, CYCLE_HELD);
	assert_int_equal(fake_tenant_count(world->tenant), 2);
	assert_int_equal(world->result.run.summary.held, 4);
}

const struct CMUnitTest limits_scenarios[] = {
	SCENARIO(exactly_the_limit_goes),
	SCENARIO(over_the_limit_the_whole_class_is_held_and_all_else_flows),
	SCENARIO(a_batch_is_held_once_and_costs_nothing_afterwards),
	SCENARIO(an_approved_batch_goes_with_the_next_cycle),
	SCENARIO(what_was_approved_does_not_fill_the_window),
	SCENARIO(a_rejected_batch_is_not_asked_for_again),
	SCENARIO(who_comes_back_leaves_the_batch),
	SCENARIO(a_batch_lapses_when_nobody_asks_for_it),
	SCENARIO(later_leavers_make_a_batch_of_their_own),
	SCENARIO(an_approval_covers_what_was_shown),
	SCENARIO(a_slow_bleed_is_held_by_the_window),
	SCENARIO(a_percentage_is_of_the_linked),
	SCENARIO(an_emptied_group_revokes_nothing),
	SCENARIO(a_revoking_leaver_counts_in_both_classes),
	SCENARIO(creations_have_a_limit_and_adoptions_have_none),
	SCENARIO(an_approved_creation_is_correlated_anew),
	SCENARIO(the_halves_of_renamed_people_stay_together),
	SCENARIO(an_approved_rename_is_patched),
	SCENARIO(a_rejected_rename_is_left_alone),
	SCENARIO(an_approved_rehire_is_reactivated),
	SCENARIO(an_approved_rehire_of_an_account_that_was_there_is_adopted),
	SCENARIO(an_approval_outlives_a_failure),
	SCENARIO(a_dry_run_says_what_would_be_held),
	SCENARIO(one_person_is_held_with_the_batch),
	SCENARIO(whom_the_tenant_lost_counts_as_a_creation),
};
const size_t limits_scenario_count = COUNT_OF(limits_scenarios);
