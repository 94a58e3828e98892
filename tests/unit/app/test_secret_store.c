/* SPDX-License-Identifier: ISC */
#include "app/secret_store.h"
#include "tests/unit/app/tests.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char place[64], folder[96];

static int set_up(void **state)
{
	(void)state;
	snprintf(place, sizeof(place), "/tmp/scimward-secret-XXXXXX");
	if (mkdtemp(place) == NULL)
		return -1;
	snprintf(folder, sizeof(folder), "%s/credentials", place);
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info, (void)type, (void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	nftw(place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static enum status store(const char *text, struct err *reterr)
{
	struct secret_reader reader = { geteuid(), getegid(), true };
	struct secret *secret = secret_new(span_of(text));
	enum status status = secret_store_write(folder, "key", secret, &reader, reterr);

	secret_free(&secret);
	return status;
}

static void assert_holds(const char *name, const char *text)
{
	char reference[256];
	struct secret *secret = NULL;
	struct err err = { "" };

	snprintf(reference, sizeof(reference), "file:%s/%s", folder, name);
	if (secret_load(span_of(reference), &secret, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	assert_true(span_equal(secret_reveal(secret), span_of(text)));
	secret_free(&secret);
}

static mode_t mode_of(const char *name)
{
	char path[256];
	struct stat info;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(lstat(path, &info), 0);
	return info.st_mode;
}

static void only_its_reader_can_open_it(void **state)
{
	mode_t before = umask(0);
	struct err err;

	(void)state;
	assert_false(secret_store_has(folder, "key"));
	assert_int_equal(store("s3cret", &err), STATUS_OK);
	umask(before);
	assert_true(secret_store_has(folder, "key"));
	assert_holds("key", "s3cret");
	assert_int_equal(mode_of("key"), S_IFREG | 0600);
	assert_int_equal(mode_of("."), S_IFDIR | 0700);
}

static void what_was_there_stays(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(store("first", &err), STATUS_OK);
	assert_int_equal(store("second", &err), STATUS_OK);
	assert_int_equal(store("third", &err), STATUS_OK);
	assert_holds("key", "third");
	assert_holds("key.old", "first");
	assert_holds("key.old.2", "second");
	assert_false(secret_store_has(folder, "key.new"));
}

static void an_open_folder_is_refused(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(chmod(folder, 0750), 0);
	assert_int_equal(store("s3cret", &err), STATUS_REJECT);
	assert_non_null(strstr(err.text, "chmod it to 0700"));
	assert_null(strstr(err.text, "s3cret"));
	assert_false(secret_store_has(folder, "key"));
}

/* Root writes where another user may put links. */
static void links_are_not_followed(void **state)
{
	char target[96], path[128];
	struct err err = { "" };
	int descriptor;

	(void)state;
	snprintf(target, sizeof(target), "%s/elsewhere", place);
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(symlink(target, folder), 0);
	assert_int_equal(store("s3cret", &err), STATUS_REJECT);
	assert_int_equal(unlink(folder), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, i == 0 ? "key" : "key.new");
		snprintf(target, sizeof(target), "%s/victim%d", place, i);
		descriptor = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		assert_true(descriptor >= 0);
		close(descriptor);
		assert_int_equal(symlink(target, path), 0);
	}
	assert_int_equal(store("s3cret", &err), STATUS_OK);
	assert_holds("key", "s3cret");
	assert_int_equal(mode_of("key"), S_IFREG | 0600);
	for (int i = 0; i < 2; i++) {
		struct stat info;

		snprintf(target, sizeof(target), "%s/victim%d", place, i);
		assert_int_equal(stat(target, &info), 0);
		assert_int_equal(info.st_size, 0);
	}
}

static void the_folder_of_the_folder_must_be_there(void **state)
{
	struct err err = { "" };

	(void)state;
	snprintf(folder, sizeof(folder), "%s/no/credentials", place);
	assert_int_equal(store("s3cret", &err), STATUS_REJECT);
	assert_non_null(strstr(err.text, "No such file"));
}

static void a_held_secret_has_a_reference(void **state)
{
	struct secret *secret = secret_new(SPAN("s3cret")), *loaded = NULL;
	struct held_secret held = { .descriptor = -1 };
	struct err err = { "" };

	(void)state;
	assert_int_equal(secret_hold(secret, &held, &err), STATUS_OK);
	for (int i = 0; i < 2; i++) {
		if (secret_load(span_of(held.reference), &loaded, &err) != STATUS_OK)
			fail_msg("%s", err.text);
		assert_true(span_equal(secret_reveal(loaded), SPAN("s3cret")));
		secret_free(&loaded);
	}
	secret_let_go(&held);
	secret_let_go(&held);
	assert_int_equal(held.descriptor, -1);
	assert_int_equal(secret_load(span_of(held.reference), &loaded, &err), STATUS_REJECT);
	secret_free(&secret);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

const struct CMUnitTest secret_store_tests[] = {
	WITH_PLACE(only_its_reader_can_open_it),
	WITH_PLACE(what_was_there_stays),
	WITH_PLACE(an_open_folder_is_refused),
	WITH_PLACE(links_are_not_followed),
	WITH_PLACE(the_folder_of_the_folder_must_be_there),
	cmocka_unit_test(a_held_secret_has_a_reference),
};
const size_t secret_store_test_count = sizeof(secret_store_tests) / sizeof(secret_store_tests[0]);
