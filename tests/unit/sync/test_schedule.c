/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "base/time.h"
#include "sync/schedule.h"

#define NOW INT64_C(1772323200000)

static const struct schedule usual = {
	.delta_ms = 60 * TIME_SECOND_MS, .full_ms = TIME_DAY_MS, .reconcile_ms = 7 * TIME_DAY_MS
};

/* All was done a moment ago. */
static struct schedule_history fresh(void)
{
	return (struct schedule_history) {
		.last_ms = NOW, .last_full_ms = NOW, .last_reconcile_ms = NOW
	};
}

static void assert_next(const struct schedule *schedule, const struct schedule_history *history,
    enum cycle_kind kind, int64_t wait_ms)
{
	struct schedule_next next = schedule_decide(schedule, history, NOW, 500);

	assert_int_equal(next.kind, kind);
	assert_int_equal(next.wait_ms, wait_ms);
}

static void polls_at_the_interval(void **state)
{
	struct schedule_history history = fresh();

	(void)state;
	assert_next(&usual, &history, CYCLE_DELTA, 60000);
	history.last_ms = NOW - 20000;
	assert_next(&usual, &history, CYCLE_DELTA, 40000);
	history.last_ms = NOW - 90000;
	assert_next(&usual, &history, CYCLE_DELTA, 0);
}

static void begins_an_empty_snapshot_with_a_reconcile(void **state)
{
	struct schedule_history history = { .is_empty = true };

	(void)state;
	assert_next(&usual, &history, CYCLE_RECONCILE, 0);
}

static void assert_turn(const struct schedule *schedule, const struct schedule_history *history,
    enum cycle_kind kind, int64_t wait_ms, bool only_turns)
{
	assert_next(schedule, history, kind, wait_ms);
	assert_int_equal(schedule_decide(schedule, history, NOW, 500).only_turns, only_turns);
}

static void looks_when_an_account_turns(void **state)
{
	const struct schedule daily = { .full_ms = TIME_DAY_MS };
	struct schedule_history history = fresh();

	(void)state;
	assert_turn(&usual, &history, CYCLE_DELTA, 60000, false);
	history.next_turn_ms = NOW + 7000;
	assert_turn(&usual, &history, CYCLE_DELTA, 7000, true);
	assert_turn(&daily, &history, CYCLE_DELTA, 7000, true);
	history.next_turn_ms = NOW - 7000;
	assert_turn(&usual, &history, CYCLE_DELTA, 0, true);
	history.next_turn_ms = NOW + 61000;
	assert_turn(&usual, &history, CYCLE_DELTA, 60000, false);
	history.last_ms = NOW - 60000;
	history.next_turn_ms = NOW;
	assert_turn(&usual, &history, CYCLE_DELTA, 0, false);
	history = fresh();
	history.next_turn_ms = NOW + 2 * TIME_DAY_MS;
	assert_turn(&daily, &history, CYCLE_FULL, TIME_DAY_MS, false);
	history.failures = 1;
	history.next_turn_ms = NOW;
	assert_turn(&usual, &history, CYCLE_DELTA, 45000, false);
	history = (struct schedule_history) { .next_turn_ms = NOW };
	assert_turn(&usual, &history, CYCLE_RECONCILE, 0, false);
}

static void scans_for_many_that_turn_or_are_not_known(void **state)
{
	struct schedule_history history = fresh();

	(void)state;
	history.next_turn_ms = NOW + 7000;
	history.has_many_due = true;
	assert_turn(&usual, &history, CYCLE_FULL, 7000, false);
	history = fresh();
	history.next_turn_ms = NOW + 7000;
	history.horizon_ms = NOW + 5000;
	assert_turn(&usual, &history, CYCLE_FULL, 5000, false);
	/* One that was not certified has just been. */
	history.last_thorough_ms = NOW - 20000;
	history.horizon_ms = NOW - 20000;
	assert_turn(&usual, &history, CYCLE_DELTA, 7000, true);
	history.next_turn_ms = 0;
	assert_turn(&usual, &history, CYCLE_FULL, 40000, false);
}

static void lets_the_most_thorough_kind_win(void **state)
{
	struct schedule_history history = fresh();

	(void)state;
	history.last_full_ms = NOW - TIME_DAY_MS;
	assert_next(&usual, &history, CYCLE_FULL, 0);
	history.last_reconcile_ms = NOW - 7 * TIME_DAY_MS;
	assert_next(&usual, &history, CYCLE_RECONCILE, 0);
}

