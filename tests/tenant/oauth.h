// SPDX-License-Identifier: ISC

// OAuth: the device grant (RFC 8628), and refresh tokens.
//
// Documented: POST /oauth/device/code with client_id and scope, POST /oauth/token; an access token
// lives 2,100 s; a client's refresh tokens are rotatable (one use, with a lifetime, 43,000 s by
// default) or not (they do not expire). Seen: bodies in JSON and as forms.
// Chosen, because nothing is known: errors are 400 as in RFC 6749; a poll before the interval is
// over answers slow_down and adds 5 s; a rotatable token that comes again revokes all that came of
// the same login, access tokens included (RFC 9700 4.14.2), unless it comes within --refresh-grace
// of its use: then it is exchanged once more, and what the first answer gave is void. Without the
// scope offline_access there is no refresh token. A refresh of a token that is not rotatable gives
// no refresh token.
//
// The person at the browser is a test: POST /_device with {"userCode", "user", "allow"}.

#ifndef TENANT_OAUTH_H
#define TENANT_OAUTH_H

#include "answer.h"
#include "options.h"
#include "request.h"

struct oauth;
struct auth;

/** Makes it.  @param auth gives out access tokens; borrowed.  @return owned. */
struct oauth *oauth_new(const struct options *options, struct auth *auth);

/** Frees it; NULL is welcome. */
void oauth_free(struct oauth **oauth);

/** Forgets all logins, and takes the refresh tokens of the command line again. */
void oauth_reset(struct oauth *oauth);

/** Answers POST /oauth/device/code. */
void oauth_answer_device(struct oauth *oauth, const struct request *request, struct answer *answer);

/** Answers POST /oauth/token. */
void oauth_answer_token(struct oauth *oauth, const struct request *request, struct answer *answer);

/**
 * Does what a person does who was given a code.
 * @param body {"userCode", "user", "allow"}; borrowed.
 * @return NULL, or what is wrong (static).
 */
const char *oauth_decide(struct oauth *oauth, const json_t *body);

/** Lets every refresh token be over its time. */
void oauth_expire_all(struct oauth *oauth);

#endif
