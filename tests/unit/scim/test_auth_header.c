/* SPDX-License-Identifier: ISC */
#include "scim/auth_header.h"
#include "tests/unit/scim/keys.h"
#include "tests/unit/scim/support.h"

#include <stdlib.h>

static void assert_header(const struct tenant_settings *settings, const char *wanted)
{
	struct str header = { 0 }, body = { 0 };
	struct err err = { "" };

	if (auth_header_make(settings, FAKE_LOOP_WALL_MS, &header, &body, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	assert_span(str_span(&header), wanted);
	assert_int_equal(body.len, 0);
	str_done(&header);
	str_done(&body);
}

static void assert_refused(const struct tenant_settings *settings, const char *word)
{
	struct str header = { 0 }, body = { 0 };
	struct err err = { "" };

	assert_int_equal(
	    auth_header_make(settings, FAKE_LOOP_WALL_MS, &header, &body, &err), STATUS_REJECT);
	assert_has(err.text, word);
	assert_lacks(err.text, SECRET_MARK);
	str_done(&header);
	str_done(&body);
}

static void an_api_key_is_a_bearer(void **state)
{
	struct tenant_settings settings = api_key_settings();

	(void)state;
	assert_header(&settings, "Bearer " SECRET_MARK "-key");
	setenv("SCIM_TEST_KEY", SECRET_MARK "-key\n", 1);
	assert_header(&settings, "Bearer " SECRET_MARK "-key");
	settings.auth.key = SPAN("env:SCIM_TEST_NOT_THERE");
	assert_refused(&settings, "tenant.auth.key: ");
	assert_refused(&settings, "SCIM_TEST_NOT_THERE");
}

/* What could end the header could begin another one. */
static void an_api_key_cannot_hold_a_header(void **state)
{
	static const char *const keys[] = { SECRET_MARK "\r\nX-Admin: 1", SECRET_MARK " x",
		SECRET_MARK "\tx", SECRET_MARK "\x7f", SECRET_MARK "\xc3\xa9", SECRET_MARK "\n\n",
		(" " SECRET_MARK) };
	struct tenant_settings settings = api_key_settings();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		setenv("SCIM_TEST_KEY", keys[i], 1);
		assert_refused(&settings, "tenant.auth.key: ");
	}
}

static void user_and_password_are_basic(void **state)
{
	struct tenant_settings settings = basic_settings();

	(void)state;
	/* RFC 7617, 2 and 2.1. */
	settings.auth.user = SPAN("Aladdin");
	setenv("SCIM_TEST_PASSWORD", "open sesame", 1);
	assert_header(&settings, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	settings.auth.user = SPAN("test");
	setenv("SCIM_TEST_PASSWORD", "123\xc2\xa3", 1);
	assert_header(&settings, "Basic dGVzdDoxMjPCow==");
	settings.auth.password = SPAN("env:SCIM_TEST_NOT_THERE");
	assert_refused(&settings, "tenant.auth.password: ");
}

static void methods_without_a_secret_have_no_header(void **state)
{
	struct tenant_settings settings = { .auth = { .method = TENANT_AUTH_NONE } };

	(void)state;
	assert_header(&settings, "");
	settings.auth.method = TENANT_AUTH_OAUTH_DEVICE;
	assert_header(&settings, "");
}

static void a_certificate_goes_with_a_body(void **state)
{
	struct tenant_settings settings = { .auth = { .method = TENANT_AUTH_CERTIFICATE,
						.cert_file = keys_path(KEYS_CERTIFICATE),
						.key_file = span_of(keys_path(KEYS_KEY)) } };
	struct str header = { 0 }, body = { 0 };

	(void)state;
	assert_int_equal(
	    auth_header_make(&settings, FAKE_LOOP_WALL_MS, &header, &body, NULL), STATUS_OK);
	assert_has(str_c(&header), "CACertificate ");
	assert_true(auth_header_allows((struct span) { header.at + 14, header.len - 14 }));
	assert_has(str_c(&body), "\"encodedDataFormat\":\"v2\"");
	str_done(&header);
	str_done(&body);
	settings.auth.cert_file = keys_path(KEYS_MISSING);
	assert_refused(&settings, "tenant.auth.cert_file");
}

static void headers_are_visible_ascii(void **state)
{
	(void)state;
	assert_true(auth_header_allows(SPAN("abc==")));
	assert_true(auth_header_allows(SPAN("!~")));
	assert_false(auth_header_allows(SPAN("")));
	assert_false(auth_header_allows(SPAN_NULL));
	assert_false(auth_header_allows(SPAN("a b")));
	assert_false(auth_header_allows(SPAN("a\n")));
	assert_false(auth_header_allows(SPAN("a\0b")));
	assert_false(auth_header_allows(SPAN("a\x7f")));
	assert_false(auth_header_allows(SPAN("\x80")));
	assert_false(auth_header_allows(SPAN("\xff")));
}

const struct CMUnitTest auth_header_tests[] = {
	cmocka_unit_test(an_api_key_is_a_bearer),
	cmocka_unit_test(an_api_key_cannot_hold_a_header),
	cmocka_unit_test(user_and_password_are_basic),
	cmocka_unit_test(methods_without_a_secret_have_no_header),
	cmocka_unit_test(a_certificate_goes_with_a_body),
	cmocka_unit_test(headers_are_visible_ascii),
};
const size_t auth_header_test_count = COUNT_OF(auth_header_tests);
