/* SPDX-License-Identifier: ISC */
#include "scim/settings.h"
#include "tests/unit/scim/support.h"

#include <stdio.h>

static void assert_taken(const struct tenant_settings *settings)
{
	struct err err = { "" };

	if (settings_check(settings, &err) != STATUS_OK)
		fail_msg("refused: %s", err.text);
	assert_int_equal(tenant_check_settings(settings, NULL), STATUS_OK);
}

static void assert_refused(const struct tenant_settings *settings, const char *key)
{
	struct err err = { "" };
	char begin[64];

	assert_int_equal(settings_check(settings, &err), STATUS_REJECT);
	snprintf(begin, sizeof(begin), "%s: ", key);
	if (strncmp(err.text, begin, strlen(begin)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", err.text, begin);
	assert_lacks(err.text, SECRET_MARK);
	assert_int_equal(tenant_check_settings(settings, NULL), STATUS_REJECT);
}

static void what_is_left_out_is_filled_in(void **state)
{
	struct tenant_settings settings = { .ca_file = "", .proxy = "" };
	struct tenant_settings complete = settings_complete(&settings);

	(void)state;
	assert_int_equal(complete.timeout_ms, 60000);
	assert_int_equal(complete.concurrency, 8);
	assert_int_equal(complete.answer_max_bytes, 16 * 1024 * 1024);
	assert_null(complete.ca_file);
	assert_null(complete.proxy);
	settings = (struct tenant_settings) { .ca_file = "/ca",
		.proxy = "http://p:1",
		.timeout_ms = 1,
		.concurrency = 2,
		.answer_max_bytes = 3 };
	complete = settings_complete(&settings);
	assert_int_equal(complete.timeout_ms, 1);
	assert_int_equal(complete.concurrency, 2);
	assert_int_equal(complete.answer_max_bytes, 3);
	assert_string_equal(complete.ca_file, "/ca");
	assert_string_equal(complete.proxy, "http://p:1");
}

static void urls_are_bases_over_tls(void **state)
{
	static const char *const good[] = { "https://api.anaplan.com/scim/1/0/v2", "HTTPS://h",
		"https://h:8443/x", "https://[2001:db8::1]:8443", "https://192.0.2.1/a/b" };
	static const char *const bad[] = { "", "api.anaplan.com", "ftp://h", "https:/h", "https://",
		"https://:443/x", "https:///x", "https://h/", "https://h/x/", "https://h?x",
		"https://h/x?y=1", "https://h#x", "https://h/ x", "https://h\n",
		"https://h\xc3\xa9", "https://user@h/x", "https://user:" SECRET_MARK "@h/x",
		"file:///etc/passwd" };
	struct tenant_settings settings = api_key_settings();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		settings.url = good[i];
		assert_taken(&settings);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		settings.url = bad[i];
		assert_refused(&settings, "tenant.url");
	}
	settings.url = NULL;
	assert_refused(&settings, "tenant.url");
}

static void cleartext_needs_a_word(void **state)
{
	struct tenant_settings settings = basic_settings();
	struct err err = { "" };

	(void)state;
	settings.url = "http://h/x";
	assert_refused(&settings, "tenant.url");
	settings_check(&settings, &err);
	assert_has(err.text, "tenant.allow_cleartext");
	settings.allow_cleartext = true;
	assert_taken(&settings);
	settings.allow_cleartext = false;
	settings.url = "https://h/x";
	settings.auth.url = "HTTP://auth";
	assert_refused(&settings, "tenant.auth.url");
	settings.allow_cleartext = true;
	assert_taken(&settings);
}

static void an_auth_url_counts_where_it_is_used(void **state)
{
	struct tenant_settings settings = basic_settings();

	(void)state;
	settings.auth.url = "https://auth/";
	assert_refused(&settings, "tenant.auth.url");
	settings.auth.url = "";
	assert_taken(&settings);
	settings.auth.url = NULL;
	assert_taken(&settings);
	settings = api_key_settings();
	settings.auth.url = "nonsense";
	assert_taken(&settings);
}

static void proxies_hold_no_password(void **state)
{
	static const char *const good[] = { "", "http://proxy:3128", "proxy:3128",
		"https://proxy.corp.example:8443", "socks5h://[::1]:1080" };
	static const char *const bad[] = { "http://", "http:///x", "http://a b", "proxy\xff",
		"http://user:" SECRET_MARK "@proxy:3128", "user@proxy" };
	struct tenant_settings settings = api_key_settings();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		settings.proxy = good[i];
		assert_taken(&settings);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		settings.proxy = bad[i];
		assert_refused(&settings, "tenant.proxy");
	}
}

