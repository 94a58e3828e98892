// SPDX-License-Identifier: ISC

// Who may ask: the auth service, and the credentials that SCIM takes.
//
// Documented or seen live: POST /token/authenticate with Basic or CACertificate
// answers 201; /token/refresh keeps the token's value and extends its life;
// /token/validate, /token/logout (204); a token lives 35 minutes; Bearer is
// rejected there; errors are 401 FAILURE_BAD_CREDENTIAL and 400
// FAILURE_BAD_HEADER.  SCIM takes AnaplanAuthToken, Bearer with such a token, with
// an OAuth token or an API key, and Basic; 401 without, 403 without USER_ADMIN.
// OAuth is in oauth.h.
// /token/validate tells whose token it is: userId is the name that logged in, userGuid the id of
// the tenant's user with that userName. Chosen: somebody who logs in without being among the SCIM
// users has a userGuid made of the name; a certificate logs in the person whom --certificate-user
// names. Chosen: a missing or an unfit Authorization answers 400 FAILURE_BAD_HEADER, a dead token
// 401; who logs in by certificate holds USER_ADMIN.

#ifndef TENANT_AUTH_H
#define TENANT_AUTH_H

#include "answer.h"
#include "options.h"
#include "request.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>

struct auth;
struct oauth;

/** What a request's credentials are worth to SCIM. */
enum auth_verdict {
	AUTH_GOOD,
	AUTH_MISSING, /**< none, or wrong, or expired: 401 */
	AUTH_NO_ROLE  /**< right, but not an administrator: 403 */
};

/** Makes the auth service.  @param options, store borrowed until auth_free().  @return owned. */
struct auth *auth_new(const struct options *options, const struct store *store);

/** Frees the auth service; NULL is welcome. */
void auth_free(struct auth **auth);

/** Gives out an access token of a login of OAuth.  @return borrowed until the next one comes. */
const char *auth_issue(struct auth *auth, const char *owner, bool has_role, long family);

/** Lets the access tokens of a login of OAuth die. */
void auth_revoke(struct auth *auth, long family);

/** Finds a person who may log in.  @param name may be NULL.  @return borrowed, or NULL. */
const struct credential *auth_find_user(const struct auth *auth, const char *name);

/** The part that knows refresh tokens; borrowed. */
struct oauth *auth_oauth(struct auth *auth);

/** Forgets all tokens, and takes the refresh tokens of the command line again. */
void auth_reset(struct auth *auth);

/** Judges an Authorization header.  @param authorization may be NULL. */
enum auth_verdict auth_judge(struct auth *auth, const char *authorization);

/** Says whether a path is one of the auth service's. */
bool auth_has_path(const char *path);

/** Answers a request to the auth service. */
void auth_answer(struct auth *auth, const struct request *request, struct answer *ret_answer);

/** Lets every token die now; API keys and passwords stay. */
void auth_expire_all(struct auth *auth);

/** Tells how many tokens are alive. */
size_t auth_count_live(struct auth *auth);

/** Answers an error in the auth service's form.  @param why static or borrowed. */
void auth_answer_error(struct answer *answer, unsigned status, const char *why);

#endif
