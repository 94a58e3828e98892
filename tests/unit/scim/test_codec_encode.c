/* SPDX-License-Identifier: ISC */
/* Requests are held against their bytes: what goes to a tenant is to change knowingly only. */
#include "scim/codec_encode.h"
#include "tests/unit/scim/support.h"

#include <stdio.h>
#include <stdlib.h>

#define USER     "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],"
#define PATCH    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":["
#define WS1      "8a81b09d5e8c6f27015ece3402487d33"
#define WS2      "8a81b09d5e8c6f27015ece3402487d34"
#define ITEM(id) "{\"value\":\"" id "\",\"type\":\"WORKSPACE\"}"
#define FILTERED "\"path\":\"entitlements[type eq \\\"WORKSPACE\\\"]\""

static const struct span two[] = { SPAN_INIT(WS1), SPAN_INIT(WS2) };
static const struct tenant_traits anaplan = { .page_size = 100,
	.workspace_max = 50,
	.can_filter = true,
	.can_patch = true,
	.user_name_is_email = true };
static const struct tenant_traits putting = { .page_size = 100 };

static struct account ada(void)
{
	return (struct account) {
		.text = { [ACCOUNT_USER_NAME] = SPAN("ada.ray@corp.example"),
		    [ACCOUNT_EXTERNAL_ID] = SPAN("1042"),
		    [ACCOUNT_GIVEN_NAME] = SPAN("Ada"),
		    [ACCOUNT_FAMILY_NAME] = SPAN("Ray") },
		.is_active = true,
	};
}

static struct encode_input input_of(
    enum action_kind kind, const struct account *before, const struct account *after)
{
	return (struct encode_input) { .kind = kind,
		.account_id = kind == ACTION_CREATE ? SPAN_NULL : SPAN("a1"),
		.before = before,
		.after = after };
}

static void assert_request(const struct tenant_traits *traits, const struct encode_input *input,
    const char *method, const char *path, const char *body)
{
	struct arena *arena = arena_new();
	struct tenant_request request = { 0 };
	struct err err = { "" };

	if (encode_change(traits, input, arena, &request, &err) != STATUS_OK)
		fail_msg("refused: %s", err.text);
	assert_span(request.method, method);
	assert_span(request.path, path);
	assert_span(request.body, body);
	arena_free(&arena);
}

static void assert_patch(const struct encode_input *input, const char *operations)
{
	struct str body = { 0 };

	str_addf(&body, "%s%s]}", PATCH, operations);
	assert_request(&anaplan, input, "PATCH", "/Users/a1", str_c(&body));
	str_done(&body);
}

static void assert_refused(
    const struct tenant_traits *traits, const struct encode_input *input, const char *word)
{
	struct arena *arena = arena_new();
	struct tenant_request request = { 0 };
	struct err err = { "" };

	assert_int_equal(encode_change(traits, input, arena, &request, &err), STATUS_REJECT);
	assert_has(err.text, word);
	assert_null(request.method.at);
	assert_null(request.body.at);
	arena_free(&arena);
}

/* --- paths -------------------------------------------------------------------------------- */

static void pages_are_asked_for_by_start_and_count(void **state)
{
	struct str path = { 0 };

	(void)state;
	encode_list_path(&path, 1, 100);
	assert_span(str_span(&path), "/Users?startIndex=1&count=100");
	str_truncate(&path, 0);
	encode_list_path(&path, INT64_C(9000000001), 1);
	assert_span(str_span(&path), "/Users?startIndex=9000000001&count=1");
	str_done(&path);
}

static void ids_cannot_leave_their_segment(void **state)
{
	static const char *const cases[][2] = {
		{ "8a81b09d", "/Users/8a81b09d" },
		{ "2819c223-7f76-453a", "/Users/2819c223-7f76-453a" },
		{ "a/../b", "/Users/a%2F..%2Fb" },
		{ "a?b#c", "/Users/a%3Fb%23c" },
		{ "a%2Fb", "/Users/a%252Fb" },
		{ "a b\r\n", "/Users/a%20b%0D%0A" },
		{ "~_.-", "/Users/~_.-" },
		{ "\xc3\xa9", "/Users/%C3%A9" },
	};
	struct str path = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		str_truncate(&path, 0);
		encode_user_path(&path, span_of(cases[i][0]));
		assert_span(str_span(&path), cases[i][1]);
	}
	str_done(&path);
}

