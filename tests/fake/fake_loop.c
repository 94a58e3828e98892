/* SPDX-License-Identifier: ISC */
/*
 * A loop in virtual time.  All watchers are in one list; a turn first marks those that are due,
 * then calls them one by one and looks for the next anew each time, so that a callback may free
 * any of them and the memory is really gone.
 */
#include "tests/fake/fake_loop.h"

#include "base/vec.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* How long something real is awaited when there is no timer to jump to. */
enum { FOREVER_REAL_MS = 5000 };

enum kind { KIND_TIMER, KIND_IO, KIND_WAKE, KIND_SIGNAL };

struct watcher {
	struct watcher *prev, *next;
	struct loop *loop;
	enum kind kind;
	bool is_due; /* to be called in this turn */
	loop_callback *callback;
	void *context;
};

struct loop_timer {
	struct watcher watcher;
	bool is_running;
	int64_t due_ms;
	uint64_t order; /* of the start */
};

struct loop_io {
	struct watcher watcher;
	loop_io_callback *callback;
	int fd;
	unsigned events; /* wanted */
	unsigned ready;
};

struct loop_signal {
	struct watcher watcher;
	int number;
	bool is_raised;
};

struct loop_wake {
	struct watcher watcher;
	atomic_bool is_sent;
};

struct loop {
	struct watcher *first, *last;
	size_t watcher_count;
	int64_t now_ms;
	int64_t wall_offset_ms; /* wall clock minus now_ms */
	uint64_t random;        /* never 0 */
	uint64_t order;         /* of the last timer that was started */
	size_t turns, turns_max;
	int patience_real_ms;
	int wake_fd; /* an eventfd that ends poll(2) when a thread sends */
	bool is_running;
	bool is_stopping;
};

__attribute__((noreturn, format(printf, 2, 3))) static void die(
    const struct loop *loop, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fprintf(stderr, "fake loop at %lld ms: ", (long long)loop->now_ms);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	abort();
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_new(1, sizeof(*loop));
	loop->now_ms = FAKE_LOOP_NOW_MS;
	loop->wall_offset_ms = FAKE_LOOP_WALL_MS - FAKE_LOOP_NOW_MS;
	loop->turns_max = FAKE_LOOP_TURNS_MAX;
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0)
		die(loop, "no eventfd: %s", strerror(errno));
	fake_loop_set_seed(loop, 1);
	return loop;
}

void loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	if ((*loop)->watcher_count > 0)
		die(*loop, "freed while %zu watchers are left", (*loop)->watcher_count);
	close((*loop)->wake_fd);
	free(*loop);
	*loop = NULL;
}

static void *watcher_new(struct loop *loop, enum kind kind, size_t size)
{
	struct watcher *watcher = mem_new(1, size);
	watcher->loop = loop;
	watcher->kind = kind;
	watcher->prev = loop->last;
	if (loop->last == NULL)
		loop->first = watcher;
	else
		loop->last->next = watcher;
	loop->last = watcher;
	loop->watcher_count++;
	return watcher;
}

static void watcher_free(struct watcher *watcher)
{
	struct loop *loop = watcher->loop;
	if (watcher->prev == NULL)
		loop->first = watcher->next;
	else
		watcher->prev->next = watcher->next;
	if (watcher->next == NULL)
		loop->last = watcher->prev;
	else
		watcher->next->prev = watcher->prev;
	loop->watcher_count--;
	free(watcher);
}

static bool timer_is_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

/* The running timer that comes first. */
static struct loop_timer *next_timer(const struct loop *loop)
{
	struct loop_timer *next = NULL;
	for (struct watcher *watcher = loop->first; watcher != NULL; watcher = watcher->next) {
		struct loop_timer *timer = (struct loop_timer *)watcher;
		if (watcher->kind == KIND_TIMER && timer->is_running &&
		    (next == NULL || timer_is_before(timer, next)))
			next = timer;
	}
	return next;
}

