/* SPDX-License-Identifier: ISC */
/*
 * When the next cycle runs, and which kind it is.  Pure: times are arguments.
 */
#ifndef SYNC_SCHEDULE_H
#define SYNC_SCHEDULE_H

#include "core/plan.h"
#include <stdbool.h>
#include <stdint.h>

/* As configured; 0 switches a kind off. */
struct schedule {
	int64_t delta_ms, full_ms, reconcile_ms;
	bool push;
};

/* What is known when the next cycle is decided. Wall times; 0: never. */
struct schedule_history {
	int64_t last_ms;           /* start of the last cycle of any kind */
	int64_t last_full_ms;      /* start of the last certified full or reconcile */
	int64_t last_reconcile_ms; /* start of the last certified reconcile */
	int64_t last_thorough_ms;  /* start of the last full or reconcile, certified or not */
	unsigned failures;         /* cycles in a row that ended because a peer was down */
	bool is_empty;             /* nobody is linked yet */
	int64_t next_turn_ms;      /* when the next account turns on or off by itself (turns.h) */
	int64_t horizon_ms;        /* from when on that is not known */
	bool has_many_due;         /* more accounts turn than are worth looking up one by one */
};

struct schedule_next {
	enum cycle_kind kind;
	int64_t wait_ms; /* from now; 0: at once */
	bool only_turns; /* nothing but the accounts that turn is to be looked at */
};

/* How long until each is due, the lesser ones left aside; 0: at once; -1: never. */
struct schedule_due {
	int64_t full_ms, reconcile_ms;
};

enum { SCHEDULE_BACK_OFF_MAX_MS = 15 * 60 * 1000 };

/**
 * Decides.
 *
 * An empty snapshot starts with a reconcile. A full scan or reconcile that was not certified stays
 * due, and is tried again after a quarter of an hour; deltas go on meanwhile. After a failure the
 * wait grows from the delta's interval, doubled each time, to a quarter of an hour, with full
 * jitter on its second half. A wall clock that went back never makes a wait longer than the
 * interval. Between the cycles, who turns is looked at when the time comes; many at once, or what
 * is not known, take a full scan.
 *
 * @param random  0 … 999, for the jitter
 */
struct schedule_next schedule_decide(const struct schedule *schedule,
    const struct schedule_history *history, int64_t now_ms, unsigned random);

/** Tells when whole scans and reconciliations are due, for whoever wants to know. */
struct schedule_due schedule_due(
    const struct schedule *schedule, const struct schedule_history *history, int64_t now_ms);

#endif
