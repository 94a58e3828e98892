/* SPDX-License-Identifier: ISC */
/* The device grant in virtual time. */
#include "scim/login.h"

#include "base/time.h"
#include "scim/token_file.h"
#include "tests/unit/scim/support.h"
#include "tests/unit/scim/token_file_steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CODE                                                                                       \
	"{\"device_code\":\"" SECRET_MARK "-dev\",\"user_code\":\"ABCD-EFGH\","                    \
	"\"verification_uri\":\"https://iam.example/activate\",\"expires_in\":600,\"interval\":5}"
#define GRANTED "{\"access_token\":\"" SECRET_MARK "-a\",\"refresh_token\":\"" SECRET_MARK "-r\"}"
#define PENDING "{\"error\":\"authorization_pending\"}"

struct scene {
	struct loop *loop;
	struct http *http; /* borrowed */
	struct tenant_settings settings;
	struct login *login;
	char code[32], page[64];
	unsigned prompts, troubles, ends;
	enum status status;
	struct err err;
};

static struct token_place place;

static void on_prompt(void *context, const struct login_prompt *prompt)
{
	struct scene *scene = context;

	scene->prompts++;
	snprintf(scene->code, sizeof(scene->code), "%.*s", SPAN_ARG(prompt->user_code));
	snprintf(scene->page, sizeof(scene->page), "%.*s", SPAN_ARG(prompt->verification_uri));
	assert_null(prompt->verification_uri_complete.at);
	assert_int_equal(prompt->life_ms, 600000);
}

static void on_trouble(void *context, const struct err *err, int64_t wait_ms)
{
	assert_lacks(err->text, SECRET_MARK);
	assert_true(wait_ms >= 5000);
	((struct scene *)context)->troubles++;
}

static void on_end(void *context, enum status status, const struct err *err)
{
	struct scene *scene = context;

	scene->ends++;
	scene->status = status;
	scene->err = *err;
	assert_lacks(err->text, SECRET_MARK);
}

static void begin(struct scene *scene)
{
	static const struct login_events events = { on_prompt, on_trouble, on_end };

	*scene = (struct scene) { .settings = oauth_settings(place.path), .loop = loop_new() };
	scene->http = fake_http_new(scene->loop);
	scene->login = login_start(
	    &(struct login_input) { scene->loop, &scene->settings, scene->http, &events, scene });
	assert_int_equal(fake_http_count(scene->http), 0);
}

static void finish(struct scene *scene)
{
	login_free(&scene->login);
	assert_int_equal(fake_loop_watcher_count(scene->loop), 0);
	loop_free(&scene->loop);
}

static void expect_end(struct scene *scene, enum status status, const char *why)
{
	fake_loop_advance(scene->loop, 20 * TIME_MINUTE_MS);
	assert_int_equal(scene->ends, 1);
	if (scene->status != status)
		fail_msg("%s", scene->err.text);
	assert_has(scene->err.text, why);
	finish(scene);
}

static int64_t sent_at(struct scene *scene, size_t request)
{
	return fake_http_request(scene->http, request)->at_ms;
}

static int make_place(void **state)
{
	(void)state;
	token_place_make(&place);
	*token_file_steps = (struct token_file_steps) { 0 };
	return 0;
}

static int remove_place(void **state)
{
	(void)state;
	*token_file_steps = (struct token_file_steps) { 0 };
	token_place_remove(&place);
	return 0;
}

static void a_person_lets_it_in(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	fake_http_reply(scene.http, 200, CODE);
	fake_http_reply(scene.http, 400, PENDING);
	fake_http_reply(scene.http, 403, PENDING);
	fake_http_reply(scene.http, 200, GRANTED);
	fake_loop_advance(scene.loop, 0);
	assert_int_equal(scene.prompts, 1);
	assert_string_equal(scene.code, "ABCD-EFGH");
	assert_string_equal(scene.page, "https://iam.example/activate");
	assert_string_equal(
	    fake_http_request(scene.http, 0)->url, "https://oauth.example/oauth/device/code");
	assert_string_equal(fake_http_request(scene.http, 0)->body,
	    "{\"client_id\":\"cl-1\",\"scope\":\"openid profile email offline_access\"}");
	fake_loop_advance(scene.loop, TIME_MINUTE_MS);
	assert_int_equal(fake_http_count(scene.http), 4);
	assert_string_equal(fake_http_request(scene.http, 3)->body,
	    "{\"grant_type\":\"urn:ietf:params:oauth:grant-type:device_code\",\"device_code\":"
	    "\"" SECRET_MARK "-dev\",\"client_id\":\"cl-1\"}");
	assert_int_equal(sent_at(&scene, 1) - sent_at(&scene, 0), 5000);
	assert_int_equal(sent_at(&scene, 3) - sent_at(&scene, 2), 5000);
	token_place_holds(place.path, SECRET_MARK "-r\n");
	expect_end(&scene, STATUS_OK, "");
}

static void it_slows_down_when_asked(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	fake_http_reply(scene.http, 200, CODE);
	fake_http_reply(scene.http, 400, "{\"error\":\"slow_down\"}");
	fake_http_reply(scene.http, 429, "{\"error\":\"slow_down\"}");
	fake_http_reply(scene.http, 400, PENDING);
	fake_http_reply(scene.http, 200, GRANTED);
	fake_loop_advance(scene.loop, 2 * TIME_MINUTE_MS);
	assert_int_equal(sent_at(&scene, 2) - sent_at(&scene, 1), 10000);
	assert_int_equal(sent_at(&scene, 3) - sent_at(&scene, 2), 15000);
	assert_int_equal(sent_at(&scene, 4) - sent_at(&scene, 3), 15000);
	assert_int_equal(scene.troubles, 0);
	expect_end(&scene, STATUS_OK, "");
}

