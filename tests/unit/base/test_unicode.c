/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/unicode.h"

typedef bool text_map(struct span text, struct str *out);

static void assert_maps(text_map *map, struct span text, const char *wanted)
{
	struct str out = { 0 };
	str_add_c(&out, ">");
	assert_true(map(text, &out));
	assert_string_equal(str_c(&out) + 1, wanted);
	str_done(&out);
}

/* Malformed in every way there is; each is also tried behind ASCII that fills words. */
static const struct span malformed[] = {
	SPAN_INIT("\x80"),
	SPAN_INIT("\xbf"),
	SPAN_INIT("\xc0\x80"),
	SPAN_INIT("\xc1\xbf"),
	SPAN_INIT("\xc3"),
	SPAN_INIT("\xc3\x28"),
	SPAN_INIT("\xe0\x9f\xbf"),
	SPAN_INIT("\xe2\x82"),
	SPAN_INIT("\xed\xa0\x80"),
	SPAN_INIT("\xed\xbf\xbf"),
	SPAN_INIT("\xf0\x8f\xbf\xbf"),
	SPAN_INIT("\xf0\x9f\x90"),
	SPAN_INIT("\xf4\x90\x80\x80"),
	SPAN_INIT("\xf5\x80\x80\x80"),
	SPAN_INIT("\xfe"),
	SPAN_INIT("\xff"),
	SPAN_INIT("a\xcc\x81\xff"),
	SPAN_INIT("\xc3\xa9\xe2\x82"),
};
enum { MALFORMED_COUNT = sizeof(malformed) / sizeof(*malformed) };

static void well_formed_is_valid(void **state)
{
	(void)state;
	assert_true(utf8_is_valid(SPAN("")));
	assert_true(utf8_is_valid(SPAN_NULL));
	assert_true(utf8_is_valid(SPAN("a\0b")));
	assert_true(
	    utf8_is_valid(SPAN("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80")));
	assert_true(utf8_is_valid(SPAN("\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")));
	assert_true(
	    utf8_is_valid(SPAN("long enough for words, then \xc3\xa9 and more words after it")));
}

static void malformed_is_found_everywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < MALFORMED_COUNT; i++) {
		for (size_t before = 0; before < 20; before++) {
			struct str text = { 0 };
			for (size_t j = 0; j < before; j++)
				str_add_byte(&text, 'a');
			str_add(&text, malformed[i]);
			assert_false(utf8_is_valid(str_span(&text)));
			str_add(&text, SPAN("tail that fills a word"));
			assert_false(utf8_is_valid(str_span(&text)));
			assert_false(utf8_is_ascii(str_span(&text)));
			str_done(&text);
		}
	}
}

static void maps_refuse_malformed(void **state)
{
	static text_map *const maps[] = { utf8_lower, utf8_upper, utf8_nfc, utf8_fold,
		utf8_to_ascii };
	(void)state;
	for (size_t i = 0; i < MALFORMED_COUNT; i++) {
		for (size_t j = 0; j < sizeof(maps) / sizeof(*maps); j++) {
			struct str out = { 0 };
			str_add_c(&out, "kept");
			assert_false(maps[j](malformed[i], &out));
			assert_string_equal(str_c(&out), "kept");
			str_done(&out);
		}
	}
}

static void printable_ascii_is_looked_at_in_full(void **state)
{
	char text[20];
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		bool is_printable = byte >= ' ' && byte <= '~';
		for (size_t at = 0; at < sizeof(text); at++) {
			struct span all = { text, sizeof(text) }, to_here = { text, at + 1 };
			memset(text, at % 2 == 0 ? ' ' : '~', sizeof(text));
			text[at] = (char)byte;
			assert_int_equal(utf8_is_printable_ascii(all), is_printable);
			assert_int_equal(utf8_is_printable_ascii(to_here), is_printable);
		}
	}
	assert_true(utf8_is_printable_ascii(SPAN_NULL));
}

