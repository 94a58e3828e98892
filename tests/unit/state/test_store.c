/* SPDX-License-Identifier: ISC */
/*
 * Opening in each mode, transactions, and what becomes of the file.
 */
#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t count_links(struct fixture *fixture)
{
	uint64_t count = 0;

	assert_ok(fixture, store_link_count(fixture->store, &count, &fixture->err));
	return count;
}

/* Whether there is a file beside the database. */
static bool has_beside(const struct fixture *fixture, const char *suffix)
{
	char path[320];

	(void)snprintf(path, sizeof(path), "%s%s", fixture->path, suffix);
	return access(path, F_OK) == 0;
}

/* Makes a file with links 1 to `count`, closed. */
static void make_file(struct fixture *fixture, uint8_t count)
{
	fixture_open(fixture, STORE_WRITE);
	for (uint8_t i = 1; i <= count; i++)
		fixture_put_link(fixture, i);
	fixture_commit(fixture);
	store_close(&fixture->store);
}

static void test_commit_survives_and_close_rolls_back(void **state)
{
	struct fixture *fixture = *state;

	make_file(fixture, 2);
	fixture_open(fixture, STORE_WRITE);
	fixture_put_link(fixture, 3);
	assert_int_equal(count_links(fixture), 3);
	fixture_reopen(fixture);
	assert_int_equal(count_links(fixture), 2);
	fixture_commit(fixture);
	fixture_commit(fixture);
}

/* Runs `work` in a process that ends without closing anything. @return its exit status */
static int in_child(struct fixture *fixture, int (*work)(struct fixture *fixture))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(work(fixture));
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int write_and_die(struct fixture *fixture)
{
	struct err err;
	struct link one = fixture_link(fixture, 1), two = fixture_link(fixture, 2);

	if (store_open(fixture->path, STORE_WRITE, &fixture->store, &err) != STATUS_OK ||
	    store_link_put(fixture->store, &one, &err) != STATUS_OK ||
	    store_commit(fixture->store, &err) != STATUS_OK ||
	    store_link_put(fixture->store, &two, &err) != STATUS_OK)
		return 1;
	return 0;
}

static void test_a_writer_that_died(void **state)
{
	struct fixture *fixture = *state;
	const char *before;

	assert_int_equal(in_child(fixture, write_and_die), 0);
	assert_true(has_beside(fixture, "-wal"));
	before = fixture_hash(fixture);
	fixture_open(fixture, STORE_DRY_RUN);
	assert_int_equal(count_links(fixture), 1);
	store_close(&fixture->store);
	assert_string_equal(fixture_hash(fixture), before);
	fixture_open(fixture, STORE_WRITE);
	assert_int_equal(count_links(fixture), 1);
}

static int try_to_write(struct fixture *fixture)
{
	struct err err = { 0 };
	struct store *store = NULL;
	enum status status = store_open(fixture->path, STORE_WRITE, &store, &err);

	if (strstr(err.text, "another process") == NULL)
		return 99;
	return status;
}

static void test_one_writer(void **state)
{
	struct fixture *fixture = *state;

	fixture_open(fixture, STORE_WRITE);
	assert_int_equal(in_child(fixture, try_to_write), STATUS_RETRY);
	fixture_expect_open(fixture, STORE_WRITE, STATUS_RETRY, "another process holds it");
	fixture_reopen(fixture);
}

static void test_two_names_of_one_file_share_the_lock(void **state)
{
	struct fixture *fixture = *state;
	char other[320];
	struct store *store = NULL;

	(void)snprintf(other, sizeof(other), "%s/other.db", fixture->directory);
	fixture_open(fixture, STORE_WRITE);
	assert_int_equal(symlink(fixture->path, other), 0);
	assert_int_equal(store_open(other, STORE_WRITE, &store, NULL), STATUS_RETRY);
	(void)snprintf(other, sizeof(other), "%s/./state.db", fixture->directory);
	assert_int_equal(store_open(other, STORE_WRITE, &store, NULL), STATUS_RETRY);
}

static void test_readers_need_no_lock(void **state)
{
	struct fixture *fixture = *state;
	struct store *writer;

	make_file(fixture, 1);
	fixture_open(fixture, STORE_WRITE);
	fixture_put_link(fixture, 2);
	fixture_commit(fixture);
	fixture_put_link(fixture, 3);
	writer = fixture->store;
	fixture->store = NULL;
	fixture_open(fixture, STORE_READ);
	assert_int_equal(count_links(fixture), 2);
	assert_ok(fixture, store_commit(writer, &fixture->err));
	assert_int_equal(count_links(fixture), 3);
	store_close(&writer);
	assert_int_equal(count_links(fixture), 3);
}

