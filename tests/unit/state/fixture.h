/* SPDX-License-Identifier: ISC */
/*
 * A scratch directory with a state file in it, and short ways to write into it.
 */
#ifndef TESTS_UNIT_STATE_FIXTURE_H
#define TESTS_UNIT_STATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "core/port_store.h"

struct fixture {
	char directory[256];
	char path[300];
	struct store *store; /* closed by the teardown */
	struct arena *arena;
	struct err err;
};

/** Makes the directory. A cmocka setup; `*state` becomes a struct fixture. */
int fixture_set_up(void **state);

/** Makes the directory and opens the store for writing. */
int fixture_set_up_open(void **state);

/** Closes the store and removes the directory with all that is in it. */
int fixture_tear_down(void **state);

/** Opens the store in a mode; fails the test when that does not work. */
void fixture_open(struct fixture *fixture, enum store_mode mode);

/** Closes the store and opens it again for writing. */
void fixture_reopen(struct fixture *fixture);

/** Commits; fails the test when that does not work. */
void fixture_commit(struct fixture *fixture);

/** Fails the test unless opening in that mode gives `status` and a message with `words` in it. */
void fixture_expect_open(
    struct fixture *fixture, enum store_mode mode, enum status status, const char *words);

/** Runs SQL on the file behind the store's back; the store must be closed. */
void fixture_sql(struct fixture *fixture, const char *sql);

/** SHA-256 of the file as hex, in the fixture's arena. */
const char *fixture_hash(struct fixture *fixture);

/** A key whose bytes are all `number`. */
struct uuid fixture_key(uint8_t number);

/** A digest whose bytes are all `number`. */
struct digest fixture_digest(uint8_t number);

/** A link with that key and account id "a<number>", userName "User<number>@corp.example". */
struct link fixture_link(struct fixture *fixture, uint8_t number);

/** Writes fixture_link(number). */
void fixture_put_link(struct fixture *fixture, uint8_t number);

/** Starts a run. */
struct run fixture_run(struct fixture *fixture);

/** Writes an action of that run and kind, with every member filled. */
struct action fixture_action(struct fixture *fixture, int64_t run_id, enum action_kind kind);

#define assert_ok(fixture, call)                                                                   \
	do {                                                                                       \
		(fixture)->err.text[0] = '\0';                                                     \
		if ((call) != STATUS_OK)                                                           \
			fail_msg("%s: %s", #call, (fixture)->err.text);                            \
	} while (0)

#define assert_span(value, text)                                                                   \
	do {                                                                                       \
		struct span actual_span = (value);                                                 \
		assert_non_null(actual_span.at);                                                   \
		assert_int_equal(actual_span.len, strlen(text));                                   \
		assert_memory_equal(actual_span.at, text, actual_span.len);                        \
	} while (0)

extern const struct CMUnitTest action_tests[], audit_tests[], file_tests[], hold_tests[],
    link_tests[], meta_tests[], observed_tests[], place_tests[], quarantine_tests[], record_tests[],
    run_tests[], schema_tests[], store_tests[];
extern const size_t action_test_count, audit_test_count, file_test_count, hold_test_count,
    link_test_count, meta_test_count, observed_test_count, place_test_count, quarantine_test_count,
    record_test_count, run_test_count, schema_test_count, store_test_count;

#endif
