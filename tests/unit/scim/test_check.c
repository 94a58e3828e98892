/* SPDX-License-Identifier: ISC */
/* The steps of a check as a person sees them, one a line. */
#include "base/time.h"
#include "scim/check.h"
#include "scim/profile.h"
#include "tests/unit/scim/support.h"

struct steps {
	struct str text; /* "ok NAME: DETAIL\n", and "  REMEDY\n" where there is one */
	struct str data; /* "NAME {…}\n" */
	unsigned ends;
};

static void on_step(void *context, const struct check_step *step)
{
	struct steps *steps = context;

	assert_int_equal(steps->ends, 0);
	if (step == NULL) {
		steps->ends++;
		return;
	}
	str_addf(&steps->text, "%s %s: %.*s\n", check_status_name(step->status), step->name,
	    SPAN_ARG(step->detail));
	if (step->remedy.at != NULL)
		str_addf(&steps->text, "  %.*s\n", SPAN_ARG(step->remedy));
	str_addf(&steps->data, "%s %.*s\n", step->name, SPAN_ARG(step->data));
}

struct checking {
	struct world world;
	struct tenant_traits traits;
	struct tenant_check *check;
	struct steps steps;
};

static void checking_open(struct checking *checking, const struct tenant_settings *settings)
{
	*checking = (struct checking) { .traits = profile_traits(settings->profile) };
	world_open(&checking->world, settings);
}

static void checking_start(struct checking *checking)
{
	struct world *world = &checking->world;
	struct check_input input = { world->loop, world->http, world->client, world->auth,
		&world->settings, &checking->traits };

	checking->check = tenant_check_start(&input, on_step, &checking->steps);
	assert_int_equal(checking->steps.text.len, 0);
}

static void checking_run(struct checking *checking)
{
	checking_start(checking);
	fake_loop_advance(checking->world.loop, 10 * TIME_MINUTE_MS);
	assert_int_equal(checking->steps.ends, 1);
}

static void checking_close(struct checking *checking)
{
	str_done(&checking->steps.text);
	str_done(&checking->steps.data);
	tenant_check_free(&checking->check);
	world_close(&checking->world);
}

static void check_must_say(struct checking *checking, const char *wanted)
{
	checking_run(checking);
	assert_span(str_span(&checking->steps.text), wanted);
	checking_close(checking);
}

static void script_reached(struct checking *checking, const char *date)
{
	fake_http_script(checking->world.http,
	    &(struct fake_http_answer) { .status = 200, .date = date, .delay_ms = 40 });
}

#define REACHED                                                                                    \
	"ok connection: https://api.example/scim/1/0/v2 answered in 40 ms\n"                       \
	"ok tls: https://api.example/scim/1/0/v2: verified with what the system trusts\n"
#define TOKEN                                                                                      \
	"ok token: an API key\n"                                                                   \
	"warning own-account: an API key does not tell whose it is\n"                              \
	"  name its owner in policy.protect, so that the agent cannot lock itself out\n"
#define ROLE               "ok role: may list users\n"
#define RATE               "ok rate: the tenant names no limit\n"
#define DISCOVERED         "ok discovery: PATCH, filters, pages of 100, at most 50 workspaces an account\n"
#define NO_CLOCK           "skipped clock: the tenant does not tell the time\n"
#define SKIPPED(name, why) "skipped " name ": " why "\n"

