/* SPDX-License-Identifier: ISC */
/*
 * A small machine.  LOADING is a turn of the loop in which secrets are read; ASKING, REFRESHING and
 * IDENTIFYING have a request under way.  A value stays usable while it is refreshed, until its time
 * is over.
 *
 * Whoever closes while a login is under way waits like the others: the token that comes is logged
 * out then.
 *
 * With oauth-device ASKING and REFRESHING are an exchange of the refresh token.  It is never given
 * up: its answer may hold the only token that the tenant still takes.
 */
#include "scim/auth.h"

#include "base/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/vec.h"
#include "scim/auth_header.h"
#include "scim/codec_decode.h"
#include "scim/oauth.h"
#include "scim/oauth_request.h"
#include "scim/outcome.h"
#include "scim/traffic.h"
#include <assert.h>
#include <stdlib.h>

#define TOKEN_LIFE_MS       (35 * TIME_MINUTE_MS)
#define LOGOUT_TIMEOUT_MS   (5 * TIME_SECOND_MS)
#define REFRESH_AGAIN_MS    TIME_MINUTE_MS
#define IDENTIFY_TIMEOUT_MS (10 * TIME_SECOND_MS)

#define ANAPLAN_AUTH_URL "https://auth.anaplan.com"

enum auth_state {
	AUTH_RESTING,
	AUTH_LOADING,
	AUTH_ASKING,
	AUTH_IDENTIFYING,
	AUTH_REFRESHING,
	AUTH_LOGGING_OUT
};

struct auth {
	struct auth_input in;
	const char *url;     /* of the auth service; NULL: there is none */
	struct oauth *oauth; /* NULL: not with this method */
	bool must_look;      /* before the next session: has somebody logged in again? */
	enum auth_state state;
	struct loop_timer *timer;
	struct http_call *call;
	int64_t asked_ms;
	struct decoder *decoder;
	struct secret *value;          /* of the header; NULL: none */
	struct secret *former, *login; /* the value before, the login under way; NULL: none */
	bool has_value;                /* with method none without a value */
	uint64_t generation;
	int64_t expires_ms, refresh_ms; /* monotonic; INT64_MAX: never */
	struct auth_waiter *waiters, *told, *closers;
	struct tenant_self *self; /* NULL: nobody wants to know whose token it is */
	struct str own_name, own_id;
	bool has_identified; /* in this session */
};

static void on_timer(void *context);
static void on_exchanged(void *context, const struct oauth_result *result);

const char *auth_settings_url(const struct tenant_settings *settings)
{
	bool has_url = settings->auth.url != NULL && settings->auth.url[0] != '\0';

	if (settings->auth.method != TENANT_AUTH_BASIC &&
	    settings->auth.method != TENANT_AUTH_CERTIFICATE)
		return NULL;
	if (has_url)
		return settings->auth.url;
	return settings->profile == TENANT_ANAPLAN ? ANAPLAN_AUTH_URL : NULL;
}

struct auth *auth_new(const struct auth_input *input)
{
	struct auth *auth = mem_new(1, sizeof(*auth));

	auth->in = *input;
	auth->url = auth_settings_url(input->settings);
	auth->timer = loop_timer_new(input->loop, on_timer, auth);
	auth->decoder = decoder_new();
	if (input->settings->auth.method == TENANT_AUTH_OAUTH_DEVICE)
		auth->oauth = oauth_new(&(struct oauth_input) { input->loop, input->http,
		    input->settings, input->counters, on_exchanged, auth });
	return auth;
}

void auth_free(struct auth **auth)
{
	if (*auth == NULL)
		return;
	if ((*auth)->call != NULL)
		http_cancel((*auth)->in.http, (*auth)->call);
	oauth_free(&(*auth)->oauth);
	loop_timer_free(&(*auth)->timer);
	decoder_free(&(*auth)->decoder);
	secret_free(&(*auth)->value);
	secret_free(&(*auth)->former);
	secret_free(&(*auth)->login);
	str_done(&(*auth)->own_name);
	str_done(&(*auth)->own_id);
	free(*auth);
	*auth = NULL;
}

/* --- waiting ------------------------------------------------------------------------------ */

static void list_add(struct auth_waiter **list, struct auth_waiter *waiter)
{
	while (*list != NULL)
		list = &(*list)->next;
	waiter->next = NULL;
	*list = waiter;
}

