// SPDX-License-Identifier: ISC

// Base64 of RFC 4648, section 4.

#ifndef TENANT_BASE64_H
#define TENANT_BASE64_H

#include <stddef.h>

/**
 * Decodes base64; blanks and line ends in it are skipped.
 * @param ret_size_bytes written on success only.
 * @return owned, with a NUL behind it that is not counted; NULL when it is not base64.
 */
unsigned char *base64_decode(const char *text, size_t *ret_size_bytes);

#endif
