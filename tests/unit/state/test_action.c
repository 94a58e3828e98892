/* SPDX-License-Identifier: ISC */
#include "fixture.h"

#define BIT(state) (UINT32_C(1) << (state))

static bool get(struct fixture *fixture, int64_t id, struct action *ret_action)
{
	bool is_found = false;

	assert_ok(fixture, store_action_get(fixture->store, id, fixture->arena, ret_action,
			       &is_found, &fixture->err));
	return is_found;
}

static void assert_same(const struct action *a, const struct action *b)
{
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->run_id, b->run_id);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->classes, b->classes);
	assert_int_equal(a->hold_id, b->hold_id);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->reason, b->reason);
	assert_true(span_equal(a->detail, b->detail));
	assert_int_equal(uuid_compare(&a->key, &b->key), 0);
	assert_true(span_equal(a->directory, b->directory));
	assert_true(span_equal(a->dn, b->dn));
	assert_true(span_equal(a->account_id, b->account_id));
	assert_true(span_equal(a->user_name, b->user_name));
	assert_true(span_equal(a->before, b->before));
	assert_true(span_equal(a->after, b->after));
	assert_true(digest_equal(&a->digest, &b->digest));
	assert_true(span_equal(a->request.method, b->request.method));
	assert_true(span_equal(a->request.path, b->request.path));
	assert_true(span_equal(a->request.body, b->request.body));
	assert_int_equal(a->attempts, b->attempts);
	assert_int_equal(a->http_status, b->http_status);
	assert_true(span_equal(a->answer, b->answer));
	assert_true(span_equal(a->request_id, b->request_id));
	assert_int_equal(a->at_ms, b->at_ms);
}

static void test_add_and_get(void **state)
{
	struct fixture *fixture = *state;
	struct action action = fixture_action(fixture, 1, ACTION_UPDATE), got;
	struct action bare = { .run_id = 1, .kind = ACTION_REJECTED };

	assert_int_equal(action.id, 1);
	assert_ok(fixture, store_action_add(fixture->store, &bare, &fixture->err));
	assert_int_equal(bare.id, 2);
	fixture_commit(fixture);
	fixture_reopen(fixture);
	assert_true(get(fixture, 1, &got));
	assert_same(&action, &got);
	assert_true(get(fixture, 2, &got));
	assert_same(&bare, &got);
	assert_false(get(fixture, 3, &got));
}

static void test_update_writes_what_may_change(void **state)
{
	struct fixture *fixture = *state;
	struct action action = fixture_action(fixture, 1, ACTION_CREATE), got;

	action.kind = ACTION_REACTIVATE;
	action.state = ACTION_HELD;
	action.reason = REASON_REHIRED;
	action.detail = SPAN("again");
	action.account_id = SPAN("a8");
	action.before = SPAN_NULL;
	action.after = SPAN("{\"active\":true}");
	action.digest = fixture_digest(1);
	action.request = (struct tenant_request) { SPAN("POST"), SPAN("/Users"), SPAN("{}") };
	action.attempts = 9;
	action.http_status = 201;
	action.answer = SPAN_NULL;
	action.request_id = SPAN("r-2");
	action.at_ms = 78;
	assert_ok(fixture, store_action_update(fixture->store, &action, &fixture->err));
	assert_true(get(fixture, action.id, &got));
	assert_same(&action, &got);
}

static void test_set_state_writes_the_state_only(void **state)
{
	struct fixture *fixture = *state;
	struct action action = fixture_action(fixture, 1, ACTION_CREATE), changed = action, got;

	changed.state = ACTION_UNKNOWN;
	changed.http_status = 0;
	changed.answer = SPAN("lost");
	changed.request_id = SPAN_NULL;
	changed.attempts = 3;
	changed.at_ms = 99;
	changed.detail = SPAN("not written");
	changed.kind = ACTION_LINK;
	assert_ok(fixture, store_action_set_state(fixture->store, &changed, &fixture->err));
	assert_true(get(fixture, action.id, &got));
	changed.detail = action.detail;
	changed.kind = action.kind;
	assert_same(&changed, &got);
}

/* A create learns its account from the answer; who does not know it takes none away. */
static void test_set_state_learns_the_account(void **state)
{
	struct fixture *fixture = *state;
	struct action action = fixture_action(fixture, 1, ACTION_CREATE), got;

	action.account_id = SPAN("new1");
	assert_ok(fixture, store_action_set_state(fixture->store, &action, &fixture->err));
	action.account_id = SPAN_NULL;
	action.state = ACTION_DONE;
	assert_ok(fixture, store_action_set_state(fixture->store, &action, &fixture->err));
	assert_true(get(fixture, action.id, &got));
	assert_true(span_equal(got.account_id, SPAN("new1")));
	assert_int_equal(got.state, ACTION_DONE);
}

