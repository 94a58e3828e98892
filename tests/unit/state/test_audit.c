/* SPDX-License-Identifier: ISC */
#include "fixture.h"

#include "base/time.h"
#include <stdlib.h>

enum { ROWS = 6 };

static void append_at(struct fixture *fixture, int64_t at_ms, const char *body)
{
	assert_ok(
	    fixture, store_audit_append(fixture->store, at_ms, 3, span_of(body), &fixture->err));
}

/* Rows 1 to 6, at 1000, 2000, …, with {"n":1}, {"n":2}, … */
static void append_rows(struct fixture *fixture)
{
	for (int i = 1; i <= ROWS; i++)
		append_at(fixture, i * 1000, arena_format(fixture->arena, "{\"n\":%d}", i).at);
	fixture_commit(fixture);
}

static struct audit_head head_of(struct fixture *fixture)
{
	struct audit_head head = { .seq = -1 };

	assert_ok(fixture, store_audit_head(fixture->store, &head, &fixture->err));
	return head;
}

static struct audit_walk walk_with(struct fixture *fixture, const struct audit_hash *wanted)
{
	struct audit_walk walk;

	assert_ok(fixture, store_audit_verify(fixture->store, wanted, &walk, &fixture->err));
	return walk;
}

static void check_flaw(struct fixture *fixture, enum audit_flaw flaw, int64_t seq, int line)
{
	struct audit_walk walk = walk_with(fixture, NULL);

	if (walk.flaw == flaw && walk.bad_seq == seq)
		return;
	print_error("%s at %lld, wanted %s at %lld\n", audit_flaw_name(walk.flaw),
	    (long long)walk.bad_seq, audit_flaw_name(flaw), (long long)seq);
	_fail(__FILE__, line);
}
#define assert_flaw(fixture, flaw, seq) check_flaw(fixture, flaw, seq, __LINE__)

/* Does something behind the store's back, and opens it to read. */
static void tamper(struct fixture *fixture, const char *sql)
{
	store_close(&fixture->store);
	fixture_sql(fixture, sql);
	fixture_open(fixture, STORE_READ);
}

struct seen {
	struct audit_row rows[8];
	size_t count;
	struct arena *arena;
};

static void on_row(void *context, const struct audit_row *row)
{
	struct seen *seen = context;

	seen->rows[seen->count] = *row;
	seen->rows[seen->count++].body = arena_span(seen->arena, row->body);
}

static struct seen rows_since(struct fixture *fixture, int64_t since_ms)
{
	struct seen seen = { .arena = fixture->arena };

	assert_ok(
	    fixture, store_audit_each(fixture->store, since_ms, on_row, &seen, &fixture->err));
	return seen;
}

static void test_append_and_read(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen;

	assert_int_equal(head_of(fixture).seq, 0);
	append_rows(fixture);
	seen = rows_since(fixture, 0);
	assert_int_equal(seen.count, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		struct audit_hash hash = audit_hash_row(&seen.rows[i]);

		assert_int_equal(seen.rows[i].seq, i + 1);
		assert_int_equal(seen.rows[i].at_ms, (i + 1) * 1000);
		assert_int_equal(seen.rows[i].run_id, 3);
		assert_true(audit_hash_equal(&hash, &seen.rows[i].hash));
	}
	assert_span(seen.rows[4].body, "{\"n\":5}");
	assert_int_equal(rows_since(fixture, 4000).count, 3);
	assert_int_equal(rows_since(fixture, 4001).count, 2);
	assert_int_equal(rows_since(fixture, 7000).count, 0);
	assert_flaw(fixture, AUDIT_SOUND, 0);
}

static void test_it_goes_on_in_the_next_process(void **state)
{
	struct fixture *fixture = *state;
	struct audit_head head;

	append_rows(fixture);
	head = head_of(fixture);
	fixture_reopen(fixture);
	assert_int_equal(head_of(fixture).seq, ROWS);
	append_at(fixture, 9, "{}");
	fixture_commit(fixture);
	assert_int_equal(head_of(fixture).seq, ROWS + 1);
	assert_int_equal(walk_with(fixture, &head.hash).wanted_seq, ROWS);
	assert_flaw(fixture, AUDIT_SOUND, 0);
}

/* A row is on disk with what it tells of, or not at all. */
static void test_what_was_not_committed_never_was(void **state)
{
	struct fixture *fixture = *state;
	struct audit_head head;

	append_rows(fixture);
	head = head_of(fixture);
	append_at(fixture, 9, "{}");
	fixture_reopen(fixture);
	assert_int_equal(head_of(fixture).seq, ROWS);
	append_at(fixture, 10, "{}");
	assert_flaw(fixture, AUDIT_SOUND, 0); /* uncommitted, and seen by its own process */
	assert_int_equal(walk_with(fixture, &head.hash).last_seq, ROWS + 1);
	fixture_commit(fixture);
}

