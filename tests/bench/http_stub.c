// SPDX-License-Identifier: ISC

// A thin HTTP server for measuring: it answers as fast as it can and checks nothing.
//
//	http_stub [--port N] [--port-file FILE] [--times FILE]
//
//	POST  …/Users                 201, a user with an id of its own and the userName sent
//	PATCH …                       200, likewise
//	GET   …/ServiceProviderConfig 200, patch and filter supported
//	GET   …                       200, an empty list
//
// One thread, epoll, keep-alive, pipelining.  A client that writes faster than
// it reads is dropped; so is one whose request exceeds the buffer.  Runs until SIGTERM, and prints
// how many requests it answered:
//
//	{"requests": 10003}
//
// --times: the seconds of the monotonic clock when each PATCH had arrived, one a line.

#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BUFFER_BYTES 65536
#define EVENTS       64

struct peer {
	int socket;
	size_t length;
	char input[BUFFER_BYTES + 1];
};

static unsigned long requests;
static FILE *times; /* NULL: nobody wants to know */
static volatile sig_atomic_t is_over;

/* What is gathered to be written in one go. */
struct output {
	size_t length;
	char bytes[4 * BUFFER_BYTES];
};

static const char empty_list[] =
    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],"
    "\"totalResults\":0,\"itemsPerPage\":0,\"startIndex\":1,\"Resources\":[]}";

static const char provider_config[] =
    "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig\"],"
    "\"patch\":{\"supported\":true},\"bulk\":{\"supported\":false},"
    "\"filter\":{\"supported\":true,\"maxResults\":100},\"sort\":{\"supported\":false},"
    "\"etag\":{\"supported\":false},\"changePassword\":{\"supported\":false}}";

static const char user_format[] =
    "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],"
    "\"id\":\"2819c2237f76453a%016lx\",\"userName\":\"%.*s\",\"active\":true,"
    "\"meta\":{\"resourceType\":\"User\"}}";

static void answer(struct output *output, const char *status, const char *body, size_t length)
{
	size_t room = sizeof(output->bytes) - output->length;
	int written = snprintf(output->bytes + output->length, room,
	    "HTTP/1.1 %s\r\nContent-Type: application/scim+json\r\nContent-Length: %zu\r\n\r\n%.*s",
	    status, length, (int)length, body);
	if (written > 0 && (size_t)written < room)
		output->length += (size_t)written;
}

/* The text between the quotes that follow "userName", as it was sent. */
static const char *find_user_name(const char *body, size_t *ret_length)
{
	static const char name[] = "\"userName\"";
	const char *at = strstr(body, name);
	const char *open = at ? strchr(at + sizeof(name) - 1, '"') : NULL;
	const char *close = open ? strchr(open + 1, '"') : NULL;
	*ret_length = close ? (size_t)(close - open - 1) : 0;
	return close ? open + 1 : "";
}

static void answer_user(struct output *output, const char *status, const char *request_body)
{
	char body[1024];
	size_t name_length;
	const char *name = find_user_name(request_body, &name_length);
	if (name_length > 512)
		name_length = 512;
	int length = snprintf(body, sizeof(body), user_format, requests, (int)name_length, name);
	answer(output, status, body, (size_t)length);
}

static void answer_request(struct output *output, char *head, char *body, size_t body_length)
{
	char saved = body[body_length];
	requests++;
	if (times && strncmp(head, "PATCH ", 6) == 0)
		fprintf(times, "%.6f\n", measure_now_s());
	body[body_length] = '\0';
	size_t line = strcspn(head, "\r");
	if (head[0] == 'G' && memmem(head, line, "/ServiceProviderConfig", 22))
		answer(output, "200 OK", provider_config, sizeof(provider_config) - 1);
	else if (head[0] == 'G')
		answer(output, "200 OK", empty_list, sizeof(empty_list) - 1);
	else
		answer_user(output, head[1] == 'O' ? "201 Created" : "200 OK", body);
	body[body_length] = saved;
}