static void all_is_well(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	script_reached(&checking, "Sun, 01 Mar 2026 00:00:00 GMT");
	fake_http_reply(
	    checking.world.http, 200, "{\"totalResults\":1142,\"Resources\":[{\"id\":\"a\"}]}");
	check_must_say(&checking, REACHED TOKEN ROLE "ok accounts: 1142\n" RATE DISCOVERED
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
	checking_run(&checking);
	assert_int_equal(fake_http_count(http), 3);
	assert_has(fake_http_request(http, 0)->url, "/v2/ServiceProviderConfig");
	assert_null(fake_http_request(http, 0)->authorization);
	assert_has(fake_http_request(http, 1)->url, "/token/authenticate");
	assert_has(fake_http_request(http, 2)->url, "/v2/Users?startIndex=1&count=1");
	assert_string_equal(
	    fake_http_inspected(http), "https://api.example/scim/1/0/v2 https://auth.example ");
	assert_has(str_c(&checking.steps.text),
	    "ok token: a user and a password; https://auth.example gave a token for 35 min\n");
	assert_has(str_c(&checking.steps.text), NO_CLOCK);
	checking_close(&checking);
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
	    REACHED TOKEN ROLE "ok accounts: the tenant does not tell how many\n" RATE DISCOVERED
			       "%s\n",
	    words);
	check_must_say(&checking, str_c(&wanted));
	str_done(&wanted);
}

#define BREAKS                                                                                     \
	": tokens and certificates seem to begin or end too early or too late, and a login by "    \
	"certificate is refused\n"                                                                 \
	"  have both hosts' clocks kept by NTP (timedatectl, chronyc tracking)"

static void a_clock_that_is_wrong_is_told(void **state)
{
	(void)state;
	assert_clock("Sun, 01 Mar 2026 00:10:00 GMT",
	    "warning clock: this host's is 10 min behind the tenant's" BREAKS);
	assert_clock("Sat, 28 Feb 2026 22:00:00 GMT",
	    "warning clock: this host's is 1 h 59 min ahead of the tenant's" BREAKS);
	assert_clock("Sun, 01 Mar 2026 00:00:59 GMT", "ok clock: as the tenant's, to a minute");
	assert_clock("Sun, 01 Mar 2026 00:01:01 GMT",
	    "warning clock: this host's is 61 s behind the tenant's" BREAKS);
	assert_clock("Sat, 28 Feb 2026 23:59:01 GMT", "ok clock: as the tenant's, to a minute");
	assert_clock("garbage", "skipped clock: the tenant does not tell the time");
}

static void assert_slow_clock_is_good(const char *date)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	checking_open(&checking, &settings);
	fake_http_script(checking.world.http,
	    &(struct fake_http_answer) { .status = 200, .date = date, .delay_ms = 20000 });
	fake_http_reply(checking.world.http, 200, "{\"Resources\":[]}");
	checking_run(&checking);
	assert_has(str_c(&checking.steps.text), "ok clock: as the tenant's, to a minute\n");
	checking_close(&checking);
}

/* Asked at 00:00:00, answered at :20: it is held against :10, a minute to either side. */
static void a_slow_answer_tells_the_time_of_its_middle(void **state)
{
	(void)state;
	assert_slow_clock_is_good("Sun, 01 Mar 2026 00:01:09 GMT");
	assert_slow_clock_is_good("Sat, 28 Feb 2026 23:59:10 GMT");
}

#define SKIPPED_FROM_TOKEN(why)                                                                    \
	SKIPPED("token", why)                                                                      \
	SKIPPED("own-account", why)                                                                \
	SKIPPED("role", why)                                                                       \
	SKIPPED("accounts", why) SKIPPED("discovery", why) SKIPPED("rate", why)

static void it_ends_where_nothing_is_reached(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	fake_http_inspection(checking.world.http, HTTP_REFUSED, X509_TRUSTED, NULL);
	fake_http_script(checking.world.http,
	    &(struct fake_http_answer) { .failure = HTTP_REFUSED, .was_not_sent = true });
	check_must_say(&checking,
	    "failed connection: GET /ServiceProviderConfig: no connection can be made\n"
	    "  check the URL, the proxy and the firewall\n" SKIPPED("tls", "there is no connection")
		SKIPPED_FROM_TOKEN("there is no connection")
		    SKIPPED("clock", "there is no connection"));
	checking_open(&checking, &settings);
	fake_http_inspection(checking.world.http, HTTP_TLS_FAILED, X509_TRUSTED, NULL);
	fake_http_script(checking.world.http,
	    &(struct fake_http_answer) { .failure = HTTP_TLS_FAILED, .was_not_sent = true });
	checking_run(&checking);
	assert_has(str_c(&checking.steps.text),
	    "failed tls: GET /ServiceProviderConfig: TLS cannot be agreed on\n"
	    "  check that the URL and the proxy lead to a server with TLS 1.2 or newer\n");
	checking_close(&checking);
}

