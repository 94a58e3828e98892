/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/vec.h"
#include <stdlib.h>

struct item {
	int number;
	char name[20];
};

static void push_keeps_items(void **state)
{
	struct item *items = NULL;
	size_t count = 0, cap = 0;
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct item *item = vec_push((void **)&items, &count, &cap, sizeof(*items));
		assert_int_equal(item->number, 0);
		assert_int_equal(item->name[19], 0);
		*item = (struct item) { i, "name" };
	}
	assert_int_equal(count, 1000);
	assert_true(cap >= count && cap < 2 * count);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i].number, i);
	free(items);
}

/* What a truncation left behind must not show through. */
static void push_zeroes_used_memory(void **state)
{
	char *items = NULL;
	size_t count = 0, cap = 0;
	(void)state;
	*(char *)vec_push((void **)&items, &count, &cap, 1) = 'x';
	count = 0;
	assert_int_equal(*(char *)vec_push((void **)&items, &count, &cap, 1), 0);
	free(items);
}

static void new_memory_is_zero(void **state)
{
	(void)state;
	char *memory = mem_new(3, 100);
	for (int i = 0; i < 300; i++)
		assert_int_equal(memory[i], 0);
	memory = mem_grow(memory, 1000, 1);
	assert_int_equal(memory[299], 0);
	free(memory);
	memory = mem_new(0, 10);
	assert_non_null(memory);
	free(memory);
	memory = mem_grow(NULL, 0, 0);
	assert_non_null(memory);
	free(memory);
}

static void strdup_copies(void **state)
{
	(void)state;
	char *copy = mem_strdup("text");
	assert_string_equal(copy, "text");
	free(copy);
	assert_null(mem_strdup(NULL));
}

static void die_new(void)
{
	free(mem_new(SIZE_MAX / 2, 3));
}

static void die_grow(void)
{
	free(mem_grow(NULL, SIZE_MAX / 2 + 1, 1));
}

static void die_push(void)
{
	char *items = NULL;
	size_t count = SIZE_MAX / 2 + 1, cap = SIZE_MAX / 2 + 1;
	vec_push((void **)&items, &count, &cap, 1);
}

static void too_much_aborts_with_a_line(void **state)
{
	(void)state;
	assert_aborts(die_new, "scimward: error: out of memory\n");
	assert_aborts(die_grow, "scimward: error: out of memory\n");
	assert_aborts(die_push, "scimward: error: out of memory\n");
}

const struct CMUnitTest vec_tests[] = {
	cmocka_unit_test(push_keeps_items),
	cmocka_unit_test(push_zeroes_used_memory),
	cmocka_unit_test(new_memory_is_zero),
	cmocka_unit_test(strdup_copies),
	cmocka_unit_test(too_much_aborts_with_a_line),
};
const size_t vec_test_count = sizeof(vec_tests) / sizeof(*vec_tests);
