/* SPDX-License-Identifier: ISC */
/* The life of a token in virtual time. */
#include "base/time.h"
#include "scim/auth.h"
#include "tests/unit/scim/keys.h"
#include "tests/unit/scim/support.h"

#include <stdio.h>
#include <stdlib.h>

#define TOKEN   "AnaplanAuthToken " SECRET_MARK
#define LIFE_MS (35 * TIME_MINUTE_MS)

static void wait_for(struct world *world, struct ear *ear)
{
	*ear = (struct ear) { .waiter = { .callback = ear_told, .context = ear } };
	auth_wait(world->auth, &ear->waiter);
	assert_int_equal(ear->count, 0);
}

static void close_for(struct world *world, struct ear *ear)
{
	*ear = (struct ear) { .waiter = { .callback = ear_told, .context = ear } };
	auth_close(world->auth, &ear->waiter);
	assert_int_equal(ear->count, 0);
}

static void assert_value(struct world *world, const char *wanted)
{
	struct span value = SPAN("nothing was written");
	uint64_t generation;

	if (wanted == NULL) {
		assert_false(auth_get(world->auth, &value, &generation));
		return;
	}
	assert_true(auth_get(world->auth, &value, &generation));
	assert_span(value, wanted);
}

static uint64_t generation_of(struct world *world)
{
	struct span value;
	uint64_t generation = 0;

	assert_true(auth_get(world->auth, &value, &generation));
	return generation;
}

static const struct fake_http_request *last_request(struct world *world)
{
	return fake_http_request(world->http, fake_http_count(world->http) - 1);
}

/* A world in which somebody has logged in. */
static void open_logged_in(struct world *world)
{
	struct tenant_settings settings = basic_settings();
	struct ear ear;

	world_open(world, &settings);
	world_script_token(world, SECRET_MARK "-1", LIFE_MS);
	wait_for(world, &ear);
	fake_loop_advance(world->loop, 1);
	assert_int_equal(ear.count, 1);
	assert_false(ear.has_failed);
	assert_value(world, TOKEN "-1");
}

/* --- secrets without a service ------------------------------------------------------------ */

static void an_api_key_asks_nobody(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct world world;
	struct ear ear;

	(void)state;
	world_open(&world, &settings);
	assert_value(&world, NULL);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 0);
	assert_int_equal(ear.count, 1);
	assert_value(&world, "Bearer " SECRET_MARK "-key");
	fake_loop_advance(world.loop, 400 * TIME_DAY_MS);
	assert_value(&world, "Bearer " SECRET_MARK "-key");
	assert_int_equal(fake_http_count(world.http), 0);
	world_close(&world);
}

/* An exchanged key is found after a 401 without a restart. */
static void a_refused_key_is_read_again(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct world world;
	struct ear ear;
	uint64_t first;

	(void)state;
	world_open(&world, &settings);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 0);
	first = generation_of(&world);
	setenv("SCIM_TEST_KEY", SECRET_MARK "-new", 1);
	assert_value(&world, "Bearer " SECRET_MARK "-key");
	auth_refuse(world.auth, first);
	assert_value(&world, NULL);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 0);
	assert_value(&world, "Bearer " SECRET_MARK "-new");
	/* What was sent before is not held against the new one. */
	auth_refuse(world.auth, first);
	assert_value(&world, "Bearer " SECRET_MARK "-new");
	world_close(&world);
}

static void a_secret_that_is_not_there_is_down(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct world world;
	struct ear ear;

	(void)state;
	settings.auth.key = SPAN("env:SCIM_TEST_NOT_THERE");
	world_open(&world, &settings);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 0);
	assert_int_equal(ear.count, 1);
	assert_true(ear.has_failed);
	assert_int_equal(ear.failure.status, STATUS_DOWN);
	assert_int_equal(ear.failure.http_status, 0);
	assert_int_equal(ear.failure.retry_after_ms, -1);
	assert_has(ear.failure.err.text, "SCIM_TEST_NOT_THERE");
	assert_value(&world, NULL);
	world_close(&world);
}

