/* SPDX-License-Identifier: ISC */
/*
 * Files are read anew for each login, so that a renewed certificate is used without a restart.
 */
#include "scim/certificate.h"

#include "base/emit.h"
#include "base/hash.h"
#include "base/secret.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>

enum { TIMESTAMP_BYTES = 8, SIGNATURE_MAX_BYTES = 2048, CERTIFICATES_MAX = 8 };

/* Never asks: a prompt would hang a service. */
static int refuse_passphrase(char *buffer, int size, int is_writing, void *context)
{
	bool *was_asked = context;

	(void)buffer;
	(void)size;
	(void)is_writing;
	*was_asked = true;
	return -1;
}

static enum status load_key_text(struct span key_file, struct secret **ret_text, struct err *reterr)
{
	struct str reference = { 0 };
	enum status status;

	if (!secret_is_reference(key_file))
		str_add_c(&reference, "file:");
	str_add(&reference, key_file);
	status = secret_load(str_span(&reference), ret_text, reterr);
	if (status != STATUS_OK)
		err_prefix(reterr, "the private key (tenant.auth.key_file)");
	str_done(&reference);
	return status;
}

static EVP_PKEY *parse_key(struct span text, bool *ret_is_encrypted)
{
	BIO *bio = BIO_new_mem_buf(text.at, (int)text.len);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, ret_is_encrypted);

	BIO_free(bio);
	return key;
}

static enum status load_key(struct span key_file, EVP_PKEY **ret_key, struct err *reterr)
{
	struct secret *text = NULL;
	bool is_encrypted = false;
	EVP_PKEY *key;

	if (load_key_text(key_file, &text, reterr) != STATUS_OK)
		return STATUS_REJECT;
	key = parse_key(secret_reveal(text), &is_encrypted);
	secret_free(&text);
	if (is_encrypted)
		err_set(reterr,
		    "the private key (tenant.auth.key_file) is encrypted, and nobody is "
		    "here to type a passphrase; decrypt it with \"openssl pkey\" and keep it "
		    "as a systemd credential");
	else if (key == NULL)
		err_set(reterr, "the private key (tenant.auth.key_file) is not a key in PEM");
	else if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		err_set(reterr, "the private key (tenant.auth.key_file) is not RSA; Anaplan takes "
				"RSA only");
	else {
		*ret_key = key;
		return STATUS_OK;
	}
	EVP_PKEY_free(key);
	return STATUS_REJECT;
}

static enum status check_leaf(X509 *leaf, EVP_PKEY *key, int64_t wall_ms, struct err *reterr)
{
	time_t now = (time_t)(wall_ms / 1000);

	if (X509_check_private_key(leaf, key) != 1)
		err_set(reterr,
		    "the private key (tenant.auth.key_file) does not belong to the first "
		    "certificate in tenant.auth.cert_file");
	else if (X509_cmp_time(X509_get0_notAfter(leaf), &now) < 0)
		err_set(reterr,
		    "the certificate in tenant.auth.cert_file has expired; get a new one "
		    "and register it in Anaplan");
	else if (X509_cmp_time(X509_get0_notBefore(leaf), &now) > 0)
		err_set(reterr, "the certificate in tenant.auth.cert_file is not valid yet; check "
				"this host's clock");
	else
		return STATUS_OK;
	return STATUS_REJECT;
}

static void encode_memory(BIO *memory, struct str *out)
{
	char *bytes;
	long len = BIO_get_mem_data(memory, &bytes);

	base64_encode((struct span) { bytes, (size_t)len }, out);
}

/* Reads the certificates and writes them out again, so that a key in the same file stays here. */
static enum status read_certificates(BIO *in, BIO *out, X509 **ret_leaf)
{
	X509 *certificate;
	size_t count = 0;

