/* SPDX-License-Identifier: ISC */
/*
 * The value of an Authorization header that is made of a configured secret.
 */
#ifndef SCIM_AUTH_HEADER_H
#define SCIM_AUTH_HEADER_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "scim/tenant.h"

/**
 * Reads the method's secret and makes a header of it: "Bearer …", "Basic …", "CACertificate …"; of
 * the method none nothing.
 *
 * @param header  empty; gets the value, a secret: wipe it, on failure too
 * @param body    empty; gets the JSON that a certificate goes with
 * @return STATUS_OK; STATUS_REJECT: the secret cannot be read or not be in a header
 */
enum status auth_header_make(const struct tenant_settings *settings, int64_t wall_ms,
    struct str *header, struct str *body, struct err *reterr);

/** Whether a text may be in a header: visible ASCII, and some of it. */
bool auth_header_allows(struct span text);

#endif
