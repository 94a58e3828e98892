/* SPDX-License-Identifier: ISC */
#include "tests/unit/control/tests.h"

#include "control/listener.h"
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct scene {
	char folder[64], path[96], group[64];
	struct control_listener listener;
	struct err err, group_err;
};

static void enter(struct scene *scene)
{
	strcpy(scene->folder, "/tmp/control.XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
	snprintf(scene->path, sizeof(scene->path), "%s/control.sock", scene->folder);
	snprintf(scene->group, sizeof(scene->group), "%s", getgrgid(getgid())->gr_name);
	scene->listener = CONTROL_LISTENER_NONE;
}

static enum status open_it(struct scene *scene, struct control_listener *listener)
{
	return control_listener_open(
	    scene->path, scene->group, listener, &scene->group_err, &scene->err);
}

static void leave(struct scene *scene)
{
	unlink(scene->path);
	assert_int_equal(rmdir(scene->folder), 0);
}

static unsigned mode_of(const struct scene *scene)
{
	struct stat stat;

	return lstat(scene->path, &stat) == 0 ? stat.st_mode & 07777 : 0;
}

static void it_is_for_owner_and_group(void **state)
{
	struct scene scene;

	(void)state;
	enter(&scene);
	assert_int_equal(open_it(&scene, &scene.listener), STATUS_OK);
	assert_string_equal(scene.group_err.text, "");
	assert_int_equal(mode_of(&scene), 0660);
	control_listener_close(&scene.listener);
	assert_int_equal(access(scene.path, F_OK), -1);
	control_listener_close(&scene.listener); /* none is welcome */
	leave(&scene);
}

static void without_its_group_it_is_the_owners(void **state)
{
	struct scene scene;
	mode_t before = umask(0);

	(void)state;
	enter(&scene);
	strcpy(scene.group, "no-such-group-here");
	assert_int_equal(open_it(&scene, &scene.listener), STATUS_OK);
	assert_string_equal(scene.group_err.text, "there is no such group");
	assert_int_equal(mode_of(&scene), 0600);
	control_listener_close(&scene.listener);
	leave(&scene);
	umask(before);
}

static void only_a_dead_one_is_replaced(void **state)
{
	struct control_listener second;
	struct scene scene;

	(void)state;
	enter(&scene);
	assert_int_equal(open_it(&scene, &scene.listener), STATUS_OK);
	assert_int_equal(open_it(&scene, &second), STATUS_REJECT);
	assert_string_equal(scene.err.text, "Address already in use");
	assert_int_equal(mode_of(&scene), 0660);
	usleep(20000);            /* the clock of file systems is coarse */
	close(scene.listener.fd); /* as a death does */
	assert_int_equal(open_it(&scene, &second), STATUS_OK);
	/* What is another's by now is not removed. */
	scene.listener.fd = -1;
	control_listener_close(&scene.listener);
	assert_int_equal(access(scene.path, F_OK), 0);
	control_listener_close(&second);
	leave(&scene);
}

static void what_the_service_manager_gives_must_listen(void **state)
{
	int pair[2], fd;
	struct scene scene;

	(void)state;
	enter(&scene);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(
	    control_listener_take(pair[0], &scene.listener, &scene.err), STATUS_REJECT);
	close(pair[1]);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(control_listener_take(fd, &scene.listener, &scene.err), STATUS_REJECT);
	assert_int_equal(open_it(&scene, &scene.listener), STATUS_OK);
	fd = dup(scene.listener.fd);
	control_listener_close(&scene.listener);
	assert_int_equal(control_listener_take(fd, &scene.listener, &scene.err), STATUS_OK);
	control_listener_close(&scene.listener);
	leave(&scene);
}

const struct CMUnitTest listener_tests[] = {
	cmocka_unit_test(it_is_for_owner_and_group),
	cmocka_unit_test(without_its_group_it_is_the_owners),
	cmocka_unit_test(only_a_dead_one_is_replaced),
	cmocka_unit_test(what_the_service_manager_gives_must_listen),
};
const size_t listener_test_count = COUNT_OF(listener_tests);
