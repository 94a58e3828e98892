/* SPDX-License-Identifier: ISC */
#include "scim/login.h"

#include "base/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/vec.h"
#include "scim/codec_decode.h"
#include "scim/http_curl.h"
#include "scim/oauth_request.h"
#include "scim/outcome.h"
#include "scim/settings.h"
#include "scim/token_file.h"
#include <stdlib.h>

#define GRANT_TYPE       "urn:ietf:params:oauth:grant-type:device_code"
#define SCOPE            "openid profile email offline_access"
#define SLOW_DOWN_MS     (5 * TIME_SECOND_MS) /* RFC 8628 3.5 */
#define INTERVAL_MAX_MS  (2 * TIME_MINUTE_MS)
#define LOCK_LOOK_MS     100
#define LOCK_PATIENCE_MS (30 * TIME_SECOND_MS) /* beyond what a request may take */

enum login_step {
	LOGIN_LOOKING, /* whether a token can be stored */
	LOGIN_ASKING,  /* for a code */
	LOGIN_POLLING,
	LOGIN_STORING,
	LOGIN_OVER
};

struct login {
	struct login_input in;
	struct tenant_settings settings;
	struct http *http;
	struct decoder *decoder;
	struct token_file *file;
	struct loop_timer *timer;
	struct http_call *call;
	enum login_step step;
	int64_t lock_until_ms; /* loop time */
	struct secret *device_code, *token;
	int64_t interval_ms, until_ms; /* until: loop time at which the code is void */
};

static void end(struct login *login, enum status status, const struct err *err)
{
	login->step = LOGIN_OVER;
	token_file_unlock(login->file);
	login->in.events->on_end(login->in.context, status, err);
}

/* --- the lock ----------------------------------------------------------------------------- */

static void be_patient(struct login *login)
{
	login->lock_until_ms = loop_now_ms(login->in.loop) + login->settings.timeout_ms +
			       LOCK_PATIENCE_MS;
}

/* @return false: it is looked at again, or all is over */
static bool has_lock(struct login *login)
{
	struct err err;
	enum status status = token_file_lock(login->file, &err);

	if (status == STATUS_OK)
		return true;
	if (status == STATUS_RETRY && loop_now_ms(login->in.loop) < login->lock_until_ms)
		loop_timer_start(login->timer, LOCK_LOOK_MS);
	else
		end(login, STATUS_REJECT, &err);
	return false;
}

/* --- the end of it ------------------------------------------------------------------------ */

static void store(struct login *login)
{
	struct err err = { "" };

	if (!has_lock(login))
		return;
	if (token_file_store(login->file, secret_reveal(login->token), &err) != STATUS_OK) {
		end(login, STATUS_REJECT, &err);
		return;
	}
	token_file_note_exchange(login->file, 0);
	end(login, STATUS_OK, &err);
}

static void explain(struct login *login, const char *path, const struct http_answer *answer,
    const char *problem, const char *remedy, struct err *ret_text)
{
	struct oauth_story story = {
		.settings = &login->settings,
		.path = path,
		.answer = answer,
		.decoder = login->decoder,
		.secret = login->device_code == NULL ? SPAN_NULL
						     : secret_reveal(login->device_code),
		.problem = problem,
		.remedy = remedy,
	};

	oauth_explain(&story, ret_text);
}

/* --- polling ------------------------------------------------------------------------------ */

static void poll_later(struct login *login)
{
	loop_timer_start(login->timer, login->interval_ms);
}

/* The tenant is in trouble, or asks for a rest: twice as seldom from now on. */
static void back_off(struct login *login, const struct http_answer *answer)
{
	struct outcome outcome = outcome_judge(answer, false, loop_wall_ms(login->in.loop));
	struct err err;

	explain(login, OAUTH_TOKEN_PATH, answer, NULL, NULL, &err);
	login->interval_ms *= 2;
	if (login->interval_ms > INTERVAL_MAX_MS)
		login->interval_ms = INTERVAL_MAX_MS;
	if (outcome.retry_after_ms > login->interval_ms)
		login->interval_ms = outcome.retry_after_ms;
	login->in.events->on_trouble(login->in.context, &err, login->interval_ms);
	poll_later(login);
}

static const char *end_remedy(struct span error)
{
	if (span_equal(error, SPAN("access_denied")))
		return "somebody refused it; if that was a mistake, start again";
	if (span_equal(error, SPAN("expired_token")))
		return "nobody confirmed in time; start again";
	if (span_equal(error, SPAN("invalid_grant")))
		return "the code was used up, perhaps by an answer that was lost; start again";
	return NULL;
}

static void on_bad_poll(struct login *login, const struct http_answer *answer)
{
	struct span error = decode_grant_error(login->decoder, answer->body);
	struct err err;

	if (span_equal(error, SPAN("authorization_pending"))) {
		poll_later(login);
	} else if (span_equal(error, SPAN("slow_down"))) {
		login->interval_ms += SLOW_DOWN_MS;
		poll_later(login);
	} else if (oauth_judge(answer, error) == OAUTH_LOST ||
		   oauth_judge(answer, error) == OAUTH_UNSENT) {
		back_off(login, answer);
	} else {
		explain(login, OAUTH_TOKEN_PATH, answer, NULL, end_remedy(error), &err);
		end(login, STATUS_DOWN, &err);
	}
}

