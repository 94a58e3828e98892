/* SPDX-License-Identifier: ISC */
/* Bodies, verdicts and words of OAuth; and what its answers are read as. */
#include "base/time.h"
#include "scim/oauth_request.h"
#include "tests/unit/scim/support.h"

#include <stdio.h>
#include <string.h>

/* --- bodies ------------------------------------------------------------------------------- */

static void assert_body(bool is_json, const char *wanted)
{
	static const struct oauth_field fields[] = {
		{ "client_id", SPAN_INIT("cl 1") },
		{ "refresh_token", SPAN_INIT("a\"b\\c+/=&%~") },
	};
	struct str body = { 0 };

	oauth_encode(is_json, fields, 2, &body);
	assert_span(str_span(&body), wanted);
	str_done(&body);
}

static void bodies_are_json_or_forms(void **state)
{
	(void)state;
	assert_body(true, "{\"client_id\":\"cl 1\",\"refresh_token\":\"a\\\"b\\\\c+/=&%~\"}");
	assert_body(false, "client_id=cl%201&refresh_token=a%22b%5Cc%2B%2F%3D%26%25~");
}

static void a_request_goes_out_once(void **state)
{
	struct tenant_settings settings = oauth_settings("/t");
	struct oauth_field field = { "client_id", SPAN("x") };
	struct loop *loop = loop_new();
	struct http *http = fake_http_new(loop);
	const struct fake_http_request *request;

	(void)state;
	oauth_request_start(http, &settings, OAUTH_TOKEN_PATH, &field, 1, NULL, NULL);
	request = fake_http_request(http, 0);
	assert_string_equal(request->url, "https://oauth.example/oauth/token");
	assert_string_equal(request->content_type, "application/json");
	assert_string_equal(request->body, "{\"client_id\":\"x\"}");
	assert_null(request->authorization);
	assert_true(request->has_secret_answer);
	assert_false(request->is_repeatable);
	settings.auth.url = NULL;
	oauth_request_start(http, &settings, OAUTH_DEVICE_PATH, &field, 1, NULL, NULL);
	assert_string_equal(
	    fake_http_request(http, 1)->url, "https://us1a.app.anaplan.com/oauth/device/code");
	settings.auth.url = "https://oauth.example";
	settings.profile = TENANT_GENERIC;
	oauth_request_start(http, &settings, OAUTH_TOKEN_PATH, &field, 1, NULL, NULL);
	request = fake_http_request(http, 2);
	assert_string_equal(request->content_type, "application/x-www-form-urlencoded");
	assert_string_equal(request->body, "client_id=x");
	http_free(&http);
	loop_free(&loop);
}

/* --- verdicts ----------------------------------------------------------------------------- */

static void answers_are_judged(void **state)
{
	static const struct {
		struct http_answer answer;
		struct span error;
		enum oauth_verdict verdict;
	} cases[] = {
		{ { .failure = HTTP_REFUSED }, { NULL, 0 }, OAUTH_UNSENT },
		{ { .failure = HTTP_TIMED_OUT, .was_sent = true }, { NULL, 0 }, OAUTH_LOST },
		{ { .failure = HTTP_BROKEN, .was_sent = true, .status = 200 }, { NULL, 0 },
		    OAUTH_LOST },
		{ { .status = 200 }, { NULL, 0 }, OAUTH_LOST },
		{ { .status = 502 }, { NULL, 0 }, OAUTH_LOST },
		{ { .status = 503 }, SPAN_INIT("temporarily_unavailable"), OAUTH_LOST },
		{ { .status = 408 }, { NULL, 0 }, OAUTH_LOST },
		{ { .status = 429 }, { NULL, 0 }, OAUTH_UNSENT },
		{ { .status = 429 }, SPAN_INIT("slow_down"), OAUTH_UNSENT },
		{ { .status = 400 }, SPAN_INIT("temporarily_unavailable"), OAUTH_UNSENT },
		{ { .status = 400 }, SPAN_INIT("invalid_grant"), OAUTH_REFUSED },
		{ { .status = 403 }, SPAN_INIT("invalid_grant"), OAUTH_REFUSED },
		{ { .status = 401 }, SPAN_INIT("invalid_client"), OAUTH_REFUSED },
		{ { .status = 403 }, { NULL, 0 }, OAUTH_NOT_OAUTH },
		{ { .status = 404 }, { NULL, 0 }, OAUTH_NOT_OAUTH },
		{ { .status = 302 }, SPAN_INIT("invalid_grant"), OAUTH_NOT_OAUTH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (oauth_judge(&cases[i].answer, cases[i].error) != cases[i].verdict)
			fail_msg("case %zu", i);
	}
}

/* --- words -------------------------------------------------------------------------------- */

static struct err explained(int status, const char *body, const char *remedy)
{
	static const struct span secret = SPAN_INIT(SECRET_MARK "\"+/=");
	struct tenant_settings settings = oauth_settings("/t");
	struct http_answer answer = { .status = status, .body = span_of(body) };
	struct decoder *decoder = decoder_new();
	struct oauth_story story = { &settings, OAUTH_TOKEN_PATH, &answer, decoder, secret, NULL,
		remedy };
	struct err err;

	oauth_explain(&story, &err);
	decoder_free(&decoder);
	assert_lacks(err.text, SECRET_MARK);
	return err;
}

static void a_peer_that_repeats_the_secret_is_silenced(void **state)
{
	static const char *const bodies[] = {
		"{\"error\":\"" SECRET_MARK "\\\"+/=\"}",
		"{\"error\":\"x\",\"error_description\":\"got refresh_token=" SECRET_MARK
		"%22%2B%2F%3D&x\"}",
		"{\"error\":\"x\",\"error_description\":\"{\\\"t\\\":\\\"" SECRET_MARK
		"\\\\\\\"+/=\\\"}\"}",
	};
	char long_body[700] = "{\"error\":\"", *end;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++)
		assert_has(explained(400, bodies[i], NULL).text, "[secret]");
	/* Where a long text is cut no part of it is left. */
	end = long_body + strlen(long_body);
	memset(end, 'x', OUTCOME_DETAIL_MAX_BYTES - 7);
	strcpy(end + OUTCOME_DETAIL_MAX_BYTES - 7, SECRET_MARK "\\\"+/=\"}");
	assert_lacks(explained(400, long_body, NULL).text, "s3cr");
}

