/* SPDX-License-Identifier: ISC */
#include "control/caller.h"

#include "base/unix_socket.h"
#include "base/vec.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

struct caller {
	struct loop *loop;
	int fd;
	struct loop_io *io;
	struct loop_timer *timer;
	struct str out, in;
	size_t sent;
	struct arena *arena;
	caller_callback *callback;
	void *context;
	bool *is_freed; /* set when it is freed under our hands; NULL: nobody looks */
};

enum caller_outcome caller_connect(
    struct loop *loop, const char *path, struct caller **ret_caller, struct err *reterr)
{
	struct sockaddr_un address;
	struct caller *caller;
	int fd, why;

	if (unix_socket_address(span_of(path), &address, reterr) != STATUS_OK)
		return CALLER_FAILED;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		caller = mem_new(1, sizeof(*caller));
		caller->loop = loop;
		caller->fd = fd;
		caller->arena = arena_new();
		*ret_caller = caller;
		return CALLER_CONNECTED;
	}
	why = errno;
	if (fd >= 0)
		close(fd);
	err_set(reterr, "%s", why == EAGAIN ? "too many others are asking" : strerror(why));
	if (why == ENOENT || why == ENOTDIR || why == ECONNREFUSED)
		return CALLER_NOBODY;
	return why == EACCES || why == EPERM ? CALLER_REFUSED : CALLER_FAILED;
}

void caller_free(struct caller **caller)
{
	struct caller *gone = *caller;

	if (gone == NULL)
		return;
	if (gone->is_freed != NULL)
		*gone->is_freed = true;
	loop_io_free(&gone->io);
	loop_timer_free(&gone->timer);
	close(gone->fd);
	str_done(&gone->in);
	str_done(&gone->out);
	arena_free(&gone->arena);
	free(gone);
	*caller = NULL;
}

/* ---- the end ---- */

static void fall_silent(struct caller *caller)
{
	loop_io_set(caller->io, 0);
	loop_timer_stop(caller->timer);
}

static void give_up(struct caller *caller, const char *why)
{
	struct err err;

	fall_silent(caller);
	err_set(&err, "%s", why);
	caller->callback(caller->context, NULL, &err);
}

static void on_silence(void *context)
{
	give_up(context, "the service does not answer");
}

/* ---- answers ---- */

/* @return false: nothing more comes, or the caller is gone */
static bool take_line(struct caller *caller, struct span line)
{
	struct control_answer answer;
	bool is_freed = false;
	struct err err;

	arena_reset(caller->arena);
	loop_timer_stop(caller->timer);
	if (control_answer_decode(line, caller->arena, &answer, &err) != STATUS_OK) {
		give_up(caller, err.text);
		return false;
	}
	if (control_event_is_last(answer.event))
		fall_silent(caller);
	caller->is_freed = &is_freed;
	caller->callback(caller->context, &answer, NULL);
	if (!is_freed)
		caller->is_freed = NULL;
	return !is_freed && !control_event_is_last(answer.event);
}

static void take_lines(struct caller *caller)
{
	size_t begin = 0;

	for (;;) {
		struct span rest = { caller->in.at + begin, caller->in.len - begin };
		size_t end = span_find(rest, '\n');

		if (end == rest.len)
			break;
		if (!take_line(caller, (struct span) { rest.at, end }))
			return;
		begin += end + 1;
	}
	memmove(caller->in.at, caller->in.at + begin, caller->in.len - begin);
	str_truncate(&caller->in, caller->in.len - begin);
	if (caller->in.len >= CONTROL_ANSWER_MAX)
		give_up(caller, "the service's answer is not understood: a line is too long");
}

static void read_some(struct caller *caller)
{
	ssize_t count;

	str_reserve(&caller->in, READ_BYTES);
	count = recv(caller->fd, caller->in.at + caller->in.len, READ_BYTES, 0);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		give_up(caller, "the service ended, or hung up");
		return;
	}
	caller->in.len += (size_t)count;
	caller->in.at[caller->in.len] = '\0';
	take_lines(caller);
}

static void on_io(void *context, int fd, unsigned events)
{
	struct caller *caller = context;

	(void)fd;
	if (events & LOOP_WRITE) {
		ssize_t count = send(caller->fd, caller->out.at + caller->sent,
		    caller->out.len - caller->sent, MSG_NOSIGNAL);

		/* One that hung up may have said why. */
		if (count > 0)
			caller->sent += (size_t)count;
		if (caller->sent == caller->out.len || (count < 0 && errno != EAGAIN))
			loop_io_set(caller->io, LOOP_READ);
	}
	if (events & LOOP_READ)
		read_some(caller);
}

void caller_ask(struct caller *caller, const struct control_request *request,
    caller_callback *callback, void *context)
{
	caller->callback = callback;
	caller->context = context;
	control_request_encode(request, &caller->out);
	caller->timer = loop_timer_new(caller->loop, on_silence, caller);
	caller->io = loop_io_new(caller->loop, caller->fd, LOOP_READ | LOOP_WRITE, on_io, caller);
	loop_timer_start(caller->timer, CALLER_FIRST_MS);
}