static void list_remove(struct auth_waiter **list, const struct auth_waiter *waiter)
{
	while (*list != NULL && *list != waiter)
		list = &(*list)->next;
	if (*list != NULL)
		*list = waiter->next;
}

/* Those who begin to wait in a callback wait for the next one. */
static void tell(struct auth *auth, struct auth_waiter **list, const struct auth_failure *failure)
{
	struct auth_waiter *waiter;

	assert(auth->told == NULL);
	auth->told = *list;
	*list = NULL;
	while ((waiter = auth->told) != NULL) {
		auth->told = waiter->next;
		waiter->callback(waiter->context, failure);
	}
}

void auth_stop_waiting(struct auth *auth, struct auth_waiter *waiter)
{
	list_remove(&auth->waiters, waiter);
	list_remove(&auth->told, waiter);
	list_remove(&auth->closers, waiter);
}

/* --- the value ---------------------------------------------------------------------------- */

static void forget_value(struct auth *auth)
{
	auth->has_value = false;
	if (auth->value == NULL)
		return;
	secret_free(&auth->former);
	auth->former = auth->value;
	auth->value = NULL;
}

void auth_secrets(const struct auth *auth, struct span ret_secrets[OUTCOME_SECRETS])
{
	const struct secret *all[OUTCOME_SECRETS] = { auth->value, auth->former, auth->login };

	for (size_t i = 0; i < OUTCOME_SECRETS; i++)
		ret_secrets[i] = all[i] == NULL ? SPAN_NULL : secret_reveal(all[i]);
}

static void take_value(struct auth *auth, struct str *value, int64_t life_ms)
{
	int64_t now_ms = loop_now_ms(auth->in.loop);

	forget_value(auth);
	if (value->len > 0)
		auth->value = secret_new(str_span(value));
	auth->has_value = true;
	auth->generation++;
	auth->expires_ms = life_ms == INT64_MAX ? INT64_MAX : now_ms + life_ms;
	auth->refresh_ms = life_ms == INT64_MAX ? INT64_MAX : now_ms + life_ms / 5 * 4;
	secret_wipe_str(value);
}

static bool is_usable(const struct auth *auth)
{
	return auth->has_value && loop_now_ms(auth->in.loop) < auth->expires_ms &&
	       auth->state != AUTH_LOGGING_OUT;
}

/* By the server's own clock where it shows it: ours may be wrong, and the other way round. */
static int64_t life_of(
    struct auth *auth, const struct decoded_token *token, const struct http_answer *answer)
{
	int64_t wall_ms = loop_wall_ms(auth->in.loop);

	if (answer->date.at == NULL || !time_parse_http(answer->date, &wall_ms))
		wall_ms = loop_wall_ms(auth->in.loop);
	/* Both are the peer's, so they are compared before one is taken from the other. */
	if (token->expires_at_ms <= wall_ms || token->expires_at_ms >= wall_ms + TOKEN_LIFE_MS)
		return TOKEN_LIFE_MS;
	return token->expires_at_ms - wall_ms;
}

/* --- endings ------------------------------------------------------------------------------ */

static void start_logout(struct auth *auth);

static void rest(struct auth *auth, const struct auth_failure *failure)
{
	auth->state = AUTH_RESTING;
	tell(auth, &auth->waiters, failure);
	if (auth->state == AUTH_RESTING && auth->closers != NULL)
		start_logout(auth);
}

static void fail(struct auth *auth, struct auth_failure *failure)
{
	err_prefix(&failure->err, "the tenant's credential cannot be had");
	rest(auth, failure);
}

static void fail_locally(struct auth *auth, const struct err *err)
{
	struct auth_failure failure = { STATUS_DOWN, 0, -1, false, *err };
	fail(auth, &failure);
}

/* --- requests to the auth service --------------------------------------------------------- */

struct auth_request {
	const char *path;
	struct span method; /* absent: POST */
	struct span authorization;
	struct span body; /* absent: none */
	int64_t timeout_ms;
	http_callback *callback;
};

static void ask(struct auth *auth, const struct auth_request *request)
{
	struct str url = { 0 };
	struct http_request http_request = {
		.method = request->method.at == NULL ? SPAN("POST") : request->method,
		.authorization = request->authorization,
		.accept = SPAN("application/json"),
		.content_type = request->body.at == NULL ? SPAN_NULL : SPAN("application/json"),
		.body = request->body,
		.timeout_ms = request->timeout_ms,
		.has_secret_answer = true,
		/* A certificate's message is good for one use. */
		.is_repeatable = request->body.at == NULL,
	};

	str_addf(&url, "%s%s", auth->url, request->path);
	http_request.url = str_span(&url);
	traffic_note_request(auth->in.counters, TENANT_LOGIN);
	auth->asked_ms = loop_now_ms(auth->in.loop);
	auth->call = http_start(auth->in.http, &http_request, request->callback, auth);
	str_done(&url);
}

