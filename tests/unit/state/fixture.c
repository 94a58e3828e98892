/* SPDX-License-Identifier: ISC */
/*
 * A scratch directory with a state file in it.
 */
#include "fixture.h"

#include "base/vec.h"
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int fixture_set_up(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));
	const char *scratch = getenv("TMPDIR");

	(void)snprintf(fixture->directory, sizeof(fixture->directory), "%s/scimward-state-XXXXXX",
	    scratch == NULL ? "/tmp" : scratch);
	if (mkdtemp(fixture->directory) == NULL)
		return -1;
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/state.db", fixture->directory);
	fixture->arena = arena_new();
	*state = fixture;
	return 0;
}

int fixture_set_up_open(void **state)
{
	if (fixture_set_up(state) != 0)
		return -1;
	fixture_open(*state, STORE_WRITE);
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;
	DIR *directory;
	struct dirent *entry;

	store_close(&fixture->store);
	arena_free(&fixture->arena);
	(void)chmod(fixture->directory, 0700);
	directory = opendir(fixture->directory);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		(void)unlinkat(dirfd(directory), entry->d_name, 0);
		(void)unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
	}
	if (directory != NULL)
		(void)closedir(directory);
	(void)rmdir(fixture->directory);
	free(fixture);
	return 0;
}

void fixture_open(struct fixture *fixture, enum store_mode mode)
{
	assert_null(fixture->store);
	assert_ok(fixture, store_open(fixture->path, mode, &fixture->store, &fixture->err));
}

void fixture_reopen(struct fixture *fixture)
{
	store_close(&fixture->store);
	fixture_open(fixture, STORE_WRITE);
}

void fixture_commit(struct fixture *fixture)
{
	assert_ok(fixture, store_commit(fixture->store, &fixture->err));
}

void fixture_expect_open(
    struct fixture *fixture, enum store_mode mode, enum status status, const char *words)
{
	struct err err = { 0 };
	struct store *store = NULL;

	assert_int_equal(store_open(fixture->path, mode, &store, &err), status);
	assert_null(store);
	if (strstr(err.text, words) == NULL || strstr(err.text, fixture->path) == NULL)
		fail_msg("\"%s\" and the path are not in: %s", words, err.text);
}

void fixture_sql(struct fixture *fixture, const char *sql)
{
	sqlite3 *db = NULL;
	char *fault = NULL;

	assert_null(fixture->store);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &fault) != SQLITE_OK)
		fail_msg("%s: %s", sql, fault);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

const char *fixture_hash(struct fixture *fixture)
{
	uint8_t hash[SHA256_BYTES];
	struct str content = { 0 }, hex = { 0 };
	char piece[4096];
	size_t got;
	FILE *file = fopen(fixture->path, "r");
	char *text;

	assert_non_null(file);
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		str_add(&content, (struct span) { piece, got });
	(void)fclose(file);
	hash_sha256(str_span(&content), hash);
	hex_encode((struct span) { (const char *)hash, sizeof(hash) }, &hex);
	text = arena_c(fixture->arena, str_span(&hex));
	str_done(&content);
	str_done(&hex);
	return text;
}

struct uuid fixture_key(uint8_t number)
{
	struct uuid key;

	memset(key.byte, number, sizeof(key.byte));
	return key;
}

struct digest fixture_digest(uint8_t number)
{
	struct digest digest;

	memset(digest.byte, number, sizeof(digest.byte));
	return digest;
}

struct link fixture_link(struct fixture *fixture, uint8_t number)
{
	struct arena *arena = fixture->arena;

	return (struct link) {
		.key = fixture_key(number),
		.directory = 1,
		.dn = arena_format(arena, "CN=User %d, OU=Staff,DC=corp", number),
		.account_id = arena_format(arena, "a%d", number),
		.user_name = arena_format(arena, "User%d@corp.example", number),
		.acknowledged = arena_format(arena,
		    "{\"active\":true,\"externalId\":\"E%d\",\"userName\":\"User%d@corp.example\"}",
		    number, number),
		.digest = fixture_digest((uint8_t)(number + 100)),
		.is_active = true,
		.missing_since_ms = 0,
		.changed_ms = 1000 + number,
	};
}

void fixture_put_link(struct fixture *fixture, uint8_t number)
{
	struct link link = fixture_link(fixture, number);

	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
}

struct run fixture_run(struct fixture *fixture)
{
	struct run run = {
		.kind = CYCLE_FULL,
		.started_ms = 5000,
		.exit_code = -1,
		.config_digest = SPAN("c0ffee"),
	};

	assert_ok(fixture, store_run_start(fixture->store, &run, &fixture->err));
	return run;
}

struct action fixture_action(struct fixture *fixture, int64_t run_id, enum action_kind kind)
{
	struct action action = {
		.run_id = run_id,
		.kind = kind,
		.state = ACTION_PLANNED,
		.reason = REASON_GROUP_GAINED,
		.detail = SPAN("via CN=Finance"),
		.key = fixture_key(7),
		.directory = SPAN("corp"),
		.dn = SPAN("CN=Ada,DC=corp"),
		.account_id = SPAN("a7"),
		.user_name = SPAN("ada@corp.example"),
		.before = SPAN("{\"active\":true,\"userName\":\"ada@corp.example\"}"),
		.after = SPAN("{\"active\":false,\"userName\":\"ada@corp.example\"}"),
		.digest = fixture_digest(9),
		.request = { SPAN("PATCH"), SPAN("/Users/a7"), SPAN("{\"a\":1}") },
		.attempts = 2,
		.http_status = 503,
		.answer = SPAN("busy"),
		.request_id = SPAN("r-1"),
		.at_ms = 77,
		.classes = 3,
		.hold_id = 0,
	};

	assert_ok(fixture, store_action_add(fixture->store, &action, &fixture->err));
	return action;
}