static void no_method_is_no_header(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct world world;
	struct ear ear;

	(void)state;
	settings.profile = TENANT_GENERIC;
	settings.auth.method = TENANT_AUTH_NONE;
	world_open(&world, &settings);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 0);
	struct span value = SPAN("x");
	uint64_t generation;
	assert_true(auth_get(world.auth, &value, &generation));
	assert_null(value.at);
	world_close(&world);
}

/* Where there is no auth service, HTTP Basic goes to the tenant itself. */
static void basic_without_a_service_is_the_header(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear ear;

	(void)state;
	settings.profile = TENANT_GENERIC;
	settings.auth.url = "";
	world_open(&world, &settings);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 0);
	assert_value(&world, "Basic YWdlbnRAY29ycC5leGFtcGxlOnMzY3IzdC1wYXNzd29yZA==");
	assert_int_equal(fake_http_count(world.http), 0);
	world_close(&world);
}

/* --- logging in --------------------------------------------------------------------------- */

static void a_login_is_one_request(void **state)
{
	const struct fake_http_request *request;
	struct world world;

	(void)state;
	open_logged_in(&world);
	assert_int_equal(fake_http_count(world.http), 1);
	assert_int_equal(world.counters.requests, 1);
	assert_int_equal(world.counters.writes, 0);
	assert_true(world.counters.answer_bytes > 0);
	assert_int_equal(world.counters.outcomes[TENANT_LOGIN][TENANT_SUCCESS], 1);
	request = fake_http_request(world.http, 0);
	assert_string_equal(request->method, "POST");
	assert_string_equal(request->url, "https://auth.example/token/authenticate");
	assert_string_equal(
	    request->authorization, "Basic YWdlbnRAY29ycC5leGFtcGxlOnMzY3IzdC1wYXNzd29yZA==");
	assert_string_equal(request->accept, "application/json");
	assert_null(request->content_type);
	assert_null(request->body);
	assert_int_equal(request->timeout_ms, 60000);
	assert_true(request->has_secret_answer);
	world_close(&world);
}

static void anaplan_has_an_auth_url_of_its_own(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear ear;

	(void)state;
	settings.auth.url = NULL;
	world_open(&world, &settings);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 0);
	assert_string_equal(
	    last_request(&world)->url, "https://auth.anaplan.com/token/authenticate");
	world_close(&world);
}

static void a_certificate_logs_in_with_a_message_of_one_use(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear ear;

	(void)state;
	settings.auth.method = TENANT_AUTH_CERTIFICATE;
	settings.auth.cert_file = keys_path(KEYS_CERTIFICATE);
	settings.auth.key_file = span_of(keys_path(KEYS_KEY));
	world_open(&world, &settings);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 0);
	assert_has(last_request(&world)->authorization, "CACertificate ");
	assert_string_equal(last_request(&world)->content_type, "application/json");
	assert_has(last_request(&world)->body, "\"encodedDataFormat\":\"v2\"");
	assert_false(last_request(&world)->is_repeatable);
	world_close(&world);
}

static void however_many_wait_one_request_is_under_way(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear ears[20];

	(void)state;
	world_open(&world, &settings);
	world_script_token(&world, SECRET_MARK "-1", LIFE_MS);
	for (size_t i = 0; i < 10; i++)
		wait_for(&world, &ears[i]);
	fake_loop_step(world.loop);
	assert_int_equal(fake_http_count(world.http), 1);
	for (size_t i = 10; i < 20; i++)
		wait_for(&world, &ears[i]);
	auth_stop_waiting(world.auth, &ears[3].waiter);
	auth_stop_waiting(world.auth, &ears[3].waiter);
	auth_stop_waiting(world.auth, &ears[19].waiter);
	fake_loop_advance(world.loop, 1);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(ears[i].count, i == 3 || i == 19 ? 0 : 1);
	assert_int_equal(fake_http_count(world.http), 1);
	world_close(&world);
}

struct failure_case {
	struct fake_http_answer answer;
	enum status status;
	int64_t retry_after_ms;
	const char *words;
};

