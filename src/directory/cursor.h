/* SPDX-License-Identifier: ISC */
/*
 * Where the changes of a directory go on: how they are asked for, under which settings, and for
 * each place a mark of the server's.
 *
 * As text, printable, words with single blanks between:
 *
 *     usn/1 5d41402abc4b2a76 dc1.corp.example:3f2504e0-…:41236 dc2.corp.example:9a7b330a-…:5521
 *     syncrepl/1 5d41402abc4b2a76 dc=example,dc=com::rid=000,csn=20260301120000.000000Z#…
 *
 * that is mechanism and version, the terms, then place, database and mark with colons between.  In
 * these, what is not a printable ASCII character, a blank, `%` and `:` are written as %XX.
 */
#ifndef DIRECTORY_CURSOR_H
#define DIRECTORY_CURSOR_H

#include "base/arena.h"
#include "base/str.h"
#include "directory/directory.h"

enum { CURSOR_PARTS_MAX = 32 };

struct cursor_part {
	struct span place;    /* naming context, or the controller's name */
	struct span database; /* of it, when marks are good for that one only; absent: none */
	struct span mark;     /* cookie, USN or time; any bytes */
};

struct cursor {
	enum directory_changes mechanism;
	struct span terms; /* what the marks depend on; see cursor_terms */
	struct cursor_part parts[CURSOR_PARTS_MAX];
	size_t count;
};

/** Appends a cursor as text. */
void cursor_encode(const struct cursor *cursor, struct str *out);

/** Reads a text. @param arena holds the parts. @return false: it is no cursor of ours */
bool cursor_decode(struct span text, struct arena *arena, struct cursor *ret_cursor);

/** Finds the part of a place, compared without ASCII case. @return NULL: there is none */
const struct cursor_part *cursor_find(const struct cursor *cursor, struct span place);

/**
 * Sets the part of a place; the oldest of too many goes.
 *
 * @param part  its spans are copied into the arena
 */
void cursor_set(struct cursor *cursor, struct arena *arena, const struct cursor_part *part);

/** Appends a digest of the settings that decide what is a change: with others, a mark tells less
 * than all. */
void cursor_terms(
    const struct directory_settings *settings, const char *user_filter, struct str *out);

#endif
