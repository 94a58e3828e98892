/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/index.h"
#include <stdlib.h>
#include <string.h>

/* A key like those that one server gives: they differ in few bytes. */
static struct uuid key_of(uint32_t number, unsigned place)
{
	struct uuid key;

	memset(key.byte, 0x5a, sizeof(key.byte));
	memcpy(key.byte + place, &number, sizeof(number));
	return key;
}

static struct index_item item_of(uint32_t number, unsigned place)
{
	struct index_item item = { .key = key_of(number, place), .directory = 3 };

	memcpy(item.digest.byte, &number, sizeof(number));
	return item;
}

static void fill(struct index *index, uint32_t count, unsigned place)
{
	for (uint32_t i = 0; i < count; i++) {
		struct index_item item = item_of(i, place);

		index_put(index, &item);
	}
}

static void assert_holds(struct index *index, uint32_t count, unsigned place)
{
	assert_int_equal(index_count(index), count);
	for (uint32_t i = 0; i < count; i++) {
		struct index_item expected = item_of(i, place);
		struct index_item *found = index_find(index, &expected.key);

		assert_non_null(found);
		assert_true(digest_equal(&found->digest, &expected.digest));
		assert_int_equal(found->directory, 3);
	}
}

static void test_empty(void **state)
{
	struct index *index = index_new(0);
	struct uuid key = key_of(1, 0);
	size_t cursor = 0;

	(void)state;
	assert_int_equal(index_count(index), 0);
	assert_null(index_find(index, &key));
	assert_null(index_next(index, &cursor));
	assert_null(index_next(index, &cursor));
	index_free(&index);
	assert_null(index);
	index_free(&index);
}

static void test_put_and_find(void **state)
{
	struct index *index = index_new(10);
	struct uuid other = key_of(10, 0);

	(void)state;
	fill(index, 10, 0);
	assert_holds(index, 10, 0);
	assert_null(index_find(index, &other));
	index_free(&index);
}

static void test_put_replaces(void **state)
{
	struct index *index = index_new(4);
	struct index_item item = item_of(1, 0);

	(void)state;
	index_put(index, &item);
	item.digest.byte[15] = 9;
	item.flags = INDEX_INACTIVE;
	index_put(index, &item);
	assert_int_equal(index_count(index), 1);
	assert_int_equal(index_find(index, &item.key)->digest.byte[15], 9);
	assert_int_equal(index_find(index, &item.key)->flags, INDEX_INACTIVE);
	index_free(&index);
}

static void test_a_key_of_zeros(void **state)
{
	struct index *index = index_new(4);
	struct index_item item = { .flags = INDEX_SEEN };

	(void)state;
	assert_null(index_find(index, &item.key));
	index_put(index, &item);
	assert_non_null(index_find(index, &item.key));
	index_free(&index);
}

static void test_found_may_be_changed(void **state)
{
	struct index *index = index_new(4);
	struct index_item item = item_of(7, 0);

	(void)state;
	index_put(index, &item);
	index_find(index, &item.key)->dn_mark = 5;
	index_find(index, &item.key)->digest.byte[3] = 6;
	assert_int_equal(index_find(index, &item.key)->dn_mark, 5);
	assert_int_equal(index_find(index, &item.key)->digest.byte[3], 6);
	index_free(&index);
}

static size_t count_flagged(struct index *index, uint8_t flags)
{
	size_t cursor = 0, count = 0;

	for (; index_next_flagged(index, flags, &cursor) != NULL; count++)
		;
	return count;
}

static void flag(struct index *index, uint32_t number, uint8_t flags)
{
	struct uuid key = key_of(number, 0);

	index_flag(index, index_find(index, &key), flags);
}

static void test_flags_are_given_and_taken(void **state)
{
	struct index *index = index_new(0);
	struct uuid key = key_of(7, 0);
	struct index_item *item;

	(void)state;
	fill(index, 100, 0);
	assert_int_equal(count_flagged(index, 0xff), 0);
	flag(index, 7, INDEX_SEEN | INDEX_PENDING_LEAVE);
	flag(index, 7, INDEX_SEEN);
	flag(index, 8, INDEX_PENDING_LEAVE);
	assert_int_equal(count_flagged(index, INDEX_SEEN), 1);
	assert_int_equal(count_flagged(index, INDEX_PENDING_LEAVE), 2);
	assert_int_equal(count_flagged(index, INDEX_SEEN | INDEX_PENDING_LEAVE), 2);
	item = index_find(index, &key);
	index_unflag(index, item, INDEX_PENDING_LEAVE | INDEX_DRIFTED);
	assert_int_equal(item->flags, INDEX_SEEN);
	assert_int_equal(count_flagged(index, INDEX_PENDING_LEAVE), 1);
	index_free(&index);
}

