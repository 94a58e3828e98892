/* SPDX-License-Identifier: ISC */
#include "scim/oauth_request.h"

#include "base/emit.h"
#include "base/secret.h"
#include <string.h>

#define ANAPLAN_OAUTH_URL "https://us1a.app.anaplan.com"

const char *oauth_url(const struct tenant_settings *settings)
{
	if (settings->auth.url != NULL && settings->auth.url[0] != '\0')
		return settings->auth.url;
	return settings->profile == TENANT_ANAPLAN ? ANAPLAN_OAUTH_URL : NULL;
}

/* --- bodies ------------------------------------------------------------------------------- */

static bool is_unreserved(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("-._~", byte) != NULL);
}

static void add_percent(struct span text, struct str *out)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (is_unreserved(text.at[i])) {
			str_add_byte(out, text.at[i]);
			continue;
		}
		str_add_byte(out, '%');
		str_add_byte(out, digits[byte >> 4]);
		str_add_byte(out, digits[byte & 15]);
	}
}

static void add_form(const struct oauth_field *fields, size_t count, struct str *out)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add_byte(out, '&');
		str_add_c(out, fields[i].name);
		str_add_byte(out, '=');
		add_percent(fields[i].value, out);
	}
}

static void add_json(const struct oauth_field *fields, size_t count, struct str *out)
{
	struct emitter json;

	emit_init(&json, out, 0);
	emit_object_open(&json);
	for (size_t i = 0; i < count; i++)
		emit_member_string(&json, fields[i].name, fields[i].value);
	emit_object_close(&json);
}

void oauth_encode(bool is_json, const struct oauth_field *fields, size_t count, struct str *out)
{
	size_t room = 16;

	for (size_t i = 0; i < count; i++) /* a byte becomes six at most: \u00xx */
		room += strlen(fields[i].name) + 8 + 6 * fields[i].value.len;
	str_reserve(out, room);
	if (is_json)
		add_json(fields, count, out);
	else
		add_form(fields, count, out);
}

struct http_call *oauth_request_start(struct http *http, const struct tenant_settings *settings,
    const char *path, const struct oauth_field *fields, size_t count, http_callback *callback,
    void *context)
{
	bool is_json = settings->profile == TENANT_ANAPLAN;
	struct str url = { 0 }, body = { 0 };
	struct http_request request = {
		.method = SPAN("POST"),
		.accept = SPAN("application/json"),
		.content_type = is_json ? SPAN("application/json")
					: SPAN("application/x-www-form-urlencoded"),
		.timeout_ms = settings->timeout_ms,
		.has_secret_answer = true,
		.is_repeatable = false, /* a token of one use must not go out twice by itself */
	};
	struct http_call *call;

	str_addf(&url, "%s%s", oauth_url(settings), path);
	oauth_encode(is_json, fields, count, &body);
	request.url = str_span(&url);
	request.body = str_span(&body);
	call = http_start(http, &request, callback, context);
	secret_wipe_str(&body);
	str_done(&url);
	return call;
}

/* --- answers ------------------------------------------------------------------------------ */

static bool is_temporary(struct span error)
{
	static const struct span temporary[] = { SPAN_INIT("temporarily_unavailable"),
		SPAN_INIT("server_error"), SPAN_INIT("slow_down") };

	for (size_t i = 0; i < sizeof(temporary) / sizeof(temporary[0]); i++) {
		if (span_equal(error, temporary[i]))
			return true;
	}
	return false;
}

enum oauth_verdict oauth_judge(const struct http_answer *answer, struct span error)
{
	if (answer->failure != HTTP_NO_FAILURE)
		return answer->was_sent ? OAUTH_LOST : OAUTH_UNSENT;
	if (answer->status < 300 || answer->status >= 500 || answer->status == 408)
		return OAUTH_LOST;
	if (is_temporary(error) || (answer->status == 429 && error.at == NULL))
		return OAUTH_UNSENT;
	return error.at != NULL && answer->status >= 400 ? OAUTH_REFUSED : OAUTH_NOT_OAUTH;
}

