/* SPDX-License-Identifier: ISC */
/* Lists, errors, configurations and tokens, and bodies that are none of these. */
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
	return 0;
}

static struct decoded_accounts read_list(const char *body)
{
	struct decoded_accounts list;
	struct err err = { "" };

	if (decode_list(decoder, span_of(body), &list, &err) != STATUS_OK)
		fail_msg("%s: %s", body, err.text);
	return list;
}

static void assert_bad_span(struct span body, const char *word)
{
	struct decoded_accounts list = { .count = 77 };
	struct err err = { "" };

	if (decode_list(decoder, body, &list, &err) != STATUS_RETRY)
		fail_msg("taken: %.*s", SPAN_ARG(body));
	assert_has(err.text, word);
	assert_int_equal(list.count, 77);
}

static void assert_bad(const char *body, const char *word)
{
	assert_bad_span(span_of(body), word);
}

/* --- lists -------------------------------------------------------------------------------- */

static void a_list_is_read_with_its_total(void **state)
{
	struct decoded_accounts list = read_list(
	    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],"
	    "\"totalResults\":1142,\"startIndex\":1,\"itemsPerPage\":2,\"Resources\":["
	    "{\"id\":\"a\",\"userName\":\"a@x\"},{\"id\":\"b\",\"active\":\"False\"}]}");

	(void)state;
	assert_int_equal(list.total, 1142);
	assert_true(list.has_resources);
	assert_int_equal(list.count, 2);
	assert_span(list.accounts[0].id, "a");
	assert_span(list.accounts[0].account.text[ACCOUNT_USER_NAME], "a@x");
	assert_span(list.accounts[1].id, "b");
	assert_span(list.accounts[1].account.text[ACCOUNT_USER_NAME], NULL);
	assert_false(list.accounts[1].account.is_active);
}

/* The documented sample has neither schemas nor honest page numbers. */
static void a_list_needs_little(void **state)
{
	struct decoded_accounts list = read_list("{\"Resources\":[{\"id\":\"a\"}]}");

	(void)state;
	assert_int_equal(list.total, -1);
	assert_int_equal(list.count, 1);
	list = read_list("{\"totalResults\":0}");
	assert_int_equal(list.count, 0);
	assert_false(list.has_resources);
	list = read_list("{\"totalResults\":0,\"Resources\":null}");
	assert_int_equal(list.count, 0);
	assert_false(list.has_resources);
	list = read_list("{\"TOTALRESULTS\":3,\"resources\":[]}");
	assert_int_equal(list.total, 3);
	assert_true(list.has_resources);
	assert_int_equal(list.count, 0);
	list = read_list("\xef\xbb\xbf{\"totalResults\":0,\"Resources\":[]}");
	assert_int_equal(list.total, 0);
	list = read_list(" \r\n\t{\"totalResults\":0,\"Resources\":[]}\n ");
	assert_int_equal(list.total, 0);
}

/* The same user twice is for the reader of all pages to notice. */
static void repeats_in_a_list_are_shown(void **state)
{
	struct decoded_accounts list = read_list(
	    "{\"totalResults\":2,\"Resources\":[{\"id\":\"a\"},{\"id\":\"a\"}]}");

	(void)state;
	assert_int_equal(list.count, 2);
}

/* Read as an empty list each of these would say that nobody has an account. */
static void what_is_no_list_is_not_an_empty_one(void **state)
{
	(void)state;
	assert_bad("{}", "\"Resources\" is not a list");
	assert_bad("[]", "not a list of users");
	assert_bad("[{\"id\":\"a\"}]", "not a list of users");
	assert_bad("{\"Resources\":null}", "\"Resources\" is not a list");
	assert_bad("{\"Resources\":{}}", "\"Resources\" is not a list");
	assert_bad("{\"Resources\":\"\"}", "\"Resources\" is not a list");
	assert_bad("{\"totalResults\":\"7\",\"Resources\":[]}", "\"totalResults\" is not a number");
	assert_bad("{\"totalResults\":-1,\"Resources\":[]}", "\"totalResults\" is not a number");
	assert_bad("{\"totalResults\":1.5,\"Resources\":[]}", "\"totalResults\" is not a number");
	assert_bad("{\"totalResults\":99999999999999999999,\"Resources\":[]}", "not JSON");
	assert_bad("{\"status\":\"404\",\"detail\":\"no\"}", "\"Resources\"");
	assert_bad("{\"id\":\"a\",\"userName\":\"a@x\"}", "\"Resources\"");
}

