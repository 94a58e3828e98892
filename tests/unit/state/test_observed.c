/* SPDX-License-Identifier: ISC */
#include "fixture.h"

static const struct span workspaces[] = { { "w1", 2 }, { "w2", 2 } };

static struct observed make(const char *id, const char *user_name, const char *external_id)
{
	struct observed observed = {
		.id = span_of(id),
		.has_active = true,
		.account = { .is_active = true, .workspaces = workspaces, .workspace_count = 2 },
	};

	observed.account.text[ACCOUNT_USER_NAME] = span_of(user_name);
	observed.account.text[ACCOUNT_EXTERNAL_ID] = span_of(external_id);
	return observed;
}

static void put(
    struct fixture *fixture, const char *id, const char *user_name, const char *external_id)
{
	struct observed observed = make(id, user_name, external_id);

	assert_ok(fixture, store_observed_put(fixture->store, &observed, &fixture->err));
}

static size_t find(struct fixture *fixture, enum observed_field field, const char *value,
    struct observed *ret_observed, size_t cap)
{
	size_t count = 99;

	assert_ok(fixture, store_observed_find(fixture->store, field, span_of(value),
			       fixture->arena, ret_observed, cap, &count, &fixture->err));
	return count;
}

static void test_put_and_find(void **state)
{
	struct fixture *fixture = *state;
	struct observed got[3];

	put(fixture, "1", "Ada@corp.example", "E1");
	put(fixture, "2", "bob@corp.example", NULL);
	assert_int_equal(find(fixture, OBSERVED_BY_ID, "1", got, 3), 1);
	assert_span(got[0].id, "1");
	assert_true(got[0].has_active);
	assert_false(got[0].has_workspaces);
	assert_true(got[0].account.is_active);
	assert_span(got[0].account.text[ACCOUNT_USER_NAME], "Ada@corp.example");
	assert_int_equal(got[0].account.workspace_count, 2);
	assert_span(got[0].account.workspaces[1], "w2");
	assert_int_equal(find(fixture, OBSERVED_BY_USER_NAME, "ADA@CORP.EXAMPLE", got, 3), 1);
	assert_int_equal(find(fixture, OBSERVED_BY_EXTERNAL_ID, "e1", got, 3), 1);
	assert_int_equal(find(fixture, OBSERVED_BY_ID, "3", got, 3), 0);
	assert_int_equal(find(fixture, OBSERVED_BY_EXTERNAL_ID, "", got, 3), 0);
}

static void test_find_up_to_cap(void **state)
{
	struct fixture *fixture = *state;
	struct observed got[2];

	put(fixture, "1", "a", "same");
	put(fixture, "2", "b", "SAME");
	put(fixture, "3", "c", "Same");
	assert_int_equal(find(fixture, OBSERVED_BY_EXTERNAL_ID, "same", got, 2), 2);
	assert_span(got[0].id, "1");
	assert_span(got[1].id, "2");
	assert_int_equal(find(fixture, OBSERVED_BY_EXTERNAL_ID, "same", got, 0), 0);
}

static uint64_t count(struct fixture *fixture)
{
	uint64_t observed = 0;

	assert_ok(fixture, store_observed_count(fixture->store, &observed, &fixture->err));
	return observed;
}

static void test_replace_and_clear(void **state)
{
	struct fixture *fixture = *state;
	struct observed got[2];

	put(fixture, "1", "a", "E1");
	put(fixture, "1", "b", "E2");
	assert_int_equal(count(fixture), 1);
	assert_int_equal(find(fixture, OBSERVED_BY_USER_NAME, "a", got, 2), 0);
	assert_int_equal(find(fixture, OBSERVED_BY_USER_NAME, "b", got, 2), 1);
	assert_ok(fixture, store_observed_clear(fixture->store, &fixture->err));
	assert_int_equal(count(fixture), 0);
}

static void test_gone_with_the_store(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "1", "a", NULL);
	fixture_commit(fixture);
	fixture_reopen(fixture);
	assert_int_equal(count(fixture), 0);
}

static void on_observed(void *context, const struct observed *observed)
{
	struct str *ids = context;

	str_add(ids, observed->id);
	str_add_byte(ids, ' ');
}

static void on_linked(void *context, const struct observed *observed, const struct link *link)
{
	struct str *ids = context;

	assert_true(span_equal(observed->id, link->account_id));
	assert_non_null(observed->account.text[ACCOUNT_USER_NAME].at);
	assert_non_null(link->acknowledged.at);
	str_addf(ids, "%d ", link->key.byte[0]);
}

static void on_link(void *context, const struct link *link)
{
	struct str *ids = context;

	str_addf(ids, "%d ", link->key.byte[0]);
}

/* Links 1, 2, 3 with accounts a1 a2 a3; the tenant shows a1, a2, a7 (in an action), x, y. */
static void fill(struct fixture *fixture)
{
	for (uint8_t i = 1; i <= 3; i++)
		fixture_put_link(fixture, i);
	(void)fixture_action(fixture, 1, ACTION_UPDATE);
	put(fixture, "a1", "u1", NULL);
	put(fixture, "x", "ux", NULL);
	put(fixture, "a2", "u2", NULL);
	put(fixture, "a7", "u7", NULL);
	put(fixture, "y", "uy", NULL);
}

static void check_joins(struct fixture *fixture)
{
	struct str ids = { 0 };

	assert_ok(fixture, store_observed_each(fixture->store, on_observed, &ids, &fixture->err));
	assert_string_equal(str_c(&ids), "a1 x a2 a7 y ");
	str_truncate(&ids, 0);
	assert_ok(fixture,
	    store_observed_each_orphan(fixture->store, 1, on_observed, &ids, &fixture->err));
	assert_string_equal(str_c(&ids), "x y ");
	str_truncate(&ids, 0);
	assert_ok(fixture,
	    store_observed_each_orphan(fixture->store, 2, on_observed, &ids, &fixture->err));
	assert_string_equal(str_c(&ids), "x a7 y ");
	str_truncate(&ids, 0);
	assert_ok(
	    fixture, store_observed_each_linked(fixture->store, on_linked, &ids, &fixture->err));
	assert_string_equal(str_c(&ids), "1 2 ");
	str_truncate(&ids, 0);
	assert_ok(
	    fixture, store_link_each_unobserved(fixture->store, on_link, &ids, &fixture->err));
	assert_string_equal(str_c(&ids), "3 ");
	str_done(&ids);
}

static void test_joins(void **state)
{
	struct fixture *fixture = *state;

	fill(fixture);
	check_joins(fixture);
}

static void test_joins_in_a_dry_run(void **state)
{
	struct fixture *fixture = *state;

	for (uint8_t i = 1; i <= 3; i++)
		fixture_put_link(fixture, i);
	fixture_commit(fixture);
	store_close(&fixture->store);
	fixture_open(fixture, STORE_DRY_RUN);
	fill(fixture);
	check_joins(fixture);
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_open, fixture_tear_down)

const struct CMUnitTest observed_tests[] = {
	TEST(test_put_and_find),
	TEST(test_find_up_to_cap),
	TEST(test_replace_and_clear),
	TEST(test_gone_with_the_store),
	TEST(test_joins),
	TEST(test_joins_in_a_dry_run),
};
const size_t observed_test_count = sizeof(observed_tests) / sizeof(observed_tests[0]);