/* A timer that is started from now on belongs to the next turn, even when it is due at once. */
static void mark_timers(struct loop *loop)
{
	for (struct watcher *watcher = loop->first; watcher != NULL; watcher = watcher->next) {
		struct loop_timer *timer = (struct loop_timer *)watcher;
		if (watcher->kind == KIND_TIMER && timer->is_running &&
		    timer->due_ms <= loop->now_ms)
			watcher->is_due = true;
	}
}

static void mark_wakes_and_signals(struct loop *loop)
{
	uint64_t count;
	while (read(loop->wake_fd, &count, sizeof(count)) > 0)
		continue;
	for (struct watcher *watcher = loop->first; watcher != NULL; watcher = watcher->next) {
		struct loop_wake *wake = (struct loop_wake *)watcher;
		struct loop_signal *signal = (struct loop_signal *)watcher;
		if (watcher->kind == KIND_WAKE && atomic_exchange(&wake->is_sent, false))
			watcher->is_due = true;
		if (watcher->kind == KIND_SIGNAL && signal->is_raised) {
			signal->is_raised = false;
			watcher->is_due = true;
		}
	}
}

static short poll_events(unsigned events)
{
	return (short)(((events & LOOP_READ) != 0 ? POLLIN : 0) |
		       ((events & LOOP_WRITE) != 0 ? POLLOUT : 0));
}

/* A broken descriptor is ready for whatever is wanted: the call that follows tells why. */
static void mark_io(struct loop_io *io, short events)
{
	const short broken = POLLERR | POLLHUP;
	if ((events & POLLNVAL) != 0)
		die(io->watcher.loop, "descriptor %d was closed while it is watched", io->fd);
	io->ready = ((events & (POLLIN | broken)) != 0 ? LOOP_READ : 0U) |
		    ((events & (POLLOUT | broken)) != 0 ? LOOP_WRITE : 0U);
	io->ready &= io->events;
	io->watcher.is_due = io->ready != 0;
}

/* Looks at the descriptors, waiting for one of them or for a wake at most so long. */
static void poll_descriptors(struct loop *loop, int timeout_real_ms)
{
	struct pollfd *polled = mem_new(loop->watcher_count + 1, sizeof(*polled));
	struct loop_io **ios = mem_new(loop->watcher_count + 1, sizeof(struct loop_io *));
	nfds_t count = 1;
	polled[0] = (struct pollfd) { .fd = loop->wake_fd, .events = POLLIN };
	for (struct watcher *watcher = loop->first; watcher != NULL; watcher = watcher->next) {
		struct loop_io *io = (struct loop_io *)watcher;
		if (watcher->kind != KIND_IO || io->events == 0)
			continue;
		watcher->is_due = false;
		ios[count] = io;
		polled[count++] =
		    (struct pollfd) { .fd = io->fd, .events = poll_events(io->events) };
	}
	int result = poll(polled, count, timeout_real_ms);
	if (result < 0 && errno != EINTR)
		die(loop, "poll: %s", strerror(errno));
	for (nfds_t i = 1; result > 0 && i < count; i++)
		mark_io(ios[i], polled[i].revents);
	free(polled);
	free(ios);
}

static bool is_any_due(const struct loop *loop)
{
	for (const struct watcher *watcher = loop->first; watcher != NULL;
	     watcher = watcher->next) {
		if (watcher->is_due)
			return true;
	}
	return false;
}

static bool mark_due(struct loop *loop, int timeout_real_ms)
{
	mark_timers(loop);
	poll_descriptors(loop, timeout_real_ms);
	mark_wakes_and_signals(loop);
	return is_any_due(loop);
}

static struct watcher *next_due(const struct loop *loop)
{
	struct watcher *next = NULL;
	for (struct watcher *watcher = loop->first; watcher != NULL; watcher = watcher->next) {
		if (!watcher->is_due)
			continue;
		if (next == NULL || watcher->kind < next->kind)
			next = watcher;
		else if (watcher->kind == KIND_TIMER && next->kind == KIND_TIMER &&
			 timer_is_before((struct loop_timer *)watcher, (struct loop_timer *)next))
			next = watcher;
	}
	return next;
}