/* A list with one user that cannot be read is not a list without that user. */
static void one_bad_user_makes_a_bad_list(void **state)
{
	(void)state;
	assert_bad("{\"Resources\":[{\"id\":\"a\"},{}]}", "without an \"id\"");
	assert_bad("{\"Resources\":[{\"id\":\"a\"},null]}", "not a user");
	assert_bad("{\"Resources\":[{\"id\":\"a\"},\"b\"]}", "not a user");
	assert_bad("{\"Resources\":[{\"id\":\"a\"},[]]}", "not a user");
}

static void a_large_list_is_read(void **state)
{
	struct str body = { 0 };
	struct decoded_accounts list;

	(void)state;
	str_add_c(&body, "{\"totalResults\":20000,\"Resources\":[");
	for (int i = 0; i < 20000; i++)
		str_addf(&body, "%s{\"id\":\"id-%d\"}", i == 0 ? "" : ",", i);
	str_add_c(&body, "]}");
	list = read_list(str_c(&body));
	assert_int_equal(list.count, 20000);
	assert_span(list.accounts[19999].id, "id-19999");
	str_done(&body);
}

/* --- bodies that are no JSON -------------------------------------------------------------- */

static void what_is_no_json_is_refused(void **state)
{
	static const char *const bodies[] = { "<html>502 Bad Gateway</html>", "{", "}",
		"{\"Resources\":[]", "{\"Resources\":[]}}", "{\"Resources\":[]} x",
		"{'Resources':[]}", "{\"Resources\":[],}", "nul", "null", "7", "\"text\"",
		"{\"a\":\"\\ud800\"}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\n\"}", "\xef\xbb\xbf ",
		"\xff\xfe{\0" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++)
		assert_bad(bodies[i], "not JSON");
	assert_bad("", "no body");
	assert_bad("\xef\xbb\xbf", "no body");
	assert_bad_span(SPAN_NULL, "no body");
	assert_bad_span(SPAN("{\"Resources\":[]}\0"), "not JSON");
	assert_bad_span(SPAN("\0"), "not JSON");
}

/* A cut answer is never a shorter one.  Each piece lies in memory of its size. */
static void every_cut_is_noticed(void **state)
{
	static const char whole[] = "{\"totalResults\":2,\"Resources\":[{\"id\":\"a\",\"name\":{"
				    "\"givenName\":\"\\u00e9\"}},{\"id\":\"b\",\"entitlements\":[{"
				    "\"value\":\"w\",\"type\":\"WORKSPACE\"}]}]}";

	(void)state;
	for (size_t len = 0; len + 1 < sizeof(whole); len++) {
		char *piece = malloc(len + 1);
		assert_non_null(piece);
		memcpy(piece, whole, len);
		piece[len] = '\xee'; /* what lies behind is not looked at */
		assert_bad_span((struct span) { piece, len }, "the answer");
		free(piece);
	}
	assert_int_equal(read_list(whole).count, 2);
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
	static const char *const texts[] = { "\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80",
		"\xf5\x80\x80\x80", "a\x80" };
	char body[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		snprintf(body, sizeof(body), "{\"Resources\":[{\"id\":\"%s\"}]}", texts[i]);
		assert_bad(body, "not JSON");
	}
}

/* The words of the parser quote the peer: they come out printable. */
static void nothing_raw_gets_into_a_message(void **state)
{
	static const char *const bodies[] = { "\x1b[31mred", "{\"Resources\":\x1b]0;t\x07}",
		"{\"\x1b[2J\":1", "\xe2\x80\xae", "{\"Resources\":[\xc2\x9b]}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct decoded_accounts list;
		struct err err = { "" };
		assert_int_equal(
		    decode_list(decoder, span_of(bodies[i]), &list, &err), STATUS_RETRY);
		for (const char *at = err.text; *at != '\0'; at++)
			assert_in_range((unsigned char)*at, ' ', '~');
	}
}

