/* SPDX-License-Identifier: ISC */
/* The file of the refresh token: what it takes, and what is left of it after a death anywhere. */
#include "scim/token_file.h"

#include "tests/unit/scim/support.h"
#include "tests/unit/scim/token_file_steps.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLD "v1." SECRET_MARK ".old"
#define NEW "v1." SECRET_MARK ".the-next-one"

static struct token_place place;

static const char *const path = place.path, *const beside = place.beside;
static const char *const lock_path = place.lock, *const directory = place.directory;

#define put token_place_put

static int make_directory(void **state)
{
	(void)state;
	token_place_make(&place);
	*token_file_steps = (struct token_file_steps) { 0 };
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	*token_file_steps = (struct token_file_steps) { 0 };
	token_place_remove(&place);
	return 0;
}

static bool is_there(const char *name)
{
	struct stat info;
	return lstat(name, &info) == 0;
}

static void assert_holds(const char *wanted)
{
	struct token_file *file = token_file_new(path);
	struct secret *token = NULL;
	struct err err = { "" };
	struct stat info;

	assert_int_equal(token_file_lock(file, &err), STATUS_OK);
	if (token_file_read(file, &token, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	assert_span(secret_reveal(token), wanted);
	assert_false(is_there(beside));
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	secret_free(&token);
	token_file_free(&file);
}

/* @return the message */
static const char *refusal(void)
{
	static struct err err;
	struct token_file *file = token_file_new(path);
	struct secret *token = NULL;

	assert_int_equal(token_file_lock(file, &err), STATUS_OK);
	assert_int_equal(token_file_read(file, &token, &err), STATUS_DOWN);
	assert_null(token);
	token_file_free(&file);
	assert_lacks(err.text, SECRET_MARK);
	assert_has(err.text, "tenant.auth.refresh_token_file: ");
	return err.text;
}

/* --- reading ------------------------------------------------------------------------------ */

static void a_token_is_a_line(void **state)
{
	(void)state;
	put(path, OLD "\n", 0600);
	assert_holds(OLD);
	put(path, OLD, 0600);
	assert_holds(OLD);
	put(path, "with spaces " SECRET_MARK "\n", 0600);
	assert_holds("with spaces " SECRET_MARK);
}

static void what_is_no_token_is_refused(void **state)
{
	(void)state;
	assert_has(refusal(), "is not there yet; log in with \"scimward login\"");
	put(path, "\n", 0600);
	assert_has(refusal(), "is empty");
	put(path, SECRET_MARK "\n" SECRET_MARK "\n", 0600);
	assert_has(refusal(), "holds no refresh token");
	put(path, SECRET_MARK "\xc3\xa9\n", 0600);
	assert_has(refusal(), "holds no refresh token");
	put(path, OLD, 0644);
	assert_has(refusal(), "others can read");
	put(path, OLD, 0620);
	assert_has(refusal(), "its group can write");
}

static void links_are_not_followed(void **state)
{
	struct token_file *file = token_file_new(path);
	struct err err;

	(void)state;
	put(beside, OLD "\n", 0600);
	assert_int_equal(symlink(beside, path), 0);
	(void)unlink(beside);
	assert_has(refusal(), "is a symbolic link");
	assert_int_equal(unlink(path), 0);
	(void)unlink(lock_path);
	assert_int_equal(symlink(path, lock_path), 0);
	assert_int_equal(token_file_lock(file, &err), STATUS_DOWN);
	assert_false(is_there(path));
	assert_int_equal(unlink(lock_path), 0);
	put(path, OLD "\n", 0600);
	assert_int_equal(link(path, lock_path), 0);
	assert_int_equal(token_file_lock(file, &err), STATUS_DOWN);
	assert_has(err.text, "is not a file of its own");
	assert_int_equal(unlink(lock_path), 0);
	assert_holds(OLD);
	token_file_free(&file);
}

static void one_at_a_time_has_the_lock(void **state)
{
	struct token_file *one = token_file_new(path), *other = token_file_new(path);
	struct err err;

	(void)state;
	assert_int_equal(token_file_lock(one, &err), STATUS_OK);
	assert_int_equal(token_file_lock(one, &err), STATUS_OK);
	assert_int_equal(token_file_lock(other, &err), STATUS_RETRY);
	assert_has(err.text, "another process");
	assert_false(token_file_is_locked(other));
	token_file_unlock(one);
	assert_int_equal(token_file_lock(other, &err), STATUS_OK);
	token_file_free(&one);
	token_file_free(&other);
}

static void no_directory_is_said_to_be_none(void **state)
{
	struct token_file *file = token_file_new("/nowhere/at/all/token");
	struct err err;

	(void)state;
	assert_int_equal(token_file_lock(file, &err), STATUS_DOWN);
	assert_has(err.text, "cannot open the directory");
	token_file_free(&file);
}

/* --- writing ------------------------------------------------------------------------------ */

static void store_in(struct token_file *file, const char *token)
{
	struct err err = { "" };

	if (token_file_store(file, span_of(token), &err) != STATUS_OK)
		fail_msg("%s", err.text);
}

static void a_token_replaces_another(void **state)
{
	struct token_file *file = token_file_new(path), *watcher = token_file_new(path);
	struct secret *token = NULL;
	struct err err;

	(void)state;
	assert_false(token_file_has_changed(watcher));
	assert_int_equal(token_file_lock(file, &err), STATUS_OK);
	store_in(file, OLD);
	assert_false(token_file_has_changed(file));
	assert_true(token_file_has_changed(watcher));
	store_in(file, NEW);
	store_in(file, OLD);
	token_file_unlock(file);
	assert_holds(OLD);
	assert_false(token_file_has_changed(file));
	assert_int_equal(token_file_lock(watcher, &err), STATUS_OK);
	assert_int_equal(token_file_read(watcher, &token, &err), STATUS_OK);
	assert_false(token_file_has_changed(watcher));
	assert_int_equal(token_file_prepare(watcher, &err), STATUS_OK);
	assert_true(is_there(beside));
	token_file_unlock(watcher);
	assert_false(is_there(beside));
	put(path, NEW "\n", 0600);
	assert_true(token_file_has_changed(watcher));
	secret_free(&token);
	token_file_free(&watcher);
	token_file_free(&file);
}

static void a_long_token_fits(void **state)
{
	static char longest[TOKEN_FILE_MAX_BYTES + 2];
	struct token_file *file = token_file_new(path);
	struct err err;

	(void)state;
	memset(longest, 'x', TOKEN_FILE_MAX_BYTES + 1);
	assert_false(token_file_allows(span_of(longest)));
	longest[TOKEN_FILE_MAX_BYTES] = '\0';
	assert_true(token_file_allows(span_of(longest)));
	assert_int_equal(token_file_lock(file, &err), STATUS_OK);
	store_in(file, longest);
	store_in(file, NEW);
	token_file_free(&file);
	assert_holds(NEW);
}

/* What a process that died left beside counts when it is whole and nobody put a newer one. */
static void what_lies_beside_is_judged(void **state)
{
	static const struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };

	(void)state;
	put(path, OLD "\n", 0600);
	put(beside, NEW, 0600); /* without the end of its line */
	assert_holds(OLD);
	put(beside, "", 0600);
	assert_holds(OLD);
	put(beside, NEW "\n", 0644);
	assert_holds(OLD);
	put(beside, NEW "\n", 0600);
	assert_int_equal(utimensat(AT_FDCWD, beside, times, 0), 0);
	assert_holds(OLD);
	put(beside, NEW "\n", 0600);
	assert_holds(NEW);
	put(beside, OLD "\n", 0600);
	assert_int_equal(unlink(path), 0);
	assert_holds(OLD);
}

static void an_open_exchange_is_remembered(void **state)
{
	struct token_file *file = token_file_new(path);
	struct secret *token = NULL;
	int64_t at_ms = 0;
	struct err err;

	(void)state;
	put(path, OLD "\n", 0600);
	assert_int_equal(token_file_lock(file, &err), STATUS_OK);
	assert_int_equal(token_file_read(file, &token, &err), STATUS_OK);
	assert_false(token_file_has_open_exchange(file, &at_ms));
	token_file_note_exchange(file, INT64_C(1772353800000));
	assert_true(token_file_has_open_exchange(file, &at_ms));
	assert_int_equal(at_ms, INT64_C(1772353800000));
	token_file_note_exchange(file, 0);
	assert_false(token_file_has_open_exchange(file, &at_ms));
	token_file_note_exchange(file, INT64_C(1772353800000));
	secret_free(&token);
	usleep(20000); /* beyond the clock of the file system */
	store_in(file, NEW);
	assert_false(token_file_has_open_exchange(file, &at_ms));
	token_file_free(&file);
}

/* --- death -------------------------------------------------------------------------------- */

/* An exchange as oauth.c has it. */
static void exchange(void)
{
	struct token_file *file = token_file_new(path);
	struct secret *token = NULL;
	struct err err;

	if (token_file_lock(file, &err) == STATUS_OK &&
	    token_file_read(file, &token, &err) == STATUS_OK &&
	    token_file_prepare(file, &err) == STATUS_OK) {
		token_file_note_exchange(file, 1);
		(void)token_file_store(file, SPAN(NEW), &err);
		token_file_note_exchange(file, 0);
	}
	secret_free(&token);
	token_file_free(&file);
}

static void look(void)
{
	struct token_file *file = token_file_new(path);
	struct secret *token = NULL;
	struct err err;

	if (token_file_lock(file, &err) == STATUS_OK)
		(void)token_file_read(file, &token, &err);
	secret_free(&token);
	token_file_free(&file);
}

/* @return whether it died before that step, or lived to the end */
static bool dies(void (*life)(void), int step)
{
	int code = -1;
	pid_t child;

	*token_file_steps = (struct token_file_steps) { .die_at = step };
	child = fork();
	if (child == 0) {
		life();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &code, 0), child);
	assert_true(WIFEXITED(code));
	token_file_steps->die_at = 0;
	return WEXITSTATUS(code) == TOKEN_FILE_DIED;
}

