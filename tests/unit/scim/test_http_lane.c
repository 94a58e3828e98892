/* SPDX-License-Identifier: ISC */
/*
 * One lane, with libcurl in it, on a socket without a file: this process is the peer too, one step
 * after the other.
 */
#include "scim/http_lane.h"
#include "tests/unit/scim/support.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX_BYTES = 1000 };

struct wire {
	struct http_lane lane;
	struct http_curl_settings settings;
	struct http_answer answer;
	char name[48]; /* of the socket, in the abstract namespace */
	CURLM *multi;
	int listener, peer;
	bool is_kept;   /* the peer keeps the connection */
	unsigned drops; /* so many requests it hangs up on */
	unsigned connections;
	char sent[4096]; /* what came of the request */
	size_t sent_len;
};

static int listen_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path + 1, name, strlen(name));
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
	    0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void wire_open(struct wire *wire)
{
	static unsigned wires; /* a test that failed left its own */

	*wire = (struct wire) {
		.settings = { .connections_max = 1, .answer_max_bytes = ANSWER_MAX_BYTES },
		.peer = -1,
	};
	snprintf(
	    wire->name, sizeof(wire->name), "scimward-test-lane-%ld-%u", (long)getpid(), ++wires);
	wire->listener = listen_at(wire->name);
	http_lane_init(&wire->lane, &wire->settings, wire);
	curl_easy_setopt(wire->lane.easy, CURLOPT_ABSTRACT_UNIX_SOCKET, wire->name);
	wire->multi = curl_multi_init();
}

static void wire_close(struct wire *wire)
{
	http_lane_clean(&wire->lane);
	http_lane_done(&wire->lane);
	curl_multi_cleanup(wire->multi);
	if (wire->peer >= 0)
		close(wire->peer);
	if (wire->listener >= 0)
		close(wire->listener);
}

/* Listens on the loopback instead: libcurl 7.88 uses no connection to a socket of the other kind a
 * second time.  @return owned: what CURLOPT_CONNECT_TO wants */
static struct curl_slist *wire_open_loopback(struct wire *wire)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	struct curl_slist *list;
	char target[64];

	wire_open(wire);
	close(wire->listener);
	wire->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(wire->listener, (struct sockaddr *)&address, len) != 0 ||
	    listen(wire->listener, 4) != 0) {
		wire_close(wire);
		skip(); /* no loopback here */
	}
	getsockname(wire->listener, (struct sockaddr *)&address, &len);
	snprintf(target, sizeof(target), "::127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
	list = curl_slist_append(NULL, target);
	curl_easy_setopt(wire->lane.easy, CURLOPT_ABSTRACT_UNIX_SOCKET, NULL);
	curl_easy_setopt(wire->lane.easy, CURLOPT_CONNECT_TO, list);
	return list;
}

static void hang_up(struct wire *wire)
{
	close(wire->peer);
	wire->peer = -1;
}

/* What is too much for `sent` is taken and forgotten. */
static void take_bytes(struct wire *wire)
{
	char more[4096];
	ssize_t len = recv(wire->peer, more, sizeof(more), MSG_DONTWAIT);
	size_t room = sizeof(wire->sent) - 1 - wire->sent_len;

	if (len == 0)
		hang_up(wire);
	if (len <= 0)
		return;
	room = (size_t)len < room ? (size_t)len : room;
	memcpy(wire->sent + wire->sent_len, more, room);
	wire->sent_len += room;
	wire->sent[wire->sent_len] = '\0';
}

/* The peer has the head of a request: it answers, or hangs up on it. */
static void peer_answer(struct wire *wire, struct span *answer)
{
	if (wire->drops > 0) {
		wire->drops--;
		wire->sent_len = 0;
		wire->sent[0] = '\0';
		hang_up(wire);
		return;
	}
	assert_int_equal(write(wire->peer, answer->at, answer->len), (ssize_t)answer->len);
	if (!wire->is_kept)
		shutdown(wire->peer, SHUT_WR);
	*answer = SPAN_NULL;
}

static void peer_step(struct wire *wire, struct span *answer)
{
	int fd = wire->peer < 0 ? accept(wire->listener, NULL, NULL) : -1;

	if (fd >= 0) {
		wire->connections++;
		wire->peer = fd;
	}
	if (wire->peer >= 0)
		take_bytes(wire);
	if (wire->peer >= 0 && answer->at != NULL && strstr(wire->sent, "\r\n\r\n") != NULL)
		peer_answer(wire, answer);
}

