/* SPDX-License-Identifier: ISC */
/*
 * Modes, and paths that cannot be.
 */
#include "fixture.h"

#include <dirent.h>
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

enum { SERVICE_USER = 12345, SERVICE_GROUP = 12346 };

/* Root at work in the directory of the service's user; others cannot play that. */
static struct fixture *give_directory_away(void **state)
{
	struct fixture *fixture = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(fixture->directory, SERVICE_USER, SERVICE_GROUP), 0);
	return fixture;
}

static struct stat look_at(const struct fixture *fixture, const char *suffix)
{
	char path[320];
	struct stat found;

	(void)snprintf(path, sizeof(path), "%s%s", fixture->path, suffix);
	assert_int_equal(lstat(path, &found), 0);
	return found;
}

static void assert_owned(const struct fixture *fixture, const char *suffix)
{
	struct stat found = look_at(fixture, suffix);

	assert_int_equal(found.st_uid, SERVICE_USER);
	assert_int_equal(found.st_gid, SERVICE_GROUP);
	assert_int_equal(found.st_mode & 07777, 0600);
}

static void test_root_does_not_lock_the_service_out(void **state)
{
	struct fixture *fixture = give_directory_away(state);

	fixture_open(fixture, STORE_WRITE);
	fixture_put_link(fixture, 1);
	fixture_commit(fixture);
	assert_owned(fixture, "");
	assert_owned(fixture, "-wal");
	assert_owned(fixture, "-shm");
	assert_owned(fixture, ".lock");
}

static void assert_all_owned(const struct fixture *fixture)
{
	DIR *directory = opendir(fixture->directory);
	struct stat found;

	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		assert_int_equal(fstatat(dirfd(directory), entry->d_name, &found, 0), 0);
		if (S_ISREG(found.st_mode))
			assert_int_equal(found.st_uid, SERVICE_USER);
	}
	assert_int_equal(closedir(directory), 0);
}

static void test_root_opens_the_service_s_state(void **state)
{
	static const enum store_mode modes[] = { STORE_READ, STORE_DRY_RUN, STORE_DECIDE,
		STORE_WRITE };
	struct fixture *fixture = give_directory_away(state);

	fixture_open(fixture, STORE_WRITE);
	store_close(&fixture->store);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		fixture_open(fixture, modes[i]);
		assert_all_owned(fixture);
		store_close(&fixture->store);
	}
}

static void test_root_s_own_directory_stays_root_s(void **state)
{
	struct fixture *fixture = *state;

	if (geteuid() != 0)
		skip();
	fixture_open(fixture, STORE_WRITE);
	assert_int_equal(look_at(fixture, "").st_uid, 0);
	assert_int_equal(look_at(fixture, ".lock").st_uid, 0);
}

/* What the service's user would have root change: a file of root's, by a name in the directory. */
static void assert_link_is_refused(
    struct fixture *fixture, const char *suffix, int make_link(const char *, const char *))
{
	char victim[320], name[320];
	struct stat before, after;

	(void)snprintf(victim, sizeof(victim), "%s/victim", fixture->directory);
	(void)snprintf(name, sizeof(name), "%s%s", fixture->path, suffix);
	FILE *file = fopen(victim, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(victim, 0644), 0);
	assert_int_equal(make_link(victim, name), 0);
	assert_int_equal(stat(victim, &before), 0);
	fixture_expect_open(fixture, STORE_WRITE, STATUS_CORRUPT, "link");
	assert_int_equal(stat(victim, &after), 0);
	assert_int_equal(after.st_uid, 0);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_size, 0);
	assert_int_equal(unlink(name), 0);
}

static void test_root_follows_no_link_of_another(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	struct fixture *fixture = give_directory_away(state);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		assert_link_is_refused(fixture, suffixes[i], symlink);
		assert_link_is_refused(fixture, suffixes[i], link);
	}
}

static void test_root_gives_no_foreign_lock_away(void **state)
{
	struct fixture *fixture = give_directory_away(state);
	char victim[320], lock[320];
	struct stat found;

	(void)snprintf(victim, sizeof(victim), "%s/victim", fixture->directory);
	(void)snprintf(lock, sizeof(lock), "%s.lock", fixture->path);
	FILE *file = fopen(victim, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(link(victim, lock), 0);
	fixture_open(fixture, STORE_WRITE);
	assert_int_equal(stat(victim, &found), 0);
	assert_int_equal(found.st_uid, 0);
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
	TEST(test_root_does_not_lock_the_service_out),
	TEST(test_root_opens_the_service_s_state),
	TEST(test_root_s_own_directory_stays_root_s),
	TEST(test_root_follows_no_link_of_another),
	TEST(test_root_gives_no_foreign_lock_away),
};
const size_t file_test_count = sizeof(file_tests) / sizeof(file_tests[0]);