static size_t body_length_of(const char *head, const char *end)
{
	static const char name[] = "\r\ncontent-length:";
	for (const char *at = strchr(head, '\r'); at && at < end; at = strchr(at + 1, '\r')) {
		if (strncasecmp(at, name, sizeof(name) - 1) == 0)
			return (size_t)strtoul(at + sizeof(name) - 1, NULL, 10);
	}
	return 0;
}

/* Answers every whole request in the buffer and keeps the rest; @return false to hang up. */
static bool answer_all(struct peer *peer, struct output *output)
{
	size_t done = 0;
	output->length = 0;
	peer->input[peer->length] = '\0';
	for (;;) {
		char *head = peer->input + done;
		size_t left = peer->length - done;
		char *end = memmem(head, left, "\r\n\r\n", 4);
		if (!end)
			break;
		size_t head_length = (size_t)(end - head) + 4;
		size_t body_length = body_length_of(head, end);
		if (body_length > BUFFER_BYTES)
			return false;
		if (left < head_length + body_length)
			break;
		answer_request(output, head, head + head_length, body_length);
		done += head_length + body_length;
	}
	peer->length -= done;
	memmove(peer->input, peer->input + done, peer->length);
	ssize_t written = output->length ? write(peer->socket, output->bytes, output->length) : 0;
	return written == (ssize_t)output->length;
}

static void peer_serve(struct peer *peer)
{
	static struct output output;
	ssize_t got = read(peer->socket, peer->input + peer->length, BUFFER_BYTES - peer->length);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got > 0) {
		peer->length += (size_t)got;
		if (answer_all(peer, &output))
			return;
	}
	close(peer->socket);
	free(peer);
}

static void peer_accept(int listener, int poll)
{
	int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	if (socket < 0)
		return;
	int one = 1;
	setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	struct peer *peer = calloc(1, sizeof(*peer));
	if (!peer)
		abort();
	peer->socket = socket;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
	epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event);
}

static void serve(int listener)
{
	int poll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL }, events[EVENTS];
	epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
	while (!is_over) {
		int count = epoll_wait(poll, events, EVENTS, -1);
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr)
				peer_serve(events[i].data.ptr);
			else
				peer_accept(listener, poll);
		}
	}
}

static int listen_on(unsigned port)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int one = 1;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, 512) != 0) {
		fprintf(stderr, "http_stub: cannot listen on port %u: %s\n", port, strerror(errno));
		exit(EXIT_FAILURE);
	}
	return listener;
}

/* Written beside its place and renamed, so that nobody reads half a number. */
static void write_port(const char *path, int listener)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	char beside[4096];
	getsockname(listener, (struct sockaddr *)&address, &size);
	snprintf(beside, sizeof(beside), "%s.new", path);
	FILE *file = fopen(beside, "w");
	if (!file || fprintf(file, "%u\n", ntohs(address.sin_port)) < 0 || fclose(file) != 0 ||
	    rename(beside, path) != 0) {
		fprintf(stderr, "http_stub: cannot write %s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
}

static void open_times(const char *path)
{
	times = fopen(path, "w");
	if (!times) {
		fprintf(stderr, "http_stub: cannot write %s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	setvbuf(times, NULL, _IOLBF, 0);
}

static void on_terminate(int number)
{
	(void)number;
	is_over = 1;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "port-file", required_argument, NULL, 'f' },
		{ "times", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned port = 0;
	const char *port_file = NULL;
	int code;
	while ((code = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (code == 'p') {
			port = (unsigned)strtoul(optarg, NULL, 10);
		} else if (code == 'f') {
			port_file = optarg;
		} else if (code == 't') {
			open_times(optarg);
		} else {
			fputs("Usage: http_stub [--port N] [--port-file FILE] [--times FILE]\n",
			    stderr);
			return 64;
		}
	}
	struct sigaction terminate = { .sa_handler = on_terminate };
	sigaction(SIGTERM, &terminate, NULL);
	signal(SIGPIPE, SIG_IGN);
	int listener = listen_on(port);
	if (port_file)
		write_port(port_file, listener);
	serve(listener);
	printf("{\"requests\": %lu}\n", requests);
}
