/* SPDX-License-Identifier: ISC */
/*
 * Requests to the tenant's OAuth host, and what their failures mean to a person.
 *
 * With profile anaplan bodies are JSON, as all of Anaplan's own samples are; else they are forms,
 * as RFC 6749 and RFC 8628 have it.  The paths are Anaplan's, /oauth/device/code and /oauth/token,
 * below tenant.auth.url.
 */
#ifndef SCIM_OAUTH_REQUEST_H
#define SCIM_OAUTH_REQUEST_H

#include "base/err.h"
#include "base/str.h"
#include "scim/codec_decode.h"
#include "scim/http.h"
#include "scim/outcome.h"
#include "scim/tenant.h"
#include <stddef.h>

#define OAUTH_DEVICE_PATH "/oauth/device/code"
#define OAUTH_TOKEN_PATH  "/oauth/token"

/* A member of a request's body. */
struct oauth_field {
	const char *name;
	struct span value; /* may be a secret */
};

/** The OAuth host: tenant.auth.url, or what the profile has; NULL: neither. */
const char *oauth_url(const struct tenant_settings *settings);

/** Appends a body; enough room is made first, so that no copy of a secret is left behind. */
void oauth_encode(bool is_json, const struct oauth_field *fields, size_t count, struct str *out);

/** Sends a request. @param settings checked. @return as http_start */
struct http_call *oauth_request_start(struct http *http, const struct tenant_settings *settings,
    const char *path, const struct oauth_field *fields, size_t count, http_callback *callback,
    void *context);

/* What a bad answer of a token endpoint is. */
enum oauth_verdict {
	OAUTH_LOST,      /* nobody knows whether the request was carried out */
	OAUTH_UNSENT,    /* it did not get out, or was turned away at the door: carried out it was
			    not */
	OAUTH_REFUSED,   /* it was read and refused: the answer has an `error` */
	OAUTH_NOT_OAUTH, /* it was refused by something that does not speak OAuth */
};

/**
 * Judges an answer that is not good by its failure, status and `error`.
 *
 * Some servers answer refusals with 403 or 429 instead of 400, so the `error` counts.
 *
 * @param error  of the body; absent: none
 * Source: RFC 6749 5.2, RFC 8628 3.5
 */
enum oauth_verdict oauth_judge(const struct http_answer *answer, struct span error);

/* A request and what came of it, to be told. */
struct oauth_story {
	const struct tenant_settings *settings;
	const char *path;
	const struct http_answer *answer;
	struct decoder *decoder; /* reads the peer's words, and forgets */
	struct span secret;      /* that was sent and may be repeated; absent: none */
	const char *problem;     /* what is wrong with a good answer; NULL: nothing */
	const char *remedy;      /* NULL: what the status and the `error` say */
};

/** Writes what was tried, what came, and what to do; the secret in none of the forms that a peer
 * may repeat it in. */
void oauth_explain(const struct oauth_story *story, struct err *ret_text);

#endif
