/* SPDX-License-Identifier: ISC */
/*
 * What only the fake loop has: time that tests command, and complaints.
 */
#include "tests/unit/loop/tests.h"

#include "tests/fake/fake_loop.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MONTH_DAYS = 30, DAY_MS = 24 * 60 * 60 * 1000 };

struct scene {
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_wake *wake;
	int calls;
	int64_t period_ms;
};

static void poll_again(void *context)
{
	struct scene *scene = context;
	scene->calls++;
	loop_timer_start(scene->timer, scene->period_ms);
}

static void open_scene(struct scene *scene, int64_t period_ms)
{
	*scene = (struct scene) { .loop = loop_new(), .period_ms = period_ms };
	scene->timer = loop_timer_new(scene->loop, poll_again, scene);
}

static void close_scene(struct scene *scene)
{
	loop_timer_free(&scene->timer);
	loop_wake_free(&scene->wake);
	assert_int_equal(fake_loop_watcher_count(scene->loop), 0);
	loop_free(&scene->loop);
}

static void a_month_takes_a_moment(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene, 60000);
	loop_timer_start(scene.timer, 60000);
	fake_loop_advance(scene.loop, (int64_t)MONTH_DAYS * DAY_MS);
	assert_int_equal(scene.calls, MONTH_DAYS * 24 * 60);
	assert_int_equal(loop_now_ms(scene.loop), FAKE_LOOP_NOW_MS + (int64_t)MONTH_DAYS * DAY_MS);
	assert_int_equal(
	    loop_wall_ms(scene.loop), FAKE_LOOP_WALL_MS + (int64_t)MONTH_DAYS * DAY_MS);
	close_scene(&scene);
}

static void advance_includes_its_end(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene, 100);
	assert_int_equal(fake_loop_next_ms(scene.loop), -1);
	loop_timer_start(scene.timer, 100);
	assert_int_equal(fake_loop_next_ms(scene.loop), 100);
	fake_loop_advance(scene.loop, 99);
	assert_int_equal(scene.calls, 0);
	assert_int_equal(fake_loop_next_ms(scene.loop), 1);
	fake_loop_advance(scene.loop, 1);
	assert_int_equal(scene.calls, 1);
	fake_loop_advance(scene.loop, 0);
	assert_int_equal(scene.calls, 1);
	close_scene(&scene);
}

static void a_step_does_not_move_time(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene, 0);
	assert_false(fake_loop_step(scene.loop));
	loop_timer_start(scene.timer, 0);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(fake_loop_next_ms(scene.loop), 0);
		assert_true(fake_loop_step(scene.loop));
		assert_int_equal(scene.calls, i);
	}
	assert_int_equal(loop_now_ms(scene.loop), FAKE_LOOP_NOW_MS);
	close_scene(&scene);
}

static void the_wall_jumps_alone(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene, 10);
	fake_loop_jump_wall(scene.loop, -3600000);
	assert_int_equal(loop_wall_ms(scene.loop), FAKE_LOOP_WALL_MS - 3600000);
	assert_int_equal(loop_now_ms(scene.loop), FAKE_LOOP_NOW_MS);
	fake_loop_jump_wall(scene.loop, 2 * 3600000);
	fake_loop_advance(scene.loop, 5);
	assert_int_equal(loop_wall_ms(scene.loop), FAKE_LOOP_WALL_MS + 3600005);
	fake_loop_set_wall(scene.loop, 17);
	fake_loop_advance(scene.loop, 3);
	assert_int_equal(loop_wall_ms(scene.loop), 20);
	close_scene(&scene);
}

static void seeds_repeat(void **state)
{
	struct scene scene;
	uint64_t first[4];
	(void)state;
	open_scene(&scene, 0);
	for (int i = 0; i < 4; i++)
		first[i] = loop_random(scene.loop, UINT64_MAX);
	fake_loop_set_seed(scene.loop, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(loop_random(scene.loop, UINT64_MAX), first[i]);
	fake_loop_set_seed(scene.loop, 2);
	assert_int_not_equal(loop_random(scene.loop, UINT64_MAX), first[0]);
	fake_loop_set_seed(scene.loop, UINT64_MAX);
	assert_int_not_equal(
	    loop_random(scene.loop, UINT64_MAX), loop_random(scene.loop, UINT64_MAX));
	close_scene(&scene);
}

static void count_call(void *context)
{
	struct scene *scene = context;
	scene->calls++;
}

static void signals_are_raised_by_the_test(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene, 0);
	assert_false(fake_loop_raise(scene.loop, SIGHUP));
	struct loop_signal *watched = loop_signal_new(scene.loop, SIGHUP, count_call, &scene);
	loop_run(scene.loop);
	assert_false(fake_loop_raise(scene.loop, SIGTERM));
	assert_true(fake_loop_raise(scene.loop, SIGHUP));
	assert_int_equal(scene.calls, 0);
	assert_true(fake_loop_step(scene.loop));
	assert_int_equal(scene.calls, 1);
	loop_signal_free(&watched);
	close_scene(&scene);
}