static bool has_done(const char *name)
{
	for (int i = 0; i < token_file_steps->done; i++) {
		if (strcmp(token_file_steps->names[i], name) == 0)
			return true;
	}
	return false;
}

static void set_up_old(void)
{
	(void)unlink(beside);
	(void)unlink(path);
	put(path, OLD "\n", 0600);
}

/* From the moment on at which all of the new token was written, no death loses it. */
static void no_death_loses_the_new_token(void **state)
{
	int step = 1, with_old = 0, with_new = 0;

	(void)state;
	for (;; step++) {
		bool has_died, is_written;

		set_up_old();
		has_died = dies(exchange, step);
		is_written = has_done("write");
		assert_holds(is_written ? NEW : OLD);
		if (!has_died)
			break;
		*(is_written ? &with_new : &with_old) += 1;
	}
	assert_true(with_old >= 5);
	assert_true(with_new >= 4);
}

/* Who makes it good may die as well. */
static void no_death_while_making_good_loses_it(void **state)
{
	int step;

	(void)state;
	for (step = 1;; step++) {
		bool has_died;

		set_up_old();
		put(beside, NEW "\n", 0600);
		has_died = dies(look, step);
		assert_holds(NEW);
		if (!has_died)
			break;
	}
	assert_true(step >= 4);
}

