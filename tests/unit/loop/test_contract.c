/* SPDX-License-Identifier: ISC */
/*
 * What loop.h promises, for whichever body is linked.
 */
#include "tests/unit/loop/tests.h"

#include "loop/loop.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the callbacks share: a protocol of letters, and handles that they may
 * touch. */
struct scene {
	struct loop *loop;
	char said[64];
	struct loop_timer *timer, *other_timer;
	struct loop_io *io, *other_io;
	struct loop_wake *wake;
	int fds[2];
	int64_t at_ms;
	int left;
};

static void say(struct scene *scene, char letter)
{
	size_t len = strlen(scene->said);
	assert_true(len + 1 < sizeof(scene->said));
	scene->said[len] = letter;
}

static void open_scene(struct scene *scene)
{
	*scene = (struct scene) { .loop = loop_new() };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, scene->fds), 0);
}

static void close_scene(struct scene *scene)
{
	loop_timer_free(&scene->timer);
	loop_timer_free(&scene->other_timer);
	loop_io_free(&scene->io);
	loop_io_free(&scene->other_io);
	loop_wake_free(&scene->wake);
	loop_free(&scene->loop);
	assert_null(scene->loop);
	loop_free(&scene->loop);
	close(scene->fds[0]);
	close(scene->fds[1]);
}

static void say_a(void *context)
{
	struct scene *scene = context;
	say(scene, 'a');
	scene->at_ms = loop_now_ms(scene->loop);
}

static void say_b(void *context)
{
	say(context, 'b');
}

static void empty_loop_returns(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	loop_run(scene.loop);
	scene.timer = loop_timer_new(scene.loop, say_a, &scene);
	assert_false(loop_timer_is_running(scene.timer));
	scene.io = loop_io_new(scene.loop, scene.fds[0], 0, NULL, NULL);
	loop_run(scene.loop);
	assert_string_equal(scene.said, "");
	close_scene(&scene);
}

static void timers_fire_in_order_and_not_early(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	scene.timer = loop_timer_new(scene.loop, say_a, &scene);
	scene.other_timer = loop_timer_new(scene.loop, say_b, &scene);
	int64_t before_ms = loop_now_ms(scene.loop);
	loop_timer_start(scene.timer, 40);
	loop_timer_start(scene.other_timer, 10);
	assert_true(loop_timer_is_running(scene.timer));
	assert_string_equal(scene.said, "");
	loop_run(scene.loop);
	assert_string_equal(scene.said, "ba");
	assert_in_range(scene.at_ms - before_ms, 40, 1000);
	assert_false(loop_timer_is_running(scene.timer));
	close_scene(&scene);
}

static void restart_replaces_and_stop_stops(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	scene.timer = loop_timer_new(scene.loop, say_a, &scene);
	scene.other_timer = loop_timer_new(scene.loop, say_b, &scene);
	loop_timer_start(scene.timer, 100000000);
	loop_timer_start(scene.timer, 1);
	loop_timer_start(scene.other_timer, 5);
	loop_timer_stop(scene.other_timer);
	loop_timer_stop(scene.other_timer);
	assert_false(loop_timer_is_running(scene.other_timer));
	loop_run(scene.loop);
	assert_string_equal(scene.said, "a");
	close_scene(&scene);
}

static void count_down(void *context)
{
	struct scene *scene = context;
	assert_false(loop_timer_is_running(scene->timer));
	say(scene, 'c');
	if (--scene->left > 0)
		loop_timer_start(scene->timer, scene->left % 2 == 0 ? 0 : -5);
}

static void zero_means_next_turn(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	scene.left = 5;
	scene.timer = loop_timer_new(scene.loop, count_down, &scene);
	loop_timer_start(scene.timer, 0);
	assert_string_equal(scene.said, "");
	loop_run(scene.loop);
	assert_string_equal(scene.said, "ccccc");
	close_scene(&scene);
}

static void free_both_timers(void *context)
{
	struct scene *scene = context;
	say(scene, 'f');
	loop_timer_free(&scene->timer);
	loop_timer_free(&scene->other_timer);
}

/* Both are due in one turn; whichever comes first frees itself and the other.
 */