static void assert_find(struct span external_id, struct span user_name, const char *wanted)
{
	struct str path = { 0 };

	encode_find_path(&path, external_id, user_name, 100);
	assert_span(str_span(&path), wanted);
	str_done(&path);
}

static void look_ups_name_one_or_both(void **state)
{
	(void)state;
	assert_find(SPAN("1042"), SPAN_NULL,
	    "/Users?filter=externalId%20eq%20%221042%22&startIndex=1&count=100");
	assert_find(SPAN_NULL, SPAN("ada@x.example"),
	    "/Users?filter=userName%20eq%20%22ada%40x.example%22&startIndex=1&count=100");
	assert_find(SPAN("1"), SPAN("a"),
	    "/Users?filter=externalId%20eq%20%221%22%20or%20userName%20eq%20%22a%22"
	    "&startIndex=1&count=100");
}

/* A value must not end its own quotes: it would ask for somebody else. */
static void values_stay_inside_their_quotes(void **state)
{
	(void)state;
	assert_find(SPAN("x\" or userName pr or externalId eq \""), SPAN_NULL,
	    "/Users?filter=externalId%20eq%20%22x%5C%22%20or%20userName%20pr%20or%20externalId%20eq"
	    "%20%5C%22%22&startIndex=1&count=100");
	assert_find(SPAN("CORP\\ada"), SPAN_NULL,
	    "/Users?filter=externalId%20eq%20%22CORP%5C%5Cada%22&startIndex=1&count=100");
	assert_find(SPAN("end\\"), SPAN_NULL,
	    "/Users?filter=externalId%20eq%20%22end%5C%5C%22&startIndex=1&count=100");
	assert_find(SPAN("a&count=1#x+y\n"), SPAN_NULL,
	    "/Users?filter=externalId%20eq%20%22a%26count%3D1%23x%2By%5Cn%22"
	    "&startIndex=1&count=100");
	assert_find(SPAN("\xc3\xa9\xff"), SPAN_NULL,
	    "/Users?filter=externalId%20eq%20%22%C3%A9%EF%BF%BD%22&startIndex=1&count=100");
	assert_find(
	    SPAN(""), SPAN_NULL, "/Users?filter=externalId%20eq%20%22%22&startIndex=1&count=100");
}

/* --- POST --------------------------------------------------------------------------------- */

static void a_create_is_a_whole_user(void **state)
{
	struct account after = ada();
	struct encode_input input = input_of(ACTION_CREATE, NULL, &after);

	(void)state;
	after.workspaces = two;
	after.workspace_count = 2;
	assert_request(&anaplan, &input, "POST", "/Users",
	    USER "\"userName\":\"ada.ray@corp.example\",\"externalId\":\"1042\",\"name\":{"
		 "\"givenName\":\"Ada\",\"familyName\":\"Ray\"},\"active\":true,"
		 "\"entitlements\":[" ITEM(WS1) "," ITEM(WS2) "]}");
}

static void a_create_leaves_out_what_is_absent(void **state)
{
	struct account after = { .text = { [ACCOUNT_USER_NAME] = SPAN("a@x") } };
	struct encode_input input = input_of(ACTION_CREATE, NULL, &after);

	(void)state;
	assert_request(
	    &anaplan, &input, "POST", "/Users", USER "\"userName\":\"a@x\",\"active\":false}");
	after.text[ACCOUNT_FAMILY_NAME] = SPAN("Ray");
	assert_request(&anaplan, &input, "POST", "/Users",
	    USER "\"userName\":\"a@x\",\"name\":{\"familyName\":\"Ray\"},\"active\":false}");
}

