/* SPDX-License-Identifier: ISC */
#include "report/pace.h"
#include "tests.h"

static const char *const phase = "sending";

static void assert_pace(const struct pace *pace, int64_t now_ms, size_t width, const char *expected)
{
	struct str out = { 0 };

	pace_format(pace, now_ms, width, &out);
	assert_string_equal(str_c(&out), expected);
	str_done(&out);
}

static void tells_how_far_how_fast_and_how_long(void **state)
{
	struct pace pace = { 0 };

	(void)state;
	pace_note(&pace, phase, 0, 300, 0);
	assert_pace(&pace, 0, 0, "sending: 0 of 300 (0 %)");
	pace_note(&pace, phase, 12, 300, 999);
	assert_pace(&pace, 999, 0, "sending: 12 of 300 (4 %)"); /* too early to tell */
	pace_note(&pace, phase, 20, 300, 2000);
	assert_pace(&pace, 2000, 0, "sending: 20 of 300 (6 %), 10/s, 29 s left");
	pace_note(&pace, phase, 300, 300, 4000);
	assert_pace(&pace, 4000, 0, "sending: 300 of 300 (100 %), 75/s");
}

/* The service tells a command of its phases in messages that are gone when the line is drawn. */
static void keeps_the_name_of_the_phase(void **state)
{
	char name[] = "sending";
	struct pace pace = { 0 };

	(void)state;
	pace_note(&pace, name, 1, 0, 0);
	name[0] = '?';
	assert_pace(&pace, 0, 0, "sending: 1");
}

static void does_not_guess_an_end(void **state)
{
	struct pace pace = { 0 };

	(void)state;
	pace_note(&pace, phase, 0, 0, 0);
	pace_note(&pace, phase, 4100, 0, 1000);
	assert_pace(&pace, 1000, 0, "sending: 4100, 4100/s");
	/* More than there were: no more than that is known. */
	pace_note(&pace, phase, 4100, 4000, 1000);
	assert_pace(&pace, 1000, 0, "sending: 4100, 4100/s");
}

static void the_rate_is_that_of_the_last_seconds(void **state)
{
	struct pace pace = { 0 };

	(void)state;
	for (int64_t second = 0; second <= 10; second++)
		pace_note(&pace, phase, (uint64_t)second * 100, 100000, second * 1000);
	for (int64_t second = 11; second <= 30; second++)
		pace_note(&pace, phase, 1000 + (uint64_t)(second - 10), 100000, second * 1000);
	assert_pace(&pace, 30000, 0, "sending: 1020 of 100000 (1 %), 1.0/s, 1 d 3 h left");
}

static void says_that_nothing_moves(void **state)
{
	struct pace pace = { 0 };

	(void)state;
	pace_note(&pace, phase, 0, 300, 0);
	pace_note(&pace, phase, 50, 300, 2000);
	assert_pace(&pace, 6999, 0, "sending: 50 of 300 (16 %), 7.1/s, 35 s left");
	assert_pace(&pace, 14000, 0, "sending: 50 of 300 (16 %), nothing for 12 s");
}

static void another_phase_begins_anew(void **state)
{
	struct pace pace = { 0 };

	(void)state;
	pace_note(&pace, "reading", 1000, 0, 0);
	pace_note(&pace, "reading", 9000, 0, 5000);
	pace_note(&pace, phase, 1, 2, 5500);
	assert_pace(&pace, 5600, 0, "sending: 1 of 2 (50 %)");
}

static void is_cut_where_the_terminal_ends(void **state)
{
	struct pace pace = { 0 };

	(void)state;
	pace_note(&pace, phase, 0, 300, 0);
	pace_note(&pace, phase, 20, 300, 2000);
	assert_pace(&pace, 2000, 20, "sending: 20 of 300 …");
	assert_pace(&pace, 2000, 1, "…");
}

static void what_is_unbelievable_does_no_harm(void **state)
{
	struct pace pace = { 0 };
	struct str out = { 0 };

	(void)state;
	pace_note(&pace, phase, 0, UINT64_MAX, 0);
	pace_note(&pace, phase, 1, UINT64_MAX, 1000);
	pace_format(&pace, 1000, 0, &out);
	assert_null(strstr(str_c(&out), "-"));
	str_done(&out);
}

const struct CMUnitTest pace_tests[] = {
	cmocka_unit_test(tells_how_far_how_fast_and_how_long),
	cmocka_unit_test(keeps_the_name_of_the_phase),
	cmocka_unit_test(does_not_guess_an_end),
	cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
	cmocka_unit_test(says_that_nothing_moves),
	cmocka_unit_test(another_phase_begins_anew),
	cmocka_unit_test(is_cut_where_the_terminal_ends),
	cmocka_unit_test(what_is_unbelievable_does_no_harm),
};
const size_t pace_test_count = sizeof(pace_tests) / sizeof(pace_tests[0]);
