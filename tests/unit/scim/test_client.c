/* SPDX-License-Identifier: ISC */
/* Calls on a scripted transport: each is answered once, whatever comes. */
#include "base/time.h"
#include "tests/unit/scim/support.h"

#include <stdlib.h>

static const struct client_request list_first = { .method = SPAN_INIT("GET"),
	.path = SPAN_INIT("/Users?startIndex=1&count=100"),
	.answer = CLIENT_BODY_LIST,
	.list_start = 1 };
static const struct client_request get_one = {
	.method = SPAN_INIT("GET"), .path = SPAN_INIT("/Users/a1"), .answer = CLIENT_BODY_ACCOUNT
};
static const struct client_request create = { .method = SPAN_INIT("POST"),
	.path = SPAN_INIT("/Users"),
	.body = SPAN_INIT("{\"userName\":\"a@x\"}"),
	.answer = CLIENT_BODY_ACCOUNT,
	.is_write = true };
static const struct client_request patch = { .method = SPAN_INIT("PATCH"),
	.path = SPAN_INIT("/Users/a1"),
	.body = SPAN_INIT("{\"Operations\":[]}"),
	.answer = CLIENT_BODY_ACCOUNT,
	.is_write = true };

static struct tenant_call *start(
    struct world *world, const struct client_request *request, struct heard *heard)
{
	struct tenant_call *call;

	*heard = (struct heard) { .loop = world->loop };
	call = client_start(
	    world->client, request, &(struct client_owner) { .callback = hear, .context = heard });
	assert_int_equal(heard->count, 0);
	return call;
}

static void open_with_key(struct world *world)
{
	struct tenant_settings settings = api_key_settings();

	world_open(world, &settings);
}

/* One request, one scripted answer. */
static struct heard ask(const struct client_request *request, const struct fake_http_answer *answer)
{
	struct world world;
	struct heard heard;

	open_with_key(&world);
	fake_http_script(world.http, answer);
	start(&world, request, &heard);
	fake_loop_advance(world.loop, TIME_MINUTE_MS);
	assert_int_equal(heard.count, 1);
	world_close(&world);
	assert_int_equal(heard.count, 1);
	return heard;
}

static struct heard ask_for(const struct client_request *request, int http_status, const char *body)
{
	return ask(request, &(struct fake_http_answer) { .status = http_status, .body = body });
}

/* --- what goes out ------------------------------------------------------------------------ */

static void a_read_is_sent_with_the_credential(void **state)
{
	const struct fake_http_request *request;
	struct world world;
	struct heard heard;

	(void)state;
	open_with_key(&world);
	start(&world, &list_first, &heard);
	fake_loop_step(world.loop);
	request = fake_http_request(world.http, 0);
	assert_string_equal(request->method, "GET");
	assert_string_equal(
	    request->url, "https://api.example/scim/1/0/v2/Users?startIndex=1&count=100");
	assert_string_equal(request->authorization, "Bearer " SECRET_MARK "-key");
	assert_string_equal(request->accept, "application/scim+json");
	assert_null(request->content_type);
	assert_null(request->body);
	assert_int_equal(request->timeout_ms, 60000);
	assert_true(request->is_repeatable);
	assert_false(request->has_secret_answer);
	world_close(&world);
}

/* A write that may have been done is not to be sent again by the transport. */
static void a_write_is_sent_with_its_body_and_once(void **state)
{
	const struct fake_http_request *request;
	struct world world;
	struct heard heard;

	(void)state;
	open_with_key(&world);
	start(&world, &patch, &heard);
	fake_loop_step(world.loop);
	request = fake_http_request(world.http, 0);
	assert_string_equal(request->method, "PATCH");
	assert_string_equal(request->url, "https://api.example/scim/1/0/v2/Users/a1");
	assert_string_equal(request->content_type, "application/scim+json");
	assert_string_equal(request->body, "{\"Operations\":[]}");
	assert_false(request->is_repeatable);
	assert_int_equal(world.counters.requests, 1);
	assert_int_equal(world.counters.writes, 1);
	world_close(&world);
}

