/* SPDX-License-Identifier: ISC */
/* member_text.c and result_text.c */
#include "directory/member_text.h"
#include "directory/result_text.h"
#include "tests/unit/directory/tests.h"

static void ranges_are_read(void **state)
{
	static const struct {
		const char *text;
		bool is_range;
		uint64_t first, last;
		bool is_final;
	} cases[] = {
		{ "member;range=0-1499", true, 0, 1499, false },
		{ "Member;Range=1500-*", true, 1500, 0, true },
		{ "member;range=7-7", true, 7, 7, false },
		{ "member", false, 0, 0, false },
		{ "member;range=", false, 0, 0, false },
		{ "member;range=5", false, 0, 0, false },
		{ "member;range=9-3", false, 0, 0, false },
		{ "member;range=-3", false, 0, 0, false },
		{ "member;range=1-", false, 0, 0, false },
		{ "member;range=a-b", false, 0, 0, false },
		{ "member;range=1-99999999999999999999", false, 0, 0, false },
		{ "memberOf;range=0-1499", false, 0, 0, false },
		{ "mail;range=0-1499", false, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct member_range range = { 0 };
		assert_int_equal(member_range_parse(span_of(cases[i].text), SPAN("member"), &range),
		    cases[i].is_range);
		assert_int_equal(range.first, cases[i].first);
		assert_int_equal(range.last, cases[i].last);
		assert_int_equal(range.is_final, cases[i].is_final);
	}
}

static void bit_strings_are_cut_off(void **state)
{
	(void)state;
	assert_span(member_unique_dn(SPAN("uid=a,dc=x#'0101'B")), "uid=a,dc=x");
	assert_span(member_unique_dn(SPAN("uid=a,dc=x#''B")), "uid=a,dc=x");
	assert_span(member_unique_dn(SPAN("uid=a,dc=x")), "uid=a,dc=x");
	assert_span(member_unique_dn(SPAN("uid=a#1,dc=x")), "uid=a#1,dc=x");
	assert_span(member_unique_dn(SPAN("uid=a#'0121'B")), "uid=a#'0121'B");
	assert_span(member_unique_dn(SPAN("uid=a,dc=x#'")), "uid=a,dc=x#'");
	assert_span(member_unique_dn(SPAN("")), "");
}

static void group_classes_are_known(void **state)
{
	(void)state;
	assert_true(member_is_group_class(SPAN("groupOfNames")));
	assert_true(member_is_group_class(SPAN("GROUP")));
	assert_true(member_is_group_class(SPAN("posixGroup")));
	assert_false(member_is_group_class(SPAN("organizationalUnit")));
	assert_false(member_is_group_class(SPAN("grou")));
	assert_true(member_is_demanded_by(SPAN("GroupOfNames")));
	assert_true(member_is_demanded_by(SPAN("groupOfUniqueNames")));
	assert_false(member_is_demanded_by(SPAN("groupOfMembers")));
}

static void results_are_described(void **state)
{
	struct str out = { 0 };

	(void)state;
	result_describe(4, SPAN_NULL, &out);
	assert_non_null(strstr(str_c(&out), "size limit"));
	assert_non_null(strstr(str_c(&out), "(4)"));
	assert_null(strstr(str_c(&out), "says"));
	str_truncate(&out, 0);
	result_describe(53, (struct span) { "sorry\0", 6 }, &out);
	assert_non_null(strstr(str_c(&out), "(53); the server says: sorry"));
	assert_int_equal(out.at[out.len - 1], 'y');
	str_truncate(&out, 0);
	result_describe(4711, SPAN("?"), &out);
	assert_non_null(strstr(str_c(&out), "(4711)"));
	str_done(&out);
}

static void every_code_of_a_search_has_words(void **state)
{
	static const int codes[] = { 1, 3, 4, 8, 10, 11, 12, 32, 49, 50, 51, 52, 53, 80, -1, -5,
		-7 };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		assert_string_not_equal(result_meaning(codes[i]), result_meaning(4711));
}

static void bind_errors_are_translated(void **state)
{
	static const struct {
		const char *data, *word;
	} cases[] = { { "52e", "wrong" }, { "533", "disabled" }, { "532", "expired" },
		{ "701", "account has expired" }, { "773", "changed" }, { "775", "locked" },
		{ "530", "time" }, { "531", "host" }, { "525", "no such" } };
	struct str text = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		str_truncate(&text, 0);
		str_addf(&text,
		    "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data "
		    "%s, v4563",
		    cases[i].data);
		assert_non_null(strstr(result_bind_meaning(str_span(&text)), cases[i].word));
	}
	assert_null(result_bind_meaning(SPAN("data 999, v1")));
	assert_null(result_bind_meaning(SPAN("invalid credentials")));
	assert_null(result_bind_meaning(SPAN_NULL));
	assert_non_null(result_bind_meaning(SPAN("error, data 52E")));
	str_done(&text);
}

const struct CMUnitTest text_tests[] = {
	cmocka_unit_test(ranges_are_read),
	cmocka_unit_test(bit_strings_are_cut_off),
	cmocka_unit_test(group_classes_are_known),
	cmocka_unit_test(results_are_described),
	cmocka_unit_test(every_code_of_a_search_has_words),
	cmocka_unit_test(bind_errors_are_translated),
};
const size_t text_test_count = sizeof(text_tests) / sizeof(*text_tests);
