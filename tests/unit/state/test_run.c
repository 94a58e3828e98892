/* SPDX-License-Identifier: ISC */
#include "fixture.h"

struct seen {
	struct run runs[8]; /* copied into the arena */
	size_t count;
	struct arena *arena;
};

static void on_run(void *context, const struct run *run)
{
	struct seen *seen = context;
	struct run *copy = &seen->runs[seen->count++];

	*copy = *run;
	copy->certificate = arena_span(seen->arena, run->certificate);
	copy->config_digest = arena_span(seen->arena, run->config_digest);
	copy->error = arena_span(seen->arena, run->error);
}

static struct seen read_runs(struct fixture *fixture, int count)
{
	struct seen seen = { .arena = fixture->arena };

	assert_ok(fixture, store_run_each(fixture->store, count, on_run, &seen, &fixture->err));
	return seen;
}

static void test_ids_go_up(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fixture_run(fixture).id, 1);
	assert_int_equal(fixture_run(fixture).id, 2);
	fixture_commit(fixture);
	fixture_reopen(fixture);
	assert_int_equal(fixture_run(fixture).id, 3);
}

static void test_update_writes_everything(void **state)
{
	struct fixture *fixture = *state;
	struct run run = fixture_run(fixture), got;
	struct plan_summary summary = { .create = 1,
		.update = 2,
		.rename = 3,
		.deactivate = 4,
		.reactivate = 5,
		.link = 6,
		.held = 7,
		.conflict = 8,
		.rejected = 9,
		.unchanged = 10,
		.orphan = 11,
		.done = 12,
		.failed = 13 };

	run.kind = CYCLE_RECONCILE;
	run.is_dry = true;
	run.started_ms = 1;
	run.ended_ms = 2;
	run.exit_code = 75;
	run.is_certified = true;
	run.certificate = SPAN("[{}]");
	run.config_digest = SPAN("ab");
	run.error = SPAN("no");
	run.summary = summary;
	assert_ok(fixture, store_run_update(fixture->store, &run, &fixture->err));
	fixture_commit(fixture);
	fixture_reopen(fixture);
	assert_int_equal(read_runs(fixture, 9).count, 1);
	got = read_runs(fixture, 1).runs[0];
	assert_int_equal(got.id, run.id);
	assert_int_equal(got.kind, CYCLE_RECONCILE);
	assert_true(got.is_dry && got.is_certified);
	assert_int_equal(got.started_ms, 1);
	assert_int_equal(got.ended_ms, 2);
	assert_int_equal(got.exit_code, 75);
	assert_span(got.certificate, "[{}]");
	assert_span(got.config_digest, "ab");
	assert_span(got.error, "no");
	assert_memory_equal(&got.summary, &summary, sizeof(summary));
}

static void test_each_newest_first(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen;

	for (int i = 0; i < 4; i++)
		(void)fixture_run(fixture);
	seen = read_runs(fixture, 2);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.runs[0].id, 4);
	assert_int_equal(seen.runs[1].id, 3);
	assert_int_equal(seen.runs[0].exit_code, -1);
	assert_null(seen.runs[0].certificate.at);
}

static void on_dead(void *context, const struct run *run)
{
	*(int64_t *)context += run->id;
}

static void test_dead_runs_are_ended(void **state)
{
	struct fixture *fixture = *state;
	struct run ended = fixture_run(fixture), dead = fixture_run(fixture), live;
	int64_t dead_id = 0;
	struct seen seen;

	ended.ended_ms = 7;
	ended.exit_code = 0;
	assert_ok(fixture, store_run_update(fixture->store, &ended, &fixture->err));
	fixture_commit(fixture);
	fixture_reopen(fixture);
	live = fixture_run(fixture);
	assert_ok(fixture,
	    store_run_each_dead(fixture->store, live.id, on_dead, &dead_id, &fixture->err));
	assert_int_equal(dead_id, dead.id);
	assert_ok(fixture, store_run_end_dead(fixture->store, live.id, 9000, &fixture->err));
	seen = read_runs(fixture, 9);
	assert_int_equal(seen.runs[0].ended_ms, 0);
	assert_int_equal(seen.runs[0].exit_code, -1);
	assert_int_equal(seen.runs[1].id, dead.id);
	assert_int_equal(seen.runs[1].ended_ms, 9000);
	assert_int_equal(seen.runs[1].exit_code, 1);
	assert_non_null(seen.runs[1].error.at);
	assert_int_equal(seen.runs[2].ended_ms, 7);
	assert_null(seen.runs[2].error.at);
}

