/* SPDX-License-Identifier: ISC */
/*
 * How far long work is, how fast it goes, and how long it will still take: a line of progress.
 *
 *     reading the directory: 12000 of 40000 (30 %), 4100/s, 7 s left
 *     reading the directory: 12000, 4100/s                        nobody knows how many there are
 *     sending: 12 of 300 (4 %), nothing for 12 s                  it waits
 *
 * The rate is that of the last seconds, so that it falls when the other end is slow.  No time left
 * is said before there was a second to measure, when the end is not known, or when nothing moves.
 */
#ifndef REPORT_PACE_H
#define REPORT_PACE_H

#include "base/str.h"
#include <stddef.h>
#include <stdint.h>

struct pace_mark {
	uint64_t done;
	int64_t at_ms;
};

enum { PACE_PHASE_SIZE = 48 }; /* longer names are cut */

/* All zero: nothing was noted yet. */
struct pace {
	char phase[PACE_PHASE_SIZE];
	uint64_t done, of; /* of: 0 when it is not known */
	int64_t began_ms;  /* the phase */
	int64_t moved_ms;  /* when done last grew */
	struct pace_mark older, newer;
};

/**
 * Notes how far a phase is; another phase begins anew.
 *
 * @param of      how many there will be; 0: not known
 * @param now_ms  of a clock that does not go back
 */
void pace_note(struct pace *pace, const char *phase, uint64_t done, uint64_t of, int64_t now_ms);

/** Appends the line. @param width columns; 0: any */
void pace_format(const struct pace *pace, int64_t now_ms, size_t width, struct str *out);

#endif