static void append_times(struct str *out, const char *text, size_t times)
{
	while (times-- > 0)
		str_add_c(out, text);
}

static struct str nested(const char *before, const char *open, const char *close, size_t depth)
{
	struct str body = { 0 };

	str_add_c(&body, before);
	append_times(&body, open, depth);
	append_times(&body, close, depth);
	str_add_c(&body, "}");
	return body;
}

static void deep_nesting_is_refused_before_it_is_followed(void **state)
{
	struct str body = nested("{\"totalResults\":0,\"x\":", "[", "]", DECODE_DEPTH_MAX - 1);

	(void)state;
	assert_int_equal(read_list(str_c(&body)).total, 0);
	str_done(&body);
	body = nested("{\"totalResults\":0,\"x\":", "[", "]", DECODE_DEPTH_MAX);
	assert_bad(str_c(&body), "deeper than 32");
	str_done(&body);
	body = nested("{\"totalResults\":0,\"x\":", "{\"x\":", "}", 100000);
	assert_bad(str_c(&body), "deeper than 32");
	str_done(&body);
	/* Unclosed, which is how it is sent. */
	append_times(&body, "[", 1000000);
	assert_bad(str_c(&body), "deeper than 32");
	str_done(&body);
}

/* Brackets in texts are no nesting, and quotes that are escaped end no text. */
static void brackets_in_texts_do_not_count(void **state)
{
	struct str body = { 0 };

	(void)state;
	str_add_c(&body, "{\"totalResults\":0,\"x\":\"\\\"");
	append_times(&body, "[{\\\\\\\"", 1000);
	str_add_c(&body, "\"}");
	assert_int_equal(read_list(str_c(&body)).total, 0);
	str_done(&body);
	/* Behind such a text nesting counts again. */
	str_add_c(&body, "{\"x\":\"\\\\\",\"y\":");
	append_times(&body, "[", 100);
	assert_bad(str_c(&body), "deeper than 32");
	str_done(&body);
}

static void what_was_read_goes_with_the_next_reading(void **state)
{
	struct decoded_accounts list = read_list("{\"Resources\":[{\"id\":\"a\"}]}");

	(void)state;
	assert_span(list.accounts[0].id, "a");
	decoder_forget(decoder, false);
	decoder_forget(decoder, true);
	list = read_list("{\"Resources\":[{\"id\":\"b\"}]}");
	assert_span(list.accounts[0].id, "b");
}

/* --- errors ------------------------------------------------------------------------------- */

static void assert_error(const char *body, const char *detail, const char *type)
{
	struct decoded_error error = decode_error(decoder, span_of(body));

	assert_span(error.detail, detail);
	assert_span(error.type, type);
}

static void errors_are_read_in_their_dialects(void **state)
{
	(void)state;
	assert_error("{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"detail\":"
		     "\"Resource x not found\",\"status\":\"404\"}",
	    "Resource x not found", NULL);
	assert_error("{\"scimType\":\"uniqueness\",\"detail\":\"there\",\"status\":409}", "there",
	    "uniqueness");
	assert_error("{\"status\":\"FAILURE_BAD_CREDENTIAL\",\"statusMessage\":\"Invalid\"}",
	    "Invalid", NULL);
	assert_error("{\"message\":\"gateway\"}", "gateway", NULL);
	assert_error(
	    "{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}", "expired", NULL);
	assert_error("{\"error\":\"invalid_grant\"}", "invalid_grant", NULL);
	assert_error("{\"DETAIL\":\"x\",\"SCIMTYPE\":\"y\"}", "x", "y");
	assert_error("{\"detail\":7,\"message\":\"m\",\"scimType\":[]}", "m", NULL);
}

static void errors_without_words_are_welcome(void **state)
{
	(void)state;
	assert_error("", NULL, NULL);
	assert_error("<html>", NULL, NULL);
	assert_error("{}", NULL, NULL);
	assert_error("[]", NULL, NULL);
	assert_error("{\"error\":{\"message\":\"inner\"}}", NULL, NULL);
}