/* Where the rename fails, the one beside is the only one that is good, until another try worked. */
static int step_of_rename;

static void try_again_after_a_rename_that_failed(void)
{
	struct token_file *file = token_file_new(path);
	struct secret *token = NULL;
	struct err err;

	if (token_file_lock(file, &err) == STATUS_OK &&
	    token_file_read(file, &token, &err) == STATUS_OK &&
	    token_file_prepare(file, &err) == STATUS_OK) {
		token_file_steps->fail_at = step_of_rename;
		token_file_steps->fail_with = EIO;
		if (token_file_store(file, SPAN(NEW), &err) != STATUS_OK)
			(void)token_file_store(file, SPAN(NEW), &err);
	}
	secret_free(&token);
	token_file_free(&file);
}

static void no_death_while_trying_again_loses_it(void **state)
{
	int step;

	(void)state;
	exchange(); /* makes the lock file */
	set_up_old();
	step_of_rename = 0; /* nothing fails */
	assert_false(dies(try_again_after_a_rename_that_failed, 0));
	for (step_of_rename = 0; strcmp(token_file_steps->names[step_of_rename], "rename") != 0;)
		step_of_rename++;
	/* Steps are counted from 1; one that found nothing to remove has no name. */
	step_of_rename += 1 + token_file_steps->count - token_file_steps->done;
	for (step = step_of_rename + 1;; step++) {
		bool has_died;

		set_up_old();
		has_died = dies(try_again_after_a_rename_that_failed, step);
		token_file_steps->fail_at = 0;
		assert_holds(NEW);
		if (!has_died)
			break;
	}
	assert_true(step >= step_of_rename + 6);
}

/* A name on disk before its content would be an empty file after a power cut. */
static void the_order_is_write_sync_rename_sync(void **state)
{
	static const char *const order[] = { "write", "truncate", "sync", "rename", "sync" };
	int at = 0;

	(void)state;
	set_up_old();
	assert_false(dies(exchange, 0));
	while (strcmp(token_file_steps->names[at], "write") != 0)
		at++;
	for (int i = 0; i < 5; i++)
		assert_string_equal(token_file_steps->names[at + i], order[i]);
}

/* --- failures ----------------------------------------------------------------------------- */