static void assert_login_fails(const struct failure_case *failing)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear ear;

	world_open(&world, &settings);
	fake_http_script(world.http, &failing->answer);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(ear.count, 1);
	assert_true(ear.has_failed);
	assert_int_equal(ear.failure.status, failing->status);
	assert_int_equal(ear.failure.http_status, failing->answer.status);
	assert_int_equal(ear.failure.retry_after_ms, failing->retry_after_ms);
	assert_int_equal(ear.failure.is_refused, failing->answer.failure == HTTP_REFUSED);
	assert_has(ear.failure.err.text, "POST /token/authenticate: ");
	assert_has(ear.failure.err.text, failing->words);
	assert_value(&world, NULL);
	/* It is tried again when somebody wants it again. */
	world_script_token(&world, SECRET_MARK "-1", LIFE_MS);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 1);
	assert_false(ear.has_failed);
	assert_value(&world, TOKEN "-1");
	world_close(&world);
}

static void logins_fail_for_the_moment_or_for_somebody(void **state)
{
	static const struct failure_case cases[] = {
		{ { .status = 401,
		      .body = "{\"status\":\"FAILURE_BAD_CREDENTIAL\",\"statusMessage\":\"Bad\"}" },
		    STATUS_DOWN, -1, "(Bad); check tenant.auth" },
		{ { .status = 400 }, STATUS_DOWN, -1, "check tenant.auth" },
		{ { .status = 404 }, STATUS_DOWN, -1, "check tenant.auth.url" },
		{ { .status = 302 }, STATUS_DOWN, -1, "check tenant.auth.url" },
		{ { .status = 429, .retry_after = "30" }, STATUS_RETRY, 30000, "answered 429" },
		{ { .status = 503, .retry_after = "Sun, 01 Mar 2026 00:00:10 GMT" }, STATUS_RETRY,
		    10000, "answered 503" },
		{ { .status = 500, .body = "<html>" }, STATUS_RETRY, -1, "answered 500" },
		{ { .status = 201, .body = "<html>" }, STATUS_RETRY, -1,
		    "answered 201, but the answer is not JSON" },
		{ { .status = 201, .body = "" }, STATUS_RETRY, -1, "no body" },
		{ { .status = 200, .body = "{\"tokenInfo\":{}}" }, STATUS_RETRY, -1, "no token" },
		{ { .status = 201,
		      .body = "{\"tokenInfo\":{\"tokenValue\":\"a\\r\\nX-Admin: 1\"}}" },
		    STATUS_RETRY, -1, "the token in it is not one" },
		{ { .failure = HTTP_REFUSED, .was_not_sent = true }, STATUS_RETRY, -1,
		    "no connection" },
		{ { .failure = HTTP_NOT_TRUSTED, .was_not_sent = true }, STATUS_DOWN, -1,
		    "not trusted" },
		{ { .failure = HTTP_BROKEN }, STATUS_RETRY, -1, "the connection broke" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_login_fails(&cases[i]);
}

/* An answer that quotes the token back must not get it into a message. */
static void a_token_is_not_in_a_message(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear ear;

	(void)state;
	world_open(&world, &settings);
	fake_http_reply(
	    world.http, 201, "{\"tokenInfo\":{\"tokenValue\":\"" SECRET_MARK " and space\"}}");
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 1);
	assert_true(ear.has_failed); /* ear_told looks for it */
	world_close(&world);
}

/* --- refreshing --------------------------------------------------------------------------- */

static void a_token_is_refreshed_before_it_ends(void **state)
{
	struct world world;

	(void)state;
	open_logged_in(&world);
	fake_loop_advance(world.loop, 28 * TIME_MINUTE_MS - 2);
	assert_value(&world, TOKEN "-1");
	assert_int_equal(fake_http_count(world.http), 1);
	fake_loop_advance(world.loop, 2);
	world_script_token(&world, SECRET_MARK "-1", LIFE_MS);
	assert_value(&world, TOKEN "-1"); /* which serves on */
	assert_int_equal(fake_http_count(world.http), 2);
	assert_value(&world, TOKEN "-1");
	assert_int_equal(fake_http_count(world.http), 2); /* one at a time */
	assert_string_equal(last_request(&world)->method, "POST");
	assert_string_equal(last_request(&world)->url, "https://auth.example/token/refresh");
	assert_string_equal(last_request(&world)->authorization, TOKEN "-1");
	fake_loop_advance(world.loop, 1);
	/* Its life began anew. */
	fake_loop_advance(world.loop, 27 * TIME_MINUTE_MS);
	assert_value(&world, TOKEN "-1");
	assert_int_equal(fake_http_count(world.http), 2);
	world_close(&world);
}

/* However it is spoken to, no request goes out with a token older than its 35 minutes. */
static void a_day_of_work_needs_one_login(void **state)
{
	struct world world;
	size_t refreshes = 0;

	(void)state;
	open_logged_in(&world);
	for (int minute = 0; minute < 24 * 60; minute++) {
		size_t before = fake_http_count(world.http);
		if (fake_http_counts(world.http).unused == 0)
			fake_http_reply(world.http, 200,
			    "{\"tokenInfo\":{\"tokenValue\":\"" SECRET_MARK "-1\"}}");
		assert_value(&world, TOKEN "-1");
		fake_loop_advance(world.loop, TIME_MINUTE_MS);
		refreshes += fake_http_count(world.http) - before;
	}
	assert_in_range(refreshes, 24 * 60 / 35, 24 * 60 / 27);
	for (size_t i = 1; i < fake_http_count(world.http); i++) {
		const struct fake_http_request *before = fake_http_request(world.http, i - 1);
		const struct fake_http_request *request = fake_http_request(world.http, i);
		assert_has(request->url, "/token/refresh");
		assert_in_range(request->at_ms - before->at_ms, 0, 34 * TIME_MINUTE_MS);
	}
	world_close(&world);
}

static void a_new_value_is_taken(void **state)
{
	struct world world;

	(void)state;
	open_logged_in(&world);
	fake_loop_advance(world.loop, 30 * TIME_MINUTE_MS);
	world_script_token(&world, SECRET_MARK "-2", LIFE_MS);
	assert_value(&world, TOKEN "-1");
	fake_loop_advance(world.loop, 1);
	assert_value(&world, TOKEN "-2");
	world_close(&world);
}

static void a_refresh_that_fails_becomes_a_login(void **state)
{
	struct world world;

	(void)state;
	open_logged_in(&world);
	fake_loop_advance(world.loop, 30 * TIME_MINUTE_MS);
	fake_http_reply(world.http, 401, "");
	world_script_token(&world, SECRET_MARK "-2", LIFE_MS);
	assert_value(&world, TOKEN "-1");
	fake_loop_step(world.loop);
	assert_value(&world, TOKEN "-1"); /* it still lives */
	fake_loop_advance(world.loop, 1);
	assert_has(last_request(&world)->url, "/token/authenticate");
	assert_value(&world, TOKEN "-2");
	world_close(&world);
}

/* The auth service is away: the token serves its time, and the service is not hammered. */
static void an_old_token_serves_while_none_can_be_had(void **state)
{
	struct world world;
	struct ear ear;

	(void)state;
	open_logged_in(&world);
	fake_loop_advance(world.loop, 30 * TIME_MINUTE_MS);
	for (int i = 0; i < 8; i++)
		fake_http_reply(world.http, 503, "");
	for (int second = 0; second < 120; second++) {
		assert_value(&world, TOKEN "-1");
		fake_loop_advance(world.loop, TIME_SECOND_MS);
	}
	assert_in_range(fake_http_count(world.http), 3, 1 + 2 * 2);
	fake_loop_advance(world.loop, 3 * TIME_MINUTE_MS);
	assert_value(&world, NULL);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 1);
	assert_true(ear.has_failed);
	assert_int_equal(ear.failure.status, STATUS_RETRY);
	world_close(&world);
}