static void test_an_empty_trail(void **state)
{
	struct fixture *fixture = *state;
	struct audit_hash some = { { 1 } };

	store_close(&fixture->store);
	fixture_open(fixture, STORE_READ);
	assert_flaw(fixture, AUDIT_SOUND, 0);
	assert_int_equal(walk_with(fixture, &some).flaw, AUDIT_CUT);
	assert_int_equal(rows_since(fixture, 0).count, 0);
}

static void test_no_file_is_an_empty_trail(void **state)
{
	struct fixture *fixture = *state;

	fixture_open(fixture, STORE_READ);
	assert_flaw(fixture, AUDIT_SOUND, 0);
	assert_int_equal(head_of(fixture).seq, 0);
}

static void test_tampering_is_found(void **state)
{
	static const struct {
		const char *sql;
		enum audit_flaw flaw;
		int64_t seq;
	} deeds[] = {
		{ "UPDATE audit SET body = '{\"n\":9}' WHERE seq = 1", AUDIT_CHANGED, 1 },
		{ "UPDATE audit SET body = '{\"n\":9}' WHERE seq = 6", AUDIT_CHANGED, 6 },
		{ "UPDATE audit SET body = body || ' ' WHERE seq = 3", AUDIT_CHANGED, 3 },
		{ "UPDATE audit SET at = at + 1 WHERE seq = 3", AUDIT_CHANGED, 3 },
		{ "UPDATE audit SET run_id = 4 WHERE seq = 3", AUDIT_CHANGED, 3 },
		{ "UPDATE audit SET hash = zeroblob(32) WHERE seq = 3", AUDIT_CHANGED, 3 },
		{ "UPDATE audit SET prev = zeroblob(32) WHERE seq = 3", AUDIT_CHANGED, 3 },
		{ "DELETE FROM audit WHERE seq = 1", AUDIT_MISSING, 1 },
		{ "DELETE FROM audit WHERE seq = 3", AUDIT_MISSING, 3 },
		{ "DELETE FROM audit WHERE seq = 6", AUDIT_SOUND, 0 }, /* only --head shows it */
		{ "DELETE FROM audit WHERE seq < 5", AUDIT_MISSING, 1 },
		{ "DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4;"
		  "UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6",
		    AUDIT_CHANGED, 3 },
		{ "UPDATE audit SET seq = 99 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4;"
		  "UPDATE audit SET seq = 4 WHERE seq = 99",
		    AUDIT_CHANGED, 3 },
		{ "UPDATE audit SET seq = 7 WHERE seq = 6;"
		  "INSERT INTO audit SELECT 6, at, run_id, body, prev, hash FROM audit WHERE seq = "
		  "5",
		    AUDIT_CHANGED, 6 },
		{ "INSERT INTO audit SELECT 7, at, run_id, body, hash, hash FROM audit WHERE seq = "
		  "6",
		    AUDIT_CHANGED, 7 },
		{ "INSERT INTO audit SELECT 0, at, run_id, body, prev, hash FROM audit WHERE seq = "
		  "1",
		    AUDIT_INSERTED, 0 },
		{ "INSERT INTO audit SELECT -9223372036854775808, at, run_id, body, prev, hash FROM"
		  " audit WHERE seq = 1",
		    AUDIT_INSERTED, INT64_MIN },
		{ "UPDATE audit SET seq = 9223372036854775807 WHERE seq = 6", AUDIT_MISSING, 6 },
		{ "UPDATE audit SET body = CAST(body AS BLOB) WHERE seq = 2", AUDIT_UNREADABLE, 2 },
		{ "UPDATE audit SET at = 'then' WHERE seq = 2", AUDIT_UNREADABLE, 2 },
		{ "UPDATE audit SET run_id = 1.5 WHERE seq = 2", AUDIT_UNREADABLE, 2 },
		{ "UPDATE audit SET hash = hex(hash) WHERE seq = 2", AUDIT_UNREADABLE, 2 },
		{ "UPDATE audit SET hash = zeroblob(31) WHERE seq = 2", AUDIT_UNREADABLE, 2 },
		{ "UPDATE audit SET prev = x'' WHERE seq = 1", AUDIT_UNREADABLE, 1 },
		{ "INSERT INTO meta VALUES ('audit_stump', '{}')", AUDIT_UNSIGNED, 0 },
	};
	struct fixture *fixture = *state;

	append_rows(fixture);
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		print_message("           %.60s\n", deeds[i].sql);
		store_close(&fixture->store);
		fixture_sql(fixture, "CREATE TABLE kept AS SELECT * FROM audit");
		fixture_sql(fixture, deeds[i].sql);
		fixture_open(fixture, STORE_READ);
		assert_flaw(fixture, deeds[i].flaw, deeds[i].seq);
		store_close(&fixture->store);
		fixture_sql(fixture, "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept;"
				     "DROP TABLE kept; DELETE FROM meta");
		fixture_open(fixture, STORE_READ);
		assert_flaw(fixture, AUDIT_SOUND, 0);
	}
}