static void test_a_dry_run_sees_one_state(void **state)
{
	struct fixture *fixture = *state;
	struct store *writer;

	fixture_open(fixture, STORE_WRITE);
	fixture_put_link(fixture, 1);
	fixture_commit(fixture);
	writer = fixture->store;
	fixture->store = NULL;
	fixture_open(fixture, STORE_DRY_RUN);
	for (uint8_t i = 2; i < 9; i++) {
		struct link link = fixture_link(fixture, i);

		assert_ok(fixture, store_link_put(writer, &link, &fixture->err));
		assert_ok(fixture, store_commit(writer, &fixture->err));
		(void)fixture_run(fixture);
		fixture_commit(fixture);
		assert_int_equal(count_links(fixture), 1);
	}
	store_close(&writer);
}

static void write_everything(struct fixture *fixture)
{
	struct run run = fixture_run(fixture);
	struct action action = fixture_action(fixture, run.id, ACTION_UPDATE);
	struct observed observed = { .id = SPAN("o") };
	struct quarantine quarantine = { .key = fixture_key(3) };
	uint8_t number;

	action.state = ACTION_DONE;
	assert_ok(fixture, store_action_set_state(fixture->store, &action, &fixture->err));
	assert_ok(fixture, store_observed_put(fixture->store, &observed, &fixture->err));
	assert_ok(fixture, store_quarantine_put(fixture->store, &quarantine, &fixture->err));
	assert_ok(fixture, store_meta_put(fixture->store, "m", SPAN("v"), &fixture->err));
	assert_ok(
	    fixture, store_directory_number(fixture->store, SPAN("new"), &number, &fixture->err));
	assert_ok(fixture, store_run_update(fixture->store, &run, &fixture->err));
	assert_ok(fixture, store_run_end_dead(fixture->store, run.id, 1, &fixture->err));
	fixture_put_link(fixture, 9);
	fixture_commit(fixture);
}

static void test_a_dry_run_leaves_every_byte(void **state)
{
	struct fixture *fixture = *state;
	const char *before;
	struct span value = SPAN("x");

	make_file(fixture, 3);
	before = fixture_hash(fixture);
	fixture_open(fixture, STORE_DRY_RUN);
	write_everything(fixture);
	assert_ok(
	    fixture, store_meta_get(fixture->store, "m", fixture->arena, &value, &fixture->err));
	assert_span(value, "v");
	store_close(&fixture->store);
	assert_string_equal(fixture_hash(fixture), before);
	assert_false(has_beside(fixture, "-wal"));
	assert_false(has_beside(fixture, "-shm"));
	assert_false(has_beside(fixture, "-journal"));
	fixture_open(fixture, STORE_READ);
	assert_ok(
	    fixture, store_meta_get(fixture->store, "m", fixture->arena, &value, &fixture->err));
	assert_null(value.at);
}

static void test_no_file_is_an_empty_snapshot(void **state)
{
	struct fixture *fixture = *state;
	struct store_facts facts = { .exists = true };
	static const enum store_mode modes[] = { STORE_READ, STORE_DRY_RUN };

	for (size_t i = 0; i < 2; i++) {
		fixture_open(fixture, modes[i]);
		assert_int_equal(count_links(fixture), 0);
		assert_ok(fixture, store_facts(fixture->store, &facts, &fixture->err));
		assert_false(facts.exists);
		if (modes[i] == STORE_DRY_RUN)
			write_everything(fixture);
		assert_int_equal(count_links(fixture), 0);
		store_close(&fixture->store);
		assert_int_not_equal(access(fixture->path, F_OK), 0);
	}
}

static void test_an_empty_file_is_an_empty_snapshot(void **state)
{
	struct fixture *fixture = *state;
	FILE *file = fopen(fixture->path, "w");

	assert_non_null(file);
	(void)fclose(file);
	fixture_open(fixture, STORE_READ);
	assert_int_equal(count_links(fixture), 0);
	store_close(&fixture->store);
	fixture_open(fixture, STORE_WRITE);
	fixture_put_link(fixture, 1);
}

