/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/time.h"
#include <stdio.h>
#include <time.h>

typedef bool time_parser(struct span text, int64_t *ret_wall_ms);

struct example {
	const char *text;
	int64_t wall_ms;
};

static void assert_reads(time_parser *parse, const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t wall_ms = 0;
		if (!parse(span_of(examples[i].text), &wall_ms))
			fail_msg("\"%s\" is refused", examples[i].text);
		if (wall_ms != examples[i].wall_ms)
			fail_msg("\"%s\" gives %lld", examples[i].text, (long long)wall_ms);
	}
}

static void assert_refuses(time_parser *parse, const char *const *texts, size_t count)
{
	int64_t wall_ms = 42;
	for (size_t i = 0; i < count; i++) {
		if (parse(span_of(texts[i]), &wall_ms))
			fail_msg("\"%s\" is taken", texts[i]);
	}
	assert_false(parse(SPAN_NULL, &wall_ms));
	assert_false(parse(SPAN(""), &wall_ms));
	assert_int_equal(wall_ms, 42);
}

#define READS(parse, examples) assert_reads(parse, examples, sizeof(examples) / sizeof(*(examples)))
#define REFUSES(parse, texts)  assert_refuses(parse, texts, sizeof(texts) / sizeof(*(texts)))

/* Every proper beginning of a text, and the text with one more byte, is something else. */
static void assert_whole(time_parser *parse, struct span text, size_t shortest)
{
	int64_t wall_ms;
	struct str longer = { 0 };
	assert_true(parse(text, &wall_ms));
	for (size_t len = 0; len < shortest; len++)
		assert_false(parse((struct span) { text.at, len }, &wall_ms));
	for (int byte = 0; byte < 256; byte++) {
		str_truncate(&longer, 0);
		str_add(&longer, text);
		str_add_byte(&longer, (char)byte);
		assert_false(parse(str_span(&longer), &wall_ms));
	}
	str_done(&longer);
}

