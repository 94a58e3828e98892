/* SPDX-License-Identifier: ISC */
/*
 * libmicrohttpd gives one descriptor to watch, and says when it wants to be called next.  Its own
 * time-out starts anew with every byte, so that who sends one now and then would stay for ever:
 * connections are counted here, too, and cut when their time is over.
 */
#include "metrics/endpoint.h"

#include "base/vec.h"
#include "metrics/exposition.h"
#include "metrics/listener.h"
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct visit {
	struct visit *next;
	int fd;
	int64_t until_ms;
};

struct endpoint {
	struct loop *loop;
	struct metrics_address address;
	endpoint_callback *callback;
	void *context;
	struct MHD_Daemon *daemon;
	struct loop_io *io;
	struct loop_timer *timer;
	struct visit *first, **last; /* the oldest first */
	bool has_ended;              /* a visit, in this run */
	struct str body;
};

/* ---- answers ---- */

static const struct {
	const char *path;
	enum endpoint_page page;
	const char *media_type;
} pages[] = {
	{ "/metrics", ENDPOINT_METRICS, EXPOSITION_MEDIA_TYPE },
	{ "/healthz", ENDPOINT_HEALTH, "text/plain; charset=utf-8" },
	{ "/readyz", ENDPOINT_READINESS, "text/plain; charset=utf-8" },
};
enum { PAGE_COUNT = sizeof(pages) / sizeof(*pages) };

static enum MHD_Result answer(
    struct MHD_Connection *connection, unsigned status, const char *media_type, struct span body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    body.len, (void *)(uintptr_t)body.at, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, media_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static bool is_reading(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* Called when the headers are there; a body is never waited for. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
    const char *path, const char *method, const char *version, const char *upload,
    size_t *upload_size, void **of_request)
{
	static const char plain[] = "text/plain; charset=utf-8";
	struct endpoint *endpoint = context;
	size_t at = 0;
	bool is_well;

	(void)version, (void)upload, (void)upload_size, (void)of_request;
	while (at < PAGE_COUNT && strcmp(path, pages[at].path) != 0)
		at++;
	if (at == PAGE_COUNT)
		return answer(connection, MHD_HTTP_NOT_FOUND, plain,
		    SPAN("there are /metrics, /healthz and /readyz\n"));
	if (!is_reading(method))
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, plain,
		    SPAN("only GET and HEAD are answered\n"));
	str_truncate(&endpoint->body, 0);
	is_well = endpoint->callback(endpoint->context, pages[at].page, &endpoint->body);
	return answer(connection, is_well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
	    pages[at].media_type, str_span(&endpoint->body));
}

/* ---- connections ---- */

static void visit_start(struct endpoint *endpoint, struct MHD_Connection *connection, void **ret)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct visit *visit;

	if (info == NULL)
		return;
	visit = mem_new(1, sizeof(*visit));
	visit->fd = info->connect_fd;
	visit->until_ms = loop_now_ms(endpoint->loop) + ENDPOINT_LIFE_MS;
	*endpoint->last = visit;
	endpoint->last = &visit->next;
	*ret = visit;
}

static void visit_end(struct endpoint *endpoint, struct visit *visit)
{
	struct visit **place = &endpoint->first;

	while (*place != visit)
		place = &(*place)->next;
	*place = visit->next;
	if (endpoint->last == &visit->next)
		endpoint->last = place;
	free(visit);
	endpoint->has_ended = true;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **of_connection,
    enum MHD_ConnectionNotificationCode code)
{
	struct endpoint *endpoint = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		visit_start(endpoint, connection, of_connection);
	} else if (*of_connection != NULL) {
		visit_end(endpoint, *of_connection);
		*of_connection = NULL;
	}
}