static void comes_for_a_full_scan_between_polls(void **state)
{
	struct schedule_history history = fresh();

	(void)state;
	history.last_full_ms = NOW - TIME_DAY_MS + 10000;
	assert_next(&usual, &history, CYCLE_FULL, 10000);
}

static void makes_what_will_be_due_by_then(void **state)
{
	struct schedule_history history = fresh();
	struct schedule schedule = usual;

	(void)state;
	schedule.full_ms = 60000;
	assert_next(&schedule, &history, CYCLE_FULL, 60000);
}

static void does_not_hurry_after_an_uncertified_scan(void **state)
{
	struct schedule_history history = fresh();

	(void)state;
	/* The full scan of just now was not certified: it stays due, and must not run at once. */
	history.last_full_ms = NOW - TIME_DAY_MS;
	history.last_thorough_ms = NOW;
	assert_next(&usual, &history, CYCLE_DELTA, 60000);
	history.last_thorough_ms = NOW - SCHEDULE_BACK_OFF_MAX_MS;
	assert_next(&usual, &history, CYCLE_FULL, 0);
}

static void does_not_hurry_over_an_empty_directory(void **state)
{
	struct schedule_history history = {
		.is_empty = true, .last_ms = NOW, .last_thorough_ms = NOW
	};

	(void)state;
	assert_next(&usual, &history, CYCLE_DELTA, 60000);
}

static void knows_kinds_that_are_switched_off(void **state)
{
	struct schedule schedule = { 0 };
	struct schedule_history history = fresh();

	(void)state;
	assert_next(&schedule, &history, CYCLE_DELTA, TIME_DAY_MS);
	schedule.full_ms = TIME_HOUR_MS;
	assert_next(&schedule, &history, CYCLE_FULL, TIME_HOUR_MS);
}

static void backs_off_to_a_quarter_of_an_hour(void **state)
{
	struct schedule_history history = fresh();
	const int64_t limits_ms[] = { 60000, 120000, 240000, 480000, 900000, 900000 };

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(limits_ms); i++) {
		history.failures = i + 1;
		assert_int_equal(
		    schedule_decide(&usual, &history, NOW, 0).wait_ms, limits_ms[i] / 2);
		assert_in_range(schedule_decide(&usual, &history, NOW, 999).wait_ms,
		    limits_ms[i] * 99 / 100, limits_ms[i]);
	}
	history.failures = 1000000;
	assert_in_range(
	    schedule_decide(&usual, &history, NOW, 999).wait_ms, 1, SCHEDULE_BACK_OFF_MAX_MS);
}

static void tries_the_same_kind_again_after_a_failure(void **state)
{
	struct schedule_history history = {
		.is_empty = true, .last_ms = NOW, .last_thorough_ms = NOW, .failures = 1
	};

	(void)state;
	assert_next(&usual, &history, CYCLE_RECONCILE, 45000);
}

static void waits_no_longer_when_the_clock_goes_back(void **state)
{
	struct schedule_history history = fresh();

	(void)state;
	history.last_ms = NOW + 30 * TIME_DAY_MS;
	history.last_thorough_ms = NOW + 30 * TIME_DAY_MS;
	assert_next(&usual, &history, CYCLE_DELTA, 60000);
	history.last_full_ms = history.last_reconcile_ms = NOW + 30 * TIME_DAY_MS;
	assert_next(&usual, &history, CYCLE_DELTA, 60000);
}

const struct CMUnitTest schedule_tests[] = {
	cmocka_unit_test(polls_at_the_interval),
	cmocka_unit_test(begins_an_empty_snapshot_with_a_reconcile),
	cmocka_unit_test(looks_when_an_account_turns),
	cmocka_unit_test(scans_for_many_that_turn_or_are_not_known),
	cmocka_unit_test(lets_the_most_thorough_kind_win),
	cmocka_unit_test(comes_for_a_full_scan_between_polls),
	cmocka_unit_test(makes_what_will_be_due_by_then),
	cmocka_unit_test(does_not_hurry_after_an_uncertified_scan),
	cmocka_unit_test(does_not_hurry_over_an_empty_directory),
	cmocka_unit_test(knows_kinds_that_are_switched_off),
	cmocka_unit_test(backs_off_to_a_quarter_of_an_hour),
	cmocka_unit_test(tries_the_same_kind_again_after_a_failure),
	cmocka_unit_test(waits_no_longer_when_the_clock_goes_back),
};
const size_t schedule_test_count = COUNT_OF(schedule_tests);
