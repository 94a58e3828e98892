/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/status.h"
#include <stdlib.h>

static void absent_differs_from_empty(void **state)
{
	(void)state;
	assert_true(span_equal(SPAN_NULL, SPAN_NULL));
	assert_true(span_equal(SPAN(""), SPAN("")));
	assert_false(span_equal(SPAN_NULL, SPAN("")));
	assert_false(span_equal_ascii_case(SPAN(""), SPAN_NULL));
	assert_null(span_of(NULL).at);
	assert_int_equal(span_of("abc").len, 3);
	assert_true(span_compare(SPAN_NULL, SPAN("")) < 0);
	assert_true(span_compare(SPAN(""), SPAN_NULL) > 0);
	assert_int_equal(span_compare(SPAN_NULL, SPAN_NULL), 0);
}

static void compares_by_bytes(void **state)
{
	(void)state;
	assert_int_equal(span_compare(SPAN("ab"), SPAN("ab")), 0);
	assert_true(span_compare(SPAN("ab"), SPAN("abc")) < 0);
	assert_true(span_compare(SPAN("b"), SPAN("abc")) > 0);
	assert_true(span_compare(SPAN("\xff"), SPAN("a")) > 0);
	assert_true(span_compare(SPAN("a\0b"), SPAN("a\0c")) < 0);
	assert_false(span_equal(SPAN("a\0b"), SPAN("a\0c")));
}

static void ascii_case_is_only_ascii(void **state)
{
	(void)state;
	assert_true(span_equal_ascii_case(SPAN("ObjectGUID"), SPAN("objectguid")));
	assert_false(span_equal_ascii_case(SPAN("a@"), SPAN("a`")));
	assert_false(span_equal_ascii_case(SPAN("[z"), SPAN("{z")));
	assert_false(span_equal_ascii_case(SPAN("\xc3\x84"), SPAN("\xc3\xa4")));
	assert_false(span_equal_ascii_case(SPAN("ab"), SPAN("a")));
}

static void trims_both_ends(void **state)
{
	(void)state;
	assert_span(span_trim(SPAN(" \t\r\n\v\fa b \n")), "a b");
	assert_int_equal(span_trim(SPAN("  \n")).len, 0);
	assert_null(span_trim(SPAN_NULL).at);
	assert_span(span_trim(SPAN("\xc2\xa0x")), "\xc2\xa0x");
}

static void splits_and_finds(void **state)
{
	struct span rest = SPAN("a,,b");
	(void)state;
	assert_int_equal(span_find(rest, ','), 1);
	assert_int_equal(span_find(rest, 'x'), 4);
	assert_int_equal(span_find(SPAN_NULL, 'x'), 0);
	assert_span(span_split(&rest, ','), "a");
	assert_span(span_split(&rest, ','), "");
	assert_span(span_split(&rest, ','), "b");
	assert_int_equal(rest.len, 0);
	rest = SPAN_NULL;
	assert_int_equal(span_split(&rest, ',').len, 0);
	assert_null(rest.at);
	rest = SPAN("a,");
	assert_span(span_split(&rest, ','), "a");
	assert_span(rest, "");
}

static void reads_numbers(void **state)
{
	uint64_t number = 7;
	(void)state;
	assert_true(span_to_u64(SPAN("0"), &number) && number == 0);
	assert_true(span_to_u64(SPAN("00042"), &number) && number == 42);
	assert_true(span_to_u64(SPAN("18446744073709551615"), &number) && number == UINT64_MAX);
	number = 7;
	assert_false(span_to_u64(SPAN("18446744073709551616"), &number));
	assert_false(span_to_u64(SPAN("99999999999999999999"), &number));
	assert_false(span_to_u64(SPAN(""), &number));
	assert_false(span_to_u64(SPAN_NULL, &number));
	assert_false(span_to_u64(SPAN("-1"), &number));
	assert_false(span_to_u64(SPAN("+1"), &number));
	assert_false(span_to_u64(SPAN(" 1"), &number));
	assert_false(span_to_u64(SPAN("1x"), &number));
	assert_false(span_to_u64(SPAN("1\0"), &number));
	assert_int_equal(number, 7);
}

static void str_grows(void **state)
{
	struct str str = { 0 };
	(void)state;
	assert_string_equal(str_c(&str), "");
	assert_span(str_span(&str), "");
	str_add(&str, SPAN_NULL);
	str_add_c(&str, NULL);
	assert_int_equal(str.len, 0);
	for (int i = 0; i < 1000; i++) {
		str_add_byte(&str, 'a');
		str_add(&str, SPAN("b\0"));
		str_add_c(&str, "c");
	}
	assert_int_equal(str.len, 4000);
	assert_memory_equal(str.at + 3996, "ab\0c", 5);
	assert_true(str.cap > str.len);
	str_truncate(&str, 1);
	assert_string_equal(str_c(&str), "a");
	str_done(&str);
	assert_null(str.at);
	assert_int_equal(str.cap, 0);
	str_truncate(&str, 0);
	str_done(&str);
}

static void str_formats(void **state)
{
	struct str str = { 0 };
	(void)state;
	str_addf(&str, "%s-%d", "x", 5);
	assert_string_equal(str_c(&str), "x-5");
	str_addf(&str, "%500s|", "y");
	assert_int_equal(str.len, 504);
	assert_string_equal(str.at + 502, "y|");
	str_truncate(&str, 0);
	/* Exactly to the last byte of what is there, and one over. */
	for (int i = 0; i < 300; i++) {
		str_truncate(&str, 0);
		str_addf(&str, "%*s", i, "z");
		assert_int_equal(strlen(str_c(&str)), str.len);
		assert_int_equal(str.len, i == 0 ? 1 : i);
	}
	str_done(&str);
}

static void die_reserve(void)
{
	struct str str = { 0 };
	str_add_byte(&str, 'a');
	str_reserve(&str, SIZE_MAX - 1);
}

static void str_overflow_aborts(void **state)
{
	(void)state;
	assert_aborts(die_reserve, "out of memory");
}

static void dup_ends_in_nul(void **state)
{
	(void)state;
	char *copy = span_dup_c((struct span) { "abcdef", 3 });
	assert_string_equal(copy, "abc");
	free(copy);
	copy = span_dup_c(SPAN_NULL);
	assert_string_equal(copy, "");
	free(copy);
}

static void statuses_have_names(void **state)
{
	static const char *const names[] = { "ok", "retry", "reject", "down", "canceled",
		"corrupt" };
	(void)state;
	for (int i = 0; i < 6; i++)
		assert_string_equal(status_name((enum status)i), names[i]);
	assert_string_equal(status_name((enum status)6), "unknown");
}

static void static_spans(void **state)
{
	static const struct span table[] = { SPAN_INIT("one"), SPAN_INIT("") };
	(void)state;
	assert_span(table[0], "one");
	assert_span(table[1], "");
}

const struct CMUnitTest str_tests[] = {
	cmocka_unit_test(absent_differs_from_empty),
	cmocka_unit_test(compares_by_bytes),
	cmocka_unit_test(ascii_case_is_only_ascii),
	cmocka_unit_test(trims_both_ends),
	cmocka_unit_test(splits_and_finds),
	cmocka_unit_test(reads_numbers),
	cmocka_unit_test(str_grows),
	cmocka_unit_test(str_formats),
	cmocka_unit_test(str_overflow_aborts),
	cmocka_unit_test(dup_ends_in_nul),
	cmocka_unit_test(statuses_have_names),
	cmocka_unit_test(static_spans),
};
const size_t str_test_count = sizeof(str_tests) / sizeof(*str_tests);
