/* SPDX-License-Identifier: ISC */
/* The steps of a check as a person sees them, one a line. */
#include "base/time.h"
#include "scim/check.h"
#include "scim/profile.h"
#include "tests/unit/scim/support.h"

struct steps {
	struct str text; /* "ok WHAT: DETAIL\n" */
	unsigned ends;
};

static void on_step(void *context, bool is_ok, struct span what, struct span detail, bool is_last)
{
	struct steps *steps = context;

	assert_int_equal(steps->ends, 0);
	str_addf(&steps->text, "%s %.*s: %.*s\n", is_ok ? "ok" : "BAD", SPAN_ARG(what),
	    SPAN_ARG(detail));
	steps->ends += is_last;
}

struct checking {
	struct world world;
	struct tenant_traits traits;
	struct steps steps;
};

static void checking_open(struct checking *checking, const struct tenant_settings *settings)
{
	*checking = (struct checking) { .traits = profile_traits(settings->profile) };
	world_open(&checking->world, settings);
}

static void check_must_say(struct checking *checking, const char *wanted)
{
	struct world *world = &checking->world;
	struct check_input input = { world->loop, world->client, world->auth, &world->settings,
		&checking->traits };

	tenant_check_start(&input, on_step, &checking->steps);
	assert_int_equal(checking->steps.text.len, 0);
	fake_loop_advance(world->loop, 10 * TIME_MINUTE_MS);
	assert_int_equal(checking->steps.ends, 1);
	assert_span(str_span(&checking->steps.text), wanted);
	str_done(&checking->steps.text);
	world_close(world);
}

static void script_reached(struct checking *checking, const char *date)
{
	fake_http_script(checking->world.http,
	    &(struct fake_http_answer) { .status = 200, .date = date, .delay_ms = 40 });
}

#define REACHED                                                                                    \
	"ok connection: https://api.example/scim/1/0/v2 answered in 40 ms\n"                       \
	"ok TLS: the certificate is trusted\n"
#define DISCOVERED "ok discovery: PATCH, filters, pages of 100, at most 50 workspaces an account\n"

static void all_is_well(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	script_reached(&checking, "Sun, 01 Mar 2026 00:00:00 GMT");
	fake_http_reply(
	    checking.world.http, 200, "{\"totalResults\":1142,\"Resources\":[{\"id\":\"a\"}]}");
	check_must_say(&checking,
	    REACHED "ok token: an API key\nok role: may list users\nok accounts: 1142\n" DISCOVERED
		    "ok clock: as the tenant's, to a minute\n");
}

static void each_request_is_the_least_there_is(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct checking checking;
	struct http *http;

	(void)state;
	checking_open(&checking, &settings);
	http = checking.world.http;
	script_reached(&checking, NULL);
	world_script_token(&checking.world, SECRET_MARK "-1", TIME_HOUR_MS);
	fake_http_reply(http, 200, "{\"totalResults\":0}");
	struct check_input input = { checking.world.loop, checking.world.client,
		checking.world.auth, &checking.world.settings, &checking.traits };
	tenant_check_start(&input, on_step, &checking.steps);
	fake_loop_advance(checking.world.loop, TIME_MINUTE_MS);
	assert_int_equal(fake_http_count(http), 3);
	assert_has(fake_http_request(http, 0)->url, "/v2/ServiceProviderConfig");
	assert_null(fake_http_request(http, 0)->authorization);
	assert_has(fake_http_request(http, 1)->url, "/token/authenticate");
	assert_has(fake_http_request(http, 2)->url, "/v2/Users?startIndex=1&count=1");
	assert_has(str_c(&checking.steps.text),
	    "ok token: a user and a password; https://auth.example gave a token for 35 min\n");
	assert_has(str_c(&checking.steps.text), "ok clock: the tenant does not tell the time\n");
	assert_int_equal(checking.steps.ends, 1);
	str_done(&checking.steps.text);
	world_close(&checking.world);
}

static void assert_clock(const char *date, const char *words)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;
	struct str wanted = { 0 };

	checking_open(&checking, &settings);
	script_reached(&checking, date);
	fake_http_reply(checking.world.http, 200, "{\"Resources\":[]}");
	str_addf(&wanted,
	    REACHED "ok token: an API key\nok role: may list users\nok accounts: the tenant does "
		    "not tell how many\n" DISCOVERED "%s\n",
	    words);
	check_must_say(&checking, str_c(&wanted));
	str_done(&wanted);
}

static void a_clock_that_is_wrong_is_told(void **state)
{
	(void)state;
	assert_clock("Sun, 01 Mar 2026 00:10:00 GMT",
	    "BAD clock: this host's is 10 min behind the tenant's; check its time service");
	assert_clock("Sat, 28 Feb 2026 22:00:00 GMT",
	    "BAD clock: this host's is 1 h 59 min ahead of the tenant's; check its time service");
	assert_clock("Sun, 01 Mar 2026 00:00:59 GMT", "ok clock: as the tenant's, to a minute");
	assert_clock("Sun, 01 Mar 2026 00:01:01 GMT",
	    "BAD clock: this host's is 61 s behind the tenant's; check its time service");
	assert_clock("Sat, 28 Feb 2026 23:59:01 GMT", "ok clock: as the tenant's, to a minute");
	assert_clock("garbage", "ok clock: the tenant does not tell the time");
}

