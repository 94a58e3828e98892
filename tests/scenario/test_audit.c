/* SPDX-License-Identifier: ISC */
/* What is written into the audit trail, and what is not. */
#include "scenarios.h"

#define SAYS(record, text)                                                                         \
	do {                                                                                       \
		if (strstr(record, text) == NULL)                                                  \
			fail_msg("no %s in %s", text, record);                                     \
	} while (0)

static void a_joiner_is_recorded_with_all_that_made_her_one(void **state)
{
	struct world *world = *state;
	const char *record;

	given_people(world, 1, 1);
	given_member(world, 0, 1);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	assert_int_equal(count_records(world, "{"), 3);
	record = newest_record(world, "\"kind\":\"action\"");
	SAYS(record, "\"action\":\"create\"");
	SAYS(record, "\"accountId\":\"");
	SAYS(record,
	    "\"after\":{\"active\":true,\"entitlements\":[\"W1\"],\"externalId\":\"1001\",");
	SAYS(record, "\"directory\":\"corp\"");
	SAYS(record, "\"dn\":\"");
	SAYS(record, "\"reason\":{\"code\":\"joined\"");
	SAYS(record, "\"request\":{\"body\":\"{");
	SAYS(record, "\"method\":\"POST\",\"path\":\"/Users\"}");
	SAYS(record, "\"state\":\"done\",\"status\":201,\"userName\":\"p1@x\"}");
	assert_null(strstr(record, "\"before\""));
	assert_null(strstr(record, "approvedBy"));
	record = newest_record(world, "\"kind\":\"run-started\"");
	SAYS(record, "{\"by\":\"ada\",\"config\":\"c0\",\"cycle\":\"reconcile\",");
	record = newest_record(world, "\"kind\":\"run-ended\"");
	SAYS(record, "{\"certificate\":[{");
	SAYS(record, "\"certified\":true,\"config\":\"c0\",\"cycle\":\"reconcile\",");
	SAYS(record, "\"summary\":{\"conflict\":0,\"create\":1,\"deactivate\":0,\"done\":1,");
	expect_audited(world);
}

static void a_change_is_recorded_with_before_and_after(void **state)
{
	struct world *world = *state;
	const char *record;

	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	given_member(world, 1, 2);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	record = newest_record(world, "Ray");
	SAYS(record,
	    "\"before\":{\"active\":true,\"entitlements\":[\"W1\"],\"externalId\":\"1001\","
	    "\"name.familyName\":\"Family1\"");
	SAYS(record, "\"name.familyName\":\"Ray\"");
	record = newest_record(world, "group-gained");
	SAYS(record, "\"entitlements\":[\"W1\",\"W2\"]");
	SAYS(record, "\"reason\":{\"code\":\"group-gained\",\"detail\":\"");
	expect_audited(world);
}

static void a_quiet_poll_writes_none(void **state)
{
	struct world *world = *state;
	unsigned before;

	given_synced(world, 2);
	before = count_records(world, "{");
	world->counted = "audit:";
	for (int i = 0; i < 3; i++)
		expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(count_records(world, "{"), before);
	assert_int_equal(world->count, 0);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0); /* it leaves a row of its own */
	assert_int_equal(count_records(world, "{"), before + 2);
	assert_int_equal(world->count, 1);
}

static void a_dry_run_writes_none(void **state)
{
	struct world *world = *state;
	unsigned before;

	given_synced(world, 2);
	before = count_records(world, "{");
	given(world, 1, "sn", "Ray");
	given_people(world, 3, 3);
	world->counted = "audit:";
	assert_int_equal(run_dry(world, CYCLE_RECONCILE), CYCLE_DONE);
	assert_int_equal(world->count, 0);
	die_and_restart(world);
	assert_int_equal(count_records(world, "{"), before);
}

/* What the log says is what the trail ends with, and is found in it for ever. */
static void the_head_goes_to_the_log(void **state)
{
	struct world *world = *state;
	struct audit_hash kept;
	struct audit_walk walk;
	const char *hex;

	world->counted = "audit: record ";
	given_synced(world, 2);
	assert_int_equal(world->count, 1);
	hex = strstr(world->line, "head ");
	assert_non_null(hex);
	assert_true(audit_hash_parse((struct span) { hex + 5, 64 }, &kept));
	assert_int_equal(store_audit_verify(world->store, &kept, &walk, NULL), STATUS_OK);
	assert_int_equal(walk.flaw, AUDIT_SOUND);
	assert_int_equal(walk.wanted_seq, walk.last_seq);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	assert_int_equal(store_audit_verify(world->store, &kept, &walk, NULL), STATUS_OK);
	assert_int_equal(walk.wanted_seq, walk.last_seq - 3);
}

/* ---- holds ---- */

static void given_hold(struct world *world)
{
	given_synced(world, 10);
	world->policy.deactivations.count = 1;
	fake_source_remove(world->directory, 1);
	fake_source_remove(world->directory, 2);
	expect_log(world, "are held");
	expect_run(world, CYCLE_FULL, CYCLE_HELD, 0);
}

