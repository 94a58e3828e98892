/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include <stdlib.h>
#include <string.h>

static const char full_form[] =
    "{\"active\":true,\"displayName\":\"Ada Ray\",\"emails[type eq \\\"work\\\"].value\":\"a@b.c\","
    "\"entitlements\":[\"8a81\",\"8a82\"],\"externalId\":\"1042\",\"locale\":\"en-GB\","
    "\"name.familyName\":\"Ray\",\"name.givenName\":\"Ada\",\"nickName\":\"Addy\","
    "\"preferredLanguage\":\"en\",\"timezone\":\"Europe/Paris\",\"title\":\"Dr\","
    "\"userName\":\"ada.ray@corp.example\",\"userType\":\"Employee\"}";

static const struct span two_ids[] = { SPAN_INIT("8a81"), SPAN_INIT("8a82") };

static struct account full_account(void)
{
	return (struct account) {
		.text = { [ACCOUNT_DISPLAY_NAME] = SPAN("Ada Ray"),
		    [ACCOUNT_EMAIL] = SPAN("a@b.c"),
		    [ACCOUNT_EXTERNAL_ID] = SPAN("1042"),
		    [ACCOUNT_LOCALE] = SPAN("en-GB"),
		    [ACCOUNT_FAMILY_NAME] = SPAN("Ray"),
		    [ACCOUNT_GIVEN_NAME] = SPAN("Ada"),
		    [ACCOUNT_NICK_NAME] = SPAN("Addy"),
		    [ACCOUNT_PREFERRED_LANGUAGE] = SPAN("en"),
		    [ACCOUNT_TIMEZONE] = SPAN("Europe/Paris"),
		    [ACCOUNT_TITLE] = SPAN("Dr"),
		    [ACCOUNT_USER_NAME] = SPAN("ada.ray@corp.example"),
		    [ACCOUNT_USER_TYPE] = SPAN("Employee") },
		.is_active = true,
		.workspaces = two_ids,
		.workspace_count = 2,
	};
}

static void assert_encodes(const struct account *account, const char *expected)
{
	struct str out = { 0 };

	account_encode(account, &out);
	assert_string_equal(str_c(&out), expected);
	assert_int_equal(out.len, strlen(expected));
	str_done(&out);
}

static void test_names(void **state)
{
	static const char *const names[ACCOUNT_PATH_COUNT] = { "displayName",
		"emails[type eq \"work\"].value", "externalId", "locale", "name.familyName",
		"name.givenName", "nickName", "preferredLanguage", "timezone", "title", "userName",
		"userType", "active" };

	(void)state;
	for (int i = 0; i < ACCOUNT_PATH_COUNT; i++) {
		enum account_path path = ACCOUNT_PATH_COUNT;

		assert_string_equal(account_path_name((enum account_path)i), names[i]);
		assert_true(account_path_parse(span_of(names[i]), &path));
		assert_int_equal(path, i);
	}
	/* The canonical form relies on this. */
	for (int i = 1; i < ACCOUNT_TEXT_COUNT; i++)
		assert_true(strcmp(names[i - 1], names[i]) < 0);
}

static void test_names_ignore_case(void **state)
{
	enum account_path path = ACCOUNT_PATH_COUNT;

	(void)state;
	assert_true(account_path_parse(SPAN("USERNAME"), &path));
	assert_int_equal(path, ACCOUNT_USER_NAME);
	assert_true(account_path_parse(SPAN("Name.familyname"), &path));
	assert_int_equal(path, ACCOUNT_FAMILY_NAME);
}

static void test_names_that_are_none(void **state)
{
	enum account_path path = ACCOUNT_TITLE;

	(void)state;
	assert_false(account_path_parse(SPAN("userNam"), &path));
	assert_false(account_path_parse(SPAN("userNames"), &path));
	assert_false(account_path_parse(SPAN(""), &path));
	assert_false(account_path_parse(SPAN_NULL, &path));
	assert_false(account_path_parse(SPAN("userName\0"), &path));
	assert_int_equal(path, ACCOUNT_TITLE);
}

static void test_encode_full(void **state)
{
	struct account account = full_account();

	(void)state;
	assert_encodes(&account, full_form);
}

static void test_encode_least(void **state)
{
	struct account account = { .is_active = false };

	(void)state;
	assert_encodes(&account, "{\"active\":false}");
}

