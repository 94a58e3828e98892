/* SPDX-License-Identifier: ISC */
/* Each try has an easy handle of its own: there are few, and nothing of a URL outlives its try. */
#include "notify/webhook.h"

#include "base/err.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/vec.h"
#include "notify/url.h"
#include "notify/wire.h"
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MAX_BYTES = 64 * 1024, HEADER_MAX_BYTES = 128 };

struct webhook {
	struct courier courier;
	struct loop *loop;
	struct wire *wire;
	char *url, *ca_file, *proxy;
	struct loop_timer *timer; /* answers a try that could not begin */
	courier_callback *callback;
	void *context;
	CURL *easy;
	struct curl_slist *headers;
	struct str body;
	char retry_after[HEADER_MAX_BYTES];
	size_t answer_bytes;
	struct err problem;
};

enum courier_outcome webhook_judge(int http_status)
{
	if (http_status >= 200 && http_status < 300)
		return COURIER_DELIVERED;
	if (http_status < 200 || http_status >= 500)
		return COURIER_LATER;
	if (http_status == 408 || http_status == 425 || http_status == 429)
		return COURIER_LATER;
	return COURIER_REFUSED;
}

int64_t webhook_retry_after_ms(struct span value, int64_t wall_ms)
{
	uint64_t seconds;
	int64_t at_ms;

	value = span_trim(value);
	if (span_to_u64(value, &seconds))
		return seconds > TIME_DAY_MS / TIME_SECOND_MS ? TIME_DAY_MS
							      : (int64_t)seconds * TIME_SECOND_MS;
	if (value.len == 0 || !time_parse_http(value, &at_ms))
		return -1;
	return at_ms > wall_ms ? at_ms - wall_ms : 0;
}

/* ---- what comes ---- */

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct webhook *webhook = context;

	(void)data;
	webhook->answer_bytes += size * count;
	return webhook->answer_bytes > ANSWER_MAX_BYTES ? 0 : size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	static const struct span name = SPAN_INIT("retry-after:");
	struct webhook *webhook = context;
	struct span line = { data, size * count };

	if (line.len < name.len || !span_equal_ascii_case((struct span) { data, name.len }, name))
		return line.len;
	line = span_trim((struct span) { data + name.len, line.len - name.len });
	(void)snprintf(webhook->retry_after, sizeof(webhook->retry_after), "%.*s", SPAN_ARG(line));
	return size * count;
}

static void forget_try(struct webhook *webhook)
{
	wire_cancel(webhook->wire);
	loop_timer_stop(webhook->timer);
	curl_easy_cleanup(webhook->easy);
	webhook->easy = NULL;
	curl_slist_free_all(webhook->headers);
	webhook->headers = NULL;
	str_truncate(&webhook->body, 0);
}

static void on_done(void *context, CURLcode code)
{
	struct webhook *webhook = context;
	struct courier_answer answer;
	struct err why;
	long status = 0;

	/* The words of curl's error buffer may repeat the URL; these do not. */
	curl_easy_getinfo(webhook->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 0)
		err_set(&why, "the answer is HTTP %ld", status);
	else
		err_set(&why, "%s", curl_easy_strerror(code));
	answer = (struct courier_answer) {
		.outcome = webhook_judge((int)status),
		.retry_after_ms = webhook_retry_after_ms(
		    span_of(webhook->retry_after), loop_wall_ms(webhook->loop)),
		.why = why.text,
	};
	forget_try(webhook);
	webhook->callback(webhook->context, &answer);
}

static void on_problem(void *context)
{
	struct webhook *webhook = context;
	struct courier_answer answer = { COURIER_LATER, -1, webhook->problem.text };

	webhook->callback(webhook->context, &answer);
}

/* ---- what goes ---- */

static void set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_up(struct webhook *webhook, struct span url)
{
	/* Cleartext is for this host, so it goes past the proxy. */
	const char *proxy = notify_url_is_cleartext(url) ? NULL : webhook->proxy;
	CURL *easy = wire_easy_new(webhook->ca_file, proxy);

	webhook->easy = easy;
	webhook->answer_bytes = 0;
	webhook->retry_after[0] = '\0';
	webhook->headers = curl_slist_append(NULL, "Content-Type: application/json");
	webhook->headers = curl_slist_append(webhook->headers, "Expect:");
	set_protocols(easy);
	curl_easy_setopt(easy, CURLOPT_URL, url.at);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, webhook->headers);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, str_c(&webhook->body));
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)webhook->body.len);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, webhook);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, webhook);
}

/* @return owned; NULL with the problem: it cannot be read, or leads where it may not */
static struct secret *load_url(struct webhook *webhook)
{
	struct span text = span_of(webhook->url);
	struct secret *url = NULL;

	if (!secret_is_reference(text))
		url = secret_new(text);
	else if (secret_load(text, &url, &webhook->problem) != STATUS_OK)
		return NULL;
	if (notify_url_check(secret_reveal(url), &webhook->problem) != STATUS_OK)
		secret_free(&url);
	return url;
}

static void start(
    struct courier *courier, const struct notice *notice, courier_callback *callback, void *context)
{
	struct webhook *webhook = (struct webhook *)courier;
	struct secret *url;

	webhook->callback = callback;
	webhook->context = context;
	url = load_url(webhook);
	if (url == NULL) {
		loop_timer_start(webhook->timer, 0);
		return;
	}
	notice_encode(notice, &webhook->body);
	set_up(webhook, secret_reveal(url));
	secret_free(&url);
	wire_start(webhook->wire, webhook->easy, on_done, webhook);
}

static void cancel(struct courier *courier)
{
	forget_try((struct webhook *)courier);
}

/* ---- its life ---- */

static void forget_settings(struct webhook *webhook)
{
	free(webhook->url);
	free(webhook->ca_file);
	free(webhook->proxy);
}

static void free_all(struct courier *courier)
{
	struct webhook *webhook = (struct webhook *)courier;

	forget_try(webhook);
	forget_settings(webhook);
	loop_timer_free(&webhook->timer);
	str_done(&webhook->body);
	free(webhook);
}

struct courier *webhook_new(struct loop *loop, struct wire *wire)
{
	static const struct courier_vtable vtable = { start, cancel, free_all };
	struct webhook *webhook = mem_new(1, sizeof(*webhook));

	webhook->courier = (struct courier) { &vtable, "webhook" };
	webhook->loop = loop;
	webhook->wire = wire;
	webhook->timer = loop_timer_new(loop, on_problem, webhook);
	return &webhook->courier;
}

void webhook_configure(struct courier *courier, const struct webhook_settings *settings)
{
	struct webhook *webhook = (struct webhook *)courier;

	forget_settings(webhook);
	webhook->url = mem_strdup(settings->url);
	webhook->ca_file = mem_strdup(settings->ca_file);
	webhook->proxy = mem_strdup(settings->proxy);
}
