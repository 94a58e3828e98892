/* SPDX-License-Identifier: ISC */
/*
 * The period of a report: from a time on and before another.
 */
#ifndef REPORT_PERIOD_H
#define REPORT_PERIOD_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

struct report_period {
	int64_t since_ms; /* INT64_MIN: from the beginning */
	int64_t until_ms; /* INT64_MAX: to the end */
};

/**
 * Reads a T: an ISO 8601 date or time (UTC unless it names a zone), or a duration ago ("7d").
 *
 * @param is_end  it ends the period: a date means the end of that day then, else its beginning
 * @return STATUS_OK; STATUS_REJECT: it is none; the message says what is
 */
enum status report_time_parse(
    struct span text, int64_t now_ms, bool is_end, int64_t *ret_wall_ms, struct err *reterr);

#endif
