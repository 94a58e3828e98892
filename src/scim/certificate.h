/* SPDX-License-Identifier: ISC */
/*
 * Logging in with a certificate: Anaplan's payload in format v2.
 *
 *     Authorization: CACertificate base64(PEM text of the certificates)
 *     {"encodedDataFormat":"v2","encodedData":base64(message),"encodedSignedData":base64(signature)}
 *
 * The message is the time as eight bytes, epoch seconds, big-endian, and random bytes behind it,
 * 100 bytes or more in all; the signature is SHA512withRSA (PKCS#1 v1.5) over the raw message.
 * A message is used once.
 */
#ifndef SCIM_CERTIFICATE_H
#define SCIM_CERTIFICATE_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include <stdint.h>

enum { CERTIFICATE_MESSAGE_BYTES = 128 };

/**
 * Makes the header and the body of one login.
 *
 * Of the certificate's file only certificates are sent, whatever else is in it.
 *
 * @param cert_file  PEM, the one that signs first
 * @param key_file   path of its private key in PEM, or a secret's reference
 * @param wall_ms    now
 * @param header     gets "CACertificate …" appended
 * @param body       gets the JSON appended
 * @return STATUS_OK; STATUS_REJECT: a file cannot be read or is open to others, a key that is
 *   encrypted, not RSA, or of another certificate, a certificate that is not valid now; err says
 *   which
 * Source: Anaplan help, "Certificate authentication", as of 2026-06-19
 */
enum status certificate_login(const char *cert_file, struct span key_file, int64_t wall_ms,
    struct str *header, struct str *body, struct err *reterr);

#endif
