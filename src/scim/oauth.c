/* SPDX-License-Identifier: ISC */
#include "scim/oauth.h"

#include "base/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/vec.h"
#include "scim/auth_header.h"
#include "scim/codec_decode.h"
#include "scim/oauth_request.h"
#include "scim/outcome.h"
#include "scim/token_file.h"
#include "scim/traffic.h"
#include <assert.h>
#include <stdlib.h>

#define STALE_MS     (4 * TIME_HOUR_MS)
#define LOCK_LOOK_MS 100
#define LOCK_EXTRA_MS                                                                              \
	(10 * TIME_SECOND_MS) /* beyond what a request of another process may take                 \
			       */

/* What came of an exchange and waits to be handed out. */
struct grant {
	struct secret *access;  /* NULL: none */
	struct secret *refresh; /* not yet on disk; NULL: none */
	int64_t life_ms;        /* 0: not given */
	int64_t asked_ms;       /* loop time */
};

struct oauth {
	struct oauth_input in;
	struct token_file *file;
	struct decoder *decoder;
	struct loop_timer *timer;
	struct http_call *call;
	bool is_running;
	int64_t lock_until_ms;
	struct secret *token; /* that is being exchanged; NULL: none */
	int64_t asked_ms;
	int64_t exchanged_ms; /* wall time of the last exchange that went well; 0: none */
	int64_t lost_at_ms;   /* wall time of an exchange whose end nobody knows; 0: none */
	struct grant grant;
	bool is_refused; /* the tenant refused the token in the file */
	struct err refusal;
};

static void on_timer(void *context);

struct oauth *oauth_new(const struct oauth_input *input)
{
	struct oauth *oauth = mem_new(1, sizeof(*oauth));

	oauth->in = *input;
	oauth->file = token_file_new(input->settings->auth.refresh_token_file);
	oauth->decoder = decoder_new();
	oauth->timer = loop_timer_new(input->loop, on_timer, oauth);
	return oauth;
}

static void forget_grant(struct grant *grant)
{
	secret_free(&grant->access);
	secret_free(&grant->refresh);
	*grant = (struct grant) { 0 };
}

void oauth_free(struct oauth **oauth)
{
	if (*oauth == NULL)
		return;
	if ((*oauth)->call != NULL)
		http_cancel((*oauth)->in.http, (*oauth)->call);
	if ((*oauth)->grant.refresh != NULL) /* the last chance */
		(void)token_file_store(
		    (*oauth)->file, secret_reveal((*oauth)->grant.refresh), NULL);
	forget_grant(&(*oauth)->grant);
	secret_free(&(*oauth)->token);
	token_file_free(&(*oauth)->file);
	decoder_free(&(*oauth)->decoder);
	loop_timer_free(&(*oauth)->timer);
	free(*oauth);
	*oauth = NULL;
}

bool oauth_has_changed(const struct oauth *oauth)
{
	return token_file_has_changed(oauth->file);
}

bool oauth_is_stale(const struct oauth *oauth)
{
	int64_t made_ms, used_ms = oauth->exchanged_ms;

	if (oauth->is_refused && !token_file_has_changed(oauth->file))
		return true;
	if (!token_file_modified(oauth->file, &made_ms))
		return true;
	if (made_ms > used_ms)
		used_ms = made_ms;
	return loop_wall_ms(oauth->in.loop) - used_ms >= STALE_MS;
}

/* --- endings ------------------------------------------------------------------------------ */

/* The lock stays only with a token that is not on disk yet. */
static void end(struct oauth *oauth, const struct oauth_result *result)
{
	secret_free(&oauth->token);
	if (oauth->grant.refresh == NULL)
		token_file_unlock(oauth->file);
	oauth->is_running = false;
	oauth->in.callback(oauth->in.context, result);
}

static void fail(struct oauth *oauth, enum status status, const struct err *err)
{
	struct oauth_result result = { .status = status, .retry_after_ms = -1, .err = *err };

	end(oauth, &result);
}

static void hand_out(struct oauth *oauth)
{
	struct grant grant = oauth->grant;
	int64_t elapsed_ms = loop_now_ms(oauth->in.loop) - grant.asked_ms;
	struct oauth_result result = { .status = STATUS_OK, .retry_after_ms = -1 };

	oauth->grant = (struct grant) { 0 };
	result.token = secret_reveal(grant.access);
	if (grant.life_ms > 0)
		result.life_ms = grant.life_ms > elapsed_ms ? grant.life_ms - elapsed_ms : 1;
	end(oauth, &result);
	forget_grant(&grant);
}

