/* SPDX-License-Identifier: ISC */
/* One user, in all the shapes that servers show. */
#include "scim/codec_decode.h"
#include "tests/unit/scim/support.h"

#include <stdio.h>
#include <stdlib.h>

static struct decoder *decoder;

static int set_up(void **state)
{
	(void)state;
	decoder = decoder_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	decoder_free(&decoder);
	assert_null(decoder);
	decoder_free(&decoder);
	return 0;
}

static const struct observed *read_user(const char *body)
{
	struct decoded_accounts list;
	struct err err = { "" };

	if (decode_account(decoder, span_of(body), &list, &err) != STATUS_OK)
		fail_msg("%s: %s", body, err.text);
	assert_int_equal(list.count, 1);
	return list.accounts;
}

static void assert_bad(const char *body, const char *word)
{
	struct decoded_accounts list = { .count = 77 };
	struct err err = { "" };

	if (decode_account(decoder, span_of(body), &list, &err) != STATUS_RETRY)
		fail_msg("taken: %s", body);
	assert_has(err.text, word);
	assert_int_equal(list.count, 77);
	assert_int_equal(decode_account(decoder, span_of(body), &list, NULL), STATUS_RETRY);
}

/* The workspaces with commas between. */
static void assert_workspaces(const struct observed *user, const char *wanted)
{
	struct str ids = { 0 };

	for (size_t i = 0; i < user->account.workspace_count; i++) {
		str_add_c(&ids, i == 0 ? "" : ",");
		str_add(&ids, user->account.workspaces[i]);
	}
	assert_span(str_span(&ids), wanted);
	str_done(&ids);
}

static void a_documented_user_is_read(void **state)
{
	const struct observed *user = read_user(
	    "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":"
	    "\"8a81b09d5e8c6f27015ece3402487d33\",\"externalId\":\"bjensen\",\"meta\":{"
	    "\"resourceType\":\"User\",\"created\":\"2026-01-01T00:00:00Z\",\"location\":"
	    "\"http://localhost:8090/Users/1\"},\"userName\":\"bjensen@company.com\",\"name\":{"
	    "\"formatted\":\"Barbara Jensen\",\"familyName\":\"Jensen\",\"givenName\":\"Barbara\"},"
	    "\"displayName\":\"Barbara Jensen\",\"active\":true,\"emails\":[{\"value\":"
	    "\"bjensen@company.com\",\"type\":\"work\",\"primary\":true}],\"entitlements\":[{"
	    "\"value\":\"w1\",\"display\":\"Finance\",\"type\":\"WORKSPACE\",\"primary\":true}]}");
	const struct span *text = user->account.text;

	(void)state;
	assert_span(user->id, "8a81b09d5e8c6f27015ece3402487d33");
	assert_span(text[ACCOUNT_EXTERNAL_ID], "bjensen");
	assert_span(text[ACCOUNT_USER_NAME], "bjensen@company.com");
	assert_span(text[ACCOUNT_GIVEN_NAME], "Barbara");
	assert_span(text[ACCOUNT_FAMILY_NAME], "Jensen");
	assert_span(text[ACCOUNT_DISPLAY_NAME], "Barbara Jensen");
	assert_span(text[ACCOUNT_EMAIL], "bjensen@company.com");
	assert_span(text[ACCOUNT_TITLE], NULL);
	assert_true(user->has_active && user->account.is_active);
	assert_true(user->has_workspaces);
	assert_workspaces(user, "w1");
}

static void an_id_is_all_that_must_be_there(void **state)
{
	const struct observed *user = read_user("{\"id\":\"a\"}");

	(void)state;
	assert_span(user->id, "a");
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		assert_null(user->account.text[i].at);
	assert_false(user->has_active);
	assert_true(user->account.is_active);
	assert_false(user->has_workspaces);
	assert_int_equal(user->account.workspace_count, 0);
	assert_bad("{}", "without an \"id\"");
	assert_bad("{\"userName\":\"a@x\"}", "without an \"id\"");
	assert_bad("{\"id\":\"\"}", "\"id\" is not a text");
	assert_bad("{\"id\":null}", "\"id\" is not a text");
	assert_bad("{\"id\":7}", "\"id\" is not a text");
}

static void active_is_read_as_truth_or_text(void **state)
{
	static const struct {
		const char *value;
		bool has, is;
	} cases[] = { { "true", true, true }, { "false", true, false }, { "\"True\"", true, true },
		{ "\"true\"", true, true }, { "\"False\"", true, false },
		{ "\"FALSE\"", true, false }, { "null", false, true } };
	static const char *const bad[] = { "1", "0", "\"\"", "\"yes\"", "\"1\"", "{}", "[true]",
		"\"true \"" };
	char body[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		snprintf(body, sizeof(body), "{\"id\":\"a\",\"active\":%s}", cases[i].value);
		const struct observed *user = read_user(body);
		assert_int_equal(user->has_active, cases[i].has);
		assert_int_equal(user->account.is_active, cases[i].is);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(body, sizeof(body), "{\"id\":\"a\",\"active\":%s}", bad[i]);
		assert_bad(body, "\"active\" is not true or false");
	}
}

