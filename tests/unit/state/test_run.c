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

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_open, fixture_tear_down)

const struct CMUnitTest run_tests[] = {
	TEST(test_ids_go_up),
	TEST(test_update_writes_everything),
	TEST(test_each_newest_first),
	TEST(test_dead_runs_are_ended),
	TEST(test_dry_run_continues_the_numbers),
};
const size_t run_test_count = sizeof(run_tests) / sizeof(run_tests[0]);