static void timers_may_be_freed_in_callbacks(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	scene.timer = loop_timer_new(scene.loop, free_both_timers, &scene);
	scene.other_timer = loop_timer_new(scene.loop, free_both_timers, &scene);
	loop_timer_start(scene.timer, 0);
	loop_timer_start(scene.other_timer, 0);
	loop_run(scene.loop);
	assert_string_equal(scene.said, "f");
	assert_null(scene.timer);
	close_scene(&scene);
}

static void stop_other_timer(void *context)
{
	struct scene *scene = context;
	say(scene, 's');
	loop_timer_stop(scene->timer);
	loop_timer_stop(scene->other_timer);
}

static void a_due_timer_can_be_stopped(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	scene.timer = loop_timer_new(scene.loop, stop_other_timer, &scene);
	scene.other_timer = loop_timer_new(scene.loop, stop_other_timer, &scene);
	loop_timer_start(scene.timer, 0);
	loop_timer_start(scene.other_timer, 0);
	loop_run(scene.loop);
	assert_string_equal(scene.said, "s");
	close_scene(&scene);
}

static void say_x_and_stop(void *context)
{
	struct scene *scene = context;
	say(scene, 'x');
	loop_stop(scene->loop);
}

/* All is due at once; one callback a run, and in the end none was lost. */
static void nothing_runs_behind_a_stop(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	loop_stop(scene.loop);
	scene.timer = loop_timer_new(scene.loop, say_x_and_stop, &scene);
	scene.other_timer = loop_timer_new(scene.loop, say_x_and_stop, &scene);
	scene.wake = loop_wake_new(scene.loop, say_x_and_stop, &scene);
	struct loop_wake *other_wake = loop_wake_new(scene.loop, say_x_and_stop, &scene);
	loop_timer_start(scene.timer, 0);
	loop_timer_start(scene.other_timer, 0);
	loop_wake_send(scene.wake);
	loop_wake_send(other_wake);
	for (size_t runs = 1; runs <= 4; runs++) {
		loop_run(scene.loop);
		assert_int_equal(strlen(scene.said), runs);
	}
	assert_false(
	    loop_timer_is_running(scene.timer) || loop_timer_is_running(scene.other_timer));
	loop_wake_free(&other_wake);
	close_scene(&scene);
}

static void read_one(void *context, int fd, unsigned events)
{
	struct scene *scene = context;
	char byte;
	assert_int_equal(fd, scene->fds[0]);
	assert_int_equal(events, LOOP_READ);
	ssize_t got = read(fd, &byte, 1);
	say(scene, got == 1 ? byte : got == 0 ? '$' : '!');
	if (got <= 0)
		loop_io_set(scene->io, 0);
}

static void descriptors_are_read_to_their_end(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	scene.io = loop_io_new(scene.loop, scene.fds[0], LOOP_READ, read_one, &scene);
	assert_int_equal(write(scene.fds[1], "xyz", 3), 3);
	shutdown(scene.fds[1], SHUT_WR);
	loop_run(scene.loop);
	assert_string_equal(scene.said, "xyz$");
	close_scene(&scene);
}

static void write_then_read(void *context, int fd, unsigned events)
{
	struct scene *scene = context;
	if ((events & LOOP_WRITE) != 0) {
		say(scene, 'w');
		assert_int_equal(write(fd, "q", 1), 1);
		assert_int_equal(write(scene->fds[1], "r", 1), 1);
		loop_io_set(scene->io, LOOP_READ);
		return;
	}
	char byte;
	assert_int_equal(events, LOOP_READ);
	assert_int_equal(read(fd, &byte, 1), 1);
	say(scene, byte);
	loop_io_free(&scene->io);
}

static void what_is_watched_can_change(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	scene.io = loop_io_new(scene.loop, scene.fds[0], 0, write_then_read, &scene);
	loop_run(scene.loop);
	assert_string_equal(scene.said, "");
	loop_io_set(scene.io, LOOP_READ | LOOP_WRITE);
	loop_run(scene.loop);
	assert_string_equal(scene.said, "wr");
	assert_null(scene.io);
	close_scene(&scene);
}

static void free_both_ios(void *context, int fd, unsigned events)
{
	struct scene *scene = context;
	(void)fd;
	(void)events;
	say(scene, 'f');
	loop_io_free(&scene->io);
	loop_io_free(&scene->other_io);
}

