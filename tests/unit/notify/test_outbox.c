/* SPDX-License-Identifier: ISC */
/* The outbox before a courier that answers from a script, in virtual time. */
#include "tests/unit/notify/tests.h"

#include "base/time.h"
#include "base/vec.h"
#include "notify/outbox.h"
#include "tests/fake/fake_loop.h"
#include <stdlib.h>

enum { TRIES_MAX = 512, TRIP_MS = 100 };

enum script { TAKES, IS_DEAD, REFUSES, ASKS_FOR_20S, ASKS_FOR_10M, ASKS_FOR_A_DAY, IS_SILENT };

struct bench {
	struct courier courier;
	struct loop *loop;
	struct outbox *outbox;
	struct loop_timer *trip;
	enum script script;
	courier_callback *callback;
	void *context;
	int64_t tried_ms[TRIES_MAX];
	int64_t tried[TRIES_MAX], taken[TRIES_MAX]; /* run ids */
	size_t tries, takes, lost, emptied, cancels;
	bool is_under_way;
};

static void arrive(void *context)
{
	struct bench *bench = context;
	struct courier_answer answer = { COURIER_LATER, -1, "scripted" };

	bench->is_under_way = false;
	switch (bench->script) {
	case TAKES:
		answer.outcome = COURIER_DELIVERED;
		bench->taken[bench->takes++] = bench->tried[bench->tries - 1];
		break;
	case REFUSES:
		answer.outcome = COURIER_REFUSED;
		break;
	case ASKS_FOR_20S:
		answer.retry_after_ms = 20 * TIME_SECOND_MS;
		break;
	case ASKS_FOR_10M:
		answer.retry_after_ms = 10 * TIME_MINUTE_MS;
		break;
	case ASKS_FOR_A_DAY:
		answer.retry_after_ms = TIME_DAY_MS;
		break;
	case IS_DEAD:
	case IS_SILENT:
		break;
	}
	bench->callback(bench->context, &answer);
}

static void go(
    struct courier *courier, const struct notice *notice, courier_callback *callback, void *context)
{
	struct bench *bench = (struct bench *)courier;

	assert_false(bench->is_under_way);
	assert_true(bench->tries < TRIES_MAX);
	bench->is_under_way = true;
	bench->callback = callback;
	bench->context = context;
	bench->tried[bench->tries] = notice->run_id;
	bench->tried_ms[bench->tries++] = loop_now_ms(bench->loop);
	if (bench->script != IS_SILENT)
		loop_timer_start(bench->trip, TRIP_MS);
}

static void cancel(struct courier *courier)
{
	struct bench *bench = (struct bench *)courier;

	bench->is_under_way = false;
	bench->cancels++;
	loop_timer_stop(bench->trip);
}

static void on_lost(void *context, const char *courier, enum notice_event event, const char *why)
{
	struct bench *bench = context;

	assert_string_equal(courier, "bench");
	assert_int_equal(event, NOTICE_QUARANTINE);
	assert_true(why[0] != '\0');
	bench->lost++;
}

static void on_empty(void *context)
{
	struct bench *bench = context;

	assert_int_equal(outbox_count(bench->outbox), 0);
	bench->emptied++;
}

static int set_up(void **state)
{
	static const struct courier_vtable vtable = { go, cancel, NULL };
	static const struct outbox_events events = { on_lost, on_empty };
	struct bench *bench = mem_new(1, sizeof(*bench));

	bench->courier = (struct courier) { &vtable, "bench" };
	bench->loop = loop_new();
	bench->trip = loop_timer_new(bench->loop, arrive, bench);
	bench->outbox = outbox_new(bench->loop, &bench->courier, &events, bench);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	outbox_free(&bench->outbox);
	loop_timer_free(&bench->trip);
	loop_free(&bench->loop);
	free(bench);
	return 0;
}

static void put(struct bench *bench, int64_t run_id)
{
	outbox_put(
	    bench->outbox, &(struct notice) { .event = NOTICE_QUARANTINE, .run_id = run_id });
}

static void pass(struct bench *bench, int64_t ms)
{
	fake_loop_advance(bench->loop, ms);
}

/* Between two tries, without the time that the first of them took. */
static int64_t wait_ms(const struct bench *bench, size_t try)
{
	return bench->tried_ms[try] - bench->tried_ms[try - 1] - TRIP_MS;
}

static void goes_once_when_taken(void **state)
{
	struct bench *bench = *state;

	put(bench, 1);
	assert_int_equal(bench->tries, 0); /* not before it returned */
	pass(bench, TIME_DAY_MS);
	assert_int_equal(bench->tries, 1);
	assert_int_equal(bench->takes, 1);
	assert_int_equal(bench->lost, 0);
	assert_int_equal(bench->emptied, 1);
}