/* libmicrohttpd sees that the peer is gone, and closes. */
static void cut_overdue(struct endpoint *endpoint)
{
	int64_t now_ms = loop_now_ms(endpoint->loop);

	for (struct visit *visit = endpoint->first; visit != NULL && visit->until_ms <= now_ms;
	     visit = visit->next)
		shutdown(visit->fd, SHUT_RDWR);
}

/* ---- the loop ---- */

static void start_timer(struct endpoint *endpoint)
{
	int64_t wait_ms = -1;
	MHD_UNSIGNED_LONG_LONG wanted_ms;

	if (endpoint->first != NULL) {
		wait_ms = endpoint->first->until_ms - loop_now_ms(endpoint->loop);
		/* It was cut, and is about to be closed. */
		if (wait_ms <= 0)
			wait_ms = 1;
	}
	if (MHD_get_timeout(endpoint->daemon, &wanted_ms) == MHD_YES &&
	    (wait_ms < 0 || wanted_ms < (MHD_UNSIGNED_LONG_LONG)wait_ms))
		wait_ms = (int64_t)wanted_ms;
	/* Where all places were taken, the next run is the one that lets somebody in. */
	if (endpoint->has_ended)
		wait_ms = 0;
	if (wait_ms < 0)
		loop_timer_stop(endpoint->timer);
	else
		loop_timer_start(endpoint->timer, wait_ms);
}

/* Once a turn, so that others have theirs between. */
static void run(struct endpoint *endpoint)
{
	endpoint->has_ended = false;
	cut_overdue(endpoint);
	MHD_run(endpoint->daemon);
	start_timer(endpoint);
}

static void on_io(void *context, int fd, unsigned events)
{
	(void)fd, (void)events;
	run(context);
}

static void on_timer(void *context)
{
	run(context);
}

static struct MHD_Daemon *start_daemon(struct endpoint *endpoint, int fd)
{
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, ENDPOINT_CONNECTIONS_MAX, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, ENDPOINT_LIFE_MS / 1000, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, ENDPOINT_CONNECTION_BYTES, NULL },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, endpoint },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, endpoint,
	    MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static enum status start(struct endpoint *endpoint, struct err *reterr)
{
	const union MHD_DaemonInfo *info;
	int fd;
	enum status status = listener_open(&endpoint->address, &fd, reterr);

	if (status != STATUS_OK)
		return status;
	endpoint->daemon = start_daemon(endpoint, fd);
	info = endpoint->daemon == NULL
		   ? NULL
		   : MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL) {
		if (endpoint->daemon == NULL)
			close(fd);
		listener_remove(&endpoint->address);
		err_set(reterr, "libmicrohttpd does not start");
		return STATUS_REJECT;
	}
	endpoint->io = loop_io_new(endpoint->loop, info->epoll_fd, LOOP_READ, on_io, endpoint);
	return STATUS_OK;
}

enum status endpoint_open(struct loop *loop, const struct metrics_address *address,
    endpoint_callback *callback, void *context, struct endpoint **ret_endpoint, struct err *reterr)
{
	struct endpoint *endpoint = mem_new(1, sizeof(*endpoint));
	enum status status;

	endpoint->loop = loop;
	endpoint->address = *address;
	endpoint->callback = callback;
	endpoint->context = context;
	endpoint->last = &endpoint->first;
	endpoint->timer = loop_timer_new(loop, on_timer, endpoint);
	status = start(endpoint, reterr);
	if (status == STATUS_OK)
		*ret_endpoint = endpoint;
	else
		endpoint_free(&endpoint);
	return status;
}

void endpoint_free(struct endpoint **endpoint)
{
	struct endpoint *gone = *endpoint;

	if (gone == NULL)
		return;
	if (gone->io != NULL)
		listener_remove(&gone->address);
	loop_io_free(&gone->io);
	if (gone->daemon != NULL)
		MHD_stop_daemon(gone->daemon);
	loop_timer_free(&gone->timer);
	str_done(&gone->body);
	free(gone);
	*endpoint = NULL;
}