static void how_long_it_took_is_counted(void **state)
{
	const struct fake_http_answer slow = { .status = 503, .body = "", .delay_ms = 300 };
	struct world world;
	struct heard heard;

	(void)state;
	open_with_key(&world);
	fake_http_script(world.http, &slow);
	start(&world, &patch, &heard);
	fake_loop_advance(world.loop, 400);
	assert_int_equal(world.counters.outcomes[TENANT_CHANGE][TENANT_SERVER_ERROR], 1);
	assert_int_equal(world.counters.durations_ms[TENANT_CHANGE].sum, 300);
	world_close(&world);
}

/* The spans of a request may go as soon as the start returned. */
static void a_request_is_copied(void **state)
{
	struct client_request request = { .method = SPAN("GET"), .answer = CLIENT_BODY_ANY };
	struct world world;
	struct heard heard;
	char *path = span_dup_c(SPAN("/Users/x"));

	(void)state;
	open_with_key(&world);
	request.path = span_of(path);
	start(&world, &request, &heard);
	free(path);
	fake_http_reply(world.http, 200, "");
	fake_loop_advance(world.loop, 1);
	assert_int_equal(heard.status, STATUS_OK);
	assert_has(fake_http_request(world.http, 0)->url, "/Users/x");
	assert_int_equal(world.counters.outcomes[TENANT_READ][TENANT_SUCCESS], 1);
	world_close(&world);
}

static void calls_are_used_again(void **state)
{
	struct world world;
	struct heard heard[100];

	(void)state;
	open_with_key(&world);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT_OF(heard); i++) {
			fake_http_reply(world.http, 200, "{\"id\":\"a1\"}");
			start(&world, i % 2 == 0 ? &patch : &get_one, &heard[i]);
		}
		fake_loop_advance(world.loop, 1);
		for (size_t i = 0; i < COUNT_OF(heard); i++) {
			assert_int_equal(heard[i].count, 1);
			assert_string_equal(heard[i].ids, "a1");
		}
	}
	for (size_t i = 0; i < fake_http_count(world.http); i++) {
		const struct fake_http_request *request = fake_http_request(world.http, i);
		assert_int_equal(request->body == NULL, strcmp(request->method, "GET") == 0);
	}
	world_close(&world);
}

/* --- what comes back ---------------------------------------------------------------------- */

static void a_list_is_answered_with_its_accounts(void **state)
{
	struct heard heard = ask_for(&list_first, 200,
	    "{\"totalResults\":3,\"Resources\":[{\"id\":\"b\"},{\"id\":\"a\"},{\"id\":\"b\"}]}");

	(void)state;
	assert_int_equal(heard.status, STATUS_OK);
	assert_int_equal(heard.http_status, 200);
	assert_int_equal(heard.total, 3);
	assert_string_equal(heard.ids, "b a b");
	assert_int_equal(heard.retry_after_ms, -1);
}

static void a_list_that_hides_its_users_is_none(void **state)
{
	struct client_request later = list_first;
	struct heard heard = ask_for(&list_first, 200, "{\"totalResults\":3}");

	(void)state;
	assert_int_equal(heard.status, STATUS_RETRY);
	assert_has(heard.error, "GET /Users: ");
	assert_has(heard.error, "counts 3 users and has no \"Resources\"");
	assert_int_equal(ask_for(&list_first, 200, "{\"totalResults\":1}").status, STATUS_RETRY);
	assert_int_equal(ask_for(&list_first, 200, "{\"totalResults\":0}").status, STATUS_OK);
	assert_int_equal(
	    ask_for(&list_first, 200, "{\"totalResults\":1,\"Resources\":null}").status,
	    STATUS_RETRY);
	later.list_start = 4; /* behind the last */
	heard = ask_for(&later, 200, "{\"totalResults\":3}");
	assert_int_equal(heard.status, STATUS_OK);
	assert_int_equal(heard.account_count, 0);
	later.list_start = 3;
	assert_int_equal(ask_for(&later, 200, "{\"totalResults\":3}").status, STATUS_RETRY);
}

static void an_answer_that_cannot_be_read_comes_again(void **state)
{
	static const char *const bodies[] = { "", "<html>", "{\"id\":\"a1\"", "[]", "{}",
		"{\"totalResults\":1,\"Resources\":[{}]}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct heard heard = ask_for(&list_first, 200, bodies[i]);
		assert_int_equal(heard.status, STATUS_RETRY);
		assert_int_equal(heard.http_status, 200);
		assert_false(heard.may_have_happened);
		assert_has(heard.error, "the tenant answered 200, but the answer");
		assert_int_equal(ask_for(&get_one, 200, bodies[i]).status, STATUS_RETRY);
	}
}