static void goes_in_order_and_one_at_a_time(void **state)
{
	struct bench *bench = *state;

	bench->script = IS_DEAD;
	for (int64_t run_id = 1; run_id <= 5; run_id++)
		put(bench, run_id);
	pass(bench, TIME_SECOND_MS);
	assert_int_equal(bench->tries, 1);
	bench->script = TAKES;
	pass(bench, TIME_MINUTE_MS);
	assert_int_equal(bench->takes, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(bench->taken[i], i + 1);
	assert_int_equal(bench->emptied, 1);
}

static void tries_five_times_within_ten_minutes(void **state)
{
	static const int64_t longest_s[] = { 15, 45, 150, 330 };
	struct bench *bench = *state;

	bench->script = IS_DEAD;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		fake_loop_set_seed(bench->loop, seed);
		bench->tries = bench->lost = 0;
		put(bench, 1);
		pass(bench, TIME_HOUR_MS);
		assert_int_equal(bench->tries, OUTBOX_TRIES_MAX);
		assert_int_equal(bench->lost, 1);
		for (size_t i = 1; i < OUTBOX_TRIES_MAX; i++)
			assert_in_range(wait_ms(bench, i), longest_s[i - 1] * TIME_SECOND_MS / 2,
			    longest_s[i - 1] * TIME_SECOND_MS);
		assert_in_range(bench->tried_ms[4] - bench->tried_ms[0], 4 * TIME_MINUTE_MS,
		    10 * TIME_MINUTE_MS);
	}
}

static void waits_with_jitter(void **state)
{
	struct bench *bench = *state;
	int64_t first_ms = 0;
	unsigned same = 0;

	bench->script = IS_DEAD;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		fake_loop_set_seed(bench->loop, seed);
		bench->tries = 0;
		put(bench, 1);
		pass(bench, TIME_HOUR_MS);
		if (first_ms == 0)
			first_ms = wait_ms(bench, 1);
		same += wait_ms(bench, 1) == first_ms;
	}
	assert_in_range(same, 1, 5);
}

static void is_taken_at_a_later_try(void **state)
{
	struct bench *bench = *state;

	bench->script = IS_DEAD;
	put(bench, 1);
	pass(bench, TIME_MINUTE_MS + 2 * TIME_SECOND_MS);
	assert_int_equal(bench->tries, 3);
	bench->script = TAKES;
	pass(bench, TIME_HOUR_MS);
	assert_int_equal(bench->tries, 4);
	assert_int_equal(bench->takes, 1);
	assert_int_equal(bench->lost, 0);
}

static void honours_retry_after(void **state)
{
	struct bench *bench = *state;

	bench->script = ASKS_FOR_20S;
	put(bench, 1);
	pass(bench, 2 * TRIP_MS);
	bench->script = ASKS_FOR_10M;
	pass(bench, 20 * TIME_SECOND_MS);
	assert_int_equal(bench->tries, 2);
	assert_int_equal(wait_ms(bench, 1), 20 * TIME_SECOND_MS);
	bench->script = ASKS_FOR_A_DAY;
	pass(bench, 10 * TIME_MINUTE_MS + 2 * TRIP_MS);
	assert_int_equal(bench->tries, 3);
	assert_int_equal(wait_ms(bench, 2), 10 * TIME_MINUTE_MS);
	bench->script = TAKES;
	pass(bench, 2 * TIME_HOUR_MS);
	assert_int_equal(bench->tries, 4);
	assert_int_equal(wait_ms(bench, 3), TIME_HOUR_MS); /* at most */
	assert_int_equal(bench->takes, 1);
}

static void a_new_one_does_not_shorten_the_wait(void **state)
{
	struct bench *bench = *state;

	bench->script = ASKS_FOR_10M;
	put(bench, 1);
	pass(bench, TIME_SECOND_MS);
	put(bench, 2);
	pass(bench, 9 * TIME_MINUTE_MS);
	assert_int_equal(bench->tries, 1);
	bench->script = TAKES;
	pass(bench, 2 * TIME_MINUTE_MS);
	assert_int_equal(bench->takes, 2);
	assert_int_equal(bench->taken[0], 1);
}

static void a_short_retry_after_does_not_hurry(void **state)
{
	struct bench *bench = *state;

	bench->script = ASKS_FOR_20S;
	put(bench, 1);
	pass(bench, TIME_HOUR_MS);
	assert_int_equal(bench->tries, OUTBOX_TRIES_MAX);
	assert_in_range(wait_ms(bench, 4), 165 * TIME_SECOND_MS, 330 * TIME_SECOND_MS);
}

