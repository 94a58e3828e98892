/* SPDX-License-Identifier: ISC */
/* A tenant that throttles, fails, loses answers and forgets. */
#include "scenarios.h"

#include <stdio.h>

static void retry_after_pauses_the_whole_tenant(void **state)
{
	struct world *world = *state;
	int64_t from_ms;

	given_synced(world, 20);
	for (unsigned person = 1; person <= 20; person++)
		given(world, person, "sn", "Ray");
	given_status(world, "PATCH", 429, 30000, 1);
	from_ms = loop_now_ms(world->loop);
	assert_int_equal(run(world, CYCLE_DELTA), CYCLE_DONE);
	expect_writes(world, 21);
	/* The eight that were in flight already ended; all others waited. */
	assert_in_range(loop_now_ms(world->loop) - from_ms, 30000, 31000);
	expect_in_step(world);
}

static void without_retry_after_it_waits_a_moment(void **state)
{
	struct world *world = *state;
	int64_t from_ms;

	given_synced(world, 1);
	given(world, 1, "sn", "Ray");
	given_status(world, NULL, 429, -1, 3);
	from_ms = loop_now_ms(world->loop);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 4);
	assert_in_range(loop_now_ms(world->loop) - from_ms, 7000, 8000);
	expect_in_step(world);
}

static void an_error_is_tried_five_times_and_then_quarantined(void **state)
{
	struct world *world = *state;

	expect_log(world, "update of key");
	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	given(world, 2, "sn", "Roe");
	fake_tenant_fault(world->tenant,
	    &(struct fake_fault) { .kind = FAKE_STATUS, .match = "Ray", .http_status = 500 });
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 6);
	assert_int_equal(world->result.quarantined, 1);
	assert_null(world->result.peer);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Roe [W1]");
	expect_action(world, 1, ACTION_UPDATE, ACTION_FAILED, REASON_ATTRIBUTE_CHANGED, "500");
	assert_true(is_quarantined(world, 1));
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(world->result.quarantined, 0);
	pass(world, TIME_HOUR_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 5);
	assert_int_equal(world->result.quarantined, 0); /* it was there before */
	fake_tenant_heal(world->tenant);
	pass(world, 4 * TIME_HOUR_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	assert_false(is_quarantined(world, 1));
	expect_in_step(world);
}

static void a_refused_connection_ends_the_cycle(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	fake_tenant_fault(
	    world->tenant, &(struct fake_fault) { .kind = FAKE_REFUSED, .method = "OPEN" });
	expect_run(world, CYCLE_DELTA, CYCLE_PEER_DOWN, 0);
	assert_string_equal(world->result.peer, "tenant");
	assert_int_equal(TENANT(world).opens, 3);
	assert_non_null(strstr(world->result.err.text, "connection refused"));
	assert_false(is_quarantined(world, 1));
	fake_tenant_heal(world->tenant);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_in_step(world);
}

static void patience_ends_after_five_minutes(void **state)
{
	struct world *world = *state;
	int64_t from_ms;

	given_synced(world, 20);
	for (unsigned person = 1; person <= 20; person++)
		given(world, person, "sn", "Ray");
	given_status(world, NULL, 429, 45000, 0);
	from_ms = loop_now_ms(world->loop);
	run(world, CYCLE_DELTA);
	expect_exit(world, CYCLE_PEER_DOWN);
	assert_in_range(loop_now_ms(world->loop) - from_ms, 4 * 60000, 5 * 60000 + 1000);
	fake_tenant_heal(world->tenant);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 20);
	expect_in_step(world);
}

static void a_create_whose_answer_was_lost_is_found_and_not_repeated(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 2);
	given_fault(world, FAKE_LOST, "p1@x", 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	assert_int_equal(fake_tenant_count(world->tenant), 2);
	expect_action(world, 1, ACTION_CREATE, ACTION_DONE, REASON_JOINED, NULL);
	expect_in_step(world);
}

static void a_create_that_was_lost_on_the_way_is_repeated(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 2);
	given_fault(world, FAKE_LOST_BEFORE, "p1@x", 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 3);
	assert_int_equal(fake_tenant_count(world->tenant), 2);
	expect_in_step(world);
}

