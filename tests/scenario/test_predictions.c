/* SPDX-License-Identifier: ISC */
/*
 * What a dry run predicts, held against what the tenant then does: whatever is predicted to be
 * refused is refused, and the rest goes through.
 */
#include "scenarios.h"

static const enum cycle_kind both_ways[] = { CYCLE_FULL, CYCLE_RECONCILE };
static const char *const two_shown[] = { "W1", "W2", NULL };

/* A dry run, and then the world as if it had not been. */
static void foresee(struct world *world, enum cycle_kind kind, enum cycle_exit exit)
{
	assert_int_equal(run_dry(world, kind), exit);
	expect_writes(world, 0);
	die_and_restart(world);
	fake_tenant_forget(world->tenant);
}

static void match_by_external_id_alone(struct world *world)
{
	static const enum policy_correlate only[] = { POLICY_CORRELATE_EXTERNAL_ID };

	world->policy.correlate_count = 1;
	memcpy(world->policy.correlate, only, sizeof(only));
}

/* --- userNames --- */

static void a_taken_name_is_foreseen(void **state)
{
	struct world *world = *state;

	match_by_external_id_alone(world);
	fake_tenant_add(world->tenant, "P2@X", "77", false);
	given_people(world, 1, 2);
	for (size_t i = 0; i < COUNT_OF(both_ways); i++) {
		foresee(world, both_ways[i], CYCLE_DONE);
		expect_prediction(world, "p1@x", "");
		expect_prediction(world, "p2@x", "user-name-taken");
	}
	expect_log(world, "userName is taken");
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 2);
	expect_action(world, 1, ACTION_CREATE, ACTION_DONE, REASON_JOINED, NULL);
	expect_action(world, 2, ACTION_CREATE, ACTION_STATE_REJECTED, REASON_JOINED, "409");
}

/* A look for it costs no request of its own. */
static void a_dry_run_asks_as_often_as_a_real_one(void **state)
{
	struct world *world = *state;
	unsigned finds;

	match_by_external_id_alone(world);
	given_people(world, 1, 2);
	run_dry(world, CYCLE_FULL);
	finds = TENANT(world).finds;
	assert_int_equal(finds, 2);
	die_and_restart(world);
	fake_tenant_forget(world->tenant);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	assert_int_equal(TENANT(world).finds, finds);
}

static void names_within_a_directory_collide_as_before(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 3);
	given(world, 2, "mail", "P1@X");
	for (size_t i = 0; i < COUNT_OF(both_ways); i++) {
		assert_int_equal(run_dry(world, both_ways[i]), CYCLE_REJECTED);
		assert_int_equal(world->result.run.summary.conflict, 2);
		expect_prediction(world, "p3@x", "");
		die_and_restart(world);
	}
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 1);
}

static void a_new_name_that_is_taken_is_foreseen(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_PATCH;
	given_synced(world, 3);
	fake_tenant_add(world->tenant, "taken@x", NULL, true);
	given(world, 1, "mail", "Taken@x");
	given(world, 2, "mail", "free@x");
	for (size_t i = 0; i < COUNT_OF(both_ways); i++) {
		foresee(world, both_ways[i], CYCLE_DONE);
		expect_prediction(world, "taken@x", "user-name-taken");
		expect_prediction(world, "free@x", "");
	}
	expect_log(world, "userName is taken");
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 2);
	expect_action(world, 1, ACTION_RENAME, ACTION_STATE_REJECTED, REASON_RENAMED, "409");
	assert_string_equal(fake_tenant_show(world->tenant, "free@x"),
	    "free@x ext=1002 active Given2 Family2 [W1]");
}

static void the_name_of_a_new_account_that_is_taken_is_foreseen(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_RECREATE;
	given_synced(world, 2);
	fake_tenant_add(world->tenant, "taken@x", "77", true);
	given(world, 1, "mail", "taken@x");
	for (size_t i = 0; i < COUNT_OF(both_ways); i++) {
		foresee(world, both_ways[i], CYCLE_DONE);
		expect_prediction(world, "taken@x", "user-name-taken");
		expect_prediction(world, "p1@x", ""); /* the old account is closed in any case */
	}
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 2);
	expect_action(world, 1, ACTION_CONFLICT, ACTION_STATE_REJECTED, REASON_CONFLICT, NULL);
}

/* Somebody gave the very account its new name by hand. */
static void a_name_is_not_taken_by_its_own_account(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_PATCH;
	given_synced(world, 1);
	given(world, 1, "mail", "new@x");
	fake_tenant_set(world->tenant, "p1@x", "userName", "New@x");
	assert_int_equal(run_dry(world, CYCLE_FULL), CYCLE_DONE);
	expect_prediction(world, "new@x", "");
	/* What was opened for the question is closed again. */
	assert_int_equal(TENANT(world).opens, 1);
	assert_int_equal(TENANT(world).closes, 1);
	die_and_restart(world);
	fake_tenant_forget(world->tenant);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
}