static CURLcode transfer(struct wire *wire, struct span answer)
{
	CURLM *multi = wire->multi;
	CURLcode code = CURLE_OK;
	CURLMsg *message;
	int running = 1, left;

	curl_multi_add_handle(multi, wire->lane.easy);
	for (int turn = 0; running > 0 && turn < 1000; turn++) {
		curl_multi_perform(multi, &running);
		peer_step(wire, &answer);
		if (running > 0)
			curl_multi_poll(multi, NULL, 0, 5, NULL);
	}
	assert_int_equal(running, 0);
	while ((message = curl_multi_info_read(multi, &left)) != NULL)
		code = message->data.result;
	curl_multi_remove_handle(multi, wire->lane.easy);
	return code;
}

/* One request and its answer, on a connection of their own. */
static const struct http_answer *exchange(
    struct wire *wire, const struct http_request *request, struct span answer)
{
	wire->sent_len = 0;
	wire->sent[0] = '\0';
	http_lane_set_up(&wire->lane, request);
	http_lane_read(&wire->lane, transfer(wire, answer), &wire->answer);
	if (wire->peer >= 0)
		take_bytes(wire);
	if (wire->peer >= 0 && !wire->is_kept)
		hang_up(wire);
	return &wire->answer;
}

static struct http_request get_request(void)
{
	return (struct http_request) {
		.method = SPAN("GET"),
		.url = SPAN("http://192.0.2.1/Users?startIndex=1"),
		.authorization = SPAN("Bearer " SECRET_MARK),
		.accept = SPAN("application/scim+json"),
		.timeout_ms = 5000,
		.is_repeatable = true,
	};
}

static const struct http_answer *get(struct wire *wire, const char *answer)
{
	struct http_request request = get_request();

	return exchange(wire, &request, span_of(answer));
}

/* --- what goes out ------------------------------------------------------------------------ */

