/* SPDX-License-Identifier: ISC */
/*
 * The word somebody meant: suggestions for misspelt names.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/str.h"
#include <stddef.h>

/* Longer words are never compared, so that hostile text costs nothing. */
enum { NEAREST_WORD_MAX_BYTES = 64 };

/**
 * Finds the word that is nearest to what was written.
 *
 * Near means few letters inserted, left out, replaced or swapped with their neighbour (optimal
 * string alignment), at most one and one more for every four bytes; ASCII case does not count.
 * When none is near, one that begins like the word, or that the word begins with, will do
 * ("warn", "warning").
 *
 * @param words  NUL-terminated; at equal distance the first one wins
 * @return one of `words`, borrowed; NULL when none is near enough to be what was meant
 * Cost: the product of the lengths for each word; no allocation.
 */
const char *nearest_word(struct span word, const char *const *words, size_t count);

#endif
