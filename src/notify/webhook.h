/* SPDX-License-Identifier: ISC */
/*
 * The courier that posts a notice as JSON to a URL.
 *
 * The URL of a webhook often carries a token, so it may be a reference to a secret, is read anew
 * for each try, and stands in no message.  Redirects are not followed.
 */
#ifndef NOTIFY_WEBHOOK_H
#define NOTIFY_WEBHOOK_H

#include "loop/loop.h"
#include "notify/courier.h"

struct wire;

struct webhook_settings {
	const char *url;     /* or a reference to a secret that is one */
	const char *ca_file; /* PEM; NULL: what the system trusts */
	const char *proxy;   /* NULL: none */
};

/** Makes one that has nowhere to go yet. @param wire  borrowed, of its own. @return owned */
struct courier *webhook_new(struct loop *loop, struct wire *wire);

/** Tells it where to go from the next try on. @param settings  copied */
void webhook_configure(struct courier *courier, const struct webhook_settings *settings);

/** What an answer means. @param http_status  0: none came. A 2xx is one, whatever follows it. */
enum courier_outcome webhook_judge(int http_status);

/** Reads Retry-After: seconds or an HTTP-date. @return -1: absent, or neither */
int64_t webhook_retry_after_ms(struct span value, int64_t wall_ms);

#endif
