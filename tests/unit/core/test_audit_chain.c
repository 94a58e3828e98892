/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/audit.h"
#include <stdlib.h>

enum { ROWS = 6 };

struct chain {
	struct audit_row rows[ROWS + 1];
	size_t count;
	struct span stump_body;
	struct str stump;
};

static void seal(struct audit_row *row)
{
	row->hash = audit_hash_row(row);
}

static int setup(void **state)
{
	static const char *const bodies[] = { "{\"a\":1}", "{\"a\":2}", "{\"a\":3}", "{\"a\":4}",
		"{\"a\":5}", "{\"a\":6}" };
	struct chain *chain = calloc(1, sizeof(*chain));

	for (int i = 0; i < ROWS; i++) {
		struct audit_row *row = &chain->rows[i];

		*row = (struct audit_row) {
			.seq = i + 1, .at_ms = 1000 + i, .run_id = 1, .body = span_of(bodies[i])
		};
		if (i > 0)
			row->prev = chain->rows[i - 1].hash;
		seal(row);
	}
	chain->count = ROWS;
	*state = chain;
	return 0;
}

static int teardown(void **state)
{
	struct chain *chain = *state;

	str_done(&chain->stump);
	free(chain);
	return 0;
}

static struct audit_walk walk_with(const struct chain *chain, const struct audit_hash *wanted)
{
	struct audit_walk walk;

	audit_walk_start(&walk, chain->stump_body, wanted);
	for (size_t i = 0; i < chain->count; i++)
		if (!audit_walk_row(&walk, &chain->rows[i]))
			break;
	audit_walk_end(&walk);
	return walk;
}

static void check_flaw(const struct chain *chain, enum audit_flaw flaw, int64_t seq, int line)
{
	struct audit_walk walk = walk_with(chain, NULL);

	if (walk.flaw == flaw && walk.bad_seq == seq)
		return;
	print_error("%s at %lld, wanted %s at %lld\n", audit_flaw_name(walk.flaw),
	    (long long)walk.bad_seq, audit_flaw_name(flaw), (long long)seq);
	_fail(__FILE__, line);
}
#define assert_flaw(chain, flaw, seq) check_flaw(chain, flaw, seq, __LINE__)

static void drop(struct chain *chain, size_t at)
{
	memmove(&chain->rows[at], &chain->rows[at + 1],
	    (chain->count - at - 1) * sizeof(chain->rows[0]));
	chain->count--;
}

/* Whoever writes all anew from a row on. */
static void rewrite_from(struct chain *chain, size_t at)
{
	for (size_t i = at; i < chain->count; i++) {
		if (i > 0)
			chain->rows[i].prev = chain->rows[i - 1].hash;
		seal(&chain->rows[i]);
	}
}

/* As the header has it. */
static void test_the_worked_example(void **state)
{
	struct audit_row row = { .seq = 1,
		.at_ms = INT64_C(1772368496789),
		.run_id = 1,
		.body = SPAN("{\"config\":\"c0ffee\",\"cycle\":\"full\",\"kind\":\"run-started\","
			     "\"started\":\"2026-03-01T12:34:56.700Z\"}") };
	char text[AUDIT_HASH_TEXT_SIZE];
	struct audit_hash hash = audit_hash_row(&row);

	(void)state;
	audit_hash_format(&hash, text);
	assert_string_equal(
	    text, "502f6472bc4d05609febb9351b7702f98d4dc3005b7549325d447b4908b5bab8");
}

static void test_each_part_is_hashed(void **state)
{
	const struct chain *chain = *state;
	const struct audit_row row = chain->rows[2];
	struct audit_row others[5] = { row, row, row, row, row };

	others[0].seq = 4;
	others[1].at_ms++;
	others[2].run_id = -1;
	others[3].body = SPAN("{\"a\":4}");
	others[4].prev.byte[31] ^= 1;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct audit_hash hash = audit_hash_row(&others[i]);

		assert_false(audit_hash_equal(&hash, &row.hash));
	}
}