static void test_a_writer_under_an_immutable_reader(void **state)
{
	struct fixture *fixture = *state;
	struct store *reader = NULL;
	uint64_t count = 0;
	struct err err = { 0 };

	make_file(fixture, 3);
	assert_ok(fixture, store_open(fixture->path, STORE_READ, &reader, &fixture->err));
	assert_ok(fixture, store_link_count(reader, &count, &fixture->err));
	make_file(fixture, 200);
	assert_int_equal(store_link_count(reader, &count, &err), STATUS_RETRY);
	assert_non_null(strstr(err.text, "try again"));
	assert_int_equal(store_commit(reader, &err), STATUS_RETRY);
	store_close(&reader);
}

/* As somebody else, in a directory that cannot be written. */
static int read_without_rights(struct fixture *fixture)
{
	struct err err = { 0 };
	uint64_t count = 0;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return 1;
	if (store_open(fixture->path, STORE_DRY_RUN, &fixture->store, &err) != STATUS_OK)
		return 2;
	if (store_link_count(fixture->store, &count, &err) != STATUS_OK || count != 3)
		return 3;
	store_close(&fixture->store);
	if (store_open(fixture->path, STORE_WRITE, &fixture->store, &err) != STATUS_CORRUPT ||
	    strstr(err.text, "check the owner and mode") == NULL)
		return 4;
	return 0;
}

static void give_away(const char *path)
{
	if (geteuid() == 0)
		assert_int_equal(chown(path, 65534, 65534), 0);
}

static void test_read_only_directory(void **state)
{
	struct fixture *fixture = *state;
	char lock[320];

	make_file(fixture, 3);
	(void)snprintf(lock, sizeof(lock), "%s.lock", fixture->path);
	assert_int_equal(unlink(lock), 0);
	give_away(fixture->path);
	give_away(fixture->directory);
	assert_int_equal(chmod(fixture->directory, 0500), 0);
	assert_int_equal(in_child(fixture, read_without_rights), 0);
}

static int open_unreadable(struct fixture *fixture)
{
	struct err err = { 0 };

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return 1;
	if (store_open(fixture->path, STORE_READ, &fixture->store, &err) != STATUS_CORRUPT ||
	    strstr(err.text, "Permission denied") == NULL)
		return 2;
	return 0;
}

static void test_unreadable_file(void **state)
{
	struct fixture *fixture = *state;

	make_file(fixture, 1);
	if (geteuid() != 0)
		assert_int_equal(chmod(fixture->path, 0), 0);
	assert_int_equal(chmod(fixture->directory, 0755), 0);
	assert_int_equal(in_child(fixture, open_unreadable), 0);
}

/* Every write beyond the limit fails as on a full disk. */
static int fill_disk(struct fixture *fixture)
{
	struct rlimit limit = { 256 * 1024, 256 * 1024 };
	struct err err = { 0 }, again = { 0 };
	struct action action = { .run_id = 1 };
	enum status status = STATUS_OK;
	char body[4000];

	memset(body, 'x', sizeof(body));
	action.detail = (struct span) { body, sizeof(body) };
	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	if (store_open(fixture->path, STORE_WRITE, &fixture->store, &err) != STATUS_OK)
		return 2;
	for (int i = 0; i < 1000 && status == STATUS_OK; i++) {
		status = store_action_add(fixture->store, &action, &err);
		if (status == STATUS_OK)
			status = store_commit(fixture->store, &err);
	}
	if (status != STATUS_CORRUPT || strstr(err.text, "the disk is full") == NULL) {
		print_error("%s: %s\n", status_name(status), err.text);
		return 3;
	}
	/* The store stays broken: nothing can be committed without what failed. */
	if (store_action_add(fixture->store, &action, &again) != STATUS_CORRUPT ||
	    store_commit(fixture->store, &again) != STATUS_CORRUPT ||
	    strcmp(err.text, again.text) != 0)
		return 4;
	store_close(&fixture->store);
	return 0;
}

static void test_full_disk(void **state)
{
	struct fixture *fixture = *state;

	make_file(fixture, 3);
	assert_int_equal(in_child(fixture, fill_disk), 0);
	fixture_open(fixture, STORE_WRITE);
	assert_int_equal(count_links(fixture), 3);
	fixture_put_link(fixture, 4);
	fixture_commit(fixture);
}

static void test_odd_names(void **state)
{
	struct fixture *fixture = *state;

	(void)snprintf(
	    fixture->path, sizeof(fixture->path), "%s/a?mode=memory#b%%41 é", fixture->directory);
	make_file(fixture, 2);
	assert_int_equal(access(fixture->path, F_OK), 0);
	fixture_open(fixture, STORE_READ);
	assert_int_equal(count_links(fixture), 2);
}

