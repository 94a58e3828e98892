/* SPDX-License-Identifier: ISC */
/*
 * What a server's X.509 certificate says about itself, to explain why it is not trusted.
 *
 * Pure.  Nothing here decides about trust: libldap and its TLS library do.
 */
#ifndef DIRECTORY_CERTIFICATE_TEXT_H
#define DIRECTORY_CERTIFICATE_TEXT_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

/**
 * Appends subject, issuer and validity, and whether it has expired or is not valid yet.
 *
 * @param der  the certificate (RFC 5280 4.1), hostile
 * @param wall_ms  now
 * @return false, and appends nothing, when it cannot be read
 */
bool certificate_describe(struct span der, int64_t wall_ms, struct str *out);

/**
 * Finds the first DNS name that the certificate is for (subjectAltName, RFC 5280 4.2.1.6).
 *
 * @return borrowed from `der`; absent when there is none
 */
struct span certificate_dns_name(struct span der);

#endif