static void test_hashes_as_text(void **state)
{
	const struct chain *chain = *state;
	char text[AUDIT_HASH_TEXT_SIZE];
	struct audit_hash hash = { { 0 } };

	audit_hash_format(&chain->rows[0].hash, text);
	assert_int_equal(strlen(text), 64);
	assert_true(audit_hash_parse(span_of(text), &hash));
	assert_true(audit_hash_equal(&hash, &chain->rows[0].hash));
	assert_false(audit_hash_parse((struct span) { text, 62 }, &hash));
	assert_false(audit_hash_parse(SPAN_NULL, &hash));
	text[5] = 'g';
	assert_false(audit_hash_parse(span_of(text), &hash));
	assert_true(audit_hash_equal(&hash, &chain->rows[0].hash));
}

static void test_a_sound_chain(void **state)
{
	const struct chain *chain = *state;
	struct audit_walk walk = walk_with(chain, NULL);

	assert_flaw(chain, AUDIT_SOUND, 0);
	assert_int_equal(walk.rows, ROWS);
	assert_int_equal(walk.first_seq, 1);
	assert_int_equal(walk.last_seq, ROWS);
	assert_true(audit_hash_equal(&walk.last, &chain->rows[ROWS - 1].hash));
}

static void test_an_empty_one_is_sound(void **state)
{
	struct chain *chain = *state;

	chain->count = 0;
	assert_flaw(chain, AUDIT_SOUND, 0);
	assert_int_equal(walk_with(chain, NULL).last_seq, 0);
}

static void test_a_change_is_found(void **state)
{
	struct chain *chain = *state;

	for (size_t i = 0; i < ROWS; i++) {
		struct audit_row *row = &chain->rows[i], kept = *row;

		row->body = SPAN("{\"a\":9}");
		assert_flaw(chain, AUDIT_CHANGED, kept.seq);
		*row = kept;
		row->at_ms += 1;
		assert_flaw(chain, AUDIT_CHANGED, kept.seq);
		*row = kept;
		row->run_id = 2;
		assert_flaw(chain, AUDIT_CHANGED, kept.seq);
		*row = kept;
		row->prev.byte[0] ^= 1;
		assert_flaw(chain, AUDIT_CHANGED, kept.seq);
		*row = kept;
		row->hash.byte[31] ^= 1;
		assert_flaw(chain, AUDIT_CHANGED, kept.seq);
		*row = kept;
	}
	assert_flaw(chain, AUDIT_SOUND, 0);
}

/* The row itself fits then, and the next one does not. */
static void test_a_change_with_a_new_hash_is_found_behind(void **state)
{
	struct chain *chain = *state;

	chain->rows[2].body = SPAN("{\"a\":9}");
	seal(&chain->rows[2]);
	assert_flaw(chain, AUDIT_UNLINKED, 4);
	chain->rows[3].prev = chain->rows[2].hash;
	assert_flaw(chain, AUDIT_CHANGED, 4);
}

static void test_a_removed_row_is_found(void **state)
{
	struct chain *chain = *state;

	drop(chain, 3);
	assert_flaw(chain, AUDIT_MISSING, 4);
	drop(chain, 0);
	assert_flaw(chain, AUDIT_MISSING, 1);
}

static void test_rows_that_close_ranks_are_found(void **state)
{
	struct chain *chain = *state;

	drop(chain, 2);
	for (size_t i = 2; i < chain->count; i++)
		chain->rows[i].seq--;
	assert_flaw(chain, AUDIT_CHANGED, 3);
	seal(&chain->rows[2]);
	assert_flaw(chain, AUDIT_UNLINKED, 3);
}

static void test_two_that_were_swapped_are_found(void **state)
{
	struct chain *chain = *state;
	struct audit_row third = chain->rows[2], fourth = chain->rows[3];

	chain->rows[2] = fourth;
	chain->rows[3] = third;
	chain->rows[2].seq = 3;
	chain->rows[3].seq = 4;
	assert_flaw(chain, AUDIT_CHANGED, 3);
	seal(&chain->rows[2]);
	assert_flaw(chain, AUDIT_UNLINKED, 3);
}

static void test_an_inserted_row_is_found(void **state)
{
	struct chain *chain = *state;

	memmove(&chain->rows[3], &chain->rows[2], 4 * sizeof(chain->rows[0]));
	chain->count++;
	assert_flaw(chain, AUDIT_INSERTED, 3);
	for (size_t i = 3; i < chain->count; i++)
		chain->rows[i].seq++;
	assert_flaw(chain, AUDIT_CHANGED, 4);
	chain->rows[0].seq = -5;
	assert_flaw(chain, AUDIT_INSERTED, -5);
}