static void names_of_members_have_no_case(void **state)
{
	const struct observed *user = read_user(
	    "{\"ID\":\"a\",\"USERNAME\":\"u\",\"ExternalID\":\"e\",\"Active\":\"False\",\"Name\":{"
	    "\"GIVENNAME\":\"g\",\"familyname\":\"f\"},\"Emails\":[{\"Type\":\"WORK\",\"VALUE\":"
	    "\"m\"}],\"Entitlements\":[{\"TYPE\":\"workspace\",\"Value\":\"w\"}]}");

	(void)state;
	assert_span(user->id, "a");
	assert_span(user->account.text[ACCOUNT_USER_NAME], "u");
	assert_span(user->account.text[ACCOUNT_EXTERNAL_ID], "e");
	assert_span(user->account.text[ACCOUNT_GIVEN_NAME], "g");
	assert_span(user->account.text[ACCOUNT_FAMILY_NAME], "f");
	assert_span(user->account.text[ACCOUNT_EMAIL], "m");
	assert_false(user->account.is_active);
	assert_workspaces(user, "w");
}

/* RFC 7643 2.5: unassigned, null and the empty list are the same. */
static void null_and_empty_are_absent(void **state)
{
	const struct observed *user = read_user(
	    "{\"id\":\"a\",\"userName\":\"\",\"externalId\":null,\"title\":\"\",\"name\":null,"
	    "\"emails\":null,\"entitlements\":null,\"meta\":null,\"schemas\":null}");

	(void)state;
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		assert_null(user->account.text[i].at);
	assert_false(user->has_workspaces);
	user = read_user("{\"id\":\"a\",\"name\":{\"givenName\":null,\"familyName\":\"\"},"
			 "\"emails\":[],\"entitlements\":[]}");
	assert_null(user->account.text[ACCOUNT_GIVEN_NAME].at);
	assert_null(user->account.text[ACCOUNT_FAMILY_NAME].at);
	assert_true(user->has_workspaces);
	assert_int_equal(user->account.workspace_count, 0);
}

static void what_is_unknown_is_passed_over(void **state)
{
	const struct observed *user = read_user(
	    "{\"groups\":[{\"value\":\"g\"}],\"urn:ietf:params:scim:schemas:extension:enterprise:"
	    "2.0:User\":{\"employeeNumber\":\"7\"},\"id\":\"a\",\"roles\":7,\"password\":null,"
	    "\"meta\":\"odd\"}");

	(void)state;
	assert_span(user->id, "a");
}

static void texts_that_are_none_are_refused(void **state)
{
	static const char *const members[] = { "userName", "externalId", "displayName", "nickName",
		"title", "userType", "preferredLanguage", "locale", "timezone" };
	char body[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		snprintf(body, sizeof(body), "{\"id\":\"a\",\"%s\":7}", members[i]);
		assert_bad(body, members[i]);
		snprintf(body, sizeof(body), "{\"id\":\"a\",\"%s\":[\"b\"]}", members[i]);
		assert_bad(body, members[i]);
	}
	assert_bad("{\"id\":\"a\",\"name\":\"Ada\"}", "\"name\" is not an object");
	assert_bad("{\"id\":\"a\",\"name\":{\"givenName\":1}}", "name.givenName");
	assert_bad("{\"id\":\"a\",\"name\":{\"familyName\":{}}}", "name.familyName");
	assert_bad("{\"id\":\"a\",\"emails\":\"m\"}", "\"emails\" is not a list");
	assert_bad("{\"id\":\"a\",\"emails\":[\"m\"]}", "a list of objects");
	assert_bad(
	    "{\"id\":\"a\",\"emails\":[{\"type\":\"work\",\"value\":1},{\"type\":\"work\",\"value\""
	    ":\"m\"}]}",
	    "emails.value");
}

static void the_mail_address_of_work_is_taken(void **state)
{
	static const struct {
		const char *emails, *wanted;
	} cases[] = {
		{ "[{\"type\":\"home\",\"value\":\"h\",\"primary\":true},"
		  "{\"type\":\"work\",\"value\":\"w\"}]",
		    "w" },
		{ "[{\"type\":\"work\",\"value\":\"w\"},"
		  "{\"type\":\"work\",\"value\":\"p\",\"primary\":true}]",
		    "p" },
		{ "[{\"type\":\"work\",\"value\":\"p\",\"primary\":true},"
		  "{\"type\":\"work\",\"value\":\"w\"}]",
		    "p" },
		{ "[{\"type\":\"work\",\"value\":\"w\"},{\"type\":\"work\",\"value\":\"v\"}]",
		    "w" },
		{ "[{\"value\":\"untyped\"}]", NULL },
		{ "[{\"type\":\"work\"}]", NULL },
		{ "[{}]", NULL },
	};
	char body[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		snprintf(body, sizeof(body), "{\"id\":\"a\",\"emails\":%s}", cases[i].emails);
		assert_span(read_user(body)->account.text[ACCOUNT_EMAIL], cases[i].wanted);
	}
}