static void test_encode_leaves_out_what_is_absent_only(void **state)
{
	struct account account = { .is_active = true };

	(void)state;
	account.text[ACCOUNT_TITLE] = SPAN("");
	assert_encodes(&account, "{\"active\":true,\"title\":\"\"}");
}

static void test_encode_one_workspace(void **state)
{
	struct account account = { .workspaces = two_ids, .workspace_count = 1 };

	(void)state;
	assert_encodes(&account, "{\"active\":false,\"entitlements\":[\"8a81\"]}");
}

static void test_encode_escapes(void **state)
{
	static const struct {
		struct span text;
		const char *json;
	} cases[] = {
		{ SPAN_INIT("a\"b"), "a\\\"b" },
		{ SPAN_INIT("a\\b"), "a\\\\b" },
		{ SPAN_INIT("a/b"), "a/b" },
		{ SPAN_INIT("\x7f"), "\x7f" },
		{ SPAN_INIT("~ "), "~ " },
		{ SPAN_INIT("\x1f"), "\\u001f" },
		{ SPAN_INIT("\n\t"), "\\n\\t" },
		{ SPAN_INIT("\0"), "\\u0000" },
		{ SPAN_INIT("\xc3\xa9"), "\xc3\xa9" },
		{ SPAN_INIT("\xff"), "\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account account = { .is_active = true };
		char expected[128];

		account.text[ACCOUNT_TITLE] = cases[i].text;
		strcpy(expected, "{\"active\":true,\"title\":\"");
		strcat(expected, cases[i].json);
		strcat(expected, "\"}");
		assert_encodes(&account, expected);
	}
}

static void test_encode_appends(void **state)
{
	struct account account = { .is_active = true };
	struct str out = { 0 };

	(void)state;
	str_add_c(&out, "before ");
	account_encode(&account, &out);
	assert_string_equal(str_c(&out), "before {\"active\":true}");
	str_done(&out);
}

static void test_decode_full(void **state)
{
	struct arena *arena = arena_new();
	struct account expected = full_account(), account;

	(void)state;
	assert_int_equal(account_decode(span_of(full_form), arena, &account, NULL), STATUS_OK);
	assert_accounts_equal(&account, &expected);
	arena_free(&arena);
}

static void test_decode_is_free_of_its_text(void **state)
{
	struct arena *arena = arena_new();
	struct account expected = full_account(), account;
	char *text = strdup(full_form);

	(void)state;
	assert_int_equal(account_decode(span_of(text), arena, &account, NULL), STATUS_OK);
	memset(text, '#', strlen(text));
	free(text);
	assert_accounts_equal(&account, &expected);
	arena_free(&arena);
}

static void test_decode_sorts(void **state)
{
	struct arena *arena = arena_new();
	struct account account;

	(void)state;
	assert_int_equal(account_decode(SPAN(" {\"userName\":\"a\", \"entitlements\":[\"b\",\"a\","
					     "\"b\"], \"active\":false}\n"),
			     arena, &account, NULL),
	    STATUS_OK);
	assert_int_equal(account.workspace_count, 2);
	assert_encodes(
	    &account, "{\"active\":false,\"entitlements\":[\"a\",\"b\"],\"userName\":\"a\"}");
	arena_free(&arena);
}

static void test_decode_empty_entitlements(void **state)
{
	struct arena *arena = arena_new();
	struct account account;

	(void)state;
	assert_int_equal(
	    account_decode(SPAN("{\"active\":true,\"entitlements\":[]}"), arena, &account, NULL),
	    STATUS_OK);
	assert_encodes(&account, "{\"active\":true}");
	arena_free(&arena);
}

static void test_decode_refuses(void **state)
{
	static const struct {
		struct span json;
		const char *why;
	} cases[] = {
		{ { NULL, 0 }, "not JSON" },
		{ SPAN_INIT(""), "not JSON" },
		{ SPAN_INIT("{\"active\":true"), "not JSON" },
		{ SPAN_INIT("{\"active\":true}}"), "not JSON" },
		{ SPAN_INIT("{\"active\":true,\"active\":true}"), "duplicate" },
		{ SPAN_INIT("{\"active\":true,\"title\":\"\xff\"}"), "not JSON" },
		{ SPAN_INIT("[]"), "not an object" },
		{ SPAN_INIT("{}"), "active is missing" },
		{ SPAN_INIT("{\"userName\":\"a\"}"), "active is missing" },
		{ SPAN_INIT("{\"active\":\"true\"}"), "neither true nor false" },
		{ SPAN_INIT("{\"active\":1}"), "neither true nor false" },
		{ SPAN_INIT("{\"active\":null}"), "neither true nor false" },
		{ SPAN_INIT("{\"active\":true,\"title\":5}"), "must be a text" },
		{ SPAN_INIT("{\"active\":true,\"title\":null}"), "must be a text" },
		{ SPAN_INIT("{\"active\":true,\"Title\":\"x\"}"), "do not have" },
		{ SPAN_INIT("{\"active\":true,\"password\":\"x\"}"), "do not have" },
		{ SPAN_INIT("{\"active\":true,\"entitlements\":\"a\"}"), "not a list" },
		{ SPAN_INIT("{\"active\":true,\"entitlements\":{}}"), "not a list" },
		{ SPAN_INIT("{\"active\":true,\"entitlements\":[1]}"), "is not a text" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account account = { .workspace_count = 77 };
		struct err err = { "" };

		assert_int_equal(
		    account_decode(cases[i].json, arena, &account, &err), STATUS_CORRUPT);
		assert_contains(err.text, "stored account");
		assert_contains(err.text, cases[i].why);
		assert_int_equal(account.workspace_count, 77);
	}
	arena_free(&arena);
}

/* As account_encode writes it but for one thing: the long way must tell what it is. */
static void test_decode_nearly_canonical(void **state)
{
	static const struct {
		struct span json;
		enum status expected;
	} cases[] = {
		{ SPAN_INIT("{\"active\":true}"), STATUS_OK },
		{ SPAN_INIT("{\"active\":true} "), STATUS_OK },
		{ SPAN_INIT("{\"active\":true,\"title\":\"a\",\"externalId\":\"b\"}"), STATUS_OK },
		{ SPAN_INIT("{\"active\":true,\"entitlements\":[\"]\",\",\"]}"), STATUS_OK },
		{ SPAN_INIT("{\"active\":true,\"title\":\"\\u0061\"}"), STATUS_OK },
		{ SPAN_INIT("{\"active\":trues}"), STATUS_CORRUPT },
		{ SPAN_INIT("{\"active\":true"), STATUS_CORRUPT },
		{ SPAN_INIT("{\"active\":true}}"), STATUS_CORRUPT },
		{ SPAN_INIT("{\"active\":true,\"title\":\"a}"), STATUS_CORRUPT },
		{ SPAN_INIT("{\"active\":true,\"title\":\"a\tb\"}"), STATUS_CORRUPT },
		{ SPAN_INIT("{\"active\":true,\"title\":\"\xff\"}"), STATUS_CORRUPT },
		{ SPAN_INIT("{\"active\":true,\"entitlements\":[\"a\",]}"), STATUS_CORRUPT },
		{ SPAN_INIT("{\"active\":true,\"title\":\"a\",\"title\":\"b\"}"), STATUS_CORRUPT },
		{ SPAN_INIT("{\"active\":true,\"title\":null}"), STATUS_CORRUPT },
	};
	struct arena *arena = arena_new();
	struct account account;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		    account_decode(cases[i].json, arena, &account, NULL), cases[i].expected);
	assert_int_equal(account_decode(cases[3].json, arena, &account, NULL), STATUS_OK);
	assert_int_equal(account.workspace_count, 2);
	assert_true(account_has_workspace(&account, SPAN("]")));
	arena_free(&arena);
}

static void test_decode_deep_nesting(void **state)
{
	struct arena *arena = arena_new();
	struct account account;
	struct str json = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		str_add_byte(&json, '[');
	assert_int_equal(account_decode(str_span(&json), arena, &account, NULL), STATUS_CORRUPT);
	str_done(&json);
	arena_free(&arena);
}

static void test_round_trip_by_chance(void **state)
{
	struct arena *arena = arena_new();
	struct str first = { 0 }, second = { 0 };

	(void)state;
	chance_start(__func__);
	for (int i = 0; i < 2000; i++) {
		struct account account, decoded;

		arena_reset(arena);
		account = chance_account(arena);
		str_truncate(&first, 0);
		str_truncate(&second, 0);
		account_encode(&account, &first);
		assert_int_equal(
		    account_decode(str_span(&first), arena, &decoded, NULL), STATUS_OK);
		assert_accounts_equal(&account, &decoded);
		account_encode(&decoded, &second);
		assert_span(str_span(&second), str_c(&first));
	}
	str_done(&first);
	str_done(&second);
	arena_free(&arena);
}

static void test_digest(void **state)
{
	struct account account = full_account();
	struct str scratch = { 0 };
	struct digest expected = hash_digest(span_of(full_form)), digest;

	(void)state;
	str_add_c(&scratch, "left over");
	digest = account_digest(&account, &scratch);
	assert_true(digest_equal(&digest, &expected));
	account.is_active = false;
	digest = account_digest(&account, &scratch);
	assert_false(digest_equal(&digest, &expected));
	str_done(&scratch);
}

static void test_copy(void **state)
{
	struct arena *arena = arena_new(), *gone = arena_new();
	struct account expected = full_account(), account, copy;

	(void)state;
	expected.text[ACCOUNT_TITLE] = SPAN_NULL;
	expected.text[ACCOUNT_LOCALE] = SPAN("");
	account = account_copy(&expected, gone);
	copy = account_copy(&account, arena);
	arena_free(&gone);
	assert_accounts_equal(&copy, &expected);
	arena_free(&arena);
}

static void test_copy_takes_each_text(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		char value[] = "value", id[] = "8a81";
		struct span ids[] = { span_of(id) };
		struct account account = { .workspaces = ids, .workspace_count = 1 }, copy;

		account.text[i] = span_of(value);
		copy = account_copy(&account, arena);
		memset(value, '#', sizeof(value));
		memset(id, '#', sizeof(id));
		ids[0] = SPAN_NULL;
		assert_span(copy.text[i], "value");
		assert_span(copy.workspaces[0], "8a81");
	}
	arena_free(&arena);
}