static void test_numbers_do_not_overflow(void **state)
{
	struct chain *chain = *state;

	chain->rows[5].seq = INT64_MAX;
	assert_flaw(chain, AUDIT_MISSING, 6);
	chain->rows[0].seq = INT64_MIN;
	assert_flaw(chain, AUDIT_INSERTED, INT64_MIN);
}

/* Only a hash that was kept elsewhere shows these. */
static void test_a_cut_tail_shows_against_a_kept_head(void **state)
{
	struct chain *chain = *state;
	struct audit_hash head = chain->rows[ROWS - 1].hash, older = chain->rows[3].hash;
	struct audit_walk walk;

	assert_int_equal(walk_with(chain, &head).flaw, AUDIT_SOUND);
	assert_int_equal(walk_with(chain, &head).wanted_seq, ROWS);
	chain->count--;
	assert_flaw(chain, AUDIT_SOUND, 0);
	walk = walk_with(chain, &head);
	assert_int_equal(walk.flaw, AUDIT_CUT);
	assert_int_equal(walk.bad_seq, 0);
	walk = walk_with(chain, &older);
	assert_int_equal(walk.flaw, AUDIT_SOUND);
	assert_int_equal(walk.wanted_seq, 4);
	chain->count = 0;
	assert_int_equal(walk_with(chain, &older).flaw, AUDIT_CUT);
}

static void test_a_chain_written_anew_shows_against_a_kept_head(void **state)
{
	struct chain *chain = *state;
	struct audit_hash head = chain->rows[ROWS - 1].hash, before = chain->rows[1].hash;

	chain->rows[2].body = SPAN("{\"a\":9}");
	rewrite_from(chain, 2);
	assert_flaw(chain, AUDIT_SOUND, 0);
	assert_int_equal(walk_with(chain, &head).flaw, AUDIT_CUT);
	assert_int_equal(walk_with(chain, &before).flaw, AUDIT_SOUND);
}

/* ---- retention ---- */

/* Removes the first `count` rows as retention does. */
static void remove_old(struct chain *chain, size_t count)
{
	struct audit_stump stump = { .seq = chain->rows[count - 1].seq,
		.hash = chain->rows[count - 1].hash,
		.removed = (int64_t)count };

	str_truncate(&chain->stump, 0);
	audit_put_stump(&stump, &chain->stump);
	chain->stump_body = str_span(&chain->stump);
	chain->rows[ROWS] = (struct audit_row) {
		.seq = ROWS + 1, .body = chain->stump_body, .prev = chain->rows[ROWS - 1].hash
	};
	seal(&chain->rows[ROWS]);
	chain->count = ROWS + 1;
	for (size_t i = 0; i < count; i++)
		drop(chain, 0);
}

static void test_what_retention_leaves_is_sound(void **state)
{
	struct chain *chain = *state;
	struct audit_hash stump = chain->rows[2].hash, gone = chain->rows[1].hash;

	remove_old(chain, 3);
	assert_flaw(chain, AUDIT_SOUND, 0);
	assert_int_equal(walk_with(chain, NULL).first_seq, 4);
	assert_int_equal(walk_with(chain, &stump).flaw, AUDIT_SOUND);
	assert_int_equal(walk_with(chain, &gone).flaw, AUDIT_CUT);
}

static void test_all_but_the_record_may_go(void **state)
{
	struct chain *chain = *state;

	remove_old(chain, ROWS);
	assert_int_equal(chain->count, 1);
	assert_flaw(chain, AUDIT_SOUND, 0);
	chain->count = 0;
	assert_flaw(chain, AUDIT_UNSIGNED, 0);
}

static void test_a_stump_needs_its_record(void **state)
{
	struct chain *chain = *state;
	struct audit_stump stump = { .seq = 3, .hash = chain->rows[2].hash, .removed = 3 };

	audit_put_stump(&stump, &chain->stump);
	chain->stump_body = str_span(&chain->stump);
	for (int i = 0; i < 3; i++)
		drop(chain, 0);
	assert_flaw(chain, AUDIT_UNSIGNED, 0);
}

