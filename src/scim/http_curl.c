/* SPDX-License-Identifier: ISC */
/*
 * curl's multi interface on the loop: curl says which descriptors and which one timer it wants
 * watched, the loop says what happened, and finished transfers are collected outside of curl's own
 * callbacks.
 */
#include "scim/http_curl.h"

#include "base/vec.h"
#include "scim/http_lane.h"
#include <assert.h>
#include <stdlib.h>

struct transport {
	struct http http;
	struct loop *loop;
	struct http_curl_settings settings;
	CURLM *multi; /* NULL until the first request, and after close_idle */
	struct loop_timer *timer;
	struct http_call *running, *idle;
	size_t idle_count;
	bool is_collecting, wants_close;
};

struct http_call {
	struct http_call *prev, *next;
	struct transport *transport;
	http_callback *callback;
	void *context;
	struct http_lane lane;
};

/* --- curl's wishes ------------------------------------------------------------------------ */

static void collect(struct transport *transport);

static void on_io(void *context, int fd, unsigned events)
{
	struct transport *transport = context;
	int mask = ((events & LOOP_READ) != 0 ? CURL_CSELECT_IN : 0) |
		   ((events & LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(transport->multi, fd, mask, &running);
	collect(transport);
}

static void on_timer(void *context)
{
	struct transport *transport = context;
	int running;

	curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(transport);
}

static int on_wanted_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct transport *transport = context;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_stop(transport->timer);
	else
		loop_timer_start(transport->timer, timeout_ms);
	return 0;
}

static unsigned wanted_events(int what)
{
	return ((what & CURL_POLL_IN) != 0 ? (unsigned)LOOP_READ : 0U) |
	       ((what & CURL_POLL_OUT) != 0 ? (unsigned)LOOP_WRITE : 0U);
}

static int on_wanted_io(CURL *easy, curl_socket_t fd, int what, void *context, void *of_socket)
{
	struct transport *transport = context;
	struct loop_io *io = of_socket;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_io_free(&io);
		return 0;
	}
	if (io != NULL) {
		loop_io_set(io, wanted_events(what));
		return 0;
	}
	io = loop_io_new(transport->loop, fd, wanted_events(what), on_io, transport);
	curl_multi_assign(transport->multi, fd, io);
	return 0;
}

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

static void open_multi(struct transport *transport)
{
	long connections = (long)transport->settings.connections_max;

	transport->multi = curl_multi_init();
	if (transport->multi == NULL)
		mem_exhausted();
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, on_wanted_io);
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, transport);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, on_wanted_timer);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, transport);
	curl_multi_setopt(transport->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(transport->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
	/* One more is kept: the auth host's. */
	curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, connections + 1);
}

static struct http_call *start(
    struct http *http, const struct http_request *request, http_callback *callback, void *context)
{
	struct transport *transport = (struct transport *)http;
	struct http_call *call = call_take(transport);

	if (transport->multi == NULL)
		open_multi(transport);
	call->callback = callback;
	call->context = context;
	http_lane_set_up(&call->lane, request);
	list_put(&transport->running, call);
	curl_multi_add_handle(transport->multi, call->lane.easy);
	return call;
}

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
	transport->wants_close = false;
	if (transport->multi == NULL || transport->running != NULL)
		return;
	free_idle_calls(transport);
	curl_multi_cleanup(transport->multi);
	transport->multi = NULL;
	loop_timer_stop(transport->timer);
}

static void collect(struct transport *transport)
{
	CURLMsg *message;
	int left;

	transport->is_collecting = true;
	while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
		struct http_call *call = NULL;
		CURLcode code = message->data.result;
		/* The message is gone once the handle is taken out. */
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		curl_multi_remove_handle(transport->multi, call->lane.easy);
		finish(call, code);
	}
	transport->is_collecting = false;
	if (transport->wants_close)
		close_now(transport);
}

/* --- the port ----------------------------------------------------------------------------- */

static void cancel(struct http *http, struct http_call *call)
{
	struct transport *transport = (struct transport *)http;

	curl_multi_remove_handle(transport->multi, call->lane.easy);
	list_take(&transport->running, call);
	call_give_back(call);
}

static void close_idle(struct http *http)
{
	struct transport *transport = (struct transport *)http;

	if (transport->is_collecting)
		transport->wants_close = true;
	else
		close_now(transport);
}

static void free_all(struct http *http)
{
	struct transport *transport = (struct transport *)http;

	assert(!transport->is_collecting);
	while (transport->running != NULL)
		cancel(http, transport->running);
	close_now(transport);
	free_idle_calls(transport);
	loop_timer_free(&transport->timer);
	free(transport);
	curl_global_cleanup();
}

struct http *http_curl_new(struct loop *loop, const struct http_curl_settings *settings)
{
	static const struct http_vtable vtable = { start, cancel, close_idle, free_all };
	struct transport *transport = mem_new(1, sizeof(*transport));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		mem_exhausted();
	transport->http.vtable = &vtable;
	transport->loop = loop;
	transport->settings = *settings;
	transport->timer = loop_timer_new(loop, on_timer, transport);
	return &transport->http;
}