static void case_turns_in_full(void **state)
{
	(void)state;
	for (char byte = 1; byte < 127; byte++) {
		char text[12], lower[12], upper[12];
		bool is_upper = byte >= 'A' && byte <= 'Z', is_lower = byte >= 'a' && byte <= 'z';
		memset(text, byte, sizeof(text));
		memset(lower, is_upper ? byte + 32 : byte, sizeof(lower));
		memset(upper, is_lower ? byte - 32 : byte, sizeof(upper));
		struct span from = { text, sizeof(text) };
		struct str out = { 0 };
		assert_true(utf8_lower(from, &out) && utf8_upper(from, &out));
		assert_int_equal(out.len, 2 * sizeof(text));
		assert_memory_equal(out.at, lower, sizeof(lower));
		assert_memory_equal(out.at + sizeof(lower), upper, sizeof(upper));
		str_done(&out);
	}
}

static void ascii_is_looked_at_in_full(void **state)
{
	char text[40];
	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t len = 0; len <= sizeof(text); len++) {
		assert_true(utf8_is_ascii((struct span) { text, len }));
		for (size_t at = 0; at < len; at++) {
			text[at] = '\x80';
			assert_false(utf8_is_ascii((struct span) { text, len }));
			text[at] = 'a';
		}
	}
}

static void reads_characters(void **state)
{
	uint32_t code_point = 1;
	(void)state;
	assert_int_equal(utf8_next(SPAN("\0x"), &code_point), 1);
	assert_int_equal(code_point, 0);
	assert_int_equal(utf8_next(SPAN("\xc3\xa9x"), &code_point), 2);
	assert_int_equal(code_point, 0xe9);
	assert_int_equal(utf8_next(SPAN("\xe2\x82\xac"), &code_point), 3);
	assert_int_equal(code_point, 0x20ac);
	assert_int_equal(utf8_next(SPAN("\xf4\x8f\xbf\xbf"), &code_point), 4);
	assert_int_equal(code_point, 0x10ffff);
	assert_int_equal(utf8_next(SPAN("\xc3"), &code_point), 0);
	assert_int_equal(utf8_next(SPAN(""), &code_point), 0);
	assert_int_equal(utf8_next(SPAN_NULL, &code_point), 0);
	assert_int_equal(utf8_length(SPAN("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x99")), 4);
	assert_int_equal(utf8_length(SPAN_NULL), 0);
}

static void changes_case(void **state)
{
	(void)state;
	assert_maps(utf8_lower, SPAN("@AZ[`az{019_LongerThanAWord"), "@az[`az{019_longerthanaword");
	assert_maps(utf8_upper, SPAN("@AZ[`az{019_LongerThanAWord"), "@AZ[`AZ{019_LONGERTHANAWORD");
	assert_maps(utf8_lower, SPAN("J\xc3\x9cRGEN \xd0\x96 \xc3\x98X"),
	    "j\xc3\xbcrgen \xd0\xb6 \xc3\xb8x");
	assert_maps(utf8_upper, SPAN("j\xc3\xbcrgen \xd0\xb6 \xc3\xb8x"),
	    "J\xc3\x9cRGEN \xd0\x96 \xc3\x98X");
	assert_maps(utf8_upper, SPAN("gro\xc3\x9f"), "GROSS");
	assert_maps(utf8_lower, SPAN(""), "");
	assert_maps(utf8_upper, SPAN_NULL, "");
	assert_maps(utf8_lower, SPAN("\xe6\x97\xa5\xe6\x9c\xac"), "\xe6\x97\xa5\xe6\x9c\xac");
}

static void composes(void **state)
{
	(void)state;
	assert_maps(utf8_nfc, SPAN("plain"), "plain");
	assert_maps(utf8_nfc, SPAN("e\xcc\x81"), "\xc3\xa9");
	assert_maps(utf8_nfc, SPAN("\xc3\xa9"), "\xc3\xa9");
	assert_maps(utf8_nfc, SPAN("\xe2\x84\xab"), "\xc3\x85");
	assert_maps(utf8_nfc, SPAN("q\xcc\x87\xcc\xa3"), "q\xcc\xa3\xcc\x87");
	assert_maps(utf8_nfc, SPAN("\xef\xac\x81"), "\xef\xac\x81");
	assert_maps(utf8_nfc, SPAN(""), "");
}

