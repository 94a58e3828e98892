/* SPDX-License-Identifier: ISC */
/*
 * Calls are kept for reuse with their buffers, so that sending allocates nothing in the end.
 */
#include "scim/client.h"

#include "base/log.h"
#include "base/vec.h"
#include "scim/codec_decode.h"
#include "scim/outcome.h"
#include "scim/traffic.h"
#include <assert.h>
#include <stdlib.h>

enum { IDLE_CALLS_MAX = 64, KEPT_BODY_BYTES = 64 * 1024 };

enum call_state {
	CALL_WAITING,   /* for the credential */
	CALL_IN_FLIGHT, /* `http` is its request */
	CALL_CLOSING,   /* waits for the log-out */
	CALL_SETTLED,   /* its answer is known, the callback comes in the next turn */
};

struct tenant_call {
	struct tenant_call *prev, *next;
	struct client *client;
	enum call_state state;
	struct client_owner owner;
	struct str url, body, method;
	size_t path_at; /* where the path begins in url */
	int64_t list_start;
	enum client_body answer;
	bool has_body, is_write, is_anonymous, is_optional, is_renewed;
	uint64_t generation; /* of the credential that it was sent with */
	struct http_call *http;
	int64_t sent_ms;
	struct auth_waiter waiter;
	enum status settled_status;
	bool settled_may_have_happened;
	struct err settled_error;
};

struct client {
	struct client_input in;
	struct decoder *decoder;
	struct loop_timer *timer; /* for the settled */
	struct tenant_call *first, *last, *idle;
	size_t idle_count;
	bool is_closing;
};

static void on_timer(void *context);

struct client *client_new(const struct client_input *input)
{
	struct client *client = mem_new(1, sizeof(*client));

	client->in = *input;
	client->decoder = decoder_new();
	client->timer = loop_timer_new(input->loop, on_timer, client);
	return client;
}

/* --- the life of a call ------------------------------------------------------------------- */

static void call_free(struct tenant_call *call)
{
	str_done(&call->url);
	str_done(&call->body);
	str_done(&call->method);
	free(call);
}

static struct tenant_call *call_take(struct client *client, const struct client_owner *owner)
{
	struct tenant_call *call = client->idle;

	if (call == NULL) {
		call = mem_new(1, sizeof(*call));
	} else {
		client->idle = call->next;
		client->idle_count--;
	}
	call->client = client;
	call->owner = *owner;
	str_truncate(&call->method, 0);
	str_truncate(&call->url, 0);
	str_truncate(&call->body, 0);
	call->has_body = call->is_write = call->is_anonymous = call->is_optional =
	    call->is_renewed = false;
	call->http = NULL;
	call->prev = client->last;
	call->next = NULL;
	if (client->last == NULL)
		client->first = call;
	else
		client->last->next = call;
	client->last = call;
	return call;
}

static void call_unlink(struct tenant_call *call)
{
	struct client *client = call->client;

	if (call->prev == NULL)
		client->first = call->next;
	else
		call->prev->next = call->next;
	if (call->next == NULL)
		client->last = call->prev;
	else
		call->next->prev = call->prev;
}

static void call_give_back(struct tenant_call *call)
{
	struct client *client = call->client;

	if (client->idle_count >= IDLE_CALLS_MAX || call->body.cap > KEPT_BODY_BYTES) {
		call_free(call);
		return;
	}
	call->next = client->idle;
	client->idle = call;
	client->idle_count++;
}

/* The last step: the call is gone when this returns. */
static void call_end(
    struct tenant_call *call, const struct tenant_answer *answer, const struct http_answer *http)
{
	call_unlink(call);
	if (call->owner.watch != NULL)
		call->owner.watch(call->owner.context, answer, http);
	else
		call->owner.callback(call->owner.context, answer);
	decoder_forget(call->client->decoder, false);
	call_give_back(call);
}

static void call_settle(struct tenant_call *call, enum status status, const char *error)
{
	call->state = CALL_SETTLED;
	call->settled_status = status;
	call->settled_may_have_happened = false;
	err_set(&call->settled_error, "%s", error == NULL ? "" : error);
	loop_timer_start(call->client->timer, 0);
}