static void test_dry_run_continues_the_numbers(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen;

	(void)fixture_run(fixture);
	(void)fixture_run(fixture);
	fixture_commit(fixture);
	store_close(&fixture->store);
	fixture_open(fixture, STORE_DRY_RUN);
	assert_int_equal(fixture_run(fixture).id, 3);
	assert_int_equal(fixture_run(fixture).id, 4);
	seen = read_runs(fixture, 9);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.runs[0].id, 4);
	fixture_reopen(fixture);
	assert_int_equal(read_runs(fixture, 9).count, 2);
}

/* A run that ended at that time, with an action in that state. */
static struct action add_ended(
    struct fixture *fixture, int64_t ended_ms, enum action_state action_state, int64_t hold_id)
{
	struct run run = fixture_run(fixture);
	struct action action = fixture_action(fixture, run.id, ACTION_UPDATE);

	action.state = action_state;
	action.hold_id = hold_id;
	assert_ok(fixture, store_action_update(fixture->store, &action, &fixture->err));
	run.ended_ms = ended_ms;
	assert_ok(fixture, store_run_update(fixture->store, &run, &fixture->err));
	return action;
}

static int64_t retain(struct fixture *fixture, int64_t before_ms, int64_t slack_ms, int64_t most)
{
	const struct audit_retention retention = {
		.before_ms = before_ms, .slack_ms = slack_ms, .most = most
	};
	int64_t removed = -1;

	assert_ok(
	    fixture, store_journal_retain(fixture->store, &retention, &removed, &fixture->err));
	fixture_commit(fixture);
	return removed;
}

static bool has_action(struct fixture *fixture, const struct action *action)
{
	struct action found;
	bool is_found = false;

	assert_ok(fixture, store_action_get(fixture->store, action->id, fixture->arena, &found,
			       &is_found, &fixture->err));
	return is_found;
}

static void test_what_is_old_and_over_is_removed(void **state)
{
	struct fixture *fixture = *state;
	struct action old = add_ended(fixture, 1000, ACTION_DONE, 0);
	struct action open = add_ended(fixture, 1001, ACTION_UNKNOWN, 0);
	struct action older = add_ended(fixture, 1002, ACTION_FAILED, 0);
	struct action young = add_ended(fixture, 5000, ACTION_DONE, 0);
	struct action last = add_ended(fixture, 5001, ACTION_DONE, 0);

	assert_int_equal(retain(fixture, 1000, 0, 100), 0);    /* not before that time */
	assert_int_equal(retain(fixture, 5000, 4000, 100), 0); /* not yet worth it */
	assert_int_equal(retain(fixture, 5000, 3999, 1), 1);
	assert_false(has_action(fixture, &old));
	assert_true(has_action(fixture, &older));
	assert_int_equal(retain(fixture, 5000, 3990, 100), 1);
	assert_true(has_action(fixture, &open));
	assert_true(has_action(fixture, &young));
	assert_int_equal(read_runs(fixture, 9).count, 3);
	assert_int_equal(retain(fixture, 9000, 0, 100), 1); /* numbers go on from the last */
	assert_true(has_action(fixture, &last));
	assert_int_equal(fixture_run(fixture).id, 6);
}

static void test_a_held_action_stays_until_its_hold_ends(void **state)
{
	struct fixture *fixture = *state;
	struct hold hold = { .run_id = 1, .class = GUARD_DEACTIVATIONS, .since_ms = 900 };
	struct action held, rejected;

	assert_ok(fixture, store_hold_add(fixture->store, &hold, &fixture->err));
	held = add_ended(fixture, 1000, ACTION_HELD, hold.id);
	rejected = add_ended(fixture, 1000, ACTION_FAILED, hold.id);
	(void)add_ended(fixture, 1000, ACTION_DONE, 0);
	assert_int_equal(retain(fixture, 5000, 0, 100), 0);
	assert_true(has_action(fixture, &held) && has_action(fixture, &rejected));
	fixture_commit(fixture);
	store_close(&fixture->store);
	fixture_sql(fixture, "UPDATE hold SET ended_ms = 1; UPDATE action SET is_open = 0");
	fixture_open(fixture, STORE_WRITE);
	assert_int_equal(retain(fixture, 5000, 0, 100), 2);
	assert_int_equal(read_runs(fixture, 9).count, 1);
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_open, fixture_tear_down)

const struct CMUnitTest run_tests[] = {
	TEST(test_ids_go_up),
	TEST(test_update_writes_everything),
	TEST(test_each_newest_first),
	TEST(test_dead_runs_are_ended),
	TEST(test_dry_run_continues_the_numbers),
	TEST(test_what_is_old_and_over_is_removed),
	TEST(test_a_held_action_stays_until_its_hold_ends),
};
const size_t run_test_count = sizeof(run_tests) / sizeof(run_tests[0]);