/* The watcher may be gone when this returns. */
static void call(struct watcher *watcher)
{
	struct loop_io *io = (struct loop_io *)watcher;
	watcher->is_due = false;
	switch (watcher->kind) {
	case KIND_TIMER:
		((struct loop_timer *)watcher)->is_running = false;
		break;
	case KIND_IO:
		io->callback(watcher->context, io->fd, io->ready);
		return;
	case KIND_WAKE:
	case KIND_SIGNAL:
		break;
	}
	watcher->callback(watcher->context);
}

/* What stays due behind the callback that stopped the loop is called when it runs again. */
static void call_all_due(struct loop *loop)
{
	if (++loop->turns > loop->turns_max)
		die(loop, "ran away: more than %zu turns", loop->turns_max);
	for (struct watcher *watcher; (watcher = next_due(loop)) != NULL && !loop->is_stopping;)
		call(watcher);
}

static void begin(struct loop *loop)
{
	assert(!loop->is_running);
	loop->is_running = true;
	loop->is_stopping = false;
	loop->turns = 0;
}

/* Whether loop_run has something to run for. */
static bool is_alive(const struct loop *loop)
{
	for (const struct watcher *watcher = loop->first; watcher != NULL;
	     watcher = watcher->next) {
		if (watcher->kind == KIND_WAKE ||
		    (watcher->kind == KIND_TIMER &&
			((const struct loop_timer *)watcher)->is_running) ||
		    (watcher->kind == KIND_IO && ((const struct loop_io *)watcher)->events != 0))
			return true;
	}
	return false;
}

static void run_turn(struct loop *loop)
{
	if (!mark_due(loop, 0)) {
		const struct loop_timer *timer = next_timer(loop);
		int wait_real_ms = timer == NULL ? FOREVER_REAL_MS : loop->patience_real_ms;
		bool is_due = wait_real_ms > 0 && mark_due(loop, wait_real_ms);
		if (!is_due && timer == NULL)
			die(loop, "waits for ever: no timer runs, and no descriptor or wake comes");
		if (!is_due) {
			loop->now_ms = timer->due_ms;
			mark_timers(loop);
		}
	}
	call_all_due(loop);
}

void loop_run(struct loop *loop)
{
	begin(loop);
	while (!loop->is_stopping && (is_alive(loop) || mark_due(loop, 0)))
		run_turn(loop);
	loop->is_running = false;
}

void loop_stop(struct loop *loop)
{
	if (loop->is_running)
		loop->is_stopping = true;
}

bool fake_loop_step(struct loop *loop)
{
	begin(loop);
	bool is_due = mark_due(loop, 0);
	call_all_due(loop);
	loop->is_running = false;
	return is_due;
}

void fake_loop_advance(struct loop *loop, int64_t ms)
{
	assert(ms >= 0);
	const int64_t end_ms = loop->now_ms + ms;
	begin(loop);
	while (!loop->is_stopping) {
		if (mark_due(loop, 0) ||
		    (loop->patience_real_ms > 0 && mark_due(loop, loop->patience_real_ms))) {
			call_all_due(loop);
			continue;
		}
		const struct loop_timer *timer = next_timer(loop);
		if (timer == NULL || timer->due_ms > end_ms)
			break;
		loop->now_ms = timer->due_ms;
	}
	if (!loop->is_stopping)
		loop->now_ms = end_ms;
	loop->is_running = false;
}

void fake_loop_jump_wall(struct loop *loop, int64_t ms)
{
	loop->wall_offset_ms += ms;
}

void fake_loop_set_wall(struct loop *loop, int64_t wall_ms)
{
	loop->wall_offset_ms = wall_ms - loop->now_ms;
}

void fake_loop_set_seed(struct loop *loop, uint64_t seed)
{
	/* Neighbouring seeds are spread; only one of them gives 0, which would stay 0. */
	loop->random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	if (loop->random == 0)
		loop->random = 1;
}

void fake_loop_set_turns_max(struct loop *loop, size_t turns_max)
{
	loop->turns_max = turns_max;
}

void fake_loop_set_patience(struct loop *loop, int real_ms)
{
	loop->patience_real_ms = real_ms;
}

