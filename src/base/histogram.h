/* SPDX-License-Identifier: ISC */
/*
 * How often a number fell between which bounds.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS_MAX = 12 };

/* The bounds; each belongs to what is below it. */
struct histogram_bounds {
	size_t count;
	uint64_t at[HISTOGRAM_BOUNDS_MAX]; /* ascending */
};

/* The counts; zero-initialized. */
struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1]; /* up to each bound; above them all */
	uint64_t sum;                              /* of the numbers */
};

/** Counts a number. @param bounds  the same for the whole life of the histogram */
void histogram_note(
    struct histogram *histogram, const struct histogram_bounds *bounds, uint64_t number);

/** Adds what another one with the same bounds has counted. */
void histogram_add(struct histogram *histogram, const struct histogram *more);

#endif