static void a_token_that_ended_is_not_used(void **state)
{
	struct world world;
	struct ear ear;

	(void)state;
	open_logged_in(&world);
	fake_loop_advance(world.loop, 35 * TIME_MINUTE_MS - 2);
	assert_value(&world, TOKEN "-1");
	fake_loop_advance(world.loop, TIME_HOUR_MS); /* the refresh got no answer, nor the login */
	assert_value(&world, NULL);
	world_script_token(&world, SECRET_MARK "-2", LIFE_MS);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 1);
	assert_false(ear.has_failed);
	assert_value(&world, TOKEN "-2");
	world_close(&world);
}

static void a_wait_during_a_refresh_gets_what_it_brings(void **state)
{
	struct world world;
	struct ear ear;

	(void)state;
	open_logged_in(&world);
	fake_loop_advance(world.loop, 35 * TIME_MINUTE_MS - 1000);
	fake_http_script(
	    world.http, &(struct fake_http_answer) { .status = 200,
			    .body = "{\"tokenInfo\":{\"tokenValue\":\"" SECRET_MARK "-2\"}}",
			    .delay_ms = 5000 });
	assert_value(&world, TOKEN "-1");
	fake_loop_advance(world.loop, 2000);
	assert_value(&world, NULL);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 3000);
	assert_int_equal(ear.count, 1);
	assert_false(ear.has_failed);
	assert_value(&world, TOKEN "-2");
	assert_int_equal(fake_http_count(world.http), 2);
	world_close(&world);
}