/* What a write did is not known from an answer that cannot be read. */
static void a_write_that_is_answered_badly_may_have_happened(void **state)
{
	struct heard heard = ask_for(&create, 201, "{\"userName\":\"a@x\"}");

	(void)state;
	assert_int_equal(heard.status, STATUS_RETRY);
	assert_true(heard.may_have_happened);
	assert_has(heard.error, "without an \"id\"");
	heard = ask_for(&create, 201, "");
	assert_int_equal(heard.status, STATUS_RETRY);
	assert_true(heard.may_have_happened);
	heard = ask_for(&patch, 200, "<html>");
	assert_int_equal(heard.status, STATUS_RETRY);
	assert_true(heard.may_have_happened);
}

/* The documentation says 201 and shows 200; RFC 7644 allows 204 for a PATCH. */
static void a_write_is_answered_in_several_ways(void **state)
{
	struct heard heard = ask_for(&create, 201, "{\"id\":\"a1\"}");

	(void)state;
	assert_int_equal(heard.status, STATUS_OK);
	assert_string_equal(heard.ids, "a1");
	assert_int_equal(ask_for(&create, 200, "{\"id\":\"a1\"}").status, STATUS_OK);
	heard = ask_for(&patch, 204, "");
	assert_int_equal(heard.status, STATUS_OK);
	assert_int_equal(heard.account_count, 0);
	assert_int_equal(ask_for(&patch, 200, " \n").status, STATUS_OK);
	assert_int_equal(ask_for(&patch, 200, "{\"id\":\"a1\"}").account_count, 1);
}

static void partly_done_is_told(void **state)
{
	struct heard heard = ask_for(&patch, 207, "{\"id\":\"a1\"}");

	(void)state;
	assert_int_equal(heard.status, STATUS_OK);
	assert_true(heard.is_partial);
	assert_string_equal(heard.ids, "a1");
	assert_has(heard.error, "not all of it was done");
	heard = ask_for(&patch, 207, "<html>");
	assert_int_equal(heard.status, STATUS_OK);
	assert_true(heard.is_partial);
	assert_int_equal(heard.account_count, 0);
	heard = ask_for(&create, 202, "");
	assert_int_equal(heard.status, STATUS_OK);
	assert_true(heard.is_partial);
	assert_int_equal(heard.account_count, 0);
}

static void a_refusal_is_told_with_the_tenants_words(void **state)
{
	struct heard heard = ask(
	    &create, &(struct fake_http_answer) { .status = 409,
			 .body = "{\"scimType\":\"uniqueness\",\"detail\":\"\\u001b[31mtaken\"}",
			 .request_id = "req-1" });

	(void)state;
	assert_int_equal(heard.status, STATUS_REJECT);
	assert_int_equal(heard.http_status, 409);
	assert_string_equal(heard.error_type, "uniqueness");
	assert_string_equal(heard.request_id, "req-1");
	assert_has(heard.error, "POST /Users: the tenant answered 409 (\\x1B[31mtaken)");
	assert_false(heard.may_have_happened);
	heard = ask_for(&get_one, 404, "<html>");
	assert_int_equal(heard.status, STATUS_REJECT);
	assert_int_equal(heard.http_status, 404);
	assert_string_equal(heard.error_type, "");
	assert_int_equal(ask_for(&get_one, 403, "").status, STATUS_DOWN);
}

static void a_tenant_that_has_enough_says_for_how_long(void **state)
{
	struct heard heard = ask(
	    &patch, &(struct fake_http_answer) { .status = 429, .retry_after = "17" });

	(void)state;
	assert_int_equal(heard.status, STATUS_RETRY);
	assert_int_equal(heard.retry_after_ms, 17000);
	heard = ask(&patch, &(struct fake_http_answer) {
				.status = 503, .retry_after = "Sun, 01 Mar 2026 00:01:00 GMT" });
	assert_int_equal(heard.status, STATUS_RETRY);
	assert_int_equal(heard.retry_after_ms, 60000);
	assert_false(heard.may_have_happened);
}

