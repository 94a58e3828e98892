/* SPDX-License-Identifier: ISC */
/*
 * Times and durations as text.  Own parsing: strptime(3) knows no fractions, no bounds, and obeys
 * the locale.  Every parser is a cursor that only moves over what the form allows.
 */
#include "base/time.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define DURATION_MAX_MS       (10000 * TIME_DAY_MS)
#define FILETIME_UNITS_PER_MS INT64_C(10000)
/* From 1601-01-01 to 1970-01-01. */
#define FILETIME_EPOCH_MS INT64_C(11644473600000)

/* A date and time of day as they are written, before the zone is taken off. */
struct civil {
	int64_t year;
	unsigned month;  /* 1 to 12 */
	unsigned day;    /* 1 to 31 */
	unsigned hour;   /* 0 to 23 */
	unsigned minute; /* 0 to 59 */
	unsigned second; /* 0 to 60 */
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March here. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static void civil_from_days(int64_t days, struct civil *ret_civil)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era -
			      (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	ret_civil->day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1);
	ret_civil->month = (unsigned)(month < 10 ? month + 3 : month - 9);
	ret_civil->year = year_of_era + era * 400 + (ret_civil->month <= 2);
}

static unsigned days_in_month(int64_t year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool civil_is_valid(const struct civil *civil)
{
	return civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
	       civil->day <= days_in_month(civil->year, civil->month) && civil->hour < 24 &&
	       civil->minute < 60 && civil->second <= 60;
}

/* A leap second is the first one of the next minute. */
static bool civil_to_wall(const struct civil *civil, int64_t *ret_wall_ms)
{
	if (!civil_is_valid(civil))
		return false;
	*ret_wall_ms = days_from_civil(civil->year, civil->month, civil->day) * TIME_DAY_MS +
		       civil->hour * TIME_HOUR_MS + civil->minute * TIME_MINUTE_MS +
		       civil->second * TIME_SECOND_MS;
	return true;
}

static bool take_byte(struct span *text, const char *wanted)
{
	if (text->len == 0 || text->at[0] == '\0' || strchr(wanted, text->at[0]) == NULL)
		return false;
	text->at++;
	text->len--;
	return true;
}

static bool take_text(struct span *text, struct span wanted)
{
	if (text->len < wanted.len || memcmp(text->at, wanted.at, wanted.len) != 0)
		return false;
	text->at += wanted.len;
	text->len -= wanted.len;
	return true;
}

static bool is_digit_next(struct span text)
{
	return text.len > 0 && text.at[0] >= '0' && text.at[0] <= '9';
}

static bool take_digits(struct span *text, size_t count, unsigned *ret_number)
{
	unsigned number = 0;
	struct span rest = *text;
	for (size_t i = 0; i < count; i++) {
		if (!is_digit_next(rest))
			return false;
		number = number * 10 + (unsigned)(rest.at[0] - '0');
		rest.at++;
		rest.len--;
	}
	*text = rest;
	*ret_number = number;
	return true;
}

static bool take_year(struct span *text, struct civil *civil)
{
	unsigned year;
	if (!take_digits(text, 4, &year))
		return false;
	civil->year = year;
	return true;
}

/* Reads the digits of a fraction of `unit_ms`; those behind the ninth do not count. */
static bool take_fraction(struct span *text, int64_t unit_ms, int64_t *ret_ms)
{
	int64_t number = 0, scale = 1;
	if (!is_digit_next(*text))
		return false;
	while (is_digit_next(*text)) {
		if (scale < 1000000000) {
			number = number * 10 + (text->at[0] - '0');
			scale *= 10;
		}
		text->at++;
		text->len--;
	}
	*ret_ms = number * unit_ms / scale;
	return true;
}

/* Reads "Z", or an offset of hours and perhaps minutes with or without a colon. */
static bool take_zone(struct span *text, bool allows_colon, int64_t *ret_offset_ms)
{
	unsigned hours, minutes = 0;
	if (take_byte(text, "Z")) {
		*ret_offset_ms = 0;
		return true;
	}
	bool is_west = text->len > 0 && text->at[0] == '-';
	if (!take_byte(text, "+-") || !take_digits(text, 2, &hours))
		return false;
	bool needs_minutes = allows_colon && take_byte(text, ":");
	if (text->len > 0 || needs_minutes) {
		if (!take_digits(text, 2, &minutes))
			return false;
	}
	if (hours > 23 || minutes > 59)
		return false;
	int64_t offset_ms = hours * TIME_HOUR_MS + minutes * TIME_MINUTE_MS;
	*ret_offset_ms = is_west ? -offset_ms : offset_ms;
	return true;
}

/* Reads HH:MM, and :SS with a fraction when they are there. */
static bool take_iso_time(struct span *text, struct civil *civil, int64_t *ret_fraction_ms)
{
	if (!take_digits(text, 2, &civil->hour) || !take_byte(text, ":") ||
	    !take_digits(text, 2, &civil->minute))
		return false;
	if (!take_byte(text, ":"))
		return true;
	if (!take_digits(text, 2, &civil->second))
		return false;
	return !take_byte(text, ".,") || take_fraction(text, TIME_SECOND_MS, ret_fraction_ms);
}

bool time_parse_iso(struct span text, int64_t *ret_wall_ms)
{
	struct civil civil = { 0 };
	int64_t fraction_ms = 0, offset_ms = 0, wall_ms;

	if (!take_year(&text, &civil) || !take_byte(&text, "-") ||
	    !take_digits(&text, 2, &civil.month) || !take_byte(&text, "-") ||
	    !take_digits(&text, 2, &civil.day))
		return false;
	if (text.len > 0) {
		if (!take_byte(&text, "Tt ") || !take_iso_time(&text, &civil, &fraction_ms))
			return false;
	}
	if (text.len > 0 && !take_byte(&text, "z") && !take_zone(&text, true, &offset_ms))
		return false;
	if (text.len > 0 || !civil_to_wall(&civil, &wall_ms))
		return false;
	*ret_wall_ms = wall_ms + fraction_ms - offset_ms;
	return true;
}

bool time_parse_generalized(struct span text, int64_t *ret_wall_ms)
{
	struct civil civil = { 0 };
	int64_t unit_ms = TIME_HOUR_MS, fraction_ms = 0, offset_ms, wall_ms;

	if (!take_year(&text, &civil) || !take_digits(&text, 2, &civil.month) ||
	    !take_digits(&text, 2, &civil.day) || !take_digits(&text, 2, &civil.hour))
		return false;
	if (take_digits(&text, 2, &civil.minute)) {
		unit_ms = TIME_MINUTE_MS;
		if (take_digits(&text, 2, &civil.second))
			unit_ms = TIME_SECOND_MS;
	}
	/* The fraction is one of the last unit that is written. */
	if (take_byte(&text, ".,") && !take_fraction(&text, unit_ms, &fraction_ms))
		return false;
	if (!take_zone(&text, false, &offset_ms) || text.len > 0 ||
	    !civil_to_wall(&civil, &wall_ms))
		return false;
	*ret_wall_ms = wall_ms + fraction_ms - offset_ms;
	return true;
}

bool time_from_filetime(int64_t filetime, int64_t *ret_wall_ms)
{
	if (filetime <= 0 || filetime == INT64_MAX)
		return false;
	*ret_wall_ms = filetime / FILETIME_UNITS_PER_MS - FILETIME_EPOCH_MS;
	return true;
}

static bool take_month(struct span *text, struct civil *civil)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (unsigned month = 0; month < 12; month++) {
		if (take_text(text, (struct span) { names + month * 3, 3 })) {
			civil->month = month + 1;
			return true;
		}
	}
	return false;
}

