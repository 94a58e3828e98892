/* SPDX-License-Identifier: ISC */
/*
 * Tables, mostly: what a failure is called and what a person can do about a status.
 */
#include "scim/outcome.h"

#include "base/hash.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/unicode.h"

int64_t outcome_retry_after_ms(struct span value, int64_t wall_ms)
{
	uint64_t seconds;
	int64_t at_ms, wait_ms;

	value = span_trim(value);
	if (value.at == NULL || value.len == 0)
		return -1;
	if (span_to_u64(value, &seconds))
		return seconds > TIME_DAY_MS / TIME_SECOND_MS ? TIME_DAY_MS
							      : (int64_t)seconds * TIME_SECOND_MS;
	if (!time_parse_http(value, &at_ms))
		return -1;
	wait_ms = at_ms - wall_ms;
	if (wait_ms < 0)
		return 0;
	return wait_ms > TIME_DAY_MS ? TIME_DAY_MS : wait_ms;
}

static enum status status_of_failure(enum http_failure failure)
{
	return failure == HTTP_NOT_TRUSTED ? STATUS_DOWN : STATUS_RETRY;
}

static enum status status_of_answer(int http_status)
{
	if (http_status >= 200 && http_status < 300)
		return STATUS_OK;
	if (http_status < 200 || http_status >= 500 || http_status == 429 || http_status == 408)
		return STATUS_RETRY;
	if (http_status < 400 || http_status == 401 || http_status == 403)
		return STATUS_DOWN;
	return STATUS_REJECT;
}

struct outcome outcome_judge(const struct http_answer *answer, bool is_write, int64_t wall_ms)
{
	struct outcome outcome = { .retry_after_ms = -1 };
	int status = answer->status;

	if (answer->failure != HTTP_NO_FAILURE) {
		outcome.status = status_of_failure(answer->failure);
		outcome.is_refused = !answer->was_sent && (answer->failure == HTTP_REFUSED ||
							      answer->failure == HTTP_NAME_UNKNOWN);
		/* Of an error's answer only the words are lost. */
		outcome.may_have_happened = is_write && answer->was_sent && status < 300;
		return outcome;
	}
	outcome.status = status_of_answer(status);
	outcome.is_partial = status == 202 || status == 207;
	outcome.may_have_happened = is_write && (status == 502 || status == 504);
	outcome.retry_after_ms = outcome_retry_after_ms(answer->retry_after, wall_ms);
	return outcome;
}

static const char *failure_name(enum http_failure failure)
{
	switch (failure) {
	case HTTP_NO_FAILURE:
		break;
	case HTTP_NAME_UNKNOWN:
		return "the host's name cannot be resolved";
	case HTTP_REFUSED:
		return "no connection can be made";
	case HTTP_TIMED_OUT:
		return "the time is over";
	case HTTP_NOT_TRUSTED:
		return "the server's certificate is not trusted";
	case HTTP_TLS_FAILED:
		return "TLS cannot be agreed on";
	case HTTP_BROKEN:
		return "the connection broke";
	case HTTP_TOO_LARGE:
		return "the answer is too large";
	case HTTP_MALFORMED:
		return "the answer is not HTTP that can be read";
	}
	return "";
}

static const char *failure_remedy(enum http_failure failure)
{
	switch (failure) {
	case HTTP_NO_FAILURE:
	case HTTP_BROKEN:
		break;
	case HTTP_NAME_UNKNOWN:
		return "check the URL, the proxy and DNS";
	case HTTP_REFUSED:
		return "check the URL, the proxy and the firewall";
	case HTTP_TIMED_OUT:
		return "check the network, or raise tenant.timeout";
	case HTTP_NOT_TRUSTED:
		return "check tenant.tls.ca_file and that the URL has the name in the certificate";
	case HTTP_TLS_FAILED:
		return "check that the URL and the proxy lead to a server with TLS 1.2 or newer";
	case HTTP_TOO_LARGE:
	case HTTP_MALFORMED:
		return "check that the URL is the tenant's";
	}
	return NULL;
}

static const char *login_remedy(int http_status)
{
	if (http_status == 400 || http_status == 401 || http_status == 403)
		return "check tenant.auth: the user, the password or the certificate, whether it "
		       "has expired, and that the user may log in without single sign-on";
	if (http_status == 404 || (http_status >= 300 && http_status < 400))
		return "check tenant.auth.url";
	return NULL;
}