static void explain(struct auth *auth, const char *path, const struct http_answer *answer,
    const char *problem, struct err *ret_text)
{
	struct outcome_story story = {
		.method = SPAN("POST"),
		.path = span_of(path),
		.answer = answer,
		.problem = problem,
		.profile = auth->in.settings->profile,
		.is_login = true,
	};

	if (problem == NULL && answer->failure == HTTP_NO_FAILURE)
		story.detail = decode_error(auth->decoder, answer->body).detail;
	auth_secrets(auth, story.secrets);
	outcome_explain(&story, ret_text);
	decoder_forget(auth->decoder, true);
}

/* Takes the token of an answer of 2xx. */
static enum status take_token(
    struct auth *auth, const struct http_answer *answer, struct err *reterr)
{
	struct decoded_token token;
	struct str value = { 0 };
	enum status status = decode_token(auth->decoder, answer->body, &token, reterr);

	if (status == STATUS_OK && !auth_header_allows(token.value)) {
		err_set(reterr, "the token in it is not one");
		status = STATUS_RETRY;
	}
	if (status == STATUS_OK) {
		str_add_c(&value, "AnaplanAuthToken ");
		str_reserve(&value, token.value.len);
		str_add(&value, token.value);
		take_value(auth, &value, life_of(auth, &token, answer));
	}
	decoder_forget(auth->decoder, true);
	return status;
}

static void note_answer(struct auth *auth, const struct http_answer *answer)
{
	auth->call = NULL;
	traffic_note_answer(
	    auth->in.counters, TENANT_LOGIN, answer, loop_now_ms(auth->in.loop) - auth->asked_ms);
}

/* --- whose token it is --------------------------------------------------------------------- */

static struct span keep(struct str *place, struct span text)
{
	str_truncate(place, 0);
	str_add(place, text);
	return str_span(place);
}

static void take_owner(struct auth *auth, const struct decoded_owner *owner)
{
	bool is_name_configured = auth->in.settings->auth.method == TENANT_AUTH_BASIC;

	if (owner->guid.len > 0)
		auth->self->account_id = keep(&auth->own_id, owner->guid);
	if (owner->id.len > 0 && !is_name_configured)
		auth->self->user_name = keep(&auth->own_name, owner->id);
}

static void on_identified(void *context, const struct http_answer *answer)
{
	struct auth *auth = context;
	struct outcome outcome = outcome_judge(answer, false, loop_wall_ms(auth->in.loop));
	struct decoded_owner owner;

	note_answer(auth, answer);
	if (outcome.status == STATUS_OK &&
	    decode_owner(auth->decoder, answer->body, &owner, NULL) == STATUS_OK)
		take_owner(auth, &owner);
	decoder_forget(auth->decoder, true);
	rest(auth, NULL);
}

static void identify(struct auth *auth)
{
	int64_t timeout_ms = auth->in.settings->timeout_ms;
	struct auth_request request = {
		.path = "/token/validate",
		.method = SPAN("GET"),
		.authorization = secret_reveal(auth->value),
		.timeout_ms = timeout_ms < IDENTIFY_TIMEOUT_MS ? timeout_ms : IDENTIFY_TIMEOUT_MS,
		.callback = on_identified,
	};

	auth->has_identified = true;
	auth->self->is_told_by_opening = false;
	auth->state = AUTH_IDENTIFYING;
	ask(auth, &request);
}

void auth_tell_self(struct auth *auth, struct tenant_self *self)
{
	const struct tenant_settings *settings = auth->in.settings;

	auth->self = self;
	*self = (struct tenant_self) { .is_told_by_opening = auth->url != NULL };
	if (settings->auth.method == TENANT_AUTH_BASIC)
		self->user_name = settings->auth.user;
}

const char *auth_url(const struct auth *auth)
{
	return auth->url;
}

const struct tenant_self *auth_self(const struct auth *auth)
{
	return auth->self;
}

/* --- logging in --------------------------------------------------------------------------- */

