/* SPDX-License-Identifier: ISC */
/*
 * Files that are not what this version writes: newer, of others, damaged, and hostile.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const enum store_mode modes[] = { STORE_WRITE, STORE_DRY_RUN, STORE_READ };
enum { MODES = sizeof(modes) / sizeof(modes[0]) };

static void expect_everywhere(struct fixture *fixture, const char *words)
{
	for (int i = 0; i < MODES; i++)
		fixture_expect_open(fixture, modes[i], STATUS_CORRUPT, words);
}

/* Makes a file with one link, one run, one action and one quarantined entry; closed. */
static void make_file(struct fixture *fixture)
{
	struct run run;
	struct quarantine quarantine = { .key = fixture_key(3) };

	fixture_open(fixture, STORE_WRITE);
	fixture_put_link(fixture, 1);
	run = fixture_run(fixture);
	(void)fixture_action(fixture, run.id, ACTION_UPDATE);
	assert_ok(fixture, store_quarantine_put(fixture->store, &quarantine, &fixture->err));
	fixture_commit(fixture);
	store_close(&fixture->store);
}

static void test_newer(void **state)
{
	struct fixture *fixture = *state;

	make_file(fixture);
	fixture_sql(fixture, "PRAGMA user_version = 2");
	expect_everywhere(fixture, "schema version 2 and this program knows version 1");
	expect_everywhere(fixture, "install the version");
}

static void test_of_another_program(void **state)
{
	struct fixture *fixture = *state;

	fixture_sql(fixture, "CREATE TABLE link (a); PRAGMA user_version = 1");
	expect_everywhere(fixture, "of another program");
}

static void test_not_a_database(void **state)
{
	struct fixture *fixture = *state;
	FILE *file = fopen(fixture->path, "w");

	for (int i = 0; i < 500; i++)
		(void)fputs("This is a letter, not a database. ", file);
	(void)fclose(file);
	expect_everywhere(fixture, "not a state database");
}

static void test_older_is_migrated_by_the_writer_alone(void **state)
{
	struct fixture *fixture = *state;

	/* What a writer that died between making the file and its tables leaves. */
	fixture_sql(fixture, "PRAGMA journal_mode = WAL; PRAGMA user_version = 0");
	fixture_open(fixture, STORE_READ);
	store_close(&fixture->store);
	fixture_open(fixture, STORE_WRITE);
	fixture_put_link(fixture, 1);
	store_close(&fixture->store);
	fixture_sql(fixture, "PRAGMA user_version = 0");
	fixture_expect_open(fixture, STORE_READ, STATUS_CORRUPT, "start the service once");
}

/* Every function that reads, on whatever the file holds. @return the worst status */
static enum status read_all(struct fixture *fixture, struct err *reterr);

static void on_brief(void *context, const struct link_brief *brief)
{
	(void)context;
	(void)brief;
}

static void on_run(void *context, const struct run *run)
{
	(void)context;
	(void)run;
}

static void on_action(void *context, const struct action *action)
{
	(void)context;
	(void)action;
}

static void on_quarantine(void *context, const struct quarantine *quarantine)
{
	(void)context;
	(void)quarantine;
}

static void on_link(void *context, const struct link *link)
{
	(void)context;
	(void)link;
}

static enum status read_all(struct fixture *fixture, struct err *reterr)
{
	struct store *store = fixture->store;
	struct action_query query = { .run_id = 1 };
	struct plan_summary summary;
	struct link link;
	bool is_found;
	enum status status = store_link_each(store, on_brief, NULL, reterr);

	if (status == STATUS_OK)
		status = store_link_each_unobserved(store, on_link, NULL, reterr);
	if (status == STATUS_OK)
		status = store_link_find(
		    store, LINK_BY_DN, SPAN("cn=none"), fixture->arena, &link, &is_found, reterr);
	if (status == STATUS_OK)
		status = store_run_each(store, -1, on_run, NULL, reterr);
	if (status == STATUS_OK)
		status = store_action_each(store, &query, on_action, NULL, reterr);
	if (status == STATUS_OK)
		status = store_action_summary(store, 1, &summary, reterr);
	if (status == STATUS_OK)
		status = store_quarantine_each(store, on_quarantine, NULL, reterr);
	return status;
}