static const char *status_remedy(const struct outcome_story *story)
{
	int status = story->answer->status;

	if (status >= 300 && status < 400)
		return "redirects are never followed; check tenant.url";
	if (status == 401)
		return "check tenant.auth: the credential may be wrong, expired or revoked";
	if (status == 403 && story->profile == TENANT_ANAPLAN)
		return "the agent's user needs the User Administrator role";
	if (status == 403)
		return "the agent's credential needs the right to manage users";
	if (status == 404 && span_equal(story->path, SPAN("/Users")))
		return "check tenant.url";
	if (status == 409)
		return "an account with that userName or externalId may be there already";
	return NULL;
}

static struct span without_query(struct span path)
{
	return (struct span) { path.at, span_find(path, '?') };
}

/* Hides "Basic x": x, and the pair and the password that are in it. */
static void hide_pair(struct str *text, struct span encoded)
{
	struct str pair = { 0 };
	struct span password;

	str_reserve(&pair, encoded.len);
	if (base64_decode(encoded, &pair)) {
		password = str_span(&pair);
		span_split(&password, ':');
		secret_redact(text, password);
	}
	secret_wipe_str(&pair);
}

/* Hides what is behind the scheme of a header's value. */
static void hide(struct str *text, struct span header)
{
	struct span scheme, rest = header;

	if (header.at == NULL)
		return;
	scheme = span_split(&rest, ' ');
	secret_redact(text, rest);
	if (span_equal(scheme, SPAN("Basic")))
		hide_pair(text, rest);
}

static void hide_all(const struct outcome_story *story, struct str *text)
{
	for (size_t i = 0; i < OUTCOME_SECRETS; i++)
		hide(text, story->secrets[i]);
}

/* Appends a peer's words, printable, in parentheses, and cut at a character. Secrets go first: of
 * one that is cut nobody would know the rest. */
static void add_words(const struct outcome_story *story, struct str *text, struct span words)
{
	struct str clean = { 0 }, printable = { 0 };

	if (words.at == NULL || words.len == 0)
		return;
	str_add(&clean, words);
	hide_all(story, &clean);
	utf8_printable(str_span(&clean), &printable);
	secret_wipe_str(&clean);
	if (printable.len > OUTCOME_DETAIL_MAX_BYTES) {
		size_t len = OUTCOME_DETAIL_MAX_BYTES;
		while (len > 0 && ((unsigned char)printable.at[len] & 0xc0) == 0x80)
			len--;
		str_truncate(&printable, len);
		str_add_c(&printable, "…");
	}
	str_addf(text, " (%s)", str_c(&printable));
	str_done(&printable);
}

static void add_remedy(struct str *text, const char *remedy)
{
	if (remedy != NULL)
		str_addf(text, "; %s", remedy);
}

static void tell_failure(const struct outcome_story *story, struct str *text)
{
	const struct http_answer *answer = story->answer;

	str_add_c(text, failure_name(answer->failure));
	if (answer->status > 0)
		str_addf(text, " after status %d", answer->status);
	add_words(story, text, answer->failure_detail);
	add_remedy(text, failure_remedy(answer->failure));
}

static void tell_status(const struct outcome_story *story, struct str *text)
{
	int status = story->answer->status;
	const char *who = story->is_login ? "the auth service" : "the tenant";

	str_addf(text, "%s answered %d", who, status);
	if (status == 202 || status == 207)
		str_add_c(text, ", that is, not all of it was done");
	add_words(story, text, story->detail);
	if (story->problem != NULL)
		str_addf(text, ", but %s", story->problem);
	else if (story->remedy != NULL)
		add_remedy(text, story->remedy);
	else
		add_remedy(text, story->is_login ? login_remedy(status) : status_remedy(story));
}

void outcome_explain(const struct outcome_story *story, struct err *ret_text)
{
	struct span path = without_query(story->path);
	struct str text = { 0 };

	str_addf(&text, "%.*s %.*s: ", SPAN_ARG(story->method), SPAN_ARG(path));
	if (story->answer->failure != HTTP_NO_FAILURE)
		tell_failure(story, &text);
	else
		tell_status(story, &text);
	hide_all(story, &text);
	err_set(ret_text, "%s", str_c(&text));
	str_done(&text);
}
