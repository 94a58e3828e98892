/* SPDX-License-Identifier: ISC */
/* cursor.c */
#include "directory/cursor.h"
#include "tests/unit/directory/tests.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct span encode(const struct cursor *cursor)
{
	struct str text = { 0 };
	struct span copy;

	cursor_encode(cursor, &text);
	copy = arena_span(arena, str_span(&text));
	str_done(&text);
	return copy;
}

static void what_is_written_is_read_again(void **state)
{
	static const char bytes[] = "a\0b%:\x80 \n";
	struct cursor cursor = { .mechanism = DIRECTORY_CHANGES_DIRSYNC, .terms = SPAN("0a") };
	struct cursor_part odd = { SPAN("DC=x y,DC=\xc3\xa4"), SPAN_NULL,
		{ bytes, sizeof(bytes) - 1 } };
	struct cursor_part plain = { SPAN("dc1"), SPAN("id"), SPAN("5") };
	struct cursor again;
	struct span text;

	(void)state;
	cursor_set(&cursor, arena, &odd);
	cursor_set(&cursor, arena, &plain);
	text = encode(&cursor);
	assert_span(text, "dirsync/1 0a DC=x%20y,DC=%C3%A4::a%00b%25%3A%80%20%0A dc1:id:5");
	assert_true(cursor_decode(text, arena, &again));
	assert_int_equal(again.mechanism, DIRECTORY_CHANGES_DIRSYNC);
	assert_span(again.terms, "0a");
	assert_int_equal(again.count, 2);
	assert_true(span_equal(again.parts[0].place, odd.place));
	assert_null(again.parts[0].database.at);
	assert_true(span_equal(again.parts[0].mark, odd.mark));
	assert_span(again.parts[1].database, "id");
	assert_true(span_equal(encode(&again), text));
}

static void what_is_no_cursor_is_refused(void **state)
{
	static const char *const texts[] = { "", "usn", "usn/1", "usn/1 ", "usn/1 00",
		"usn/2 00 a:b:c", "usn/1 00 a:b", "usn/1 00 a", "usn/1 00 :b:c", "usn/1 00 a:b:c:d",
		"usn/1 00 a::%4", "usn/1 00 a::%4g", "usn/1 00  a::b", "usn/1 00 a::\x80",
		"auto/1 00 a::b", "none/1 00 a::b", "nothing/1 00 a::b", "usn/1  a::b" };
	struct cursor cursor;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (cursor_decode(span_of(texts[i]), arena, &cursor))
			fail_msg("taken for a cursor: \"%s\"", texts[i]);
	assert_false(cursor_decode(SPAN_NULL, arena, &cursor));
	assert_true(cursor_decode(SPAN("usn/1 00 a::"), arena, &cursor));
	assert_int_equal(cursor.parts[0].mark.len, 0);
}

static void a_place_has_one_part(void **state)
{
	struct cursor cursor = { .mechanism = DIRECTORY_CHANGES_USN, .terms = SPAN("00") };

	(void)state;
	for (int i = 0; i < CURSOR_PARTS_MAX + 3; i++) {
		struct cursor_part part = { arena_format(arena, "dc%d", i), SPAN("x"), SPAN("1") };
		cursor_set(&cursor, arena, &part);
	}
	assert_int_equal(cursor.count, CURSOR_PARTS_MAX);
	assert_null(cursor_find(&cursor, SPAN("dc2")));
	assert_non_null(cursor_find(&cursor, SPAN("DC3")));
	cursor_set(&cursor, arena, &(struct cursor_part) { SPAN("DC3"), SPAN("y"), SPAN("2") });
	assert_int_equal(cursor.count, CURSOR_PARTS_MAX);
	assert_span(cursor_find(&cursor, SPAN("dc3"))->mark, "2");
}

static struct span terms_of(const struct directory_settings *settings, const char *filter)
{
	struct str text = { 0 };
	struct span copy;

	cursor_terms(settings, filter, &text);
	copy = arena_span(arena, str_span(&text));
	str_done(&text);
	return copy;
}

static void other_settings_are_other_terms(void **state)
{
	static const char *const bases[] = { "ou=a", "ou=b" };
	static const struct directory_group groups[] = { { { "cn=g", 4 }, true } };
	struct directory_settings settings = { .users = { .bases = bases, .base_count = 1 } };
	struct span terms = terms_of(&settings, "(a=b)"), last = terms;

	(void)state;
	assert_int_equal(terms.len, 16);
	assert_true(span_equal(terms, terms_of(&settings, "(a=b)")));
	assert_false(span_equal(terms, terms_of(&settings, "(a=c)")));
	settings.users.base_count = 2;
	terms = terms_of(&settings, "(a=b)");
	assert_false(span_equal(terms, last));
	last = terms;
	settings.groups = groups;
	settings.group_count = 1;
	assert_false(span_equal(terms_of(&settings, "(a=b)"), last));
}

const struct CMUnitTest cursor_tests[] = {
	cmocka_unit_test_setup_teardown(what_is_written_is_read_again, set_up, tear_down),
	cmocka_unit_test_setup_teardown(what_is_no_cursor_is_refused, set_up, tear_down),
	cmocka_unit_test_setup_teardown(a_place_has_one_part, set_up, tear_down),
	cmocka_unit_test_setup_teardown(other_settings_are_other_terms, set_up, tear_down),
};
const size_t cursor_test_count = sizeof(cursor_tests) / sizeof(*cursor_tests);