	while (count < CERTIFICATES_MAX &&
	       (certificate = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		PEM_write_bio_X509(out, certificate);
		if (count++ == 0)
			*ret_leaf = certificate;
		else
			X509_free(certificate);
	}
	return count > 0 ? STATUS_OK : STATUS_REJECT;
}

static enum status add_certificate(
    const char *cert_file, EVP_PKEY *key, int64_t wall_ms, struct str *header, struct err *reterr)
{
	BIO *in = BIO_new_file(cert_file, "r"), *out = BIO_new(BIO_s_mem());
	X509 *leaf = NULL;
	enum status status = STATUS_REJECT;

	if (in == NULL) {
		err_set(reterr, "cannot open tenant.auth.cert_file \"%s\": %s", cert_file,
		    strerror(errno));
	} else if (read_certificates(in, out, &leaf) != STATUS_OK) {
		err_set(
		    reterr, "tenant.auth.cert_file \"%s\" holds no certificate in PEM", cert_file);
	} else if (check_leaf(leaf, key, wall_ms, reterr) == STATUS_OK) {
		str_add_c(header, "CACertificate ");
		encode_memory(out, header);
		status = STATUS_OK;
	}
	X509_free(leaf);
	BIO_free(in);
	BIO_free(out);
	return status;
}

static void make_message(int64_t wall_ms, uint8_t message[CERTIFICATE_MESSAGE_BYTES])
{
	uint64_t seconds = (uint64_t)(wall_ms / 1000);

	hash_random(message, CERTIFICATE_MESSAGE_BYTES);
	for (int i = TIMESTAMP_BYTES - 1; i >= 0; i--) {
		message[i] = (uint8_t)seconds;
		seconds >>= 8;
	}
}

/* @return length of the signature; 0: it cannot be made */
static size_t sign(EVP_PKEY *key, const uint8_t message[CERTIFICATE_MESSAGE_BYTES],
    uint8_t signature[SIGNATURE_MAX_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding;
	size_t len = SIGNATURE_MAX_BYTES;
	bool is_signed = EVP_DigestSignInit(context, &padding, EVP_sha512(), NULL, key) == 1 &&
			 EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) == 1 &&
			 EVP_DigestSign(
			     context, signature, &len, message, CERTIFICATE_MESSAGE_BYTES) == 1;

	EVP_MD_CTX_free(context);
	return is_signed ? len : 0;
}

static void add_base64(struct emitter *json, const char *key, struct span bytes)
{
	struct str text = { 0 };

	base64_encode(bytes, &text);
	emit_key(json, key);
	emit_string(json, str_span(&text));
	str_done(&text);
}

static enum status add_payload(EVP_PKEY *key, int64_t wall_ms, struct str *body, struct err *reterr)
{
	uint8_t message[CERTIFICATE_MESSAGE_BYTES], signature[SIGNATURE_MAX_BYTES];
	struct emitter json;
	size_t len;

	make_message(wall_ms, message);
	len = sign(key, message, signature);
	if (len == 0) {
		err_set(reterr,
		    "cannot sign with the private key (tenant.auth.key_file); check that "
		    "it is an RSA key of 1,024 to 16,384 bits");
		return STATUS_REJECT;
	}
	emit_init(&json, body, 0);
	emit_object_open(&json);
	emit_key(&json, "encodedDataFormat");
	emit_string_c(&json, "v2");
	add_base64(&json, "encodedData",
	    (struct span) { (const char *)message, CERTIFICATE_MESSAGE_BYTES });
	add_base64(&json, "encodedSignedData", (struct span) { (const char *)signature, len });
	emit_object_close(&json);
	return STATUS_OK;
}

enum status certificate_login(const char *cert_file, struct span key_file, int64_t wall_ms,
    struct str *header, struct str *body, struct err *reterr)
{
	EVP_PKEY *key = NULL;
	enum status status = load_key(key_file, &key, reterr);

	if (status == STATUS_OK)
		status = add_certificate(cert_file, key, wall_ms, header, reterr);
	if (status == STATUS_OK)
		status = add_payload(key, wall_ms, body, reterr);
	EVP_PKEY_free(key);
	/* What is left in the queue would be taken for a fault of the next connection. */
	ERR_clear_error();
	return status;
}
