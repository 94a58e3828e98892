/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/emit.h"

static void write_sample(struct emitter *writer)
{
	emit_object_open(writer);
	emit_key(writer, "a");
	emit_array_open(writer);
	emit_int(writer, INT64_MIN);
	emit_object_open(writer);
	emit_object_close(writer);
	emit_array_open(writer);
	emit_array_close(writer);
	emit_bool(writer, true);
	emit_null(writer);
	emit_array_close(writer);
	emit_key_span(writer, SPAN("b\"c"));
	emit_string(writer, SPAN("x"));
	emit_key(writer, "d");
	emit_raw(writer, SPAN("[1,2]"));
	emit_key(writer, "e");
	emit_string_c(writer, NULL);
	emit_key(writer, "f");
	emit_string(writer, SPAN_NULL);
	emit_member_bool(writer, "g", false);
	emit_member_int(writer, "h", 7);
	emit_member_string(writer, "i", SPAN("y"));
	emit_object_close(writer);
}

static void writes_on_one_line(void **state)
{
	struct str out = { 0 };
	struct emitter writer;
	(void)state;
	emit_init(&writer, &out, 0);
	write_sample(&writer);
	assert_string_equal(str_c(&out),
	    "{\"a\":[-9223372036854775808,{},[],true,null],\"b\\\"c\":\"x\",\"d\":[1,2],"
	    "\"e\":null,\"f\":null,\"g\":false,\"h\":7,\"i\":\"y\"}");
	assert_int_equal(writer.depth, 0);
	str_done(&out);
}

static void writes_indented(void **state)
{
	struct str out = { 0 };
	struct emitter writer;
	(void)state;
	emit_init(&writer, &out, 2);
	write_sample(&writer);
	assert_string_equal(str_c(&out),
	    "{\n  \"a\": [\n    -9223372036854775808,\n    {},\n    "
	    "[],\n    true,\n    null\n  ],\n"
	    "  \"b\\\"c\": \"x\",\n  \"d\": [1,2],\n  \"e\": null,\n  "
	    "\"f\": null,\n  \"g\": false,\n  \"h\": 7,\n  \"i\": \"y\"\n}");
	str_done(&out);
}

static void writes_bare_values(void **state)
{
	struct str out = { 0 };
	struct emitter writer;
	(void)state;
	emit_init(&writer, &out, 4);
	emit_string_c(&writer, "only");
	assert_string_equal(str_c(&out), "\"only\"");
	str_done(&out);
}

static void goes_as_deep_as_it_says(void **state)
{
	struct str out = { 0 };
	struct emitter writer;
	(void)state;
	emit_init(&writer, &out, 0);
	for (int i = 0; i < EMIT_DEPTH; i++) {
		emit_array_open(&writer);
		emit_int(&writer, i);
	}
	for (int i = 0; i < EMIT_DEPTH; i++) {
		emit_int(&writer, i);
		emit_array_close(&writer);
	}
	assert_memory_equal(out.at, "[0,[1,[2,[3", 11);
	assert_string_equal(out.at + out.len - 12, ",28],29],30]");
	str_done(&out);
}

static void assert_escapes(struct span text, const char *wanted)
{
	struct str out = { 0 };
	emit_escape(text, &out);
	assert_string_equal(str_c(&out), wanted);
	str_done(&out);
}

static void escapes_what_it_must(void **state)
{
	(void)state;
	assert_escapes(SPAN(""), "\"\"");
	assert_escapes(SPAN("\"\\\b\t\n\f\r/"), "\"\\\"\\\\\\b\\t\\n\\f\\r/\"");
	assert_escapes(SPAN("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\"");
	assert_escapes(
	    SPAN("J\xc3\xbcrgen \xf0\x9f\x90\x99"), "\"J\xc3\xbcrgen \xf0\x9f\x90\x99\"");
	assert_escapes(SPAN("a\xffz\xc3"), "\"a\xef\xbf\xbdz\xef\xbf\xbd\"");
	assert_escapes(SPAN("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void check_byte_at(char byte, size_t place)
{
	char text[19];
	struct str out = { 0 };
	memset(text, 'x', sizeof(text));
	text[place] = byte;
	emit_escape((struct span) { text, sizeof(text) }, &out);
	const char *after = out.at + 1 + place;
	assert_memory_equal(out.at + 1, text, place);
	if ((unsigned char)byte >= 0x80)
		assert_memory_equal(after, "\xef\xbf\xbd", 3);
	else if ((unsigned char)byte < 0x20 || byte == '"' || byte == '\\')
		assert_int_equal(*after, '\\');
	else
		assert_memory_equal(out.at + 1, text, sizeof(text));
	str_done(&out);
}

/* Each byte at each place of a word and behind it, against the rule byte by byte. */
static void fast_path_misses_nothing(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		for (size_t place = 0; place < 19; place++)
			check_byte_at((char)byte, place);
	}
}

const struct CMUnitTest emit_tests[] = {
	cmocka_unit_test(writes_on_one_line),
	cmocka_unit_test(writes_indented),
	cmocka_unit_test(writes_bare_values),
	cmocka_unit_test(goes_as_deep_as_it_says),
	cmocka_unit_test(escapes_what_it_must),
	cmocka_unit_test(fast_path_misses_nothing),
};
const size_t emit_test_count = sizeof(emit_tests) / sizeof(*emit_tests);
