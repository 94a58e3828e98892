/* SPDX-License-Identifier: ISC */
#include "tests/unit/scim/keys.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/scimward-keys-XXXXXX";
static char paths[KEYS_COUNT][64];
static EVP_PKEY *key, *other, *ec;

static void *must(void *made)
{
	if (made == NULL) {
		fputs("keys: cannot be made\n", stderr);
		abort();
	}
	return made;
}

static FILE *create(enum keys_file file, mode_t mode)
{
	FILE *stream = must(fopen(paths[file], "w"));

	if (fchmod(fileno(stream), mode) != 0)
		abort();
	return stream;
}

static void write_key(enum keys_file file, EVP_PKEY *from, const char *passphrase, mode_t mode)
{
	FILE *stream = create(file, mode);

	if (PEM_write_PrivateKey(stream, from, passphrase == NULL ? NULL : EVP_aes_256_cbc(), NULL,
		0, NULL, (void *)(uintptr_t)passphrase) != 1)
		abort();
	fclose(stream);
}

static X509 *make_certificate(EVP_PKEY *of, const char *name, const char *from, const char *to)
{
	X509 *certificate = must(X509_new());
	X509_NAME *subject = X509_get_subject_name(certificate);

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), from);
	ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), to);
	X509_NAME_add_entry_by_txt(
	    subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, subject);
	X509_set_pubkey(certificate, of);
	if (X509_sign(certificate, of, EVP_sha256()) == 0)
		abort();
	return certificate;
}

static void add_certificate(
    FILE *stream, EVP_PKEY *of, const char *name, const char *from, const char *to)
{
	X509 *certificate = make_certificate(of, name, from, to);

	PEM_write_X509(stream, certificate);
	X509_free(certificate);
}

static void write_certificate(enum keys_file file, EVP_PKEY *of, const char *from, const char *to)
{
	FILE *stream = create(file, 0644);

	add_certificate(stream, of, "agent", from, to);
	fclose(stream);
}

static void write_chain(void)
{
	FILE *stream = create(KEYS_CHAIN, 0600);

	fputs("Bag Attributes\n    friendlyName: agent\n", stream);
	PEM_write_PrivateKey(stream, key, NULL, NULL, 0, NULL, NULL);
	fputs("subject=CN = agent\n", stream);
	add_certificate(stream, key, "agent", "20260101000000Z", "20261231000000Z");
	add_certificate(stream, other, "authority", "20200101000000Z", "20210101000000Z");
	fclose(stream);
}

static void write_text(enum keys_file file, const char *text)
{
	FILE *stream = create(file, 0600);

	fputs(text, stream);
	fclose(stream);
}

void keys_make(void)
{
	must(mkdtemp(directory));
	for (int i = 0; i < KEYS_COUNT; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/file-%d", directory, i);
	key = must(EVP_RSA_gen(2048));
	other = must(EVP_RSA_gen(2048));
	ec = must(EVP_EC_gen("P-256"));
	write_key(KEYS_KEY, key, NULL, 0600);
	write_key(KEYS_OTHER_KEY, other, NULL, 0600);
	write_key(KEYS_ENCRYPTED_KEY, key, "s3cr3t-passphrase", 0600);
	write_key(KEYS_EC_KEY, ec, NULL, 0600);
	write_key(KEYS_OPEN_KEY, key, NULL, 0644);
	write_text(KEYS_GARBAGE, "s3cr3t garbage\n");
	write_certificate(KEYS_CERTIFICATE, key, "20260101000000Z", "20261231000000Z");
	write_chain();
	write_certificate(KEYS_EXPIRED, key, "20250101000000Z", "20251231000000Z");
	write_certificate(KEYS_NOT_YET, key, "20270101000000Z", "20271231000000Z");
	write_certificate(KEYS_EC_CERTIFICATE, ec, "20260101000000Z", "20261231000000Z");
	write_text(KEYS_CUT_CERTIFICATE, "-----BEGIN CERTIFICATE-----\nMIIBszCC\n");
}

void keys_remove(void)
{
	for (int i = 0; i < KEYS_COUNT; i++)
		unlink(paths[i]);
	rmdir(directory);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(ec);
}

const char *keys_path(enum keys_file file)
{
	return paths[file];
}

EVP_PKEY *keys_public(void)
{
	return key;
}
