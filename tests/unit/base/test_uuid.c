/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/uuid.h"

#define TEXT "00112233-4455-6677-8899-aabbccddeeff"

static void reads_all_forms(void **state)
{
	static const struct span forms[] = { SPAN_INIT(TEXT),
		SPAN_INIT("00112233-44556677-8899aabb-ccddeeff"),
		SPAN_INIT("00112233445566778899aabbccddeeff"),
		SPAN_INIT("00112233-4455-6677-8899-AABBCCDDEEFF") };
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct uuid uuid;
		char text[UUID_TEXT_SIZE];
		assert_true(uuid_parse(forms[i], &uuid));
		uuid_format(&uuid, text);
		assert_string_equal(text, TEXT);
	}
}

static void refuses_others(void **state)
{
	static const struct span others[] = { SPAN_INIT(""),
		SPAN_INIT("00112233-4455-6677-8899-aabbccddeef"),
		SPAN_INIT("00112233-4455-6677-8899-aabbccddeeffa"),
		SPAN_INIT("{0112233-4455-6677-8899-aabbccddeef}"),
		SPAN_INIT("0011223-34455-6677-8899-aabbccddeeff"),
		SPAN_INIT("00112233x4455-6677-8899-aabbccddeeff"),
		SPAN_INIT("0011223g-4455-6677-8899-aabbccddeeff"),
		SPAN_INIT("00112233-4455667-78899aabb-ccddeeff"),
		SPAN_INIT("00112233-4455-6677-8899aabbccdde"),
		SPAN_INIT("00112233445566778899aabbccddee\0f") };
	struct uuid uuid = { { 1 } };
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(uuid_parse(others[i], &uuid));
	assert_false(uuid_parse(SPAN_NULL, &uuid));
	assert_int_equal(uuid.byte[0], 1);
}

/* The example of MS-DTYP 2.3.4. */
static void reorders_object_guid(void **state)
{
	struct uuid uuid;
	char text[UUID_TEXT_SIZE];
	(void)state;
	assert_true(uuid_from_object_guid(
	    SPAN("\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"), &uuid));
	uuid_format(&uuid, text);
	assert_string_equal(text, TEXT);
	assert_false(uuid_from_object_guid(SPAN("short"), &uuid));
	assert_false(uuid_from_object_guid(SPAN_NULL, &uuid));
	assert_false(uuid_from_object_guid(
	    SPAN("\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff!"), &uuid));
}

static void gives_object_guid(void **state)
{
	struct uuid uuid;
	uint8_t bytes[16];
	(void)state;
	assert_true(uuid_parse(SPAN(TEXT), &uuid));
	uuid_to_object_guid(&uuid, bytes);
	assert_memory_equal(
	    bytes, "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
}

static void compares(void **state)
{
	struct uuid a = { { 0 } }, b = { { 0 } };
	(void)state;
	assert_true(uuid_is_zero(&a));
	b.byte[15] = 1;
	assert_false(uuid_is_zero(&b));
	assert_true(uuid_compare(&a, &b) < 0 && uuid_compare(&b, &a) > 0);
	a.byte[0] = 0xff;
	assert_true(uuid_compare(&a, &b) > 0);
	b = a;
	assert_int_equal(uuid_compare(&a, &b), 0);
}

const struct CMUnitTest uuid_tests[] = {
	cmocka_unit_test(reads_all_forms),
	cmocka_unit_test(refuses_others),
	cmocka_unit_test(reorders_object_guid),
	cmocka_unit_test(gives_object_guid),
	cmocka_unit_test(compares),
};
const size_t uuid_test_count = sizeof(uuid_tests) / sizeof(*uuid_tests);
