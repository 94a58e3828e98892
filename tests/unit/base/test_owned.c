/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/owned.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OTHER_USER = 12345, OTHER_GROUP = 12346 };

struct place {
	char directory[64];
	char file[96];
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->directory, "/tmp/test_owned.XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	(void)snprintf(place->file, sizeof(place->file), "%s/file", place->directory);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	(void)unlink(place->file);
	assert_int_equal(rmdir(place->directory), 0);
	free(place);
	return 0;
}

static struct stat make(const char *path)
{
	int fd = owned_create(path, 0640);
	struct stat found;

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fstat(fd, &found), 0);
	assert_int_equal(close(fd), 0);
	return found;
}

static void test_mode_whatever_the_umask(void **state)
{
	struct place *place = *state;
	mode_t mask = umask(0777);
	struct stat found = make(place->file);

	(void)umask(mask);
	assert_int_equal(found.st_mode & 07777, 0640);
	assert_int_equal(found.st_uid, geteuid());
}

static void test_a_name_that_is_taken(void **state)
{
	struct place *place = *state;

	(void)make(place->file);
	assert_int_equal(owned_create(place->file, 0640), -1);
	assert_int_equal(errno, EEXIST);
}

static void test_a_link_is_not_followed(void **state)
{
	struct place *place = *state;

	assert_int_equal(symlink("target-that-is-not-there", place->file), 0);
	assert_int_equal(owned_create(place->file, 0640), -1);
	assert_int_equal(errno, EEXIST);
}

static void test_no_directory(void **state)
{
	(void)state;
	assert_int_equal(owned_create("/nowhere/at/all", 0640), -1);
	assert_int_equal(errno, ENOENT);
	assert_false(owned_by_other("/nowhere/at/all"));
}

static void test_a_name_without_directory(void **state)
{
	struct place *place = *state;
	char *here = getcwd(NULL, 0);

	assert_int_equal(chdir(place->directory), 0);
	(void)make("file");
	assert_int_equal(chdir(here), 0);
	free(here);
	assert_int_equal(access(place->file, F_OK), 0);
}

static void test_root_gives_it_to_the_directory_s_owner(void **state)
{
	struct place *place = *state;
	struct stat found;

	if (geteuid() != 0)
		skip();
	assert_false(owned_by_other(place->file));
	assert_int_equal(chown(place->directory, OTHER_USER, OTHER_GROUP), 0);
	assert_true(owned_by_other(place->file));
	found = make(place->file);
	assert_int_equal(found.st_uid, OTHER_USER);
	assert_int_equal(found.st_gid, OTHER_GROUP);
	assert_int_equal(found.st_mode & 07777, 0640);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

const struct CMUnitTest owned_tests[] = {
	TEST(test_mode_whatever_the_umask),
	TEST(test_a_name_that_is_taken),
	TEST(test_a_link_is_not_followed),
	TEST(test_no_directory),
	TEST(test_a_name_without_directory),
	TEST(test_root_gives_it_to_the_directory_s_owner),
};
const size_t owned_test_count = sizeof(owned_tests) / sizeof(owned_tests[0]);
