/* SPDX-License-Identifier: ISC */
#include "fixture.h"

#include <stdio.h>

static struct span get(struct fixture *fixture, const char *name)
{
	struct span value = SPAN_NULL;

	assert_ok(
	    fixture, store_meta_get(fixture->store, name, fixture->arena, &value, &fixture->err));
	return value;
}

static void test_put_get_remove(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;

	assert_null(get(fixture, "scan").at);
	assert_ok(fixture, store_meta_put(store, "scan", SPAN("1"), &fixture->err));
	assert_ok(fixture, store_meta_put(store, "scan", SPAN("two\0zero"), &fixture->err));
	assert_int_equal(get(fixture, "scan").len, 8);
	assert_ok(fixture, store_meta_put(store, "empty", SPAN(""), &fixture->err));
	assert_span(get(fixture, "empty"), "");
	fixture_commit(fixture);
	fixture_reopen(fixture);
	assert_memory_equal(get(fixture, "scan").at, "two\0zero", 8);
	assert_ok(fixture, store_meta_put(fixture->store, "scan", SPAN_NULL, &fixture->err));
	assert_null(get(fixture, "scan").at);
}

static void test_directory_numbers_stay(void **state)
{
	struct fixture *fixture = *state;
	uint8_t corp = 0, lab = 0, again = 0;

	assert_ok(
	    fixture, store_directory_number(fixture->store, SPAN("corp"), &corp, &fixture->err));
	assert_ok(
	    fixture, store_directory_number(fixture->store, SPAN("lab"), &lab, &fixture->err));
	fixture_commit(fixture);
	fixture_reopen(fixture);
	assert_ok(
	    fixture, store_directory_number(fixture->store, SPAN("corp"), &again, &fixture->err));
	assert_int_equal(corp, 1);
	assert_int_equal(lab, 2);
	assert_int_equal(again, 1);
}

static void test_directory_numbers_end(void **state)
{
	struct fixture *fixture = *state;
	uint8_t number = 0;
	char name[16];

	for (int i = 1; i <= 255; i++) {
		(void)snprintf(name, sizeof(name), "d%d", i);
		assert_ok(fixture,
		    store_directory_number(fixture->store, span_of(name), &number, &fixture->err));
		assert_int_equal(number, i);
	}
	assert_int_equal(
	    store_directory_number(fixture->store, SPAN("one more"), &number, &fixture->err),
	    STATUS_REJECT);
}

static void test_bad_directory_number(void **state)
{
	struct fixture *fixture = *state;
	uint8_t number = 0;

	assert_ok(
	    fixture, store_meta_put(fixture->store, "directory/corp", SPAN("256"), &fixture->err));
	assert_int_equal(
	    store_directory_number(fixture->store, SPAN("corp"), &number, &fixture->err),
	    STATUS_CORRUPT);
}

static void test_reader_numbers_without_writing(void **state)
{
	struct fixture *fixture = *state;
	uint8_t number = 0;

	store_close(&fixture->store);
	fixture_open(fixture, STORE_READ);
	for (int i = 0; i < 2; i++) {
		assert_ok(fixture,
		    store_directory_number(fixture->store, SPAN("corp"), &number, &fixture->err));
		assert_int_equal(number, 1);
	}
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_open, fixture_tear_down)

const struct CMUnitTest meta_tests[] = {
	TEST(test_put_get_remove),
	TEST(test_directory_numbers_stay),
	TEST(test_directory_numbers_end),
	TEST(test_bad_directory_number),
	TEST(test_reader_numbers_without_writing),
};
const size_t meta_test_count = sizeof(meta_tests) / sizeof(meta_tests[0]);