static void ios_may_be_freed_in_callbacks(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	scene.io = loop_io_new(scene.loop, scene.fds[0], LOOP_WRITE, free_both_ios, &scene);
	scene.other_io = loop_io_new(scene.loop, scene.fds[1], LOOP_WRITE, free_both_ios, &scene);
	loop_run(scene.loop);
	assert_string_equal(scene.said, "f");
	close_scene(&scene);
}

static void hung_up(void *context, int fd, unsigned events)
{
	char byte;
	struct scene *scene = context;
	say(scene, (events & LOOP_READ) != 0 && read(fd, &byte, 1) == 0 ? 'h' : '?');
	loop_io_free(&scene->io);
}

static void a_peer_that_is_gone_is_noticed(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	close(scene.fds[1]);
	scene.fds[1] = dup(scene.fds[0]);
	scene.io = loop_io_new(scene.loop, scene.fds[0], LOOP_READ, hung_up, &scene);
	loop_run(scene.loop);
	assert_string_equal(scene.said, "h");
	close_scene(&scene);
}

static void say_w_and_free_wake(void *context)
{
	struct scene *scene = context;
	say(scene, 'w');
	loop_wake_free(&scene->wake);
}

static void *send_later(void *context)
{
	struct scene *scene = context;
	usleep(20000);
	loop_wake_send(scene->wake);
	return NULL;
}

static void a_thread_wakes_the_loop(void **state)
{
	struct scene scene;
	pthread_t thread;
	(void)state;
	open_scene(&scene);
	scene.wake = loop_wake_new(scene.loop, say_w_and_free_wake, &scene);
	struct loop_wake *wake = scene.wake;
	assert_int_equal(pthread_create(&thread, NULL, send_later, &scene), 0);
	loop_run(scene.loop);
	pthread_join(thread, NULL);
	assert_non_null(wake);
	assert_string_equal(scene.said, "w");
	close_scene(&scene);
}

static void sends_before_the_run_make_one_call(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene);
	scene.wake = loop_wake_new(scene.loop, say_w_and_free_wake, &scene);
	loop_wake_send(scene.wake);
	loop_wake_send(scene.wake);
	assert_string_equal(scene.said, "");
	loop_run(scene.loop);
	assert_string_equal(scene.said, "w");
	close_scene(&scene);
}

static void random_stays_below_its_limit(void **state)
{
	struct scene scene;
	unsigned seen[7] = { 0 };
	(void)state;
	open_scene(&scene);
	for (int i = 0; i < 7000; i++)
		seen[loop_random(scene.loop, 7)]++;
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 700, 1300);
	assert_int_equal(loop_random(scene.loop, 1), 0);
	close_scene(&scene);
}

static void nothing_is_welcome_to_be_freed(void **state)
{
	struct loop_timer *timer = NULL;
	struct loop_io *io = NULL;
	struct loop_signal *watched = NULL;
	struct loop_wake *wake = NULL;
	(void)state;
	loop_timer_free(&timer);
	loop_io_free(&io);
	loop_signal_free(&watched);
	loop_wake_free(&wake);
}

const struct CMUnitTest contract_tests[] = {
	cmocka_unit_test(empty_loop_returns),
	cmocka_unit_test(timers_fire_in_order_and_not_early),
	cmocka_unit_test(restart_replaces_and_stop_stops),
	cmocka_unit_test(zero_means_next_turn),
	cmocka_unit_test(timers_may_be_freed_in_callbacks),
	cmocka_unit_test(a_due_timer_can_be_stopped),
	cmocka_unit_test(nothing_runs_behind_a_stop),
	cmocka_unit_test(descriptors_are_read_to_their_end),
	cmocka_unit_test(what_is_watched_can_change),
	cmocka_unit_test(ios_may_be_freed_in_callbacks),
	cmocka_unit_test(a_peer_that_is_gone_is_noticed),
	cmocka_unit_test(a_thread_wakes_the_loop),
	cmocka_unit_test(sends_before_the_run_make_one_call),
	cmocka_unit_test(random_stays_below_its_limit),
	cmocka_unit_test(nothing_is_welcome_to_be_freed),
};
const size_t contract_test_count = sizeof(contract_tests) / sizeof(*contract_tests);