static void *send_later(void *context)
{
	struct scene *scene = context;
	usleep(20000);
	loop_wake_send(scene->wake);
	return NULL;
}

static void stop_loop(void *context)
{
	struct scene *scene = context;
	loop_stop(scene->loop);
}

/* The timer is far away in virtual time, but would be there at once in real
 * time. */
static void patience_lets_threads_finish(void **state)
{
	struct scene scene;
	pthread_t thread;
	(void)state;
	open_scene(&scene, 30000);
	loop_timer_start(scene.timer, 30000);
	scene.wake = loop_wake_new(scene.loop, stop_loop, &scene);
	fake_loop_set_patience(scene.loop, 5000);
	assert_int_equal(pthread_create(&thread, NULL, send_later, &scene), 0);
	loop_run(scene.loop);
	pthread_join(thread, NULL);
	assert_int_equal(scene.calls, 0);
	assert_int_equal(loop_now_ms(scene.loop), FAKE_LOOP_NOW_MS);
	close_scene(&scene);
}

static void a_stop_ends_advance(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene, 10);
	struct loop_timer *end = loop_timer_new(scene.loop, stop_loop, &scene);
	loop_timer_start(scene.timer, 10);
	loop_timer_start(end, 35);
	fake_loop_advance(scene.loop, 1000);
	assert_int_equal(scene.calls, 3);
	assert_int_equal(loop_now_ms(scene.loop), FAKE_LOOP_NOW_MS + 35);
	loop_timer_free(&end);
	close_scene(&scene);
}

static void die_running_away(void)
{
	struct scene scene;
	open_scene(&scene, 0);
	fake_loop_set_turns_max(scene.loop, 1000);
	loop_timer_start(scene.timer, 0);
	fake_loop_advance(scene.loop, 1);
}

static void die_leaking(void)
{
	struct scene scene;
	open_scene(&scene, 0);
	loop_free(&scene.loop);
}

static void ignore_io(void *context, int fd, unsigned events)
{
	(void)context;
	(void)fd;
	(void)events;
}

static void die_closed(void)
{
	int fds[2];
	struct loop *loop = loop_new();
	if (pipe(fds) != 0)
		return;
	struct loop_io *io = loop_io_new(loop, fds[0], LOOP_READ, ignore_io, NULL);
	close(fds[0]);
	fake_loop_step(loop);
	loop_io_free(&io);
}

static void assert_dies(void (*die)(void), const char *line)
{
	int fds[2], how;
	char said[4096];
	size_t len = 0;
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		const struct rlimit no_core = { 0, 0 };
		setrlimit(RLIMIT_CORE, &no_core);
		dup2(fds[1], STDERR_FILENO);
		die();
		_exit(0);
	}
	close(fds[1]);
	for (ssize_t got; (got = read(fds[0], said + len, sizeof(said) - 1 - len)) > 0;)
		len += (size_t)got;
	said[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFSIGNALED(how));
	assert_non_null(strstr(said, line));
}

static void it_complains(void **state)
{
	(void)state;
	assert_dies(die_running_away, "ran away: more than 1000 turns");
	assert_dies(die_leaking, "freed while 1 watchers are left");
	assert_dies(die_closed, "was closed while it is watched");
}

const struct CMUnitTest body_tests[] = {
	cmocka_unit_test(a_month_takes_a_moment),
	cmocka_unit_test(advance_includes_its_end),
	cmocka_unit_test(a_step_does_not_move_time),
	cmocka_unit_test(the_wall_jumps_alone),
	cmocka_unit_test(seeds_repeat),
	cmocka_unit_test(signals_are_raised_by_the_test),
	cmocka_unit_test(patience_lets_threads_finish),
	cmocka_unit_test(a_stop_ends_advance),
	cmocka_unit_test(it_complains),
};
const size_t body_test_count = sizeof(body_tests) / sizeof(*body_tests);
