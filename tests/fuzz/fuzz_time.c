/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the parsers of times and durations: what they take must come out again.
 */
#include "base/time.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_wall(int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];
	int64_t again_ms;
	time_format(wall_ms, true, text);
	/* An offset may lead out of the years of four digits, which only time_format knows. */
	if (strlen(text) == sizeof("1970-01-01T00:00:00.000Z") - 1 && text[0] != '-')
		check(time_parse_iso(span_of(text), &again_ms) && again_ms == wall_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span text = { (const char *)bytes, size };
	int64_t value;
	char written[TIME_TEXT_SIZE];

	if (time_parse_iso(text, &value))
		check_wall(value);
	if (time_parse_generalized(text, &value))
		check_wall(value);
	if (time_parse_http(text, &value))
		check_wall(value);
	if (duration_parse(text, &value)) {
		check(value >= 0 && value <= 10000 * TIME_DAY_MS);
		duration_format(value, written);
		duration_format(-value, written);
	}
	if (size == sizeof(value)) {
		memcpy(&value, bytes, sizeof(value));
		time_format(value, true, written);
		duration_format(value, written);
		if (time_from_filetime(value, &value))
			check_wall(value);
	}
	return 0;
}
