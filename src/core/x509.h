/* SPDX-License-Identifier: ISC */
/*
 * What a peer's X.509 certificate says about itself, to explain why it is not trusted and to see
 * its end coming.
 *
 * Pure.  Nothing here decides about trust: the TLS libraries do.
 */
#ifndef CORE_X509_H
#define CORE_X509_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

/* What is wrong with a certificate that a TLS library did not trust. */
enum x509_trouble {
	X509_TRUSTED,
	X509_EXPIRED,
	X509_NOT_YET_VALID,
	X509_WRONG_NAME,
	X509_SELF_SIGNED,    /* its own issuer, which nobody said to trust */
	X509_UNKNOWN_ISSUER, /* the way to an authority that is trusted is broken */
};

enum { X509_TEXT_SIZE = 256 };

/* What of it is shown; texts are cut when they are longer. */
struct x509_summary {
	bool is_known; /* false: there is none, or it cannot be read; then nothing else counts */
	char subject[X509_TEXT_SIZE], issuer[X509_TEXT_SIZE]; /* RFC 4514 */
	char names[X509_TEXT_SIZE]; /* DNS names that it is for, ", " between */
	int64_t from_ms, until_ms;
	bool is_self_signed;
};

/**
 * Reads subject, issuer, validity and names.
 *
 * @param der  the certificate (RFC 5280 4.1), hostile
 * @return false, and `is_known` false, when it cannot be read
 */
bool x509_summarize(struct span der, struct x509_summary *ret_summary);

/**
 * Finds the first DNS name that the certificate is for (subjectAltName, RFC 5280 4.2.1.6).
 *
 * @return borrowed from `der`; absent when there is none
 */
struct span x509_dns_name(struct span der);

/** Says what must be wrong with a certificate that is not trusted and has the right name. */
enum x509_trouble x509_judge(const struct x509_summary *summary, int64_t wall_ms);

/** Names a trouble: "expired" …; "trusted". */
const char *x509_trouble_name(enum x509_trouble trouble);

/** Says it in words: "it has expired". */
const char *x509_trouble_text(enum x509_trouble trouble);

/** What to do about it. */
const char *x509_trouble_remedy(enum x509_trouble trouble);

/** Appends "subject …, issued by …, valid from … to …", or expired since, or not valid before. */
void x509_describe(const struct x509_summary *summary, int64_t wall_ms, struct str *out);

#endif