/* --- storing ------------------------------------------------------------------------------ */

/* @return false: it could not be stored, and the callback was called */
static bool store_grant(struct oauth *oauth)
{
	struct err err;

	if (oauth->grant.refresh != NULL) {
		if (token_file_store(oauth->file, secret_reveal(oauth->grant.refresh), &err) !=
		    STATUS_OK) {
			err_prefix(&err,
			    "the tenant gave a new refresh token, which is kept in memory until it "
			    "can be stored");
			fail(oauth, STATUS_RETRY, &err);
			return false;
		}
		secret_free(&oauth->grant.refresh);
	}
	token_file_note_exchange(oauth->file, 0);
	oauth->lost_at_ms = 0;
	oauth->exchanged_ms = loop_wall_ms(oauth->in.loop);
	return true;
}

/* --- answers ------------------------------------------------------------------------------ */

static void explain(struct oauth *oauth, const struct http_answer *answer, const char *problem,
    const char *remedy, struct err *ret_text)
{
	struct oauth_story story = {
		.settings = oauth->in.settings,
		.path = OAUTH_TOKEN_PATH,
		.answer = answer,
		.decoder = oauth->decoder,
		.secret = oauth->token == NULL ? SPAN_NULL : secret_reveal(oauth->token),
		.problem = problem,
		.remedy = remedy,
	};

	oauth_explain(&story, ret_text);
}

static void tell_refusal(struct oauth *oauth, const struct http_answer *answer, struct err *text)
{
	struct str remedy = { 0 };
	char at[TIME_TEXT_SIZE];

	str_addf(&remedy,
	    "the refresh token in \"%s\" has expired, was revoked or was used elsewhere",
	    oauth->in.settings->auth.refresh_token_file);
	if (oauth->lost_at_ms != 0) {
		time_format(oauth->lost_at_ms, false, at);
		str_addf(&remedy, ", or spent by the exchange of %s, whose answer was lost", at);
	}
	str_add_c(&remedy, "; log in with \"scimward login\"");
	explain(oauth, answer, NULL, str_c(&remedy), text);
	str_done(&remedy);
}

static void on_bad_answer(
    struct oauth *oauth, const struct http_answer *answer, const struct outcome *outcome)
{
	struct span error = decode_grant_error(oauth->decoder, answer->body);
	enum oauth_verdict verdict = oauth_judge(answer, error);
	bool is_grant = verdict == OAUTH_REFUSED && span_equal(error, SPAN("invalid_grant"));
	struct oauth_result result = { STATUS_RETRY, SPAN_NULL, 0, answer->status,
		outcome->retry_after_ms, outcome->is_refused, { "" } };

	if (verdict == OAUTH_REFUSED || verdict == OAUTH_NOT_OAUTH ||
	    outcome->status == STATUS_DOWN)
		result.status = STATUS_DOWN;
	if (is_grant)
		tell_refusal(oauth, answer, &result.err);
	else
		explain(oauth, answer, NULL, NULL, &result.err);
	if (is_grant) {
		oauth->is_refused = true;
		oauth->refusal = result.err;
	}
	if (verdict == OAUTH_REFUSED)
		oauth->lost_at_ms = 0;
	if (verdict != OAUTH_LOST && oauth->lost_at_ms == 0)
		token_file_note_exchange(oauth->file, 0);
	end(oauth, &result);
}

/* Of a good answer. Its refresh token counts even where the rest of it is of no use. */
static const char *take_grant(struct oauth *oauth, const struct decoded_grant *decoded)
{
	struct grant *grant = &oauth->grant;
	bool is_new = decoded->refresh_token.at != NULL &&
		      !span_equal(decoded->refresh_token, secret_reveal(oauth->token));

	if (is_new && !token_file_allows(decoded->refresh_token))
		return "the refresh token in it is not one";
	if (is_new)
		grant->refresh = secret_new(decoded->refresh_token);
	grant->life_ms = decoded->life_ms;
	grant->asked_ms = oauth->asked_ms;
	if (!auth_header_allows(decoded->access_token))
		return "the access token in it is not one";
	grant->access = secret_new(decoded->access_token);
	return NULL;
}

