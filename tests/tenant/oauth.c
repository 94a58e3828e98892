// SPDX-License-Identifier: ISC
#include "oauth.h"

#include "auth.h"
#include "memory.h"

#include <openssl/rand.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SLOW_DOWN_S 5

enum decision { DECISION_PENDING, DECISION_ALLOWED, DECISION_DENIED };

struct device {
	char *code;
	char *user_code;
	char *client;
	char *user; /* who allowed it */
	enum decision decision;
	bool wants_refresh;
	bool is_used;
	long interval_s;
	int64_t expires_ms, polled_ms; /* 0: not polled yet */
};

struct spent {
	char *token;
	int64_t at_ms;
};

/* All tokens that come of one login. */
struct family {
	long id;
	char *client;
	char *user;
	bool has_role, is_rotating, is_revoked;
	char *token; /* the one that is good */
	int64_t expires_ms;
	struct spent *spent;
	size_t spent_count;
};

struct oauth {
	const struct options *options;
	struct auth *auth;
	struct device *devices;
	size_t device_count;
	struct family *families;
	size_t family_count;
	long last_family;
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char *random_letters(size_t count, const char *letters)
{
	char *text = memory_new(count + 1, 1);
	for (size_t i = 0; i < count; i++) {
		unsigned char byte = 0;
		RAND_bytes(&byte, 1);
		text[i] = letters[byte % strlen(letters)];
	}
	return text;
}

static char *random_token(void)
{
	return random_letters(
	    48, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");
}

static void device_done(struct device *device)
{
	free(device->code);
	free(device->user_code);
	free(device->client);
	free(device->user);
}

static void family_done(struct family *family)
{
	for (size_t i = 0; i < family->spent_count; i++)
		free(family->spent[i].token);
	free(family->spent);
	free(family->token);
	free(family->client);
	free(family->user);
}

static void forget(struct oauth *oauth)
{
	for (size_t i = 0; i < oauth->device_count; i++)
		device_done(&oauth->devices[i]);
	for (size_t i = 0; i < oauth->family_count; i++)
		family_done(&oauth->families[i]);
	oauth->device_count = oauth->family_count = 0;
}

static struct family *add_family(
    struct oauth *oauth, const char *client, const char *user, bool has_role)
{
	oauth->families = memory_resize(
	    oauth->families, oauth->family_count + 1, sizeof(*oauth->families));
	struct family *family = &oauth->families[oauth->family_count++];
	*family = (struct family) { .id = ++oauth->last_family,
		.client = text_copy(client),
		.user = text_copy(user),
		.has_role = has_role };
	return family;
}

static void give_token(const struct oauth *oauth, struct family *family, char *token)
{
	family->token = token;
	family->expires_ms =
	    family->is_rotating ? now_ms() + oauth->options->refresh_lifetime_s * 1000 : INT64_MAX;
}

void oauth_reset(struct oauth *oauth)
{
	forget(oauth);
	const struct credentials *given = &oauth->options->refresh_tokens;
	for (size_t i = 0; i < given->count; i++) {
		const struct credential *one = &given->list[i];
		struct family *family = add_family(oauth, one->name, one->name, one->has_role);
		family->is_rotating = true;
		give_token(oauth, family, text_copy(one->secret));
	}
}

struct oauth *oauth_new(const struct options *options, struct auth *auth)
{
	struct oauth *oauth = memory_new(1, sizeof(*oauth));
	oauth->options = options;
	oauth->auth = auth;
	oauth_reset(oauth);
	return oauth;
}

void oauth_free(struct oauth **oauth)
{
	if (!*oauth)
		return;
	forget(*oauth);
	free((*oauth)->devices);
	free((*oauth)->families);
	free(*oauth);
	*oauth = NULL;
}

void oauth_expire_all(struct oauth *oauth)
{
	for (size_t i = 0; i < oauth->family_count; i++)
		oauth->families[i].expires_ms = 0;
}

static void answer_error_of(struct answer *answer, const char *error, const char *description)
{
	answer_json(answer, 400, ANSWER_JSON,
	    json_pack("{s:s, s:s}", "error", error, "error_description", description));
}

/* A member of a JSON body or of a form; a form's values are decoded in place of "%XX" and "+". */
static char *body_member(const struct request *request, const char *name)
{
	if (request->json)
		return text_copy(json_string_value(json_object_get(request->json, name)));
	char *copy = text_copy(request->body), *rest = NULL, *found = NULL;
	for (char *pair = strtok_r(copy, "&", &rest); pair; pair = strtok_r(NULL, "&", &rest)) {
		size_t length = strlen(name);
		if (text_begins(pair, name) && pair[length] == '=')
			found = pair + length + 1;
	}
	char *value = text_copy(found), *end = value;
	for (const char *at = found; at && *at; at++, end++) {
		char digits[3] = { at[0] == '%' ? at[1] : '\0', at[1], '\0' };
		digits[1] = digits[0] ? at[2] : '\0';
		*end = *at == '+' ? ' ' : *at;
		if (digits[0] && digits[1]) {
			*end = (char)strtol(digits, NULL, 16);
			at += 2;
		}
	}
	if (end)
		*end = '\0';
	free(copy);
	return value;
}

/* --- the device grant ----------------------------------------------------------------------- */

static const struct oauth_client *find_client(const struct oauth *oauth, const char *name)
{
	for (size_t i = 0; name && i < oauth->options->oauth_client_count; i++) {
		if (strcmp(oauth->options->oauth_clients[i].name, name) == 0)
			return &oauth->options->oauth_clients[i];
	}
	return NULL;
}

static struct device *add_device(struct oauth *oauth, const char *client, const char *scope)
{
	static const char consonants[] = "BCDFGHJKLMNPQRSTVWXZ";
	char *front = random_letters(4, consonants), *back = random_letters(4, consonants);
	oauth->devices = memory_resize(
	    oauth->devices, oauth->device_count + 1, sizeof(*oauth->devices));
	struct device *device = &oauth->devices[oauth->device_count++];
	*device = (struct device) { .code = random_token(),
		.user_code = text_format("%s-%s", front, back),
		.client = text_copy(client),
		.wants_refresh = scope && strstr(scope, "offline_access"),
		.interval_s = oauth->options->device_interval_s,
		.expires_ms = now_ms() + oauth->options->device_lifetime_s * 1000 };
	free(front);
	free(back);
	return device;
}

void oauth_answer_device(struct oauth *oauth, const struct request *request, struct answer *answer)
{
	char *client = body_member(request, "client_id"), *scope = body_member(request, "scope");
	if (find_client(oauth, client)) {
		const struct device *device = add_device(oauth, client, scope);
		char *complete = text_format(
		    "https://iam.example/activate?user_code=%s", device->user_code);
		answer_json(answer, 200, ANSWER_JSON,
		    json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "device_code", device->code,
			"user_code", device->user_code, "verification_uri",
			"https://iam.example/activate", "verification_uri_complete", complete,
			"expires_in", (json_int_t)oauth->options->device_lifetime_s, "interval",
			(json_int_t)device->interval_s));
		free(complete);
	} else {
		answer_error_of(answer, "invalid_client", "There is no such client");
	}
	free(client);
	free(scope);
}

const char *oauth_decide(struct oauth *oauth, const json_t *body)
{
	const char *code = json_string_value(json_object_get(body, "userCode"));
	const char *user = json_string_value(json_object_get(body, "user"));
	bool is_allowed = json_is_true(json_object_get(body, "allow"));
	if (!code || (is_allowed && !auth_find_user(oauth->auth, user)))
		return "userCode, or the user who allows it, is missing or unknown";
	for (size_t i = 0; i < oauth->device_count; i++) {
		struct device *device = &oauth->devices[i];
		if (strcmp(device->user_code, code) != 0 || device->decision != DECISION_PENDING ||
		    now_ms() >= device->expires_ms)
			continue;
		device->decision = is_allowed ? DECISION_ALLOWED : DECISION_DENIED;
		text_set(&device->user, user);
		return NULL;
	}
	return "there is no such code, or it is over";
}

static void answer_grant(
    struct oauth *oauth, const struct family *family, bool shows_refresh, struct answer *answer)
{
	const char *access = auth_issue(oauth->auth, family->user, family->has_role, family->id);
	json_t *shown = json_pack("{s:s, s:s, s:I}", "access_token", access, "token_type", "Bearer",
	    "expires_in", (json_int_t)oauth->options->token_lifetime_s);
	if (shows_refresh)
		json_object_set_new(shown, "refresh_token", json_string(family->token));
	answer_json(answer, 200, ANSWER_JSON, shown);
}

static void answer_allowed(struct oauth *oauth, struct device *device, struct answer *answer)
{
	const struct credential *user = auth_find_user(oauth->auth, device->user);
	struct family *family = add_family(oauth, device->client, device->user, user->has_role);
	family->is_rotating = find_client(oauth, device->client)->is_rotating;
	give_token(oauth, family, random_token());
	device->is_used = true;
	answer_grant(oauth, family, device->wants_refresh, answer);
}

static bool is_too_soon(struct device *device)
{
	int64_t before_ms = device->polled_ms;
	device->polled_ms = now_ms();
	if (before_ms == 0 || device->polled_ms - before_ms >= device->interval_s * 1000)
		return false;
	device->interval_s += SLOW_DOWN_S;
	return true;
}

static void answer_poll(struct oauth *oauth, struct device *device, struct answer *answer)
{
	if (now_ms() >= device->expires_ms)
		answer_error_of(answer, "expired_token", "The device code has expired");
	else if (is_too_soon(device))
		answer_error_of(answer, "slow_down", "You are polling too fast");
	else if (device->decision == DECISION_PENDING)
		answer_error_of(answer, "authorization_pending", "Nobody has confirmed yet");
	else if (device->decision == DECISION_DENIED)
		answer_error_of(answer, "access_denied", "The user refused");
	else
		answer_allowed(oauth, device, answer);
}

static void answer_device_code(
    struct oauth *oauth, const struct request *request, const char *client, struct answer *answer)
{
	char *code = body_member(request, "device_code");
	struct device *device = NULL;
	for (size_t i = 0; code && i < oauth->device_count; i++) {
		struct device *one = &oauth->devices[i];
		if (!one->is_used && strcmp(one->code, code) == 0 &&
		    strcmp(one->client, client) == 0)
			device = one;
	}
	if (device)
		answer_poll(oauth, device, answer);
	else
		answer_error_of(answer, "invalid_grant", "Unknown or used device code");
	free(code);
}

/* --- refreshing ------------------------------------------------------------------------------ */

static void revoke(struct oauth *oauth, struct family *family)
{
	family->is_revoked = true;
	auth_revoke(oauth->auth, family->id);
}

static void rotate(const struct oauth *oauth, struct family *family)
{
	family->spent = memory_resize(
	    family->spent, family->spent_count + 1, sizeof(*family->spent));
	family->spent[family->spent_count++] = (struct spent) { family->token, now_ms() };
	give_token(oauth, family, random_token());
}

static const struct spent *find_spent(const struct family *family, const char *token)
{
	for (size_t i = 0; i < family->spent_count; i++) {
		if (strcmp(family->spent[i].token, token) == 0)
			return &family->spent[i];
	}
	return NULL;
}

static void answer_refresh_of(
    struct oauth *oauth, struct family *family, const struct spent *spent, struct answer *answer)
{
	bool is_forgiven = spent &&
			   now_ms() - spent->at_ms < oauth->options->refresh_grace_s * 1000;
	if (family->is_revoked) {
		answer_error_of(answer, "invalid_grant", "The refresh token was revoked");
	} else if (spent && !is_forgiven) {
		revoke(oauth, family);
		answer_error_of(answer, "invalid_grant", "The refresh token was used before");
	} else if (now_ms() >= family->expires_ms) {
		answer_error_of(answer, "invalid_grant", "The refresh token has expired");
	} else {
		if (family->is_rotating)
			rotate(oauth, family);
		answer_grant(oauth, family, family->is_rotating, answer);
	}
}

static void answer_refresh(
    struct oauth *oauth, const struct request *request, const char *client, struct answer *answer)
{
	char *token = body_member(request, "refresh_token");
	answer_error_of(answer, "invalid_grant", "There is no such refresh token");
	for (size_t i = 0; token && i < oauth->family_count; i++) {
		struct family *family = &oauth->families[i];
		const struct spent *spent = find_spent(family, token);
		if (strcmp(family->client, client) == 0 &&
		    (spent || strcmp(family->token, token) == 0)) {
			answer_refresh_of(oauth, family, spent, answer);
			break;
		}
	}
	free(token);
}

void oauth_answer_token(struct oauth *oauth, const struct request *request, struct answer *answer)
{
	char *grant = body_member(request, "grant_type");
	char *client = body_member(request, "client_id");
	if (!client)
		answer_error_of(answer, "invalid_client", "There is no client_id");
	else if (grant && strcmp(grant, "refresh_token") == 0)
		answer_refresh(oauth, request, client, answer);
	else if (grant && strcmp(grant, "urn:ietf:params:oauth:grant-type:device_code") == 0)
		answer_device_code(oauth, request, client, answer);
	else
		answer_error_of(answer, "unsupported_grant_type", "Not one of this server's");
	free(grant);
	free(client);
}
