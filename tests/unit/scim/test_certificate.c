/* SPDX-License-Identifier: ISC */
/* The payload is taken apart here with libcrypto, as the auth service would. */
#include "base/hash.h"
#include "scim/certificate.h"
#include "tests/unit/scim/keys.h"
#include "tests/unit/scim/support.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW_MS INT64_C(1772323200999) /* 2026-03-01T00:00:00.999Z, 0x69A38180 in seconds */

struct login {
	struct str header, body;
};

static enum status log_in(enum keys_file certificate, enum keys_file key, int64_t wall_ms,
    struct login *login, struct err *reterr)
{
	*login = (struct login) { 0 };
	return certificate_login(keys_path(certificate), span_of(keys_path(key)), wall_ms,
	    &login->header, &login->body, reterr);
}

static void login_done(struct login *login)
{
	str_done(&login->header);
	str_done(&login->body);
}

static struct login good_login(enum keys_file certificate, int64_t wall_ms)
{
	struct login login;
	struct err err = { "" };

	if (log_in(certificate, KEYS_KEY, wall_ms, &login, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	return login;
}

/* Decodes the text member of the flat JSON that the body is. */
static struct str member_bytes(const struct str *body, const char *name)
{
	char key[64];
	const char *at, *end;
	struct str bytes = { 0 };

	snprintf(key, sizeof(key), "\"%s\":\"", name);
	at = strstr(str_c(body), key);
	assert_non_null(at);
	at += strlen(key);
	end = strchr(at, '"');
	assert_non_null(end);
	assert_true(base64_decode((struct span) { at, (size_t)(end - at) }, &bytes));
	return bytes;
}

static bool verifies(const struct str *message, const struct str *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding;
	bool is_good;

	assert_int_equal(
	    EVP_DigestVerifyInit(context, &padding, EVP_sha512(), NULL, keys_public()), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING), 1);
	is_good = EVP_DigestVerify(context, (const unsigned char *)signature->at, signature->len,
		      (const unsigned char *)message->at, message->len) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return is_good;
}

static void the_body_is_of_format_v2_and_nothing_else(void **state)
{
	struct login login = good_login(KEYS_CERTIFICATE, NOW_MS);
	static const char begin[] = "{\"encodedDataFormat\":\"v2\",\"encodedData\":\"";
	size_t commas = 0;

	(void)state;
	assert_int_equal(strncmp(str_c(&login.body), begin, sizeof(begin) - 1), 0);
	assert_has(str_c(&login.body), "\",\"encodedSignedData\":\"");
	assert_int_equal(login.body.at[login.body.len - 1], '}');
	for (size_t i = 0; i < login.body.len; i++)
		commas += login.body.at[i] == ',';
	assert_int_equal(commas, 2);
	login_done(&login);
}

static void the_signature_is_over_the_raw_message(void **state)
{
	struct login login = good_login(KEYS_CERTIFICATE, NOW_MS);
	struct str message = member_bytes(&login.body, "encodedData");
	struct str signature = member_bytes(&login.body, "encodedSignedData");

	(void)state;
	assert_in_range(message.len, 100, 1024);
	assert_int_equal(signature.len, 256);
	assert_true(verifies(&message, &signature));
	message.at[message.len - 1] = (char)(message.at[message.len - 1] ^ 1);
	assert_false(verifies(&message, &signature));
	str_done(&message);
	str_done(&signature);
	login_done(&login);
}

static void assert_timestamp(int64_t wall_ms, const char *wanted)
{
	struct login login = good_login(KEYS_CERTIFICATE, wall_ms);
	struct str message = member_bytes(&login.body, "encodedData"), hex = { 0 };

	hex_encode((struct span) { message.at, 8 }, &hex);
	assert_span(str_span(&hex), wanted);
	str_done(&hex);
	str_done(&message);
	login_done(&login);
}

/* Seconds, whatever other clients send: that is what the published sample decodes to. */
static void the_time_is_seconds_big_endian(void **state)
{
	(void)state;
	assert_timestamp(NOW_MS, "0000000069a38180");
	assert_timestamp(NOW_MS + 1, "0000000069a38181");
}

static void no_message_is_made_twice(void **state)
{
	struct login first = good_login(KEYS_CERTIFICATE, NOW_MS);
	struct login second = good_login(KEYS_CERTIFICATE, NOW_MS);
	struct str a = member_bytes(&first.body, "encodedData");
	struct str b = member_bytes(&second.body, "encodedData");

	(void)state;
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.at, b.at, 8);
	assert_memory_not_equal(a.at + 8, b.at + 8, 16);
	assert_memory_not_equal(a.at + a.len - 16, b.at + b.len - 16, 16);
	assert_span(str_span(&first.header), str_c(&second.header));
	str_done(&a);
	str_done(&b);
	login_done(&first);
	login_done(&second);
}

static struct str pem_of(const struct login *login)
{
	static const char scheme[] = "CACertificate ";
	struct span rest = str_span(&login->header);
	struct str pem = { 0 };

	assert_int_equal(strncmp(str_c(&login->header), scheme, sizeof(scheme) - 1), 0);
	rest.at += sizeof(scheme) - 1;
	rest.len -= sizeof(scheme) - 1;
	assert_true(base64_decode(rest, &pem));
	return pem;
}

static size_t count_part(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part)) != NULL) {
		count++;
		text++;
	}
	return count;
}