static void lost_answers_are_lost_for_writes_only(void **state)
{
	struct fake_http_answer broken = { .failure = HTTP_BROKEN };
	struct heard heard = ask(&create, &broken);

	(void)state;
	assert_int_equal(heard.status, STATUS_RETRY);
	assert_int_equal(heard.http_status, 0);
	assert_true(heard.may_have_happened);
	assert_false(ask(&get_one, &broken).may_have_happened);
	broken.was_not_sent = true;
	broken.failure = HTTP_REFUSED;
	heard = ask(&create, &broken);
	assert_true(heard.is_refused);
	assert_false(heard.may_have_happened);
}

static void a_call_without_an_answer_ends(void **state)
{
	struct world world;
	struct heard heard;

	(void)state;
	open_with_key(&world);
	start(&world, &create, &heard);
	fake_loop_advance(world.loop, 59999);
	assert_int_equal(heard.count, 0);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.status, STATUS_RETRY);
	assert_true(heard.may_have_happened);
	assert_has(heard.error, "the time is over");
	world_close(&world);
}

/* --- the credential ----------------------------------------------------------------------- */

static void a_401_renews_the_token_once(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct heard heard;

	(void)state;
	world_open(&world, &settings);
	world_script_token(&world, SECRET_MARK "-1", TIME_HOUR_MS);
	fake_http_reply(world.http, 401, "");
	world_script_token(&world, SECRET_MARK "-2", TIME_HOUR_MS);
	fake_http_reply(world.http, 200, "{\"id\":\"a1\"}");
	start(&world, &patch, &heard);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.status, STATUS_OK);
	assert_int_equal(fake_http_count(world.http), 4);
	assert_string_equal(
	    fake_http_request(world.http, 1)->authorization, "AnaplanAuthToken " SECRET_MARK "-1");
	assert_string_equal(
	    fake_http_request(world.http, 3)->authorization, "AnaplanAuthToken " SECRET_MARK "-2");
	assert_string_equal(fake_http_request(world.http, 3)->body, "{\"Operations\":[]}");
	assert_int_equal(world.counters.writes, 2);
	world_close(&world);
}

static void a_second_401_is_down(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct heard heard;

	(void)state;
	world_open(&world, &settings);
	world_script_token(&world, SECRET_MARK "-1", TIME_HOUR_MS);
	fake_http_reply(world.http, 401, "");
	world_script_token(&world, SECRET_MARK "-2", TIME_HOUR_MS);
	fake_http_reply(world.http, 401, "{\"detail\":\"who are you?\"}");
	start(&world, &get_one, &heard);
	fake_loop_advance(world.loop, TIME_MINUTE_MS);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.status, STATUS_DOWN);
	assert_int_equal(heard.http_status, 401);
	assert_has(heard.error, "(who are you?); check tenant.auth");
	assert_int_equal(fake_http_count(world.http), 4);
	world_close(&world);
}

static void a_renewed_call_is_not_renewed_for_the_next(void **state)
{
	struct world world;
	struct heard heard;

	(void)state;
	open_with_key(&world);
	for (int i = 0; i < 3; i++) {
		fake_http_reply(world.http, 401, "");
		fake_http_reply(world.http, 200, "{\"id\":\"a1\"}");
		start(&world, &get_one, &heard);
		fake_loop_advance(world.loop, 1);
		assert_int_equal(heard.status, STATUS_OK);
	}
	assert_int_equal(fake_http_count(world.http), 6);
	world_close(&world);
}