/* --- how long a token lives --------------------------------------------------------------- */

static void assert_life(int64_t expires_at_ms, const char *date, int64_t wanted_ms)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear ear;
	char body[160];

	world_open(&world, &settings);
	snprintf(body, sizeof(body),
	    "{\"tokenInfo\":{\"tokenValue\":\"" SECRET_MARK "-1\",\"expiresAt\":%lld}}",
	    (long long)expires_at_ms);
	fake_http_script(
	    world.http, &(struct fake_http_answer) { .status = 201, .body = body, .date = date });
	wait_for(&world, &ear);
	fake_loop_step(world.loop);
	fake_loop_step(world.loop);
	assert_int_equal(ear.count, 1);
	fake_loop_advance(world.loop, wanted_ms - 1);
	assert_value(&world, TOKEN "-1");
	fake_loop_advance(world.loop, 1);
	assert_value(&world, NULL);
	world_close(&world);
}

static void a_life_is_what_the_service_says_within_reason(void **state)
{
	static const char date[] = "Sat, 28 Feb 2026 00:00:00 GMT"; /* its clock is a day behind */
	const int64_t now_ms = FAKE_LOOP_WALL_MS;

	(void)state;
	assert_life(now_ms + 10 * TIME_MINUTE_MS, NULL, 10 * TIME_MINUTE_MS);
	assert_life(now_ms + LIFE_MS, NULL, LIFE_MS);
	assert_life(now_ms + TIME_DAY_MS, NULL, LIFE_MS);
	assert_life(now_ms - 1, NULL, LIFE_MS); /* whose clock is it that is wrong? */
	assert_life(0, NULL, LIFE_MS);
	assert_life(INT64_MAX, NULL, LIFE_MS);
	assert_life(now_ms - TIME_DAY_MS + 10 * TIME_MINUTE_MS, date, 10 * TIME_MINUTE_MS);
	assert_life(now_ms + 10 * TIME_MINUTE_MS, "nonsense", 10 * TIME_MINUTE_MS);
}

/* Both numbers come from the peer: their difference must not leave what a number can hold. */
static void a_life_from_before_the_epoch_is_survived(void **state)
{
	(void)state;
	assert_life(INT64_MAX, "Mon, 01 Jan 0001 00:00:00 GMT", LIFE_MS);
}

/* The wall clock may jump; a token's life is counted on the other one. */
static void a_jump_of_the_clock_ends_no_token(void **state)
{
	struct world world;

	(void)state;
	open_logged_in(&world);
	fake_loop_jump_wall(world.loop, TIME_DAY_MS);
	assert_value(&world, TOKEN "-1");
	fake_loop_jump_wall(world.loop, -3 * TIME_DAY_MS);
	assert_value(&world, TOKEN "-1");
	assert_int_equal(fake_http_count(world.http), 1);
	world_close(&world);
}

/* --- 401 ---------------------------------------------------------------------------------- */

static void a_refused_token_is_forgotten(void **state)
{
	struct world world;
	struct ear ear;
	uint64_t first;

	(void)state;
	open_logged_in(&world);
	first = generation_of(&world);
	auth_refuse(world.auth, first);
	assert_value(&world, NULL);
	world_script_token(&world, SECRET_MARK "-2", LIFE_MS);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 1);
	assert_has(last_request(&world)->url, "/token/authenticate");
	assert_value(&world, TOKEN "-2");
	assert_int_not_equal(generation_of(&world), first);
	auth_refuse(world.auth, first);
	assert_value(&world, TOKEN "-2");
	world_close(&world);
}