static void a_held_rename_is_looked_at_too(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	fake_tenant_add(world->tenant, "taken@x", "77", true);
	given(world, 1, "mail", "taken@x");
	foresee(world, CYCLE_FULL, CYCLE_HELD);
	expect_prediction(world, "taken@x", "user-name-taken");
	assert_int_equal(world->forecast.held, 1);
	assert_int_equal(world->forecast.writes, 0);
}

/* Two are given one name; a third gives hers up for another. */
static void names_that_a_plan_moves_are_unsure(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_PATCH;
	given_synced(world, 4);
	given(world, 1, "mail", "new@x");
	given(world, 2, "mail", "NEW@x");
	given(world, 3, "mail", "p4@x");
	given(world, 4, "mail", "p5@x");
	foresee(world, CYCLE_FULL, CYCLE_DONE);
	expect_prediction(world, "new@x", "user-name-contested");
	expect_prediction(world, "p4@x", "user-name-contested");
	expect_prediction(world, "p5@x", "");
	assert_int_equal(world->forecast.predictions[PREDICTION_NAME_CONTESTED], 3);
	expect_log(world, "userName is taken");
	run(world, CYCLE_FULL);
	assert_string_equal(
	    fake_tenant_show(world->tenant, "p5@x"), "p5@x ext=1004 active Given4 Family4 [W1]");
}

/* --- workspaces --- */

static void a_workspace_that_is_not_shown_is_foreseen(void **state)
{
	struct world *world = *state;

	given_shown(world, two_shown);
	given_people(world, 1, 2);
	given_member(world, 0, 1);
	given(world, 2, "departmentNumber", "HR");
	for (size_t i = 0; i < COUNT_OF(both_ways); i++) {
		foresee(world, both_ways[i], CYCLE_DONE);
		expect_prediction(world, "p1@x", "");
		expect_prediction(world, "p2@x", "workspace-not-shown");
	}
	given_fault(world, FAKE_PARTIAL, "W3", 1);
	expect_log(world, "skipping");
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 2);
	expect_action(world, 1, ACTION_CREATE, ACTION_DONE, REASON_JOINED, NULL);
	expect_action(world, 2, ACTION_CREATE, ACTION_FAILED, REASON_JOINED, NULL);
}

static void all_pages_of_workspaces_are_read(void **state)
{
	static const char *const many[] = { "A", "B", "C", "D", "W1", NULL };
	struct world *world = *state;

	given_shown(world, many);
	given_people(world, 1, 1);
	given_member(world, 0, 1);
	run_dry(world, CYCLE_FULL);
	assert_int_equal(TENANT(world).looks, 3);
	expect_prediction(world, "p1@x", "");
	assert_string_equal(world->not_checked[1], "");
}

static void who_gains_nothing_asks_for_no_workspaces(void **state)
{
	struct world *world = *state;

	given_shown(world, two_shown);
	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	given_no_member(world, 0, 2);
	foresee(world, CYCLE_FULL, CYCLE_DONE);
	assert_int_equal(world->forecast.writes, 2);
	assert_int_equal(TENANT(world).looks, 0);
}

static void a_list_that_cannot_be_had_changes_nothing(void **state)
{
	static const struct {
		enum fake_fault_kind kind;
		int http_status;
	} faults[] = { { FAKE_STATUS, 404 }, { FAKE_STATUS, 403 }, { FAKE_STATUS, 503 },
		{ FAKE_REFUSED, 0 }, { FAKE_LOST_BEFORE, 0 } };
	struct world *world = *state;

	given_shown(world, two_shown);
	given_people(world, 1, 1);
	given(world, 1, "departmentNumber", "HR");
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		fake_tenant_fault(world->tenant, &(struct fake_fault) { .kind = faults[i].kind,
						     .method = "WORKSPACES",
						     .http_status = faults[i].http_status });
		assert_int_equal(run_dry(world, CYCLE_FULL), CYCLE_DONE);
		expect_prediction(world, "p1@x", "");
		assert_true(world->not_checked[1][0] != '\0');
		fake_tenant_heal(world->tenant);
		die_and_restart(world);
	}
}

static void a_tenant_without_a_list_is_not_asked(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 1);
	given_member(world, 0, 1);
	run_dry(world, CYCLE_FULL);
	assert_int_equal(TENANT(world).looks, 0);
	assert_true(world->not_checked[1][0] != '\0');
}

/* --- the tenant is down, or a person stops it --- */

static void a_tenant_that_is_down_changes_nothing(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_PATCH;
	given_shown(world, two_shown);
	given_synced(world, 2);
	given(world, 1, "mail", "new@x");
	given_member(world, 1, 2);
	fake_tenant_fault(
	    world->tenant, &(struct fake_fault) { .kind = FAKE_REFUSED, .method = "OPEN" });
	foresee(world, CYCLE_FULL, CYCLE_DONE);
	assert_true(world->not_checked[0][0] != '\0');
	assert_true(world->not_checked[1][0] != '\0');
	assert_int_equal(world->forecast.writes, 2);
}

