/* SPDX-License-Identifier: ISC */
/*
 * Keys and certificates for the tests, made anew for each run in a directory of their own.
 */
#ifndef TESTS_UNIT_SCIM_KEYS_H
#define TESTS_UNIT_SCIM_KEYS_H

#include <openssl/evp.h>

enum keys_file {
	KEYS_KEY,             /* RSA, mode 0600 */
	KEYS_OTHER_KEY,       /* RSA */
	KEYS_ENCRYPTED_KEY,   /* the first, with a passphrase */
	KEYS_EC_KEY,          /* not RSA */
	KEYS_OPEN_KEY,        /* the first, mode 0644 */
	KEYS_GARBAGE,         /* text that is neither key nor certificate */
	KEYS_CERTIFICATE,     /* of the first key, 2026 */
	KEYS_CHAIN,           /* private key, that certificate, another one, and words between */
	KEYS_EXPIRED,         /* of the first key, 2025 */
	KEYS_NOT_YET,         /* of the first key, 2027 */
	KEYS_EC_CERTIFICATE,  /* of the key that is not RSA */
	KEYS_CUT_CERTIFICATE, /* its end is missing */
	KEYS_MISSING,         /* no such file */
	KEYS_COUNT
};

/** Makes them all. */
void keys_make(void);

/** Removes them. */
void keys_remove(void);

/** The path of a file. @return borrowed */
const char *keys_path(enum keys_file file);

/** The first key. @return borrowed */
EVP_PKEY *keys_public(void);

#endif
