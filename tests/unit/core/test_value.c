/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/value.h"
#include <stdio.h>
#include <string.h>

static void assert_fault(enum account_path to, struct span value, const char *expected)
{
	struct err err = { "" };

	assert_int_equal(value_check(to, value, &err), STATUS_REJECT);
	assert_contains(err.text, expected);
	/* It says which target. */
	assert_ptr_equal(strstr(err.text, account_path_name(to)), err.text);
}

static void test_good_values(void **state)
{
	static const struct span values[] = { SPAN_INIT("Ada"), SPAN_INIT(" Ada "), SPAN_INIT("~"),
		SPAN_INIT("Zo\xc3\xab"), SPAN_INIT("\xc2\xa0"), SPAN_INIT("\xe2\x82\x80"),
		SPAN_INIT("\xf0\x9f\x98\x80") };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++)
		assert_int_equal(value_check(ACCOUNT_TITLE, values[i], NULL), STATUS_OK);
}

static void test_control_characters(void **state)
{
	static const struct span values[] = { SPAN_INIT("a\nb"), SPAN_INIT("\0"),
		SPAN_INIT("tab\t"), SPAN_INIT("\x1f"), SPAN_INIT("del\x7f"),
		SPAN_INIT("c1 \xc2\x80"), SPAN_INIT("c1 \xc2\x9f."), SPAN_INIT("a\rb") };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++)
		assert_fault(ACCOUNT_FAMILY_NAME, values[i], "control character");
}

static void test_not_utf8(void **state)
{
	static const struct span values[] = { SPAN_INIT("\xff"), SPAN_INIT("a\xc3"),
		SPAN_INIT("\xc0\xaf"), SPAN_INIT("\xed\xa0\x80"), SPAN_INIT("caf\xe9") };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++)
		assert_fault(ACCOUNT_GIVEN_NAME, values[i], "not UTF-8");
}

static void test_length(void **state)
{
	char text[1025];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(value_check(ACCOUNT_TITLE, (struct span) { text, 1024 }, NULL), STATUS_OK);
	assert_fault(ACCOUNT_TITLE, (struct span) { text, 1025 }, "longer than 1024 bytes");
}

static void test_active(void **state)
{
	static const char *const yes[] = { "TRUE", "true", "True", "yes", "YES", "1" };
	static const char *const no[] = { "FALSE", "false", "False", "no", "No", "0" };
	bool is_active;

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++) {
		is_active = false;
		assert_true(value_parse_active(span_of(yes[i]), &is_active));
		assert_true(is_active);
		assert_int_equal(value_check(ACCOUNT_ACTIVE, span_of(yes[i]), NULL), STATUS_OK);
	}
	for (size_t i = 0; i < COUNT(no); i++) {
		is_active = true;
		assert_true(value_parse_active(span_of(no[i]), &is_active));
		assert_false(is_active);
		assert_int_equal(value_check(ACCOUNT_ACTIVE, span_of(no[i]), NULL), STATUS_OK);
	}
}

static void test_active_that_is_neither(void **state)
{
	static const char *const words[] = { "", "truee", "t", "on", "2", "-1", " true", "00" };
	bool is_active = true;

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		assert_false(value_parse_active(span_of(words[i]), &is_active));
		assert_fault(ACCOUNT_ACTIVE, span_of(words[i]), "neither true nor false");
		assert_int_equal(value_check(ACCOUNT_TITLE, span_of(words[i]), NULL), STATUS_OK);
	}
	assert_true(is_active);
}

