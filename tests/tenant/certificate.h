// SPDX-License-Identifier: ISC

// Logging in with a certificate, format v2.
//
//	Authorization: CACertificate base64(PEM text, or DER)
//	{"encodedDataFormat": "v2", "encodedData": base64(message),
//	 "encodedSignedData": base64(signature)}
//
// Documented: the message is an 8-byte timestamp (epoch seconds, big-endian)
// and random bytes, at least 100 bytes in all; the signature is SHA512withRSA,
// PKCS#1 v1.5, over the raw message; the certificate comes from a registered
// authority.  v1 is no longer taken.
// Chosen: the clock may differ by ten minutes; further certificates in the PEM
// text serve as intermediates; what is malformed answers 400, what is well
// formed but not to be trusted 401.  Whether a message was used before is not looked at.

#ifndef TENANT_CERTIFICATE_H
#define TENANT_CERTIFICATE_H

#include <jansson.h>

enum certificate_outcome {
	CERTIFICATE_GOOD,
	CERTIFICATE_MALFORMED, /**< 400 */
	CERTIFICATE_REFUSED    /**< 401 */
};

/**
 * Checks a login.
 * @param encoded what stands behind "CACertificate ".
 * @param body borrowed; may be NULL.
 * @param ca_file the authorities, in PEM; NULL refuses everyone.
 * @param ret_why why not, static; not written when good.
 */
enum certificate_outcome certificate_check(
    const char *encoded, const json_t *body, const char *ca_file, const char **ret_why);

#endif
