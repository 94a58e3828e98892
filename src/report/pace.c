/* SPDX-License-Identifier: ISC */
#include "report/pace.h"

#include "base/time.h"
#include "report/lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MARK_EVERY_MS = 3000, MEASURE_MS = 1000, STALL_MS = 5000 };

void pace_note(struct pace *pace, const char *phase, uint64_t done, uint64_t of, int64_t now_ms)
{
	if (strncmp(pace->phase, phase, sizeof(pace->phase) - 1) != 0) {
		const struct pace_mark mark = { done, now_ms };

		*pace = (struct pace) {
			.began_ms = now_ms, .moved_ms = now_ms, .older = mark, .newer = mark
		};
		(void)snprintf(pace->phase, sizeof(pace->phase), "%s", phase);
	}
	if (done != pace->done)
		pace->moved_ms = now_ms;
	pace->done = done;
	pace->of = of;
	if (now_ms - pace->newer.at_ms >= MARK_EVERY_MS) {
		pace->older = pace->newer;
		pace->newer = (struct pace_mark) { done, now_ms };
	}
}

/* @return what goes in a thousand seconds; 0: nothing, or not known yet */
static uint64_t rate_of(const struct pace *pace, int64_t now_ms)
{
	int64_t took_ms = now_ms - pace->older.at_ms;

	if (took_ms < MEASURE_MS || pace->done <= pace->older.done)
		return 0;
	return (pace->done - pace->older.done) * 1000000 / (uint64_t)took_ms;
}

static void add_rate(uint64_t rate, struct str *out)
{
	if (rate >= 10000)
		str_addf(out, ", %" PRIu64 "/s", (rate + 500) / 1000);
	else
		str_addf(out, ", %" PRIu64 ".%" PRIu64 "/s", rate / 1000, rate % 1000 / 100);
}

static void add_time(const struct pace *pace, uint64_t rate, struct str *out)
{
	uint64_t seconds = (pace->of - pace->done) * 1000 / rate + 1;
	char text[TIME_TEXT_SIZE];

	if (seconds > INT64_MAX / TIME_SECOND_MS)
		return;
	if (seconds >= 600) /* nobody waits for the second then */
		seconds = (seconds + 30) / 60 * 60;
	duration_format((int64_t)seconds * TIME_SECOND_MS, text);
	str_addf(out, ", %s left", text);
}

void pace_format(const struct pace *pace, int64_t now_ms, size_t width, struct str *out)
{
	struct lines lines = { .out = out, .width = width };
	/* There may be more than were there the last time. */
	bool is_end_known = pace->of > 0 && pace->done <= pace->of;
	uint64_t rate = rate_of(pace, now_ms);
	struct str text = { 0 };
	char waited[TIME_TEXT_SIZE];

	str_addf(&text, "%s: %" PRIu64, pace->phase, pace->done);
	if (is_end_known)
		str_addf(&text, " of %" PRIu64 " (%" PRIu64 " %%)", pace->of,
		    pace->done * 100 / pace->of);
	if (now_ms - pace->moved_ms >= STALL_MS) {
		duration_format((now_ms - pace->moved_ms) / 1000 * 1000, waited);
		str_addf(&text, ", nothing for %s", waited);
	} else if (rate > 0) {
		add_rate(rate, &text);
		if (is_end_known && pace->done < pace->of)
			add_time(pace, rate, &text);
	}
	lines_text(&lines, LINE_PLAIN, str_span(&text), 0);
	lines_done(&lines);
	str_done(&text);
}
