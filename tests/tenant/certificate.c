// SPDX-License-Identifier: ISC
#include "certificate.h"

#include "base64.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MESSAGE_SHORTEST 100
#define CLOCK_WINDOW_S   600

struct bytes {
	unsigned char *data; /* owned */
	size_t size;
};

struct login {
	STACK_OF(X509) * chain; /* the first is the one that signs */
	struct bytes message;
	struct bytes signature;
};

static void login_done(struct login *login)
{
	sk_X509_pop_free(login->chain, X509_free);
	free(login->message.data);
	free(login->signature.data);
}

static void read_pem_chain(STACK_OF(X509) * chain, const struct bytes *text)
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->size);
	X509 *certificate;
	while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		sk_X509_push(chain, certificate);
	BIO_free(bio);
}

static void read_der(STACK_OF(X509) * chain, const struct bytes *der)
{
	const unsigned char *at = der->data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der->size);
	if (certificate)
		sk_X509_push(chain, certificate);
}

static bool read_chain(struct login *login, const char *encoded)
{
	struct bytes decoded;
	decoded.data = base64_decode(encoded, &decoded.size);
	if (!decoded.data)
		return false;
	if (strstr((const char *)decoded.data, "-----BEGIN"))
		read_pem_chain(login->chain, &decoded);
	else
		read_der(login->chain, &decoded);
	free(decoded.data);
	return sk_X509_num(login->chain) > 0;
}

static bool read_member(const json_t *body, const char *name, struct bytes *bytes)
{
	const char *text = json_string_value(json_object_get(body, name));
	bytes->data = text ? base64_decode(text, &bytes->size) : NULL;
	return bytes->data != NULL;
}

static const char *read_login(struct login *login, const char *encoded, const json_t *body)
{
	const char *format = json_string_value(json_object_get(body, "encodedDataFormat"));
	if (!read_chain(login, encoded))
		return "The certificate in the header cannot be decoded";
	if (!format || strcmp(format, "v2") != 0)
		return "encodedDataFormat must be v2";
	if (!read_member(body, "encodedData", &login->message) ||
	    !read_member(body, "encodedSignedData", &login->signature))
		return "encodedData and encodedSignedData must be base64";
	if (login->message.size < MESSAGE_SHORTEST)
		return "encodedData must be 100 bytes or longer";
	return NULL;
}

static bool chain_is_trusted(const struct login *login, const char *ca_file)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool is_trusted = ca_file && X509_STORE_load_file(store, ca_file) == 1 &&
			  X509_STORE_CTX_init(
			      context, store, sk_X509_value(login->chain, 0), login->chain) == 1 &&
			  X509_verify_cert(context) == 1;
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	return is_trusted;
}

static bool signature_is_good(const struct login *login)
{
	EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(login->chain, 0));
	if (!key || EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
		return false;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding = NULL;
	bool is_good = EVP_DigestVerifyInit(context, &padding, EVP_sha512(), NULL, key) == 1 &&
		       EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) == 1 &&
		       EVP_DigestVerify(context, login->signature.data, login->signature.size,
			   login->message.data, login->message.size) == 1;
	EVP_MD_CTX_free(context);
	return is_good;
}

static bool timestamp_is_near(const struct bytes *message)
{
	uint64_t stamp_s = 0;
	for (int i = 0; i < 8; i++)
		stamp_s = stamp_s << 8 | message->data[i];
	uint64_t now_s = (uint64_t)time(NULL);
	return stamp_s <= now_s + CLOCK_WINDOW_S && now_s - CLOCK_WINDOW_S <= stamp_s;
}

static const char *distrust(const struct login *login, const char *ca_file)
{
	if (!chain_is_trusted(login, ca_file))
		return "The certificate is not issued by a registered authority or not valid now";
	if (!timestamp_is_near(&login->message))
		return "The timestamp is more than ten minutes off";
	if (!signature_is_good(login))
		return "The signature does not fit";
	return NULL;
}

enum certificate_outcome certificate_check(
    const char *encoded, const json_t *body, const char *ca_file, const char **ret_why)
{
	struct login login = { .chain = sk_X509_new_null() };
	enum certificate_outcome outcome = CERTIFICATE_MALFORMED;
	const char *why = read_login(&login, encoded, body);
	if (!why) {
		why = distrust(&login, ca_file);
		outcome = why ? CERTIFICATE_REFUSED : CERTIFICATE_GOOD;
	}
	login_done(&login);
	if (why)
		*ret_why = why;
	return outcome;
}