/* --- configuration ------------------------------------------------------------------------ */

static struct decoded_config read_config(const char *body)
{
	struct decoded_config config;
	struct err err = { "" };

	if (decode_config(decoder, span_of(body), &config, &err) != STATUS_OK)
		fail_msg("%s: %s", body, err.text);
	return config;
}

static void a_configuration_says_what_it_says(void **state)
{
	struct decoded_config config = read_config(
	    "{\"documentationUrl\":\"x\",\"patch\":{\"supported\":false},\"bulk\":{\"supported\":"
	    "false,\"maxOperations\":1000},\"filter\":{\"supported\":true,\"maxResults\":200}}");

	(void)state;
	assert_true(config.has_patch && !config.can_patch);
	assert_true(config.has_filter && config.can_filter);
	assert_int_equal(config.filter_max_results, 200);
	config = read_config("{\"Patch\":{\"Supported\":\"True\"},\"filter\":{\"maxResults\":0}}");
	assert_true(config.has_patch && config.can_patch);
	assert_false(config.has_filter);
	assert_int_equal(config.filter_max_results, 0);
	config = read_config("{\"patch\":true,\"filter\":[{\"supported\":true}]}");
	assert_false(config.has_patch || config.has_filter);
	config = read_config("{\"filter\":{\"supported\":1,\"maxResults\":-5}}");
	assert_false(config.has_filter);
	assert_int_equal(config.filter_max_results, 0);
}

static void a_page_of_the_web_is_no_configuration(void **state)
{
	struct decoded_config config;
	struct err err = { "" };

	(void)state;
	assert_int_equal(decode_config(decoder, SPAN("<html>"), &config, &err), STATUS_RETRY);
	assert_has(err.text, "not JSON");
}

/* --- tokens ------------------------------------------------------------------------------- */

static void a_token_is_read_with_its_end(void **state)
{
	struct decoded_token token;
	struct err err = { "" };

	(void)state;
	assert_int_equal(
	    decode_token(decoder,
		SPAN("{\"status\":\"SUCCESS\",\"tokenInfo\":{\"expiresAt\":1772325300000,"
		     "\"tokenValue\":\"abc==\",\"refreshToken\":{}},\"meta\":{}}"),
		&token, &err),
	    STATUS_OK);
	assert_span(token.value, "abc==");
	assert_int_equal(token.expires_at_ms, INT64_C(1772325300000));
	decoder_forget(decoder, true);
}

static void tokens_without_an_end_are_tokens(void **state)
{
	static const char *const ends[] = { "null", "\"1772325300000\"", "0", "-5", "1.5", "{}" };
	struct decoded_token token;
	char body[96];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		snprintf(body, sizeof(body),
		    "{\"tokenInfo\":{\"tokenValue\":\"t\",\"expiresAt\":%s}}", ends[i]);
		assert_int_equal(decode_token(decoder, span_of(body), &token, NULL), STATUS_OK);
		assert_int_equal(token.expires_at_ms, 0);
	}
}

static void no_token_is_made_up(void **state)
{
	static const char *const bodies[] = { "{}", "[]", "{\"tokenInfo\":null}",
		"{\"tokenInfo\":\"t\"}", "{\"tokenInfo\":{}}", "{\"tokenValue\":\"t\"}",
		"{\"tokenInfo\":{\"tokenValue\":\"\"}}", "{\"tokenInfo\":{\"tokenValue\":7}}",
		"{\"tokenInfo\":[{\"tokenValue\":\"t\"}]}" };
	struct decoded_token token;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		err.text[0] = '\0';
		assert_int_equal(
		    decode_token(decoder, span_of(bodies[i]), &token, &err), STATUS_RETRY);
		assert_has(err.text, "no token");
	}
	assert_int_equal(decode_token(decoder, SPAN("<html>"), &token, &err), STATUS_RETRY);
	assert_has(err.text, "not JSON");
}

