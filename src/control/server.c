/* SPDX-License-Identifier: ISC */
/*
 * A visit is asked (its request comes), open (answers go out), and then ending (the last was said).
 * It is freed from the loop only, never under the hands of whoever speaks to it.
 */
#include "control/server.h"

#include "base/vec.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPTS_A_TURN = 8,
	ACCEPT_PAUSE_MS = 1000, /* when the system gives no descriptor */
	READ_BYTES = 4096,
};

struct control_visit {
	struct control_server *server;
	struct control_visit *next;
	int fd;
	struct control_peer peer;
	struct loop_io *io;
	struct loop_timer *timer; /* until the request is here, or something is taken */
	struct str in, out;
	size_t sent; /* of out */
	bool is_open, is_ending;
};

struct control_server {
	struct loop *loop;
	const struct control_events *events;
	void *context;
	struct loop_io *io; /* NULL: nobody can come */
	struct loop_timer *pause;
	struct control_visit *first;
	size_t count;
	struct arena *arena;
	loop_callback *on_drained; /* NULL: it is not draining */
	void *drained_context;
	struct loop_timer *drained;
};

/* ---- the end of a visit ---- */

static void visit_free(struct control_visit *visit)
{
	struct control_server *server = visit->server;
	struct control_visit **place = &server->first;

	while (*place != visit)
		place = &(*place)->next;
	*place = visit->next;
	server->count--;
	loop_io_free(&visit->io);
	loop_timer_free(&visit->timer);
	close(visit->fd);
	str_done(&visit->in);
	str_done(&visit->out);
	free(visit);
	if (server->on_drained != NULL && server->count == 0)
		loop_timer_start(server->drained, 0);
}

/* It left, or is sent away. */
static void cut(struct control_visit *visit)
{
	if (visit->is_open && !visit->is_ending)
		visit->server->events->on_left(visit->server->context, visit);
	visit_free(visit);
}

static void on_overdue(void *context)
{
	cut(context);
}

/* ---- what is said ---- */

bool control_visit_is_idle(const struct control_visit *visit)
{
	return visit->out.len == visit->sent;
}

static void want(struct control_visit *visit)
{
	loop_io_set(visit->io,
	    control_visit_is_idle(visit) && !visit->is_ending ? LOOP_READ : LOOP_READ | LOOP_WRITE);
}

void control_visit_say(struct control_visit *visit, const struct control_answer *answer)
{
	if (visit->is_ending)
		return;
	if (control_visit_is_idle(visit)) {
		str_truncate(&visit->out, 0);
		visit->sent = 0;
		loop_timer_start(visit->timer, CONTROL_TAKE_MS);
	}
	control_answer_encode(answer, &visit->out);
	visit->is_ending = control_event_is_last(answer->event);
	want(visit);
}

void control_visit_say_page(struct control_visit *visit, struct span page)
{
	while (page.len > 0)
		control_visit_say(visit, &(struct control_answer) { .event = CONTROL_PAGE,
					     .text = control_page_piece(&page) });
}

void control_visit_end(struct control_visit *visit, int exit, struct span message)
{
	control_visit_say(visit,
	    &(struct control_answer) { .event = CONTROL_DONE, .exit = exit, .message = message });
}

const struct control_peer *control_visit_peer(const struct control_visit *visit)
{
	return &visit->peer;
}