/* Eight requests find out at once that the token died: that is one new token, not eight. */
static void many_401_are_one_login(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct heard heard[8];
	size_t logins = 0;

	(void)state;
	world_open(&world, &settings);
	world_script_token(&world, SECRET_MARK "-1", TIME_HOUR_MS);
	for (size_t i = 0; i < COUNT_OF(heard); i++) {
		fake_http_script(world.http,
		    &(struct fake_http_answer) { .status = 401, .delay_ms = (int64_t)i * 10 });
		start(&world, &get_one, &heard[i]);
	}
	fake_loop_step(world.loop);
	fake_loop_step(world.loop);
	assert_int_equal(fake_http_counts(world.http).running, 8);
	world_script_token(&world, SECRET_MARK "-2", TIME_HOUR_MS);
	for (size_t i = 0; i < COUNT_OF(heard); i++)
		fake_http_reply(world.http, 200, "{\"id\":\"a1\"}");
	fake_loop_advance(world.loop, 1000);
	for (size_t i = 0; i < COUNT_OF(heard); i++) {
		assert_int_equal(heard[i].count, 1);
		assert_int_equal(heard[i].status, STATUS_OK);
	}
	for (size_t i = 0; i < fake_http_count(world.http); i++)
		logins += strstr(fake_http_request(world.http, i)->url, "/token/") != NULL;
	assert_int_equal(logins, 2);
	world_close(&world);
}

static void all_who_wait_hear_that_there_is_no_credential(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct heard heard[3];

	(void)state;
	world_open(&world, &settings);
	fake_http_script(
	    world.http, &(struct fake_http_answer) { .status = 503, .retry_after = "5" });
	for (size_t i = 0; i < COUNT_OF(heard); i++)
		start(&world, i == 0 ? &get_one : &create, &heard[i]);
	fake_loop_advance(world.loop, 1);
	for (size_t i = 0; i < COUNT_OF(heard); i++) {
		assert_int_equal(heard[i].count, 1);
		assert_int_equal(heard[i].status, STATUS_RETRY);
		assert_int_equal(heard[i].http_status, 503);
		assert_int_equal(heard[i].retry_after_ms, 5000);
		assert_false(heard[i].may_have_happened);
		assert_has(heard[i].error, "the tenant's credential cannot be had");
	}
	assert_int_equal(fake_http_count(world.http), 1);
	assert_int_equal(world.counters.writes, 0);
	world_close(&world);
}

static void a_credential_alone_can_be_had(void **state)
{
	static const struct client_request nothing = { .answer = CLIENT_BODY_ANY };
	struct world world;
	struct heard heard;

	(void)state;
	open_with_key(&world);
	for (int i = 0; i < 2; i++) { /* waiting for it, and when it is there */
		start(&world, &nothing, &heard);
		fake_loop_advance(world.loop, 1);
		assert_int_equal(heard.count, 1);
		assert_int_equal(heard.status, STATUS_OK);
		assert_int_equal(heard.http_status, 0);
	}
	assert_int_equal(fake_http_count(world.http), 0);
	world_close(&world);
}

static void an_anonymous_call_needs_no_credential(void **state)
{
	struct client_request request = get_one;
	struct world world;
	struct heard heard;

	(void)state;
	request.is_anonymous = true;
	open_with_key(&world);
	fake_http_reply(world.http, 401, "");
	start(&world, &request, &heard);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.status, STATUS_DOWN);
	assert_int_equal(fake_http_count(world.http), 1);
	assert_null(fake_http_request(world.http, 0)->authorization);
	world_close(&world);
}

/* --- canceling ---------------------------------------------------------------------------- */

static void assert_canceled(const struct heard *heard, bool may_have_happened)
{
	assert_int_equal(heard->count, 1);
	assert_int_equal(heard->status, STATUS_CANCELED);
	assert_int_equal(heard->may_have_happened, may_have_happened);
}

static void a_canceled_call_is_answered_once(void **state)
{
	struct world world;
	struct tenant_call *call;
	struct heard heard;

	(void)state;
	open_with_key(&world);
	fake_http_reply(world.http, 200, "{\"id\":\"a1\"}");
	call = start(&world, &create, &heard);
	client_cancel(world.client, call); /* while it waits for the credential */
	client_cancel(world.client, call);
	assert_int_equal(heard.count, 0);
	fake_loop_advance(world.loop, 1000);
	assert_canceled(&heard, false);
	assert_int_equal(fake_http_count(world.http), 0);
	call = start(&world, &create, &heard);
	assert_int_equal(fake_http_counts(world.http).running, 1);
	client_cancel(world.client, call); /* in flight: who knows? */
	client_cancel(world.client, call);
	assert_int_equal(heard.count, 0);
	assert_int_equal(fake_http_counts(world.http).running, 0);
	fake_loop_advance(world.loop, 1000);
	assert_canceled(&heard, true);
	call = start(&world, &get_one, &heard);
	client_cancel(world.client, call);
	fake_loop_advance(world.loop, 1000);
	assert_canceled(&heard, false);
	call = client_settle(world.client, STATUS_REJECT, "no",
	    &(struct client_owner) { .callback = hear, .context = &heard });
	heard.count = 0;
	client_cancel(world.client, call);
	fake_loop_advance(world.loop, 1000);
	assert_canceled(&heard, false);
	world_close(&world);
}

