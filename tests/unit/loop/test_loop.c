/* SPDX-License-Identifier: ISC */
/*
 * What only the real loop can show: clocks and signals.
 */
#include "tests/unit/loop/tests.h"

#include "loop/loop.h"
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

struct scene {
	struct loop *loop;
	struct loop_signal *watched, *other;
	struct loop_timer *timer;
	int calls;
	int64_t first_ms, second_ms;
	bool stops;
};

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void clocks_are_the_systems(void **state)
{
	struct loop *loop = loop_new();
	(void)state;
	int64_t before_ms = clock_ms(CLOCK_MONOTONIC), wall_ms = clock_ms(CLOCK_REALTIME);
	assert_in_range(loop_now_ms(loop) - before_ms, 0, 1000);
	assert_in_range(loop_wall_ms(loop) - wall_ms, 0, 1000);
	loop_free(&loop);
}

static void look_twice(void *context)
{
	struct scene *scene = context;
	scene->first_ms = loop_now_ms(scene->loop);
	usleep(20000);
	scene->second_ms = loop_now_ms(scene->loop);
}

static void now_is_fixed_for_a_turn(void **state)
{
	struct scene scene = { .loop = loop_new() };
	(void)state;
	scene.timer = loop_timer_new(scene.loop, look_twice, &scene);
	loop_timer_start(scene.timer, 0);
	loop_run(scene.loop);
	assert_true(scene.first_ms > 0);
	assert_int_equal(scene.first_ms, scene.second_ms);
	assert_true(loop_now_ms(scene.loop) >= scene.second_ms + 20);
	loop_timer_free(&scene.timer);
	loop_free(&scene.loop);
}

static void note_now(void *context)
{
	struct scene *scene = context;
	scene->second_ms = loop_now_ms(scene->loop);
}

/* Below a second, after doing something else for a while, and never early. */
static void short_timers_wait(void **state)
{
	struct scene scene = { .loop = loop_new() };
	(void)state;
	scene.timer = loop_timer_new(scene.loop, note_now, &scene);
	for (int64_t after_ms = 1; after_ms <= 64; after_ms *= 2) {
		usleep(5000);
		scene.first_ms = loop_now_ms(scene.loop);
		loop_timer_start(scene.timer, after_ms);
		loop_run(scene.loop);
		assert_in_range(scene.second_ms - scene.first_ms, after_ms, after_ms + 500);
	}
	loop_timer_free(&scene.timer);
	loop_free(&scene.loop);
}

static void count_call(void *context)
{
	struct scene *scene = context;
	scene->calls++;
	if (scene->stops)
		loop_stop(scene->loop);
}

static void signals_do_not_keep_the_loop(void **state)
{
	struct scene scene = { .loop = loop_new() };
	(void)state;
	scene.watched = loop_signal_new(scene.loop, SIGUSR1, count_call, &scene);
	loop_run(scene.loop);
	assert_int_equal(scene.calls, 0);
	loop_signal_free(&scene.watched);
	assert_null(scene.watched);
	scene.timer = loop_timer_new(scene.loop, count_call, &scene);
	loop_timer_start(scene.timer, 1);
	loop_run(scene.loop);
	assert_int_equal(scene.calls, 1);
	loop_timer_free(&scene.timer);
	loop_free(&scene.loop);
}

static void raise_signal(void *context)
{
	(void)context;
	raise(SIGUSR1);
}

static void free_signals(void *context)
{
	struct scene *scene = context;
	scene->calls++;
	loop_signal_free(&scene->watched);
	loop_signal_free(&scene->other);
	loop_timer_start(scene->timer, 0);
	loop_timer_stop(scene->timer);
}

static void signals_call_and_may_be_freed(void **state)
{
	struct scene scene = { .loop = loop_new() };
	(void)state;
	scene.watched = loop_signal_new(scene.loop, SIGUSR1, free_signals, &scene);
	scene.other = loop_signal_new(scene.loop, SIGUSR1, free_signals, &scene);
	scene.timer = loop_timer_new(scene.loop, raise_signal, NULL);
	struct loop_timer *end = loop_timer_new(scene.loop, count_call, &scene);
	loop_timer_start(scene.timer, 0);
	loop_timer_start(end, 30);
	loop_run(scene.loop);
	assert_int_equal(scene.calls, 2);
	loop_timer_free(&end);
	loop_timer_free(&scene.timer);
	loop_free(&scene.loop);
}

/* Two watchers of one signal, of which the first stops the loop: the other is
 * called later. */
static void a_stop_loses_no_signal(void **state)
{
	struct scene scene = { .loop = loop_new(), .stops = true };
	(void)state;
	scene.watched = loop_signal_new(scene.loop, SIGUSR1, count_call, &scene);
	struct loop_signal *second = loop_signal_new(scene.loop, SIGUSR2, count_call, &scene);
	scene.timer = loop_timer_new(scene.loop, count_call, &scene);
	loop_timer_start(scene.timer, 1000000);
	raise(SIGUSR1);
	raise(SIGUSR2);
	loop_run(scene.loop);
	assert_int_equal(scene.calls, 1);
	loop_run(scene.loop);
	assert_int_equal(scene.calls, 2);
	loop_signal_free(&scene.watched);
	loop_signal_free(&second);
	loop_timer_free(&scene.timer);
	loop_free(&scene.loop);
}

const struct CMUnitTest body_tests[] = {
	cmocka_unit_test(clocks_are_the_systems),
	cmocka_unit_test(now_is_fixed_for_a_turn),
	cmocka_unit_test(short_timers_wait),
	cmocka_unit_test(signals_do_not_keep_the_loop),
	cmocka_unit_test(signals_call_and_may_be_freed),
	cmocka_unit_test(a_stop_loses_no_signal),
};
const size_t body_test_count = sizeof(body_tests) / sizeof(*body_tests);