static void a_create_that_stays_lost_is_settled_later(void **state)
{
	struct world *world = *state;

	expect_log(world, "create of key");
	given_people(world, 1, 1);
	given_fault(world, FAKE_LOST_BEFORE, "p1@x", 0);
	run(world, CYCLE_FULL);
	expect_exit(world, CYCLE_REJECTED);
	assert_int_equal(count_actions(world, ACTION_UNKNOWN), 1);
	fake_tenant_heal(world->tenant);
	fake_tenant_forget(world->tenant);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	assert_int_equal(count_actions(world, ACTION_UNKNOWN), 0);
	expect_in_step(world);
}

static void a_lost_update_is_repeated(void **state)
{
	struct world *world = *state;

	given_synced(world, 1);
	given(world, 1, "sn", "Ray");
	given_fault(world, FAKE_LOST, NULL, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	expect_in_step(world);
}

/* Workspace W2 is lost silently. */
static void lose(struct world *world, enum fake_fault_kind kind)
{
	expect_log(world, "update of key");
	given_synced(world, 2);
	given_member(world, 1, 1);
	given_fault(world, kind, NULL, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 1);
	expect_action(world, 1, ACTION_UPDATE, ACTION_FAILED, REASON_GROUP_GAINED, NULL);
	assert_true(is_quarantined(world, 1));
}

static void a_silent_loss_is_retried_at_quarantines_pace(void **state)
{
	struct world *world = *state;
	const int64_t waits_ms[] = { TIME_HOUR_MS, 4 * TIME_HOUR_MS, TIME_DAY_MS, TIME_DAY_MS };

	lose(world, FAKE_SILENT_LOSS);
	for (size_t i = 0; i < COUNT_OF(waits_ms); i++) {
		pass(world, waits_ms[i] - TIME_MINUTE_MS);
		expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
		pass(world, TIME_MINUTE_MS);
		expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 1);
	}
	fake_tenant_heal(world->tenant);
	pass(world, TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1 W2]");
	assert_false(is_quarantined(world, 1));
	expect_in_step(world);
}

static void quarantine_ends_when_the_entry_changes(void **state)
{
	struct world *world = *state;

	lose(world, FAKE_SILENT_LOSS);
	fake_tenant_heal(world->tenant);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1 W2]");
	expect_in_step(world);
}