static void call_end_settled(struct tenant_call *call)
{
	struct tenant_answer answer = {
		.status = call->settled_status,
		.retry_after_ms = -1,
		.may_have_happened = call->settled_may_have_happened,
		.total = -1,
		.error = call->settled_status == STATUS_OK ? SPAN_NULL
							   : span_of(call->settled_error.text),
	};

	call_end(call, &answer, NULL);
}

static struct tenant_call *first_settled(const struct client *client)
{
	struct tenant_call *call = client->first;

	while (call != NULL && call->state != CALL_SETTLED)
		call = call->next;
	return call;
}

static size_t count_settled(const struct client *client)
{
	size_t count = 0;

	for (const struct tenant_call *call = client->first; call != NULL; call = call->next)
		count += call->state == CALL_SETTLED;
	return count;
}

/* What a callback settles comes in a turn after this one. */
static void on_timer(void *context)
{
	struct client *client = context;
	struct tenant_call *call;

	for (size_t left = count_settled(client); left > 0; left--) {
		call = first_settled(client);
		if (call != NULL)
			call_end_settled(call);
	}
}

/* --- answers ------------------------------------------------------------------------------ */

static struct span call_path(const struct tenant_call *call)
{
	struct span url = str_span(&call->url);
	return (struct span) { url.at + call->path_at, url.len - call->path_at };
}

static void call_explain(const struct tenant_call *call, const struct http_answer *http,
    struct span detail, const char *problem, struct err *ret_text)
{
	struct outcome_story story = {
		.method = str_span(&call->method),
		.path = call_path(call),
		.answer = http,
		.detail = detail,
		.problem = problem,
		.profile = call->client->in.settings->profile,
	};

	auth_secrets(call->client->in.auth, story.secrets);
	outcome_explain(&story, ret_text);
}

static enum status read_list(
    struct tenant_call *call, struct span body, struct decoded_accounts *list, struct err *reterr)
{
	enum status status = decode_list(call->client->decoder, body, list, reterr);

	if (status != STATUS_OK || list->has_resources || list->total < call->list_start)
		return status;
	err_set(reterr, "the answer counts %lld users and has no \"Resources\"",
	    (long long)list->total);
	return STATUS_RETRY;
}

static enum status read_account(struct tenant_call *call, const struct http_answer *http,
    struct decoded_accounts *account, struct err *reterr)
{
	bool is_partial = http->status == 202 || http->status == 207;
	bool is_create = span_equal(str_span(&call->method), SPAN("POST"));
	enum status status;

	/* RFC 7644 3.5.2 allows 204; without an id a create is not done. */
	if (span_trim(http->body).len == 0 && call->is_write && (!is_create || is_partial))
		return STATUS_OK;
	status = decode_account(call->client->decoder, http->body, account, reterr);
	return is_partial ? STATUS_OK : status;
}

static enum status read_workspaces(
    struct tenant_call *call, struct span body, struct tenant_answer *answer, struct err *reterr)
{
	struct decoded_workspaces workspaces;
	enum status status = decode_workspaces(call->client->decoder, body, &workspaces, reterr);

	if (status != STATUS_OK)
		return status;
	answer->workspaces = workspaces.ids;
	answer->workspace_names = workspaces.names;
	answer->workspace_count = workspaces.count;
	answer->total = workspaces.total;
	return STATUS_OK;
}

static enum status read_accounts(struct tenant_call *call, const struct http_answer *http,
    struct tenant_answer *answer, struct err *reterr)
{
	struct decoded_accounts accounts = { .total = -1 };
	enum status status = call->answer == CLIENT_BODY_LIST
				 ? read_list(call, http->body, &accounts, reterr)
				 : read_account(call, http, &accounts, reterr);

	if (status != STATUS_OK)
		return status;
	answer->accounts = accounts.accounts;
	answer->account_count = accounts.count;
	answer->total = accounts.total;
	return STATUS_OK;
}

static enum status read_body(struct tenant_call *call, const struct http_answer *http,
    struct tenant_answer *answer, struct err *reterr)
{
	switch (call->answer) {
	case CLIENT_BODY_ANY:
		break;
	case CLIENT_BODY_LIST:
	case CLIENT_BODY_ACCOUNT:
		return read_accounts(call, http, answer, reterr);
	case CLIENT_BODY_WORKSPACES:
		return read_workspaces(call, http->body, answer, reterr);
	}
	return STATUS_OK;
}

