/* SPDX-License-Identifier: ISC */
/*
 * curl says which descriptors and which one timer it wants watched, the loop says what happened,
 * and the finished transfer is collected outside of curl's own callbacks.
 */
#include "notify/wire.h"

#include "base/vec.h"
#include <assert.h>
#include <config.h>
#include <stdlib.h>

enum { TRY_TIMEOUT_MS = 15 * 1000 };

struct wire {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	CURL *easy; /* under way; NULL: nothing is */
	wire_callback *callback;
	void *context;
};

static void collect(struct wire *wire)
{
	CURLMsg *message;
	CURLcode code;
	int left;

	message = curl_multi_info_read(wire->multi, &left);
	if (message == NULL || message->msg != CURLMSG_DONE)
		return;
	/* The message is gone once the handle is taken out. */
	code = message->data.result;
	wire_cancel(wire);
	wire->callback(wire->context, code);
}

static void on_io(void *context, int fd, unsigned events)
{
	struct wire *wire = context;
	int mask = ((events & LOOP_READ) != 0 ? CURL_CSELECT_IN : 0) |
		   ((events & LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(wire->multi, fd, mask, &running);
	collect(wire);
}

static void on_timer(void *context)
{
	struct wire *wire = context;
	int running;

	curl_multi_socket_action(wire->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(wire);
}

static int on_wanted_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct wire *wire = context;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_stop(wire->timer);
	else
		loop_timer_start(wire->timer, timeout_ms);
	return 0;
}

static unsigned wanted_events(int what)
{
	return ((what & CURL_POLL_IN) != 0 ? (unsigned)LOOP_READ : 0U) |
	       ((what & CURL_POLL_OUT) != 0 ? (unsigned)LOOP_WRITE : 0U);
}

static int on_wanted_io(CURL *easy, curl_socket_t fd, int what, void *context, void *of_socket)
{
	struct wire *wire = context;
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
	io = loop_io_new(wire->loop, fd, wanted_events(what), on_io, wire);
	curl_multi_assign(wire->multi, fd, io);
	return 0;
}

struct wire *wire_new(struct loop *loop)
{
	struct wire *wire = mem_new(1, sizeof(*wire));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		mem_exhausted();
	wire->loop = loop;
	wire->timer = loop_timer_new(loop, on_timer, wire);
	wire->multi = curl_multi_init();
	if (wire->multi == NULL)
		mem_exhausted();
	curl_multi_setopt(wire->multi, CURLMOPT_SOCKETFUNCTION, on_wanted_io);
	curl_multi_setopt(wire->multi, CURLMOPT_SOCKETDATA, wire);
	curl_multi_setopt(wire->multi, CURLMOPT_TIMERFUNCTION, on_wanted_timer);
	curl_multi_setopt(wire->multi, CURLMOPT_TIMERDATA, wire);
	return wire;
}

void wire_free(struct wire **wire)
{
	if (*wire == NULL)
		return;
	assert((*wire)->easy == NULL);
	curl_multi_cleanup((*wire)->multi);
	loop_timer_free(&(*wire)->timer);
	free(*wire);
	*wire = NULL;
	curl_global_cleanup();
}

void wire_start(struct wire *wire, CURL *easy, wire_callback *callback, void *context)
{
	assert(wire->easy == NULL);
	wire->easy = easy;
	wire->callback = callback;
	wire->context = context;
	curl_multi_add_handle(wire->multi, easy);
}

void wire_cancel(struct wire *wire)
{
	if (wire->easy != NULL)
		curl_multi_remove_handle(wire->multi, wire->easy);
	wire->easy = NULL;
}

CURL *wire_easy_new(const char *ca_file, const char *proxy)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		mem_exhausted();
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (ca_file != NULL) {
		/* Only that file, not what the system trusts as well. */
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	/* "" and not NULL: NULL would ask the environment. */
	curl_easy_setopt(easy, CURLOPT_PROXY, proxy == NULL ? "" : proxy);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "scimward/" PACKAGE_VERSION);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TRY_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)TRY_TIMEOUT_MS);
	/* A notice is rare: no connection is kept for the next, and none breaks under it. */
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A name server that does not answer keeps nobody from going home. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	return easy;
}