static void secrets_are_referred_to(void **state)
{
	static const struct span bad[] = { SPAN_INIT(SECRET_MARK), SPAN_INIT(""), { NULL, 0 },
		SPAN_INIT("credential:"), SPAN_INIT("vault:" SECRET_MARK) };
	static const struct span good[] = { SPAN_INIT("credential:x"), SPAN_INIT("file:/x"),
		SPAN_INIT("env:X") };
	struct tenant_settings settings = api_key_settings();
	struct tenant_settings basic = basic_settings();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		settings.auth.key = bad[i];
		assert_refused(&settings, "tenant.auth.key");
		basic.auth.password = bad[i];
		assert_refused(&basic, "tenant.auth.password");
	}
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		settings.auth.key = good[i];
		assert_taken(&settings);
		basic.auth.password = good[i];
		assert_taken(&basic);
	}
}

static void basic_needs_a_user(void **state)
{
	struct tenant_settings settings = basic_settings();

	(void)state;
	settings.auth.user = SPAN("");
	assert_refused(&settings, "tenant.auth.user");
	settings.auth.user = SPAN_NULL;
	assert_refused(&settings, "tenant.auth.user");
	settings.auth.user = SPAN("a:b");
	assert_refused(&settings, "tenant.auth.user");
}

static void certificates_need_both_files(void **state)
{
	struct tenant_settings settings = basic_settings();

	(void)state;
	settings.auth.method = TENANT_AUTH_CERTIFICATE;
	assert_refused(&settings, "tenant.auth.cert_file");
	settings.auth.cert_file = "";
	assert_refused(&settings, "tenant.auth.cert_file");
	settings.auth.cert_file = "/c";
	assert_refused(&settings, "tenant.auth.key_file");
	settings.auth.key_file = SPAN("");
	assert_refused(&settings, "tenant.auth.key_file");
	settings.auth.key_file = SPAN("/k");
	assert_taken(&settings);
	settings.auth.url = NULL;
	assert_taken(&settings);
	settings.profile = TENANT_GENERIC;
	assert_refused(&settings, "tenant.auth.url");
	settings.auth.url = "";
	assert_refused(&settings, "tenant.auth.url");
	settings.auth.url = "https://auth";
	assert_taken(&settings);
}

static void oauth_needs_a_client_and_a_file(void **state)
{
	struct tenant_settings settings = api_key_settings();

	(void)state;
	settings.auth.method = TENANT_AUTH_OAUTH_DEVICE;
	assert_refused(&settings, "tenant.auth.client_id");
	settings.auth.client_id = SPAN("client");
	assert_refused(&settings, "tenant.auth.refresh_token_file");
	settings.auth.refresh_token_file = "token";
	assert_refused(&settings, "tenant.auth.refresh_token_file");
	settings.auth.refresh_token_file = "/var/";
	assert_refused(&settings, "tenant.auth.refresh_token_file");
	settings.auth.refresh_token_file = "/var/token";
	assert_taken(&settings);
	settings.auth.url = "http://oauth";
	assert_refused(&settings, "tenant.auth.url");
	settings.profile = TENANT_GENERIC;
	settings.auth.url = NULL;
	assert_refused(&settings, "tenant.auth.url");
	settings.auth.url = "https://oauth";
	assert_taken(&settings);
}

static void methods_fit_the_profile(void **state)
{
	struct tenant_settings settings = api_key_settings();

	(void)state;
	settings.auth.method = TENANT_AUTH_NONE;
	assert_refused(&settings, "tenant.auth.method");
	settings.profile = TENANT_GENERIC;
	assert_taken(&settings);
}

const struct CMUnitTest settings_tests[] = {
	cmocka_unit_test(what_is_left_out_is_filled_in),
	cmocka_unit_test(urls_are_bases_over_tls),
	cmocka_unit_test(cleartext_needs_a_word),
	cmocka_unit_test(an_auth_url_counts_where_it_is_used),
	cmocka_unit_test(proxies_hold_no_password),
	cmocka_unit_test(secrets_are_referred_to),
	cmocka_unit_test(basic_needs_a_user),
	cmocka_unit_test(certificates_need_both_files),
	cmocka_unit_test(oauth_needs_a_client_and_a_file),
	cmocka_unit_test(methods_fit_the_profile),
};
const size_t settings_test_count = COUNT_OF(settings_tests);