static void test_facts(void **state)
{
	struct fixture *fixture = *state;
	struct store_facts facts = { 0 };
	struct quarantine quarantine = { .key = fixture_key(3) };
	struct link link = fixture_link(fixture, 5);
	struct action action;

	make_file(fixture, 3);
	fixture_open(fixture, STORE_WRITE);
	link.is_active = false;
	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	assert_ok(fixture, store_quarantine_put(fixture->store, &quarantine, &fixture->err));
	action = fixture_action(fixture, 1, ACTION_UPDATE);
	action.state = ACTION_SENT;
	assert_ok(fixture, store_action_set_state(fixture->store, &action, &fixture->err));
	assert_ok(fixture, store_facts(fixture->store, &facts, &fixture->err));
	assert_int_equal(facts.links, 4);
	assert_int_equal(facts.active_links, 3);
	assert_int_equal(facts.quarantined, 1);
	assert_int_equal(facts.unsettled, 1);
	assert_int_equal(facts.schema_version, 1);
	assert_true(facts.exists);
}

static void test_observing_does_not_keep_others_from_writing(void **state)
{
	struct fixture *fixture = *state;
	struct observed observed = { .id = SPAN("o") };
	struct link link;
	bool is_found;

	make_file(fixture, 1);
	fixture_open(fixture, STORE_WRITE);
	assert_ok(fixture, store_observed_put(fixture->store, &observed, &fixture->err));
	assert_ok(fixture, store_link_find(fixture->store, LINK_BY_ACCOUNT_ID, SPAN("a1"),
			       fixture->arena, &link, &is_found, &fixture->err));
	struct store *store = fixture->store;
	fixture->store = NULL;
	fixture_sql(fixture, "INSERT INTO meta VALUES ('decision', 'yes')");
	fixture->store = store;
	/* What was looked at is old now; writing starts afresh. */
	fixture_put_link(fixture, 2);
	fixture_commit(fixture);
}

static void test_a_busy_file(void **state)
{
	struct fixture *fixture = *state;
	struct link link = fixture_link(fixture, 1);
	int ready[2], done[2];
	char byte = 0;
	pid_t child;

	make_file(fixture, 1);
	assert_int_equal(pipe(ready) | pipe(done), 0);
	child = fork();
	if (child == 0) {
		fixture_open(fixture, STORE_WRITE);
		fixture_put_link(fixture, 2);
		(void)!write(ready[1], &byte, 1);
		(void)!read(done[0], &byte, 1);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	/* The lock file is gone, as if the other were a program that knows nothing of it. */
	char lock[320];
	(void)snprintf(lock, sizeof(lock), "%s.lock", fixture->path);
	assert_int_equal(unlink(lock), 0);
	fixture_open(fixture, STORE_WRITE);
	assert_int_equal(store_link_put(fixture->store, &link, &fixture->err), STATUS_RETRY);
	assert_non_null(strstr(fixture->err.text, "another process is writing"));
	assert_int_equal(write(done[1], &byte, 1), 1);
	assert_int_equal(waitpid(child, NULL, 0), child);
	fixture_put_link(fixture, 3);
	fixture_commit(fixture);
	for (int i = 0; i < 2; i++) {
		(void)close(ready[i]);
		(void)close(done[i]);
	}
}

static void test_close_welcomes_nothing(void **state)
{
	struct store *store = NULL;
	(void)state;

	store_close(&store);
	assert_null(store);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

const struct CMUnitTest store_tests[] = {
	TEST(test_commit_survives_and_close_rolls_back),
	TEST(test_a_writer_that_died),
	TEST(test_one_writer),
	TEST(test_two_names_of_one_file_share_the_lock),
	TEST(test_readers_need_no_lock),
	TEST(test_a_dry_run_sees_one_state),
	TEST(test_a_dry_run_leaves_every_byte),
	TEST(test_no_file_is_an_empty_snapshot),
	TEST(test_an_empty_file_is_an_empty_snapshot),
	TEST(test_a_writer_under_an_immutable_reader),
	TEST(test_read_only_directory),
	TEST(test_unreadable_file),
	TEST(test_full_disk),
	TEST(test_odd_names),
	TEST(test_facts),
	TEST(test_observing_does_not_keep_others_from_writing),
	TEST(test_a_busy_file),
	TEST(test_close_welcomes_nothing),
};
const size_t store_test_count = sizeof(store_tests) / sizeof(store_tests[0]);
