// SPDX-License-Identifier: ISC
#include "server.h"

#include "control.h"
#include "delay.h"
#include "memory.h"
#include "service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BODY_LARGEST     (16 << 20)
#define CONNECTIONS_MOST 4000

struct server {
	struct simulator *simulator;
	struct delays *delays;
	struct MHD_Daemon *daemon;
	char *tls_cert; /* the PEM texts; NULL without TLS */
	char *tls_key;
};

/* One request from its first line to the end of its answer. */
struct exchange {
	struct server *server;
	char *target;
	char *body;
	size_t size_bytes;
	size_t room;
	bool is_begun;
	bool is_ready; /* `outcome` is there */
	bool in_flight;
	struct flight flight;
	struct outcome outcome;
};

/* A body that is made while it is sent. */
struct stream {
	char *text; /* owned */
	size_t text_size;
	uint64_t end; /* where the connection breaks, or the body ends */
	bool breaks;
};

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	(void)connection;
	struct exchange *exchange = memory_new(1, sizeof(*exchange));
	exchange->server = context;
	exchange->target = text_copy(target);
	return exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **slot,
    enum MHD_RequestTerminationCode code)
{
	(void)connection;
	(void)code;
	struct server *server = context;
	struct exchange *exchange = *slot;
	if (!exchange)
		return;
	if (exchange->in_flight)
		traffic_leave(&server->simulator->traffic, &exchange->flight);
	answer_done(&exchange->outcome.answer);
	free(exchange->target);
	free(exchange->body);
	free(exchange);
	*slot = NULL;
}

static bool exchange_collect(struct exchange *exchange, const char *data, size_t size)
{
	if (exchange->size_bytes + size > BODY_LARGEST)
		return false;
	if (exchange->size_bytes + size + 1 > exchange->room) {
		exchange->room = 2 * (exchange->size_bytes + size + 1);
		exchange->body = memory_resize(exchange->body, exchange->room, 1);
	}
	memcpy(exchange->body + exchange->size_bytes, data, size);
	exchange->size_bytes += size;
	exchange->body[exchange->size_bytes] = '\0';
	return true;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *argument(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static void exchange_handle(struct exchange *exchange, struct MHD_Connection *connection,
    const char *method, const char *path)
{
	struct simulator *simulator = exchange->server->simulator;
	struct request request = {
		.method = method,
		.path = path,
		.target = exchange->target,
		.body = exchange->body ? exchange->body : "",
		.body_size_bytes = exchange->size_bytes,
		.authorization = header(connection, "Authorization"),
		.accept = header(connection, "Accept"),
		.content_type = header(connection, "Content-Type"),
		.filter = argument(connection, "filter"),
		.start_index = argument(connection, "startIndex"),
		.count = argument(connection, "count"),
		.since = argument(connection, "since"),
	};
	request.json = json_loadb(request.body, request.body_size_bytes, 0, NULL);
	if (control_has_path(path)) {
		control_answer(simulator, &request, &exchange->outcome.answer);
		if (strcmp(method, "DELETE") == 0 && strcmp(path, "/_control") == 0)
			delays_release(exchange->server->delays);
	} else {
		traffic_name(&simulator->traffic, &exchange->flight, scim_account_of(&request));
		service_handle(simulator, &request, &exchange->outcome);
	}
	json_decref(request.json);
	exchange->is_ready = true;
}

static ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t most)
{
	const struct stream *stream = context;
	if (position >= stream->end)
		return stream->breaks ? MHD_CONTENT_READER_END_WITH_ERROR
				      : MHD_CONTENT_READER_END_OF_STREAM;
	if (most > stream->end - position)
		most = (size_t)(stream->end - position);
	if (position >= stream->text_size) {
		memset(buffer, ' ', most);
	} else {
		if (most > stream->text_size - position)
			most = stream->text_size - (size_t)position;
		memcpy(buffer, stream->text + position, most);
	}
	return (ssize_t)most;
}

static void stream_free(void *context)
{
	struct stream *stream = context;
	free(stream->text);
	free(stream);
}

static struct MHD_Response *response_stream(struct outcome *outcome)
{
	struct stream *stream = memory_new(1, sizeof(*stream));
	uint64_t size = outcome->answer.size_bytes;
	stream->text = outcome->answer.body;
	stream->text_size = outcome->answer.size_bytes;
	outcome->answer.body = NULL;
	if (outcome->delivery == DELIVER_CUT) {
		stream->breaks = true;
		stream->end = size / 2;
	} else {
		size = MHD_SIZE_UNKNOWN;
		stream->end = outcome->size_bytes ? (uint64_t)outcome->size_bytes : UINT64_MAX;
	}
	return MHD_create_response_from_callback(size, 32768, stream_read, stream, stream_free);
}

static struct MHD_Response *response_of(struct outcome *outcome)
{
	struct answer *answer = &outcome->answer;
	if (outcome->delivery != DELIVER_WHOLE)
		return response_stream(outcome);
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    answer->size_bytes, answer->body, MHD_RESPMEM_MUST_FREE);
	answer->body = NULL;
	return response;
}