static void a_request_has_these_lines_and_no_more(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	get(&wire, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
	assert_int_equal(wire.answer.failure, HTTP_NO_FAILURE);
	assert_has(wire.sent, "GET /Users?startIndex=1 HTTP/1.1\r\n");
	assert_has(wire.sent, "Host: 192.0.2.1\r\n");
	assert_has(wire.sent, "Accept: application/scim+json\r\n");
	assert_has(wire.sent, "Accept-Encoding: gzip\r\n");
	assert_has(wire.sent, "Authorization: Bearer " SECRET_MARK "\r\n");
	assert_has(wire.sent, "User-Agent: scimward/");
	assert_lacks(wire.sent, "Content-");
	assert_lacks(wire.sent, "Expect:");
	assert_lacks(wire.sent, "Cookie");
	wire_close(&wire);
}

static void a_body_goes_with_its_type(void **state)
{
	static const char *const methods[] = { "POST", "PATCH", "PUT" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		struct http_request request = get_request();
		struct wire wire;
		char line[32];
		request.method = span_of(methods[i]);
		request.content_type = SPAN("application/scim+json");
		request.body = SPAN("{\"a\":\"\xc3\xa9\"}");
		wire_open(&wire);
		exchange(&wire, &request, SPAN("HTTP/1.1 204 No Content\r\n\r\n"));
		assert_int_equal(wire.answer.status, 204);
		assert_int_equal(wire.answer.body.len, 0);
		snprintf(line, sizeof(line), "%s /Users", methods[i]);
		assert_int_equal(strncmp(wire.sent, line, strlen(line)), 0);
		assert_has(wire.sent, "Content-Type: application/scim+json\r\n");
		assert_has(wire.sent, "Content-Length: 10\r\n");
		assert_has(wire.sent, "\r\n\r\n{\"a\":\"\xc3\xa9\"}");
		assert_lacks(wire.sent, "Expect:");
		wire_close(&wire);
	}
}

/* A large one would wait for a 100 that not every server sends. */
static void a_large_body_does_not_ask_first(void **state)
{
	struct http_request request = get_request();
	struct str body = { 0 };
	struct wire wire;

	(void)state;
	for (int i = 0; i < 1100; i++)
		str_addf(&body, "%01024d", i);
	request.method = SPAN("POST");
	request.body = str_span(&body);
	wire_open(&wire);
	exchange(&wire, &request, SPAN("HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n"));
	assert_int_equal(wire.answer.status, 413);
	assert_has(wire.sent, "Content-Length: 1126400\r\n");
	assert_lacks(wire.sent, "Expect:");
	str_done(&body);
	wire_close(&wire);
}

/* /token/logout has neither body nor type; curl would say it is a form. */
static void a_post_without_a_body_says_so(void **state)
{
	struct http_request request = get_request();
	struct wire wire;

	(void)state;
	request.method = SPAN("POST");
	wire_open(&wire);
	exchange(&wire, &request, SPAN("HTTP/1.1 204 No Content\r\n\r\n"));
	assert_has(wire.sent, "Content-Length: 0\r\n");
	assert_lacks(wire.sent, "Content-Type");
	wire_close(&wire);
}

static void an_id_of_dots_is_no_way_up(void **state)
{
	struct http_request request = get_request();
	struct wire wire;

	(void)state;
	request.url = SPAN("http://192.0.2.1/scim/v2/Users/..");
	wire_open(&wire);
	exchange(&wire, &request, SPAN("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"));
	assert_has(wire.sent, "GET /scim/v2/Users/.. HTTP/1.1\r\n");
	wire_close(&wire);
}

/* What one request had is not in the next one, and a secret is not even in memory. */
static void nothing_is_left_of_a_request(void **state)
{
	struct http_request request = get_request();
	struct wire wire;

	(void)state;
	wire_open(&wire);
	request.method = SPAN("PATCH");
	request.content_type = SPAN("x/y");
	request.body = SPAN("body");
	request.has_secret_answer = true;
	exchange(&wire, &request,
	    SPAN("HTTP/1.1 200 OK\r\nRetry-After: 5\r\nX-Request-Id: r\r\nContent-Length: 6\r\n"
		 "\r\n" SECRET_MARK));
	assert_span(wire.answer.body, SECRET_MARK);
	assert_span(wire.answer.request_id, "r");
	const char *authorization = wire.lane.lines[3].at, *body = wire.lane.answer_body.at;
	assert_has(authorization, SECRET_MARK);
	http_lane_clean(&wire.lane);
	assert_int_equal(authorization[0], 0);
	/* Without its first byte, over which an empty text has its NUL. */
	assert_null(memmem(authorization, wire.lane.lines[3].cap, &SECRET_MARK[1], 5));
	assert_null(memmem(body, wire.lane.answer_body.cap, &SECRET_MARK[1], 5));
	request = get_request();
	request.authorization = SPAN_NULL;
	exchange(&wire, &request, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
	assert_int_equal(strncmp(wire.sent, "GET ", 4), 0);
	assert_lacks(wire.sent, "Authorization");
	assert_lacks(wire.sent, "Content-");
	assert_lacks(wire.sent, "body");
	assert_int_equal(wire.answer.body.len, 0);
	assert_null(wire.answer.request_id.at);
	assert_null(wire.answer.retry_after.at);
	wire_close(&wire);
}

/* --- headers ------------------------------------------------------------------------------ */

static void headers_are_read_whatever_their_case(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	get(&wire, "HTTP/1.1 429 Too Many\r\nRETRY-AFTER:  17 \t\r\ndate:Sun, 01 Mar 2026 "
		   "00:00:00 GMT\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(wire.answer.status, 429);
	assert_span(wire.answer.retry_after, "17");
	assert_span(wire.answer.date, "Sun, 01 Mar 2026 00:00:00 GMT");
	assert_null(wire.answer.request_id.at);
	get(&wire, "HTTP/1.1 200 OK\r\nRetry-After:\r\nX-Retry-After: 5\r\nContent-Length: "
		   "0\r\n\r\n");
	assert_null(wire.answer.retry_after.at);
	assert_null(wire.answer.date.at);
	wire_close(&wire);
}

static void the_best_name_of_a_request_is_kept(void **state)
{
	static const char *const cases[][2] = {
		{ "traceparent: t\r\nX-Correlation-Id: c\r\nX-Request-ID: r\r\n", "r" },
		{ "X-Request-ID: r\r\nX-Correlation-Id: c\r\ntraceparent: t\r\n", "r" },
		{ "traceparent: t\r\nx-correlation-id: c\r\n", "c" },
		{ "x-correlation-id: c\r\ntraceparent: t\r\n", "c" },
		{ "TraceParent: t\r\n", "t" },
		{ "X-Request-ID: r\r\nX-Request-ID: s\r\n", "r" },
		{ "X-Request: r\r\n", NULL },
	};
	struct wire wire;
	char answer[256];

	(void)state;
	wire_open(&wire);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n",
		    cases[i][0]);
		get(&wire, answer);
		assert_span(wire.answer.request_id, cases[i][1]);
	}
	wire_close(&wire);
}

static void a_long_header_is_cut(void **state)
{
	struct str answer = { 0 };
	struct wire wire;

	(void)state;
	str_add_c(&answer, "HTTP/1.1 200 OK\r\nX-Request-Id: ");
	for (int i = 0; i < 5000; i++)
		str_add_byte(&answer, 'r');
	str_add_c(&answer, "\r\nContent-Length: 0\r\n\r\n");
	wire_open(&wire);
	get(&wire, str_c(&answer));
	assert_int_equal(wire.answer.status, 200);
	assert_int_equal(wire.answer.request_id.len, 512);
	str_done(&answer);
	wire_close(&wire);
}

static void an_interim_answer_leaves_nothing(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	get(&wire, "HTTP/1.1 103 Early Hints\r\nRetry-After: 5\r\nX-Request-Id: early\r\n\r\n"
		   "HTTP/1.1 200 OK\r\ntraceparent: t\r\nContent-Length: 2\r\n\r\n{}");
	assert_int_equal(wire.answer.status, 200);
	assert_null(wire.answer.retry_after.at);
	assert_span(wire.answer.request_id, "t");
	assert_span(wire.answer.body, "{}");
	wire_close(&wire);
}

/* --- bodies ------------------------------------------------------------------------------- */

static const struct http_answer *get_bytes(struct wire *wire, size_t count, bool has_length)
{
	struct http_request request = get_request();
	struct str answer = { 0 };

	str_add_c(&answer, "HTTP/1.1 200 OK\r\n");
	if (has_length)
		str_addf(&answer, "Content-Length: %zu\r\n", count);
	str_add_c(&answer, "\r\n");
	while (count-- > 0)
		str_add_byte(&answer, 'b');
	exchange(wire, &request, str_span(&answer));
	str_done(&answer);
	return &wire->answer;
}

static void a_body_has_a_limit(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	for (int has_length = 0; has_length < 2; has_length++) {
		get_bytes(&wire, ANSWER_MAX_BYTES, has_length != 0);
		assert_int_equal(wire.answer.failure, HTTP_NO_FAILURE);
		assert_int_equal(wire.answer.body.len, ANSWER_MAX_BYTES);
		http_lane_clean(&wire.lane);
		get_bytes(&wire, ANSWER_MAX_BYTES + 1, has_length != 0);
		assert_int_equal(wire.answer.failure, HTTP_TOO_LARGE);
		assert_int_equal(wire.answer.status, 200);
		assert_true(wire.answer.was_sent);
		assert_true(wire.answer.body.len <= ANSWER_MAX_BYTES);
		assert_span(wire.answer.failure_detail, "the answer is larger than allowed");
		http_lane_clean(&wire.lane);
	}
	/* The next one begins anew. */
	get_bytes(&wire, 1, true);
	assert_int_equal(wire.answer.failure, HTTP_NO_FAILURE);
	assert_int_equal(wire.answer.body.len, 1);
	wire_close(&wire);
}

/* In several pieces, none of which is over the limit. */
static void pieces_of_a_body_are_counted_together(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	wire.settings.answer_max_bytes = 40000;
	get_bytes(&wire, 40000, true);
	assert_int_equal(wire.answer.failure, HTTP_NO_FAILURE);
	http_lane_clean(&wire.lane);
	get_bytes(&wire, 40001, true);
	assert_int_equal(wire.answer.failure, HTTP_TOO_LARGE);
	wire_close(&wire);
}

static void append_zipped(struct str *answer)
{
	/* gzip: 50,000 times the letter a. */
	static const unsigned char zipped[] = {
		0x1f,
		0x8b,
		0x08,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x02,
		0x03,
		0xed,
		0xc1,
		0x01,
		0x0d,
		0x00,
		0x00,
		0x00,
		0xc2,
		0xa0,
		0xac,
		0xef,
		0x5f,
		0xc2,
		0x1e,
		0x0e,
		0x28,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x00,
		0x9e,
		0x0c,
		0x89,
		0x29,
		0xf9,
		0x76,
		0x50,
		0xc3,
		0x00,
		0x00,
	};

	str_addf(answer, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
	    sizeof(zipped));
	str_add(answer, (struct span) { (const char *)zipped, sizeof(zipped) });
}

static void what_unpacks_to_more_is_too_large(void **state)
{
	struct http_request request = get_request();
	struct str answer = { 0 };
	struct wire wire;

	(void)state;
	wire_open(&wire);
	append_zipped(&answer);
	assert_true(answer.len < ANSWER_MAX_BYTES);
	exchange(&wire, &request, str_span(&answer));
	assert_int_equal(wire.answer.failure, HTTP_TOO_LARGE);
	wire.settings.answer_max_bytes = 50000;
	http_lane_clean(&wire.lane);
	exchange(&wire, &request, str_span(&answer));
	assert_int_equal(wire.answer.failure, HTTP_NO_FAILURE);
	assert_int_equal(wire.answer.body.len, 50000);
	/* Cut, and damaged. */
	http_lane_clean(&wire.lane);
	answer.at[answer.len - 60] ^= 0x55;
	exchange(&wire, &request, str_span(&answer));
	assert_int_not_equal(wire.answer.failure, HTTP_NO_FAILURE);
	str_done(&answer);
	wire_close(&wire);
}

/* --- failures ----------------------------------------------------------------------------- */

static void what_goes_wrong_has_a_name(void **state)
{
	static const struct {
		const char *answer;
		enum http_failure failure;
		int status;
	} cases[] = {
		{ "", HTTP_BROKEN, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", HTTP_BROKEN, 200 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", HTTP_BROKEN, 200 },
		{ "SSH-2.0-OpenSSH\r\n", HTTP_MALFORMED, 0 },
		{ "<html>", HTTP_MALFORMED, 0 },
		{ "HTTP/200 er\r\033\n", HTTP_MALFORMED, 0 },
		{ "HTTP/1.1 101 Switching Protocols\r\n\r\n", HTTP_BROKEN, 101 },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbad!",
		    HTTP_MALFORMED, 200 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct wire wire;
		wire_open(&wire);
		get(&wire, cases[i].answer);
		if (wire.answer.failure != cases[i].failure)
			fail_msg("%s: %d, %.*s", cases[i].answer, wire.answer.failure,
			    SPAN_ARG(wire.answer.failure_detail));
		assert_int_equal(wire.answer.status, cases[i].status);
		assert_true(wire.answer.was_sent);
		assert_true(wire.answer.failure_detail.len > 0);
		wire_close(&wire);
	}
}

static void redirects_are_not_followed(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire);
	get(&wire, "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.2/x\r\nContent-Length: 0\r\n"
		   "\r\n");
	assert_int_equal(wire.answer.failure, HTTP_NO_FAILURE);
	assert_int_equal(wire.answer.status, 302);
	assert_int_equal(wire.connections, 1);
	wire_close(&wire);
}