static void test_a_stump_that_was_moved_is_found(void **state)
{
	struct chain *chain = *state;
	struct audit_stump forged = { .seq = 4, .hash = chain->rows[3].hash, .removed = 3 };
	struct str body = { 0 };

	remove_old(chain, 3);
	drop(chain, 0);
	assert_flaw(chain, AUDIT_MISSING, 4);
	audit_put_stump(&forged, &body);
	chain->stump_body = str_span(&body);
	assert_flaw(chain, AUDIT_UNSIGNED, 0);
	chain->stump_body = SPAN("rubbish");
	assert_flaw(chain, AUDIT_UNSIGNED, 0);
	chain->stump_body = SPAN_NULL;
	assert_flaw(chain, AUDIT_MISSING, 1);
	str_done(&body);
}

/* ---- in words ---- */

static void test_what_it_came_to_in_words(void **state)
{
	static const struct {
		enum audit_flaw flaw;
		const char *name, *words;
	} flaws[] = {
		{ AUDIT_SOUND, "sound", "7 records, each as it was written" },
		{ AUDIT_UNREADABLE, "unreadable", "record 9 holds what no record can hold" },
		{ AUDIT_CHANGED, "changed", "record 9 was changed" },
		{ AUDIT_MISSING, "missing", "record 9 is missing" },
		{ AUDIT_INSERTED, "inserted", "record 9 was inserted" },
		{ AUDIT_UNLINKED, "unlinked", "record 9 does not go on from the one before" },
		{ AUDIT_UNSIGNED, "unsigned", "no record in it says so" },
		{ AUDIT_CUT, "cut", "no record has the hash" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(flaws); i++) {
		struct audit_walk walk = { .flaw = flaws[i].flaw, .bad_seq = 9, .rows = 7 };
		struct str text = { 0 };

		audit_walk_tell(&walk, &text);
		assert_contains(str_c(&text), flaws[i].words);
		assert_string_equal(audit_flaw_name(flaws[i].flaw), flaws[i].name);
		assert_null(strstr(str_c(&text), "for its age"));
		walk.stump.seq = 3;
		audit_walk_tell(&walk, &text);
		assert_true(flaws[i].flaw != AUDIT_CUT || strstr(str_c(&text), "for its age"));
		str_done(&text);
	}
}

static void test_a_row_that_cannot_be_read(void **state)
{
	struct chain *chain = *state;
	struct audit_walk walk;

	audit_walk_start(&walk, SPAN_NULL, NULL);
	assert_true(audit_walk_row(&walk, &chain->rows[0]));
	audit_walk_unreadable(&walk, 2);
	assert_false(audit_walk_row(&walk, &chain->rows[1]));
	audit_walk_unreadable(&walk, 3);
	audit_walk_end(&walk);
	assert_int_equal(walk.flaw, AUDIT_UNREADABLE);
	assert_int_equal(walk.bad_seq, 2);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

const struct CMUnitTest audit_chain_tests[] = {
	FRESH(test_the_worked_example),
	FRESH(test_each_part_is_hashed),
	FRESH(test_hashes_as_text),
	FRESH(test_a_sound_chain),
	FRESH(test_an_empty_one_is_sound),
	FRESH(test_a_change_is_found),
	FRESH(test_a_change_with_a_new_hash_is_found_behind),
	FRESH(test_a_removed_row_is_found),
	FRESH(test_rows_that_close_ranks_are_found),
	FRESH(test_two_that_were_swapped_are_found),
	FRESH(test_an_inserted_row_is_found),
	FRESH(test_numbers_do_not_overflow),
	FRESH(test_a_cut_tail_shows_against_a_kept_head),
	FRESH(test_a_chain_written_anew_shows_against_a_kept_head),
	FRESH(test_what_retention_leaves_is_sound),
	FRESH(test_all_but_the_record_may_go),
	FRESH(test_a_stump_needs_its_record),
	FRESH(test_a_stump_that_was_moved_is_found),
	FRESH(test_what_it_came_to_in_words),
	FRESH(test_a_row_that_cannot_be_read),
};
const size_t audit_chain_test_count = COUNT(audit_chain_tests);