/* Whoever hears that there is no token cancels the others, who would hear it next. */
struct canceling {
	struct world *world;
	struct tenant_call *others[2];
	unsigned count;
};

static void on_first_failed(void *context, const struct tenant_answer *answer)
{
	struct canceling *canceling = context;

	canceling->count++;
	assert_int_equal(answer->status, STATUS_DOWN);
	for (size_t i = 0; i < COUNT_OF(canceling->others); i++)
		client_cancel(canceling->world->client, canceling->others[i]);
}

static void others_can_be_canceled_from_a_callback(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct world world;
	struct canceling canceling = { .world = &world };
	struct heard heard[2];

	(void)state;
	settings.auth.key = SPAN("env:SCIM_TEST_NOT_THERE");
	world_open(&world, &settings);
	client_start(world.client, &get_one,
	    &(struct client_owner) { .callback = on_first_failed, .context = &canceling });
	for (size_t i = 0; i < COUNT_OF(heard); i++)
		canceling.others[i] = start(&world, &get_one, &heard[i]);
	fake_loop_advance(world.loop, 1000);
	assert_int_equal(canceling.count, 1);
	assert_canceled(&heard[0], false);
	assert_canceled(&heard[1], false);
	world_close(&world);
}

/* --- settling ----------------------------------------------------------------------------- */

struct restarting {
	struct world *world;
	unsigned count;
};

static void on_settled(void *context, const struct tenant_answer *answer)
{
	struct restarting *restarting = context;

	assert_int_equal(answer->status, STATUS_REJECT);
	assert_span(answer->error, "no filters");
	if (++restarting->count < 3)
		client_settle(restarting->world->client, STATUS_REJECT, "no filters",
		    &(struct client_owner) { .callback = on_settled, .context = restarting });
}

static void what_a_callback_settles_comes_a_turn_later(void **state)
{
	struct world world;
	struct restarting restarting = { .world = &world };

	(void)state;
	open_with_key(&world);
	client_settle(world.client, STATUS_REJECT, "no filters",
	    &(struct client_owner) { .callback = on_settled, .context = &restarting });
	for (unsigned turn = 1; turn <= 3; turn++) {
		fake_loop_step(world.loop);
		assert_int_equal(restarting.count, turn);
	}
	assert_false(fake_loop_step(world.loop));
	world_close(&world);
}

/* --- the end ------------------------------------------------------------------------------ */

static void a_close_logs_out_and_hangs_up(void **state)
{
	static const int answers[] = { 204, 500 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		struct tenant_settings settings = basic_settings();
		struct world world;
		struct heard heard;
		world_open(&world, &settings);
		world_script_token(&world, SECRET_MARK "-1", TIME_HOUR_MS);
		fake_http_reply(world.http, 200, "{\"id\":\"a1\"}");
		fake_http_reply(world.http, answers[i], "");
		start(&world, &get_one, &heard);
		fake_loop_advance(world.loop, 1);
		heard.count = 0;
		client_close(
		    world.client, &(struct client_owner) { .callback = hear, .context = &heard });
		assert_int_equal(heard.count, 0);
		fake_loop_advance(world.loop, 1);
		assert_int_equal(heard.count, 1);
		assert_int_equal(heard.status, STATUS_OK);
		assert_has(fake_http_request(world.http, 2)->url, "/token/logout");
		assert_int_equal(fake_http_counts(world.http).closed, 1);
		world_close(&world);
	}
}

static void a_close_can_be_canceled(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct world world;
	struct tenant_call *call;
	struct heard heard = { 0 };

	(void)state;
	world_open(&world, &settings);
	call = client_close(
	    world.client, &(struct client_owner) { .callback = hear, .context = &heard });
	client_cancel(world.client, call);
	fake_loop_advance(world.loop, 1000);
	assert_canceled(&heard, false);
	assert_int_equal(fake_http_counts(world.http).closed, 0);
	world_close(&world);
}