static void iso_reads(void **state)
{
	static const struct example examples[] = {
		{ "1970-01-01", 0 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "2026-03-01T12:34:56Z", 1772368496000 },
		{ "2026-03-01t12:34:56z", 1772368496000 },
		{ "2026-03-01 12:34:56", 1772368496000 },
		{ "2026-03-01T12:34", 1772368440000 },
		{ "2026-03-01T12:34Z", 1772368440000 },
		{ "2026-03-01T12:34:56.7Z", 1772368496700 },
		{ "2026-03-01T12:34:56,789", 1772368496789 },
		{ "2026-03-01T12:34:56.7899999999999999999999Z", 1772368496789 },
		{ "2026-03-01T12:34:56.000000000001Z", 1772368496000 },
		{ "2026-03-01T14:34:56+02:00", 1772368496000 },
		{ "2026-03-01T14:34:56+0200", 1772368496000 },
		{ "2026-03-01T14:34:56+02", 1772368496000 },
		{ "2026-03-01T09:04:56.5-03:30", 1772368496500 },
		{ "2026-03-01T12:34:56-00:00", 1772368496000 },
		{ "2026-03-01T14:34+02:00", 1772368440000 },
		{ "2024-02-29", 1709164800000 },
		{ "2000-02-29", 951782400000 },
		{ "1601-01-01", -11644473600000 },
		{ "0000-01-01", -62167219200000 },
		{ "0000-02-29", -62162121600000 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
	};
	(void)state;
	READS(time_parse_iso, examples);
}

static void iso_refuses(void **state)
{
	static const char *const texts[] = { "2023-02-29", "1900-02-29", "2100-02-29", "2026-00-01",
		"2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31", "2026-06-31", "2026-09-31",
		"2026-11-31", "26-01-01", "2026-1-1", "20260301", "02026-03-01", "+2026-03-01",
		"-2026-03-01", "2026/03/01", " 2026-03-01", "2026-03-01 ", "2026-03-01T",
		"2026-03-01Z", "2026-03-01T12", "2026-03-01T12:", "2026-03-01T12:3",
		"2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:34:61Z",
		"2026-03-01T12:34:", "2026-03-01T12:34:56.", "2026-03-01T12:34:56.Z",
		"2026-03-01T12:34.5Z", "2026-03-01T12:34:56+", "2026-03-01T12:34:56+2",
		"2026-03-01T12:34:56+02:", "2026-03-01T12:34:56+02:0", "2026-03-01T12:34:56+24:00",
		"2026-03-01T12:34:56+02:60", "2026-03-01T12:34:56+02:00:00",
		"2026-03-01T12:34:56Z+02:00", "2026-03-01T12:34:56 GMT", "2026-03-01_12:34:56",
		"2026-W09-7", "now", "\331\242026-03-01" };
	int64_t wall_ms;
	(void)state;
	REFUSES(time_parse_iso, texts);
	assert_false(time_parse_iso(SPAN("2026-03-01\0"), &wall_ms));
	assert_false(time_parse_iso(SPAN("2026-03-01T12:34:56\0"), &wall_ms));
	assert_whole(time_parse_iso, SPAN("2026-03-01T12:34:56.789Z"), sizeof("2026-03-01") - 1);
}

static void generalized_reads(void **state)
{
	static const struct example examples[] = {
		{ "19700101000000Z", 0 },
		{ "20260301123456Z", 1772368496000 },
		{ "20260301123456.0Z", 1772368496000 },
		{ "20260301123456.789Z", 1772368496789 },
		{ "20260301123456,5Z", 1772368496500 },
		{ "20260301123456.123456789012345678Z", 1772368496123 },
		{ "202603011234Z", 1772368440000 },
		{ "202603011234.5Z", 1772368470000 },
		{ "2026030112Z", 1772366400000 },
		{ "2026030112.25Z", 1772367300000 },
		{ "2026030112.999999999Z", 1772369999999 },
		{ "20260301143456+0200", 1772368496000 },
		{ "20260301143456+02", 1772368496000 },
		{ "20260301090456.5-0330", 1772368496500 },
		{ "2026030114+0200", 1772366400000 },
		{ "16010101000000.0Z", -11644473600000 },
		{ "20240229235959Z", 1709251199000 },
		{ "20161231235960Z", 1483228800000 },
		{ "99991231235959.9Z", 253402300799900 },
		{ "00000101000000Z", -62167219200000 },
	};
	(void)state;
	READS(time_parse_generalized, examples);
}

static void generalized_refuses(void **state)
{
	static const char *const texts[] = { "20260301123456", "20260301", "20260301Z",
		"202603011Z", "20260301123Z", "2026030112345Z", "20260229000000Z",
		"20261301000000Z", "20260001000000Z", "20260100000000Z", "20260301240000Z",
		"20260301126000Z", "20260301123461Z", "20260301123456.Z", "20260301123456z",
		"20260301123456ZZ", "20260301123456 Z", " 20260301123456Z", "20260301123456+",
		"20260301123456+2", "20260301123456+020", "20260301123456+02:00",
		"20260301123456+2400", "20260301123456+0260", "20260301123456+02000",
		"20260301123456.5.5Z", "260301123456Z", "2026-03-01T12:34:56Z",
		"9223372036854775807", "0" };
	(void)state;
	REFUSES(time_parse_generalized, texts);
	assert_whole(time_parse_generalized, SPAN("20260301123456.789Z"), 19);
}

static void http_reads(void **state)
{
	static const struct example examples[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777000 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777000 },
		{ "Sun Nov  6 08:49:37 1994", 784111777000 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Thu, 29 Feb 2024 23:59:60 GMT", 1709251200000 },
		{ "Thursday, 01-Jan-70 00:00:00 GMT", 0 },
		{ "Tuesday, 31-Dec-69 23:59:59 GMT", 3155759999000 },
		{ "Saturday, 01-Jan-00 00:00:00 GMT", 946684800000 },
		{ "Wed Dec 31 23:59:59 1969", -1000 },
		{ "Tue Nov 29 08:49:37 1994", 786098977000 },
	};
	(void)state;
	READS(time_parse_http, examples);
}

static void http_refuses(void **state)
{
	static const char *const texts[] = { "Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
		"Sun, 6 Nov 1994 08:49:37 GMT", "Sun,06 Nov 1994 08:49:37 GMT",
		"sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
		"Sunday, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
		"Sunday Nov  6 08:49:37 1994", "Sun Nov 6 08:49:37 1994", "Sun Nov 06 08:49:37 94",
		"Sun Nov  6 08:49:37 1994 GMT", "Sun Nov   6 08:49:37 1994",
		"Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
		"Sun, 06 Nov 1994 08:49 GMT", "Foo, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Foo 1994 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT",
		" Sun, 06 Nov 1994 08:49:37 GMT", "120", "Sund, 06 Nov 1994 08:49:37 GMT" };
	(void)state;
	REFUSES(time_parse_http, texts);
	assert_whole(time_parse_http, SPAN("Sun, 06 Nov 1994 08:49:37 GMT"), 29);
	assert_whole(time_parse_http, SPAN("Sunday, 06-Nov-94 08:49:37 GMT"), 30);
	assert_whole(time_parse_http, SPAN("Sun Nov  6 08:49:37 1994"), 24);
}

static void http_knows_every_name(void **state)
{
	static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
		"Saturday", "Sunday" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	(void)state;
	for (int day = 0; day < 7; day++) {
		for (int month = 0; month < 12; month++) {
			char text[64], iso[64];
			int64_t wall_ms, wanted_ms;
			snprintf(iso, sizeof(iso), "2003-%02d-15T01:02:03Z", month + 1);
			assert_true(time_parse_iso(span_of(iso), &wanted_ms));
			snprintf(text, sizeof(text), "%.3s, 15 %s 2003 01:02:03 GMT", days[day],
			    months[month]);
			assert_true(
			    time_parse_http(span_of(text), &wall_ms) && wall_ms == wanted_ms);
			snprintf(text, sizeof(text), "%s, 15-%s-03 01:02:03 GMT", days[day],
			    months[month]);
			assert_true(
			    time_parse_http(span_of(text), &wall_ms) && wall_ms == wanted_ms);
			snprintf(text, sizeof(text), "%.3s %s 15 01:02:03 2003", days[day],
			    months[month]);
			assert_true(
			    time_parse_http(span_of(text), &wall_ms) && wall_ms == wanted_ms);
		}
	}
}

static void filetime_counts_from_1601(void **state)
{
	int64_t wall_ms = 42;
	(void)state;
	assert_false(time_from_filetime(0, &wall_ms));
	assert_false(time_from_filetime(INT64_MAX, &wall_ms));
	assert_false(time_from_filetime(-1, &wall_ms));
	assert_false(time_from_filetime(INT64_MIN, &wall_ms));
	assert_int_equal(wall_ms, 42);
	assert_true(time_from_filetime(INT64_C(116444736000000000), &wall_ms));
	assert_int_equal(wall_ms, 0);
	assert_true(time_from_filetime(1, &wall_ms));
	assert_int_equal(wall_ms, INT64_C(-11644473600000));
	assert_true(time_from_filetime(INT64_C(134168420960000000) + 9999, &wall_ms));
	assert_int_equal(wall_ms, INT64_C(1772368496000));
	assert_true(time_from_filetime(INT64_MAX - 1, &wall_ms));
	assert_int_equal(wall_ms, INT64_C(910692730085477));
}

static void assert_formats(int64_t wall_ms, bool with_ms, const char *wanted)
{
	char text[TIME_TEXT_SIZE];
	time_format(wall_ms, with_ms, text);
	assert_string_equal(text, wanted);
}

static void formats_times(void **state)
{
	(void)state;
	assert_formats(0, false, "1970-01-01T00:00:00Z");
	assert_formats(0, true, "1970-01-01T00:00:00.000Z");
	assert_formats(1772368496789, true, "2026-03-01T12:34:56.789Z");
	assert_formats(1772368496789, false, "2026-03-01T12:34:56Z");
	assert_formats(-1, true, "1969-12-31T23:59:59.999Z");
	assert_formats(-1, false, "1969-12-31T23:59:59Z");
	assert_formats(-11644473600000, false, "1601-01-01T00:00:00Z");
	assert_formats(-62167219200001, true, "-001-12-31T23:59:59.999Z");
	assert_formats(253402300800000, false, "10000-01-01T00:00:00Z");
	assert_formats(INT64_MAX, true, "292278994-08-17T07:12:55.807Z");
	assert_formats(INT64_MIN, true, "-292275055-05-16T16:47:04.192Z");
}

/* Against the C library, for some 800 years in steps that meet every day of the year. */
static void agrees_with_the_c_library(void **state)
{
	(void)state;
	for (int64_t second = -12000000000; second < 13000000000; second += 86400 * 3 + 4321) {
		char text[TIME_TEXT_SIZE], wanted[TIME_TEXT_SIZE];
		time_t time = (time_t)second;
		struct tm tm;
		int64_t wall_ms;
		assert_non_null(gmtime_r(&time, &tm));
		strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%SZ", &tm);
		time_format(second * 1000, false, text);
		assert_string_equal(text, wanted);
		assert_true(time_parse_iso(span_of(text), &wall_ms));
		assert_int_equal(wall_ms, second * 1000);
	}
}

static void durations_are_read(void **state)
{
	static const struct example examples[] = { { "0s", 0 }, { "250ms", 250 }, { "90s", 90000 },
		{ "15m", 900000 }, { "24h", 86400000 }, { "7d", 604800000 }, { "007d", 604800000 },
		{ "10000d", 864000000000 }, { "240000h", 864000000000 },
		{ "864000000000ms", 864000000000 } };
	static const char *const texts[] = { "90", "s", "ms", "90 s", " 90s", "90s ", "-1s", "+1s",
		"1.5h", "1h30m", "90S", "1D", "1w", "1y", "1min", "1sec", "10001d", "240001h",
		"864000000001ms", "18446744073709551615s", "18446744073709551617ms",
		"99999999999999999999d" };
	int64_t ms;
	(void)state;
	READS(duration_parse, examples);
	REFUSES(duration_parse, texts);
	assert_false(duration_parse(SPAN("90s\0"), &ms));
}

static void assert_duration(int64_t ms, const char *wanted)
{
	char text[TIME_TEXT_SIZE];
	duration_format(ms, text);
	assert_string_equal(text, wanted);
}

static void durations_are_written(void **state)
{
	(void)state;
	assert_duration(0, "0 ms");
	assert_duration(250, "250 ms");
	assert_duration(999, "999 ms");
	assert_duration(1000, "1 s");
	assert_duration(1550, "1.5 s");
	assert_duration(9999, "9.9 s");
	assert_duration(10999, "10 s");
	assert_duration(90 * 1000, "90 s");
	assert_duration(119 * 1000, "119 s");
	assert_duration(120 * 1000, "2 min");
	assert_duration(200 * 1000, "3 min 20 s");
	assert_duration(15 * TIME_MINUTE_MS, "15 min");
	assert_duration(TIME_HOUR_MS, "1 h");
	assert_duration(200 * TIME_MINUTE_MS, "3 h 20 min");
	assert_duration(24 * TIME_HOUR_MS, "1 d");
	assert_duration(36 * TIME_HOUR_MS, "1 d 12 h");
	assert_duration(7 * TIME_DAY_MS, "7 d");
	assert_duration(-90 * 1000, "-90 s");
	assert_duration(INT64_MAX, "106751991167 d 7 h");
	assert_duration(INT64_MIN, "-106751991167 d 7 h");
}

const struct CMUnitTest time_tests[] = {
	cmocka_unit_test(iso_reads),
	cmocka_unit_test(iso_refuses),
	cmocka_unit_test(generalized_reads),
	cmocka_unit_test(generalized_refuses),
	cmocka_unit_test(http_reads),
	cmocka_unit_test(http_refuses),
	cmocka_unit_test(http_knows_every_name),
	cmocka_unit_test(filetime_counts_from_1601),
	cmocka_unit_test(formats_times),
	cmocka_unit_test(agrees_with_the_c_library),
	cmocka_unit_test(durations_are_read),
	cmocka_unit_test(durations_are_written),
};
const size_t time_test_count = sizeof(time_tests) / sizeof(*time_tests);
