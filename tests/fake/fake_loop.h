/* SPDX-License-Identifier: ISC */
/*
 * The event loop's other body: the symbols of loop/loop.h with virtual time, for tests.
 *
 * Nothing waits.  When nothing is due, loop_run jumps to the next timer, so that a month of polling
 * takes a moment.  A turn calls what is due in this order: timers by time and order of start, then
 * descriptors, wakes and signals by order of making.  Descriptors are real and looked at with
 * poll(2).  The monotonic clock starts at FAKE_LOOP_NOW_MS, the wall clock at FAKE_LOOP_WALL_MS.
 *
 * The process is ended with a line on standard error when a test runs away (too many turns in one
 * call), when loop_run would wait for ever, when a watched descriptor was closed, and when
 * loop_free finds watchers that were not freed.
 *
 * Threads run in real time while virtual time flies past them: give them fake_loop_set_patience.
 */
#ifndef TESTS_FAKE_LOOP_H
#define TESTS_FAKE_LOOP_H

#include "loop/loop.h"
#include <stddef.h>

#define FAKE_LOOP_NOW_MS  INT64_C(5000000)
#define FAKE_LOOP_WALL_MS INT64_C(1772323200000) /* 2026-03-01T00:00:00Z */

enum { FAKE_LOOP_TURNS_MAX = 1000000 };

/** Runs one turn without moving the clock. @return whether a callback was called */
bool fake_loop_step(struct loop *loop);

/** Moves both clocks on by `ms`, running all that falls due on the way; loop_stop ends it early. */
void fake_loop_advance(struct loop *loop, int64_t ms);

/** Makes the wall clock jump by `ms`, which may be negative; the monotonic clock does not move. */
void fake_loop_jump_wall(struct loop *loop, int64_t ms);

/** Sets the wall clock. */
void fake_loop_set_wall(struct loop *loop, int64_t wall_ms);

/** Sets what loop_random starts from; 1 at first. */
void fake_loop_set_seed(struct loop *loop, uint64_t seed);

/** Sets how many turns one call of loop_run or fake_loop_advance may take. */
void fake_loop_set_turns_max(struct loop *loop, size_t turns_max);

/** Sets how long, in real milliseconds, descriptors and wakes are awaited before time jumps; 0 at
 * first. */
void fake_loop_set_patience(struct loop *loop, int real_ms);

/** Has the callbacks of a signal called in the next turn. @return whether anybody watches it */
bool fake_loop_raise(struct loop *loop, int number);

/** Milliseconds until the next timer, 0 when one is due, -1 when none runs. */
int64_t fake_loop_next_ms(const struct loop *loop);

/** Number of watchers that were made and not freed. */
size_t fake_loop_watcher_count(const struct loop *loop);

#endif