bool fake_loop_raise(struct loop *loop, int number)
{
	bool is_watched = false;
	for (struct watcher *watcher = loop->first; watcher != NULL; watcher = watcher->next) {
		struct loop_signal *signal = (struct loop_signal *)watcher;
		if (watcher->kind != KIND_SIGNAL || signal->number != number)
			continue;
		signal->is_raised = true;
		is_watched = true;
	}
	return is_watched;
}

int64_t fake_loop_next_ms(const struct loop *loop)
{
	const struct loop_timer *timer = next_timer(loop);
	if (timer == NULL)
		return -1;
	return timer->due_ms <= loop->now_ms ? 0 : timer->due_ms - loop->now_ms;
}

size_t fake_loop_watcher_count(const struct loop *loop)
{
	return loop->watcher_count;
}

int64_t loop_now_ms(struct loop *loop)
{
	return loop->now_ms;
}

int64_t loop_wall_ms(struct loop *loop)
{
	return loop->now_ms + loop->wall_offset_ms;
}

uint64_t loop_random(struct loop *loop, uint64_t limit)
{
	assert(limit > 0);
	loop->random ^= loop->random >> 12;
	loop->random ^= loop->random << 25;
	loop->random ^= loop->random >> 27;
	return (loop->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) % limit;
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_callback *callback, void *context)
{
	struct loop_timer *timer = watcher_new(loop, KIND_TIMER, sizeof(*timer));
	timer->watcher.callback = callback;
	timer->watcher.context = context;
	return timer;
}

void loop_timer_start(struct loop_timer *timer, int64_t after_ms)
{
	struct loop *loop = timer->watcher.loop;
	timer->watcher.is_due = false;
	timer->is_running = true;
	if (after_ms <= 0)
		timer->due_ms = loop->now_ms;
	else if (__builtin_add_overflow(loop->now_ms, after_ms, &timer->due_ms))
		timer->due_ms = INT64_MAX;
	timer->order = ++loop->order;
}

void loop_timer_stop(struct loop_timer *timer)
{
	timer->watcher.is_due = false;
	timer->is_running = false;
}

bool loop_timer_is_running(const struct loop_timer *timer)
{
	return timer->is_running;
}

void loop_timer_free(struct loop_timer **timer)
{
	if (*timer != NULL)
		watcher_free(&(*timer)->watcher);
	*timer = NULL;
}

struct loop_io *loop_io_new(
    struct loop *loop, int fd, unsigned events, loop_io_callback *callback, void *context)
{
	struct loop_io *io = watcher_new(loop, KIND_IO, sizeof(*io));
	io->callback = callback;
	io->watcher.context = context;
	io->fd = fd;
	io->events = events;
	return io;
}

void loop_io_set(struct loop_io *io, unsigned events)
{
	if (events == io->events)
		return;
	io->events = events;
	io->watcher.is_due = false;
}

void loop_io_free(struct loop_io **io)
{
	if (*io != NULL)
		watcher_free(&(*io)->watcher);
	*io = NULL;
}

struct loop_signal *loop_signal_new(
    struct loop *loop, int number, loop_callback *callback, void *context)
{
	struct loop_signal *signal = watcher_new(loop, KIND_SIGNAL, sizeof(*signal));
	signal->watcher.callback = callback;
	signal->watcher.context = context;
	signal->number = number;
	return signal;
}

void loop_signal_free(struct loop_signal **signal)
{
	if (*signal != NULL)
		watcher_free(&(*signal)->watcher);
	*signal = NULL;
}

struct loop_wake *loop_wake_new(struct loop *loop, loop_callback *callback, void *context)
{
	struct loop_wake *wake = watcher_new(loop, KIND_WAKE, sizeof(*wake));
	wake->watcher.callback = callback;
	wake->watcher.context = context;
	atomic_init(&wake->is_sent, false);
	return wake;
}

void loop_wake_send(struct loop_wake *wake)
{
	const uint64_t one = 1;
	atomic_store(&wake->is_sent, true);
	/* A full counter still wakes. */
	ssize_t written = write(wake->watcher.loop->wake_fd, &one, sizeof(one));
	(void)written;
}

void loop_wake_free(struct loop_wake **wake)
{
	if (*wake != NULL)
		watcher_free(&(*wake)->watcher);
	*wake = NULL;
}
