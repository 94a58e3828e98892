/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/arena.h"

static void gives_zeroed_aligned_memory(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *place = arena_alloc(arena, size);
		assert_non_null(place);
		assert_int_equal((uintptr_t)place % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(place[i], 0);
		memset(place, 0xa5, size);
	}
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void things_do_not_overlap(void **state)
{
	struct arena *arena = arena_new();
	unsigned char *places[500];
	(void)state;
	for (size_t i = 0; i < 500; i++) {
		places[i] = arena_alloc(arena, i % 97 == 0 ? 20000 : i);
		memset(places[i], (int)(i & 255), i);
	}
	for (size_t i = 0; i < 500; i++) {
		for (size_t j = 0; j < i; j++)
			assert_int_equal(places[i][j], i & 255);
	}
	assert_ptr_not_equal(arena_alloc(arena, 0), arena_alloc(arena, 0));
	arena_free(&arena);
}

static void reset_zeroes_again(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	memset(arena_alloc(arena, 100), 0xff, 100);
	arena_reset(arena);
	const unsigned char *place = arena_alloc(arena, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(place[i], 0);
	arena_free(&arena);
}

/* A loop that always needs the same comes to an end of its growth. */
static void reset_ends_growth(void **state)
{
	struct arena *arena = arena_new();
	size_t settled = 0;
	(void)state;
	for (int round = 0; round < 12; round++) {
		arena_reset(arena);
		for (int i = 0; i < 100; i++)
			arena_alloc(arena, 1000);
		arena_alloc(arena, 300 * 1000);
		if (round == 1)
			settled = arena_size_bytes(arena);
	}
	assert_int_equal(arena_size_bytes(arena), settled);
	assert_true(settled < 800 * 1000);
	arena_free(&arena);
}

static void reset_gives_large_blocks_back(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	arena_reset(arena);
	arena_alloc(arena, 10);
	assert_true(arena_size_bytes(arena) < 10000);
	arena_alloc(arena, 5 * 1000 * 1000);
	assert_true(arena_size_bytes(arena) > 5 * 1000 * 1000);
	arena_reset(arena);
	assert_true(arena_size_bytes(arena) < 10000);
	arena_free(&arena);
}

static void large_things_waste_nothing(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	const char *before = arena_alloc(arena, 16);
	arena_alloc(arena, 100000);
	assert_ptr_equal(arena_alloc(arena, 16), before + 16);
	arena_free(&arena);
}

static void copies_text(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	struct span copy = arena_span(arena, SPAN("a\0b"));
	assert_span(copy, "a\0b");
	assert_int_equal(copy.at[3], 0);
	assert_null(arena_span(arena, SPAN_NULL).at);
	assert_span(arena_span(arena, SPAN("")), "");
	assert_string_equal(arena_c(arena, SPAN("text")), "text");
	assert_string_equal(arena_c(arena, SPAN_NULL), "");
	assert_span(arena_format(arena, "%d-%s", 12, "x"), "12-x");
	assert_int_equal(arena_format(arena, "%9000d", 1).len, 9000);
	arena_free(&arena);
}

static void die_array(void)
{
	struct arena *arena = arena_new();
	arena_array(arena, SIZE_MAX / 4, 5);
}

static void die_alloc(void)
{
	struct arena *arena = arena_new();
	arena_alloc(arena, SIZE_MAX - 3);
}

static void overflow_aborts(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	assert_aborts(die_array, "out of memory");
	assert_aborts(die_alloc, "out of memory");
	uint64_t *numbers = arena_array(arena, 100, sizeof(*numbers));
	assert_int_equal(numbers[99], 0);
	arena_free(&arena);
}

const struct CMUnitTest arena_tests[] = {
	cmocka_unit_test(gives_zeroed_aligned_memory),
	cmocka_unit_test(things_do_not_overlap),
	cmocka_unit_test(reset_zeroes_again),
	cmocka_unit_test(reset_ends_growth),
	cmocka_unit_test(reset_gives_large_blocks_back),
	cmocka_unit_test(large_things_waste_nothing),
	cmocka_unit_test(copies_text),
	cmocka_unit_test(overflow_aborts),
};
const size_t arena_test_count = sizeof(arena_tests) / sizeof(*arena_tests);