static const char *error_remedy(struct span error)
{
	static const struct {
		struct span error;
		const char *remedy;
	} remedies[] = {
		{ SPAN_INIT("invalid_client"),
		    "check tenant.auth.client_id, and that the client is there and enabled" },
		{ SPAN_INIT("unauthorized_client"), "check tenant.auth.client_id, and that the "
						    "client is one for the device grant" },
		{ SPAN_INIT("unsupported_grant_type"),
		    "check tenant.auth.url, and that the client is one for the device grant" },
		{ SPAN_INIT("invalid_scope"), "check which scopes the client may ask for" },
	};

	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
		if (span_equal(error, remedies[i].error))
			return remedies[i].remedy;
	}
	return NULL;
}

static const char *remedy_of(const struct oauth_story *story, struct span error)
{
	enum oauth_verdict verdict = oauth_judge(story->answer, error);

	if (story->remedy != NULL)
		return story->remedy;
	if (error_remedy(error) != NULL)
		return error_remedy(error);
	return verdict == OAUTH_NOT_OAUTH || verdict == OAUTH_REFUSED
		   ? "check tenant.auth.url, which must be the tenant's OAuth host, and "
		     "tenant.auth.client_id"
		   : "it is tried again";
}

/* "error: description", of what the body has. */
static void add_words(const struct oauth_story *story, struct str *words, struct str *error)
{
	struct span detail;

	if (story->answer->failure != HTTP_NO_FAILURE || story->problem != NULL)
		return;
	str_add(error, decode_grant_error(story->decoder, story->answer->body));
	str_add(words, str_span(error));
	detail = decode_error(story->decoder, story->answer->body).detail;
	if (detail.at != NULL && !span_equal(detail, str_span(error)))
		str_addf(words, "%s%.*s", words->len > 0 ? ": " : "", SPAN_ARG(detail));
}

/* A secret as a peer may repeat it, behind a scheme that is passed over. */
static void add_form_of(struct span secret, bool is_json, struct str *out)
{
	size_t quote;

	str_reserve(out, 16 + 6 * secret.len);
	str_add_c(out, is_json ? "Secret" : "Secret ");
	if (!is_json) {
		add_percent(secret, out);
		return;
	}
	quote = out->len;
	emit_escape(secret, out);
	out->at[quote] = ' ';
	str_truncate(out, out->len - 1);
}

void oauth_explain(const struct oauth_story *story, struct err *ret_text)
{
	struct str words = { 0 }, error = { 0 }, plain = { 0 }, form = { 0 }, json = { 0 };
	struct outcome_story outcome = {
		.method = SPAN("POST"),
		.path = span_of(story->path),
		.answer = story->answer,
		.problem = story->problem,
		.profile = story->settings->profile,
		.is_login = true,
	};

	add_words(story, &words, &error);
	outcome.detail = words.len > 0 ? str_span(&words) : SPAN_NULL;
	outcome.remedy = remedy_of(story, error.len > 0 ? str_span(&error) : SPAN_NULL);
	if (story->secret.len > 0) {
		str_reserve(&plain, 16 + story->secret.len);
		str_add_c(&plain, "Secret ");
		str_add(&plain, story->secret);
		add_form_of(story->secret, false, &form);
		add_form_of(story->secret, true, &json);
		outcome.secrets[0] = str_span(&plain);
		outcome.secrets[1] = str_span(&form);
		outcome.secrets[2] = str_span(&json);
	}
	outcome_explain(&outcome, ret_text);
	decoder_forget(story->decoder, true);
	secret_wipe_str(&plain);
	secret_wipe_str(&form);
	secret_wipe_str(&json);
	secret_wipe_str(&words);
	str_done(&error);
}
