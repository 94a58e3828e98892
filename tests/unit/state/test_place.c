/* SPDX-License-Identifier: ISC */
/*
 * The place of a state, looked at from outside.
 */
#include "fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct store_place look(struct fixture *fixture)
{
	struct store_place place;

	assert_ok(fixture, store_look(fixture->path, &place, &fixture->err));
	return place;
}

static void test_before_there_is_one(void **state)
{
	struct store_place place = look(*state);

	assert_false(place.exists);
	assert_false(place.is_locked);
	assert_int_equal(place.size_bytes, 0);
	assert_true(place.total_bytes > 0 && place.free_bytes <= place.total_bytes);
	assert_string_equal(place.cannot_write.text, "");
	assert_int_equal(access(((struct fixture *)*state)->path, F_OK), -1);
}

static void test_who_holds_the_lock(void **state)
{
	struct fixture *fixture = *state;
	struct store_place place;

	fixture_open(fixture, STORE_WRITE);
	place = look(fixture);
	assert_true(place.exists && place.is_locked);
	assert_int_equal(place.holder_pid, getpid());
	assert_true(place.size_bytes > 0);
	assert_int_not_equal(place.holder[0], '\0');
	store_close(&fixture->store);
	assert_false(look(fixture).is_locked);
}

static void test_no_folder(void **state)
{
	struct fixture *fixture = *state;
	struct store_place place;

	(void)snprintf(
	    fixture->path, sizeof(fixture->path), "%s/none/state.db", fixture->directory);
	assert_int_equal(store_look(fixture->path, &place, &fixture->err), STATUS_CORRUPT);
	assert_non_null(strstr(fixture->err.text, "No such file"));
	assert_non_null(strstr(fixture->err.text, "; make it"));
}

/* Root may write everywhere, so somebody else looks. */
static void look_as_nobody(struct fixture *fixture)
{
	enum { NOBODY = 65534 };
	int code = -1;
	pid_t child;

	assert_int_equal(chown(fixture->directory, NOBODY, NOBODY), 0);
	child = fork();
	if (child == 0) {
		if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
			_exit(2);
		_exit(strstr(look(fixture).cannot_write.text, "Permission denied") == NULL);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &code, 0), child);
	assert_true(WIFEXITED(code));
	assert_int_equal(WEXITSTATUS(code), 0);
}

static void test_a_folder_that_cannot_be_written(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(chmod(fixture->directory, 0500), 0);
	if (geteuid() == 0)
		look_as_nobody(fixture);
	else
		assert_non_null(strstr(look(fixture).cannot_write.text, "Permission denied"));
	assert_int_equal(chmod(fixture->directory, 0700), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

const struct CMUnitTest place_tests[] = {
	TEST(test_before_there_is_one),
	TEST(test_who_holds_the_lock),
	TEST(test_no_folder),
	TEST(test_a_folder_that_cannot_be_written),
};
const size_t place_test_count = sizeof(place_tests) / sizeof(place_tests[0]);
