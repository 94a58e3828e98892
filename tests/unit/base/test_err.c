/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/err.h"
#include "base/unicode.h"

static void sets_and_prefixes(void **state)
{
	struct err err = { "" };
	(void)state;
	err_set(&err, "cannot %s: %d", "connect", 5);
	assert_string_equal(err.text, "cannot connect: 5");
	err_prefix(&err, "directory \"%s\"", "corp");
	assert_string_equal(err.text, "directory \"corp\": cannot connect: 5");
	err_set(NULL, "nobody %s", "listens");
	err_prefix(NULL, "nobody");
}

static void hostile_bytes_are_escaped(void **state)
{
	struct err err;
	(void)state;
	err_set(&err, "said \"%s\"", "\x1b[2J\xff\n\xe2\x80\xae");
	assert_string_equal(err.text, "said \"\\x1B[2J\\xFF\\x0A\\u{202E}\"");
	err_prefix(&err, "peer");
	assert_string_equal(err.text, "peer: said \"\\x1B[2J\\xFF\\x0A\\u{202E}\"");
}

static void own_text_may_be_an_argument(void **state)
{
	struct err err;
	(void)state;
	err_set(&err, "inner");
	err_set(&err, "outer: %s", err.text);
	assert_string_equal(err.text, "outer: inner");
}

static void exact_fit_is_not_cut(void **state)
{
	struct err err;
	(void)state;
	err_set(&err, "%1023s", "x");
	assert_int_equal(strlen(err.text), ERR_SIZE_BYTES - 1);
	assert_int_equal(err.text[1022], 'x');
}

/* Whatever the phase, no character is torn. */
static void cuts_at_a_character(void **state)
{
	struct str text = { 0 };
	(void)state;
	for (int shift = 0; shift < 4; shift++) {
		struct err err;
		str_truncate(&text, 0);
		for (int i = 0; i < shift; i++)
			str_add_byte(&text, '-');
		for (int i = 0; i < 400; i++)
			str_add(&text, SPAN("\xf0\x9f\x90\x99"));
		err_set(&err, "%s", str_c(&text));
		size_t len = strlen(err.text);
		assert_true(len < ERR_SIZE_BYTES && len > ERR_SIZE_BYTES - 8);
		assert_true(utf8_is_valid(span_of(err.text)));
		assert_string_equal(err.text + len - 3, "…");
	}
	str_done(&text);
}

static void prefix_of_a_full_message_keeps_its_head(void **state)
{
	struct err err;
	(void)state;
	err_set(&err, "%01000d", 1);
	err_prefix(&err, "%050d", 2);
	assert_memory_equal(err.text + 48, "02: 000", 7);
	assert_string_equal(err.text + strlen(err.text) - 3, "…");
}

const struct CMUnitTest err_tests[] = {
	cmocka_unit_test(sets_and_prefixes),
	cmocka_unit_test(hostile_bytes_are_escaped),
	cmocka_unit_test(own_text_may_be_an_argument),
	cmocka_unit_test(exact_fit_is_not_cut),
	cmocka_unit_test(cuts_at_a_character),
	cmocka_unit_test(prefix_of_a_full_message_keeps_its_head),
};
const size_t err_test_count = sizeof(err_tests) / sizeof(*err_tests);
