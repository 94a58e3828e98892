/* SPDX-License-Identifier: ISC */
#include "report/period.h"

#include "base/time.h"

enum { DATE_LEN = sizeof("2026-03-01") - 1 };

enum status report_time_parse(
    struct span text, int64_t now_ms, bool is_end, int64_t *ret_wall_ms, struct err *reterr)
{
	int64_t ms;

	if (duration_parse(text, &ms)) {
		*ret_wall_ms = now_ms - ms;
		return STATUS_OK;
	}
	if (time_parse_iso(text, &ms)) {
		*ret_wall_ms = is_end && text.len == DATE_LEN ? ms + TIME_DAY_MS : ms;
		return STATUS_OK;
	}
	err_set(reterr,
	    "\"%.*s\" is no time; write a date (2026-03-01), a time (2026-03-01T08:30:00Z, UTC "
	    "unless it names a zone) or how long ago (90m, 24h, 7d)",
	    SPAN_ARG(text));
	return STATUS_REJECT;
}