/* The name of the day says nothing that the date does not; it only tells the forms apart. */
static bool take_weekday(struct span *text, bool *ret_is_long)
{
	static const struct span names[] = { SPAN_INIT("Monday"), SPAN_INIT("Tuesday"),
		SPAN_INIT("Wednesday"), SPAN_INIT("Thursday"), SPAN_INIT("Friday"),
		SPAN_INIT("Saturday"), SPAN_INIT("Sunday") };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		*ret_is_long = take_text(text, names[i]);
		if (*ret_is_long || take_text(text, (struct span) { names[i].at, 3 }))
			return true;
	}
	return false;
}

static bool take_http_time(struct span *text, struct civil *civil)
{
	return take_digits(text, 2, &civil->hour) && take_byte(text, ":") &&
	       take_digits(text, 2, &civil->minute) && take_byte(text, ":") &&
	       take_digits(text, 2, &civil->second);
}

/* ", 06 Nov 1994 08:49:37 GMT" */
static bool take_imf_fixdate(struct span *text, struct civil *civil)
{
	return take_text(text, SPAN(", ")) && take_digits(text, 2, &civil->day) &&
	       take_byte(text, " ") && take_month(text, civil) && take_byte(text, " ") &&
	       take_year(text, civil) && take_byte(text, " ") && take_http_time(text, civil) &&
	       take_text(text, SPAN(" GMT"));
}

/* ", 06-Nov-94 08:49:37 GMT" */
static bool take_rfc850(struct span *text, struct civil *civil)
{
	unsigned year;
	if (!take_text(text, SPAN(", ")) || !take_digits(text, 2, &civil->day) ||
	    !take_byte(text, "-") || !take_month(text, civil) || !take_byte(text, "-") ||
	    !take_digits(text, 2, &year))
		return false;
	civil->year = year < 70 ? 2000 + (int64_t)year : 1900 + (int64_t)year;
	return take_byte(text, " ") && take_http_time(text, civil) && take_text(text, SPAN(" GMT"));
}