static void a_token_refused_while_refreshed_needs_a_login(void **state)
{
	struct world world;
	struct ear ear;

	(void)state;
	open_logged_in(&world);
	fake_loop_advance(world.loop, 30 * TIME_MINUTE_MS);
	auth_refuse(world.auth, generation_of(&world)); /* which started a refresh */
	assert_int_equal(fake_http_counts(world.http).canceled, 1);
	world_script_token(&world, SECRET_MARK "-2", LIFE_MS);
	wait_for(&world, &ear);
	fake_loop_advance(world.loop, 1);
	assert_false(ear.has_failed);
	assert_has(last_request(&world)->url, "/token/authenticate");
	assert_value(&world, TOKEN "-2");
	world_close(&world);
}

/* --- the end ------------------------------------------------------------------------------ */

static void a_close_logs_out(void **state)
{
	struct world world;
	struct ear ear;

	(void)state;
	open_logged_in(&world);
	fake_http_reply(world.http, 204, "");
	close_for(&world, &ear);
	assert_value(&world, NULL);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(ear.count, 1);
	assert_false(ear.has_failed);
	assert_string_equal(last_request(&world)->method, "POST");
	assert_string_equal(last_request(&world)->url, "https://auth.example/token/logout");
	assert_string_equal(last_request(&world)->authorization, TOKEN "-1");
	assert_int_equal(last_request(&world)->timeout_ms, 5000);
	assert_value(&world, NULL);
	close_for(&world, &ear);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(ear.count, 1);
	assert_int_equal(fake_http_count(world.http), 2);
	world_close(&world);
}

static void a_close_ends_whatever_the_service_says(void **state)
{
	static const struct fake_http_answer answers[] = { { .status = 500 }, { .status = 401 },
		{ .failure = HTTP_BROKEN } };

	(void)state;
	for (size_t i = 0; i <= COUNT_OF(answers); i++) {
		struct world world;
		struct ear ear;
		open_logged_in(&world);
		if (i < COUNT_OF(answers)) /* else it never answers */
			fake_http_script(world.http, &answers[i]);
		close_for(&world, &ear);
		fake_loop_advance(world.loop, 5000);
		assert_int_equal(ear.count, 1);
		assert_false(ear.has_failed);
		assert_value(&world, NULL);
		world_close(&world);
	}
}

static void a_close_without_a_token_asks_nobody(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear ears[2];

	(void)state;
	world_open(&world, &settings);
	close_for(&world, &ears[0]);
	close_for(&world, &ears[1]);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(ears[0].count, 1);
	assert_int_equal(ears[1].count, 1);
	assert_int_equal(fake_http_count(world.http), 0);
	world_close(&world);
	settings = api_key_settings();
	world_open(&world, &settings);
	wait_for(&world, &ears[0]);
	fake_loop_advance(world.loop, 1);
	close_for(&world, &ears[0]);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(ears[0].count, 1);
	assert_int_equal(fake_http_count(world.http), 0);
	assert_value(&world, NULL);
	world_close(&world);
}

/* The token that comes is given back at once: left alive it would be one too many. */
static void a_close_during_a_login_logs_out_what_comes(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear waiting, closing;

	(void)state;
	world_open(&world, &settings);
	world_script_token(&world, SECRET_MARK "-1", LIFE_MS);
	fake_http_reply(world.http, 204, "");
	wait_for(&world, &waiting);
	close_for(&world, &closing);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(waiting.count, 1);
	assert_false(waiting.has_failed);
	assert_int_equal(closing.count, 1);
	assert_has(last_request(&world)->url, "/token/logout");
	assert_string_equal(last_request(&world)->authorization, TOKEN "-1");
	world_close(&world);
}

static void a_close_during_a_refresh_logs_out(void **state)
{
	struct world world;
	struct ear ear;

	(void)state;
	open_logged_in(&world);
	fake_loop_advance(world.loop, 30 * TIME_MINUTE_MS);
	assert_value(&world, TOKEN "-1");
	fake_http_reply(world.http, 204, "");
	close_for(&world, &ear);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(ear.count, 1);
	assert_int_equal(fake_http_counts(world.http).canceled, 1);
	assert_has(last_request(&world)->url, "/token/logout");
	world_close(&world);
}

