/* SPDX-License-Identifier: ISC */
/*
 * curl says which descriptors and which one timer it wants watched, the loop says what happened,
 * and finished transfers are collected outside of curl's own callbacks.
 */
#include "loop/transfers.h"

#include "base/vec.h"
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

struct transfers {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	const struct transfers_events *events;
	void *context;
	bool is_collecting;
};

static void collect(struct transfers *transfers)
{
	CURLMsg *message;
	int left;

	transfers->is_collecting = true;
	while ((message = curl_multi_info_read(transfers->multi, &left)) != NULL) {
		/* The message is gone once the handle is taken out. */
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;

		curl_multi_remove_handle(transfers->multi, easy);
		transfers->events->on_done(transfers->context, easy, code);
	}
	transfers->is_collecting = false;
	if (transfers->events->on_rest != NULL)
		transfers->events->on_rest(transfers->context);
}

static void on_io(void *context, int fd, unsigned events)
{
	struct transfers *transfers = context;
	int mask = ((events & LOOP_READ) != 0 ? CURL_CSELECT_IN : 0) |
		   ((events & LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(transfers->multi, fd, mask, &running);
	collect(transfers);
}

static void on_timer(void *context)
{
	struct transfers *transfers = context;
	int running;

	curl_multi_socket_action(transfers->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(transfers);
}

/* --- curl's wishes ------------------------------------------------------------------------ */

static int on_wanted_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct transfers *transfers = context;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_stop(transfers->timer);
	else
		loop_timer_start(transfers->timer, timeout_ms);
	return 0;
}

static unsigned wanted_events(int what)
{
	return ((what & CURL_POLL_IN) != 0 ? (unsigned)LOOP_READ : 0U) |
	       ((what & CURL_POLL_OUT) != 0 ? (unsigned)LOOP_WRITE : 0U);
}

static int on_wanted_io(CURL *easy, curl_socket_t fd, int what, void *context, void *of_socket)
{
	struct transfers *transfers = context;
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
	io = loop_io_new(transfers->loop, fd, wanted_events(what), on_io, transfers);
	curl_multi_assign(transfers->multi, fd, io);
	return 0;
}

/* --- the life of it ----------------------------------------------------------------------- */

struct transfers *transfers_new(
    struct loop *loop, const struct transfers_events *events, void *context)
{
	struct transfers *transfers = mem_new(1, sizeof(*transfers));

	transfers->loop = loop;
	transfers->events = events;
	transfers->context = context;
	transfers->timer = loop_timer_new(loop, on_timer, transfers);
	transfers->multi = curl_multi_init();
	if (transfers->multi == NULL)
		mem_exhausted();
	curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETFUNCTION, on_wanted_io);
	curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETDATA, transfers);
	curl_multi_setopt(transfers->multi, CURLMOPT_TIMERFUNCTION, on_wanted_timer);
	curl_multi_setopt(transfers->multi, CURLMOPT_TIMERDATA, transfers);
	return transfers;
}

void transfers_free(struct transfers **transfers)
{
	if (*transfers == NULL)
		return;
	assert(!(*transfers)->is_collecting);
	curl_multi_cleanup((*transfers)->multi);
	loop_timer_free(&(*transfers)->timer);
	free(*transfers);
	*transfers = NULL;
}

void transfers_add(struct transfers *transfers, CURL *easy)
{
	curl_multi_add_handle(transfers->multi, easy);
}

void transfers_remove(struct transfers *transfers, CURL *easy)
{
	curl_multi_remove_handle(transfers->multi, easy);
}

CURLM *transfers_multi(struct transfers *transfers)
{
	return transfers->multi;
}