/* " Nov  6 08:49:37 1994" */
static bool take_asctime(struct span *text, struct civil *civil)
{
	if (!take_byte(text, " ") || !take_month(text, civil) || !take_byte(text, " "))
		return false;
	size_t day_digits = take_byte(text, " ") ? 1 : 2;
	return take_digits(text, day_digits, &civil->day) && take_byte(text, " ") &&
	       take_http_time(text, civil) && take_byte(text, " ") && take_year(text, civil);
}

bool time_parse_http(struct span text, int64_t *ret_wall_ms)
{
	struct civil civil = { 0 };
	bool is_long, is_read;

	if (!take_weekday(&text, &is_long))
		return false;
	if (is_long)
		is_read = take_rfc850(&text, &civil);
	else if (text.len > 0 && text.at[0] == ',')
		is_read = take_imf_fixdate(&text, &civil);
	else
		is_read = take_asctime(&text, &civil);
	return is_read && text.len == 0 && civil_to_wall(&civil, ret_wall_ms);
}

void time_format(int64_t wall_ms, bool with_ms, char text[TIME_TEXT_SIZE])
{
	struct civil civil;
	int64_t days = wall_ms / TIME_DAY_MS, ms = wall_ms % TIME_DAY_MS;
	if (ms < 0) {
		ms += TIME_DAY_MS;
		days--;
	}
	civil_from_days(days, &civil);
	char fraction[8] = "";
	if (with_ms)
		snprintf(
		    fraction, sizeof(fraction), ".%03u", (unsigned)(ms % TIME_SECOND_MS) % 1000);
	int written = snprintf(text, TIME_TEXT_SIZE, "%04" PRId64 "-%02u-%02uT%02u:%02u:%02u%sZ",
	    civil.year, civil.month, civil.day, (unsigned)(ms / TIME_HOUR_MS),
	    (unsigned)(ms / TIME_MINUTE_MS % 60), (unsigned)(ms / TIME_SECOND_MS % 60), fraction);
	/* The farthest int64_t can reach, the year -292275055, takes 31 bytes. */
	assert(written > 0 && written < TIME_TEXT_SIZE);
	(void)written;
}

struct unit {
	struct span name;
	int64_t ms;
};

bool duration_parse(struct span text, int64_t *ret_ms)
{
	static const struct unit units[] = { { SPAN_INIT("ms"), 1 },
		{ SPAN_INIT("s"), TIME_SECOND_MS }, { SPAN_INIT("m"), TIME_MINUTE_MS },
		{ SPAN_INIT("h"), TIME_HOUR_MS }, { SPAN_INIT("d"), TIME_DAY_MS } };
	size_t digits = 0;
	while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
		digits++;
	uint64_t number;
	if (!span_to_u64((struct span) { text.at, digits }, &number))
		return false;
	struct span name = { text.at + digits, text.len - digits };
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!span_equal(name, units[i].name))
			continue;
		if (number > (uint64_t)(DURATION_MAX_MS / units[i].ms))
			return false;
		*ret_ms = (int64_t)number * units[i].ms;
		return true;
	}
	return false;
}

/* Writes "A big B small", without the second part when it is nothing. */
static void format_pair(char text[TIME_TEXT_SIZE], const char *sign, uint64_t number,
    uint64_t ratio, const char *const names[2])
{
	if (number % ratio == 0)
		snprintf(text, TIME_TEXT_SIZE, "%s%" PRIu64 " %s", sign, number / ratio, names[0]);
	else
		snprintf(text, TIME_TEXT_SIZE, "%s%" PRIu64 " %s %u %s", sign, number / ratio,
		    names[0], (unsigned)(number % ratio), names[1]);
}

void duration_format(int64_t duration_ms, char text[TIME_TEXT_SIZE])
{
	static const char *const days[] = { "d", "h" }, *const hours[] = { "h", "min" },
				 *const minutes[] = { "min", "s" };
	const char *sign = duration_ms < 0 ? "-" : "";
	uint64_t ms = duration_ms < 0 ? -(uint64_t)duration_ms : (uint64_t)duration_ms;

	if (ms < 1000)
		snprintf(text, TIME_TEXT_SIZE, "%s%" PRIu64 " ms", sign, ms);
	else if (ms < 10 * 1000 && ms % 1000 >= 100)
		snprintf(text, TIME_TEXT_SIZE, "%s%" PRIu64 ".%u s", sign, ms / 1000,
		    (unsigned)(ms / 100 % 10));
	else if (ms < 120 * 1000)
		snprintf(text, TIME_TEXT_SIZE, "%s%" PRIu64 " s", sign, ms / 1000);
	else if (ms < (uint64_t)TIME_HOUR_MS)
		format_pair(text, sign, ms / 1000, 60, minutes);
	else if (ms < (uint64_t)TIME_DAY_MS)
		format_pair(text, sign, ms / (uint64_t)TIME_MINUTE_MS, 60, hours);
	else
		format_pair(text, sign, ms / (uint64_t)TIME_HOUR_MS, 24, days);
}
