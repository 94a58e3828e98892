/* SPDX-License-Identifier: ISC */
/*
 * A person lets the agent in, by OAuth's device grant (RFC 8628): the tenant gives a code, the
 * person enters it in a browser anywhere, and meanwhile the token endpoint is polled until it gives
 * a refresh token, which is stored.  The access token that comes with it is thrown away.
 *
 * Before anybody is asked for anything it is made sure that a token can be stored.
 */
#ifndef SCIM_LOGIN_H
#define SCIM_LOGIN_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "loop/loop.h"
#include "scim/http.h"
#include "scim/tenant.h"
#include <stdint.h>

struct login;

/* What the person is told; a peer's words, borrowed until the callback returns. */
struct login_prompt {
	struct span user_code, verification_uri;
	struct span verification_uri_complete; /* absent: there is none */
	int64_t life_ms;                       /* of the code */
};

struct login_events {
	void (*on_prompt)(void *context, const struct login_prompt *prompt);

	/** A poll failed for the moment, and the next one comes in `wait_ms`. */
	void (*on_trouble)(void *context, const struct err *err, int64_t wait_ms);

	/**
	 * The end, once.  STATUS_OK: the refresh token is on disk; STATUS_REJECT: it could not be
	 * stored, or nobody could be asked because it could not be; STATUS_DOWN: the tenant gave
	 * none, `err` says why.  login_free is for later.
	 */
	void (*on_end)(void *context, enum status status, const struct err *err);
};

struct login_input {
	struct loop *loop;
	const struct tenant_settings *settings; /* borrowed; checked; of method oauth-device */
	struct http *http;                      /* taken; NULL: one of its own */
	const struct login_events *events;      /* borrowed */
	void *context;
};

/** Starts it. No event comes before this returned. @return owned */
struct login *login_start(const struct login_input *input);

/** Ends what is under way without events: nothing is stored then. Sets `*login` to NULL; NULL is
 * welcome. */
void login_free(struct login **login);

#endif
