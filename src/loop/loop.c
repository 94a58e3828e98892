/* SPDX-License-Identifier: ISC */
/*
 * The event loop on libev.
 *
 * libev runs all callbacks of a turn even after it was told to stop.  Ours come one by one: those
 * that are due behind the one that stopped the loop are put off, and none is lost when the loop
 * runs again.
 */
#include "loop/loop.h"

#include "base/hash.h"
#include "base/vec.h"
#include <assert.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct loop {
	struct ev_loop *ev;   /* owned */
	ev_check turn;        /* first of every turn: reads the clock */
	int64_t now_ms;       /* of this turn */
	uint64_t random;      /* never 0 */
	size_t watcher_count; /* not freed yet */
	bool is_running;
	bool is_stopping;
};

struct loop_timer {
	ev_timer ev;
	struct loop *loop;
	loop_callback *callback;
	void *context;
};

struct loop_io {
	ev_io ev;
	struct loop *loop;
	loop_io_callback *callback;
	void *context;
	unsigned events; /* wanted */
};

struct loop_signal {
	ev_signal ev;
	struct loop *loop;
	loop_callback *callback;
	void *context;
};

struct loop_wake {
	ev_async ev;
	struct loop *loop;
	loop_callback *callback;
	void *context;
};

static int64_t clock_read_ms(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_turn(struct ev_loop *ev, ev_check *watcher, int events)
{
	struct loop *loop = watcher->data;
	(void)ev;
	(void)events;
	loop->now_ms = clock_read_ms(CLOCK_MONOTONIC);
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_new(1, sizeof(*loop));
	loop->ev = ev_loop_new(EVFLAG_AUTO);
	if (loop->ev == NULL) {
		fputs("scimward: error: the system gives no event loop; check the limit of open "
		      "files\n",
		    stderr);
		abort();
	}
	hash_random(&loop->random, sizeof(loop->random));
	loop->random |= 1;
	loop->now_ms = clock_read_ms(CLOCK_MONOTONIC);
	ev_check_init(&loop->turn, on_turn);
	ev_set_priority(&loop->turn, EV_MAXPRI);
	loop->turn.data = loop;
	ev_check_start(loop->ev, &loop->turn);
	ev_unref(loop->ev);
	return loop;
}

void loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	assert((*loop)->watcher_count == 0);
	ev_ref((*loop)->ev);
	ev_check_stop((*loop)->ev, &(*loop)->turn);
	ev_loop_destroy((*loop)->ev);
	free(*loop);
	*loop = NULL;
}

void loop_run(struct loop *loop)
{
	loop->is_stopping = false;
	loop->is_running = true;
	ev_run(loop->ev, 0);
	loop->is_running = false;
}

void loop_stop(struct loop *loop)
{
	if (!loop->is_running)
		return;
	loop->is_stopping = true;
	ev_break(loop->ev, EVBREAK_ONE);
}

/* Outside a turn nothing keeps the clocks fresh, neither ours nor libev's. */
static void refresh_clock(struct loop *loop)
{
	if (loop->is_running)
		return;
	ev_now_update(loop->ev);
	loop->now_ms = clock_read_ms(CLOCK_MONOTONIC);
}

int64_t loop_now_ms(struct loop *loop)
{
	refresh_clock(loop);
	return loop->now_ms;
}

int64_t loop_wall_ms(struct loop *loop)
{
	(void)loop;
	return clock_read_ms(CLOCK_REALTIME);
}

uint64_t loop_random(struct loop *loop, uint64_t limit)
{
	assert(limit > 0);
	loop->random ^= loop->random >> 12;
	loop->random ^= loop->random << 25;
	loop->random ^= loop->random >> 27;
	/* The low bits are the weak ones of this generator. */
	return (loop->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) % limit;
}

static void on_timer(struct ev_loop *ev, ev_timer *watcher, int events)
{
	struct loop_timer *timer = watcher->data;
	(void)ev;
	(void)events;
	if (timer->loop->is_stopping)
		loop_timer_start(timer, 0);
	else
		timer->callback(timer->context);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_callback *callback, void *context)
{
	struct loop_timer *timer = mem_new(1, sizeof(*timer));
	timer->loop = loop;
	timer->callback = callback;
	timer->context = context;
	ev_init(&timer->ev, on_timer);
	timer->ev.data = timer;
	loop->watcher_count++;
	return timer;
}

void loop_timer_start(struct loop_timer *timer, int64_t after_ms)
{
	/*
	 * libev reads its clock a little before we read ours: the millisecond on top keeps a timer
	 * from firing before loop_now_ms has come to its time.
	 */
	double after_s = after_ms <= 0 ? 0. : ((double)after_ms + 1.) / 1000.;
	refresh_clock(timer->loop);
	ev_timer_stop(timer->loop->ev, &timer->ev);
	ev_timer_set(&timer->ev, after_s, 0.);
	ev_timer_start(timer->loop->ev, &timer->ev);
}