static void workspaces_are_read_with_their_total(void **state)
{
	struct decoded_workspaces workspaces;

	(void)state;
	assert_int_equal(
	    decode_workspaces(decoder,
		SPAN("{\"meta\":{\"paging\":{\"totalSize\":7}},\"workspaces\":[{\"id\":\"8a81\","
		     "\"name\":\"Finance\"},{\"name\":\"HR\",\"id\":\"8a82\"}]}"),
		&workspaces, NULL),
	    STATUS_OK);
	assert_int_equal(workspaces.count, 2);
	assert_int_equal(workspaces.total, 7);
	assert_span(workspaces.ids[1], "8a82");
	assert_span(workspaces.names[0], "Finance");
	assert_span(workspaces.names[1], "HR");
	assert_int_equal(
	    decode_workspaces(decoder, SPAN("{\"workspaces\":[{\"id\":\"8a81\",\"name\":7}]}"),
		&workspaces, NULL),
	    STATUS_OK);
	assert_null(workspaces.names[0].at);
	assert_int_equal(
	    decode_workspaces(decoder, SPAN("{\"workspaces\":[]}"), &workspaces, NULL), STATUS_OK);
	assert_int_equal(workspaces.count, 0);
	assert_int_equal(workspaces.total, -1);
	assert_int_equal(decode_workspaces(decoder,
			     SPAN("{\"meta\":{\"paging\":{\"totalSize\":0}}}"), &workspaces, NULL),
	    STATUS_OK);
	assert_int_equal(workspaces.count, 0);
}

/* A list that is misread would call workspaces missing that are there. */
static void what_is_no_list_of_workspaces_is_refused(void **state)
{
	static const char *const bodies[] = { "{}", "[]", "{\"workspaces\":{}}",
		"{\"workspaces\":null}", "{\"workspaces\":[7]}", "{\"workspaces\":[{}]}",
		"{\"workspaces\":[{\"id\":7}]}", "{\"workspaces\":[{\"id\":\"\"}]}",
		"{\"meta\":{\"paging\":{\"totalSize\":3}}}",
		"{\"workspaces\":[{\"id\":\"8a81\"},{\"name\":\"x\"}]}" };
	struct decoded_workspaces workspaces;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		err.text[0] = '\0';
		assert_int_equal(decode_workspaces(decoder, span_of(bodies[i]), &workspaces, &err),
		    STATUS_RETRY);
		assert_has(err.text, "list of workspaces");
	}
	assert_int_equal(
	    decode_workspaces(decoder, SPAN("<html>"), &workspaces, &err), STATUS_RETRY);
}

#define WITH_DECODER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

const struct CMUnitTest codec_decode_tests[] = {
	WITH_DECODER(a_list_is_read_with_its_total),
	WITH_DECODER(a_list_needs_little),
	WITH_DECODER(repeats_in_a_list_are_shown),
	WITH_DECODER(what_is_no_list_is_not_an_empty_one),
	WITH_DECODER(one_bad_user_makes_a_bad_list),
	WITH_DECODER(a_large_list_is_read),
	WITH_DECODER(what_is_no_json_is_refused),
	WITH_DECODER(every_cut_is_noticed),
	WITH_DECODER(bytes_that_are_not_utf8_are_refused),
	WITH_DECODER(nothing_raw_gets_into_a_message),
	WITH_DECODER(deep_nesting_is_refused_before_it_is_followed),
	WITH_DECODER(brackets_in_texts_do_not_count),
	WITH_DECODER(what_was_read_goes_with_the_next_reading),
	WITH_DECODER(errors_are_read_in_their_dialects),
	WITH_DECODER(errors_without_words_are_welcome),
	WITH_DECODER(a_configuration_says_what_it_says),
	WITH_DECODER(a_page_of_the_web_is_no_configuration),
	WITH_DECODER(a_token_is_read_with_its_end),
	WITH_DECODER(tokens_without_an_end_are_tokens),
	WITH_DECODER(no_token_is_made_up),
	WITH_DECODER(workspaces_are_read_with_their_total),
	WITH_DECODER(what_is_no_list_of_workspaces_is_refused),
};
const size_t codec_decode_test_count = COUNT_OF(codec_decode_tests);