static void on_granted(struct login *login, const struct http_answer *answer)
{
	const char *problem = NULL;
	struct decoded_grant grant;
	struct err err;

	if (decode_grant(login->decoder, answer->body, &grant, &err) != STATUS_OK)
		problem = err.text;
	else if (grant.refresh_token.at == NULL)
		problem = "it gives no refresh token: the client must be one for the device grant "
			  "with refresh tokens";
	else if (!token_file_allows(grant.refresh_token))
		problem = "the refresh token in it is not one";
	else
		login->token = secret_new(grant.refresh_token);
	decoder_forget(login->decoder, true);
	if (problem == NULL) {
		login->step = LOGIN_STORING;
		be_patient(login);
		store(login);
		return;
	}
	explain(login, OAUTH_TOKEN_PATH, answer, problem, NULL, &err);
	end(login, STATUS_DOWN, &err);
}

static void on_polled(void *context, const struct http_answer *answer)
{
	struct login *login = context;

	login->call = NULL;
	log_debug("tenant: POST " OAUTH_TOKEN_PATH ": %d", answer->status);
	if (answer->failure == HTTP_NO_FAILURE && answer->status >= 200 && answer->status < 300)
		on_granted(login, answer);
	else
		on_bad_poll(login, answer);
}

static void poll_now(struct login *login)
{
	struct oauth_field fields[] = {
		{ "grant_type", SPAN(GRANT_TYPE) },
		{ "device_code", secret_reveal(login->device_code) },
		{ "client_id", login->settings.auth.client_id },
	};
	struct err err;

	if (loop_now_ms(login->in.loop) >= login->until_ms) {
		err_set(&err, "nobody confirmed in time, so that the code is void; start again");
		end(login, STATUS_DOWN, &err);
		return;
	}
	login->call = oauth_request_start(login->http, &login->settings, OAUTH_TOKEN_PATH, fields,
	    sizeof(fields) / sizeof(fields[0]), on_polled, login);
}

/* --- the code ----------------------------------------------------------------------------- */

static void take_device(struct login *login, const struct decoded_device *device)
{
	struct login_prompt prompt = { device->user_code, device->verification_uri,
		device->verification_uri_complete, device->life_ms };

	login->device_code = secret_new(device->device_code);
	login->interval_ms = device->interval_ms;
	login->until_ms = loop_now_ms(login->in.loop) + device->life_ms;
	login->step = LOGIN_POLLING;
	login->in.events->on_prompt(login->in.context, &prompt);
	decoder_forget(login->decoder, true);
	poll_later(login);
}

static void on_device(void *context, const struct http_answer *answer)
{
	struct login *login = context;
	const char *problem = NULL;
	struct decoded_device device;
	struct err unreadable, err;

	login->call = NULL;
	log_debug("tenant: POST " OAUTH_DEVICE_PATH ": %d", answer->status);
	if (answer->failure == HTTP_NO_FAILURE && answer->status >= 200 && answer->status < 300) {
		if (decode_device(login->decoder, answer->body, &device, &unreadable) ==
		    STATUS_OK) {
			take_device(login, &device);
			return;
		}
		problem = unreadable.text;
	}
	explain(login, OAUTH_DEVICE_PATH, answer, problem,
	    answer->status >= 500 || answer->status == 429 ? "try again later" : NULL, &err);
	end(login, STATUS_DOWN, &err);
}

static void ask(struct login *login)
{
	struct oauth_field fields[] = {
		{ "client_id", login->settings.auth.client_id },
		{ "scope", SPAN(SCOPE) },
	};

	login->step = LOGIN_ASKING;
	login->call = oauth_request_start(login->http, &login->settings, OAUTH_DEVICE_PATH, fields,
	    sizeof(fields) / sizeof(fields[0]), on_device, login);
}

static void look(struct login *login)
{
	struct err err;

	if (!has_lock(login))
		return;
	if (token_file_prepare(login->file, &err) != STATUS_OK) {
		end(login, STATUS_REJECT, &err);
		return;
	}
	/* The service may need it in the minutes that a person takes. */
	token_file_unlock(login->file);
	ask(login);
}

static void on_timer(void *context)
{
	struct login *login = context;

	if (login->step == LOGIN_LOOKING)
		look(login);
	else if (login->step == LOGIN_POLLING)
		poll_now(login);
	else if (login->step == LOGIN_STORING)
		store(login);
}

struct login *login_start(const struct login_input *input)
{
	struct login *login = mem_new(1, sizeof(*login));
	struct http_curl_settings http;

	login->in = *input;
	login->settings = settings_complete(input->settings);
	login->http = input->http;
	if (login->http == NULL) {
		http = (struct http_curl_settings) { login->settings.ca_file, login->settings.proxy,
			1, login->settings.answer_max_bytes };
		login->http = http_curl_new(input->loop, &http);
	}
	login->decoder = decoder_new();
	login->file = token_file_new(login->settings.auth.refresh_token_file);
	login->timer = loop_timer_new(input->loop, on_timer, login);
	be_patient(login);
	loop_timer_start(login->timer, 0);
	return login;
}

void login_free(struct login **login)
{
	if (*login == NULL)
		return;
	if ((*login)->call != NULL)
		http_cancel((*login)->http, (*login)->call);
	loop_timer_free(&(*login)->timer);
	token_file_free(&(*login)->file);
	decoder_free(&(*login)->decoder);
	secret_free(&(*login)->device_code);
	secret_free(&(*login)->token);
	http_free(&(*login)->http);
	free(*login);
	*login = NULL;
}
