/* SPDX-License-Identifier: ISC */
#include "base/hash.h"
#include "base/time.h"
#include "core/x509.h"
#include "tests/unit/core/tests.h"

#include <stdlib.h>

/*
 * openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj "/O=Test/CN=dc1" -addext
 * "subjectAltName=IP:192.0.2.1,DNS:dc1.corp.example,DNS:*.corp.example" -days 365 -outform DER
 */
static const char certificate_hex[] =
    "308201c53082016aa00302010202143c45e7e570f6ca0aee868ce7a42fe791565ec25d300a06082a"
    "8648ce3d040302301d310d300b060355040a0c0454657374310c300a06035504030c03646331301e"
    "170d3236313132343030313431345a170d3237313132343030313431345a301d310d300b06035504"
    "0a0c0454657374310c300a06035504030c036463313059301306072a8648ce3d020106082a8648ce"
    "3d030107034200040b7209001e0bfa41cb63af688537b99f65094a138c30cd427a866dbeef8d4bad"
    "d54170bc67dfe84d00d38afb5208ca3d9a22dc36c0b382a1b7334efc341db4efa38187308184301d"
    "0603551d0e041604144729a9e235d6d5175e9c40731602870e6f2a9049301f0603551d2304183016"
    "80144729a9e235d6d5175e9c40731602870e6f2a9049300f0603551d130101ff040530030101ff30"
    "310603551d11042a30288704c000020182106463312e636f72702e6578616d706c65820e2a2e636f"
    "72702e6578616d706c65300a06082a8648ce3d0403020349003046022100a157f23b8f0784861120"
    "2ef39825a9a8e28f4f587c3b33e2e403725c1f39114d022100cc57c0124ea4d4f9064aa78bfb0c64"
    "a4358d456832234fb553252d350ae67aae";

enum { CERTIFICATE_MAX_BYTES = 512 };

static size_t read_certificate(uint8_t der[CERTIFICATE_MAX_BYTES])
{
	size_t len = 0;

	assert_true(hex_decode(span_of(certificate_hex), der, CERTIFICATE_MAX_BYTES, &len));
	return len;
}

static int64_t wall(const char *text)
{
	int64_t wall_ms = 0;

	assert_true(time_parse_iso(span_of(text), &wall_ms));
	return wall_ms;
}

static void a_certificate_is_described(void **state)
{
	uint8_t der[CERTIFICATE_MAX_BYTES];
	struct span text = { (const char *)der, read_certificate(der) };
	struct str out = { 0 };
	struct x509_summary summary;

	(void)state;
	assert_true(x509_summarize(text, &summary));
	assert_string_equal(summary.names, "dc1.corp.example, *.corp.example");
	x509_describe(&summary, wall("2027-01-01"), &out);
	assert_string_equal(str_c(&out), "subject CN=dc1,O=Test, issued by CN=dc1,O=Test, "
					 "valid from 2026-11-24T00:14:14Z to 2027-11-24T00:14:14Z");
	str_truncate(&out, 0);
	x509_describe(&summary, wall("2028-01-01"), &out);
	assert_non_null(strstr(str_c(&out), "expired on 2027-11-24T00:14:14Z"));
	str_truncate(&out, 0);
	x509_describe(&summary, wall("2020-01-01"), &out);
	assert_non_null(strstr(str_c(&out), "not valid before 2026-11-24T00:14:14Z"));
	str_done(&out);
}

static void what_is_wrong_is_named(void **state)
{
	uint8_t der[CERTIFICATE_MAX_BYTES];
	struct span text = { (const char *)der, read_certificate(der) };
	struct x509_summary summary;

	(void)state;
	assert_true(x509_summarize(text, &summary));
	assert_int_equal(x509_judge(&summary, wall("2027-01-01")), X509_SELF_SIGNED);
	assert_int_equal(x509_judge(&summary, wall("2028-01-01")), X509_EXPIRED);
	assert_int_equal(x509_judge(&summary, wall("2020-01-01")), X509_NOT_YET_VALID);
	summary.is_self_signed = false;
	assert_int_equal(x509_judge(&summary, wall("2027-01-01")), X509_UNKNOWN_ISSUER);
	summary.is_known = false;
	assert_int_equal(x509_judge(&summary, wall("2028-01-01")), X509_UNKNOWN_ISSUER);
	assert_string_equal(x509_trouble_name(X509_WRONG_NAME), "wrong-name");
}

static void the_first_dns_name_is_found(void **state)
{
	uint8_t der[CERTIFICATE_MAX_BYTES];
	struct span text = { (const char *)der, read_certificate(der) };

	(void)state;
	assert_span(x509_dns_name(text), "dc1.corp.example");
	assert_null(x509_dns_name(SPAN("nonsense")).at);
	assert_null(x509_dns_name(SPAN_NULL).at);
}

/* Each cut is copied to the heap, so that reading beyond it is seen. */
static void a_cut_certificate_is_not_read_beyond_its_end(void **state)
{
	uint8_t der[CERTIFICATE_MAX_BYTES];
	size_t len = read_certificate(der);
	struct x509_summary summary;

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		char *piece = malloc(cut + 1);
		assert_non_null(piece);
		memcpy(piece, der, cut);
		assert_false(x509_summarize((struct span) { piece, cut }, &summary));
		assert_false(summary.is_known);
		x509_dns_name((struct span) { piece, cut });
		free(piece);
	}
}

static void a_broken_certificate_harms_nobody(void **state)
{
	uint8_t der[CERTIFICATE_MAX_BYTES];
	size_t len = read_certificate(der);
	struct x509_summary summary;

	(void)state;
	for (size_t i = 0; i < len * 8; i++) {
		der[i / 8] ^= (uint8_t)(1 << i % 8);
		x509_summarize((struct span) { (const char *)der, len }, &summary);
		x509_dns_name((struct span) { (const char *)der, len });
		der[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

const struct CMUnitTest x509_tests[] = {
	cmocka_unit_test(a_certificate_is_described),
	cmocka_unit_test(what_is_wrong_is_named),
	cmocka_unit_test(the_first_dns_name_is_found),
	cmocka_unit_test(a_cut_certificate_is_not_read_beyond_its_end),
	cmocka_unit_test(a_broken_certificate_harms_nobody),
};
const size_t x509_test_count = sizeof(x509_tests) / sizeof(*x509_tests);