static void test_copy_without_workspaces(void **state)
{
	struct arena *arena = arena_new();
	struct account account = { .is_active = true }, copy;

	(void)state;
	copy = account_copy(&account, arena);
	assert_accounts_equal(&copy, &account);
	assert_null(copy.workspaces);
	arena_free(&arena);
}

static void test_sort_workspaces(void **state)
{
	struct span ids[] = { SPAN("b"), SPAN("ab"), SPAN("a"), SPAN("b"), SPAN("a"),
		SPAN("\xff") };

	(void)state;
	assert_int_equal(account_sort_workspaces(ids, COUNT(ids)), 4);
	assert_span(ids[0], "a");
	assert_span(ids[1], "ab");
	assert_span(ids[2], "b");
	assert_span(ids[3], "\xff");
	assert_int_equal(account_sort_workspaces(ids, 1), 1);
	assert_int_equal(account_sort_workspaces(NULL, 0), 0);
}

static void test_has_workspace(void **state)
{
	struct account account = full_account(), empty = { 0 };

	(void)state;
	assert_true(account_has_workspace(&account, SPAN("8a81")));
	assert_true(account_has_workspace(&account, SPAN("8a82")));
	assert_false(account_has_workspace(&account, SPAN("8a8")));
	assert_false(account_has_workspace(&account, SPAN("8a83")));
	assert_false(account_has_workspace(&empty, SPAN("8a81")));
}