static void test_email(void **state)
{
	static const char *const good[] = { "a@b", "ada.ray@corp.example", "a_b@c_d.e",
		"zo\xc3\xab@corp.example",
		/* 60 characters */
		"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeee@corp.exampl" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_int_equal(value_check_email(span_of(good[i]), NULL), STATUS_OK);
}

static void test_email_with_any_white_space(void **state)
{
	static const char *const spaces[] = { " ", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80",
		"\xe2\x80\x8b", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
		"\xe3\x80\x80", "\xef\xbb\xbf" };
	/* Their neighbours, which are none. */
	static const char *const others[] = { "!", "\xc2\xa1", "\xe1\x9a\x81", "\xe1\xbf\xbf",
		"\xe2\x80\x8c", "\xe2\x80\xa7", "\xe2\x81\xa0", "\xe3\x80\x81" };
	char text[16];

	(void)state;
	for (size_t i = 0; i < COUNT(spaces); i++) {
		snprintf(text, sizeof(text), "a%sa@b", spaces[i]);
		assert_int_equal(value_check_email(span_of(text), NULL), STATUS_REJECT);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		snprintf(text, sizeof(text), "a%sa@b", others[i]);
		assert_int_equal(value_check_email(span_of(text), NULL), STATUS_OK);
	}
}

static void test_email_length_counts_characters(void **state)
{
	char text[64 * 2 + 3];
	size_t len = 0;

	(void)state;
	while (len < 58 * 2) {
		text[len++] = '\xc3';
		text[len++] = '\xab';
	}
	text[len++] = '@';
	text[len++] = 'b';
	assert_int_equal(value_check_email((struct span) { text, len }, NULL), STATUS_OK);
	text[len++] = 'b';
	assert_int_equal(value_check_email((struct span) { text, len }, NULL), STATUS_REJECT);
}

static void test_email_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{ "ada", "is not an email address" },
		{ "@corp.example", "is not an email address" },
		{ "ada@", "is not an email address" },
		{ "@", "is not an email address" },
		{ "", "is not an email address" },
		{ "a@b@c", "more than one @" },
		{ "a@b@", "more than one @" },
		{ "a b@c", "white space" },
		{ "a@b c", "white space" },
		{ "a\xc2\xa0@b", "white space" },
		{ "a@b\xe2\x80\x8b", "white space" },
		{ "a\xe3\x80\x80@b", "white space" },
		{ "_a@b", "begins or ends with _" },
		{ "a@b_", "begins or ends with _" },
		{ "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeee@corp.exampl",
		    "longer than the 60 characters" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = { "" };

		assert_int_equal(value_check_email(span_of(cases[i].text), &err), STATUS_REJECT);
		assert_contains(err.text, "userName: \"");
		assert_contains(err.text, cases[i].fault);
	}
}

static void test_email_doubts(void **state)
{
	static const struct {
		const char *user_name, *doubt; /* NULL: none */
	} rows[] = {
		{ "ada@corp.example", NULL },
		{ "a.d+a'o@sub-1.corp.example", NULL },
		{ "1@2.3", NULL },
		{ "ada@corp", "no dot" },
		{ "ada@.example", "no sound domain" },
		{ "ada@corp.", "no sound domain" },
		{ "ada@corp..example", "no sound domain" },
		{ "ada@-corp.example", "no sound domain" },
		{ "ada@corp-.example", "no sound domain" },
		{ "ada@co_rp.example", "no sound domain" },
		{ "ada@[127.0.0.1]", "no sound domain" },
		{ ".ada@corp.example", "before its @" },
		{ "ada.@corp.example", "before its @" },
		{ "a..da@corp.example", "before its @" },
		{ "a,da@corp.example", "before its @" },
		{ "\"ada\"@corp.example", "before its @" },
		{ "<ada@corp.example", "before its @" },
		{ "zo\xc3\xab@corp.example", "beyond ASCII" },
		{ "ada@c\xc3\xb6rp.example", "beyond ASCII" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *doubt = value_doubt_email(span_of(rows[i].user_name));

		if (rows[i].doubt == NULL)
			assert_null(doubt);
		else
			assert_contains(doubt == NULL ? rows[i].user_name : doubt, rows[i].doubt);
	}
}

static const char *doubt_of(int local_len, int label_len, const char *rest)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%0*d@%0*d%s", local_len, 1, label_len, 1, rest);
	return value_doubt_email(span_of(text));
}

static void test_email_doubts_about_lengths(void **state)
{
	char long_rest[256];

	(void)state;
	assert_null(doubt_of(64, 63, ".example"));
	assert_contains(doubt_of(65, 1, ".example"), "64 bytes");
	assert_contains(doubt_of(1, 64, ".example"), "no sound domain");
	(void)snprintf(long_rest, sizeof(long_rest), ".%063d.%063d.%063d", 1, 1, 1);
	assert_null(doubt_of(50, 11, long_rest)); /* 254 in all */
	assert_contains(doubt_of(50, 12, long_rest), "254 bytes");
}

const struct CMUnitTest value_tests[] = {
	cmocka_unit_test(test_good_values),
	cmocka_unit_test(test_control_characters),
	cmocka_unit_test(test_not_utf8),
	cmocka_unit_test(test_length),
	cmocka_unit_test(test_active),
	cmocka_unit_test(test_active_that_is_neither),
	cmocka_unit_test(test_email),
	cmocka_unit_test(test_email_with_any_white_space),
	cmocka_unit_test(test_email_length_counts_characters),
	cmocka_unit_test(test_email_faults),
	cmocka_unit_test(test_email_doubts),
	cmocka_unit_test(test_email_doubts_about_lengths),
};
const size_t value_test_count = COUNT(value_tests);