static void test_a_cut_tail_shows_against_a_kept_hash(void **state)
{
	struct fixture *fixture = *state;
	struct audit_hash head;

	append_rows(fixture);
	head = head_of(fixture).hash;
	tamper(fixture, "DELETE FROM audit WHERE seq > 4");
	assert_flaw(fixture, AUDIT_SOUND, 0);
	assert_int_equal(walk_with(fixture, &head).flaw, AUDIT_CUT);
}

/* What cannot be read is an error to whoever wants to read it. */
static void test_reading_what_cannot_be(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { .arena = fixture->arena };

	append_rows(fixture);
	tamper(fixture, "UPDATE audit SET hash = 'x' WHERE seq = 2");
	assert_int_equal(
	    store_audit_each(fixture->store, 0, on_row, &seen, &fixture->err), STATUS_CORRUPT);
	assert_int_equal(seen.count, 1);
	assert_non_null(strstr(fixture->err.text, "\"hash\""));
}

/* ---- retention ---- */

static int64_t retain(struct fixture *fixture, int64_t before_ms, int64_t slack_ms, int64_t most)
{
	const struct audit_retention retention = {
		.before_ms = before_ms,
		.slack_ms = slack_ms,
		.most = most,
		.at_ms = 50000,
		.run_id = 8,
	};
	int64_t removed = -1;

	assert_ok(fixture, store_audit_retain(fixture->store, &retention, &removed, &fixture->err));
	return removed;
}

static void test_old_rows_leave_a_stump(void **state)
{
	struct fixture *fixture = *state;
	struct audit_hash third;
	struct seen seen;

	append_rows(fixture);
	third = rows_since(fixture, 0).rows[2].hash;
	assert_int_equal(retain(fixture, 4000, 0, 100), 3);
	fixture_commit(fixture);
	assert_flaw(fixture, AUDIT_SOUND, 0);
	assert_int_equal(walk_with(fixture, &third).flaw, AUDIT_SOUND);
	seen = rows_since(fixture, 0);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.rows[0].seq, 4);
	assert_int_equal(seen.rows[3].run_id, 8);
	assert_int_equal(seen.rows[3].at_ms, 50000);
	assert_non_null(strstr(seen.rows[3].body.at, "\"removed\":3,\"through\":3}"));
	fixture_reopen(fixture);
	append_at(fixture, 51000, "{}");
	fixture_commit(fixture);
	assert_flaw(fixture, AUDIT_SOUND, 0);
	/* And again: the first stump's record may go later. */
	assert_int_equal(retain(fixture, 50500, 0, 100), 4);
	fixture_commit(fixture);
	assert_flaw(fixture, AUDIT_SOUND, 0);
	assert_int_equal(walk_with(fixture, NULL).first_seq, 8);
}

static void test_all_may_be_old(void **state)
{
	struct fixture *fixture = *state;

	append_rows(fixture);
	assert_int_equal(retain(fixture, 9000, 0, 100), ROWS);
	fixture_commit(fixture);
	assert_flaw(fixture, AUDIT_SOUND, 0);
	assert_int_equal(head_of(fixture).seq, ROWS + 1);
	fixture_reopen(fixture);
	append_at(fixture, 51000, "{}");
	fixture_commit(fixture);
	assert_flaw(fixture, AUDIT_SOUND, 0);
	/* The record that signed the stump is gone: that nothing is left does not hide it. */
	tamper(fixture, "DELETE FROM audit");
	assert_int_equal(head_of(fixture).seq, ROWS);
	assert_flaw(fixture, AUDIT_UNSIGNED, 0);
}

static void test_nothing_old_nothing_removed(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(retain(fixture, 9000, 0, 100), 0);
	append_rows(fixture);
	assert_int_equal(retain(fixture, 1000, 0, 100), 0);
	assert_int_equal(retain(fixture, 4000, 3000, 100), 0); /* the first is not so much older */
	assert_int_equal(rows_since(fixture, 0).count, ROWS);
	assert_int_equal(retain(fixture, 4000, 2999, 100), 3);
}

