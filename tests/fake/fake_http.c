/* SPDX-License-Identifier: ISC */
#include "tests/fake/fake_http.h"

#include "base/vec.h"
#include <stdio.h>
#include <stdlib.h>

struct scripted {
	struct scripted *next;
	struct fake_http_answer answer; /* its texts are owned */
};

struct http_call {
	struct http_call *next;
	struct fake_http *fake;
	struct loop_timer *timer;
	http_callback *callback;
	void *context;
	struct scripted *scripted; /* NULL: none; the time runs out */
};

struct fake_http {
	struct http http;
	struct loop *loop;
	struct scripted *script;
	struct http_call *calls;
	struct fake_http_request *requests;
	size_t request_count;
	struct fake_http_counts counts;
	struct loop_timer *inspection;
	http_inspect_callback *on_inspected;
	void *inspect_context;
	struct str inspected;
	enum http_failure failure;
	enum x509_trouble trouble;
	struct x509_summary peer;
};

static char *dup_c(const char *text)
{
	return text == NULL ? NULL : span_dup_c(span_of(text));
}

static char *dup_span(struct span text)
{
	return text.at == NULL ? NULL : span_dup_c(text);
}

static char *dup_bytes(const char *bytes, size_t count)
{
	char *copy = mem_new(1, count == 0 ? 1 : count);

	if (count > 0)
		memcpy(copy, bytes, count);
	return copy;
}

static void scripted_free(struct scripted *scripted)
{
	if (scripted == NULL)
		return;
	free((char *)(uintptr_t)scripted->answer.failure_detail);
	free((char *)(uintptr_t)scripted->answer.body);
	free((char *)(uintptr_t)scripted->answer.retry_after);
	free((char *)(uintptr_t)scripted->answer.date);
	free((char *)(uintptr_t)scripted->answer.request_id);
	free((char *)(uintptr_t)scripted->answer.rate_reset);
	free((char *)(uintptr_t)scripted->answer.rate_remaining);
	free((char *)(uintptr_t)scripted->answer.rate_limit);
	free(scripted);
}

void fake_http_script(struct http *http, const struct fake_http_answer *answer)
{
	struct fake_http *fake = (struct fake_http *)http;
	struct scripted *scripted = mem_new(1, sizeof(*scripted)), **end = &fake->script;

	scripted->answer = *answer;
	if (answer->body != NULL && answer->body_bytes == 0)
		scripted->answer.body_bytes = strlen(answer->body);
	scripted->answer.body = dup_bytes(answer->body, scripted->answer.body_bytes);
	scripted->answer.failure_detail = dup_c(answer->failure_detail);
	scripted->answer.retry_after = dup_c(answer->retry_after);
	scripted->answer.date = dup_c(answer->date);
	scripted->answer.request_id = dup_c(answer->request_id);
	scripted->answer.rate_reset = dup_c(answer->rate_reset);
	scripted->answer.rate_remaining = dup_c(answer->rate_remaining);
	scripted->answer.rate_limit = dup_c(answer->rate_limit);
	while (*end != NULL)
		end = &(*end)->next;
	*end = scripted;
	fake->counts.unused++;
}

void fake_http_reply(struct http *http, int status, const char *body)
{
	fake_http_script(http, &(struct fake_http_answer) { .status = status, .body = body });
}

static void call_end(struct http_call *call)
{
	struct http_call **at = &call->fake->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->fake->counts.running--;
	loop_timer_free(&call->timer);
	scripted_free(call->scripted);
	free(call);
}

static struct http_answer answer_of(const struct scripted *scripted)
{
	const struct fake_http_answer *answer;

	if (scripted == NULL)
		return (struct http_answer) { .failure = HTTP_TIMED_OUT,
			.failure_detail = SPAN(""),
			.was_sent = true,
			.body = SPAN("") };
	answer = &scripted->answer;
	return (struct http_answer) {
		.failure = answer->failure,
		.failure_detail = answer->failure_detail == NULL ? SPAN("")
								 : span_of(answer->failure_detail),
		.was_sent = !answer->was_not_sent,
		.status = answer->status,
		.body = { answer->body, answer->body_bytes },
		.retry_after = span_of(answer->retry_after),
		.date = span_of(answer->date),
		.request_id = span_of(answer->request_id),
		.rate_reset = span_of(answer->rate_reset),
		.rate_remaining = span_of(answer->rate_remaining),
		.rate_limit = span_of(answer->rate_limit),
	};
}

static void on_due(void *context)
{
	struct http_call *call = context;
	struct http_answer answer = answer_of(call->scripted);

	call->callback(call->context, &answer);
	call_end(call);
}

