/* SPDX-License-Identifier: ISC */
/*
 * Calls are kept for reuse with their handles and buffers, connections by curl.  When nothing is
 * left to ask they rest for a while: where changes are pushed the next is often near, and a new TLS
 * connection costs more than all else that a change does.
 */
#include "scim/http_curl.h"

#include "base/vec.h"
#include "loop/transfers.h"
#include "scim/http_inspect.h"
#include "scim/http_lane.h"
#include <assert.h>
#include <stdlib.h>

enum { REST_MS = 20 * 1000 }; /* shorter than servers and firewalls keep a quiet connection */

struct transport {
	struct http http;
	struct loop *loop;
	struct http_curl_settings settings;
	struct inspector *inspector; /* NULL until something is inspected */
	struct transfers *transfers; /* NULL until the first request, and after a rest */
	struct loop_timer *rest;     /* runs while nothing is left to ask */
	struct http_call *running, *idle;
	size_t idle_count;
	bool is_answering;
};

struct http_call {
	struct http_call *prev, *next;
	struct transport *transport;
	http_callback *callback;
	void *context;
	struct http_lane lane;
};

/* --- calls -------------------------------------------------------------------------------- */

static void list_put(struct http_call **list, struct http_call *call)
{
	call->prev = NULL;
	call->next = *list;
	if (*list != NULL)
		(*list)->prev = call;
	*list = call;
}

static void list_take(struct http_call **list, struct http_call *call)
{
	if (call->prev == NULL)
		*list = call->next;
	else
		call->prev->next = call->next;
	if (call->next != NULL)
		call->next->prev = call->prev;
}

static struct http_call *call_take(struct transport *transport)
{
	struct http_call *call = transport->idle;

	if (call == NULL) {
		call = mem_new(1, sizeof(*call));
		call->transport = transport;
		http_lane_init(&call->lane, &transport->settings, call);
		return call;
	}
	list_take(&transport->idle, call);
	transport->idle_count--;
	return call;
}

static void call_free(struct http_call *call)
{
	http_lane_done(&call->lane);
	free(call);
}

static void call_give_back(struct http_call *call)
{
	struct transport *transport = call->transport;

	http_lane_clean(&call->lane);
	if (transport->idle_count > transport->settings.connections_max) {
		call_free(call);
		return;
	}
	list_put(&transport->idle, call);
	transport->idle_count++;
}

static void free_idle_calls(struct transport *transport)
{
	while (transport->idle != NULL)
		call_free(call_take(transport));
}

/* --- requests and answers ----------------------------------------------------------------- */

static void finish(struct http_call *call, CURLcode code)
{
	struct http_answer answer;

	http_lane_read(&call->lane, code, &answer);
	list_take(&call->transport->running, call);
	call->callback(call->context, &answer);
	call_give_back(call);
}

static void close_now(struct transport *transport)
{
	if (transport->transfers == NULL || transport->running != NULL)
		return;
	free_idle_calls(transport);
	transfers_free(&transport->transfers);
}

static void on_done(void *context, CURL *easy, CURLcode code)
{
	struct transport *transport = context;
	struct http_call *call = NULL;

	transport->is_answering = true;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
	finish(call, code);
}

static void on_rest(void *context)
{
	struct transport *transport = context;

	transport->is_answering = false;
}

static void open_transfers(struct transport *transport)
{
	static const struct transfers_events events = { on_done, on_rest };
	long connections = (long)transport->settings.connections_max;
	CURLM *multi;

	transport->transfers = transfers_new(transport->loop, &events, transport);
	multi = transfers_multi(transport->transfers);
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
	/* One more is kept: the auth host's. */
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections + 1);
}

static struct http_call *start(
    struct http *http, const struct http_request *request, http_callback *callback, void *context)
{
	struct transport *transport = (struct transport *)http;
	struct http_call *call = call_take(transport);

	loop_timer_stop(transport->rest);
	if (transport->transfers == NULL)
		open_transfers(transport);
	call->callback = callback;
	call->context = context;
	http_lane_set_up(&call->lane, request);
	list_put(&transport->running, call);
	transfers_add(transport->transfers, call->lane.easy);
	return call;
}

/* --- the port ----------------------------------------------------------------------------- */

static void cancel(struct http *http, struct http_call *call)
{
	struct transport *transport = (struct transport *)http;

	transfers_remove(transport->transfers, call->lane.easy);
	list_take(&transport->running, call);
	call_give_back(call);
}

static void rest(struct http *http)
{
	struct transport *transport = (struct transport *)http;

	if (transport->transfers != NULL)
		loop_timer_start(transport->rest, REST_MS);
}

static void on_rested(void *context)
{
	close_now(context);
}

static void inspect(struct http *http, struct span url, int64_t timeout_ms,
    http_inspect_callback *callback, void *context)
{
	struct transport *transport = (struct transport *)http;

	if (transport->inspector == NULL)
		transport->inspector = inspector_new(transport->loop, &transport->settings);
	inspector_start(transport->inspector, url, timeout_ms, callback, context);
}

static void free_all(struct http *http)
{
	struct transport *transport = (struct transport *)http;

	assert(!transport->is_answering);
	while (transport->running != NULL)
		cancel(http, transport->running);
	close_now(transport);
	free_idle_calls(transport);
	loop_timer_free(&transport->rest);
	inspector_free(&transport->inspector);
	free(transport);
	curl_global_cleanup();
}

struct http *http_curl_new(struct loop *loop, const struct http_curl_settings *settings)
{
	static const struct http_vtable vtable = { start, cancel, inspect, rest, free_all };
	struct transport *transport = mem_new(1, sizeof(*transport));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		mem_exhausted();
	transport->http.vtable = &vtable;
	transport->loop = loop;
	transport->settings = *settings;
	transport->rest = loop_timer_new(loop, on_rested, transport);
	return &transport->http;
}
