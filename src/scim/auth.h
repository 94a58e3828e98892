/* SPDX-License-Identifier: ISC */
/*
 * The value of the Authorization header: how it is had, kept, renewed and given back.
 *
 * With api-key, with basic where there is no auth service, and with none, it is made of a secret
 * that is read when it is first wanted and again after a 401, so that an exchanged key is found.
 * Else it is "AnaplanAuthToken t": from POST /token/authenticate, kept alive by POST /token/refresh
 * once 80 % of its life are over, and got anew when that fails or a 401 says that it is dead.
 * With oauth-device it is "Bearer t", got and renewed by an exchange of the refresh token
 * (scim/oauth.h), and kept from one session to the next, because each exchange is a risk.
 * However many wait, one request is under way.
 */
#ifndef SCIM_AUTH_H
#define SCIM_AUTH_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "loop/loop.h"
#include "scim/http.h"
#include "scim/outcome.h"
#include "scim/tenant.h"
#include <stdbool.h>
#include <stdint.h>

struct auth;

/* Why there is no header. */
struct auth_failure {
	enum status
	    status;      /* STATUS_RETRY: for the moment; STATUS_DOWN: somebody must do something */
	int http_status; /* of the auth service; 0: no answer */
	int64_t retry_after_ms;
	bool is_refused;
	struct err err;
};

/* `failure` is NULL when auth_get has a header now; borrowed until the callback returns. */
typedef void auth_callback(void *context, const struct auth_failure *failure);

/* Lies in whoever waits; at most in one wait at a time. */
struct auth_waiter {
	struct auth_waiter *next;
	auth_callback *callback;
	void *context;
};

struct auth_input {
	struct loop *loop;
	struct http *http;                      /* borrowed */
	const struct tenant_settings *settings; /* borrowed; checked */
	struct tenant_counters *counters;       /* borrowed */
};

/** Makes it; nothing is read or sent yet. @return owned */
struct auth *auth_new(const struct auth_input *input);

/**
 * Keeps `self` up to date from now on: with basic the configuration says the userName; where the
 * auth service gives tokens it is asked once a session whose they are, before the first one is
 * handed out.  That it does not say is no failure, and what was known stays known.
 *
 * @param self  borrowed until freed; its texts live until the next login
 */
void auth_tell_self(struct auth *auth, struct tenant_self *self);

/** What auth_tell_self keeps up to date; NULL: nobody asked for it. */
const struct tenant_self *auth_self(const struct auth *auth);

/** Ends what is under way without callbacks, wipes and frees; sets `*auth` to NULL; NULL is
 * welcome.
 */
void auth_free(struct auth **auth);

/**
 * Looks at the header's value, and starts to refresh it when it is time.
 *
 * @param ret_value       a secret; absent: no such header (method none); valid until the loop turns
 * @param ret_generation  names this value for auth_refuse
 * @return false: there is none; auth_wait for it
 */
bool auth_get(struct auth *auth, struct span *ret_value, uint64_t *ret_generation);

/** As the port's must_open (core/port_tenant.h): only a refresh token goes stale by itself. */
bool auth_must_open(const struct auth *auth);

/** Gets a header; the waiter's callback comes once, never before this returned. */
void auth_wait(struct auth *auth, struct auth_waiter *waiter);

/** Ends waiting without the callback; one that does not wait is welcome. */
void auth_stop_waiting(struct auth *auth, struct auth_waiter *waiter);

/** Says that a value was answered 401: it is forgotten, unless a newer one is there already. */
void auth_refuse(struct auth *auth, uint64_t generation);

/** Tells the values that a peer may repeat: this one, the one before, the login's; absent: none. */
void auth_secrets(const struct auth *auth, struct span ret_secrets[OUTCOME_SECRETS]);

/** Logs out where there is something to log out of, and forgets; as auth_wait, never with a
 * failure. */
void auth_close(struct auth *auth, struct auth_waiter *waiter);

/** The auth service that gives tokens; NULL: there is none. */
const char *auth_settings_url(const struct tenant_settings *settings);

/** The same of one that was made. */
const char *auth_url(const struct auth *auth);

/** Appends for people how the header is had, and how long it lives. */
void auth_describe(struct auth *auth, struct str *out);

#endif
