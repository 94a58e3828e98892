/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/replace.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of its own, with a target in it that says "old". */
struct place {
	char directory[64];
	char target[96];
};

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->directory, "/tmp/test_replace.XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	(void)snprintf(place->target, sizeof(place->target), "%s/target", place->directory);
	put_file(place->target, "old");
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	(void)unlink(place->target);
	assert_int_equal(rmdir(place->directory), 0); /* so nothing else was left in it */
	free(place);
	return 0;
}

static void assert_holds(const char *path, const char *text)
{
	char held[64] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	held[fread(held, 1, sizeof(held) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(held, text);
}

static size_t files_in(const struct place *place)
{
	DIR *directory = opendir(place->directory);
	size_t count = 0;

	assert_non_null(directory);
	for (const struct dirent *item; (item = readdir(directory)) != NULL;)
		count += item->d_name[0] != '.';
	closedir(directory);
	return count;
}

static void the_old_content_stays_until_the_commit(void **state)
{
	struct place *place = *state;
	struct replacement replacement;

	assert_true(replacement_begin(&replacement, place->target, 0600));
	assert_true(fputs("new", replacement.file) >= 0);
	fflush(replacement.file);
	assert_holds(place->target, "old");
	assert_int_equal(files_in(place), 2);
	assert_true(replacement_commit(&replacement));
	assert_holds(place->target, "new");
	assert_int_equal(files_in(place), 1);
	assert_null(replacement.file);
	replacement_abandon(&replacement); /* nothing is under way: welcome */
	assert_holds(place->target, "new");
}

static void the_mode_does_not_depend_on_the_umask(void **state)
{
	struct place *place = *state;
	const mode_t modes[] = { 0600, 0644 };
	mode_t umask_before = umask(0077);

	for (size_t i = 0; i < 2; i++) {
		struct replacement replacement;
		struct stat status;

		assert_true(replacement_begin(&replacement, place->target, modes[i]));
		assert_int_equal(fstat(fileno(replacement.file), &status), 0);
		assert_int_equal(status.st_mode & 07777, modes[i]);
		assert_true(replacement_commit(&replacement));
		assert_int_equal(stat(place->target, &status), 0);
		assert_int_equal(status.st_mode & 07777, modes[i]);
	}
	umask(umask_before);
}

static void what_is_abandoned_leaves_nothing(void **state)
{
	struct place *place = *state;
	struct replacement replacement;

	assert_true(replacement_begin(&replacement, place->target, 0600));
	assert_true(fputs("half", replacement.file) >= 0);
	errno = ENOSPC;
	replacement_abandon(&replacement);
	assert_int_equal(errno, ENOSPC);
	assert_holds(place->target, "old");
	assert_int_equal(files_in(place), 1);
}

static void where_no_file_can_be_made_errno_says_so(void **state)
{
	struct place *place = *state;
	struct replacement replacement;
	char target[128];

	(void)snprintf(target, sizeof(target), "%s/none/target", place->directory);
	assert_false(replacement_begin(&replacement, target, 0600));
	assert_int_equal(errno, ENOENT);
	assert_null(replacement.file);
	replacement_abandon(&replacement);
}

static void a_target_that_cannot_be_replaced_is_left(void **state)
{
	struct place *place = *state;
	struct replacement replacement;
	char target[128];

	(void)snprintf(target, sizeof(target), "%s/directory", place->directory);
	assert_int_equal(mkdir(target, 0700), 0);
	assert_true(replacement_begin(&replacement, target, 0600));
	assert_false(replacement_commit(&replacement));
	assert_int_equal(errno, EISDIR);
	assert_int_equal(files_in(place), 2);
	assert_int_equal(rmdir(target), 0);
}

/* As on a full disk: some of the content does not fit. */
static void commit_with_limit(struct replacement *replacement, bool is_noticed)
{
	struct rlimit before, limit;
	static const char content[64 * 1024];

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	(void)fwrite(content, 1, is_noticed ? sizeof(content) : 2000, replacement->file);
	assert_false(replacement_commit(replacement));
	assert_int_equal(errno, is_noticed ? EIO : EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static void a_write_that_failed_is_not_committed(void **state)
{
	struct place *place = *state;

	for (int is_noticed = 0; is_noticed < 2; is_noticed++) {
		struct replacement replacement;

		assert_true(replacement_begin(&replacement, place->target, 0600));
		commit_with_limit(&replacement, is_noticed != 0);
		assert_holds(place->target, "old");
		assert_int_equal(files_in(place), 1);
	}
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

const struct CMUnitTest replace_tests[] = {
	IN_A_PLACE(the_old_content_stays_until_the_commit),
	IN_A_PLACE(the_mode_does_not_depend_on_the_umask),
	IN_A_PLACE(what_is_abandoned_leaves_nothing),
	IN_A_PLACE(where_no_file_can_be_made_errno_says_so),
	IN_A_PLACE(a_target_that_cannot_be_replaced_is_left),
	IN_A_PLACE(a_write_that_failed_is_not_committed),
};
const size_t replace_test_count = sizeof(replace_tests) / sizeof(*replace_tests);