/* Fills in what a good answer brings; one that cannot be read is not good. */
static void fill_good(struct tenant_call *call, const struct http_answer *http,
    struct tenant_answer *answer, struct err *text)
{
	struct err problem;

	if (read_body(call, http, answer, &problem) != STATUS_OK) {
		answer->status = STATUS_RETRY;
		answer->may_have_happened = call->is_write;
		call_explain(call, http, SPAN_NULL, problem.text, text);
		answer->error = span_of(text->text);
		return;
	}
	if (answer->is_partial) {
		call_explain(call, http, SPAN_NULL, NULL, text);
		answer->error = span_of(text->text);
	}
}

static void fill_bad(struct tenant_call *call, const struct http_answer *http,
    struct tenant_answer *answer, struct err *text)
{
	struct decoded_error error = { SPAN_NULL, SPAN_NULL };

	if (http->failure == HTTP_NO_FAILURE)
		error = decode_error(call->client->decoder, http->body);
	call_explain(call, http, error.detail, NULL, text);
	answer->error = span_of(text->text);
	answer->error_type = error.type;
}

static void call_answer(struct tenant_call *call, const struct http_answer *http)
{
	struct client *client = call->client;
	struct outcome outcome = outcome_judge(http, call->is_write, loop_wall_ms(client->in.loop));
	struct tenant_answer answer = {
		.status = outcome.status,
		.http_status = http->status,
		.retry_after_ms = outcome.retry_after_ms,
		.is_refused = outcome.is_refused,
		.may_have_happened = outcome.may_have_happened,
		.is_partial = outcome.is_partial,
		.total = -1,
		.request_id = http->request_id,
	};
	struct err text;

	if (outcome.status == STATUS_DOWN && call->is_optional)
		answer.status = STATUS_REJECT;
	if (outcome.status == STATUS_OK)
		fill_good(call, http, &answer, &text);
	else
		fill_bad(call, http, &answer, &text);
	call_end(call, &answer, http);
}

/* --- requests ----------------------------------------------------------------------------- */

static void call_go(struct tenant_call *call);

static enum tenant_operation call_operation(const struct tenant_call *call)
{
	return traffic_operation(str_span(&call->method), call->is_write);
}

static void on_http(void *context, const struct http_answer *http)
{
	struct tenant_call *call = context;
	struct client *client = call->client;

	call->http = NULL;
	traffic_note_answer(client->in.counters, call_operation(call), http,
	    loop_now_ms(client->in.loop) - call->sent_ms);
	log_debug("tenant: %s %.*s: %d, %zu bytes%s%.*s", str_c(&call->method),
	    (int)span_find(call_path(call), '?'), call_path(call).at, http->status, http->body.len,
	    http->failure_detail.len > 0 ? ", " : "", SPAN_ARG(http->failure_detail));
	if (http->failure == HTTP_NO_FAILURE && http->status == 401 && !call->is_anonymous) {
		auth_refuse(client->in.auth, call->generation);
		if (!call->is_renewed) {
			call->is_renewed = true;
			call_go(call);
			return;
		}
	}
	call_answer(call, http);
}

static void call_send(struct tenant_call *call, struct span authorization)
{
	struct client *client = call->client;
	struct http_request request = {
		.method = str_span(&call->method),
		.url = str_span(&call->url),
		.authorization = authorization,
		.accept = call->answer == CLIENT_BODY_WORKSPACES ? SPAN("application/json")
								 : SPAN("application/scim+json"),
		.content_type = call->has_body ? SPAN("application/scim+json") : SPAN_NULL,
		.body = call->has_body ? str_span(&call->body) : SPAN_NULL,
		.timeout_ms = client->in.settings->timeout_ms,
		.is_repeatable = !call->is_write,
	};

	traffic_note_request(client->in.counters, call_operation(call));
	call->sent_ms = loop_now_ms(client->in.loop);
	call->state = CALL_IN_FLIGHT;
	call->http = http_start(client->in.http, &request, on_http, call);
}

