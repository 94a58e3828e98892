// SPDX-License-Identifier: ISC
#include "auth.h"

#include "base64.h"
#include "certificate.h"
#include "memory.h"
#include "oauth.h"

#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct token {
	char *value;
	char *id;
	char *refresh_id;
	char *owner;        /* who logged in */
	int64_t expires_ms; /* since 1970 */
	bool has_role;
	long family; /* the login of OAuth that it came of; 0: none */
};

struct auth {
	const struct options *options;
	const struct store *store;
	struct token *tokens;
	size_t token_count;
	struct oauth *oauth;
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char *random_text(size_t bytes)
{
	char *text = text_copy("");
	for (size_t i = 0; i < bytes; i++) {
		unsigned char byte = 0;
		RAND_bytes(&byte, 1);
		char *longer = text_format("%s%02x", text, byte);
		free(text);
		text = longer;
	}
	return text;
}

static void token_done(struct token *token)
{
	free(token->value);
	free(token->id);
	free(token->refresh_id);
	free(token->owner);
}

struct auth *auth_new(const struct options *options, const struct store *store)
{
	struct auth *auth = memory_new(1, sizeof(*auth));
	auth->options = options;
	auth->store = store;
	auth->oauth = oauth_new(options, auth);
	return auth;
}

void auth_expire_all(struct auth *auth)
{
	for (size_t i = 0; i < auth->token_count; i++)
		token_done(&auth->tokens[i]);
	auth->token_count = 0;
}

void auth_reset(struct auth *auth)
{
	auth_expire_all(auth);
	oauth_reset(auth->oauth);
}

void auth_free(struct auth **auth)
{
	if (!*auth)
		return;
	auth_expire_all(*auth);
	oauth_free(&(*auth)->oauth);
	free((*auth)->tokens);
	free(*auth);
	*auth = NULL;
}

static void drop_expired(struct auth *auth)
{
	int64_t now = now_ms();
	for (size_t i = auth->token_count; i > 0; i--) {
		struct token *token = &auth->tokens[i - 1];
		if (token->expires_ms > now)
			continue;
		token_done(token);
		*token = auth->tokens[--auth->token_count];
	}
}

size_t auth_count_live(struct auth *auth)
{
	drop_expired(auth);
	return auth->token_count;
}

static void token_extend(const struct auth *auth, struct token *token)
{
	token->expires_ms = now_ms() + auth->options->token_lifetime_s * 1000;
}

/* @return borrowed until the next token comes or goes. */
static struct token *issue(struct auth *auth, const char *owner, bool has_role)
{
	drop_expired(auth);
	auth->tokens = memory_resize(auth->tokens, auth->token_count + 1, sizeof(*auth->tokens));
	struct token *token = &auth->tokens[auth->token_count++];
	*token = (struct token) {
		.value = random_text(32),
		.id = random_text(16),
		.refresh_id = random_text(16),
		.owner = text_copy(owner),
		.has_role = has_role,
	};
	token_extend(auth, token);
	return token;
}

const char *auth_issue(struct auth *auth, const char *owner, bool has_role, long family)
{
	struct token *token = issue(auth, owner, has_role);
	token->family = family;
	return token->value;
}

void auth_revoke(struct auth *auth, long family)
{
	for (size_t i = auth->token_count; i > 0; i--) {
		struct token *token = &auth->tokens[i - 1];
		if (token->family != family)
			continue;
		token_done(token);
		*token = auth->tokens[--auth->token_count];
	}
}

const struct credential *auth_find_user(const struct auth *auth, const char *name)
{
	const struct credentials *users = &auth->options->users;
	for (size_t i = 0; name && i < users->count; i++) {
		if (strcasecmp(users->list[i].name, name) == 0)
			return &users->list[i];
	}
	return NULL;
}

struct oauth *auth_oauth(struct auth *auth)
{
	return auth->oauth;
}

static struct token *find_token(struct auth *auth, const char *value)
{
	drop_expired(auth);
	for (size_t i = 0; i < auth->token_count; i++) {
		if (strcmp(auth->tokens[i].value, value) == 0)
			return &auth->tokens[i];
	}
	return NULL;
}

/* What stands behind "Scheme ", or NULL when it is another scheme. */
static const char *after_scheme(const char *authorization, const char *scheme)
{
	size_t length = strlen(scheme);
	if (!authorization || strncasecmp(authorization, scheme, length) != 0 ||
	    authorization[length] != ' ')
		return NULL;
	return authorization + length + 1;
}

static const struct credential *find_api_key(const struct auth *auth, const char *key)
{
	const struct credentials *keys = &auth->options->api_keys;
	for (size_t i = 0; i < keys->count; i++) {
		if (strcmp(keys->list[i].name, key) == 0)
			return &keys->list[i];
	}
	return NULL;
}

static const struct credential *find_user(const struct auth *auth, const char *encoded)
{
	size_t size;
	char *pair = (char *)base64_decode(encoded, &size);
	char *colon = pair ? strchr(pair, ':') : NULL;
	const struct credential *found = NULL;
	const struct credentials *users = &auth->options->users;
	if (colon)
		*colon = '\0';
	for (size_t i = 0; colon && i < users->count; i++) {
		if (strcasecmp(users->list[i].name, pair) == 0 &&
		    strcmp(users->list[i].secret, colon + 1) == 0)
			found = &users->list[i];
	}
	free(pair);
	return found;
}

enum auth_verdict auth_judge(struct auth *auth, const char *authorization)
{
	const char *bearer = after_scheme(authorization, "Bearer");
	const char *own = after_scheme(authorization, "AnaplanAuthToken");
	const char *basic = after_scheme(authorization, "Basic");
	const struct token *token = NULL;
	const struct credential *credential = NULL;
	if (bearer || own)
		token = find_token(auth, bearer ? bearer : own);
	if (bearer && !token)
		credential = find_api_key(auth, bearer);
	if (basic)
		credential = find_user(auth, basic);
	if (!token && !credential)
		return AUTH_MISSING;
	return (token ? token->has_role : credential->has_role) ? AUTH_GOOD : AUTH_NO_ROLE;
}

bool auth_has_path(const char *path)
{
	return text_begins(path, "/token/") || text_begins(path, "/oauth/");
}

void auth_answer_error(struct answer *answer, unsigned status, const char *why)
{
	const char *code = status == 400   ? "FAILURE_BAD_HEADER"
			   : status == 401 ? "FAILURE_BAD_CREDENTIAL"
					   : "FAILURE";
	answer_json(answer, status, ANSWER_JSON,
	    json_pack("{s:s, s:s}", "status", code, "statusMessage", why));
}

static json_t *token_show(const struct token *token, const char *path, const char *message)
{
	char *schema = text_format("https://auth.example/objects%s", path);
	json_t *shown = json_pack("{s:{s:s}, s:s, s:s, s:{s:s, s:s, s:I, s:s}}", "meta",
	    "validationUrl", "https://auth.example/token/validate", "status", "SUCCESS",
	    "statusMessage", message, "tokenInfo", "tokenValue", token->value, "tokenId", token->id,
	    "expiresAt", (json_int_t)token->expires_ms, "refreshTokenId", token->refresh_id);
	json_object_set_new(json_object_get(shown, "meta"), "schema", json_string(schema));
	free(schema);
	return shown;
}

static void answer_login(struct auth *auth, const struct request *request, const char *owner,
    bool has_role, struct answer *answer)
{
	const struct token *token = issue(auth, owner, has_role);
	answer_json(answer, 201, ANSWER_JSON, token_show(token, request->path, "Login successful"));
}

static void authenticate(struct auth *auth, const struct request *request, struct answer *answer)
{
	const char *basic = after_scheme(request->authorization, "Basic");
	const char *certificate = after_scheme(request->authorization, "CACertificate");
	const char *why = NULL;
	if (certificate) {
		enum certificate_outcome outcome = certificate_check(
		    certificate, request->json, auth->options->ca_file, &why);
		if (outcome == CERTIFICATE_GOOD)
			answer_login(auth, request, auth->options->certificate_user, true, answer);
		else
			auth_answer_error(answer, outcome == CERTIFICATE_REFUSED ? 401 : 400, why);
	} else if (basic) {
		const struct credential *user = find_user(auth, basic);
		if (user)
			answer_login(auth, request, user->name, user->has_role, answer);
		else
			auth_answer_error(answer, 401, "Not authenticated");
	} else {
		auth_answer_error(answer, 400, "Authorization must be Basic or CACertificate");
	}
}

static void logout(struct auth *auth, struct token *token, struct answer *answer)
{
	token_done(token);
	*token = auth->tokens[--auth->token_count];
	answer_done(answer);
	answer->status = 204;
}

/* An id for somebody whom SCIM does not show: the same for the same name. */
static void make_guid(const char *name, char guid[33])
{
	uint64_t hash = 14695981039346656037U; /* FNV-1a */
	for (const char *at = name; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211U;
	snprintf(guid, 33, "8a81b08e654bde3c%016llx", (unsigned long long)hash);
}

static void validate(const struct auth *auth, const struct request *request,
    const struct token *token, struct answer *answer)
{
	const struct user *user = store_find(auth->store, STORE_BY_USER_NAME, token->owner);
	json_t *shown = token_show(token, request->path, "Token validated");
	char guid[33];
	make_guid(token->owner, guid);
	json_object_set_new(shown, "userInfo",
	    json_pack("{s:s, s:s, s:s}", "userGuid", user ? user->id : guid, "userId", token->owner,
		"customerGuid", "8a81b08e654bde3c01656e0bc7b60a94"));
	answer_json(answer, 200, ANSWER_JSON, shown);
}

static void answer_with_token(
    struct auth *auth, const struct request *request, struct answer *answer)
{
	const char *value = after_scheme(request->authorization, "AnaplanAuthToken");
	struct token *token = value ? find_token(auth, value) : NULL;
	if (!value) {
		auth_answer_error(answer, 400, "Authorization must be AnaplanAuthToken");
	} else if (!token) {
		auth_answer_error(answer, 401, "Token is not valid");
	} else if (strcmp(request->path, "/token/refresh") == 0) {
		token_extend(auth, token);
		answer_json(
		    answer, 200, ANSWER_JSON, token_show(token, request->path, "Token refreshed"));
	} else if (strcmp(request->path, "/token/logout") == 0) {
		logout(auth, token, answer);
	} else {
		validate(auth, request, token, answer);
	}
}

static void answer_oauth_token(
    struct auth *auth, const struct request *request, struct answer *answer)
{
	oauth_answer_token(auth->oauth, request, answer);
}

static void answer_oauth_device(
    struct auth *auth, const struct request *request, struct answer *answer)
{
	oauth_answer_device(auth->oauth, request, answer);
}

void auth_answer(struct auth *auth, const struct request *request, struct answer *ret_answer)
{
	static const struct {
		const char *method;
		const char *path;
		void (*answer)(struct auth *, const struct request *, struct answer *);
	} endpoints[] = {
		{ "POST", "/token/authenticate", authenticate },
		{ "POST", "/token/refresh", answer_with_token },
		{ "GET", "/token/validate", answer_with_token },
		{ "POST", "/token/logout", answer_with_token },
		{ "POST", "/oauth/token", answer_oauth_token },
		{ "POST", "/oauth/device/code", answer_oauth_device },
	};
	unsigned status = 404;
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		if (strcmp(endpoints[i].path, request->path) != 0)
			continue;
		if (strcmp(endpoints[i].method, request->method) == 0) {
			endpoints[i].answer(auth, request, ret_answer);
			return;
		}
		status = 405;
	}
	auth_answer_error(ret_answer, status, status == 404 ? "Not found" : "Method not allowed");
}
