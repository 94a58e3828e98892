/* SPDX-License-Identifier: ISC */
/*
 * A value stays a value: what is written as a text is read back as it was, and a comment ends where
 * its line does.
 */
#include "app/config_text.h"
#include "tests/unit/app/tests.h"

#include <libconfig.h>
#include <stdlib.h>

static const struct span texts[] = {
	SPAN_INIT(""),
	SPAN_INIT("cn=Finance,dc=corp"),
	SPAN_INIT("cn=\"; mapping = ( ); x = \"\""),
	SPAN_INIT("back\\slash\\"),
	SPAN_INIT("cn=a\\22b\\2C\\0A,dc=x"),
	SPAN_INIT("${mail|lower}"),
	SPAN_INIT("new\nline\r\n@include \"/etc/shadow\"\n"),
	SPAN_INIT("# no comment /* nor this */ // nor that"),
	SPAN_INIT("Zo\xc3\xab \xe6\x97\xa5\xe6\x9c\xac"),
	SPAN_INIT("bidi \xe2\x80\xae over \xe2\x80\xa8 line \xc2\x85 next"),
	SPAN_INIT("\x01\x1b[31m\x7f"),
	SPAN_INIT("\xff\xfe half \xc3"),
};

static void what_is_quoted_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str text = { 0 };
		const char *read = NULL;
		config_t config;

		config_text_member("value", texts[i], &text);
		assert_null(strpbrk(str_c(&text), "\n\r\x1b\x7f"));
		config_init(&config);
		if (!config_read_string(&config, str_c(&text)))
			fail_msg("%s: %s", str_c(&text), config_error_text(&config));
		assert_int_equal(config_setting_length(config_root_setting(&config)), 1);
		assert_true(config_lookup_string(&config, "value", &read));
		assert_true(span_equal(span_of(read), texts[i]));
		config_destroy(&config);
		str_done(&text);
	}
}

static void what_no_configuration_takes_is_told(void **state)
{
	static const bool allowed[] = { true, true, true, true, true, true, false, true, true, true,
		false, false };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(config_text_allows(texts[i]), allowed[i]);
}

/* Every line of it, whatever was in it. */
static void assert_comment(const char *text)
{
	struct span rest = span_of(text);

	assert_true(rest.len > 0 && rest.at[rest.len - 1] == '\n');
	while (rest.len > 0) {
		struct span line = span_split(&rest, '\n');

		assert_true(line.len > 0 && span_trim(line).at[0] == '#');
		assert_int_equal(span_find(line, '\r'), line.len);
	}
}

static void a_comment_cannot_be_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str text = { 0 };

		config_text_note(&text, 2, "see %.*s there", SPAN_ARG(texts[i]));
		assert_comment(str_c(&text));
		str_truncate(&text, 0);
		config_text_out(&text, 2, texts[i]);
		assert_comment(str_c(&text));
		str_done(&text);
	}
}

static void comments_are_wrapped(void **state)
{
	struct str text = { 0 };
	struct span rest;

	(void)state;
	for (int i = 0; i < 60; i++)
		str_add_c(&text, i % 2 == 0 ? "words " : "");
	{
		struct str note = { 0 };

		config_text_note(&note, 4, "%s", str_c(&text));
		rest = str_span(&note);
		assert_int_equal(memcmp(rest.at, "    # words", 11), 0);
		for (; rest.len > 0;)
			assert_true(span_split(&rest, '\n').len <= 98);
		str_done(&note);
	}
	str_done(&text);
}

static void lists_have_their_commas(void **state)
{
	const struct span two[] = { SPAN("a"), SPAN("b\"") };
	struct str text = { 0 };

	(void)state;
	config_text_list(two, 2, &text);
	config_text_list(two, 0, &text);
	assert_string_equal(str_c(&text), "[ \"a\", \"b\\\"\" ][ ]");
	str_done(&text);
}

const struct CMUnitTest config_text_tests[] = {
	cmocka_unit_test(what_is_quoted_is_read_back),
	cmocka_unit_test(what_no_configuration_takes_is_told),
	cmocka_unit_test(a_comment_cannot_be_left),
	cmocka_unit_test(comments_are_wrapped),
	cmocka_unit_test(lists_have_their_commas),
};
const size_t config_text_test_count = sizeof(config_text_tests) / sizeof(config_text_tests[0]);
