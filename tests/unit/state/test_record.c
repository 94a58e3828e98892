/* SPDX-License-Identifier: ISC */
/* What the reports read: records with run and hold, runs, holds, links and their workspaces. */
#include "fixture.h"

struct seen {
	int64_t ids[16];
	struct record records[16]; /* without their actions */
	struct action actions[16];
	struct str texts; /* a line a row */
	size_t count, limit;
};

static void on_record(void *context, const struct record *record)
{
	struct seen *seen = context;

	seen->records[seen->count] = *record;
	seen->actions[seen->count] = *record->action;
	seen->ids[seen->count++] = record->action->id;
	str_addf(&seen->texts, "%.*s\n", SPAN_ARG(record->decided_by));
}

static bool on_record_of_key(void *context, const struct record *record)
{
	struct seen *seen = context;

	on_record(seen, record);
	return seen->count < seen->limit;
}

static void on_run(void *context, const struct run *run)
{
	struct seen *seen = context;

	seen->ids[seen->count++] = run->id;
}

static void on_hold(void *context, const struct hold *hold)
{
	struct seen *seen = context;

	seen->ids[seen->count++] = hold->id;
}

static void on_link(void *context, const struct link *link)
{
	struct seen *seen = context;

	seen->count++;
	str_addf(&seen->texts, "%.*s\n", SPAN_ARG(link->user_name));
}

static void on_grant(void *context, struct span workspace, const struct link *link)
{
	struct seen *seen = context;

	seen->count++;
	str_addf(&seen->texts, "%.*s %.*s\n", SPAN_ARG(workspace), SPAN_ARG(link->user_name));
}

static struct action add_action(
    struct fixture *fixture, int64_t run_id, enum action_kind kind, int64_t at_ms, int64_t hold_id)
{
	struct action action = fixture_action(fixture, run_id, kind);

	action.at_ms = at_ms;
	action.hold_id = hold_id;
	assert_ok(fixture, store_action_set_state(fixture->store, &action, &fixture->err));
	assert_ok(fixture, store_action_update(fixture->store, &action, &fixture->err));
	return action;
}

static struct hold add_hold(struct fixture *fixture, int64_t since_ms)
{
	struct hold hold = { .run_id = 1,
		.class = GUARD_DEACTIVATIONS,
		.since_ms = since_ms,
		.count = 1,
		.limit = 1,
		.digest = fixture_digest(7) };

	assert_ok(fixture, store_hold_add(fixture->store, &hold, &fixture->err));
	return hold;
}

static void read_on(struct fixture *fixture)
{
	fixture_commit(fixture);
	store_close(&fixture->store);
	fixture_open(fixture, STORE_READ);
	assert_ok(fixture, store_record_begin(fixture->store, &fixture->err));
}

static void test_records_come_with_run_and_hold(void **state)
{
	struct fixture *fixture = *state;
	const struct record_query all = { .since_ms = INT64_MIN, .until_ms = INT64_MAX };
	struct run run = fixture_run(fixture);
	struct hold hold = add_hold(fixture, 4000);
	struct seen seen = { 0 };

	add_action(fixture, run.id, ACTION_DEACTIVATE, 10, hold.id);
	add_action(fixture, run.id + 9, ACTION_CREATE, 20, 0);
	assert_ok(fixture, store_hold_decide(fixture->store, hold.id, HOLD_APPROVED, SPAN("ada"),
			       4500, &fixture->err));
	read_on(fixture);
	assert_ok(
	    fixture, store_record_each(fixture->store, &all, on_record, &seen, &fixture->err));
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.records[0].run_started_ms, 5000);
	assert_int_equal(seen.records[0].hold_since_ms, 4000);
	assert_int_equal(seen.records[0].decision, HOLD_APPROVED);
	assert_int_equal(seen.records[0].decided_ms, 4500);
	assert_int_equal(seen.actions[0].kind, ACTION_DEACTIVATE);
	/* Its run is not kept any more, and nobody held it. */
	assert_int_equal(seen.records[1].run_started_ms, 0);
	assert_int_equal(seen.records[1].hold_since_ms, 0);
	assert_string_equal(str_c(&seen.texts), "ada\n\n");
	str_done(&seen.texts);
}

static void test_records_of_a_period_a_kind_a_reason_a_run(void **state)
{
	struct fixture *fixture = *state;
	const struct record_query queries[] = {
		{ .since_ms = 20, .until_ms = 30 },
		{ .since_ms = 0, .until_ms = 99, .kinds = 1U << ACTION_CREATE },
		{ .since_ms = 0, .until_ms = 99, .reason = "drift" },
		{ .since_ms = 0, .until_ms = 99, .run_id = 2 },
	};
	const size_t expected[] = { 1, 2, 0, 1 };
	struct run run = fixture_run(fixture);

	add_action(fixture, run.id, ACTION_CREATE, 19, 0);
	add_action(fixture, run.id, ACTION_UPDATE, 20, 0);
	add_action(fixture, run.id + 1, ACTION_CREATE, 30, 0);
	read_on(fixture);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct seen seen = { 0 };

		assert_ok(fixture, store_record_each(fixture->store, &queries[i], on_record, &seen,
				       &fixture->err));
		assert_int_equal(seen.count, expected[i]);
		str_done(&seen.texts);
	}
}

