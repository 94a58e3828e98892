/* SPDX-License-Identifier: ISC */
/* The ports, from the call to the bytes of the request. */
#include "tests/unit/scim/support.h"

#include <stdlib.h>

struct ports {
	struct loop *loop;
	struct http *http; /* the tenant's */
	struct tenant *tenant;
	struct account_reader *reader;
	struct heard heard;
};

static void ports_open(struct ports *ports, const struct tenant_settings *settings)
{
	struct err err = { "" };

	*ports = (struct ports) { .loop = loop_new() };
	ports->http = fake_http_new(ports->loop);
	if (tenant_new_on(ports->loop, settings, ports->http, &ports->tenant, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	ports->reader = tenant_reader(ports->tenant);
}

static void ports_close(struct ports *ports)
{
	tenant_free(&ports->tenant);
	assert_null(ports->tenant);
	tenant_free(&ports->tenant);
	assert_int_equal(fake_loop_watcher_count(ports->loop), 0);
	loop_free(&ports->loop);
}

static void ports_open_anaplan(struct ports *ports)
{
	struct tenant_settings settings = api_key_settings();

	ports_open(ports, &settings);
}

/* Lets what was started be answered. */
static const struct heard *answered(struct ports *ports)
{
	assert_int_equal(ports->heard.count, 0);
	fake_loop_advance(ports->loop, 1);
	assert_int_equal(ports->heard.count, 1);
	ports->heard.count = 0;
	return &ports->heard;
}

static const char *last_url(struct ports *ports)
{
	return fake_http_request(ports->http, fake_http_count(ports->http) - 1)->url;
}

static const struct heard *list(struct ports *ports, int64_t from, const char *body)
{
	fake_http_reply(ports->http, 200, body);
	ports->reader->vtable->list(ports->reader, from, hear, &ports->heard);
	return answered(ports);
}

static const struct heard *find(struct ports *ports, struct span external_id, struct span user_name)
{
	fake_http_reply(ports->http, 200, "{\"totalResults\":0,\"Resources\":[]}");
	ports->reader->vtable->find(ports->reader, external_id, user_name, hear, &ports->heard);
	return answered(ports);
}

static void settings_are_checked_first(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct loop *loop = loop_new();
	struct tenant *tenant = NULL;
	struct err err = { "" };

	(void)state;
	settings.url = "http://h";
	assert_int_equal(
	    tenant_new_on(loop, &settings, fake_http_new(loop), &tenant, &err), STATUS_REJECT);
	assert_null(tenant);
	assert_has(err.text, "tenant.allow_cleartext");
	assert_int_equal(tenant_new(loop, &settings, &tenant, &err), STATUS_REJECT);
	assert_null(tenant);
	loop_free(&loop);
}

/* Nothing is connected and no secret read before somebody asks. */
static void a_tenant_is_made_without_asking(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct loop *loop = loop_new();
	struct tenant *tenant = NULL;
	struct err err = { "" };

	(void)state;
	settings.auth.key = SPAN("env:SCIM_TEST_NOT_THERE");
	assert_int_equal(tenant_new(loop, &settings, &tenant, &err), STATUS_OK);
	assert_false(fake_loop_step(loop));
	assert_int_equal(tenant_counters(tenant).requests, 0);
	tenant_free(&tenant);
	loop_free(&loop);
}

static void an_open_refines_the_traits(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct ports ports;

	(void)state;
	settings.profile = TENANT_GENERIC;
	ports_open(&ports, &settings);
	assert_true(ports.reader->traits.can_filter);
	fake_http_reply(ports.http, 200,
	    "{\"filter\":{\"supported\":false,\"maxResults\":10},\"patch\":{\"supported\":false}}");
	ports.reader->vtable->open(ports.reader, hear, &ports.heard);
	assert_int_equal(answered(&ports)->status, STATUS_OK);
	assert_false(ports.reader->traits.can_filter);
	assert_ptr_equal(tenant_encoder(ports.tenant)->traits, &ports.reader->traits);
	/* A look-up that cannot be is not sent. */
	ports.reader->vtable->find(ports.reader, SPAN("1"), SPAN_NULL, hear, &ports.heard);
	assert_int_equal(answered(&ports)->status, STATUS_REJECT);
	assert_has(ports.heard.error, "no filters");
	assert_int_equal(fake_http_count(ports.http), 1);
	list(&ports, 1, "{\"totalResults\":0}");
	assert_has(last_url(&ports), "/Users?startIndex=1&count=10");
	ports_close(&ports);
}

/* Pages come as they are: short, in any order, with repeats, with a total that moves.  To make one
 * list of them is the reader's of all pages. */
static void pages_are_passed_on_as_they_are(void **state)
{
	const struct heard *heard;
	struct ports ports;

	(void)state;
	ports_open_anaplan(&ports);
	heard = list(&ports, 1,
	    "{\"totalResults\":5,\"startIndex\":1,\"itemsPerPage\":100,\"Resources\":["
	    "{\"id\":\"c\"},{\"id\":\"a\"}]}");
	assert_has(last_url(&ports), "/v2/Users?startIndex=1&count=100");
	assert_int_equal(heard->total, 5);
	assert_string_equal(heard->ids, "c a");
	heard = list(&ports, 3,
	    "{\"totalResults\":6,\"startIndex\":1,\"Resources\":[{\"id\":\"a\"},{\"id\":\"b\"},"
	    "{\"id\":\"b\"}]}");
	assert_has(last_url(&ports), "/v2/Users?startIndex=3&count=100");
	assert_int_equal(heard->total, 6);
	assert_string_equal(heard->ids, "a b b");
	heard = list(&ports, 6, "{\"totalResults\":4,\"Resources\":[]}");
	assert_int_equal(heard->status, STATUS_OK);
	assert_int_equal(heard->total, 4);
	assert_int_equal(heard->account_count, 0);
	/* The total says that there is more, and a page is missing. */
	heard = list(&ports, 6, "{\"totalResults\":6}");
	assert_int_equal(heard->status, STATUS_RETRY);
	/* More than asked for. */
	heard = list(&ports, 1, "{\"Resources\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]}");
	assert_int_equal(heard->total, -1);
	assert_int_equal(heard->account_count, 3);
	ports_close(&ports);
}

static void look_ups_carry_odd_values(void **state)
{
	struct ports ports;

	(void)state;
	ports_open_anaplan(&ports);
	assert_int_equal(
	    find(&ports, SPAN("a\"b\\c"), SPAN("o'neil+x@x.example"))->status, STATUS_OK);
	assert_string_equal(last_url(&ports),
	    "https://api.example/scim/1/0/v2/Users?filter=externalId%20eq%20%22a%5C%22b%5C%5Cc%22"
	    "%20or%20userName%20eq%20%22o%27neil%2Bx%40x.example%22&startIndex=1&count=100");
	find(&ports, SPAN_NULL, SPAN("a@x"));
	assert_has(last_url(&ports), "?filter=userName%20eq%20%22a%40x%22&");
	/* externalId is not unique: two are two. */
	fake_http_reply(
	    ports.http, 200, "{\"totalResults\":2,\"Resources\":[{\"id\":\"a\"},{\"id\":\"b\"}]}");
	ports.reader->vtable->find(ports.reader, SPAN("1"), SPAN_NULL, hear, &ports.heard);
	assert_string_equal(answered(&ports)->ids, "a b");
	/* It counts some and shows none. */
	fake_http_reply(ports.http, 200, "{\"totalResults\":1}");
	ports.reader->vtable->find(ports.reader, SPAN("1"), SPAN_NULL, hear, &ports.heard);
	assert_int_equal(answered(&ports)->status, STATUS_RETRY);
	ports_close(&ports);
}

static void one_account_is_read_by_id(void **state)
{
	struct ports ports;

	(void)state;
	ports_open_anaplan(&ports);
	fake_http_reply(ports.http, 200, "{\"id\":\"a/b\"}");
	ports.reader->vtable->get(ports.reader, SPAN("a/b"), hear, &ports.heard);
	assert_string_equal(answered(&ports)->ids, "a/b");
	assert_has(last_url(&ports), "/v2/Users/a%2Fb");
	fake_http_reply(ports.http, 404, "");
	ports.reader->vtable->get(ports.reader, SPAN("x"), hear, &ports.heard);
	assert_int_equal(answered(&ports)->status, STATUS_REJECT);
	assert_int_equal(ports.heard.http_status, 404);
	ports_close(&ports);
}

static void what_is_encoded_is_what_is_sent(void **state)
{
	struct account before = { .text = { [ACCOUNT_TITLE] = SPAN("a") }, .is_active = true };
	struct account after = { .text = { [ACCOUNT_TITLE] = SPAN("b") }, .is_active = true };
	struct encode_input input = {
		.kind = ACTION_UPDATE, .account_id = SPAN("a1"), .before = &before, .after = &after
	};
	const struct fake_http_request *sent;
	struct arena *arena = arena_new();
	struct account_writer *writer;
	struct tenant_request request;
	struct ports ports;

	(void)state;
	ports_open_anaplan(&ports);
	assert_int_equal(tenant_encoder(ports.tenant)
			     ->encode(tenant_encoder(ports.tenant), &input, arena, &request, NULL),
	    STATUS_OK);
	writer = tenant_writer(ports.tenant);
	assert_ptr_equal(writer, tenant_writer(ports.tenant));
	fake_http_reply(ports.http, 200, "{\"id\":\"a1\",\"title\":\"b\"}");
	writer->send(writer, &request, hear, &ports.heard);
	arena_free(&arena);
	assert_string_equal(answered(&ports)->ids, "a1");
	sent = fake_http_request(ports.http, 0);
	assert_string_equal(sent->method, "PATCH");
	assert_has(sent->url, "/v2/Users/a1");
	assert_has(sent->body, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"b\"}");
	assert_int_equal(tenant_counters(ports.tenant).writes, 1);
	assert_int_equal(tenant_counters(ports.tenant).requests, 1);
	assert_int_equal(tenant_counters(ports.tenant).answer_bytes, 23);
	ports_close(&ports);
}

static const struct heard *workspaces(struct ports *ports, int64_t start)
{
	ports->reader->vtable->workspaces(ports->reader, start, hear, &ports->heard);
	return answered(ports);
}

static void workspaces_are_asked_of_the_other_api(void **state)
{
	struct ports ports;

	(void)state;
	ports_open_anaplan(&ports);
	fake_http_reply(ports.http, 200,
	    "{\"meta\":{\"paging\":{\"totalSize\":3}},\"workspaces\":[{\"id\":\"8a81\"},"
	    "{\"id\":\"8a82\"}]}");
	assert_int_equal(workspaces(&ports, 0)->status, STATUS_OK);
	assert_string_equal(ports.heard.ids, "8a81 8a82");
	assert_int_equal(ports.heard.total, 3);
	assert_has(last_url(&ports), "/2/0/workspaces");
	assert_null(strstr(last_url(&ports), "/scim/"));
	fake_http_reply(ports.http, 200, "{\"workspaces\":[]}");
	assert_int_equal(workspaces(&ports, 2)->status, STATUS_OK);
	assert_has(last_url(&ports), "/2/0/workspaces?offset=2");
	assert_int_equal(tenant_counters(ports.tenant).writes, 0);
	ports_close(&ports);
}

/* Who may not ask there may do all else. */
static void a_refusal_to_show_workspaces_is_no_end(void **state)
{
	static const int statuses[] = { 301, 400, 403, 404, 405 };
	struct ports ports;

	(void)state;
	ports_open_anaplan(&ports);
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		fake_http_reply(ports.http, statuses[i], "{}");
		assert_int_equal(workspaces(&ports, 0)->status, STATUS_REJECT);
		assert_has(ports.heard.error, "GET /2/0/workspaces");
	}
	fake_http_reply(ports.http, 503, "{}");
	assert_int_equal(workspaces(&ports, 0)->status, STATUS_RETRY);
	ports_close(&ports);
}

static void where_nobody_knows_workspaces_nobody_is_asked(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct ports ports;

	(void)state;
	settings.url = "https://tenant.example/v2";
	ports_open(&ports, &settings);
	assert_int_equal(workspaces(&ports, 0)->status, STATUS_REJECT);
	assert_has(ports.heard.error, "/scim/");
	assert_int_equal(fake_http_count(ports.http), 0);
	ports_close(&ports);
	settings.url = "https://tenant.example/scim/v2";
	settings.profile = TENANT_GENERIC;
	ports_open(&ports, &settings);
	assert_false(ports.reader->traits.can_show_workspaces);
	assert_int_equal(workspaces(&ports, 0)->status, STATUS_REJECT);
	assert_int_equal(fake_http_count(ports.http), 0);
	ports_close(&ports);
}

static void both_ports_cancel(void **state)
{
	static const struct tenant_request request = {
		.method = SPAN_INIT("POST"), .path = SPAN_INIT("/Users"), .body = SPAN_INIT("{}")
	};
	struct account_writer *writer;
	struct tenant_call *call;
	struct ports ports;

	(void)state;
	ports_open_anaplan(&ports);
	call = ports.reader->vtable->list(ports.reader, 1, hear, &ports.heard);
	ports.reader->vtable->cancel(ports.reader, call);
	assert_int_equal(answered(&ports)->status, STATUS_CANCELED);
	writer = tenant_writer(ports.tenant);
	call = writer->send(writer, &request, hear, &ports.heard);
	fake_loop_step(ports.loop);
	writer->cancel(writer, call);
	assert_int_equal(answered(&ports)->status, STATUS_CANCELED);
	assert_true(ports.heard.may_have_happened);
	/* What is under way when the tenant goes is told first. */
	writer->send(writer, &request, hear, &ports.heard);
	ports_close(&ports);
	assert_int_equal(ports.heard.count, 1);
	assert_int_equal(ports.heard.status, STATUS_CANCELED);
}

static void a_close_is_always_well(void **state)
{
	struct ports ports;

	(void)state;
	ports_open_anaplan(&ports);
	ports.reader->vtable->close(ports.reader, hear, &ports.heard);
	assert_int_equal(answered(&ports)->status, STATUS_OK);
	assert_int_equal(fake_http_count(ports.http), 0);
	assert_int_equal(fake_http_counts(ports.http).closed, 1);
	/* It can be used again. */
	assert_int_equal(list(&ports, 1, "{\"totalResults\":0}")->status, STATUS_OK);
	ports_close(&ports);
}

static void on_step(void *context, const struct check_step *step)
{
	unsigned *steps = context;

	*steps += step == NULL ? 100 : step->status == CHECK_FAILED ? 1000 : 1;
}

static void a_check_goes_through_the_port(void **state)
{
	struct ports ports;
	unsigned steps = 0;

	(void)state;
	ports_open_anaplan(&ports);
	fake_http_reply(ports.http, 200, "");
	fake_http_reply(ports.http, 200, "{\"totalResults\":0}");
	ports.reader->vtable->check(ports.reader, on_step, &steps);
	fake_loop_advance(ports.loop, 1);
	assert_int_equal(steps, 109);
	ports_close(&ports);
}

const struct CMUnitTest tenant_tests[] = {
	cmocka_unit_test(settings_are_checked_first),
	cmocka_unit_test(a_tenant_is_made_without_asking),
	cmocka_unit_test(an_open_refines_the_traits),
	cmocka_unit_test(pages_are_passed_on_as_they_are),
	cmocka_unit_test(look_ups_carry_odd_values),
	cmocka_unit_test(one_account_is_read_by_id),
	cmocka_unit_test(what_is_encoded_is_what_is_sent),
	cmocka_unit_test(workspaces_are_asked_of_the_other_api),
	cmocka_unit_test(a_refusal_to_show_workspaces_is_no_end),
	cmocka_unit_test(where_nobody_knows_workspaces_nobody_is_asked),
	cmocka_unit_test(both_ports_cancel),
	cmocka_unit_test(a_close_is_always_well),
	cmocka_unit_test(a_check_goes_through_the_port),
};
const size_t tenant_test_count = COUNT_OF(tenant_tests);
