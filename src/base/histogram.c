/* SPDX-License-Identifier: ISC */
#include "base/histogram.h"

void histogram_note(
    struct histogram *histogram, const struct histogram_bounds *bounds, uint64_t number)
{
	size_t at = 0;

	while (at < bounds->count && number > bounds->at[at])
		at++;
	histogram->counts[at]++;
	histogram->sum += number;
}

void histogram_add(struct histogram *histogram, const struct histogram *more)
{
	for (size_t i = 0; i < HISTOGRAM_BOUNDS_MAX + 1; i++)
		histogram->counts[i] += more->counts[i];
	histogram->sum += more->sum;
}