static const struct {
	const char *sql, *words;
} lies[] = {
	{ "UPDATE action SET state = 'lost'", "\"state\"" },
	{ "UPDATE action SET kind = 'destroy'", "\"kind\"" },
	{ "UPDATE action SET kind = 'create'", "\"kind\"" },
	{ "UPDATE action SET reason = ''", "\"reason\"" },
	{ "UPDATE action SET rank = 'x'", "\"rank\"" },
	{ "UPDATE action SET attempts = -1", "\"attempts\"" },
	{ "UPDATE action SET http_status = 99999999999", "\"http_status\"" },
	{ "UPDATE action SET key = x'00'", "\"key\"" },
	{ "UPDATE action SET body = x'00'", "\"body\"" },
	{ "UPDATE action SET detail = 7.5", "" }, /* TEXT affinity makes it a text */
	{ "UPDATE run SET kind = 'quick'", "\"kind\"" },
	{ "UPDATE run SET is_dry = 2", "\"is_dry\"" },
	{ "UPDATE run SET exit_code = 'many'", "\"exit_code\"" },
	{ "UPDATE run SET created = -1", "\"created\"" },
	{ "UPDATE link SET key = x'0102'", "\"key\"" },
	{ "UPDATE link SET key = 'sixteen letters!'", "\"key\"" },
	{ "UPDATE link SET digest = zeroblob(15)", "\"digest\"" },
	{ "UPDATE link SET digest = zeroblob(9999999)", "\"digest\"" },
	{ "UPDATE link SET directory = 256", "\"directory\"" },
	{ "UPDATE link SET is_active = 'yes'", "\"is_active\"" },
	{ "UPDATE link SET missing_since_ms = 'never'", "\"missing_since_ms\"" },
	{ "UPDATE link SET dn = x'ff'", "\"dn\"" },
	{ "UPDATE quarantine SET digest = ''", "\"digest\"" },
	{ "UPDATE quarantine SET attempts = 3000000000", "\"attempts\"" },
	{ "ALTER TABLE link DROP COLUMN digest", "digest" },
	{ "DROP TABLE action", "action" },
	{ "DROP TABLE run; CREATE VIEW run AS SELECT * FROM link", "run" },
};

static void test_rows_that_lie(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct err err = { 0 };
		enum status status;

		make_file(fixture);
		fixture_sql(fixture, "DROP INDEX link_key");
		fixture_sql(fixture, lies[i].sql);
		status = store_open(fixture->path, STORE_READ, &fixture->store, &err);
		if (status == STATUS_OK)
			status = read_all(fixture, &err);
		store_close(&fixture->store);
		assert_int_equal(unlink(fixture->path), 0);
		if (lies[i].words[0] == '\0')
			assert_int_equal(status, STATUS_OK);
		else if (status != STATUS_CORRUPT || strstr(err.text, lies[i].words) == NULL)
			fail_msg("%s: %d %s", lies[i].sql, status, err.text);
	}
}

static void test_code_in_the_file_does_not_run(void **state)
{
	struct fixture *fixture = *state;
	struct span value = SPAN_NULL;

	make_file(fixture);
	fixture_sql(fixture, "CREATE TRIGGER bad AFTER INSERT ON link BEGIN"
			     " INSERT OR REPLACE INTO meta VALUES ('bad', 'yes'); END;"
			     "CREATE TRIGGER worse AFTER UPDATE ON link BEGIN"
			     " INSERT OR REPLACE INTO meta VALUES ('bad', 'yes'); END;");
	fixture_open(fixture, STORE_WRITE);
	fixture_put_link(fixture, 1);
	fixture_put_link(fixture, 2);
	assert_ok(
	    fixture, store_meta_get(fixture->store, "bad", fixture->arena, &value, &fixture->err));
	assert_null(value.at);
}

/* Overwrites pages from the second on, as a failing disk would. */
static void test_damaged_pages(void **state)
{
	struct fixture *fixture = *state;
	char noise[4096];
	struct err err = { 0 };
	enum status status;

	make_file(fixture);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 37 + 11);
	int fd = open(fixture->path, O_WRONLY);
	for (int page = 1; page < 20; page++)
		assert_int_equal(pwrite(fd, noise, sizeof(noise), page * 4096), 4096);
	(void)close(fd);
	status = store_open(fixture->path, STORE_WRITE, &fixture->store, &err);
	if (status == STATUS_OK)
		status = read_all(fixture, &err);
	assert_int_equal(status, STATUS_CORRUPT);
	assert_non_null(strstr(err.text, "restore it from a backup"));
}

static void test_cut_file(void **state)
{
	struct fixture *fixture = *state;
	struct err err = { 0 };
	enum status status;

	make_file(fixture);
	assert_int_equal(truncate(fixture->path, 2 * 4096), 0);
	status = store_open(fixture->path, STORE_READ, &fixture->store, &err);
	if (status == STATUS_OK)
		status = read_all(fixture, &err);
	assert_int_equal(status, STATUS_CORRUPT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

const struct CMUnitTest schema_tests[] = {
	TEST(test_newer),
	TEST(test_of_another_program),
	TEST(test_not_a_database),
	TEST(test_older_is_migrated_by_the_writer_alone),
	TEST(test_rows_that_lie),
	TEST(test_code_in_the_file_does_not_run),
	TEST(test_damaged_pages),
	TEST(test_cut_file),
};
const size_t schema_test_count = sizeof(schema_tests) / sizeof(schema_tests[0]);
