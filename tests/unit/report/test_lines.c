/* SPDX-License-Identifier: ISC */
#include "report/lines.h"
#include "tests.h"

static void assert_text(size_t width, size_t limit, const char *text, const char *expected)
{
	struct str out = { 0 };
	struct lines lines = { .out = &out, .width = width };

	lines_text(&lines, LINE_GOOD, SPAN("> "), 0);
	lines_text(&lines, LINE_PLAIN, span_of(text), limit);
	lines_end(&lines);
	assert_string_equal(str_c(&out), expected);
	lines_done(&lines);
	str_done(&out);
}

static void cuts_by_columns(void **state)
{
	(void)state;
	assert_text(0, 0, "a name that is long", "> a name that is long\n");
	assert_text(8, 0, "abcdef", "> abcdef\n");
	assert_text(8, 0, "abcdefg", "> abcde…\n");
	assert_text(8, 0, "山田太郎", "> 山田…\n");
	assert_text(7, 0, "山田太", "> 山田…\n");
	assert_text(
	    6, 0, "u\xcc\x88u\xcc\x88u\xcc\x88u\xcc\x88x", "> u\xcc\x88u\xcc\x88u\xcc\x88…\n");
	assert_text(20, 4, "abcdef", "> abc…\n");
	assert_text(0, 4, "abcdef", "> abc…\n");
	assert_text(2, 0, "abc", "> \n"); /* no room */
}

static void nothing_hostile_reaches_the_terminal(void **state)
{
	(void)state;
	assert_text(0, 0,
	    "a\033]0;x\007\r\nb\xe2\x80\xae"
	    "c",
	    "> a\\x1B]0;x\\x07\\x0D\\x0Ab\\u{202E}c\n");
	/* An escape is cut like any other text. */
	assert_text(6, 0, "\033[2J", "> \\x1…\n");
}

static void nothing_follows_a_cut(void **state)
{
	struct str out = { 0 };
	struct lines lines = { .out = &out, .width = 6 };

	(void)state;
	lines_text(&lines, LINE_PLAIN, SPAN("山田太郎"), 0);
	lines_text(&lines, LINE_PLAIN, SPAN("x"), 0);
	assert_string_equal(str_c(&out), "山田…");
	lines_done(&lines);
	str_done(&out);
}

static void colour_costs_no_columns(void **state)
{
	struct str out = { 0 };
	struct lines lines = { .out = &out, .width = 4, .is_color = true };

	(void)state;
	lines_text(&lines, LINE_BAD, SPAN("abcde"), 0);
	assert_string_equal(str_c(&out), "\033[31mabc…\033[0m");
	lines_done(&lines);
	str_done(&out);
}

const struct CMUnitTest lines_tests[] = {
	cmocka_unit_test(cuts_by_columns),
	cmocka_unit_test(nothing_hostile_reaches_the_terminal),
	cmocka_unit_test(nothing_follows_a_cut),
	cmocka_unit_test(colour_costs_no_columns),
};
const size_t lines_test_count = sizeof(lines_tests) / sizeof(lines_tests[0]);
