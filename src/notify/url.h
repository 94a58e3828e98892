/* SPDX-License-Identifier: ISC */
/*
 * Where notices may go to: over TLS, or to this very host.
 */
#ifndef NOTIFY_URL_H
#define NOTIFY_URL_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include <stdbool.h>

/**
 * Checks the URL of a webhook: https://, or http:// to localhost, 127.0.0.0/8 or [::1].
 *
 * @return STATUS_OK; or STATUS_REJECT: the message does not repeat the URL, which may be a secret
 */
enum status notify_url_check(struct span url, struct err *reterr);

/**
 * Checks the URL of a mail server: smtps://, or smtp:// with STARTTLS unless it is this host.
 *
 * @return as notify_url_check
 */
enum status notify_mail_url_check(struct span url, struct err *reterr);

/** Whether an address is plain enough to stand in a command of SMTP and in a header. */
bool notify_address_is_sound(struct span address);

/** Whether a URL that passed a check leads to this host. */
bool notify_url_is_loopback(struct span url);

/** Whether a URL that passed the check goes without TLS, and so to this host. */
bool notify_url_is_cleartext(struct span url);

#endif