static void on_login(void *context, const struct http_answer *answer)
{
	static const char path[] = "/token/authenticate";
	struct auth *auth = context;
	struct outcome outcome = outcome_judge(answer, false, loop_wall_ms(auth->in.loop));
	struct auth_failure failure = { outcome.status, answer->status, outcome.retry_after_ms,
		outcome.is_refused, { "" } };
	struct err problem;

	note_answer(auth, answer);
	if (outcome.status == STATUS_OK) {
		failure.status = take_token(auth, answer, &problem);
		if (failure.status == STATUS_OK) {
			secret_free(&auth->login);
			if (auth->self != NULL && !auth->has_identified)
				identify(auth);
			else
				rest(auth, NULL);
			return;
		}
		explain(auth, path, answer, problem.text, &failure.err);
	} else {
		explain(auth, path, answer, NULL, &failure.err);
	}
	secret_free(&auth->login);
	/* What is wrong with a login is wrong for all users, not for one. */
	if (failure.status == STATUS_REJECT)
		failure.status = STATUS_DOWN;
	fail(auth, &failure);
}

static void on_refreshed(void *context, const struct http_answer *answer)
{
	struct auth *auth = context;
	struct outcome outcome = outcome_judge(answer, false, loop_wall_ms(auth->in.loop));

	note_answer(auth, answer);
	if (outcome.status == STATUS_OK && take_token(auth, answer, NULL) == STATUS_OK) {
		rest(auth, NULL);
		return;
	}
	auth->state = AUTH_LOADING;
	loop_timer_start(auth->timer, 0);
}

/* A new exchange, though the old token serves on for its time if it fails. */
static void on_exchanged(void *context, const struct oauth_result *result)
{
	struct auth *auth = context;
	struct auth_failure failure = { result->status, result->http_status, result->retry_after_ms,
		result->is_refused, result->err };
	struct str value = { 0 };

	if (result->status == STATUS_OK) {
		str_reserve(&value, 16 + result->token.len);
		str_add_c(&value, "Bearer ");
		str_add(&value, result->token);
		take_value(auth, &value, result->life_ms > 0 ? result->life_ms : TOKEN_LIFE_MS);
		rest(auth, NULL);
	} else if (is_usable(auth)) {
		log_debug("tenant: %s; the token at hand serves on", result->err.text);
		rest(auth, NULL);
	} else {
		fail(auth, &failure);
	}
}

static void start_refresh(struct auth *auth)
{
	struct auth_request request = {
		.path = "/token/refresh",
		.authorization = secret_reveal(auth->value),
		.timeout_ms = auth->in.settings->timeout_ms,
		.callback = on_refreshed,
	};

	/* If both the refresh and the login fail, the old value serves on for its time. */
	auth->refresh_ms = loop_now_ms(auth->in.loop) + REFRESH_AGAIN_MS;
	auth->state = AUTH_REFRESHING;
	if (auth->oauth != NULL)
		oauth_start(auth->oauth);
	else
		ask(auth, &request);
}

/* --- getting a value ---------------------------------------------------------------------- */

static void start_login(struct auth *auth, struct span header, struct span body)
{
	struct auth_request request = {
		.path = "/token/authenticate",
		.authorization = header,
		.body = body.len == 0 ? SPAN_NULL : body,
		.timeout_ms = auth->in.settings->timeout_ms,
		.callback = on_login,
	};

	auth->state = AUTH_ASKING;
	secret_free(&auth->login);
	auth->login = secret_new(header);
	ask(auth, &request);
}

static void load(struct auth *auth)
{
	struct str header = { 0 }, body = { 0 };
	struct err err;

	if (auth->oauth != NULL) {
		auth->state = AUTH_ASKING;
		oauth_start(auth->oauth);
		return;
	}
	if (auth_header_make(auth->in.settings, loop_wall_ms(auth->in.loop), &header, &body,
		&err) != STATUS_OK) {
		secret_wipe_str(&header);
		fail_locally(auth, &err);
	} else if (auth->url != NULL) {
		start_login(auth, str_span(&header), str_span(&body));
	} else {
		take_value(auth, &header, INT64_MAX);
		rest(auth, NULL);
	}
	secret_wipe_str(&header);
	secret_wipe_str(&body);
}

/* Once a session: a token of the person who logged in before is of no use any more, and a refresh
 * token that lies too long is exchanged even where the access token would do. */
