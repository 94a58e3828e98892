/* SPDX-License-Identifier: ISC */
#include "tests/unit/metrics/tests.h"

#include "metrics/listener.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scene {
	char folder[64], text[128];
	struct metrics_address address;
	struct err err;
};

static void enter(struct scene *scene)
{
	strcpy(scene->folder, "/tmp/listener.XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
	snprintf(scene->text, sizeof(scene->text), "unix:%s/s", scene->folder);
	assert_int_equal(
	    metrics_address_parse(span_of(scene->text), &scene->address, &scene->err), STATUS_OK);
}

static const char *path_of(const struct scene *scene)
{
	return scene->text + strlen("unix:");
}

static void leave(struct scene *scene)
{
	unlink(path_of(scene));
	assert_int_equal(rmdir(scene->folder), 0);
}

static void what_was_left_behind_is_replaced(void **state)
{
	struct scene scene;
	struct stat stat;
	int fd;

	(void)state;
	enter(&scene);
	assert_int_equal(listener_open(&scene.address, &fd, &scene.err), STATUS_OK);
	assert_int_equal(lstat(path_of(&scene), &stat), 0);
	assert_int_equal(stat.st_mode & 0777, 0666);
	close(fd); /* as a kill -9 does: the file stays */
	assert_int_equal(listener_open(&scene.address, &fd, &scene.err), STATUS_OK);
	close(fd);
	listener_remove(&scene.address);
	assert_int_not_equal(lstat(path_of(&scene), &stat), 0);
	leave(&scene);
}

static void what_is_in_use_is_not(void **state)
{
	struct scene scene;
	int first, second;

	(void)state;
	enter(&scene);
	assert_int_equal(listener_open(&scene.address, &first, &scene.err), STATUS_OK);
	assert_int_equal(listener_open(&scene.address, &second, &scene.err), STATUS_REJECT);
	assert_string_equal(scene.err.text, "Address already in use");
	assert_int_equal(access(path_of(&scene), F_OK), 0);
	close(first);
	leave(&scene);
}

static void a_file_is_not_touched(void **state)
{
	struct scene scene;
	FILE *file;
	int fd;

	(void)state;
	enter(&scene);
	file = fopen(path_of(&scene), "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(listener_open(&scene.address, &fd, &scene.err), STATUS_REJECT);
	assert_int_equal(access(path_of(&scene), F_OK), 0);
	leave(&scene);
}

static void a_folder_may_be_missing(void **state)
{
	struct scene scene;
	int fd;

	(void)state;
	enter(&scene);
	leave(&scene);
	assert_int_equal(listener_open(&scene.address, &fd, &scene.err), STATUS_REJECT);
	assert_string_equal(scene.err.text, "No such file or directory");
}

const struct CMUnitTest listener_tests[] = {
	cmocka_unit_test(what_was_left_behind_is_replaced),
	cmocka_unit_test(what_is_in_use_is_not),
	cmocka_unit_test(a_file_is_not_touched),
	cmocka_unit_test(a_folder_may_be_missing),
};
const size_t listener_test_count = COUNT_OF(listener_tests);