static void answer_auth_failure(struct tenant_call *call, const struct auth_failure *failure)
{
	struct tenant_answer answer = {
		.status = failure->status,
		.http_status = failure->http_status,
		.retry_after_ms = failure->retry_after_ms,
		.is_refused = failure->is_refused,
		.total = -1,
		.error = span_of(failure->err.text),
	};

	call_end(call, &answer, NULL);
}

static void on_credential(void *context, const struct auth_failure *failure)
{
	struct tenant_call *call = context;

	if (failure != NULL)
		answer_auth_failure(call, failure);
	else if (call->method.len == 0)
		call_end(call, &(struct tenant_answer) { .retry_after_ms = -1, .total = -1 }, NULL);
	else
		call_go(call);
}

/* Sends it, or has it wait for the credential. */
static void call_go(struct tenant_call *call)
{
	struct auth *auth = call->client->in.auth;
	struct span authorization = SPAN_NULL;

	if (call->is_anonymous || auth_get(auth, &authorization, &call->generation)) {
		if (call->method.len == 0)
			call_settle(call, STATUS_OK, NULL);
		else
			call_send(call, authorization);
		return;
	}
	call->state = CALL_WAITING;
	call->waiter.callback = on_credential;
	call->waiter.context = call;
	auth_wait(auth, &call->waiter);
}

struct tenant_call *client_start(
    struct client *client, const struct client_request *request, const struct client_owner *owner)
{
	struct tenant_call *call = call_take(client, owner);

	str_add(&call->method, request->method);
	if (request->base.at != NULL)
		str_add(&call->url, request->base);
	else
		str_add_c(&call->url, client->in.settings->url);
	call->path_at = call->url.len;
	str_add(&call->url, request->path);
	str_add(&call->body, request->body);
	call->has_body = request->body.at != NULL;
	call->list_start = request->list_start;
	call->answer = request->answer;
	call->is_write = request->is_write;
	call->is_anonymous = request->is_anonymous;
	call->is_optional = request->is_optional;
	if (client->is_closing)
		call_settle(call, STATUS_CANCELED, "canceled");
	else
		call_go(call);
	return call;
}

struct tenant_call *client_settle(
    struct client *client, enum status status, const char *error, const struct client_owner *owner)
{
	struct tenant_call *call = call_take(client, owner);

	call_settle(call, status, error);
	return call;
}

/* --- endings ------------------------------------------------------------------------------ */

static void on_closed(void *context, const struct auth_failure *failure)
{
	struct tenant_call *call = context;

	(void)failure;
	http_rest(call->client->in.http);
	call_end(call, &(struct tenant_answer) { .retry_after_ms = -1, .total = -1 }, NULL);
}

struct tenant_call *client_close(struct client *client, const struct client_owner *owner)
{
	struct tenant_call *call = call_take(client, owner);

	if (client->is_closing) {
		call_settle(call, STATUS_CANCELED, "canceled");
		return call;
	}
	call->state = CALL_CLOSING;
	call->waiter.callback = on_closed;
	call->waiter.context = call;
	auth_close(client->in.auth, &call->waiter);
	return call;
}

void client_cancel(struct client *client, struct tenant_call *call)
{
	bool was_in_flight = call->state == CALL_IN_FLIGHT;

	if (call->state == CALL_SETTLED && call->settled_status == STATUS_CANCELED)
		return;
	if (was_in_flight)
		http_cancel(client->in.http, call->http);
	call->http = NULL;
	auth_stop_waiting(client->in.auth, &call->waiter);
	call_settle(call, STATUS_CANCELED, "canceled");
	call->settled_may_have_happened = was_in_flight && call->is_write;
}

void client_free(struct client **client)
{
	if (*client == NULL)
		return;
	(*client)->is_closing = true;
	while ((*client)->first != NULL) {
		client_cancel(*client, (*client)->first);
		call_end_settled((*client)->first);
	}
	while ((*client)->idle != NULL) {
		struct tenant_call *call = (*client)->idle;
		(*client)->idle = call->next;
		call_free(call);
	}
	loop_timer_free(&(*client)->timer);
	decoder_free(&(*client)->decoder);
	free(*client);
	*client = NULL;
}