static void test_records_of_a_person_newest_first(void **state)
{
	struct fixture *fixture = *state;
	struct uuid key = fixture_key(7), nobody = fixture_key(8);
	struct seen seen = { .limit = 9 };
	struct action first = add_action(fixture, 1, ACTION_CREATE, 1, 0);
	struct action second = add_action(fixture, 2, ACTION_UPDATE, 2, 0);

	read_on(fixture);
	for (int round = 0; round < 2; round++) {
		seen.count = 0;
		assert_ok(fixture, store_record_each_of_key(fixture->store, &key, on_record_of_key,
				       &seen, &fixture->err));
		assert_int_equal(seen.count, 2);
		assert_int_equal(seen.ids[0], second.id);
		assert_int_equal(seen.ids[1], first.id);
	}
	seen = (struct seen) { .limit = 1, .texts = seen.texts };
	assert_ok(fixture,
	    store_record_each_of_key(fixture->store, &key, on_record_of_key, &seen, &fixture->err));
	assert_int_equal(seen.count, 1);
	seen.count = 0;
	assert_ok(fixture, store_record_each_of_key(
			       fixture->store, &nobody, on_record_of_key, &seen, &fixture->err));
	assert_int_equal(seen.count, 0);
	str_done(&seen.texts);
}

static void test_runs_and_holds_of_a_period(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { 0 };

	fixture_run(fixture);
	fixture_run(fixture);
	add_hold(fixture, 5000);
	add_hold(fixture, 7000);
	read_on(fixture);
	assert_ok(fixture,
	    store_record_each_run(fixture->store, 5000, 5001, on_run, &seen, &fixture->err));
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.ids[0], 1);
	assert_ok(fixture,
	    store_record_each_run(fixture->store, 5001, 9000, on_run, &seen, &fixture->err));
	assert_int_equal(seen.count, 2);
	/* One that is open counts however old it is, not one that came later. */
	seen.count = 0;
	assert_ok(fixture,
	    store_record_each_hold(fixture->store, 6000, 6500, on_hold, &seen, &fixture->err));
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.ids[0], 1);
}

static void test_links_by_name_and_their_workspaces(void **state)
{
	struct fixture *fixture = *state;
	struct link ben = fixture_link(fixture, 1), ada = fixture_link(fixture, 2);
	struct seen seen = { 0 };

	ben.user_name = SPAN("ben");
	ben.acknowledged = SPAN("{\"active\":true,\"entitlements\":[\"w1\",\"w2\"]}");
	ada.user_name = SPAN("ADA");
	ada.acknowledged = SPAN("{\"active\":true,\"entitlements\":[\"w2\"]}");
	assert_ok(fixture, store_link_put(fixture->store, &ben, &fixture->err));
	assert_ok(fixture, store_link_put(fixture->store, &ada, &fixture->err));
	fixture_put_link(fixture, 3);
	read_on(fixture);
	assert_ok(fixture, store_record_each_link(fixture->store, on_link, &seen, &fixture->err));
	assert_string_equal(str_c(&seen.texts), "ADA\nben\nUser3@corp.example\n");
	str_truncate(&seen.texts, 0);
	assert_ok(fixture, store_record_each_grant(fixture->store, on_grant, &seen, &fixture->err));
	assert_string_equal(str_c(&seen.texts), "w1 ben\nw2 ADA\nw2 ben\n");
	str_done(&seen.texts);
}

static void test_no_file_is_no_record(void **state)
{
	struct fixture *fixture = *state;
	const struct record_query all = { .since_ms = INT64_MIN, .until_ms = INT64_MAX };
	struct uuid key = fixture_key(7);
	struct seen seen = { .limit = 9 };

	fixture_open(fixture, STORE_READ);
	assert_ok(fixture, store_record_begin(fixture->store, &fixture->err));
	assert_ok(
	    fixture, store_record_each(fixture->store, &all, on_record, &seen, &fixture->err));
	assert_ok(fixture,
	    store_record_each_of_key(fixture->store, &key, on_record_of_key, &seen, &fixture->err));
	assert_ok(fixture, store_record_each_grant(fixture->store, on_grant, &seen, &fixture->err));
	assert_int_equal(seen.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up_open, fixture_tear_down)

const struct CMUnitTest record_tests[] = {
	TEST(test_records_come_with_run_and_hold),
	TEST(test_records_of_a_period_a_kind_a_reason_a_run),
	TEST(test_records_of_a_person_newest_first),
	TEST(test_runs_and_holds_of_a_period),
	TEST(test_links_by_name_and_their_workspaces),
	cmocka_unit_test_setup_teardown(
	    test_no_file_is_no_record, fixture_set_up, fixture_tear_down),
};
const size_t record_test_count = sizeof(record_tests) / sizeof(record_tests[0]);