/* A callback that asks again and again while everything ends. */
struct stubborn {
	struct world *world;
	unsigned count, left;
};

static void on_stubborn(void *context, const struct tenant_answer *answer)
{
	struct stubborn *stubborn = context;
	struct client_owner owner = { .callback = on_stubborn, .context = stubborn };

	assert_int_equal(answer->status, STATUS_CANCELED);
	stubborn->count++;
	if (stubborn->left == 0)
		return;
	stubborn->left--;
	if (stubborn->left % 3 == 0)
		client_start(stubborn->world->client, &create, &owner);
	else if (stubborn->left % 3 == 1)
		client_close(stubborn->world->client, &owner);
	else
		client_settle(stubborn->world->client, STATUS_OK, NULL, &owner);
}

static void freeing_ends_all_calls(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct world world;
	struct heard waiting, flying, closing = { 0 }, settled = { 0 };
	struct stubborn stubborn = { .world = &world, .left = 9 };

	(void)state;
	world_open(&world, &settings);
	world_script_token(&world, SECRET_MARK "-1", TIME_HOUR_MS);
	start(&world, &create, &flying);
	fake_loop_advance(world.loop, 1);
	assert_int_equal(fake_http_count(world.http), 2);
	client_close(
	    world.client, &(struct client_owner) { .callback = hear, .context = &closing });
	start(&world, &create, &waiting);
	client_settle(world.client, STATUS_OK, NULL,
	    &(struct client_owner) { .callback = hear, .context = &settled });
	client_start(world.client, &get_one,
	    &(struct client_owner) { .callback = on_stubborn, .context = &stubborn });
	client_free(&world.client);
	assert_null(world.client);
	client_free(&world.client);
	assert_canceled(&flying, true);
	assert_canceled(&waiting, false);
	assert_canceled(&closing, false);
	assert_canceled(&settled, false);
	assert_int_equal(stubborn.count, 10);
	world_close(&world);
}

const struct CMUnitTest client_tests[] = {
	cmocka_unit_test(a_read_is_sent_with_the_credential),
	cmocka_unit_test(a_write_is_sent_with_its_body_and_once),
	cmocka_unit_test(how_long_it_took_is_counted),
	cmocka_unit_test(a_request_is_copied),
	cmocka_unit_test(calls_are_used_again),
	cmocka_unit_test(a_list_is_answered_with_its_accounts),
	cmocka_unit_test(a_list_that_hides_its_users_is_none),
	cmocka_unit_test(an_answer_that_cannot_be_read_comes_again),
	cmocka_unit_test(a_write_that_is_answered_badly_may_have_happened),
	cmocka_unit_test(a_write_is_answered_in_several_ways),
	cmocka_unit_test(partly_done_is_told),
	cmocka_unit_test(a_refusal_is_told_with_the_tenants_words),
	cmocka_unit_test(a_tenant_that_has_enough_says_for_how_long),
	cmocka_unit_test(lost_answers_are_lost_for_writes_only),
	cmocka_unit_test(a_call_without_an_answer_ends),
	cmocka_unit_test(a_401_renews_the_token_once),
	cmocka_unit_test(a_second_401_is_down),
	cmocka_unit_test(a_renewed_call_is_not_renewed_for_the_next),
	cmocka_unit_test(many_401_are_one_login),
	cmocka_unit_test(all_who_wait_hear_that_there_is_no_credential),
	cmocka_unit_test(a_credential_alone_can_be_had),
	cmocka_unit_test(an_anonymous_call_needs_no_credential),
	cmocka_unit_test(a_canceled_call_is_answered_once),
	cmocka_unit_test(others_can_be_canceled_from_a_callback),
	cmocka_unit_test(what_a_callback_settles_comes_a_turn_later),
	cmocka_unit_test(a_close_logs_out_and_hangs_up),
	cmocka_unit_test(a_close_can_be_canceled),
	cmocka_unit_test(freeing_ends_all_calls),
};
const size_t client_test_count = COUNT_OF(client_tests);
