/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/histogram.h"

static const struct histogram_bounds bounds = { 3, { 10, 20, 50 } };

static void a_bound_belongs_to_what_is_below(void **state)
{
	static const uint64_t numbers[] = { 0, 10, 11, 20, 50, 51, 1000000 };
	struct histogram histogram = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		histogram_note(&histogram, &bounds, numbers[i]);
	assert_int_equal(histogram.counts[0], 2);
	assert_int_equal(histogram.counts[1], 2);
	assert_int_equal(histogram.counts[2], 1);
	assert_int_equal(histogram.counts[3], 2);
	assert_int_equal(histogram.sum, 1000142);
}

static void two_become_one(void **state)
{
	struct histogram one = { 0 }, other = { 0 };

	(void)state;
	histogram_note(&one, &bounds, 5);
	histogram_note(&other, &bounds, 7);
	histogram_note(&other, &bounds, 99);
	histogram_add(&one, &other);
	assert_int_equal(one.counts[0], 2);
	assert_int_equal(one.counts[3], 1);
	assert_int_equal(one.sum, 111);
}

const struct CMUnitTest histogram_tests[] = {
	cmocka_unit_test(a_bound_belongs_to_what_is_below),
	cmocka_unit_test(two_become_one),
};
const size_t histogram_test_count = sizeof(histogram_tests) / sizeof(*histogram_tests);
