/* SPDX-License-Identifier: ISC */
/*
 * curl's transfers on the real loop, with a server of one answer on the same loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above before it. */
#include <cmocka.h>

#include "loop/transfers.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"

enum { CONNECTIONS_MAX = 8 };

struct scene {
	struct loop *loop;
	struct transfers *transfers;
	struct loop_io *listening, *peers[CONNECTIONS_MAX];
	struct loop_timer *timer;
	int listener, fds[CONNECTIONS_MAX], connections;
	char url[64];
	int done, rests, wanted;
	CURLcode code;
	CURL *other;     /* taken out by the first that ends */
	bool frees_last; /* the transfers, in on_rest */
};

/* ---- the server: answers the first bytes that come ---- */

static void on_request(void *context, int fd, unsigned events)
{
	char request[4096];

	(void)context;
	(void)events;
	if (read(fd, request, sizeof(request)) > 0)
		assert_int_equal(write(fd, ANSWER, sizeof(ANSWER) - 1), sizeof(ANSWER) - 1);
	shutdown(fd, SHUT_WR);
}

static void on_connection(void *context, int fd, unsigned events)
{
	struct scene *scene = context;
	int i = scene->connections++;

	(void)events;
	assert_true(i < CONNECTIONS_MAX);
	scene->fds[i] = accept(fd, NULL, NULL);
	scene->peers[i] = loop_io_new(scene->loop, scene->fds[i], LOOP_READ, on_request, scene);
}

static void listen_on_loopback(struct scene *scene)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	scene->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(scene->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(scene->listener, CONNECTIONS_MAX), 0);
	assert_int_equal(getsockname(scene->listener, (struct sockaddr *)&address, &size), 0);
	snprintf(scene->url, sizeof(scene->url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
	scene->listening = loop_io_new(
	    scene->loop, scene->listener, LOOP_READ, on_connection, scene);
}

/* ---- the client ---- */

static void on_done(void *context, CURL *easy, CURLcode code)
{
	struct scene *scene = context;

	scene->done++;
	scene->code = code;
	curl_easy_cleanup(easy);
	if (scene->other != NULL)
		transfers_remove(scene->transfers, scene->other);
	curl_easy_cleanup(scene->other);
	scene->other = NULL;
}

static void on_rest(void *context)
{
	struct scene *scene = context;

	scene->rests++;
	if (scene->done < scene->wanted)
		return;
	if (scene->frees_last)
		transfers_free(&scene->transfers);
	loop_stop(scene->loop);
}

static void give_up(void *context)
{
	(void)context;
	fail_msg("the loop had nothing to say for 20 s");
}

static size_t drop(char *at, size_t size, size_t count, void *context)
{
	(void)at;
	(void)context;
	return size * count;
}

static CURL *start(struct scene *scene)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_URL, scene->url);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	transfers_add(scene->transfers, easy);
	return easy;
}

static void open_scene(struct scene *scene)
{
	static const struct transfers_events events = { on_done, on_rest };

	curl_global_init(CURL_GLOBAL_DEFAULT);
	scene->loop = loop_new();
	scene->transfers = transfers_new(scene->loop, &events, scene);
	scene->timer = loop_timer_new(scene->loop, give_up, scene);
	listen_on_loopback(scene);
}

static void run(struct scene *scene)
{
	loop_timer_start(scene->timer, 20000);
	loop_run(scene->loop);
}

static void close_scene(struct scene *scene)
{
	transfers_free(&scene->transfers);
	loop_timer_free(&scene->timer);
	loop_io_free(&scene->listening);
	for (int i = 0; i < scene->connections; i++) {
		loop_io_free(&scene->peers[i]);
		close(scene->fds[i]);
	}
	close(scene->listener);
	loop_free(&scene->loop);
	curl_global_cleanup();
}

static void transfers_end_one_by_one(void **state)
{
	struct scene scene = { .wanted = 3 };

	(void)state;
	open_scene(&scene);
	for (int i = 0; i < scene.wanted; i++)
		start(&scene);
	run(&scene);
	assert_int_equal(scene.done, 3);
	assert_int_equal(scene.code, CURLE_OK);
	assert_in_range(scene.connections, 1, 3);
	close_scene(&scene);
}

static void a_removed_one_is_not_told_of(void **state)
{
	struct scene scene = { .wanted = 1 };

	(void)state;
	open_scene(&scene);
	start(&scene);
	scene.other = start(&scene);
	run(&scene);
	assert_int_equal(scene.done, 1);
	close_scene(&scene);
}

static void they_may_be_freed_when_at_rest(void **state)
{
	struct scene scene = { .wanted = 1, .frees_last = true };

	(void)state;
	open_scene(&scene);
	start(&scene);
	run(&scene);
	assert_null(scene.transfers);
	assert_true(scene.rests > 0);
	close_scene(&scene);
}

static void a_deadline_is_kept(void **state)
{
	struct scene scene = { .wanted = 1 };
	CURL *easy;

	(void)state;
	open_scene(&scene);
	loop_io_set(scene.listening, 0); /* nobody answers */
	easy = curl_easy_init();
	curl_easy_setopt(easy, CURLOPT_URL, scene.url);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 50L);
	transfers_add(scene.transfers, easy);
	run(&scene);
	assert_int_equal(scene.code, CURLE_OPERATION_TIMEDOUT);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transfers_end_one_by_one),
		cmocka_unit_test(a_removed_one_is_not_told_of),
		cmocka_unit_test(they_may_be_freed_when_at_rest),
		cmocka_unit_test(a_deadline_is_kept),
	};

	return cmocka_run_group_tests_name("transfers", tests, NULL, NULL);
}