static void folds(void **state)
{
	(void)state;
	assert_maps(utf8_fold, SPAN("MiXeD"), "mixed");
	assert_maps(utf8_fold,
	    SPAN("Stra\xc3\x9f"
		 "E"),
	    "strasse");
	assert_maps(utf8_fold, SPAN("\xef\xac\x81"), "fi");
	assert_maps(utf8_fold, SPAN("\xcf\x82"), "\xcf\x83");
	assert_maps(utf8_fold,
	    SPAN("a\xc2\xad\xe2\x80\x8d"
		 "b"),
	    "ab");
	assert_true(utf8_equal_fold(SPAN("STRASSE"), SPAN("Stra\xc3\x9f"
							  "e")));
	assert_true(utf8_equal_fold(SPAN("J\xc3\xbcrgen"), SPAN("JU\xcc\x88RGEN")));
	assert_true(utf8_equal_fold(SPAN("Bob@Corp"), SPAN("bob@corp")));
	assert_false(utf8_equal_fold(SPAN("bob"), SPAN("bobb")));
	assert_false(utf8_equal_fold(SPAN("e"), SPAN("\xc3\xa9")));
	assert_true(utf8_equal_fold(SPAN("\xff"), SPAN("\xff")));
	assert_false(utf8_equal_fold(SPAN("A\xff"), SPAN("a\xff")));
	assert_false(utf8_equal_fold(SPAN("\xff"), SPAN("")));
	assert_false(utf8_equal_fold(SPAN_NULL, SPAN("")));
	assert_true(utf8_equal_fold(SPAN_NULL, SPAN_NULL));
}

static void spells_in_ascii(void **state)
{
	(void)state;
	assert_maps(utf8_to_ascii, SPAN("plain"), "plain");
	assert_maps(utf8_to_ascii, SPAN("J\xc3\xbcrgen Gro\xc3\x9f"), "Jurgen Gross");
	assert_maps(utf8_to_ascii,
	    SPAN("\xc3\x86r\xc3\xb8 \xc5\x81\xc3\xb3"
		 "d\xc5\xba"),
	    "AEro Lodz");
	assert_maps(
	    utf8_to_ascii, SPAN("\xc3\x9e\xc3\xb3r \xc4\x90\xc3\xb0 \xc4\xb1"), "Thor Dd i");
	assert_maps(utf8_to_ascii,
	    SPAN("\xe2\x80\x9cO\xe2\x80\x99"
		 "Brien\xe2\x80\x9d \xe2\x80\x93 \xc2\xbd"),
	    "\"O'Brien\" - 1/2");
	assert_maps(utf8_to_ascii,
	    SPAN("a\xc2\xa0"
		 "b\xe2\x80\xa6"),
	    "a b...");
	assert_maps(utf8_to_ascii, SPAN("\xe6\x97\xa5 x \xd0\x96"), " x ");
	assert_maps(utf8_to_ascii, SPAN("e\xcc\x81\xcc\xa3"), "e");
}

static void assert_printable(struct span text, const char *wanted)
{
	struct str out = { 0 };
	str_add_c(&out, ">");
	utf8_printable(text, &out);
	assert_string_equal(str_c(&out) + 1, wanted);
	str_done(&out);
}

static void prints_safely(void **state)
{
	(void)state;
	assert_printable(SPAN_NULL, "");
	assert_printable(SPAN("J\xc3\xbcrgen \\ \"x\" \xf0\x9f\x90\x99"),
	    "J\xc3\xbcrgen \\ \"x\" \xf0\x9f\x90\x99");
	assert_printable(SPAN("\0\x1b[31m\t\r\n\x7f"), "\\x00\\x1B[31m\\x09\\x0D\\x0A\\x7F");
	assert_printable(SPAN("\xc2\x85\xc2\x9b\xc2\xa0"), "\\u{0085}\\u{009B}\xc2\xa0");
	assert_printable(SPAN("a\xe2\x80\xaegnp.exe"), "a\\u{202E}gnp.exe");
	assert_printable(
	    SPAN("\xe2\x81\xa6x\xe2\x81\xa9\xe2\x80\x8f"), "\\u{2066}x\\u{2069}\\u{200F}");
	assert_printable(SPAN("a\xe2\x80\x8b"
			      "b\xc2\xad"
			      "c\xef\xbb\xbf"
			      "d\xf3\xa0\x81\xa1"),
	    "a\\u{200B}b\\u{00AD}c\\u{FEFF}d\\u{E0061}");
	assert_printable(SPAN("\xe0\xa4\x95\xe2\x80\x8d"), "\xe0\xa4\x95\xe2\x80\x8d"); /* Hindi */
	assert_printable(
	    SPAN(
		"\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xa9\xe2\x81\xa6\xe2\x81\xa9"),
	    "\\u{061C}\\u{200E}\\u{200F}\\u{2028}\\u{2029}\\u{2066}\\u{2069}");
	assert_printable(SPAN("\xff\xc3(\xed\xa0\x80"), "\\xFF\\xC3(\\xED\\xA0\\x80");
	assert_printable(SPAN("\\x00 stays"), "\\x00 stays");
}

