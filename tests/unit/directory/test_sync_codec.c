/* SPDX-License-Identifier: ISC */
/* sync_codec.c and tlv.c */
#include "directory/sync_codec.h"
#include "directory/tlv.h"
#include "tests/unit/directory/tests.h"

#define UUID_A      "AAAAAAAAAAAAAAA\0"
#define UUID_B      "BBBBBBBBBBBBBBB\n"
#define BYTES(text) ((struct span) { text, sizeof(text) - 1 })

static void a_request_is_a_mode_and_a_cookie(void **state)
{
	struct str out = { 0 };

	(void)state;
	sync_request_encode(SYNC_REFRESH_ONLY, SPAN_NULL, &out);
	assert_true(span_equal(str_span(&out), BYTES("\x30\x03\x0a\x01\x01")));
	str_truncate(&out, 0);
	sync_request_encode(SYNC_REFRESH_AND_PERSIST, SPAN("ck"), &out);
	assert_true(span_equal(str_span(&out), BYTES("\x30\x07\x0a\x01\x03\x04\x02"
						     "ck")));
	str_done(&out);
}

static void lengths_are_as_long_as_they_need(void **state)
{
	static const size_t lengths[] = { 0, 127, 128, 255, 256, 70000 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct str body = { 0 }, out = { 0 };
		struct span rest, found;
		uint8_t tag;

		for (size_t j = 0; j < lengths[i]; j++)
			str_add_byte(&body, 'x');
		tlv_add(&out, TLV_OCTETS, str_span(&body));
		rest = str_span(&out);
		assert_true(tlv_next(&rest, &tag, &found));
		assert_int_equal(tag, TLV_OCTETS);
		assert_int_equal(found.len, lengths[i]);
		assert_int_equal(rest.len, 0);
		rest = (struct span) { out.at, out.len - 1 };
		assert_false(tlv_next(&rest, &tag, &found));
		str_done(&body);
		str_done(&out);
	}
}

static void numbers_are_small_and_not_negative(void **state)
{
	uint32_t number;

	(void)state;
	assert_true(tlv_number(BYTES("\x10\x00"), &number));
	assert_int_equal(number, 4096);
	assert_false(tlv_number(BYTES(""), &number));
	assert_false(tlv_number(BYTES("\xff"), &number));
	assert_false(tlv_number(BYTES("\x00\x00\x00\x00\x01"), &number));
}

static void a_state_is_read(void **state)
{
	struct sync_state sync;

	(void)state;
	assert_true(sync_state_decode(BYTES("\x30\x15\x0a\x01\x02\x04\x10" UUID_A), &sync));
	assert_int_equal(sync.state, SYNC_MODIFY);
	assert_memory_equal(sync.key.byte, UUID_A, 16);
	assert_null(sync.cookie.at);
	assert_true(sync_state_decode(BYTES("\x30\x19\x0a\x01\x03\x04\x10" UUID_B "\x04\x02"
					    "ck"),
	    &sync));
	assert_int_equal(sync.state, SYNC_DELETE);
	assert_span(sync.cookie, "ck");
}

static void what_is_no_state_is_refused(void **state)
{
	struct sync_state sync;

	(void)state;
	assert_false(sync_state_decode(BYTES(""), &sync));
	assert_false(sync_state_decode(BYTES("\x30\x15\x0a\x01\x04\x04\x10" UUID_A), &sync));
	assert_false(sync_state_decode(BYTES("\x30\x14\x0a\x01\x02\x04\x0f"
					     "AAAAAAAAAAAAAAA"),
	    &sync));
	assert_false(sync_state_decode(BYTES("\x30\x15\x0a\x01\x02\x04\x10" UUID_A "x"), &sync));
	assert_false(sync_state_decode(BYTES("\x30\x80\x0a\x01\x02\x04\x10" UUID_A), &sync));
	assert_false(sync_state_decode(BYTES("\x30\x84\xff\xff\xff\xff\x0a"), &sync));
}

static void the_end_has_a_cookie_and_a_flag(void **state)
{
	struct sync_done done;

	(void)state;
	assert_true(sync_done_decode(BYTES("\x30\x00"), &done));
	assert_null(done.cookie.at);
	assert_false(done.has_deletes);
	assert_true(sync_done_decode(BYTES("\x30\x07\x04\x02"
					   "ck\x01\x01\xff"),
	    &done));
	assert_span(done.cookie, "ck");
	assert_true(done.has_deletes);
	assert_true(sync_done_decode(BYTES("\x30\x03\x01\x01\x00"), &done));
	assert_false(done.has_deletes);
	assert_false(sync_done_decode(BYTES("\x31\x00"), &done));
}

static void infos_are_of_four_kinds(void **state)
{
	struct sync_info info;
	struct uuid key;

	(void)state;
	assert_true(sync_info_decode(BYTES("\x80\x02"
					   "ck"),
	    &info));
	assert_int_equal(info.kind, SYNC_INFO_COOKIE);
	assert_span(info.cookie, "ck");
	assert_true(sync_info_decode(BYTES("\xa1\x00"), &info));
	assert_int_equal(info.kind, SYNC_INFO_DELETES_END);
	assert_true(info.is_refresh_done);
	assert_true(sync_info_decode(BYTES("\xa2\x07\x04\x02"
					   "ck\x01\x01\x00"),
	    &info));
	assert_int_equal(info.kind, SYNC_INFO_PRESENTS_END);
	assert_false(info.is_refresh_done);
	assert_true(sync_info_decode(
	    BYTES("\xa3\x29\x01\x01\xff\x31\x24\x04\x10" UUID_A "\x04\x10" UUID_B), &info));
	assert_int_equal(info.kind, SYNC_INFO_IDS);
	assert_true(info.has_deletes);
	assert_true(sync_next_id(&info.ids, &key));
	assert_memory_equal(key.byte, UUID_A, 16);
	assert_true(sync_next_id(&info.ids, &key));
	assert_memory_equal(key.byte, UUID_B, 16);
	assert_false(sync_next_id(&info.ids, &key));
}

static void a_list_with_one_that_is_no_id_is_refused(void **state)
{
	struct sync_info info;

	(void)state;
	assert_false(sync_info_decode(BYTES("\xa3\x17\x31\x15\x04\x10" UUID_A "\x04\x01x"), &info));
	assert_false(sync_info_decode(BYTES("\xa3\x02\x04\x00"), &info));
	assert_false(sync_info_decode(BYTES("\xa4\x00"), &info));
	assert_false(sync_info_decode(BYTES(""), &info));
}

const struct CMUnitTest sync_codec_tests[] = {
	cmocka_unit_test(a_request_is_a_mode_and_a_cookie),
	cmocka_unit_test(lengths_are_as_long_as_they_need),
	cmocka_unit_test(numbers_are_small_and_not_negative),
	cmocka_unit_test(a_state_is_read),
	cmocka_unit_test(what_is_no_state_is_refused),
	cmocka_unit_test(the_end_has_a_cookie_and_a_flag),
	cmocka_unit_test(infos_are_of_four_kinds),
	cmocka_unit_test(a_list_with_one_that_is_no_id_is_refused),
};
const size_t sync_codec_test_count = sizeof(sync_codec_tests) / sizeof(*sync_codec_tests);