static void quarantine_ends_when_there_is_nothing_left_to_do(void **state)
{
	struct world *world = *state;

	lose(world, FAKE_SILENT_LOSS);
	given_no_member(world, 1, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_false(is_quarantined(world, 1));
	expect_in_step(world);
}

static void quarantine_outlives_the_process(void **state)
{
	struct world *world = *state;

	lose(world, FAKE_SILENT_LOSS);
	die_and_restart(world);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
}

/* A clock that was two months ahead keeps nobody waiting for two months. */
static void quarantine_does_not_trust_a_clock_that_was_ahead(void **state)
{
	struct world *world = *state;

	fake_loop_jump_wall(world->loop, 60 * TIME_DAY_MS);
	lose(world, FAKE_SILENT_LOSS);
	fake_loop_jump_wall(world->loop, -60 * TIME_DAY_MS);
	fake_tenant_heal(world->tenant);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	assert_false(is_quarantined(world, 1));
	expect_in_step(world);
}

static void the_clock_may_jump_in_mid_run(void **state)
{
	struct world *world = *state;
	const int64_t jumps_ms[] = { 60 * TIME_DAY_MS, -90 * TIME_DAY_MS };

	given_synced(world, 20);
	for (size_t i = 0; i < COUNT_OF(jumps_ms); i++) {
		char surname[16];

		snprintf(surname, sizeof(surname), "Ray%zu", i);
		for (unsigned person = 1; person <= 20; person++)
			given(world, person, "sn", surname);
		given_status(world, "PATCH", 429, 2000, 3);
		world->jump_ms = jumps_ms[i];
		expect_run(world, CYCLE_DELTA, CYCLE_DONE, 23);
		expect_in_step(world);
	}
}

static void a_207_is_retried_at_quarantines_pace(void **state)
{
	struct world *world = *state;

	lose(world, FAKE_PARTIAL);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	fake_tenant_heal(world->tenant);
	pass(world, TIME_HOUR_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1 W2]");
	expect_in_step(world);
}

static void a_create_that_lost_its_workspaces_is_linked_and_mended(void **state)
{
	struct world *world = *state;

	expect_log(world, "create of key");
	given_people(world, 1, 1);
	given_member(world, 0, 1);
	given_fault(world, FAKE_SILENT_LOSS, NULL, 1);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 1);
	assert_true(is_linked(world, 1));
	pass(world, TIME_HOUR_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_in_step(world);
}

static void an_answer_without_a_body_is_believed(void **state)
{
	struct world *world = *state;

	given_synced(world, 1);
	given(world, 1, "sn", "Ray");
	given_people(world, 2, 2);
	given_fault(world, FAKE_NO_BODY, NULL, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 []");
	fake_tenant_heal(world->tenant);
	expect_in_step(world);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
}

static void an_account_that_is_gone_is_made_again(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	fake_tenant_remove(world->tenant, "p1@x");
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	expect_request(world, 1, "POST");
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	expect_in_step(world);
}

static void a_leaver_whose_account_is_gone_has_left(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_tenant_remove(world->tenant, "p1@x");
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	assert_false(is_linked(world, 1));
	expect_in_step(world);
}

/* A gateway's 404 must not leave a leaver with access. */
static void a_leaver_is_not_taken_for_gone_on_one_word(void **state)
{
	struct world *world = *state;

	expect_log(world, "shows the account when asked");
	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	given_status(world, "PATCH", 404, -1, 1);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 1);
	assert_true(is_linked(world, 1));
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	pass(world, TIME_HOUR_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_in_step(world);
}

static void a_leaver_who_got_another_account_loses_that(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_tenant_remove(world->tenant, "p1@x");
	fake_tenant_add(world->tenant, "p1@x", "1001", true);
	fake_source_remove(world->directory, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	assert_non_null(strstr(fake_tenant_show(world->tenant, "p1@x"), "ext=1001 inactive"));
	expect_in_step(world);
}

static void a_409_finds_the_account_and_adopts_it(void **state)
{
	struct world *world = *state;

	fake_tenant_add(world->tenant, "p1@x", NULL, true);
	fake_tenant_hide(world->tenant, "p1@x", true);
	expect_log(world, "counts 1 accounts but lists fewer");
	given_people(world, 1, 2);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 3);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	assert_int_equal(fake_tenant_count(world->tenant), 2);
	expect_in_step(world);
}

static void a_409_may_turn_out_a_conflict(void **state)
{
	struct world *world = *state;

	fake_tenant_add(world->tenant, "p1@x", "77", true);
	fake_tenant_hide(world->tenant, "p1@x", true);
	expect_log(world, "counts 1 accounts but lists fewer");
	given_people(world, 1, 1);
	expect_run(world, CYCLE_RECONCILE, CYCLE_REJECTED, 1);
	expect_action(world, 1, ACTION_CONFLICT, ACTION_STATE_REJECTED, REASON_CONFLICT, NULL);
}

static void a_409_that_nobody_explains_is_reported(void **state)
{
	struct world *world = *state;

	expect_log(world, "create of key");
	given_people(world, 1, 1);
	given_status(world, "POST", 409, -1, 0);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 1);
	expect_action(world, 1, ACTION_CREATE, ACTION_STATE_REJECTED, REASON_JOINED,
	    "does not show whose account");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	pass(world, TIME_HOUR_MS);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 1);
}