static void add_headers(struct MHD_Response *response, const struct answer *answer)
{
	if (answer->content_type)
		MHD_add_response_header(response, "Content-Type", answer->content_type);
	if (answer->location)
		MHD_add_response_header(response, "Location", answer->location);
	if (answer->retry_after)
		MHD_add_response_header(response, "Retry-After", answer->retry_after);
	if (answer->status == 401)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
}

/* Lets the close that follows send a reset. */
static void make_reset(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	if (info)
		setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static enum MHD_Result exchange_deliver(
    struct exchange *exchange, struct MHD_Connection *connection)
{
	struct outcome *outcome = &exchange->outcome;
	if (outcome->delivery == DELIVER_RESET)
		make_reset(connection);
	if (outcome->delivery == DELIVER_RESET || outcome->delivery == DELIVER_CLOSE)
		return MHD_NO;
	struct MHD_Response *response = response_of(outcome);
	add_headers(response, &outcome->answer);
	enum MHD_Result result = MHD_queue_response(connection, outcome->answer.status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
    const char *path, const char *method, const char *version, const char *upload,
    size_t *upload_size, void **slot)
{
	(void)version;
	struct server *server = context;
	struct exchange *exchange = *slot;
	if (!exchange->is_begun) {
		exchange->is_begun = true;
		exchange->in_flight = !control_has_path(path);
		if (exchange->in_flight)
			traffic_enter(&server->simulator->traffic, &exchange->flight);
		return MHD_YES;
	}
	if (*upload_size) {
		bool has_room = exchange_collect(exchange, upload, *upload_size);
		*upload_size = 0;
		return has_room ? MHD_YES : MHD_NO;
	}
	if (!exchange->is_ready) {
		exchange_handle(exchange, connection, method, path);
		if (exchange->outcome.delay_ms > 0 &&
		    delays_add(server->delays, connection, exchange->outcome.delay_ms))
			return MHD_YES;
	}
	return exchange_deliver(exchange, connection);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;
	if (!file || getdelim(&text, &room, '\0', file) < 0) {
		fprintf(stderr, "tenant-simulator: cannot read %s: %s\n", path, strerror(errno));
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text;
}

static bool read_tls(struct server *server)
{
	const struct options *options = server->simulator->options;
	if (!options->tls_cert)
		return true;
	server->tls_cert = read_file(options->tls_cert);
	server->tls_key = read_file(options->tls_key);
	return server->tls_cert && server->tls_key;
}

static bool listen_on(struct server *server)
{
	const struct options *options = server->simulator->options;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)options->port) };
	if (inet_pton(AF_INET, options->address, &address.sin_addr) != 1) {
		fprintf(stderr, "tenant-simulator: %s is no IPv4 address\n", options->address);
		return false;
	}
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key },
		{ MHD_OPTION_END, 0, NULL },
	};
	if (!server->tls_cert)
		tls[0].option = MHD_OPTION_END;
	server->daemon = MHD_start_daemon(flags | (server->tls_cert ? MHD_USE_TLS : 0), 0, NULL,
	    NULL, on_request, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536, MHD_OPTION_ARRAY, tls,
	    MHD_OPTION_END);
	if (!server->daemon)
		fprintf(stderr, "tenant-simulator: cannot listen on %s port %ld: %s\n",
		    options->address, options->port, strerror(errno));
	return server->daemon != NULL;
}

struct server *server_start(struct simulator *simulator)
{
	struct server *server = memory_new(1, sizeof(*server));
	server->simulator = simulator;
	server->delays = delays_start();
	if (!read_tls(server) || !listen_on(server))
		server_stop(&server);
	return server;
}

unsigned server_port(const struct server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(
	    server->daemon, MHD_DAEMON_INFO_BIND_PORT);
	return info ? info->port : 0;
}

void server_stop(struct server **server)
{
	if (!*server)
		return;
	delays_stop((*server)->delays);
	if ((*server)->daemon)
		MHD_stop_daemon((*server)->daemon);
	delays_free(&(*server)->delays);
	free((*server)->tls_cert);
	free((*server)->tls_key);
	free(*server);
	*server = NULL;
}
