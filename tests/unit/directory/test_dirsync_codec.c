/* SPDX-License-Identifier: ISC */
/* dirsync_codec.c */
#include "directory/dirsync_codec.h"
#include "tests/unit/directory/tests.h"

#define BYTES(text) ((struct span) { text, sizeof(text) - 1 })

static void a_question_has_flags_a_size_and_a_cookie(void **state)
{
	struct str out = { 0 };

	(void)state;
	dirsync_question_encode(0, SPAN_NULL, &out);
	assert_true(
	    span_equal(str_span(&out), BYTES("\x30\x0a\x02\x01\x00\x02\x03\x10\x00\x00\x04\x00")));
	str_truncate(&out, 0);
	dirsync_question_encode(
	    DIRSYNC_INCREMENTAL_VALUES | DIRSYNC_OBJECT_SECURITY, SPAN("ck"), &out);
	assert_true(span_equal(
	    str_span(&out), BYTES("\x30\x0f\x02\x04\x80\x00\x00\x01\x02\x03\x10\x00\x00\x04\x02"
				  "ck")));
	str_truncate(&out, 0);
	dirsync_question_encode(0x80, SPAN_NULL, &out); /* the sign stays as it is */
	assert_true(span_equal(
	    str_span(&out), BYTES("\x30\x0b\x02\x02\x00\x80\x02\x03\x10\x00\x00\x04\x00")));
	str_done(&out);
}

static void an_answer_says_whether_there_is_more(void **state)
{
	struct dirsync_answer answer;

	(void)state;
	assert_true(dirsync_answer_decode(BYTES("\x30\x0a\x02\x01\x00\x02\x01\x00\x04\x02"
						"ck"),
	    &answer));
	assert_false(answer.has_more);
	assert_span(answer.cookie, "ck");
	assert_true(dirsync_answer_decode(
	    BYTES("\x30\x0b\x02\x04\x00\x00\x01\x00\x02\x01\x05\x04\x00"), &answer));
	assert_true(answer.has_more);
	assert_int_equal(answer.cookie.len, 0);
}

static void what_is_no_answer_is_refused(void **state)
{
	struct dirsync_answer answer;

	(void)state;
	assert_false(dirsync_answer_decode(BYTES(""), &answer));
	assert_false(dirsync_answer_decode(BYTES("\x30\x06\x02\x01\x00\x02\x01\x00"), &answer));
	assert_false(dirsync_answer_decode(BYTES("\x30\x07\x02\x00\x02\x01\x00\x04\x00"), &answer));
	assert_false(
	    dirsync_answer_decode(BYTES("\x30\x08\x02\x01\x00\x02\x01\x00\x04\x00x"), &answer));
	assert_false(
	    dirsync_answer_decode(BYTES("\x31\x08\x02\x01\x00\x02\x01\x00\x04\x00"), &answer));
}

const struct CMUnitTest dirsync_codec_tests[] = {
	cmocka_unit_test(a_question_has_flags_a_size_and_a_cookie),
	cmocka_unit_test(an_answer_says_whether_there_is_more),
	cmocka_unit_test(what_is_no_answer_is_refused),
};
const size_t dirsync_codec_test_count = sizeof(dirsync_codec_tests) / sizeof(*dirsync_codec_tests);