static void a_create_has_every_text(void **state)
{
	struct account after = { .is_active = true };
	struct encode_input input = input_of(ACTION_CREATE, NULL, &after);

	(void)state;
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		after.text[i] = span_of(account_path_name((enum account_path)i));
	assert_request(&anaplan, &input, "POST", "/Users",
	    USER "\"userName\":\"userName\",\"externalId\":\"externalId\",\"name\":{\"givenName\":"
		 "\"name.givenName\",\"familyName\":\"name.familyName\"},\"displayName\":"
		 "\"displayName\",\"nickName\":\"nickName\",\"title\":\"title\",\"userType\":"
		 "\"userType\",\"preferredLanguage\":\"preferredLanguage\",\"locale\":\"locale\","
		 "\"timezone\":\"timezone\",\"active\":true,\"emails\":[{\"value\":"
		 "\"emails[type eq \\\"work\\\"].value\",\"type\":\"work\",\"primary\":true}]}");
}

static void texts_are_escaped(void **state)
{
	struct account after = { .text = {
				     [ACCOUNT_USER_NAME] = SPAN("a\"\\\n\x01\xc3\xa9\xff") } };
	struct encode_input input = input_of(ACTION_CREATE, NULL, &after);

	(void)state;
	assert_request(&anaplan, &input, "POST", "/Users",
	    USER "\"userName\":\"a\\\"\\\\\\n\\u0001\xc3\xa9\xef\xbf\xbd\",\"active\":false}");
}

/* --- PATCH -------------------------------------------------------------------------------- */

static void each_changed_path_is_one_operation(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_UPDATE, &before, &after);

	(void)state;
	after.text[ACCOUNT_FAMILY_NAME] = SPAN("Lovelace");
	assert_patch(
	    &input, "{\"op\":\"replace\",\"path\":\"name.familyName\",\"value\":\"Lovelace\"}");
	after.text[ACCOUNT_TITLE] = SPAN("Countess");
	after.is_active = false;
	after.workspaces = two;
	after.workspace_count = 1;
	assert_patch(&input,
	    "{\"op\":\"replace\",\"path\":\"name.familyName\",\"value\":\"Lovelace\"},"
	    "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"Countess\"},"
	    "{\"op\":\"replace\",\"path\":\"active\",\"value\":false},"
	    "{\"op\":\"add\",\"path\":\"entitlements\",\"value\":[" ITEM(WS1) "]}");
}

static void every_text_has_its_path(void **state)
{
	(void)state;
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		struct account before = ada(), after = ada();
		struct encode_input input = input_of(ACTION_UPDATE, &before, &after);
		struct str operation = { 0 };
		if (i == ACCOUNT_EMAIL || i == ACCOUNT_USER_NAME)
			continue;
		after.text[i] = SPAN("new");
		str_addf(&operation, "{\"op\":\"replace\",\"path\":\"%s\",\"value\":\"new\"}",
		    account_path_name((enum account_path)i));
		assert_patch(&input, str_c(&operation));
		str_done(&operation);
	}
}

/* What is not mapped is somebody else's. */
static void absent_texts_are_left_alone(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_UPDATE, &before, &after);

	(void)state;
	before.text[ACCOUNT_TITLE] = SPAN("Countess");
	before.text[ACCOUNT_EMAIL] = SPAN("a@x");
	after.text[ACCOUNT_GIVEN_NAME] = SPAN_NULL;
	after.text[ACCOUNT_FAMILY_NAME] = SPAN("Lovelace");
	assert_patch(
	    &input, "{\"op\":\"replace\",\"path\":\"name.familyName\",\"value\":\"Lovelace\"}");
}

static void a_mail_address_is_added_or_replaced(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_UPDATE, &before, &after);

	(void)state;
	after.text[ACCOUNT_EMAIL] = SPAN("ada@x");
	assert_patch(&input,
	    "{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"value\":\"ada@x\",\"type\":\"work\","
	    "\"primary\":true}]}");
	before.text[ACCOUNT_EMAIL] = SPAN("old@x");
	assert_patch(&input,
	    "{\"op\":\"replace\",\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":"
	    "\"ada@x\"}");
}