static void test_much_goes_in_portions(void **state)
{
	struct fixture *fixture = *state;

	append_rows(fixture);
	assert_int_equal(retain(fixture, 6000, 0, 2), 2);
	assert_flaw(fixture, AUDIT_SOUND, 0);
	assert_int_equal(retain(fixture, 6000, 0, 2), 2);
	assert_int_equal(retain(fixture, 6000, 0, 2), 1);
	assert_int_equal(retain(fixture, 6000, 0, 2), 0);
	fixture_commit(fixture);
	assert_flaw(fixture, AUDIT_SOUND, 0);
	assert_int_equal(walk_with(fixture, NULL).first_seq, 6);
}

/* A clock that was set back: what comes behind a young row stays. */
static void test_only_the_front_goes(void **state)
{
	struct fixture *fixture = *state;

	append_at(fixture, 1000, "{}");
	append_at(fixture, 9000, "{}");
	append_at(fixture, 2000, "{}");
	assert_int_equal(retain(fixture, 5000, 0, 100), 1);
	assert_int_equal(rows_since(fixture, 0).count, 3);
	assert_flaw(fixture, AUDIT_SOUND, 0);
}

static void test_a_shortened_front_is_found(void **state)
{
	struct fixture *fixture = *state;

	append_rows(fixture);
	retain(fixture, 4000, 0, 100);
	fixture_commit(fixture);
	tamper(fixture, "DELETE FROM audit WHERE seq = 4");
	assert_flaw(fixture, AUDIT_MISSING, 4);
	tamper(fixture,
	    "UPDATE meta SET value = replace(replace(value, '\"through\":3',"
	    " '\"through\":4'), substr(value, 10, 64), (SELECT lower(hex(prev)) FROM audit"
	    " WHERE seq = 5)) WHERE name = 'audit_stump'");
	assert_flaw(fixture, AUDIT_UNSIGNED, 0);
	tamper(fixture, "DELETE FROM meta");
	assert_flaw(fixture, AUDIT_MISSING, 1);
}

/* Retention must not wipe the traces of tampering. */
static void test_what_was_tampered_with_stays(void **state)
{
	static const char *const deeds[] = {
		"DELETE FROM audit WHERE seq = 3", "UPDATE audit SET hash = 'x' WHERE seq = 3",
		"UPDATE audit SET at = 'then' WHERE seq = 1",
		"INSERT INTO audit SELECT -5, at, run_id, body, prev, hash FROM audit WHERE seq = 1"
	};
	struct fixture *fixture = *state;

	append_rows(fixture);
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		store_close(&fixture->store);
		fixture_sql(fixture, "CREATE TABLE kept AS SELECT * FROM audit");
		fixture_sql(fixture, deeds[i]);
		fixture_open(fixture, STORE_WRITE);
		assert_int_equal(retain(fixture, 4000, 0, 100), 0);
		store_close(&fixture->store);
		fixture_sql(fixture, "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept;"
				     "DROP TABLE kept");
	}
}

static void test_hostile_bodies(void **state)
{
	static const struct span bodies[] = { SPAN_INIT(""), SPAN_INIT("a\0b"),
		SPAN_INIT("\xff\xfe"), SPAN_INIT("'; DROP TABLE audit; --"),
		SPAN_INIT("{\"a\":\"\xf0\x9f\x98\x80\"}") };
	struct fixture *fixture = *state;
	struct seen seen;

	for (size_t i = 0; i < 5; i++)
		assert_ok(fixture,
		    store_audit_append(fixture->store, 1, INT64_MIN, bodies[i], &fixture->err));
	fixture_commit(fixture);
	seen = rows_since(fixture, INT64_MIN);
	assert_int_equal(seen.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_true(span_equal(seen.rows[i].body, bodies[i]));
	assert_flaw(fixture, AUDIT_SOUND, 0);
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, fixture_set_up_open, fixture_tear_down)

const struct CMUnitTest audit_tests[] = {
	OPEN(test_append_and_read),
	OPEN(test_it_goes_on_in_the_next_process),
	OPEN(test_what_was_not_committed_never_was),
	OPEN(test_an_empty_trail),
	cmocka_unit_test_setup_teardown(
	    test_no_file_is_an_empty_trail, fixture_set_up, fixture_tear_down),
	OPEN(test_tampering_is_found),
	OPEN(test_a_cut_tail_shows_against_a_kept_hash),
	OPEN(test_reading_what_cannot_be),
	OPEN(test_old_rows_leave_a_stump),
	OPEN(test_all_may_be_old),
	OPEN(test_nothing_old_nothing_removed),
	OPEN(test_much_goes_in_portions),
	OPEN(test_only_the_front_goes),
	OPEN(test_a_shortened_front_is_found),
	OPEN(test_what_was_tampered_with_stays),
	OPEN(test_hostile_bodies),
};
const size_t audit_test_count = sizeof(audit_tests) / sizeof(audit_tests[0]);
