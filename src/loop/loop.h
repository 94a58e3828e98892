/* SPDX-License-Identifier: ISC */
/*
 * The event loop: timers, descriptors, signals, and waking from another thread.  The only place
 * where the process waits.
 *
 * Two bodies share this header: loop.c on libev, and the tests' fake with virtual time.  All times
 * come from here.  Callbacks are called from loop_run only, never from the call that arms them.
 * Watchers belong to whoever made them and are freed before the loop.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_io;
struct loop_signal;
struct loop_wake;

enum loop_event { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void loop_callback(void *context);
typedef void loop_io_callback(void *context, int fd, unsigned events);

/** Makes a loop; one a process. Ends the process when the system gives none. @return owned */
struct loop *loop_new(void);

/** Frees the loop; sets `*loop` to NULL; NULL is welcome. */
void loop_free(struct loop **loop);

/** Runs until loop_stop, or until no watcher is left. */
void loop_run(struct loop *loop);

/** Makes loop_run return after the callback that called this; does nothing outside loop_run. */
void loop_stop(struct loop *loop);

/** Monotonic milliseconds, fixed for the turn of the loop; never goes back. */
int64_t loop_now_ms(struct loop *loop);

/** Wall clock, milliseconds since 1970; may jump. */
int64_t loop_wall_ms(struct loop *loop);

/** A random number below `limit` (> 0), for jitter; from a seed in the fake. */
uint64_t loop_random(struct loop *loop, uint64_t limit);

/** Makes a timer that is not running. @return owned */
struct loop_timer *loop_timer_new(struct loop *loop, loop_callback *callback, void *context);

/** (Re)starts it: one callback after `after_ms`, never sooner by loop_now_ms; 0 or less: in the
 * next turn. */
void loop_timer_start(struct loop_timer *timer, int64_t after_ms);

/** Stops it; a stopped one stays stopped. */
void loop_timer_stop(struct loop_timer *timer);

/** Whether it runs. */
bool loop_timer_is_running(const struct loop_timer *timer);

/** Stops and frees; sets `*timer` to NULL; NULL is welcome; allowed inside its own callback. */
void loop_timer_free(struct loop_timer **timer);

/** Watches a descriptor for enum loop_event bits; 0 pauses. @return owned */
struct loop_io *loop_io_new(
    struct loop *loop, int fd, unsigned events, loop_io_callback *callback, void *context);

/** Changes what is watched. */
void loop_io_set(struct loop_io *io, unsigned events);

/** Stops and frees; does not close the descriptor; as loop_timer_free. */
void loop_io_free(struct loop_io **io);

/** Watches a signal. A watched signal does not keep loop_run going. @return owned */
struct loop_signal *loop_signal_new(
    struct loop *loop, int number, loop_callback *callback, void *context);

/** Stops and frees; as loop_timer_free. */
void loop_signal_free(struct loop_signal **signal);

/** Makes something that another thread can wake the loop with. Keeps loop_run going. @return owned
 */
struct loop_wake *loop_wake_new(struct loop *loop, loop_callback *callback, void *context);

/** From any thread: has the callback called soon; several sends may make one call. */
void loop_wake_send(struct loop_wake *wake);

/** Stops and frees; as loop_timer_free; no thread may send any more. */
void loop_wake_free(struct loop_wake **wake);

#endif