static void a_user_name_is_patched_only_when_told(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_UPDATE, &before, &after);

	(void)state;
	after.text[ACCOUNT_USER_NAME] = SPAN("ada.lovelace@corp.example");
	assert_refused(&anaplan, &input, "nothing to change");
	input.kind = ACTION_RENAME;
	input.with_user_name = true;
	assert_patch(&input,
	    "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"ada.lovelace@corp.example\"}");
}

static void nothing_to_change_is_not_sent(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_UPDATE, &before, &after);

	(void)state;
	assert_refused(&anaplan, &input, "nothing to change");
	/* The same ids elsewhere in memory are the same. */
	static const struct span copies[] = { SPAN_INIT(WS1), SPAN_INIT(WS2) };
	before.workspaces = two;
	after.workspaces = copies;
	before.workspace_count = after.workspace_count = 2;
	assert_refused(&anaplan, &input, "nothing to change");
}

static void leaving_and_returning_always_say_so(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_DEACTIVATE, &before, &after);

	(void)state;
	after.is_active = false;
	assert_patch(&input, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
	before.is_active = false;
	assert_patch(&input, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
	after.is_active = true;
	input.kind = ACTION_REACTIVATE;
	assert_patch(&input, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
	before.is_active = true;
	assert_patch(&input, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
}

/* --- workspaces --------------------------------------------------------------------------- */

static void workspaces_go_as_the_whole_wanted_set(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_UPDATE, &before, &after);

	(void)state;
	after.workspaces = two;
	after.workspace_count = 2;
	/* None were there: a replace with a filter would be noTarget. */
	assert_patch(&input,
	    "{\"op\":\"add\",\"path\":\"entitlements\",\"value\":[" ITEM(WS1) "," ITEM(WS2) "]}");
	/* Some were: an add might clear or append. One is gained, the whole set goes. */
	before.workspaces = two;
	before.workspace_count = 1;
	assert_patch(
	    &input, "{\"op\":\"replace\"," FILTERED ",\"value\":[" ITEM(WS1) "," ITEM(WS2) "]}");
	/* One is lost: the rest goes. */
	before.workspace_count = 2;
	after.workspace_count = 1;
	assert_patch(&input, "{\"op\":\"replace\"," FILTERED ",\"value\":[" ITEM(WS1) "]}");
	/* Another one of the same number. */
	before.workspaces = two + 1;
	before.workspace_count = 1;
	assert_patch(&input, "{\"op\":\"replace\"," FILTERED ",\"value\":[" ITEM(WS1) "]}");
	/* None are wanted: an empty list is not for every server. */
	after.workspace_count = 0;
	assert_patch(&input, "{\"op\":\"remove\"," FILTERED "}");
}

static const struct span *many(size_t count)
{
	static char text[64][32];
	static struct span ids[64];

	for (size_t i = 0; i < count; i++) {
		snprintf(text[i], sizeof(text[i]), "w%03zu", i);
		ids[i] = span_of(text[i]);
	}
	return ids;
}

static void more_workspaces_than_fit_are_not_sent(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input create = input_of(ACTION_CREATE, NULL, &after);
	struct encode_input update = input_of(ACTION_UPDATE, &before, &after);
	struct arena *arena = arena_new();
	struct tenant_request request;

	(void)state;
	after.workspaces = many(64);
	after.workspace_count = 51;
	after.text[ACCOUNT_FAMILY_NAME] = SPAN("Lovelace");
	assert_refused(&anaplan, &create, "51 workspaces");
	assert_refused(&anaplan, &update, "at most 50");
	after.workspace_count = 50;
	assert_int_equal(encode_change(&anaplan, &create, arena, &request, NULL), STATUS_OK);
	assert_int_equal(encode_change(&anaplan, &update, arena, &request, NULL), STATUS_OK);
	after.workspace_count = 64;
	assert_int_equal(encode_change(&putting, &create, arena, &request, NULL), STATUS_OK);
	arena_free(&arena);
}

static void many_workspaces_that_stay_do_no_harm(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_UPDATE, &before, &after);

	(void)state;
	before.workspaces = after.workspaces = many(60);
	before.workspace_count = after.workspace_count = 60;
	after.text[ACCOUNT_FAMILY_NAME] = SPAN("Lovelace");
	assert_patch(
	    &input, "{\"op\":\"replace\",\"path\":\"name.familyName\",\"value\":\"Lovelace\"}");
}

static void a_leaver_does_not_stay_for_having_too_many(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_DEACTIVATE, &before, &after);
	struct tenant_traits few = putting;

	(void)state;
	after.is_active = false;
	after.workspaces = many(60);
	after.workspace_count = 60;
	assert_patch(&input, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
	few.workspace_max = 50; /* a PUT without them would take them away */
	assert_refused(&few, &input, "60 workspaces");
}

/* --- PUT ---------------------------------------------------------------------------------- */

static void a_put_takes_nothing_away(void **state)
{
	struct account before = ada(), after = ada();
	struct encode_input input = input_of(ACTION_UPDATE, &before, &after);

	(void)state;
	before.text[ACCOUNT_TITLE] = SPAN("Countess");
	after.text[ACCOUNT_FAMILY_NAME] = SPAN("Lovelace");
	after.text[ACCOUNT_GIVEN_NAME] = SPAN_NULL;
	before.workspaces = after.workspaces = two;
	before.workspace_count = after.workspace_count = 2;
	assert_request(&putting, &input, "PUT", "/Users/a1",
	    USER "\"id\":\"a1\",\"userName\":\"ada.ray@corp.example\",\"externalId\":\"1042\","
		 "\"name\":{\"givenName\":\"Ada\",\"familyName\":\"Lovelace\"},\"title\":"
		 "\"Countess\",\"active\":true,\"entitlements\":[" ITEM(WS1) "," ITEM(WS2) "]}");
}

static void a_put_keeps_the_user_name_unless_told(void **state)
{
	struct account before = { .text = { [ACCOUNT_USER_NAME] = SPAN("old@x") } };
	struct account after = { .text = { [ACCOUNT_USER_NAME] = SPAN("new@x") } };
	struct encode_input input = input_of(ACTION_RENAME, &before, &after);

	(void)state;
	assert_request(&putting, &input, "PUT", "/Users/a1",
	    USER "\"id\":\"a1\",\"userName\":\"old@x\",\"active\":false,\"entitlements\":[]}");
	input.with_user_name = true;
	assert_request(&putting, &input, "PUT", "/Users/a1",
	    USER "\"id\":\"a1\",\"userName\":\"new@x\",\"active\":false,\"entitlements\":[]}");
}

const struct CMUnitTest codec_encode_tests[] = {
	cmocka_unit_test(pages_are_asked_for_by_start_and_count),
	cmocka_unit_test(ids_cannot_leave_their_segment),
	cmocka_unit_test(look_ups_name_one_or_both),
	cmocka_unit_test(values_stay_inside_their_quotes),
	cmocka_unit_test(a_create_is_a_whole_user),
	cmocka_unit_test(a_create_leaves_out_what_is_absent),
	cmocka_unit_test(a_create_has_every_text),
	cmocka_unit_test(texts_are_escaped),
	cmocka_unit_test(each_changed_path_is_one_operation),
	cmocka_unit_test(every_text_has_its_path),
	cmocka_unit_test(absent_texts_are_left_alone),
	cmocka_unit_test(a_mail_address_is_added_or_replaced),
	cmocka_unit_test(a_user_name_is_patched_only_when_told),
	cmocka_unit_test(nothing_to_change_is_not_sent),
	cmocka_unit_test(leaving_and_returning_always_say_so),
	cmocka_unit_test(workspaces_go_as_the_whole_wanted_set),
	cmocka_unit_test(more_workspaces_than_fit_are_not_sent),
	cmocka_unit_test(many_workspaces_that_stay_do_no_harm),
	cmocka_unit_test(a_leaver_does_not_stay_for_having_too_many),
	cmocka_unit_test(a_put_takes_nothing_away),
	cmocka_unit_test(a_put_keeps_the_user_name_unless_told),
};
const size_t codec_encode_test_count = COUNT_OF(codec_encode_tests);
