/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "sync/fingerprint.h"

static struct uuid name_of(uint8_t number)
{
	return (struct uuid) { { [3] = number, [12] = number } };
}

static void add(struct fingerprint *print, uint8_t name, const char *thing)
{
	struct uuid uuid = name_of(name);
	struct digest digest = hash_digest(span_of(thing));

	fingerprint_add(print, &uuid, &digest);
}

static bool are_equal(const struct fingerprint *a, const struct fingerprint *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void does_not_see_the_order(void **state)
{
	struct fingerprint a = { 0 }, b = { 0 };

	(void)state;
	add(&a, 1, "ada");
	add(&a, 2, "bob");
	add(&b, 2, "bob");
	assert_false(are_equal(&a, &b));
	add(&b, 1, "ada");
	assert_true(are_equal(&a, &b));
}

static void sees_two_change_places(void **state)
{
	struct fingerprint a = { 0 }, b = { 0 };

	(void)state;
	add(&a, 1, "ada");
	add(&a, 2, "bob");
	add(&b, 1, "bob");
	add(&b, 2, "ada");
	assert_false(are_equal(&a, &b));
}

static void is_written_as_hex(void **state)
{
	struct fingerprint print = { { 255, 1 } };
	char text[FINGERPRINT_TEXT_SIZE];

	(void)state;
	fingerprint_format(&print, text);
	assert_string_equal(text, "00000000000000ff0000000000000001");
}

const struct CMUnitTest fingerprint_tests[] = {
	cmocka_unit_test(does_not_see_the_order),
	cmocka_unit_test(sees_two_change_places),
	cmocka_unit_test(is_written_as_hex),
};
const size_t fingerprint_test_count = COUNT_OF(fingerprint_tests);