static struct x509_summary certificate(const char *until)
{
	struct x509_summary peer = {
		.is_known = true, .subject = "CN=api", .issuer = "CN=CA", .names = "api.other"
	};

	assert_true(time_parse_iso(SPAN("2026-01-01"), &peer.from_ms));
	assert_true(time_parse_iso(span_of(until), &peer.until_ms));
	return peer;
}

/* Nothing is sent to whom nobody trusts, and each of the reasons has a name. */
static void a_tenant_that_is_not_trusted_is_described(void **state)
{
	static const struct {
		enum x509_trouble trouble;
		const char *until, *name, *words;
	} rows[] = {
		{ X509_EXPIRED, "2026-02-01", "expired",
		    "it has expired (subject CN=api, issued by CN=CA, expired on "
		    "2026-02-01T00:00:00Z)" },
		{ X509_WRONG_NAME, "2027-01-01", "wrong-name",
		    "it is for api.other and not for the name in the URL (subject CN=api," },
		{ X509_SELF_SIGNED, "2027-01-01", "self-signed",
		    "it is self-signed and not in ca_file (" },
		{ X509_UNKNOWN_ISSUER, "2027-01-01", "unknown-issuer",
		    "its issuer is not known (" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tenant_settings settings = api_key_settings();
		struct x509_summary peer = certificate(rows[i].until);
		struct checking checking;

		checking_open(&checking, &settings);
		fake_http_inspection(checking.world.http, HTTP_NOT_TRUSTED, rows[i].trouble, &peer);
		checking_run(&checking);
		assert_int_equal(fake_http_count(checking.world.http), 0);
		assert_has(str_c(&checking.steps.text),
		    "ok connection: https://api.example/scim/1/0/v2 answers\n"
		    "failed tls: https://api.example/scim/1/0/v2: the certificate is not "
		    "trusted: ");
		assert_has(str_c(&checking.steps.text), rows[i].words);
		assert_has(str_c(&checking.steps.data), rows[i].name);
		assert_has(str_c(&checking.steps.text),
		    SKIPPED_FROM_TOKEN(
			"the tenant's certificate is not trusted, so nothing is sent"));
		checking_close(&checking);
	}
}

static void a_certificate_that_ends_soon_is_warned_of(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct x509_summary peer = certificate("2026-04-01");
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	script_reached(&checking, NULL);
	fake_http_inspection(checking.world.http, HTTP_NO_FAILURE, X509_TRUSTED, &peer);
	checking_run(&checking);
	assert_has(
	    str_c(&checking.steps.text), "ok tls: https://api.example/scim/1/0/v2: verified");
	assert_has(str_c(&checking.steps.data), "\"notAfter\":\"2026-04-01T00:00:00Z\"");
	checking_close(&checking);
	peer = certificate("2026-03-30");
	checking_open(&checking, &settings);
	script_reached(&checking, NULL);
	fake_http_inspection(checking.world.http, HTTP_NO_FAILURE, X509_TRUSTED, &peer);
	checking_run(&checking);
	assert_has(str_c(&checking.steps.text),
	    "warning tls: https://api.example/scim/1/0/v2: verified with what the system trusts; "
	    "subject CN=api, issued by CN=CA, valid from 2026-01-01T00:00:00Z to "
	    "2026-03-30T00:00:00Z: it ends in 28 d 23 h\n");
	checking_close(&checking);
}

static void the_limits_that_it_names_are_told(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	script_reached(&checking, NULL);
	fake_http_script(checking.world.http, &(struct fake_http_answer) { .status = 200,
						  .body = "{\"totalResults\":0}",
						  .rate_limit = "600",
						  .rate_remaining = "599",
						  .rate_reset = "60" });
	checking_run(&checking);
	assert_has(str_c(&checking.steps.text),
	    "ok rate: the tenant's limit is 600, 599 left, anew in 60\n");
	assert_has(str_c(&checking.steps.data),
	    "rate {\"limit\":\"600\",\"remaining\":\"599\",\"reset\":\"60\"}\n");
	checking_close(&checking);
}

static void it_ends_where_there_is_no_token(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	script_reached(&checking, NULL);
	fake_http_reply(checking.world.http, 401, "");
	checking_run(&checking);
	assert_has(str_c(&checking.steps.text),
	    "failed token: the tenant's credential cannot be had: POST /token/authenticate: "
	    "the auth service answered 401\n"
	    "  check tenant.auth: the user, the password or the certificate, whether it has "
	    "expired, and that the user may log in without single sign-on\n");
	assert_has(str_c(&checking.steps.text), NO_CLOCK SKIPPED("own-account", "there is no token")
						    SKIPPED("role", "there is no token"));
	checking_close(&checking);
}

static void it_ends_where_the_role_is_missing(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	(void)state;
	checking_open(&checking, &settings);
	script_reached(&checking, NULL);
	fake_http_reply(checking.world.http, 403, "{\"detail\":\"no\"}");
	check_must_say(&checking, REACHED TOKEN
	    "failed role: GET /Users: the tenant answered 403 (no)\n"
	    "  the agent's user needs the User Administrator role\n" RATE NO_CLOCK SKIPPED(
		"accounts", "users may not be listed")
		SKIPPED("discovery", "users may not be listed"));
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
	check_must_say(&checking,
	    "ok connection: http://tenant.example answered in 0 ms\n"
	    "ok tls: none at http://tenant.example: tenant.allow_cleartext is set, and "
	    "credentials and personal data go in the clear\n" TOKEN ROLE "ok accounts: 0\n" RATE
	    "ok discovery: PUT instead of PATCH, filters, pages of 100\n" NO_CLOCK);
	checking_open(&checking, &settings);
	fake_http_reply(checking.world.http, 200, "");
	fake_http_reply(checking.world.http, 200, "{\"totalResults\":0,\"Resources\":[]}");
	fake_http_reply(checking.world.http, 503, "");
	checking_run(&checking);
	assert_has(str_c(&checking.steps.text),
	    "failed discovery: GET /ServiceProviderConfig: the tenant answered 503\n");
	checking_close(&checking);
}

static void a_check_that_is_cut_short_ends(void **state)
{
	struct tenant_settings settings = api_key_settings();
	struct checking checking;

	(void)state;
	settings.url = "http://tenant.example";
	settings.profile = TENANT_GENERIC;
	checking_open(&checking, &settings);
	checking_start(&checking);
	client_free(&checking.world.client);
	assert_int_equal(checking.steps.ends, 1);
	assert_has(str_c(&checking.steps.text), "skipped connection: canceled\n");
	checking_close(&checking);
}

const struct CMUnitTest check_tests[] = {
	cmocka_unit_test(all_is_well),
	cmocka_unit_test(each_request_is_the_least_there_is),
	cmocka_unit_test(a_clock_that_is_wrong_is_told),
	cmocka_unit_test(a_slow_answer_tells_the_time_of_its_middle),
	cmocka_unit_test(it_ends_where_nothing_is_reached),
	cmocka_unit_test(a_tenant_that_is_not_trusted_is_described),
	cmocka_unit_test(a_certificate_that_ends_soon_is_warned_of),
	cmocka_unit_test(the_limits_that_it_names_are_told),
	cmocka_unit_test(it_ends_where_there_is_no_token),
	cmocka_unit_test(it_ends_where_the_role_is_missing),
	cmocka_unit_test(a_generic_tenant_is_asked_what_it_can),
	cmocka_unit_test(a_check_that_is_cut_short_ends),
};
const size_t check_test_count = COUNT_OF(check_tests);