/* @return false: the visit is gone */
static bool send_some(struct control_visit *visit)
{
	ssize_t count = send(visit->fd, visit->out.at + visit->sent, visit->out.len - visit->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (count < 0) {
		cut(visit);
		return false;
	}
	visit->sent += (size_t)count;
	if (!control_visit_is_idle(visit))
		return true;
	loop_timer_stop(visit->timer);
	if (visit->is_ending) {
		visit_free(visit);
		return false;
	}
	/* What one long page took is not kept for each who watches. */
	str_done(&visit->out);
	visit->sent = 0;
	want(visit);
	return true;
}

/* ---- what is asked ---- */

static void take_request(struct control_visit *visit, struct span line)
{
	struct control_server *server = visit->server;
	struct control_request request;
	struct err err;

	arena_reset(server->arena);
	visit->is_open = true;
	loop_timer_stop(visit->timer);
	if (control_request_decode(line, server->arena, &request, &err) == STATUS_OK)
		server->events->on_request(server->context, visit, &request);
	else
		control_visit_end(visit, CONTROL_EXIT_USAGE, span_of(err.text));
	str_done(&visit->in);
}

static void refuse_long(struct control_visit *visit)
{
	visit->is_open = true;
	control_visit_end(visit, CONTROL_EXIT_USAGE,
	    SPAN("the service does not understand what it was asked: the line is too long"));
}

/* One request a visit: who goes on talking is not listened to. */
static void read_some(struct control_visit *visit)
{
	char bytes[READ_BYTES];
	ssize_t count = recv(visit->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	size_t end;

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0 || (visit->is_open && !visit->is_ending)) {
		cut(visit);
		return;
	}
	if (visit->is_open)
		return; /* the last word is on its way to it */
	str_add(&visit->in, (struct span) { bytes, (size_t)count });
	end = span_find(str_span(&visit->in), '\n');
	if (end < visit->in.len && end < CONTROL_REQUEST_MAX)
		take_request(visit, (struct span) { visit->in.at, end });
	else if (visit->in.len >= CONTROL_REQUEST_MAX)
		refuse_long(visit);
}

static void on_io(void *context, int fd, unsigned events)
{
	struct control_visit *visit = context;

	(void)fd;
	if ((events & LOOP_WRITE) && !send_some(visit))
		return;
	if (events & LOOP_READ)
		read_some(visit);
}

/* ---- who comes ---- */

/* For whom there is no place: a word, if it goes out at once, and good-bye. */
static void send_away(int fd)
{
	static const struct control_answer answer = { .event = CONTROL_DONE,
		.exit = CONTROL_EXIT_LATER,
		.message = SPAN_INIT("the service is busy with others who ask; try later") };
	struct str line = { 0 };

	control_answer_encode(&answer, &line);
	(void)send(fd, line.at, line.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	str_done(&line);
	close(fd);
}

static bool identify(int fd, struct control_peer *ret_peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
		return false;
	*ret_peer = (struct control_peer) { credentials.uid, credentials.gid, credentials.pid };
	return true;
}

static void let_in(struct control_server *server, int fd)
{
	struct control_visit *visit;
	struct control_peer peer;

	if (server->count >= CONTROL_VISITS_MAX || !identify(fd, &peer)) {
		send_away(fd);
		return;
	}
	visit = mem_new(1, sizeof(*visit));
	*visit = (struct control_visit) {
		.server = server, .next = server->first, .fd = fd, .peer = peer
	};
	server->first = visit;
	server->count++;
	visit->timer = loop_timer_new(server->loop, on_overdue, visit);
	visit->io = loop_io_new(server->loop, fd, LOOP_READ, on_io, visit);
	loop_timer_start(visit->timer, CONTROL_REQUEST_MS);
}

static void on_door(void *context, int fd, unsigned events)
{
	struct control_server *server = context;

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int visitor = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (visitor >= 0) {
			let_in(server, visitor);
			continue;
		}
		/* Whoever waits makes the socket ready again and again. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			loop_io_set(server->io, 0);
			loop_timer_start(server->pause, ACCEPT_PAUSE_MS);
		}
		return;
	}
}

static void on_pause_over(void *context)
{
	struct control_server *server = context;

	if (server->on_drained == NULL && server->io != NULL)
		loop_io_set(server->io, LOOP_READ);
}

/* ---- life ---- */

static void on_drained(void *context)
{
	struct control_server *server = context;

	server->on_drained(server->drained_context);
}

struct control_server *control_server_new(
    struct loop *loop, const struct control_events *events, void *context)
{
	struct control_server *server = mem_new(1, sizeof(*server));

	*server = (struct control_server) {
		.loop = loop, .events = events, .context = context, .arena = arena_new()
	};
	server->pause = loop_timer_new(loop, on_pause_over, server);
	server->drained = loop_timer_new(loop, on_drained, server);
	return server;
}

void control_server_listen(struct control_server *server, int fd)
{
	loop_io_free(&server->io);
	if (fd >= 0 && server->on_drained == NULL)
		server->io = loop_io_new(server->loop, fd, LOOP_READ, on_door, server);
}

void control_server_free(struct control_server **server)
{
	struct control_server *gone = *server;

	if (gone == NULL)
		return;
	gone->on_drained = NULL;
	while (gone->first != NULL)
		visit_free(gone->first);
	loop_io_free(&gone->io);
	loop_timer_free(&gone->pause);
	loop_timer_free(&gone->drained);
	arena_free(&gone->arena);
	free(gone);
	*server = NULL;
}

void control_server_drain(struct control_server *server, loop_callback *callback, void *context)
{
	server->on_drained = callback;
	server->drained_context = context;
	loop_io_free(&server->io);
	loop_timer_start(server->drained, server->count == 0 ? 0 : CONTROL_DRAIN_MS);
}

size_t control_server_visits(const struct control_server *server)
{
	return server->count;
}
