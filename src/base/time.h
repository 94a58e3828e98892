/* SPDX-License-Identifier: ISC */
/*
 * Times and durations as people write them.  Nothing here reads a clock: time is an argument.
 *
 * Wall time is int64_t milliseconds since 1970-01-01T00:00:00Z; durations are milliseconds.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

enum { TIME_TEXT_SIZE = 32 };

#define TIME_SECOND_MS INT64_C(1000)
#define TIME_MINUTE_MS (60 * TIME_SECOND_MS)
#define TIME_HOUR_MS   (60 * TIME_MINUTE_MS)
#define TIME_DAY_MS    (24 * TIME_HOUR_MS)

/** Reads "90s" "15m" "24h" "7d" "250ms". @return false when it is none or over 10,000 days */
bool duration_parse(struct span text, int64_t *ret_ms);

/** Writes a duration shortly for people: "250 ms", "90 s", "15 min", "3 h 20 min", "7 d". */
void duration_format(int64_t duration_ms, char text[TIME_TEXT_SIZE]);

/** Writes "2026-03-01T12:34:56Z", with ".789" when `with_ms`. */
void time_format(int64_t wall_ms, bool with_ms, char text[TIME_TEXT_SIZE]);

/** Reads ISO 8601: a date, or a date and a time with seconds, fraction and zone optional (UTC). */
bool time_parse_iso(struct span text, int64_t *ret_wall_ms);

/** Reads LDAP GeneralizedTime (RFC 4517 3.3.13), fractions and offsets included. */
bool time_parse_generalized(struct span text, int64_t *ret_wall_ms);

/** Turns an AD FILETIME (100 ns since 1601) into wall time; 0 and INT64_MAX are "never": false. */
bool time_from_filetime(int64_t filetime, int64_t *ret_wall_ms);

/**
 * Reads an HTTP-date, IMF-fixdate and the two obsolete forms (RFC 9110 5.6.7).
 *
 * Without a clock the two-digit years of the RFC 850 form are 1970 to 2069.
 */
bool time_parse_http(struct span text, int64_t *ret_wall_ms);

#endif