/* Whatever fails, it is said, a token is there, and another try stores the new one. */
static void every_failure_can_be_made_good(void **state)
{
	int failures = 0, step;

	(void)state;
	for (step = 1;; step++) {
		struct token_file *file = token_file_new(path);
		struct secret *token = NULL;
		struct err err = { "" };
		enum status status;

		set_up_old();
		*token_file_steps = (struct token_file_steps) { .fail_at = step,
			.fail_with = step % 2 == 0 ? ENOSPC : EIO };
		status = token_file_lock(file, &err);
		if (status == STATUS_OK)
			status = token_file_read(file, &token, &err);
		if (status == STATUS_OK)
			status = token_file_prepare(file, &err);
		if (status == STATUS_OK)
			status = token_file_store(file, SPAN(NEW), &err);
		if (status != STATUS_OK) {
			failures++;
			assert_true(err.text[0] != '\0');
			assert_lacks(err.text, SECRET_MARK);
			if (token_file_is_locked(file))
				store_in(file, NEW);
		}
		secret_free(&token);
		token_file_free(&file);
		if (token_file_steps->count < step)
			break;
	}
	assert_true(failures >= 8);
	*token_file_steps = (struct token_file_steps) { 0 };
	assert_holds(NEW);
}

/* Room that cannot be got is said before the old token is spent. */
static void a_full_disk_shows_before_the_exchange(void **state)
{
	struct token_file *file = token_file_new(path);
	struct secret *token = NULL;
	struct err err;

	(void)state;
	set_up_old();
	assert_int_equal(token_file_lock(file, &err), STATUS_OK);
	assert_int_equal(token_file_read(file, &token, &err), STATUS_OK);
	for (int step = 1; step <= 3; step++) { /* create, chmod, allocate */
		*token_file_steps =
		    (struct token_file_steps) { .fail_at = step, .fail_with = ENOSPC };
		assert_int_equal(token_file_prepare(file, &err), STATUS_DOWN);
		assert_has(err.text, "No space left on device");
		assert_false(is_there(beside));
	}
	secret_free(&token);
	token_file_free(&file);
	assert_holds(OLD);
}

/* --- looking ------------------------------------------------------------------------------ */

static void assert_check(bool is_well, const char *why)
{
	struct str detail = { 0 };

	assert_int_equal(token_file_check(path, &detail), is_well);
	assert_has(str_c(&detail), why);
	str_done(&detail);
}

static void a_look_says_what_is_wrong(void **state)
{
	(void)state;
	assert_check(false, "not there yet; log in");
	put(path, OLD "\n", 0644);
	assert_check(false, "has mode 0644");
	put(path, OLD "\n", 0600);
	assert_check(true, "its directory can be written");
	assert_false(is_there(lock_path));
	if (geteuid() == 0)
		return; /* whom no mode keeps from writing */
	assert_int_equal(chmod(directory, 0500), 0);
	assert_check(false, "cannot be written (Permission denied)");
	assert_int_equal(chmod(directory, 0700), 0);
}

/* Root leaves the service what it needs. */
static void what_root_makes_belongs_to_the_owner_of_the_directory(void **state)
{
	struct token_file *file = token_file_new(path);
	struct stat info;
	struct err err;

	(void)state;
	if (geteuid() != 0) {
		token_file_free(&file);
		skip();
	}
	assert_int_equal(chown(directory, 4242, 4243), 0);
	assert_int_equal(token_file_lock(file, &err), STATUS_OK);
	store_in(file, NEW);
	token_file_free(&file);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_uid, 4242);
	assert_int_equal(info.st_gid, 4243);
	assert_int_equal(stat(lock_path, &info), 0);
	assert_int_equal(info.st_uid, 4242);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

const struct CMUnitTest token_file_tests[] = {
	TEST(a_token_is_a_line),
	TEST(what_is_no_token_is_refused),
	TEST(links_are_not_followed),
	TEST(one_at_a_time_has_the_lock),
	TEST(no_directory_is_said_to_be_none),
	TEST(a_token_replaces_another),
	TEST(a_long_token_fits),
	TEST(what_lies_beside_is_judged),
	TEST(an_open_exchange_is_remembered),
	TEST(no_death_loses_the_new_token),
	TEST(no_death_while_making_good_loses_it),
	TEST(no_death_while_trying_again_loses_it),
	TEST(the_order_is_write_sync_rename_sync),
	TEST(every_failure_can_be_made_good),
	TEST(a_full_disk_shows_before_the_exchange),
	TEST(a_look_says_what_is_wrong),
	TEST(what_root_makes_belongs_to_the_owner_of_the_directory),
};
const size_t token_file_test_count = COUNT_OF(token_file_tests);