static void a_rejection_stops_only_its_person(void **state)
{
	struct world *world = *state;

	expect_log(world, "create of key");
	given_people(world, 1, 3);
	fake_tenant_fault(world->tenant,
	    &(struct fake_fault) { .kind = FAKE_STATUS, .match = "p2@x", .http_status = 400 });
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 3);
	assert_int_equal(world->result.run.summary.rejected, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	fake_tenant_heal(world->tenant);
	pass(world, TIME_HOUR_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_in_step(world);
}

static void a_tenant_that_shuts_the_door_ends_the_cycle(void **state)
{
	struct world *world = *state;

	given_synced(world, 40);
	for (unsigned person = 1; person <= 40; person++)
		given(world, person, "sn", "Ray");
	fake_tenant_fault(world->tenant,
	    &(struct fake_fault) { .kind = FAKE_STATUS, .spared = 15, .http_status = 403 });
	run(world, CYCLE_DELTA);
	expect_exit(world, CYCLE_PEER_DOWN);
	assert_in_range(TENANT(world).writes, 16, 24);
	assert_int_equal(count_actions(world, ACTION_SENT), 0);
	assert_int_equal(count_actions(world, ACTION_PLANNED), 0);
	fake_tenant_heal(world->tenant);
	/* The rest is planned anew. */
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 25);
	expect_in_step(world);
}

static void a_failure_of_the_agent_puts_nobody_into_quarantine(void **state)
{
	struct world *world = *state;

	given_synced(world, 20);
	for (unsigned person = 1; person <= 20; person++)
		given(world, person, "sn", "Ray");
	given_status(world, "PATCH", 503, -1, 0);
	world->stop_after_ms = 1000;
	run(world, CYCLE_DELTA);
	world->stop_after_ms = -1;
	fake_tenant_heal(world->tenant);
	for (unsigned person = 1; person <= 20; person++)
		assert_false(is_quarantined(world, person));
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 20);
	expect_in_step(world);
}

static void more_workspaces_than_the_tenant_takes_are_rejected(void **state)
{
	struct world *world = *state;

	fake_tenant_free(&world->tenant);
	world->tenant = fake_tenant_new(
	    world->loop, &(struct fake_tenant_settings) { .workspace_max = 1 });
	given_synced(world, 2);
	given_member(world, 1, 1);
	given(world, 2, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_action(
	    world, 1, ACTION_REJECTED, ACTION_STATE_REJECTED, REASON_GROUP_GAINED, "2 workspaces");
}

const struct CMUnitTest faults_scenarios[] = {
	SCENARIO(retry_after_pauses_the_whole_tenant),
	SCENARIO(without_retry_after_it_waits_a_moment),
	SCENARIO(an_error_is_tried_five_times_and_then_quarantined),
	SCENARIO(a_refused_connection_ends_the_cycle),
	SCENARIO(patience_ends_after_five_minutes),
	SCENARIO(a_create_whose_answer_was_lost_is_found_and_not_repeated),
	SCENARIO(a_create_that_was_lost_on_the_way_is_repeated),
	SCENARIO(a_create_that_stays_lost_is_settled_later),
	SCENARIO(a_lost_update_is_repeated),
	SCENARIO(a_silent_loss_is_retried_at_quarantines_pace),
	SCENARIO(quarantine_ends_when_the_entry_changes),
	SCENARIO(quarantine_ends_when_there_is_nothing_left_to_do),
	SCENARIO(quarantine_outlives_the_process),
	SCENARIO(quarantine_does_not_trust_a_clock_that_was_ahead),
	SCENARIO(the_clock_may_jump_in_mid_run),
	SCENARIO(a_207_is_retried_at_quarantines_pace),
	SCENARIO(a_create_that_lost_its_workspaces_is_linked_and_mended),
	SCENARIO(an_answer_without_a_body_is_believed),
	SCENARIO(an_account_that_is_gone_is_made_again),
	SCENARIO(a_leaver_whose_account_is_gone_has_left),
	SCENARIO(a_leaver_is_not_taken_for_gone_on_one_word),
	SCENARIO(a_leaver_who_got_another_account_loses_that),
	SCENARIO(a_409_finds_the_account_and_adopts_it),
	SCENARIO(a_409_may_turn_out_a_conflict),
	SCENARIO(a_409_that_nobody_explains_is_reported),
	SCENARIO(a_rejection_stops_only_its_person),
	SCENARIO(a_tenant_that_shuts_the_door_ends_the_cycle),
	SCENARIO(a_failure_of_the_agent_puts_nobody_into_quarantine),
	SCENARIO(more_workspaces_than_the_tenant_takes_are_rejected),
};
const size_t faults_scenario_count = COUNT_OF(faults_scenarios);
