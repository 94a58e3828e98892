/* SPDX-License-Identifier: ISC */
/* The schedule: the most thorough kind that is due wins. */
#include "sync/schedule.h"

#include "base/time.h"

/* @return how long until it is due; 0: it is; -1: never */
static int64_t until_due(int64_t interval_ms, int64_t last_ms, int64_t now_ms)
{
	int64_t passed_ms = now_ms - last_ms;

	if (interval_ms <= 0)
		return -1;
	if (last_ms == 0 || passed_ms >= interval_ms)
		return 0;
	if (passed_ms < 0)
		return interval_ms; /* the clock went back */
	return interval_ms - passed_ms;
}

static int64_t back_off_ms(const struct schedule *schedule, unsigned failures, unsigned random)
{
	int64_t wait_ms = schedule->delta_ms > 0 ? schedule->delta_ms : TIME_MINUTE_MS;

	for (unsigned i = 1; i < failures && wait_ms < SCHEDULE_BACK_OFF_MAX_MS; i++)
		wait_ms *= 2;
	if (wait_ms > SCHEDULE_BACK_OFF_MAX_MS)
		wait_ms = SCHEDULE_BACK_OFF_MAX_MS;
	return wait_ms / 2 + wait_ms / 2 * (int64_t)random / 1000;
}

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
	if (a_ms < 0)
		return b_ms;
	return b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;
}

/* A thorough cycle that has just run without a certificate is due still, but not at once. */
static int64_t until_thorough(
    const struct schedule_history *history, int64_t interval_ms, int64_t last_ms, int64_t now_ms)
{
	int64_t due_ms = until_due(interval_ms, last_ms, now_ms);
	int64_t pause_ms = SCHEDULE_BACK_OFF_MAX_MS;

	if (due_ms < 0 || history->last_thorough_ms == 0 || history->failures > 0)
		return due_ms;
	if (pause_ms > interval_ms)
		pause_ms = interval_ms;
	pause_ms = until_due(pause_ms, history->last_thorough_ms, now_ms);
	return due_ms < pause_ms ? pause_ms : due_ms;
}

static int64_t until_reconcile(
    const struct schedule *schedule, const struct schedule_history *history, int64_t now_ms)
{
	if (history->is_empty)
		return until_thorough(history, SCHEDULE_BACK_OFF_MAX_MS, 0, now_ms);
	return until_thorough(history, schedule->reconcile_ms, history->last_reconcile_ms, now_ms);
}

/* @return how long until a moment; 0: it is past; -1: there is none */
static int64_t until_moment(int64_t moment_ms, int64_t now_ms)
{
	if (moment_ms == 0)
		return -1;
	return moment_ms > now_ms ? moment_ms - now_ms : 0;
}

/* What only a full scan can tell about accounts that turn. One without a certificate is not
 * repeated at once. */
static int64_t until_turns_need_a_scan(const struct schedule_history *history, int64_t now_ms)
{
	int64_t due_ms = until_moment(history->horizon_ms, now_ms), pause_ms;

	if (history->has_many_due)
		due_ms = sooner(due_ms, until_moment(history->next_turn_ms, now_ms));
	if (due_ms < 0 || history->last_thorough_ms == 0)
		return due_ms;
	pause_ms = until_due(TIME_MINUTE_MS, history->last_thorough_ms, now_ms);
	return due_ms < pause_ms ? pause_ms : due_ms;
}

static int64_t until_full(
    const struct schedule *schedule, const struct schedule_history *history, int64_t now_ms)
{
	return sooner(until_thorough(history, schedule->full_ms, history->last_full_ms, now_ms),
	    until_turns_need_a_scan(history, now_ms));
}

static int64_t until_turn(const struct schedule_history *history, int64_t now_ms)
{
	return history->has_many_due ? -1 : until_moment(history->next_turn_ms, now_ms);
}

static enum cycle_kind due_kind(
    const struct schedule *schedule, const struct schedule_history *history, int64_t now_ms)
{
	if (until_reconcile(schedule, history, now_ms) == 0)
		return CYCLE_RECONCILE;
	if (until_full(schedule, history, now_ms) == 0)
		return CYCLE_FULL;
	return CYCLE_DELTA;
}

struct schedule_next schedule_decide(const struct schedule *schedule,
    const struct schedule_history *history, int64_t now_ms, unsigned random)
{
	struct schedule_next next = { .kind = CYCLE_DELTA };

	if (history->failures > 0) {
		next.wait_ms = back_off_ms(schedule, history->failures, random);
	} else if (history->last_ms != 0) {
		next.wait_ms = until_due(schedule->delta_ms, history->last_ms, now_ms);
		next.wait_ms = sooner(next.wait_ms, until_full(schedule, history, now_ms));
		next.wait_ms = sooner(next.wait_ms, until_reconcile(schedule, history, now_ms));
		next.wait_ms = sooner(next.wait_ms, until_turn(history, now_ms));
		if (next.wait_ms < 0)
			next.wait_ms =
			    TIME_DAY_MS; /* everything is switched off: look once a day */
	}
	now_ms += next.wait_ms;
	next.kind = due_kind(schedule, history, now_ms);
	next.only_turns = next.kind == CYCLE_DELTA && history->failures == 0 &&
			  history->last_ms != 0 && until_turn(history, now_ms) == 0 &&
			  until_due(schedule->delta_ms, history->last_ms, now_ms) != 0;
	return next;
}

struct schedule_due schedule_due(
    const struct schedule *schedule, const struct schedule_history *history, int64_t now_ms)
{
	return (struct schedule_due) { until_full(schedule, history, now_ms),
		until_reconcile(schedule, history, now_ms) };
}
