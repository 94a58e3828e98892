/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "sync/turns.h"
#include <string.h>

static struct uuid key_of(unsigned number)
{
	struct uuid key = { { 1 } };

	key.byte[13] = (uint8_t)(number >> 16);
	key.byte[14] = (uint8_t)(number >> 8);
	key.byte[15] = (uint8_t)number;
	return key;
}

static void note(struct turns *turns, unsigned number, int64_t at_ms)
{
	struct uuid key = key_of(number);

	turns_note(turns, &key, at_ms);
}

static void the_next_is_known(void **state)
{
	struct turns *turns = turns_new();
	struct uuid due[2], first = key_of(1);

	(void)state;
	assert_int_equal(turns_next_ms(turns), 0);
	assert_false(turns_have_changed(turns));
	note(turns, 1, 500);
	note(turns, 2, 300);
	note(turns, 3, 0);
	assert_int_equal(turns_next_ms(turns), 300);
	note(turns, 2, 700);
	assert_int_equal(turns_next_ms(turns), 500);
	assert_int_equal(turns_due(turns, 499, due, 2), 0);
	assert_int_equal(turns_due(turns, 500, due, 2), 1);
	assert_int_equal(uuid_compare(&due[0], &first), 0);
	assert_int_equal(turns_due(turns, 1000, due, 0), 2);
	note(turns, 1, 0);
	note(turns, 2, 0);
	assert_int_equal(turns_next_ms(turns), 0);
	turns_free(&turns);
	assert_null(turns);
	turns_free(&turns);
}

static void the_farthest_give_way(void **state)
{
	struct turns *turns = turns_new();

	(void)state;
	turns_begin(turns);
	/* In an order that is neither ascending nor descending. */
	for (unsigned i = 0; i < 3 * TURNS_MAX; i++)
		note(turns, i, 1 + (int64_t)(i * 7919U % (3 * TURNS_MAX)));
	turns_end(turns, true, 0);
	assert_int_equal(turns_due(turns, INT64_MAX, NULL, 0), TURNS_MAX);
	assert_int_equal(turns_due(turns, TURNS_MAX, NULL, 0), TURNS_MAX);
	assert_int_equal(turns_next_ms(turns), 1);
	assert_int_equal(turns_horizon_ms(turns), TURNS_MAX + 1);
	turns_begin(turns);
	turns_end(turns, true, 0);
	assert_int_equal(turns_horizon_ms(turns), 0);
	turns_free(&turns);
}

static void a_whole_scan_replaces_what_was_known(void **state)
{
	struct turns *turns = turns_new();

	(void)state;
	note(turns, 1, 100);
	note(turns, 2, 200);
	turns_begin(turns);
	note(turns, 2, 250);
	turns_end(turns, true, 0);
	assert_int_equal(turns_next_ms(turns), 250);
	assert_int_equal(turns_due(turns, 1000, NULL, 0), 1);
	turns_free(&turns);
}

static void a_scan_that_is_not_whole_adds_to_it(void **state)
{
	struct turns *turns = turns_new();

	(void)state;
	note(turns, 1, 100);
	note(turns, 2, 200);
	note(turns, 3, 300);
	turns_doubt(turns, 9000);
	turns_begin(turns);
	note(turns, 2, 250);
	turns_end(turns, false, 100);
	assert_int_equal(turns_due(turns, 249, NULL, 0), 0);
	assert_int_equal(turns_due(turns, 1000, NULL, 0), 2);
	assert_int_equal(turns_horizon_ms(turns), 9000);
	turns_begin(turns);
	turns_begin(turns); /* the one before was given up */
	turns_end(turns, false, 0);
	assert_int_equal(turns_due(turns, 1000, NULL, 0), 2);
	turns_free(&turns);
}

static void only_changes_are_changes(void **state)
{
	struct turns *turns = turns_new();
	struct str text = { 0 };

	(void)state;
	note(turns, 1, 100);
	note(turns, 2, 200);
	assert_true(turns_have_changed(turns));
	turns_encode(turns, &text);
	assert_false(turns_have_changed(turns));
	turns_begin(turns);
	note(turns, 2, 200);
	note(turns, 1, 100);
	turns_end(turns, true, 0);
	note(turns, 1, 100);
	note(turns, 7, 0);
	assert_false(turns_have_changed(turns));
	turns_doubt(turns, 50);
	assert_true(turns_have_changed(turns));
	turns_free(&turns);
	str_done(&text);
}

static void text_comes_back(void **state)
{
	struct turns *turns = turns_new(), *copy = turns_new();
	struct str text = { 0 }, again = { 0 };

	(void)state;
	turns_encode(turns, &text);
	assert_string_equal(str_c(&text), "0\n");
	assert_true(turns_decode(copy, str_span(&text)));
	note(turns, 1, 1772323200000);
	turns_doubt(turns, 1772323200001);
	str_truncate(&text, 0);
	turns_encode(turns, &text);
	assert_string_equal(str_c(&text), "1772323200001\n"
					  "1772323200000 01000000-0000-0000-0000-000000000001\n");
	assert_true(turns_decode(copy, str_span(&text)));
	assert_false(turns_have_changed(copy));
	turns_encode(copy, &again);
	assert_string_equal(str_c(&text), str_c(&again));
	turns_free(&turns);
	turns_free(&copy);
	str_done(&text);
	str_done(&again);
}

static void other_text_is_refused(void **state)
{
	static const char *const bad[] = { "", "\n", "x\n", "-1\n", "99999999999999999999\n",
		"0\nx\n", "0\n0 01000000-0000-0000-0000-000000000001\n", "0\n1\n", "0\n1 \n",
		"0\n1 01000000-0000-0000-0000-00000000000\n", "0\n\n" };
	struct turns *turns = turns_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		note(turns, 1, 100);
		assert_false(turns_decode(turns, span_of(bad[i])));
		assert_int_equal(turns_next_ms(turns), 0);
		assert_true(turns_have_changed(turns));
	}
	turns_free(&turns);
}

const struct CMUnitTest turns_tests[] = {
	cmocka_unit_test(the_next_is_known),
	cmocka_unit_test(the_farthest_give_way),
	cmocka_unit_test(a_whole_scan_replaces_what_was_known),
	cmocka_unit_test(a_scan_that_is_not_whole_adds_to_it),
	cmocka_unit_test(only_changes_are_changes),
	cmocka_unit_test(text_comes_back),
	cmocka_unit_test(other_text_is_refused),
};
const size_t turns_test_count = COUNT_OF(turns_tests);