void loop_timer_stop(struct loop_timer *timer)
{
	ev_timer_stop(timer->loop->ev, &timer->ev);
}

bool loop_timer_is_running(const struct loop_timer *timer)
{
	return ev_is_active(&timer->ev) || ev_is_pending(&timer->ev);
}

void loop_timer_free(struct loop_timer **timer)
{
	if (*timer == NULL)
		return;
	loop_timer_stop(*timer);
	(*timer)->loop->watcher_count--;
	free(*timer);
	*timer = NULL;
}

static unsigned events_from_ev(int events)
{
	return ((events & EV_READ) != 0 ? LOOP_READ : 0U) |
	       ((events & EV_WRITE) != 0 ? LOOP_WRITE : 0U);
}

/* Put off it needs no memory: the descriptor is still ready when the loop runs again. */
static void on_io(struct ev_loop *ev, ev_io *watcher, int events)
{
	struct loop_io *io = watcher->data;
	(void)ev;
	if (!io->loop->is_stopping)
		io->callback(io->context, watcher->fd, events_from_ev(events) & io->events);
}

struct loop_io *loop_io_new(
    struct loop *loop, int fd, unsigned events, loop_io_callback *callback, void *context)
{
	struct loop_io *io = mem_new(1, sizeof(*io));
	io->loop = loop;
	io->callback = callback;
	io->context = context;
	ev_io_init(&io->ev, on_io, fd, EV_NONE);
	io->ev.data = io;
	loop->watcher_count++;
	loop_io_set(io, events);
	return io;
}

void loop_io_set(struct loop_io *io, unsigned events)
{
	int wanted = ((events & LOOP_READ) != 0 ? EV_READ : 0) |
		     ((events & LOOP_WRITE) != 0 ? EV_WRITE : 0);
	if (events == io->events)
		return;
	io->events = events;
	ev_io_stop(io->loop->ev, &io->ev);
	ev_io_set(&io->ev, io->ev.fd, wanted);
	if (wanted != 0)
		ev_io_start(io->loop->ev, &io->ev);
}

void loop_io_free(struct loop_io **io)
{
	if (*io == NULL)
		return;
	ev_io_stop((*io)->loop->ev, &(*io)->ev);
	(*io)->loop->watcher_count--;
	free(*io);
	*io = NULL;
}

static void on_signal(struct ev_loop *ev, ev_signal *watcher, int events)
{
	struct loop_signal *signal = watcher->data;
	(void)ev;
	(void)events;
	if (signal->loop->is_stopping)
		ev_feed_signal(watcher->signum);
	else
		signal->callback(signal->context);
}

struct loop_signal *loop_signal_new(
    struct loop *loop, int number, loop_callback *callback, void *context)
{
	struct loop_signal *signal = mem_new(1, sizeof(*signal));
	signal->loop = loop;
	signal->callback = callback;
	signal->context = context;
	ev_signal_init(&signal->ev, on_signal, number);
	signal->ev.data = signal;
	loop->watcher_count++;
	ev_signal_start(loop->ev, &signal->ev);
	ev_unref(loop->ev);
	return signal;
}

void loop_signal_free(struct loop_signal **signal)
{
	if (*signal == NULL)
		return;
	struct ev_loop *ev = (*signal)->loop->ev;
	ev_ref(ev);
	ev_signal_stop(ev, &(*signal)->ev);
	(*signal)->loop->watcher_count--;
	free(*signal);
	*signal = NULL;
}

static void on_wake(struct ev_loop *ev, ev_async *watcher, int events)
{
	struct loop_wake *wake = watcher->data;
	(void)ev;
	(void)events;
	if (wake->loop->is_stopping)
		loop_wake_send(wake);
	else
		wake->callback(wake->context);
}

struct loop_wake *loop_wake_new(struct loop *loop, loop_callback *callback, void *context)
{
	struct loop_wake *wake = mem_new(1, sizeof(*wake));
	wake->loop = loop;
	wake->callback = callback;
	wake->context = context;
	ev_async_init(&wake->ev, on_wake);
	wake->ev.data = wake;
	loop->watcher_count++;
	ev_async_start(loop->ev, &wake->ev);
	return wake;
}

void loop_wake_send(struct loop_wake *wake)
{
	ev_async_send(wake->loop->ev, &wake->ev);
}

void loop_wake_free(struct loop_wake **wake)
{
	if (*wake == NULL)
		return;
	ev_async_stop((*wake)->loop->ev, &(*wake)->ev);
	(*wake)->loop->watcher_count--;
	free(*wake);
	*wake = NULL;
}