/* RFC 8628 3.5: a poll that failed is repeated more seldom. */
static void trouble_passes(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	fake_http_reply(scene.http, 200, CODE);
	fake_http_script(scene.http, &(struct fake_http_answer) { .failure = HTTP_BROKEN });
	fake_http_reply(scene.http, 503, "");
	fake_http_script(scene.http,
	    &(struct fake_http_answer) { .status = 429, .body = "", .retry_after = "60" });
	fake_http_reply(scene.http, 200, GRANTED);
	fake_loop_advance(scene.loop, 3 * TIME_MINUTE_MS);
	assert_int_equal(sent_at(&scene, 2) - sent_at(&scene, 1), 10000);
	assert_int_equal(sent_at(&scene, 3) - sent_at(&scene, 2), 20000);
	assert_int_equal(sent_at(&scene, 4) - sent_at(&scene, 3), 60000);
	assert_int_equal(scene.troubles, 3);
	expect_end(&scene, STATUS_OK, "");
}

static void end_with(int status, const char *body, const char *why)
{
	struct scene scene;

	begin(&scene);
	fake_http_reply(scene.http, 200, CODE);
	fake_http_reply(scene.http, status, body);
	expect_end(&scene, STATUS_DOWN, why);
}

static void it_ends_without_a_token(void **state)
{
	(void)state;
	end_with(400, "{\"error\":\"access_denied\"}", "(access_denied); somebody refused it");
	end_with(403, "{\"error\":\"expired_token\"}", "nobody confirmed in time; start again");
	end_with(400, "{\"error\":\"invalid_grant\"}", "the code was used up");
	end_with(401, "{\"error\":\"invalid_client\"}", "check tenant.auth.client_id");
	end_with(400, "{\"error\":\"odd " SECRET_MARK "-dev\"}", "check tenant.auth.url");
	end_with(200, "{\"access_token\":\"" SECRET_MARK "\"}", "gives no refresh token");
	end_with(200, "{\"refresh_token\":\"" SECRET_MARK "\\n\"}", "is not one");
	end_with(200, "x", "is not JSON");
}

static void nobody_comes(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	fake_http_reply(scene.http, 200, CODE);
	for (int i = 0; i < 200; i++)
		fake_http_reply(scene.http, 400, PENDING);
	fake_loop_advance(scene.loop, 11 * TIME_MINUTE_MS);
	assert_int_equal(fake_http_count(scene.http), 1 + 600 / 5 - 1);
	expect_end(&scene, STATUS_DOWN, "nobody confirmed in time, so that the code is void");
}

static void there_is_no_code(void **state)
{
	static const struct {
		int status;
		const char *body, *why;
	} cases[] = {
		{ 401, "{\"error\":\"invalid_client\"}", "check tenant.auth.client_id" },
		{ 400, "{\"error\":\"unauthorized_client\"}", "is one for the device grant" },
		{ 404, "<html>", "check tenant.auth.url" },
		{ 503, "", "try again later" },
		{ 200, "{}", "no device_code" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene scene;

		begin(&scene);
		fake_http_reply(scene.http, cases[i].status, cases[i].body);
		expect_end(&scene, STATUS_DOWN, cases[i].why);
	}
}

/* Nobody is sent to a browser for a token that cannot be kept. */
static void a_place_that_cannot_be_written_is_said_first(void **state)
{
	struct scene scene;

	(void)state;
	token_file_steps->fail_at = 4;
	token_file_steps->fail_with = EROFS;
	begin(&scene);
	fake_loop_advance(scene.loop, TIME_MINUTE_MS);
	assert_int_equal(fake_http_count(scene.http), 0);
	expect_end(&scene, STATUS_REJECT, "Read-only file system; the directory must be one");
}

/* The service may exchange while the person reads, and just when the token comes. */
static void the_lock_is_held_for_moments_only(void **state)
{
	struct token_file *service = token_file_new(place.path);
	struct scene scene;
	struct err err;

	(void)state;
	begin(&scene);
	fake_http_reply(scene.http, 200, CODE);
	fake_http_reply(scene.http, 200, GRANTED);
	fake_loop_advance(scene.loop, 1000);
	assert_int_equal(token_file_lock(service, &err), STATUS_OK);
	fake_loop_advance(scene.loop, 30000);
	assert_int_equal(fake_http_count(scene.http), 2);
	assert_int_equal(scene.ends, 0);
	token_file_free(&service);
	expect_end(&scene, STATUS_OK, "");
	token_place_holds(place.path, SECRET_MARK "-r\n");
}

static void it_can_be_ended_at_any_time(void **state)
{
	(void)state;
	for (int64_t ms = 0; ms < 8000; ms += 1000) {
		struct scene scene;

		token_place_put(place.path, "old\n", 0600);
		begin(&scene);
		fake_http_script(scene.http,
		    &(struct fake_http_answer) { .status = 200, .body = CODE, .delay_ms = 1500 });
		fake_http_script(
		    scene.http, &(struct fake_http_answer) {
				    .status = 200, .body = GRANTED, .delay_ms = 5000 });
		fake_loop_advance(scene.loop, ms);
		assert_int_equal(scene.ends, 0);
		finish(&scene);
		token_place_holds(place.path, "old\n");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

const struct CMUnitTest login_tests[] = {
	TEST(a_person_lets_it_in),
	TEST(it_slows_down_when_asked),
	TEST(trouble_passes),
	TEST(it_ends_without_a_token),
	TEST(nobody_comes),
	TEST(there_is_no_code),
	TEST(a_place_that_cannot_be_written_is_said_first),
	TEST(the_lock_is_held_for_moments_only),
	TEST(it_can_be_ended_at_any_time),
};
const size_t login_test_count = COUNT_OF(login_tests);
