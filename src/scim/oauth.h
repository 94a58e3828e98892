/* SPDX-License-Identifier: ISC */
/*
 * From a refresh token to an access token, so that neither a death nor a lost answer costs more
 * than it must (RFC 6749 section 6; scim/token_file.h keeps the token).
 *
 * A tenant that rotates gives a new refresh token with each access token and takes the old one no
 * more; a tenant that looks for reuse (RFC 9700 4.14.2) revokes all of them when an old one comes
 * again.  What a death or a failure leaves behind, by the point where it comes:
 *
 *   before the request       The token is unspent.
 *   request sent, no answer  Nobody knows whether it is spent.  It is the only one there is, so it
 * is sent again.  The tenant takes it when it does not rotate, when the request never reached it,
 * or when it allows for lost answers; else it refuses, and may revoke what came of the lost answer,
 * which nobody has.  A refused token is never sent again: a person must log in. answer here, not
 * stored  As above after a death.  A process that lives keeps the new token and the lock, uses
 * nothing of the answer, and tries again to store it. stored beside            The next one to read
 * puts it in place. renamed                  Done.
 *
 * The access token is handed out only when the refresh token that came with it is on disk; it
 * itself never is.  A request that is under way is not given up while the process lives.
 */
#ifndef SCIM_OAUTH_H
#define SCIM_OAUTH_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "loop/loop.h"
#include "scim/http.h"
#include "scim/tenant.h"
#include <stdbool.h>
#include <stdint.h>

struct oauth;

struct oauth_result {
	enum status status; /* OK; RETRY: for the moment; DOWN: somebody must do something */
	struct span token;  /* a secret, fit for a header; borrowed until the callback returns */
	int64_t life_ms;    /* from now on; 0: not given */
	int http_status;    /* 0: nothing was asked, or no answer came */
	int64_t retry_after_ms;
	bool is_refused; /* no connection could be made */
	struct err err;  /* where it is not OK */
};

typedef void oauth_callback(void *context, const struct oauth_result *result);

struct oauth_input {
	struct loop *loop;
	struct http *http;                      /* borrowed */
	const struct tenant_settings *settings; /* borrowed; checked; of method oauth-device */
	struct tenant_counters *counters;       /* borrowed */
	oauth_callback *callback;
	void *context;
};

/** Makes it; nothing is opened or sent yet. @return owned */
struct oauth *oauth_new(const struct oauth_input *input);

/** Ends what is under way without the callback, wipes and frees; sets `*oauth` to NULL; NULL is
 * welcome. */
void oauth_free(struct oauth **oauth);

/** Gets an access token: one callback, never before this returned. None may be under way. */
void oauth_start(struct oauth *oauth);

/** Whether another token lies in the file than the one this knows: somebody logged in again, or
 * another process exchanged it. */
bool oauth_has_changed(const struct oauth *oauth);

/**
 * Whether the refresh token should be exchanged although nobody needs an access token: it is four
 * hours old and was not exchanged since; or there is none, or the tenant refused it, which somebody
 * should be told before it is needed.
 *
 * Anaplan's refresh tokens that rotate live for 12 hours unless the client says otherwise.
 */
bool oauth_is_stale(const struct oauth *oauth);

#endif
