/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/unix_socket.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct scene {
	char folder[64], path[96];
	struct sockaddr_un address;
};

static void enter(struct scene *scene)
{
	strcpy(scene->folder, "/tmp/unix-socket.XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
	snprintf(scene->path, sizeof(scene->path), "%s/s", scene->folder);
	assert_int_equal(
	    unix_socket_address(span_of(scene->path), &scene->address, NULL), STATUS_OK);
}

static void leave(struct scene *scene)
{
	unlink(scene->path);
	assert_int_equal(rmdir(scene->folder), 0);
}

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	return fd;
}

static void an_address_is_a_whole_path(void **state)
{
	struct sockaddr_un address;
	char path[200];
	struct err err;

	(void)state;
	assert_int_equal(unix_socket_address(SPAN(""), &address, &err), STATUS_REJECT);
	assert_int_equal(unix_socket_address(SPAN("run/s"), &address, &err), STATUS_REJECT);
	assert_string_equal(err.text, "the path of the socket does not begin with /");
	memset(path, '/', sizeof(path));
	assert_int_equal(unix_socket_address(
			     (struct span) { path, sizeof(address.sun_path) - 1 }, &address, &err),
	    STATUS_OK);
	assert_int_equal(
	    unix_socket_address((struct span) { path, sizeof(address.sun_path) }, &address, &err),
	    STATUS_REJECT);
	assert_string_equal(err.text, "the path of the socket is longer than 107 bytes");
}

static void a_dead_one_is_replaced_and_a_live_one_never(void **state)
{
	struct scene scene;
	int first = new_socket(), second = new_socket(), third = new_socket();

	(void)state;
	enter(&scene);
	assert_true(unix_socket_bind(first, &scene.address));
	assert_int_equal(listen(first, 1), 0);
	assert_false(unix_socket_bind(second, &scene.address));
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(access(scene.path, F_OK), 0);
	close(first); /* as a death does: the file stays */
	assert_int_equal(access(scene.path, F_OK), 0);
	assert_true(unix_socket_bind(third, &scene.address));
	close(second);
	close(third);
	leave(&scene);
}

static void another_file_stays(void **state)
{
	struct scene scene;
	int fd = new_socket(), file;

	(void)state;
	enter(&scene);
	file = open(scene.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_false(unix_socket_bind(fd, &scene.address));
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(access(scene.path, F_OK), 0);
	close(file);
	close(fd);
	leave(&scene);
}

const struct CMUnitTest unix_socket_tests[] = {
	cmocka_unit_test(an_address_is_a_whole_path),
	cmocka_unit_test(a_dead_one_is_replaced_and_a_live_one_never),
	cmocka_unit_test(another_file_stays),
};
const size_t unix_socket_test_count = sizeof(unix_socket_tests) / sizeof(*unix_socket_tests);