/* The scan's are gone, the link's stay, and the next scan begins like the first. */
static void forget(uint32_t items, uint32_t seen)
{
	struct index *index = index_new(0);

	fill(index, items, 0);
	for (int scan = 0; scan < 3; scan++) {
		for (uint32_t i = 0; i < seen; i++)
			flag(index, i, INDEX_SEEN | INDEX_INACTIVE);
		flag(index, items - 1, INDEX_PROVED_ABSENT | INDEX_ABSENT | INDEX_DRIFTED);
		assert_int_equal(count_flagged(index, INDEX_SEEN), seen);
		index_forget_passing(index);
		assert_int_equal(count_flagged(index, INDEX_PASSING), 0);
		assert_int_equal(count_flagged(index, INDEX_INACTIVE), seen);
		assert_int_equal(count_flagged(index, INDEX_ABSENT), 1);
	}
	index_free(&index);
}

static void test_what_passes_is_forgotten(void **state)
{
	(void)state;
	forget(10, 3);
	forget(10000, 100);
	forget(10000, 4094); /* one flag fewer than are noted, as many, one more */
	forget(10000, 4095);
	forget(10000, 4096);
	forget(10000, 9999);
}

static void test_grows(void **state)
{
	struct index *index = index_new(0);

	(void)state;
	fill(index, 5000, 0);
	assert_holds(index, 5000, 0);
	index_free(&index);
}

static void test_next_gives_each_once(void **state)
{
	enum { ITEMS = 1000 };
	struct index *index = index_new(0);
	bool seen[ITEMS] = { false };
	size_t cursor = 0, count = 0;
	struct index_item *item;

	(void)state;
	fill(index, ITEMS, 4);
	while ((item = index_next(index, &cursor)) != NULL) {
		uint32_t number;

		memcpy(&number, item->key.byte + 4, sizeof(number));
		assert_true(number < ITEMS && !seen[number]);
		seen[number] = true;
		count++;
	}
	assert_int_equal(count, ITEMS);
	index_free(&index);
}

/* Keys that share most bytes must not share their places: this would take minutes if they did. */
static void test_alike_keys_do_not_cluster(void **state)
{
	(void)state;
	for (unsigned place = 0; place <= 12; place += 4) {
		struct index *index = index_new(0);

		fill(index, 30000, place);
		assert_holds(index, 30000, place);
		index_free(&index);
	}
}

static void test_memory_when_sized(void **state)
{
	static const size_t counts[] = { 100, 1000, 12345, 100000, 1000000 };

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		struct index *index = index_new(counts[i]);
		size_t bytes = index_size_bytes(index);

		/* And a fixed few for the table itself. */
		assert_true(bytes <= counts[i] * 50 + 192);
		if (counts[i] <= 12345) {
			fill(index, (uint32_t)counts[i], 0);
			assert_int_equal(index_size_bytes(index), bytes);
		}
		index_free(&index);
	}
}

static void test_memory_when_grown(void **state)
{
	struct index *index = index_new(0);

	(void)state;
	for (uint32_t i = 0; i < 50000; i++) {
		struct index_item item = item_of(i, 0);

		index_put(index, &item);
		if (i > 500)
			assert_true(index_size_bytes(index) <= (size_t)(i + 1) * 64 + 192);
	}
	index_free(&index);
}

static void test_against_a_list_by_chance(void **state)
{
	enum { KEYS = 500 };
	struct index *index = index_new(8);
	uint8_t flags[KEYS] = { 0 };
	size_t count = 0;

	(void)state;
	chance_start(__func__);
	for (int i = 0; i < 20000; i++) {
		uint32_t number = chance(KEYS);
		struct index_item item = item_of(number, 12), *found;

		found = index_find(index, &item.key);
		assert_int_equal(found == NULL ? 0 : found->flags, flags[number]);
		if (chance(500) == 0) {
			index_forget_passing(index);
			for (size_t key = 0; key < KEYS; key++)
				flags[key] &= (uint8_t)~INDEX_PASSING;
		}
		if (chance(4) != 0)
			continue;
		count += found == NULL ? 1 : 0;
		item.flags = flags[number] = (uint8_t)(1 + chance(255));
		index_put(index, &item);
		assert_int_equal(index_count(index), count);
	}
	index_free(&index);
}

const struct CMUnitTest index_tests[] = {
	cmocka_unit_test(test_empty),
	cmocka_unit_test(test_put_and_find),
	cmocka_unit_test(test_put_replaces),
	cmocka_unit_test(test_a_key_of_zeros),
	cmocka_unit_test(test_found_may_be_changed),
	cmocka_unit_test(test_flags_are_given_and_taken),
	cmocka_unit_test(test_what_passes_is_forgotten),
	cmocka_unit_test(test_grows),
	cmocka_unit_test(test_next_gives_each_once),
	cmocka_unit_test(test_alike_keys_do_not_cluster),
	cmocka_unit_test(test_memory_when_sized),
	cmocka_unit_test(test_memory_when_grown),
	cmocka_unit_test(test_against_a_list_by_chance),
};
const size_t index_test_count = COUNT(index_tests);