/* A kept connection dies under a request.  A read is sent again; a write, which may have been done,
 * is not. */
static void a_write_is_not_sent_twice(void **state)
{
	struct http_request request = get_request();
	struct wire wire;
	struct curl_slist *loopback = wire_open_loopback(&wire);

	(void)state;
	wire.is_kept = true;
	get(&wire, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	get(&wire, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(wire.connections, 1);
	wire.drops = 1;
	get(&wire, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(wire.answer.failure, HTTP_NO_FAILURE);
	assert_int_equal(wire.connections, 2);
	wire.drops = 1;
	request.method = SPAN("PATCH");
	request.body = SPAN("{}");
	request.is_repeatable = false;
	exchange(&wire, &request, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
	assert_int_equal(wire.answer.failure, HTTP_BROKEN);
	assert_int_equal(wire.answer.status, 0);
	assert_true(wire.answer.was_sent);
	assert_span(wire.answer.failure_detail, "the connection was closed before an answer came");
	assert_string_equal(wire.sent, "");
	wire_close(&wire);
	curl_slist_free_all(loopback);
}

static void no_connection_is_no_request(void **state)
{
	struct http_request request = get_request();
	struct http_answer answer;
	struct wire wire;

	(void)state;
	wire_open(&wire);
	close(wire.listener);
	wire.listener = -1;
	http_lane_set_up(&wire.lane, &request);
	http_lane_read(&wire.lane, curl_easy_perform(wire.lane.easy), &answer);
	assert_int_equal(answer.failure, HTTP_REFUSED);
	assert_false(answer.was_sent);
	assert_int_equal(answer.status, 0);
	wire_close(&wire);
}

static void only_http_is_spoken(void **state)
{
	static const char *const urls[] = { "file:///etc/passwd", "ftp://192.0.2.1/x",
		"gopher://192.0.2.1/", "dict://192.0.2.1/", "http://[/" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct http_request request = get_request();
		struct http_answer answer;
		struct wire wire;
		request.url = span_of(urls[i]);
		wire_open(&wire);
		http_lane_set_up(&wire.lane, &request);
		http_lane_read(&wire.lane, curl_easy_perform(wire.lane.easy), &answer);
		assert_int_equal(answer.failure, HTTP_MALFORMED);
		assert_false(answer.was_sent);
		assert_int_equal(wire.connections, 0);
		wire_close(&wire);
	}
}

/* Told by the code alone: such failures cannot be had on a pair of sockets. */
static void codes_of_curl_have_a_meaning(void **state)
{
	static const struct {
		CURLcode code;
		enum http_failure failure, after_sending;
	} cases[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, HTTP_NAME_UNKNOWN, HTTP_BROKEN },
		{ CURLE_COULDNT_RESOLVE_PROXY, HTTP_NAME_UNKNOWN, HTTP_BROKEN },
		{ CURLE_COULDNT_CONNECT, HTTP_REFUSED, HTTP_BROKEN },
		{ CURLE_OPERATION_TIMEDOUT, HTTP_TIMED_OUT, HTTP_TIMED_OUT },
		{ CURLE_PEER_FAILED_VERIFICATION, HTTP_NOT_TRUSTED, HTTP_NOT_TRUSTED },
		{ CURLE_SSL_CACERT_BADFILE, HTTP_NOT_TRUSTED, HTTP_NOT_TRUSTED },
		{ CURLE_SSL_CONNECT_ERROR, HTTP_TLS_FAILED, HTTP_TLS_FAILED },
		{ CURLE_RECV_ERROR, HTTP_BROKEN, HTTP_BROKEN },
		{ CURLE_SEND_ERROR, HTTP_BROKEN, HTTP_BROKEN },
		{ CURLE_ABORTED_BY_CALLBACK, HTTP_BROKEN, HTTP_BROKEN },
	};
	struct http_request request = get_request();
	struct http_answer answer;
	struct wire wire;

	(void)state;
	wire_open(&wire);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		http_lane_set_up(&wire.lane, &request);
		http_lane_read(&wire.lane, cases[i].code, &answer);
		assert_int_equal(answer.failure, cases[i].failure);
		assert_false(answer.was_sent);
		assert_true(answer.failure_detail.len > 0);
		wire.lane.sends = 1;
		http_lane_read(&wire.lane, cases[i].code, &answer);
		assert_int_equal(answer.failure, cases[i].after_sending);
		assert_true(answer.was_sent);
	}
	wire_close(&wire);
}

const struct CMUnitTest http_lane_tests[] = {
	cmocka_unit_test(a_request_has_these_lines_and_no_more),
	cmocka_unit_test(a_body_goes_with_its_type),
	cmocka_unit_test(a_large_body_does_not_ask_first),
	cmocka_unit_test(a_post_without_a_body_says_so),
	cmocka_unit_test(an_id_of_dots_is_no_way_up),
	cmocka_unit_test(nothing_is_left_of_a_request),
	cmocka_unit_test(headers_are_read_whatever_their_case),
	cmocka_unit_test(the_best_name_of_a_request_is_kept),
	cmocka_unit_test(a_long_header_is_cut),
	cmocka_unit_test(an_interim_answer_leaves_nothing),
	cmocka_unit_test(a_body_has_a_limit),
	cmocka_unit_test(pieces_of_a_body_are_counted_together),
	cmocka_unit_test(what_unpacks_to_more_is_too_large),
	cmocka_unit_test(what_goes_wrong_has_a_name),
	cmocka_unit_test(redirects_are_not_followed),
	cmocka_unit_test(a_write_is_not_sent_twice),
	cmocka_unit_test(no_connection_is_no_request),
	cmocka_unit_test(only_http_is_spoken),
	cmocka_unit_test(codes_of_curl_have_a_meaning),
};
const size_t http_lane_test_count = COUNT_OF(http_lane_tests);