static void look_for_another_login(struct auth *auth)
{
	if (!auth->must_look || auth->state != AUTH_RESTING)
		return;
	auth->must_look = false;
	if (oauth_has_changed(auth->oauth) || oauth_is_stale(auth->oauth))
		forget_value(auth);
}

bool auth_get(struct auth *auth, struct span *ret_value, uint64_t *ret_generation)
{
	look_for_another_login(auth);
	if (!is_usable(auth))
		return false;
	if (auth->state == AUTH_RESTING && loop_now_ms(auth->in.loop) >= auth->refresh_ms)
		start_refresh(auth);
	*ret_value = auth->value == NULL ? SPAN_NULL : secret_reveal(auth->value);
	*ret_generation = auth->generation;
	return true;
}

bool auth_must_open(const struct auth *auth)
{
	return auth->oauth != NULL && oauth_is_stale(auth->oauth);
}

void auth_wait(struct auth *auth, struct auth_waiter *waiter)
{
	list_add(&auth->waiters, waiter);
	if (auth->state != AUTH_RESTING)
		return;
	auth->state = AUTH_LOADING;
	loop_timer_start(auth->timer, 0);
}

void auth_refuse(struct auth *auth, uint64_t generation)
{
	if (generation != auth->generation)
		return;
	forget_value(auth);
	if (auth->oauth != NULL ||
	    (auth->state != AUTH_REFRESHING && auth->state != AUTH_IDENTIFYING))
		return;
	http_cancel(auth->in.http, auth->call);
	auth->call = NULL;
	auth->state = AUTH_LOADING;
	loop_timer_start(auth->timer, 0);
}

/* --- closing ------------------------------------------------------------------------------ */

static void end_close(struct auth *auth)
{
	if (auth->oauth == NULL)
		forget_value(auth);
	auth->must_look = auth->oauth != NULL;
	auth->has_identified = false;
	auth->state = AUTH_RESTING;
	tell(auth, &auth->closers, NULL);
	if (auth->state == AUTH_RESTING && auth->waiters != NULL) {
		auth->state = AUTH_LOADING;
		loop_timer_start(auth->timer, 0);
	}
}

static void on_logged_out(void *context, const struct http_answer *answer)
{
	struct auth *auth = context;

	note_answer(auth, answer);
	end_close(auth);
}

static void start_logout(struct auth *auth)
{
	int64_t timeout_ms = auth->in.settings->timeout_ms;
	struct auth_request request = {
		.path = "/token/logout",
		.timeout_ms = timeout_ms < LOGOUT_TIMEOUT_MS ? timeout_ms : LOGOUT_TIMEOUT_MS,
		.callback = on_logged_out,
	};

	if (auth->url == NULL || !is_usable(auth)) {
		auth->state = AUTH_LOGGING_OUT;
		loop_timer_start(auth->timer, 0);
		return;
	}
	request.authorization = secret_reveal(auth->value);
	auth->state = AUTH_LOGGING_OUT;
	ask(auth, &request);
}

void auth_close(struct auth *auth, struct auth_waiter *waiter)
{
	list_add(&auth->closers, waiter);
	if (auth->state == AUTH_REFRESHING && auth->oauth == NULL) {
		http_cancel(auth->in.http, auth->call);
		auth->call = NULL;
		auth->state = AUTH_RESTING;
	}
	if (auth->state == AUTH_RESTING)
		start_logout(auth);
}

static void on_timer(void *context)
{
	struct auth *auth = context;

	if (auth->state == AUTH_LOADING)
		load(auth);
	else if (auth->state == AUTH_LOGGING_OUT)
		end_close(auth);
}

void auth_describe(struct auth *auth, struct str *out)
{
	static const char *const names[] = {
		[TENANT_AUTH_API_KEY] = "an API key",
		[TENANT_AUTH_BASIC] = "a user and a password",
		[TENANT_AUTH_CERTIFICATE] = "a certificate",
		[TENANT_AUTH_OAUTH_DEVICE] = "OAuth",
		[TENANT_AUTH_NONE] = "no credential",
	};
	char life[TIME_TEXT_SIZE];

	str_add_c(out, names[auth->in.settings->auth.method]);
	if ((auth->url == NULL && auth->oauth == NULL) || !is_usable(auth))
		return;
	duration_format(auth->expires_ms - loop_now_ms(auth->in.loop), life);
	str_addf(out, "; %s gave a token for %s",
	    auth->oauth == NULL ? auth->url : oauth_url(auth->in.settings), life);
}