static void words_say_what_to_do(void **state)
{
	(void)state;
	assert_string_equal(
	    explained(400, "{\"error\":\"invalid_grant\",\"error_description\":\"No.\"}", "cry")
		.text,
	    "POST /oauth/token: the auth service answered 400 (invalid_grant: No.); cry");
	assert_has(explained(401, "{\"error\":\"invalid_client\"}", NULL).text,
	    "(invalid_client); check tenant.auth.client_id");
	assert_has(explained(404, "<html>", NULL).text, "check tenant.auth.url");
	assert_has(explained(400, "{\"error\":\"odd\"}", NULL).text, "check tenant.auth.url");
	assert_has(explained(503, "", NULL).text, "answered 503; it is tried again");
}

/* --- what answers say --------------------------------------------------------------------- */

static bool read_grant(const char *body, struct decoded_grant *grant, struct decoder *decoder)
{
	*grant = (struct decoded_grant) { 0 };
	return decode_grant(decoder, span_of(body), grant, NULL) == STATUS_OK;
}

static void grants_are_read(void **state)
{
	struct decoder *decoder = decoder_new();
	struct decoded_grant grant;

	(void)state;
	assert_true(read_grant("{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":"
			       "2100,\"token_type\":\"Bearer\"}",
	    &grant, decoder));
	assert_span(grant.access_token, "a");
	assert_span(grant.refresh_token, "r");
	assert_int_equal(grant.life_ms, 35 * TIME_MINUTE_MS);
	assert_true(
	    read_grant("{\"access_token\":\"a\",\"refresh_token\":null,\"expires_in\":\"60\"}",
		&grant, decoder));
	assert_null(grant.refresh_token.at);
	assert_int_equal(grant.life_ms, 60000);
	assert_true(read_grant(
	    "{\"access_token\":\"a\",\"refresh_token\":\"\",\"expires_in\":99999999999999999}",
	    &grant, decoder));
	assert_null(grant.refresh_token.at);
	assert_int_equal(grant.life_ms, TIME_DAY_MS);
	for (const char *const *odd = (const char *const[]) { "-5", "0", "true", "\"soon\"", "1e12",
		 "0.2", "null", NULL };
	     *odd != NULL; odd++) {
		char body[96];
		snprintf(body, sizeof(body), "{\"access_token\":\"a\",\"expires_in\":%s}", *odd);
		assert_true(read_grant(body, &grant, decoder));
		assert_int_equal(grant.life_ms, 0);
	}
	assert_true(read_grant("{\"refresh_token\":\"r\"}", &grant, decoder));
	assert_null(grant.access_token.at);
	assert_false(read_grant("{\"access_token\":7}", &grant, decoder));
	assert_false(read_grant("[]", &grant, decoder));
	assert_false(read_grant("", &grant, decoder));
	decoder_free(&decoder);
}

static void codes_are_read(void **state)
{
	struct decoder *decoder = decoder_new();
	struct decoded_device device = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(
	    decode_device(decoder,
		SPAN("{\"device_code\":\"d\",\"user_code\":\"u\",\"verification_uri\":\"v\","
		     "\"verification_uri_complete\":\"c\",\"expires_in\":900,\"interval\":7}"),
		&device, &err),
	    STATUS_OK);
	assert_span(device.device_code, "d");
	assert_span(device.user_code, "u");
	assert_span(device.verification_uri, "v");
	assert_span(device.verification_uri_complete, "c");
	assert_int_equal(device.life_ms, 15 * TIME_MINUTE_MS);
	assert_int_equal(device.interval_ms, 7000);
	assert_int_equal(
	    decode_device(decoder,
		SPAN("{\"device_code\":\"d\",\"user_code\":\"u\",\"verification_uri\":\"v\"}"),
		&device, &err),
	    STATUS_OK);
	assert_null(device.verification_uri_complete.at);
	assert_int_equal(device.interval_ms, 5000);
	assert_int_equal(device.life_ms, 5 * TIME_MINUTE_MS);
	assert_int_equal(decode_device(decoder, SPAN("{\"device_code\":\"d\",\"user_code\":\"u\"}"),
			     &device, &err),
	    STATUS_RETRY);
	assert_has(err.text, "no device_code, user_code or verification_uri");
	decoder_free(&decoder);
}

const struct CMUnitTest oauth_request_tests[] = {
	cmocka_unit_test(bodies_are_json_or_forms),
	cmocka_unit_test(a_request_goes_out_once),
	cmocka_unit_test(answers_are_judged),
	cmocka_unit_test(a_peer_that_repeats_the_secret_is_silenced),
	cmocka_unit_test(words_say_what_to_do),
	cmocka_unit_test(grants_are_read),
	cmocka_unit_test(codes_are_read),
};
const size_t oauth_request_test_count = COUNT_OF(oauth_request_tests);
