/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what comes over the wire: the input is an answer of HTTP, cut into pieces by its first
 * byte, that libcurl takes from a socket of this process and hands to our callbacks.
 */
#include "scim/http_lane.h"
#include "scim/outcome.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX_BYTES = 4096, PIECES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

struct peer {
	int listener, fd; /* fd -1: not there yet; -2: was there and hung up */
	struct span answer;
	size_t piece;
	bool was_asked;
};

static int listen_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path + 1, name, strlen(name));
	check(bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 1) == 0);
	return fd;
}

static void hang_up(struct peer *peer)
{
	close(peer->fd);
	peer->fd = -2;
}

/* Takes the connection, then the request, then says a piece of the answer a step. */
static void peer_step(struct peer *peer)
{
	char request[4096];
	size_t len;

	if (peer->fd == -1)
		peer->fd = accept(peer->listener, NULL, NULL);
	if (peer->fd < 0)
		return;
	peer->was_asked |= recv(peer->fd, request, sizeof(request), MSG_DONTWAIT) > 0;
	if (!peer->was_asked)
		return;
	len = peer->answer.len < peer->piece ? peer->answer.len : peer->piece;
	if (len == 0 || send(peer->fd, peer->answer.at, len, MSG_NOSIGNAL) != (ssize_t)len) {
		hang_up(peer);
		return;
	}
	peer->answer.at += len;
	peer->answer.len -= len;
}

static CURLcode transfer(CURL *easy, struct peer *peer)
{
	CURLM *multi = curl_multi_init();
	CURLcode code = CURLE_OK;
	CURLMsg *message;
	int running = 1, left;

	curl_multi_add_handle(multi, easy);
	while (running > 0) {
		curl_multi_perform(multi, &running);
		peer_step(peer);
	}
	while ((message = curl_multi_info_read(multi, &left)) != NULL)
		code = message->data.result;
	curl_multi_remove_handle(multi, easy);
	curl_multi_cleanup(multi);
	if (peer->fd >= 0)
		hang_up(peer);
	return code;
}

static void check_header(struct span value)
{
	check(value.at == NULL || (value.len > 0 && value.len <= 512));
	check(memchr(value.at == NULL ? "" : value.at, '\n', value.len) == NULL);
}

static void check_answer(const struct http_answer *answer)
{
	struct outcome outcome = outcome_judge(answer, true, INT64_C(1772323200000));

	check(answer->body.len <= ANSWER_MAX_BYTES);
	check(answer->failure == HTTP_NO_FAILURE || answer->failure_detail.len > 0);
	check(answer->failure != HTTP_NO_FAILURE || answer->status >= 200);
	check_header(answer->retry_after);
	check_header(answer->date);
	check_header(answer->request_id);
	check(outcome.status == STATUS_OK ? answer->status >= 200 && answer->status < 300 : true);
	check(outcome.retry_after_ms >= -1 && outcome.retry_after_ms <= INT64_C(86400000));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct http_curl_settings settings = { .answer_max_bytes = ANSWER_MAX_BYTES };
	static const struct http_request request = { .method = SPAN_INIT("GET"),
		.url = SPAN_INIT("http://192.0.2.1/Users"),
		.accept = SPAN_INIT("application/scim+json"),
		.timeout_ms = 1000,
		.is_repeatable = true };
	struct peer peer = { .fd = -1, .answer = { (const char *)bytes + 1, size - 1 } };
	struct http_lane lane = { 0 };
	struct http_answer answer;
	char name[48];

	if (size == 0)
		return 0;
	peer.piece = (size_t)bytes[0] + 1 > size / PIECES_MAX ? (size_t)bytes[0] + 1 : size;
	snprintf(name, sizeof(name), "scimward-fuzz-http-%ld", (long)getpid());
	peer.listener = listen_at(name);
	http_lane_init(&lane, &settings, NULL);
	curl_easy_setopt(lane.easy, CURLOPT_ABSTRACT_UNIX_SOCKET, name);
	http_lane_set_up(&lane, &request);
	http_lane_read(&lane, transfer(lane.easy, &peer), &answer);
	check_answer(&answer);
	http_lane_clean(&lane);
	http_lane_done(&lane);
	close(peer.listener);
	return 0;
}