static void assert_fit(struct span text, size_t columns, const char *expected)
{
	struct span fit = utf8_fit(text, columns);

	assert_int_equal(fit.len, strlen(expected));
	assert_memory_equal(fit.at, expected, fit.len);
}

static void counts_columns(void **state)
{
	(void)state;
	assert_int_equal(utf8_columns(SPAN_NULL), 0);
	assert_int_equal(utf8_columns(SPAN("Ada")), 3);
	assert_int_equal(utf8_columns(SPAN("J\xc3\xbcrgen")), 6);
	assert_int_equal(utf8_columns(SPAN("Ju\xcc\x88rgen")), 6); /* u and a combining mark */
	assert_int_equal(utf8_columns(SPAN("\xe5\xb1\xb1\xe7\x94\xb0")), 4);
	assert_int_equal(utf8_columns(SPAN("a\xff\xc3")), 3);
	assert_fit(SPAN("Ada"), 2, "Ad");
	assert_fit(SPAN("Ada"), 9, "Ada");
	assert_fit(SPAN("\xe5\xb1\xb1\xe7\x94\xb0"), 3, "\xe5\xb1\xb1");
	assert_fit(SPAN("u\xcc\x88x"), 1, "u\xcc\x88");
	assert_fit(SPAN("x"), 0, "");
	assert_int_equal(utf8_columns(SPAN("\xe2\x9d\xa4")), 1);             /* a heart */
	assert_int_equal(utf8_columns(SPAN("\xe2\x9d\xa4\xef\xb8\x8f")), 2); /* an emoji */
	assert_int_equal(utf8_columns(SPAN("\xc2\xb1")), 1);                 /* ambiguous */
	assert_int_equal(utf8_columns(SPAN("\xef\xbc\xa1")), 2);             /* full width A */
	assert_int_equal(utf8_columns(SPAN("\xe1\x84\x92\xe1\x85\xa1")), 2); /* Jamo */
	/* All of the mark or nothing of its letter; all of a family or nothing of it. */
	assert_fit(SPAN("xu\xcc\x88\xcc\x81"), 2, "xu\xcc\x88\xcc\x81");
	assert_fit(SPAN("x\xe2\x9d\xa4\xef\xb8\x8f"), 2, "x");
	assert_fit(SPAN("x\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7!"), 3, "x");
	assert_fit(SPAN("x\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7!"), 5,
	    "x\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7");
}

const struct CMUnitTest unicode_tests[] = {
	cmocka_unit_test(well_formed_is_valid),
	cmocka_unit_test(malformed_is_found_everywhere),
	cmocka_unit_test(maps_refuse_malformed),
	cmocka_unit_test(printable_ascii_is_looked_at_in_full),
	cmocka_unit_test(case_turns_in_full),
	cmocka_unit_test(ascii_is_looked_at_in_full),
	cmocka_unit_test(reads_characters),
	cmocka_unit_test(changes_case),
	cmocka_unit_test(composes),
	cmocka_unit_test(folds),
	cmocka_unit_test(spells_in_ascii),
	cmocka_unit_test(prints_safely),
	cmocka_unit_test(counts_columns),
};
const size_t unicode_test_count = sizeof(unicode_tests) / sizeof(*unicode_tests);