static void assert_slow_clock_is_good(const char *date)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;
	struct world *world = &checking.world;

	checking_open(&checking, &settings);
	fake_http_script(world->http,
	    &(struct fake_http_answer) { .status = 200, .date = date, .delay_ms = 20000 });
	fake_http_reply(world->http, 200, "{\"Resources\":[]}");
	struct check_input input = { world->loop, world->client, world->auth, &world->settings,
		&checking.traits };
	tenant_check_start(&input, on_step, &checking.steps);
	fake_loop_advance(world->loop, TIME_MINUTE_MS);
	assert_has(str_c(&checking.steps.text), "ok clock: as the tenant's, to a minute\n");
	str_done(&checking.steps.text);
	world_close(world);
}

/* Asked at 00:00:00, answered at :20: it is held against :10, a minute to either side. */
static void a_slow_answer_tells_the_time_of_its_middle(void **state)
{
	(void)state;
	assert_slow_clock_is_good("Sun, 01 Mar 2026 00:01:09 GMT");
	assert_slow_clock_is_good("Sat, 28 Feb 2026 23:59:10 GMT");
}

static void it_ends_where_nothing_is_reached(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	fake_http_script(checking.world.http,
	    &(struct fake_http_answer) { .failure = HTTP_REFUSED, .was_not_sent = true });
	check_must_say(&checking,
	    "BAD connection: GET /ServiceProviderConfig: no connection can be made; check the URL, "
	    "the proxy and the firewall\n");
	checking_open(&checking, &settings);
	fake_http_script(checking.world.http,
	    &(struct fake_http_answer) { .failure = HTTP_NOT_TRUSTED, .was_not_sent = true });
	check_must_say(&checking,
	    "BAD TLS: GET /ServiceProviderConfig: the server's certificate is not trusted; check "
	    "tenant.tls.ca_file and that the URL has the name in the certificate\n");
	checking_open(&checking, &settings);
	fake_http_script(checking.world.http,
	    &(struct fake_http_answer) { .failure = HTTP_TLS_FAILED, .was_not_sent = true });
	check_must_say(&checking,
	    "BAD TLS: GET /ServiceProviderConfig: TLS cannot be agreed on; check that the URL and "
	    "the proxy lead to a server with TLS 1.2 or newer\n");
}

static void it_ends_where_there_is_no_token(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	script_reached(&checking, NULL);
	fake_http_reply(checking.world.http, 401, "");
	check_must_say(&checking,
	    REACHED "BAD token: the tenant's credential cannot be had: POST /token/authenticate: "
		    "the auth service answered 401; check tenant.auth: the user, the password or "
		    "the certificate, whether it has expired, and that the user may log in "
		    "without single sign-on\n");
}

static void it_ends_where_the_role_is_missing(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	script_reached(&checking, NULL);
	fake_http_reply(checking.world.http, 403, "{\"detail\":\"no\"}");
	check_must_say(&checking,
	    REACHED "ok token: an API key\nBAD role: GET /Users: the tenant answered 403 (no); "
		    "the agent's user needs the User Administrator role\n");
}

static void a_generic_tenant_is_asked_what_it_can(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	(void)state;
	settings.profile = TENANT_GENERIC;
	settings.url = "http://tenant.example";
	checking_open(&checking, &settings);
	fake_http_reply(checking.world.http, 404, "");
	fake_http_reply(checking.world.http, 200, "{\"totalResults\":0,\"Resources\":[]}");
	fake_http_reply(checking.world.http, 200, "{\"patch\":{\"supported\":false}}");
	check_must_say(&checking, "ok connection: http://tenant.example answered in 0 ms\n"
				  "ok TLS: none: tenant.allow_cleartext is set\n"
				  "ok token: an API key\nok role: may list users\nok accounts: 0\n"
				  "ok discovery: PUT instead of PATCH, filters, pages of 100\n"
				  "ok clock: the tenant does not tell the time\n");
	checking_open(&checking, &settings);
	fake_http_reply(checking.world.http, 200, "");
	fake_http_reply(checking.world.http, 200, "{\"totalResults\":0,\"Resources\":[]}");
	fake_http_reply(checking.world.http, 503, "");
	check_must_say(&checking,
	    "ok connection: http://tenant.example answered in 0 ms\n"
	    "ok TLS: none: tenant.allow_cleartext is set\n"
	    "ok token: an API key\nok role: may list users\nok accounts: 0\n"
	    "BAD discovery: GET /ServiceProviderConfig: the tenant answered 503\n");
}

static void a_check_that_is_cut_short_ends(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;
	struct world *world = &checking.world;

	(void)state;
	checking_open(&checking, &settings);
	struct check_input input = { world->loop, world->client, world->auth, &world->settings,
		&checking.traits };
	tenant_check_start(&input, on_step, &checking.steps);
	client_free(&world->client);
	assert_int_equal(checking.steps.ends, 1);
	assert_span(str_span(&checking.steps.text), "BAD connection: canceled\n");
	str_done(&checking.steps.text);
	world_close(world);
}

const struct CMUnitTest check_tests[] = {
	cmocka_unit_test(all_is_well),
	cmocka_unit_test(each_request_is_the_least_there_is),
	cmocka_unit_test(a_clock_that_is_wrong_is_told),
	cmocka_unit_test(a_slow_answer_tells_the_time_of_its_middle),
	cmocka_unit_test(it_ends_where_nothing_is_reached),
	cmocka_unit_test(it_ends_where_there_is_no_token),
	cmocka_unit_test(it_ends_where_the_role_is_missing),
	cmocka_unit_test(a_generic_tenant_is_asked_what_it_can),
	cmocka_unit_test(a_check_that_is_cut_short_ends),
};
const size_t check_test_count = COUNT_OF(check_tests);