static void a_name_that_cannot_be_looked_up_is_told(void **state)
{
	struct world *world = *state;

	world->policy.rename = POLICY_RENAME_PATCH;
	given_synced(world, 1);
	given(world, 1, "mail", "new@x");
	given_status(world, "FIND", 400, -1, 0);
	foresee(world, CYCLE_FULL, CYCLE_DONE);
	assert_true(world->not_checked[0][0] != '\0');
	expect_prediction(world, "new@x", "");
}

static void a_stop_predicts_nothing(void **state)
{
	struct world *world = *state;
	enum cycle_exit exit = CYCLE_FAILED;

	world->policy.rename = POLICY_RENAME_PATCH;
	given_shown(world, two_shown);
	given_synced(world, 1);
	given(world, 1, "mail", "new@x");
	given_member(world, 1, 1);
	for (world->stop_after_ms = 0; exit != CYCLE_DONE; world->stop_after_ms += 5) {
		assert_true(world->stop_after_ms < 10000);
		exit = run_dry(world, CYCLE_FULL);
		/* Once the plan stands, a stop only cuts the questions short. */
		if (exit != CYCLE_DONE)
			assert_null(world->result.facts);
		die_and_restart(world);
	}
}

/* --- requests and their time --- */

static void expect_forecast(struct world *world, enum cycle_kind kind, enum cycle_exit exit)
{
	struct gate_settings pace = { 10, 6, 8 };
	struct fake_tenant_counts sent;
	int64_t from_ms, took_ms, seconds;

	gate_init(&world->gate, world->loop, &pace);
	run_dry(world, kind);
	seconds = forecast_seconds(&world->forecast.pace, forecast_requests(&world->forecast));
	die_and_restart(world);
	fake_tenant_forget(world->tenant);
	gate_init(&world->gate, world->loop, &pace);
	from_ms = loop_now_ms(world->loop);
	assert_int_equal(run(world, kind), exit);
	took_ms = loop_now_ms(world->loop) - from_ms;
	sent = TENANT(world);
	assert_int_equal(
	    sent.lists + sent.finds + sent.gets + sent.writes, forecast_requests(&world->forecast));
	/* Seconds are rounded up. */
	assert_in_range(took_ms, seconds > 0 ? (seconds - 1) * 1000 : 0, seconds * 1000 + 500);
}

static void requests_and_time_are_foreseen(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 60);
	expect_forecast(world, CYCLE_FULL, CYCLE_DONE);
	assert_int_equal(world->forecast.writes, 60);
	/* Updates alone need no reading, a reconcile lists. */
	for (unsigned person = 1; person <= 60; person++)
		given(world, person, "sn", "Ray");
	expect_forecast(world, CYCLE_FULL, CYCLE_DONE);
	assert_int_equal(world->forecast.reads, 0);
	for (unsigned person = 1; person <= 60; person++)
		given(world, person, "sn", "Rai");
	expect_forecast(world, CYCLE_RECONCILE, CYCLE_DONE);
	assert_int_equal(world->forecast.reads, 1);
	expect_forecast(world, CYCLE_FULL, CYCLE_DONE);
	assert_int_equal(forecast_requests(&world->forecast), 0);
}

static void held_requests_are_counted_apart(void **state)
{
	struct world *world = *state;

	given_synced(world, 10);
	world->policy.revocations = (struct policy_limit) { .count = 3, .window_ms = TIME_DAY_MS };
	for (unsigned person = 1; person <= 5; person++)
		given_no_member(world, 0, person);
	for (unsigned person = 6; person <= 9; person++)
		given(world, person, "sn", "Ray");
	expect_log(world, "revocations");
	expect_forecast(world, CYCLE_FULL, CYCLE_HELD);
	assert_int_equal(world->forecast.writes, 4);
	assert_int_equal(world->forecast.held, 5);
}

const struct CMUnitTest predictions_scenarios[] = {
	SCENARIO(a_taken_name_is_foreseen),
	SCENARIO(a_dry_run_asks_as_often_as_a_real_one),
	SCENARIO(names_within_a_directory_collide_as_before),
	SCENARIO(a_new_name_that_is_taken_is_foreseen),
	SCENARIO(the_name_of_a_new_account_that_is_taken_is_foreseen),
	SCENARIO(a_name_is_not_taken_by_its_own_account),
	SCENARIO(a_held_rename_is_looked_at_too),
	SCENARIO(names_that_a_plan_moves_are_unsure),
	SCENARIO(a_workspace_that_is_not_shown_is_foreseen),
	SCENARIO(all_pages_of_workspaces_are_read),
	SCENARIO(who_gains_nothing_asks_for_no_workspaces),
	SCENARIO(a_list_that_cannot_be_had_changes_nothing),
	SCENARIO(a_tenant_without_a_list_is_not_asked),
	SCENARIO(a_tenant_that_is_down_changes_nothing),
	SCENARIO(a_name_that_cannot_be_looked_up_is_told),
	SCENARIO(a_stop_predicts_nothing),
	SCENARIO(requests_and_time_are_foreseen),
	SCENARIO(held_requests_are_counted_apart),
};
const size_t predictions_scenario_count = COUNT_OF(predictions_scenarios);
