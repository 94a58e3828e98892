/* SPDX-License-Identifier: ISC */
/* Server and caller, in virtual time; the sockets are real. */
#include "tests/unit/control/tests.h"

#include "control/caller.h"
#include "control/listener.h"
#include "control/server.h"
#include "tests/fake/fake_loop.h"
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { RUDE_MAX = CONTROL_VISITS_MAX + 4 };

struct scene {
	char folder[64], path[96];
	struct loop *loop;
	struct control_listener listener;
	struct control_server *server;
	struct control_visit *visit; /* the last that asked */
	enum control_verb verb;
	unsigned asked, left, drained;
	bool answers_at_once;
	/* the caller's side */
	struct caller *caller;
	unsigned answers;
	struct str page;
	int exit; /* -1: it did not end so */
	char said[ERR_SIZE_BYTES];
};

static void on_request(
    void *context, struct control_visit *visit, const struct control_request *request)
{
	struct scene *scene = context;

	scene->asked++;
	scene->visit = visit;
	scene->verb = request->verb;
	assert_int_equal(control_visit_peer(visit)->uid, getuid());
	assert_int_equal(control_visit_peer(visit)->pid, getpid());
	if (scene->answers_at_once)
		control_visit_end(visit, 0, SPAN("well"));
}

static void on_left(void *context, struct control_visit *visit)
{
	struct scene *scene = context;

	assert_ptr_equal(visit, scene->visit);
	scene->left++;
}

static void on_drained(void *context)
{
	((struct scene *)context)->drained++;
}

static const struct control_events events = { on_request, on_left };