/* Anaplan shows one set in up to three forms. */
static void workspaces_in_three_forms_are_counted_once(void **state)
{
	const struct observed *user = read_user(
	    "{\"id\":\"a\",\"entitlements\":["
	    "{\"value\":\"\\\"Finance\\\",\\\"Sales\\\"\",\"type\":\"WORKSPACE_NAMES\"},"
	    "{\"value\":\"w1,w2\",\"type\":\"WORKSPACE_IDS\"},"
	    "{\"value\":\"w2\",\"type\":\"WORKSPACE\",\"primary\":true},"
	    "{\"value\":\"w1\",\"type\":\"WORKSPACE\"}]}");

	(void)state;
	assert_workspaces(user, "w1,w2");
	assert_true(user->has_workspaces);
	/* Where the forms disagree, the plain one counts. */
	user = read_user("{\"id\":\"a\",\"entitlements\":["
			 "{\"value\":\"w3\",\"type\":\"WORKSPACE\"},"
			 "{\"value\":\"w1,w2\",\"type\":\"WORKSPACE_IDS\"}]}");
	assert_workspaces(user, "w3");
	/* One form alone is believed; a name is no id. */
	user = read_user("{\"id\":\"a\",\"entitlements\":["
			 "{\"value\":\" w2 ,, w1,w2 ,\",\"type\":\"WORKSPACE_IDS\"},"
			 "{\"value\":\"\\\"Finance\\\"\",\"type\":\"WORKSPACE_NAMES\"}]}");
	assert_workspaces(user, "w1,w2");
	user = read_user("{\"id\":\"a\",\"entitlements\":["
			 "{\"value\":\"\\\"Finance\\\"\",\"type\":\"WORKSPACE_NAMES\"}]}");
	assert_workspaces(user, "");
	assert_true(user->has_workspaces);
}

static void workspaces_are_sorted_without_repeats(void **state)
{
	(void)state;
	assert_workspaces(
	    read_user("{\"id\":\"a\",\"entitlements\":["
		      "{\"value\":\"c\",\"type\":\"WORKSPACE\"},{\"value\":\"a\",\"type\":"
		      "\"WORKSPACE\"},{\"value\":\"c\",\"type\":\"WORKSPACE\"},{\"value\":\"b\","
		      "\"type\":\"Workspace\"},{\"value\":\"\",\"type\":\"WORKSPACE\"}]}"),
	    "a,b,c");
}

static void entitlements_of_other_kinds_are_none_of_ours(void **state)
{
	(void)state;
	assert_workspaces(
	    read_user("{\"id\":\"a\",\"entitlements\":[{\"value\":\"x\",\"type\":\"LICENCE\"},"
		      "{\"value\":\"y\"},{\"type\":7,\"value\":\"z\"},{}]}"),
	    "");
	assert_bad("{\"id\":\"a\",\"entitlements\":{}}", "\"entitlements\" is not a list");
	assert_bad("{\"id\":\"a\",\"entitlements\":[\"w\"]}", "a list of objects");
	assert_bad(
	    "{\"id\":\"a\",\"entitlements\":[{\"type\":\"WORKSPACE\"}]}", "entitlements.value");
	assert_bad("{\"id\":\"a\",\"entitlements\":[{\"type\":\"WORKSPACE\",\"value\":5}]}",
	    "entitlements.value");
	assert_bad("{\"id\":\"a\",\"entitlements\":[{\"type\":\"WORKSPACE_IDS\",\"value\":[]}]}",
	    "entitlements.value");
}

static void texts_come_as_they_are(void **state)
{
	const struct observed *user = read_user(
	    "{\"id\":\"\\u00e9\\ud83d\\ude00\",\"userName\":\"a\\u0001b\\\"\\\\\\/\"}");

	(void)state;
	assert_span(user->id, "\xc3\xa9\xf0\x9f\x98\x80");
	assert_span(user->account.text[ACCOUNT_USER_NAME], "a\001b\"\\/");
}

static void no_user_is_read_from_something_else(void **state)
{
	(void)state;
	assert_bad("[]", "not a user");
	assert_bad("[{\"id\":\"a\"}]", "not a user");
	assert_bad("\"a\"", "not JSON");
	assert_bad("", "no body");
}

#define WITH_DECODER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

const struct CMUnitTest codec_decode_user_tests[] = {
	WITH_DECODER(a_documented_user_is_read),
	WITH_DECODER(an_id_is_all_that_must_be_there),
	WITH_DECODER(active_is_read_as_truth_or_text),
	WITH_DECODER(names_of_members_have_no_case),
	WITH_DECODER(null_and_empty_are_absent),
	WITH_DECODER(what_is_unknown_is_passed_over),
	WITH_DECODER(texts_that_are_none_are_refused),
	WITH_DECODER(the_mail_address_of_work_is_taken),
	WITH_DECODER(workspaces_in_three_forms_are_counted_once),
	WITH_DECODER(workspaces_are_sorted_without_repeats),
	WITH_DECODER(entitlements_of_other_kinds_are_none_of_ours),
	WITH_DECODER(texts_come_as_they_are),
	WITH_DECODER(no_user_is_read_from_something_else),
};
const size_t codec_decode_user_test_count = COUNT_OF(codec_decode_user_tests);
