/* SPDX-License-Identifier: ISC */
#include "fixture.h"

static struct quarantine make(uint8_t number)
{
	return (struct quarantine) {
		.key = fixture_key(number),
		.digest = fixture_digest(number),
		.attempts = 3,
		.not_before_ms = 100,
		.since_ms = 50,
		.dn = SPAN("CN=Ada"),
		.user_name = SPAN("ada"),
		.reason = SPAN("409: exists"),
	};
}

static void put(struct fixture *fixture, uint8_t number)
{
	struct quarantine quarantine = make(number);

	assert_ok(fixture, store_quarantine_put(fixture->store, &quarantine, &fixture->err));
}

static bool get(struct fixture *fixture, uint8_t number, struct quarantine *ret_quarantine)
{
	struct uuid key = fixture_key(number);
	bool is_found = false;

	assert_ok(fixture, store_quarantine_get(fixture->store, &key, fixture->arena,
			       ret_quarantine, &is_found, &fixture->err));
	return is_found;
}

static void test_put_get_delete(void **state)
{
	struct fixture *fixture = *state;
	struct quarantine got, changed = make(1);
	struct uuid key = fixture_key(1);

	assert_false(get(fixture, 1, &got));
	put(fixture, 1);
	changed.attempts = 4;
	changed.dn = SPAN_NULL;
	assert_ok(fixture, store_quarantine_put(fixture->store, &changed, &fixture->err));
	fixture_commit(fixture);
	fixture_reopen(fixture);
	assert_true(get(fixture, 1, &got));
	assert_int_equal(uuid_compare(&got.key, &changed.key), 0);
	assert_true(digest_equal(&got.digest, &changed.digest));
	assert_int_equal(got.attempts, 4);
	assert_int_equal(got.not_before_ms, 100);
	assert_int_equal(got.since_ms, 50);
	assert_null(got.dn.at);
	assert_span(got.user_name, "ada");
	assert_span(got.reason, "409: exists");
	assert_ok(fixture, store_quarantine_delete(fixture->store, &key, &fixture->err));
	assert_false(get(fixture, 1, &got));
}

static void on_quarantine(void *context, const struct quarantine *quarantine)
{
	struct str *keys = context;

	str_add_byte(keys, (char)quarantine->key.byte[0]);
}

static void test_each_in_key_order(void **state)
{
	struct fixture *fixture = *state;
	struct str keys = { 0 };

	put(fixture, 'c');
	put(fixture, 'a');
	put(fixture, 'b');
	assert_ok(
	    fixture, store_quarantine_each(fixture->store, on_quarantine, &keys, &fixture->err));
	assert_string_equal(str_c(&keys), "abc");
	str_done(&keys);
}

static void test_dry_run_overlays(void **state)
{
	struct fixture *fixture = *state;
	struct quarantine got;
	struct uuid key = fixture_key(1);

	put(fixture, 1);
	fixture_commit(fixture);
	store_close(&fixture->store);
	fixture_open(fixture, STORE_DRY_RUN);
	assert_true(get(fixture, 1, &got));
	assert_ok(fixture, store_quarantine_delete(fixture->store, &key, &fixture->err));
	put(fixture, 2);
	assert_false(get(fixture, 1, &got));
	assert_true(get(fixture, 2, &got));
	fixture_reopen(fixture);
	assert_true(get(fixture, 1, &got));
	assert_false(get(fixture, 2, &got));
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_open, fixture_tear_down)

const struct CMUnitTest quarantine_tests[] = {
	TEST(test_put_get_delete),
	TEST(test_each_in_key_order),
	TEST(test_dry_run_overlays),
};
const size_t quarantine_test_count = sizeof(quarantine_tests) / sizeof(quarantine_tests[0]);