static void enter(struct scene *scene)
{
	struct err err, group_err;

	*scene = (struct scene) { .exit = -1 };
	strcpy(scene->folder, "/tmp/control.XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
	snprintf(scene->path, sizeof(scene->path), "%s/control.sock", scene->folder);
	scene->loop = loop_new();
	fake_loop_set_patience(scene->loop, 2);
	assert_int_equal(control_listener_open(scene->path, getgrgid(getgid())->gr_name,
			     &scene->listener, &group_err, &err),
	    STATUS_OK);
	scene->server = control_server_new(scene->loop, &events, scene);
	control_server_listen(scene->server, scene->listener.fd);
}

static void leave(struct scene *scene)
{
	caller_free(&scene->caller);
	control_server_free(&scene->server);
	control_listener_close(&scene->listener);
	str_done(&scene->page);
	loop_free(&scene->loop);
	assert_int_equal(rmdir(scene->folder), 0);
}

/* All that is there to be done now. */
static void settle(struct scene *scene)
{
	for (int i = 0; i < 5; i++)
		while (fake_loop_step(scene->loop))
			;
}

static void on_answer(void *context, const struct control_answer *answer, const struct err *err)
{
	struct scene *scene = context;

	scene->answers++;
	if (answer == NULL) {
		snprintf(scene->said, sizeof(scene->said), "%s", err->text);
		return;
	}
	str_add(&scene->page, answer->text);
	if (answer->event != CONTROL_DONE)
		return;
	scene->exit = answer->exit;
	snprintf(scene->said, sizeof(scene->said), "%.*s", SPAN_ARG(answer->message));
}

static void call(struct scene *scene, enum control_verb verb)
{
	struct err err;

	assert_int_equal(
	    caller_connect(scene->loop, scene->path, &scene->caller, &err), CALLER_CONNECTED);
	caller_ask(scene->caller,
	    &(struct control_request) { .verb = verb, .config = SPAN("/c"), .hold = 1 }, on_answer,
	    scene);
	assert_int_equal(scene->answers, 0);
	settle(scene);
}

static int knock(const struct scene *scene)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, scene->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* @return what came, "" when nothing did; "HUNG UP" when nothing more will */
static const char *hear(int fd)
{
	static char text[4096];
	ssize_t count = recv(fd, text, sizeof(text) - 1, 0);

	if (count == 0)
		return "HUNG UP";
	text[count < 0 ? 0 : count] = '\0';
	return text;
}

#define STATUS "{\"scimward\":1,\"do\":\"status\",\"config\":\"/c\"}\n"

static void a_request_is_answered(void **state)
{
	struct scene scene;

	(void)state;
	enter(&scene);
	call(&scene, CONTROL_APPROVE);
	assert_int_equal(scene.asked, 1);
	assert_int_equal(scene.verb, CONTROL_APPROVE);
	assert_int_equal(control_server_visits(scene.server), 1);
	control_visit_say(scene.visit,
	    &(struct control_answer) { .event = CONTROL_WAITING, .message = SPAN("wait") });
	assert_false(control_visit_is_idle(scene.visit));
	settle(&scene);
	assert_int_equal(scene.answers, 1);
	assert_true(control_visit_is_idle(scene.visit));
	fake_loop_advance(scene.loop, 3600 * 1000); /* a cycle takes what it takes */
	control_visit_end(scene.visit, 3, SPAN("held"));
	settle(&scene);
	assert_int_equal(scene.exit, 3);
	assert_string_equal(scene.said, "held");
	assert_int_equal(control_server_visits(scene.server), 0);
	assert_int_equal(scene.left, 0);
	leave(&scene);
}

static void a_long_page_arrives_whole(void **state)
{
	struct str page = { 0 };
	struct scene scene;

	(void)state;
	enter(&scene);
	call(&scene, CONTROL_HOLDS);
	while (page.len < CONTROL_PAGE_MAX)
		str_addf(&page, "%zu\n", page.len);
	str_truncate(&page, CONTROL_PAGE_MAX);
	control_visit_say_page(scene.visit, str_span(&page));
	control_visit_end(scene.visit, 0, SPAN_NULL);
	settle(&scene);
	assert_int_equal(scene.exit, 0);
	assert_true(span_equal(str_span(&scene.page), str_span(&page)));
	str_done(&page);
	leave(&scene);
}

static void nonsense_is_refused(void **state)
{
	struct scene scene;
	char *long_line = malloc(CONTROL_REQUEST_MAX + 1);
	int fd;

	(void)state;
	enter(&scene);
	fd = knock(&scene);
	say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	settle(&scene);
	assert_non_null(strstr(hear(fd), "\"exit\":64"));
	assert_string_equal(hear(fd), "HUNG UP");
	close(fd);
	fd = knock(&scene);
	memset(long_line, 'x', CONTROL_REQUEST_MAX);
	long_line[CONTROL_REQUEST_MAX] = '\0';
	say(fd, long_line);
	settle(&scene);
	assert_non_null(strstr(hear(fd), "the line is too long"));
	close(fd);
	assert_int_equal(scene.asked, 0);
	assert_int_equal(scene.left, 0);
	free(long_line);
	leave(&scene);
}

static void a_request_has_a_time_to_come(void **state)
{
	struct scene scene;
	int fd;

	(void)state;
	enter(&scene);
	fd = knock(&scene);
	for (size_t i = 0; i + 2 < strlen(STATUS); i++) { /* a byte each 200 ms */
		char byte[2] = { STATUS[i], '\0' };

		if (send(fd, byte, 1, MSG_NOSIGNAL) != 1)
			break;
		fake_loop_advance(scene.loop, 200);
	}
	assert_string_equal(hear(fd), "HUNG UP");
	close(fd);
	assert_int_equal(scene.asked, 0);
	assert_int_equal(control_server_visits(scene.server), 0);
	leave(&scene);
}

static void pieces_make_a_request(void **state)
{
	struct scene scene;
	int fd;

	(void)state;
	enter(&scene);
	scene.answers_at_once = true;
	fd = knock(&scene);
	say(fd, "{\"scimward\":1,\"do\":\"stat");
	settle(&scene);
	assert_string_equal(hear(fd), "");
	say(fd, "us\",\"config\":\"/c\"}\n");
	settle(&scene);
	assert_non_null(strstr(hear(fd), "\"message\":\"well\""));
	assert_int_equal(scene.asked, 1);
	close(fd);
	leave(&scene);
}

static void who_leaves_is_noticed(void **state)
{
	struct scene scene;

	(void)state;
	enter(&scene);
	call(&scene, CONTROL_SYNC);
	caller_free(&scene.caller);
	settle(&scene);
	assert_int_equal(scene.left, 1);
	assert_int_equal(control_server_visits(scene.server), 0);
	leave(&scene);
}

static void who_goes_on_talking_is_cut_off(void **state)
{
	struct scene scene;
	int fd;

	(void)state;
	enter(&scene);
	fd = knock(&scene);
	say(fd, STATUS);
	settle(&scene);
	say(fd, STATUS);
	settle(&scene);
	assert_int_equal(scene.asked, 1);
	assert_int_equal(scene.left, 1);
	assert_string_equal(hear(fd), "HUNG UP");
	close(fd);
	leave(&scene);
}

static void who_does_not_read_is_cut_off(void **state)
{
	struct str page = { 0 };
	struct scene scene;
	int fd;

	(void)state;
	enter(&scene);
	fd = knock(&scene);
	say(fd, STATUS);
	settle(&scene);
	while (page.len < CONTROL_PAGE_MAX)
		str_add_c(&page, "nobody wants to read this\n");
	str_truncate(&page, CONTROL_PAGE_MAX);
	control_visit_say_page(scene.visit, str_span(&page));
	control_visit_end(scene.visit, 0, SPAN_NULL);
	for (int i = 0; i < CONTROL_TAKE_MS / 1000; i++) { /* a little now and then is too little */
		fake_loop_advance(scene.loop, 1000);
		hear(fd);
	}
	settle(&scene);
	assert_int_equal(control_server_visits(scene.server), 0);
	assert_int_equal(scene.left, 0); /* it had been told all */
	close(fd);
	str_done(&page);
	leave(&scene);
}

static void there_are_so_many_places(void **state)
{
	struct scene scene;
	int fds[RUDE_MAX];

	(void)state;
	enter(&scene);
	for (int i = 0; i < RUDE_MAX; i++)
		fds[i] = knock(&scene);
	settle(&scene);
	assert_int_equal(control_server_visits(scene.server), CONTROL_VISITS_MAX);
	assert_non_null(strstr(hear(fds[RUDE_MAX - 1]), "\"exit\":75"));
	assert_string_equal(hear(fds[RUDE_MAX - 1]), "HUNG UP");
	assert_string_equal(hear(fds[0]), "");
	fake_loop_advance(scene.loop, CONTROL_REQUEST_MS + 1);
	assert_int_equal(control_server_visits(scene.server), 0); /* nobody asked anything */
	for (int i = 0; i < RUDE_MAX; i++)
		close(fds[i]);
	leave(&scene);
}

static void a_service_that_hangs_is_given_up(void **state)
{
	struct scene scene;

	(void)state;
	enter(&scene);
	control_server_free(&scene.server); /* the socket listens, and nobody answers */
	call(&scene, CONTROL_STATUS);
	fake_loop_advance(scene.loop, CALLER_FIRST_MS + 1);
	assert_int_equal(scene.answers, 1);
	assert_string_equal(scene.said, "the service does not answer");
	leave(&scene);
}

static void a_service_that_dies_is_noticed(void **state)
{
	struct scene scene;

	(void)state;
	enter(&scene);
	call(&scene, CONTROL_SYNC);
	control_server_free(&scene.server);
	settle(&scene);
	assert_int_equal(scene.answers, 1);
	assert_string_equal(scene.said, "the service ended, or hung up");
	leave(&scene);
}

static void whom_there_is_to_ask(void **state)
{
	struct scene scene;
	struct err err;

	(void)state;
	enter(&scene);
	assert_int_equal(caller_connect(scene.loop, "/nowhere/control.sock", &scene.caller, &err),
	    CALLER_NOBODY);
	assert_int_equal(caller_connect(scene.loop, "x", &scene.caller, &err), CALLER_FAILED);
	control_server_free(&scene.server);
	close(scene.listener.fd);
	scene.listener.fd = -1; /* as a death does */
	assert_int_equal(
	    caller_connect(scene.loop, scene.path, &scene.caller, &err), CALLER_NOBODY);
	assert_null(scene.caller);
	leave(&scene);
}

static void the_last_words_go_out(void **state)
{
	struct scene scene;

	(void)state;
	enter(&scene);
	call(&scene, CONTROL_WATCH);
	control_visit_end(scene.visit, 1, SPAN("stopping"));
	control_server_drain(scene.server, on_drained, &scene);
	assert_int_equal(scene.drained, 0);
	settle(&scene);
	assert_string_equal(scene.said, "stopping");
	assert_int_equal(scene.drained, 1);
	leave(&scene);
}

static void a_deaf_one_delays_no_end(void **state)
{
	struct scene scene;
	int fd;

	(void)state;
	enter(&scene);
	fd = knock(&scene);
	settle(&scene);
	control_server_drain(scene.server, on_drained, &scene);
	fake_loop_advance(scene.loop, CONTROL_DRAIN_MS + 1);
	assert_int_equal(scene.drained, 1);
	close(fd);
	leave(&scene);
}

const struct CMUnitTest server_tests[] = {
	cmocka_unit_test(a_request_is_answered),
	cmocka_unit_test(a_long_page_arrives_whole),
	cmocka_unit_test(nonsense_is_refused),
	cmocka_unit_test(a_request_has_a_time_to_come),
	cmocka_unit_test(pieces_make_a_request),
	cmocka_unit_test(who_leaves_is_noticed),
	cmocka_unit_test(who_goes_on_talking_is_cut_off),
	cmocka_unit_test(who_does_not_read_is_cut_off),
	cmocka_unit_test(there_are_so_many_places),
	cmocka_unit_test(a_service_that_hangs_is_given_up),
	cmocka_unit_test(a_service_that_dies_is_noticed),
	cmocka_unit_test(whom_there_is_to_ask),
	cmocka_unit_test(the_last_words_go_out),
	cmocka_unit_test(a_deaf_one_delays_no_end),
};
const size_t server_test_count = COUNT_OF(server_tests);