static void the_header_has_the_certificate_in_pem(void **state)
{
	struct login login = good_login(KEYS_CERTIFICATE, NOW_MS);
	struct str pem = pem_of(&login);
	FILE *stream = fopen(keys_path(KEYS_CERTIFICATE), "r");
	char text[8192];
	size_t len;

	(void)state;
	assert_non_null(stream);
	len = fread(text, 1, sizeof(text) - 1, stream);
	fclose(stream);
	text[len] = '\0';
	assert_span(str_span(&pem), text);
	str_done(&pem);
	login_done(&login);
}

/* Of a file with everything in it the private key stays here, and so do the words. */
static void only_certificates_leave_the_file(void **state)
{
	struct login login = good_login(KEYS_CHAIN, NOW_MS);
	struct str pem = pem_of(&login);

	(void)state;
	assert_int_equal(count_part(str_c(&pem), "-----BEGIN CERTIFICATE-----"), 2);
	assert_int_equal(count_part(str_c(&pem), "-----BEGIN "), 2);
	assert_lacks(str_c(&pem), "PRIVATE");
	assert_lacks(str_c(&pem), "agent");
	str_done(&pem);
	login_done(&login);
}

static void a_key_may_be_a_reference(void **state)
{
	struct login login = { 0 };
	struct err err = { "" };
	char reference[128];

	(void)state;
	snprintf(reference, sizeof(reference), "file:%s", keys_path(KEYS_KEY));
	assert_int_equal(certificate_login(keys_path(KEYS_CERTIFICATE), span_of(reference), NOW_MS,
			     &login.header, &login.body, &err),
	    STATUS_OK);
	login_done(&login);
}

static void assert_refused(enum keys_file certificate, enum keys_file key, const char *words)
{
	struct login login;
	struct err err = { "" };

	assert_int_equal(log_in(certificate, key, NOW_MS, &login, &err), STATUS_REJECT);
	assert_has(err.text, words);
	assert_lacks(err.text, SECRET_MARK);
	assert_int_equal(login.body.len, 0);
	assert_int_equal(ERR_peek_error(), 0);
	login_done(&login);
}

static void bad_keys_are_told_by_name(void **state)
{
	(void)state;
	assert_refused(KEYS_CERTIFICATE, KEYS_MISSING, "tenant.auth.key_file");
	assert_refused(KEYS_CERTIFICATE, KEYS_MISSING, keys_path(KEYS_MISSING));
	assert_refused(KEYS_CERTIFICATE, KEYS_MISSING, "No such file");
	assert_refused(KEYS_CERTIFICATE, KEYS_OPEN_KEY, keys_path(KEYS_OPEN_KEY));
	assert_refused(KEYS_CERTIFICATE, KEYS_OPEN_KEY, "0600");
	assert_refused(KEYS_CERTIFICATE, KEYS_GARBAGE, "(tenant.auth.key_file) is not a key");
	assert_refused(KEYS_CERTIFICATE, KEYS_CERTIFICATE, "tenant.auth.key_file");
	assert_refused(KEYS_CERTIFICATE, KEYS_ENCRYPTED_KEY, "(tenant.auth.key_file) is encrypted");
	assert_refused(KEYS_CERTIFICATE, KEYS_EC_KEY, "(tenant.auth.key_file) is not RSA");
	assert_refused(KEYS_EC_CERTIFICATE, KEYS_EC_KEY, "not RSA");
	assert_refused(KEYS_CERTIFICATE, KEYS_OTHER_KEY, "does not belong to the first");
	assert_refused(KEYS_EC_CERTIFICATE, KEYS_KEY, "does not belong to the first");
}

static void bad_certificates_are_told_by_name(void **state)
{
	(void)state;
	assert_refused(KEYS_MISSING, KEYS_KEY, "tenant.auth.cert_file");
	assert_refused(KEYS_MISSING, KEYS_KEY, keys_path(KEYS_MISSING));
	assert_refused(KEYS_MISSING, KEYS_KEY, "No such file");
	assert_refused(KEYS_GARBAGE, KEYS_KEY, keys_path(KEYS_GARBAGE));
	assert_refused(KEYS_GARBAGE, KEYS_KEY, "holds no certificate");
	assert_refused(KEYS_CUT_CERTIFICATE, KEYS_KEY, "holds no certificate");
	assert_refused(KEYS_KEY, KEYS_KEY, "holds no certificate");
	assert_refused(KEYS_EXPIRED, KEYS_KEY, "tenant.auth.cert_file has expired");
	assert_refused(KEYS_NOT_YET, KEYS_KEY, "tenant.auth.cert_file is not valid yet");
}

const struct CMUnitTest certificate_tests[] = {
	cmocka_unit_test(the_body_is_of_format_v2_and_nothing_else),
	cmocka_unit_test(the_signature_is_over_the_raw_message),
	cmocka_unit_test(the_time_is_seconds_big_endian),
	cmocka_unit_test(no_message_is_made_twice),
	cmocka_unit_test(the_header_has_the_certificate_in_pem),
	cmocka_unit_test(only_certificates_leave_the_file),
	cmocka_unit_test(a_key_may_be_a_reference),
	cmocka_unit_test(bad_keys_are_told_by_name),
	cmocka_unit_test(bad_certificates_are_told_by_name),
};
const size_t certificate_test_count = COUNT_OF(certificate_tests);