const struct CMUnitTest account_tests[] = {
	cmocka_unit_test(test_names),
	cmocka_unit_test(test_names_ignore_case),
	cmocka_unit_test(test_names_that_are_none),
	cmocka_unit_test(test_encode_full),
	cmocka_unit_test(test_encode_least),
	cmocka_unit_test(test_encode_leaves_out_what_is_absent_only),
	cmocka_unit_test(test_encode_one_workspace),
	cmocka_unit_test(test_encode_escapes),
	cmocka_unit_test(test_encode_appends),
	cmocka_unit_test(test_decode_full),
	cmocka_unit_test(test_decode_is_free_of_its_text),
	cmocka_unit_test(test_decode_sorts),
	cmocka_unit_test(test_decode_empty_entitlements),
	cmocka_unit_test(test_decode_refuses),
	cmocka_unit_test(test_decode_nearly_canonical),
	cmocka_unit_test(test_decode_deep_nesting),
	cmocka_unit_test(test_round_trip_by_chance),
	cmocka_unit_test(test_digest),
	cmocka_unit_test(test_copy),
	cmocka_unit_test(test_copy_takes_each_text),
	cmocka_unit_test(test_copy_without_workspaces),
	cmocka_unit_test(test_sort_workspaces),
	cmocka_unit_test(test_has_workspace),
};
const size_t account_test_count = COUNT(account_tests);