static void test_delete_does_not_free_the_id(void **state)
{
	struct fixture *fixture = *state;
	struct action first = fixture_action(fixture, 1, ACTION_CREATE), second, got;

	assert_ok(fixture, store_action_delete(fixture->store, first.id, &fixture->err));
	assert_false(get(fixture, first.id, &got));
	second = fixture_action(fixture, 1, ACTION_CREATE);
	assert_int_equal(second.id, first.id + 1);
}

struct seen {
	struct fixture *fixture;
	int64_t ids[32];
	size_t count;
};

static void on_action(void *context, const struct action *action)
{
	struct seen *seen = context;

	seen->ids[seen->count++] = action->id;
}

static void assert_each(
    struct fixture *fixture, struct action_query query, size_t count, const int64_t *ids)
{
	struct seen seen = { .fixture = fixture };

	assert_ok(
	    fixture, store_action_each(fixture->store, &query, on_action, &seen, &fixture->err));
	assert_int_equal(seen.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(seen.ids[i], ids[i]);
}

#define IDS(...)                                                                                   \
	sizeof((const int64_t[]) { __VA_ARGS__ }) / sizeof(int64_t), (const int64_t[])             \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

/* Run 1: ids 1 create, 2 deactivate sent, 3 update, 4 deactivate. Run 2: 5 update unknown, 6 create
 * done. */
static void fill(struct fixture *fixture)
{
	static const struct {
		int64_t run_id;
		enum action_kind kind;
		enum action_state state;
	} rows[] = {
		{ 1, ACTION_CREATE, ACTION_PLANNED },
		{ 1, ACTION_DEACTIVATE, ACTION_SENT },
		{ 1, ACTION_UPDATE, ACTION_PLANNED },
		{ 1, ACTION_DEACTIVATE, ACTION_PLANNED },
		{ 2, ACTION_UPDATE, ACTION_UNKNOWN },
		{ 2, ACTION_CREATE, ACTION_DONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct action action = fixture_action(fixture, rows[i].run_id, rows[i].kind);

		action.state = rows[i].state;
		assert_ok(fixture, store_action_set_state(fixture->store, &action, &fixture->err));
	}
}

static void check_queries(struct fixture *fixture)
{
	const uint32_t unsettled = BIT(ACTION_SENT) | BIT(ACTION_UNKNOWN);

	assert_each(fixture, (struct action_query) { .run_id = 1 }, IDS(2, 4, 3, 1));
	assert_each(fixture, (struct action_query) { .run_id = 2 }, IDS(5, 6));
	assert_each(fixture, (struct action_query) { .run_id = 0 }, IDS(2, 4, 3, 5, 1, 6));
	assert_each(fixture, (struct action_query) { .states = BIT(ACTION_DONE) }, IDS(6));
	assert_each(fixture, (struct action_query) { .run_id = 1, .states = BIT(ACTION_PLANNED) },
	    IDS(4, 3, 1));
	assert_each(fixture, (struct action_query) { .states = unsettled }, IDS(2, 5));
	assert_each(fixture, (struct action_query) { .run_id = 2, .states = unsettled }, IDS(5));
	assert_each(
	    fixture, (struct action_query) { .run_id = 1, .kinds = BIT(ACTION_CREATE) }, IDS(1));
	assert_each(fixture,
	    (struct action_query) { .run_id = 1,
		.kinds = BIT(ACTION_DEACTIVATE),
		.after_kind = ACTION_DEACTIVATE,
		.after_id = 2 },
	    IDS(4));
	assert_each(fixture,
	    (struct action_query) { .run_id = 1,
		.states = BIT(ACTION_SENT),
		.kinds = BIT(ACTION_DEACTIVATE),
		.limit = 1 },
	    IDS(2));
	assert_each(fixture,
	    (struct action_query) { .run_id = 1,
		.kinds = BIT(ACTION_CREATE),
		.after_kind = ACTION_DEACTIVATE,
		.after_id = 2 },
	    IDS(1));
	assert_each(fixture, (struct action_query) { .run_id = 1, .limit = 2 }, IDS(2, 4));
	assert_each(fixture,
	    (struct action_query) { .run_id = 1, .after_kind = ACTION_DEACTIVATE, .after_id = 2 },
	    IDS(4, 3, 1));
	assert_each(fixture,
	    (struct action_query) {
		.run_id = 1, .after_kind = ACTION_DEACTIVATE, .after_id = 4, .limit = 1 },
	    IDS(3));
	assert_each(fixture, (struct action_query) { .states = unsettled, .after_id = 2 }, IDS(5));
}

static void test_each(void **state)
{
	struct fixture *fixture = *state;

	fill(fixture);
	check_queries(fixture);
	fixture_commit(fixture);
	fixture_reopen(fixture);
	check_queries(fixture);
}

static void on_action_write(void *context, const struct action *action)
{
	struct seen *seen = context;
	struct action changed = *action;

	on_action(context, action);
	changed.state = ACTION_DONE;
	assert_ok(seen->fixture,
	    store_action_set_state(seen->fixture->store, &changed, &seen->fixture->err));
	changed.detail = SPAN("changed");
	assert_ok(seen->fixture,
	    store_action_update(seen->fixture->store, &changed, &seen->fixture->err));
	/* What the callback was given is still whole. */
	assert_span(action->detail, "via CN=Finance");
}

static void test_callback_may_write(void **state)
{
	struct fixture *fixture = *state;
	const struct action_query queries[] = {
		{ .states = BIT(ACTION_SENT) | BIT(ACTION_UNKNOWN) }, { .run_id = 1 }
	};
	const size_t counts[] = { 10, 20 };

	for (int i = 0; i < 20; i++) {
		struct action action = fixture_action(fixture, 1, ACTION_UPDATE);

		action.state = i % 2 == 0 ? ACTION_SENT : ACTION_PLANNED;
		assert_ok(fixture, store_action_set_state(fixture->store, &action, &fixture->err));
	}
	for (size_t i = 0; i < 2; i++) {
		struct seen seen = { .fixture = fixture };
		struct action_query query = queries[i];

		if (i == 1) /* the first pass changed the detail of half of them */
			query.states = BIT(ACTION_PLANNED);
		assert_ok(fixture, store_action_each(fixture->store, &query, on_action_write, &seen,
				       &fixture->err));
		assert_int_equal(seen.count, i == 1 ? counts[0] : counts[i]);
	}
	assert_each(fixture,
	    (struct action_query) { .states = BIT(ACTION_SENT) | BIT(ACTION_PLANNED) }, 0, NULL);
}

static void test_summary(void **state)
{
	struct fixture *fixture = *state;
	struct plan_summary summary = { .orphan = 99 };

	fill(fixture);
	assert_ok(fixture, store_action_summary(fixture->store, 1, &summary, &fixture->err));
	assert_int_equal(summary.create, 1);
	assert_int_equal(summary.update, 1);
	assert_int_equal(summary.deactivate, 2);
	assert_int_equal(summary.orphan, 0);
	assert_ok(fixture, store_action_summary(fixture->store, 2, &summary, &fixture->err));
	assert_int_equal(summary.done, 1);
	assert_ok(fixture, store_action_summary(fixture->store, 3, &summary, &fixture->err));
	assert_int_equal(plan_summary_pending(&summary), 0);
}

static void test_dry_run(void **state)
{
	struct fixture *fixture = *state;
	struct action fresh, of_file, got;

	fill(fixture);
	fixture_commit(fixture);
	store_close(&fixture->store);
	fixture_open(fixture, STORE_DRY_RUN);
	check_queries(fixture);
	fresh = fixture_action(fixture, 3, ACTION_UPDATE);
	assert_int_equal(fresh.id, 7);
	assert_each(fixture, (struct action_query) { .run_id = 3 }, IDS(7));
	assert_each(fixture, (struct action_query) { .run_id = 0 }, IDS(2, 4, 3, 5, 7, 1, 6));
	fresh.state = ACTION_SENT;
	assert_ok(fixture, store_action_set_state(fixture->store, &fresh, &fixture->err));
	assert_each(fixture, (struct action_query) { .states = BIT(ACTION_SENT) }, IDS(2, 7));
	assert_true(get(fixture, 2, &of_file));
	of_file.state = ACTION_DONE;
	assert_ok(fixture, store_action_set_state(fixture->store, &of_file, &fixture->err));
	assert_true(get(fixture, 2, &got));
	assert_int_equal(got.state, ACTION_SENT);
	assert_ok(fixture, store_commit(fixture->store, &fixture->err));
	assert_true(get(fixture, 7, &got));
	fixture_reopen(fixture);
	assert_false(get(fixture, 7, &got));
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_open, fixture_tear_down)

const struct CMUnitTest action_tests[] = {
	TEST(test_add_and_get),
	TEST(test_update_writes_what_may_change),
	TEST(test_set_state_writes_the_state_only),
	TEST(test_set_state_learns_the_account),
	TEST(test_delete_does_not_free_the_id),
	TEST(test_each),
	TEST(test_callback_may_write),
	TEST(test_summary),
	TEST(test_dry_run),
};
const size_t action_test_count = sizeof(action_tests) / sizeof(action_tests[0]);