static void on_good_answer(struct oauth *oauth, const struct http_answer *answer)
{
	struct oauth_result result = {
		.status = STATUS_RETRY, .http_status = answer->status, .retry_after_ms = -1
	};
	struct decoded_grant decoded;
	struct err unreadable;
	const char *problem;
	bool is_read;

	is_read = decode_grant(oauth->decoder, answer->body, &decoded, &unreadable) == STATUS_OK;
	problem = is_read ? take_grant(oauth, &decoded) : unreadable.text;
	decoder_forget(oauth->decoder, true);
	if (problem != NULL)
		explain(oauth, answer, problem, NULL, &result.err);
	if (oauth->grant.refresh != NULL || problem == NULL) {
		if (!store_grant(oauth))
			return;
	}
	if (problem != NULL)
		end(oauth, &result);
	else
		hand_out(oauth);
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct oauth *oauth = context;
	struct outcome outcome = outcome_judge(answer, true, loop_wall_ms(oauth->in.loop));

	oauth->call = NULL;
	traffic_note_answer(oauth->in.counters, TENANT_LOGIN, answer,
	    loop_now_ms(oauth->in.loop) - oauth->asked_ms);
	log_debug("tenant: exchanged the refresh token: %d", answer->status);
	if (outcome.status == STATUS_OK)
		on_good_answer(oauth, answer);
	else
		on_bad_answer(oauth, answer, &outcome);
}

/* --- the exchange ------------------------------------------------------------------------- */

static void send_token(struct oauth *oauth)
{
	struct oauth_field fields[] = {
		{ "grant_type", SPAN("refresh_token") },
		{ "client_id", oauth->in.settings->auth.client_id },
		{ "refresh_token", secret_reveal(oauth->token) },
	};

	traffic_note_request(oauth->in.counters, TENANT_LOGIN);
	oauth->asked_ms = loop_now_ms(oauth->in.loop);
	oauth->call = oauth_request_start(
	    oauth->in.http, oauth->in.settings, OAUTH_TOKEN_PATH, fields, 3, on_answer, oauth);
}

/* Under the lock: the token as it is now, and room for the next one before this one is spent. */
static void spend(struct oauth *oauth)
{
	struct err err;

	if (token_file_read(oauth->file, &oauth->token, &err) != STATUS_OK ||
	    token_file_prepare(oauth->file, &err) != STATUS_OK) {
		fail(oauth, STATUS_DOWN, &err);
		return;
	}
	oauth->is_refused = false;
	if (!token_file_has_open_exchange(oauth->file, &oauth->lost_at_ms)) {
		oauth->lost_at_ms = 0;
		token_file_note_exchange(oauth->file, loop_wall_ms(oauth->in.loop));
	}
	send_token(oauth);
}

/* A token that could not be stored: the lock is still held. @return whether that was all */
static bool go_on_with_grant(struct oauth *oauth)
{
	struct grant *grant = &oauth->grant;

	if (grant->refresh == NULL)
		return false;
	if (!store_grant(oauth))
		return true;
	if (grant->access == NULL || grant->life_ms == 0 ||
	    loop_now_ms(oauth->in.loop) >= grant->asked_ms + grant->life_ms) {
		forget_grant(grant);
		return false;
	}
	hand_out(oauth);
	return true;
}

static void on_timer(void *context)
{
	struct oauth *oauth = context;
	enum status status;
	struct err err;

	if (go_on_with_grant(oauth))
		return;
	if (oauth->is_refused && !token_file_has_changed(oauth->file)) {
		fail(oauth, STATUS_DOWN, &oauth->refusal);
		return;
	}
	status = token_file_lock(oauth->file, &err);
	if (status == STATUS_RETRY && loop_now_ms(oauth->in.loop) < oauth->lock_until_ms)
		loop_timer_start(oauth->timer, LOCK_LOOK_MS);
	else if (status != STATUS_OK)
		fail(oauth, status, &err);
	else
		spend(oauth);
}

void oauth_start(struct oauth *oauth)
{
	assert(!oauth->is_running);
	oauth->is_running = true;
	oauth->lock_until_ms = loop_now_ms(oauth->in.loop) + oauth->in.settings->timeout_ms +
			       LOCK_EXTRA_MS;
	loop_timer_start(oauth->timer, 0);
}
