/* SPDX-License-Identifier: ISC */
/*
 * Optimal string alignment distance on three rows.
 */
#include "base/nearest.h"

enum { BEGINNING_MIN_BYTES = 3 };

static unsigned char fold(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte - 'A' + 'a') : (unsigned char)byte;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The rows of the table: the one before the last, the last, and the one that is filled. */
struct rows {
	size_t cell[3][NEAREST_WORD_MAX_BYTES + 1];
};

static bool is_swapped(struct span a, struct span b, size_t i, size_t j)
{
	return i > 1 && j > 1 && fold(a.at[i - 1]) == fold(b.at[j - 2]) &&
	       fold(a.at[i - 2]) == fold(b.at[j - 1]);
}

static void fill_row(struct rows *rows, size_t i, struct span a, struct span b)
{
	const size_t *before = rows->cell[(i + 1) % 3], *last = rows->cell[(i + 2) % 3];
	size_t *row = rows->cell[i % 3];

	row[0] = i;
	for (size_t j = 1; j <= b.len; j++) {
		size_t cost = fold(a.at[i - 1]) == fold(b.at[j - 1]) ? 0 : 1;

		row[j] = smaller(smaller(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
		if (is_swapped(a, b, i, j))
			row[j] = smaller(row[j], before[j - 2] + 1);
	}
}

static size_t distance(struct span a, struct span b)
{
	struct rows rows = { 0 };

	for (size_t j = 0; j <= b.len; j++)
		rows.cell[0][j] = j;
	for (size_t i = 1; i <= a.len; i++)
		fill_row(&rows, i, a, b);
	return rows.cell[a.len % 3][b.len];
}

/* Whether one begins with the other and enough of it is there to be no accident. */
static bool is_beginning(struct span word, struct span candidate)
{
	size_t len = smaller(word.len, candidate.len);

	return len >= BEGINNING_MIN_BYTES && span_equal_ascii_case((struct span) { word.at, len },
						 (struct span) { candidate.at, len });
}

static const char *find_beginning(struct span word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_beginning(word, span_of(words[i])))
			return words[i];
	return NULL;
}

const char *nearest_word(struct span word, const char *const *words, size_t count)
{
	const char *nearest = NULL;
	size_t limit = 1 + word.len / 4;

	if (word.len == 0 || word.len > NEAREST_WORD_MAX_BYTES)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct span candidate = span_of(words[i]);
		size_t far;

		if (candidate.len == 0 || candidate.len > NEAREST_WORD_MAX_BYTES)
			continue;
		far = distance(word, candidate);
		/* Nothing in common is not near, however short the words are. */
		if (far <= limit && far < smaller(word.len, candidate.len)) {
			nearest = words[i];
			limit = far == 0 ? 0 : far - 1;
			if (far == 0)
				return nearest;
		}
	}
	return nearest != NULL ? nearest : find_beginning(word, words, count);
}
