/* SPDX-License-Identifier: ISC */
/*
 * Modes, and paths that cannot be.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_mode(const struct fixture *fixture, const char *suffix)
{
	char path[320];
	struct stat found;

	(void)snprintf(path, sizeof(path), "%s%s", fixture->path, suffix);
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 07777, 0600);
}

static void test_only_the_owner_may_read(void **state)
{
	struct fixture *fixture = *state;
	mode_t mask = umask(0);

	fixture_open(fixture, STORE_WRITE);
	fixture_put_link(fixture, 1);
	fixture_commit(fixture);
	(void)umask(mask);
	assert_mode(fixture, "");
	assert_mode(fixture, "-wal");
	assert_mode(fixture, "-shm");
	assert_mode(fixture, ".lock");
}

static void test_an_odd_umask(void **state)
{
	struct fixture *fixture = *state;
	mode_t mask = umask(0777);

	fixture_open(fixture, STORE_WRITE);
	(void)umask(mask);
	assert_mode(fixture, "");
}

static void test_rights_of_others_are_taken_away(void **state)
{
	struct fixture *fixture = *state;

	fixture_open(fixture, STORE_WRITE);
	store_close(&fixture->store);
	assert_int_equal(chmod(fixture->path, 0664), 0);
	fixture_open(fixture, STORE_WRITE);
	assert_mode(fixture, "");
}

static void test_missing_directory(void **state)
{
	struct fixture *fixture = *state;

	(void)snprintf(
	    fixture->path, sizeof(fixture->path), "%s/none/state.db", fixture->directory);
	fixture_expect_open(fixture, STORE_WRITE, STATUS_CORRUPT, "make the directory");
	fixture_open(fixture, STORE_DRY_RUN);
}

static void test_a_directory_is_no_file(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(mkdir(fixture->path, 0700), 0);
	fixture_expect_open(fixture, STORE_WRITE, STATUS_CORRUPT, "it is not a file");
	fixture_expect_open(fixture, STORE_READ, STATUS_CORRUPT, "it is not a file");
}

static void test_a_fifo_is_no_file(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(mkfifo(fixture->path, 0600), 0);
	fixture_expect_open(fixture, STORE_WRITE, STATUS_CORRUPT, "it is not a file");
	fixture_expect_open(fixture, STORE_DRY_RUN, STATUS_CORRUPT, "it is not a file");
}

static void test_a_lock_that_is_a_link(void **state)
{
	struct fixture *fixture = *state;
	char lock[320];

	(void)snprintf(lock, sizeof(lock), "%s.lock", fixture->path);
	assert_int_equal(symlink("/dev/null", lock), 0);
	fixture_expect_open(fixture, STORE_WRITE, STATUS_CORRUPT, "lock file");
}

static void test_relative_path(void **state)
{
	struct fixture *fixture = *state;
	char *here = getcwd(NULL, 0);

	assert_int_equal(chdir(fixture->directory), 0);
	assert_ok(fixture, store_open("state.db", STORE_WRITE, &fixture->store, &fixture->err));
	assert_int_equal(chdir(here), 0);
	free(here);
	fixture_put_link(fixture, 1);
	fixture_commit(fixture);
	assert_mode(fixture, "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

const struct CMUnitTest file_tests[] = {
	TEST(test_only_the_owner_may_read),
	TEST(test_an_odd_umask),
	TEST(test_rights_of_others_are_taken_away),
	TEST(test_missing_directory),
	TEST(test_a_directory_is_no_file),
	TEST(test_a_fifo_is_no_file),
	TEST(test_a_lock_that_is_a_link),
	TEST(test_relative_path),
};
const size_t file_test_count = sizeof(file_tests) / sizeof(file_tests[0]);