static void who_waits_during_a_logout_gets_a_new_token(void **state)
{
	struct world world;
	struct ear closing, waiting;

	(void)state;
	open_logged_in(&world);
	fake_http_reply(world.http, 204, "");
	world_script_token(&world, SECRET_MARK "-2", LIFE_MS);
	close_for(&world, &closing);
	wait_for(&world, &waiting);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(closing.count, 1);
	assert_int_equal(waiting.count, 1);
	assert_false(waiting.has_failed);
	assert_value(&world, TOKEN "-2");
	world_close(&world);
}

static void freeing_ends_what_is_under_way(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct ear ear;

	(void)state;
	world_open(&world, &settings);
	wait_for(&world, &ear);
	fake_loop_step(world.loop);
	assert_int_equal(fake_http_counts(world.http).running, 1);
	auth_free(&world.auth);
	assert_null(world.auth);
	auth_free(&world.auth);
	assert_int_equal(fake_http_counts(world.http).running, 0);
	fake_loop_advance(world.loop, TIME_HOUR_MS);
	assert_int_equal(ear.count, 0);
	world_close(&world);
}

/* --- words -------------------------------------------------------------------------------- */

static void how_it_is_had_can_be_told(void **state)
{
	struct world world;
	struct str text = { 0 };

	(void)state;
	open_logged_in(&world);
	auth_describe(world.auth, &text);
	assert_span(str_span(&text),
	    "a user and a password; https://auth.example gave a token for 34 min 59 s");
	world_close(&world);
	str_truncate(&text, 0);
	struct tenant_settings settings = api_key_settings();
	world_open(&world, &settings);
	auth_describe(world.auth, &text);
	assert_span(str_span(&text), "an API key");
	str_done(&text);
	world_close(&world);
}

const struct CMUnitTest auth_tests[] = {
	cmocka_unit_test(an_api_key_asks_nobody),
	cmocka_unit_test(a_refused_key_is_read_again),
	cmocka_unit_test(a_secret_that_is_not_there_is_down),
	cmocka_unit_test(no_method_is_no_header),
	cmocka_unit_test(basic_without_a_service_is_the_header),
	cmocka_unit_test(a_login_is_one_request),
	cmocka_unit_test(anaplan_has_an_auth_url_of_its_own),
	cmocka_unit_test(a_certificate_logs_in_with_a_message_of_one_use),
	cmocka_unit_test(however_many_wait_one_request_is_under_way),
	cmocka_unit_test(logins_fail_for_the_moment_or_for_somebody),
	cmocka_unit_test(a_token_is_not_in_a_message),
	cmocka_unit_test(a_token_is_refreshed_before_it_ends),
	cmocka_unit_test(a_day_of_work_needs_one_login),
	cmocka_unit_test(a_new_value_is_taken),
	cmocka_unit_test(a_refresh_that_fails_becomes_a_login),
	cmocka_unit_test(an_old_token_serves_while_none_can_be_had),
	cmocka_unit_test(a_token_that_ended_is_not_used),
	cmocka_unit_test(a_wait_during_a_refresh_gets_what_it_brings),
	cmocka_unit_test(a_life_is_what_the_service_says_within_reason),
	cmocka_unit_test(a_life_from_before_the_epoch_is_survived),
	cmocka_unit_test(a_jump_of_the_clock_ends_no_token),
	cmocka_unit_test(a_refused_token_is_forgotten),
	cmocka_unit_test(a_token_refused_while_refreshed_needs_a_login),
	cmocka_unit_test(a_close_logs_out),
	cmocka_unit_test(a_close_ends_whatever_the_service_says),
	cmocka_unit_test(a_close_without_a_token_asks_nobody),
	cmocka_unit_test(a_close_during_a_login_logs_out_what_comes),
	cmocka_unit_test(a_close_during_a_refresh_logs_out),
	cmocka_unit_test(who_waits_during_a_logout_gets_a_new_token),
	cmocka_unit_test(freeing_ends_what_is_under_way),
	cmocka_unit_test(how_it_is_had_can_be_told),
};
const size_t auth_test_count = COUNT_OF(auth_tests);