static void remember(struct fake_http *fake, const struct http_request *request)
{
	fake->requests = mem_grow(fake->requests, fake->request_count + 1, sizeof(*fake->requests));
	fake->requests[fake->request_count++] = (struct fake_http_request) {
		.method = dup_span(request->method),
		.url = dup_span(request->url),
		.authorization = dup_span(request->authorization),
		.accept = dup_span(request->accept),
		.content_type = dup_span(request->content_type),
		.body = dup_span(request->body),
		.timeout_ms = request->timeout_ms,
		.at_ms = loop_now_ms(fake->loop),
		.has_secret_answer = request->has_secret_answer,
		.is_repeatable = request->is_repeatable,
	};
}

static struct http_call *start(
    struct http *http, const struct http_request *request, http_callback *callback, void *context)
{
	struct fake_http *fake = (struct fake_http *)http;
	struct http_call *call = mem_new(1, sizeof(*call));

	remember(fake, request);
	call->fake = fake;
	call->callback = callback;
	call->context = context;
	call->scripted = fake->script;
	if (call->scripted != NULL) {
		fake->script = call->scripted->next;
		fake->counts.unused--;
	}
	call->timer = loop_timer_new(fake->loop, on_due, call);
	loop_timer_start(call->timer,
	    call->scripted == NULL ? request->timeout_ms : call->scripted->answer.delay_ms);
	call->next = fake->calls;
	fake->calls = call;
	if (++fake->counts.running > fake->counts.running_max)
		fake->counts.running_max = fake->counts.running;
	return call;
}

static void cancel(struct http *http, struct http_call *call)
{
	((struct fake_http *)http)->counts.canceled++;
	call_end(call);
}

static void on_inspection_due(void *context)
{
	struct fake_http *fake = context;
	struct http_inspection inspection = { .failure = fake->failure,
		.failure_detail = SPAN("the library's words"),
		.trouble = fake->trouble,
		.peer = &fake->peer };

	fake->on_inspected(fake->inspect_context, &inspection);
}

static void inspect(struct http *http, struct span url, int64_t timeout_ms,
    http_inspect_callback *callback, void *context)
{
	struct fake_http *fake = (struct fake_http *)http;

	(void)timeout_ms;
	str_add(&fake->inspected, url);
	str_add_byte(&fake->inspected, ' ');
	fake->on_inspected = callback;
	fake->inspect_context = context;
	loop_timer_start(fake->inspection, 0);
}

void fake_http_inspection(struct http *http, enum http_failure failure, enum x509_trouble trouble,
    const struct x509_summary *peer)
{
	struct fake_http *fake = (struct fake_http *)http;

	fake->failure = failure;
	fake->trouble = trouble;
	fake->peer = peer == NULL ? (struct x509_summary) { 0 } : *peer;
}

const char *fake_http_inspected(const struct http *http)
{
	return str_c(&((const struct fake_http *)http)->inspected);
}

static void rest(struct http *http)
{
	((struct fake_http *)http)->counts.closed++;
}

static void request_done(struct fake_http_request *request)
{
	free(request->method);
	free(request->url);
	free(request->authorization);
	free(request->accept);
	free(request->content_type);
	free(request->body);
}

static void free_all(struct http *http)
{
	struct fake_http *fake = (struct fake_http *)http;

	while (fake->calls != NULL)
		call_end(fake->calls);
	while (fake->script != NULL) {
		struct scripted *scripted = fake->script;
		fake->script = scripted->next;
		scripted_free(scripted);
	}
	for (size_t i = 0; i < fake->request_count; i++)
		request_done(&fake->requests[i]);
	free(fake->requests);
	loop_timer_free(&fake->inspection);
	str_done(&fake->inspected);
	free(fake);
}

struct http *fake_http_new(struct loop *loop)
{
	static const struct http_vtable vtable = { start, cancel, inspect, rest, free_all };
	struct fake_http *fake = mem_new(1, sizeof(*fake));

	fake->http.vtable = &vtable;
	fake->loop = loop;
	fake->inspection = loop_timer_new(loop, on_inspection_due, fake);
	return &fake->http;
}

size_t fake_http_count(const struct http *http)
{
	return ((const struct fake_http *)http)->request_count;
}

const struct fake_http_request *fake_http_request(const struct http *http, size_t at)
{
	const struct fake_http *fake = (const struct fake_http *)http;

	if (at >= fake->request_count) {
		fprintf(stderr, "fake_http: there were only %zu requests\n", fake->request_count);
		abort();
	}
	return &fake->requests[at];
}

struct fake_http_counts fake_http_counts(const struct http *http)
{
	return ((const struct fake_http *)http)->counts;
}