static void a_hold_its_approval_and_its_end_are_recorded(void **state)
{
	struct world *world = *state;
	const char *record;

	given_hold(world);
	record = newest_record(world, "\"kind\":\"hold\"");
	SAYS(record, "{\"class\":\"deactivations\",\"count\":2,\"digest\":\"");
	SAYS(record, "\"hold\":1,\"kind\":\"hold\",\"limit\":1,\"since\":\"");
	assert_int_equal(count_records(world, "\"state\":\"held\""), 2);
	assert_int_equal(count_records(world, "\"kind\":\"decision\""), 0);
	decide(world, 1, HOLD_APPROVED);
	pass(world, TIME_HOUR_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	record = newest_record(world, "\"kind\":\"decision\"");
	SAYS(record, "{\"by\":\"ada\",\"class\":\"deactivations\",\"count\":2,\"decided\":\"");
	SAYS(record, "\"decision\":\"approved\"");
	assert_int_equal(count_records(world, "\"kind\":\"decision\""), 1);
	assert_int_equal(count_records(world, "\"approvedBy\":\"ada\""), 2);
	record = newest_record(world, "approvedBy");
	SAYS(record, "\"hold\":1,");
	SAYS(record, "\"state\":\"done\"");
	SAYS(newest_record(world, "hold-ended"), "\"decision\":\"approved\"");
	assert_int_equal(count_records(world, "\"kind\":\"hold-ended\""), 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(count_records(world, "\"kind\":\"decision\""), 1);
	assert_int_equal(count_records(world, "\"kind\":\"hold-ended\""), 1);
	expect_audited(world);
}

/* Each of them by the first cycle that sees it, a poll that is quiet otherwise too. */
static void a_rejection_and_a_change_of_mind_are_recorded(void **state)
{
	struct world *world = *state;
	unsigned runs;

	given_hold(world);
	runs = count_runs(world);
	decide(world, 1, HOLD_REJECTED);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(count_runs(world), runs);
	assert_int_equal(count_records(world, "\"decision\":\"rejected\""), 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(count_records(world, "\"decision\":\"rejected\""), 1);
	decide(world, 1, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	assert_int_equal(count_records(world, "\"kind\":\"decision\""), 2);
	expect_audited(world);
}

static void a_hold_that_lapses_is_recorded(void **state)
{
	struct world *world = *state;

	given_hold(world);
	given_people(world, 1, 2);
	given_member(world, 0, 1);
	given_member(world, 0, 2);
	run(world, CYCLE_FULL);
	assert_int_equal(count_records(world, "\"answer\":\"lapsed: "), 2);
	assert_int_equal(count_records(world, "\"kind\":\"hold-ended\""), 1);
	SAYS(newest_record(world, "hold-ended"), "\"decision\":\"open\"");
	expect_audited(world);
}

static void who_rejected_a_hold_approved_nothing(void **state)
{
	struct world *world = *state;

	given_hold(world);
	decide(world, 1, HOLD_REJECTED);
	given_people(world, 1, 2);
	given_member(world, 0, 1);
	given_member(world, 0, 2);
	run(world, CYCLE_FULL);
	assert_int_equal(count_records(world, "\"answer\":\"lapsed: "), 2);
	assert_int_equal(count_records(world, "approvedBy"), 0);
	SAYS(newest_record(world, "hold-ended"), "{\"by\":\"ada\",");
}

/* ---- what goes wrong ---- */

static void a_refusal_is_recorded_with_the_answer(void **state)
{
	struct world *world = *state;
	const char *record;

	given_people(world, 1, 1);
	given_status(world, "POST", 400, -1, 1);
	expect_log(world, "create of key");
	expect_run(world, CYCLE_RECONCILE, CYCLE_REJECTED, 1);
	record = newest_record(world, "\"kind\":\"action\"");
	SAYS(record, "\"answer\":\"");
	SAYS(record, "\"state\":\"rejected\",\"status\":400,");
	expect_audited(world);
}

static void a_request_that_met_a_conflict_is_recorded(void **state)
{
	struct world *world = *state;

	fake_tenant_add(world->tenant, "p1@x", "77", true);
	fake_tenant_hide(world->tenant, "p1@x", true);
	expect_log(world, "counts 1 accounts but lists fewer");
	given_people(world, 1, 1);
	expect_run(world, CYCLE_RECONCILE, CYCLE_REJECTED, 1);
	assert_int_equal(count_records(world, "\"kind\":\"action\""), 1);
	SAYS(newest_record(world, "\"kind\":\"action\""), "\"action\":\"conflict\"");
	SAYS(newest_record(world, "\"kind\":\"action\""), "\"status\":409");
}

/* A conflict that the plan came to sends nothing and comes again with each scan. */
static void what_changes_nothing_has_no_record(void **state)
{
	struct world *world = *state;

	fake_tenant_add(world->tenant, "p1@x", "77", true);
	given_people(world, 1, 1);
	expect_run(world, CYCLE_RECONCILE, CYCLE_REJECTED, 0);
	assert_int_equal(count_records(world, "\"kind\":\"action\""), 0);
	SAYS(newest_record(world, "run-ended"), "\"summary\":{\"conflict\":1,");
}

/* Its row in the plan goes, because nothing is left to do; that something was sent stays known. */
static void a_request_that_turned_out_needless_is_recorded(void **state)
{
	struct world *world = *state;
	const char *record;

	given_synced(world, 2);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	fake_tenant_remove(world->tenant, "p1@x");
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	record = newest_record(world, "Ray");
	SAYS(record, "\"method\":\"PATCH\"");
	SAYS(record, "\"state\":\"failed\",\"status\":404,");
}

static void a_request_of_a_dead_process_is_recorded_when_it_is_found_out(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 3);
	assert_true(run_until_death(world, CYCLE_RECONCILE, 50));
	assert_int_equal(count_actions(world, ACTION_SENT), 3);
	assert_int_equal(count_records(world, "\"kind\":\"run-ended\""), 0);
	run(world, CYCLE_RECONCILE);
	assert_int_equal(count_records(world, "\"error\":\"" STORE_DEAD_RUN_ERROR "\""), 1);
	assert_int_equal(count_records(world, "\"kind\":\"run-ended\""), 2);
	assert_int_equal(count_records(world, "\"state\":\"done\""), 3);
	assert_true(count_records(world, "found done after an interruption") > 0);
	expect_audited(world);
}

static void values_that_mean_harm_stay_values(void **state)
{
	static const char *const hostile[] = { "\",\"state\":\"done\"}", "a\nb\x1b[31m",
		"\xf0\x9f\x98\x80\xe2\x80\xae", "=cmd|' /C calc'!A0", "'; DROP TABLE audit; --" };
	struct world *world = *state;

	given_synced(world, 1);
	for (size_t i = 0; i < COUNT_OF(hostile); i++) {
		given(world, 1, "sn", hostile[i]);
		run(world, CYCLE_DELTA);
		expect_audited(world);
	}
}

/* ---- how long it is kept ---- */

static void count_action(void *context, const struct action *action)
{
	(void)action;
	++*(int *)context;
}

static int count_journal(struct world *world)
{
	const struct action_query all = { 0 };
	int count = 0;

	assert_int_equal(
	    store_action_each(world->store, &all, count_action, &count, NULL), STATUS_OK);
	return count;
}

static void old_records_go_once_a_day(void **state)
{
	struct world *world = *state;

	world->keep_audit_ms = 30 * TIME_DAY_MS;
	given_synced(world, 5);
	world->counted = "old records removed";
	pass(world, 30 * TIME_DAY_MS + TIME_HOUR_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(world->count, 0);
	pass(world, TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0); /* a quiet poll writes nothing at all */
	assert_int_equal(world->count, 0);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(world->count, 1);
	SAYS(world->line, "7 old records removed");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(world->count, 1);
	assert_int_equal(count_records(world, "\"removed\":7,\"through\":7}"), 1);
	assert_int_equal(count_records(world, "\"kind\":\"action\""), 0);
	assert_int_equal(count_journal(world), 1); /* numbers go on from the newest */
}

static void without_a_limit_all_is_kept(void **state)
{
	struct world *world = *state;

	given_synced(world, 1);
	pass(world, 5000 * TIME_DAY_MS);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(count_records(world, "retention"), 0);
	assert_int_equal(count_records(world, "\"kind\":\"action\""), 1);
	assert_int_equal(count_journal(world), 1);
}

const struct CMUnitTest audit_scenarios[] = {
	SCENARIO(a_joiner_is_recorded_with_all_that_made_her_one),
	SCENARIO(a_change_is_recorded_with_before_and_after),
	SCENARIO(a_quiet_poll_writes_none),
	SCENARIO(a_dry_run_writes_none),
	SCENARIO(the_head_goes_to_the_log),
	SCENARIO(a_hold_its_approval_and_its_end_are_recorded),
	SCENARIO(a_rejection_and_a_change_of_mind_are_recorded),
	SCENARIO(a_hold_that_lapses_is_recorded),
	SCENARIO(who_rejected_a_hold_approved_nothing),
	SCENARIO(a_refusal_is_recorded_with_the_answer),
	SCENARIO(a_request_that_met_a_conflict_is_recorded),
	SCENARIO(what_changes_nothing_has_no_record),
	SCENARIO(a_request_that_turned_out_needless_is_recorded),
	SCENARIO(a_request_of_a_dead_process_is_recorded_when_it_is_found_out),
	SCENARIO(values_that_mean_harm_stay_values),
	SCENARIO(old_records_go_once_a_day),
	SCENARIO(without_a_limit_all_is_kept),
};
const size_t audit_scenario_count = COUNT_OF(audit_scenarios);