static void what_is_refused_is_not_tried_again(void **state)
{
	struct bench *bench = *state;

	bench->script = REFUSES;
	put(bench, 1);
	put(bench, 2);
	pass(bench, TIME_HOUR_MS);
	assert_int_equal(bench->tries, 2);
	assert_int_equal(bench->lost, 2);
	assert_int_equal(bench->emptied, 1);
}

static void a_dead_one_does_not_take_the_next_along(void **state)
{
	struct bench *bench = *state;

	bench->script = IS_DEAD;
	put(bench, 1);
	put(bench, 2);
	while (bench->lost == 0)
		pass(bench, TIME_SECOND_MS);
	bench->script = TAKES;
	pass(bench, TIME_HOUR_MS);
	assert_int_equal(bench->lost, 1);
	assert_int_equal(bench->takes, 1);
	assert_int_equal(bench->taken[0], 2);
}

static void when_it_is_full_the_oldest_goes(void **state)
{
	struct bench *bench = *state;

	bench->script = IS_SILENT;
	for (int64_t run_id = 1; run_id <= OUTBOX_MAX; run_id++)
		put(bench, run_id);
	pass(bench, 1);
	assert_int_equal(bench->tries, 1);
	assert_int_equal(bench->lost, 0);
	put(bench, OUTBOX_MAX + 1);
	put(bench, OUTBOX_MAX + 2);
	assert_int_equal(bench->lost, 2);
	assert_int_equal(bench->cancels, 1); /* the first was under way */
	assert_int_equal(outbox_count(bench->outbox), OUTBOX_MAX);
	bench->script = TAKES;
	pass(bench, TIME_HOUR_MS);
	assert_int_equal(bench->takes, OUTBOX_MAX);
	assert_int_equal(bench->taken[0], 3);
	assert_int_equal(bench->taken[OUTBOX_MAX - 1], OUTBOX_MAX + 2);
}

static void hurries_what_waits(void **state)
{
	struct bench *bench = *state;

	bench->script = IS_DEAD;
	put(bench, 1);
	pass(bench, 3 * TIME_MINUTE_MS);
	bench->script = TAKES;
	outbox_hurry(bench->outbox);
	assert_int_equal(bench->takes, 0); /* not before it returned */
	pass(bench, 2 * TRIP_MS);
	assert_int_equal(bench->takes, 1);
}

static void in_a_hurry_tries_three_times(void **state)
{
	struct bench *bench = *state;

	bench->script = IS_DEAD;
	outbox_hurry(bench->outbox);
	put(bench, 1);
	pass(bench, 4 * TIME_SECOND_MS);
	assert_int_equal(bench->tries, 3);
	assert_int_equal(bench->lost, 1);
	assert_in_range(wait_ms(bench, 1), 500, 1000);
}

static void gives_all_up(void **state)
{
	struct bench *bench = *state;

	bench->script = IS_SILENT;
	put(bench, 1);
	put(bench, 2);
	pass(bench, TIME_SECOND_MS);
	outbox_give_up(bench->outbox, "no time");
	assert_int_equal(bench->lost, 2);
	assert_int_equal(bench->cancels, 1);
	assert_int_equal(bench->emptied, 1);
	pass(bench, TIME_HOUR_MS);
	assert_int_equal(bench->tries, 1);
}

static void clears_silently_and_goes_on(void **state)
{
	struct bench *bench = *state;

	bench->script = IS_SILENT;
	put(bench, 1);
	put(bench, 2);
	pass(bench, TIME_SECOND_MS);
	outbox_clear(bench->outbox);
	assert_int_equal(bench->lost, 0);
	assert_false(bench->is_under_way);
	bench->script = TAKES;
	put(bench, 3);
	pass(bench, TIME_SECOND_MS);
	assert_int_equal(bench->takes, 1);
	assert_int_equal(bench->taken[0], 3);
}

#define OUTBOX(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

const struct CMUnitTest outbox_tests[] = {
	OUTBOX(goes_once_when_taken),
	OUTBOX(goes_in_order_and_one_at_a_time),
	OUTBOX(tries_five_times_within_ten_minutes),
	OUTBOX(waits_with_jitter),
	OUTBOX(is_taken_at_a_later_try),
	OUTBOX(honours_retry_after),
	OUTBOX(a_new_one_does_not_shorten_the_wait),
	OUTBOX(a_short_retry_after_does_not_hurry),
	OUTBOX(what_is_refused_is_not_tried_again),
	OUTBOX(a_dead_one_does_not_take_the_next_along),
	OUTBOX(when_it_is_full_the_oldest_goes),
	OUTBOX(hurries_what_waits),
	OUTBOX(in_a_hurry_tries_three_times),
	OUTBOX(gives_all_up),
	OUTBOX(clears_silently_and_goes_on),
};
const size_t outbox_test_count = COUNT_OF(outbox_tests);
