/* SPDX-License-Identifier: ISC */
/*
 * Lines of text for a terminal, made of pieces.  A piece is cut where the line is full and ends in
 * "…" then, or goes on in the next line: that is chosen by piece.
 *
 *     lines_text(lines, LINE_PLAIN, name), lines_end(lines)
 *
 * Or a label at one column and beside it a text that goes on below itself:
 *
 *       userName          ada.ray@corp.example
 *                         from ${mail|lower}, which is longer than fits into the line and so
 *                         goes on here
 *
 * Whatever comes from outside is made printable.  What is wide or has no width of its own counts as
 * the terminal draws it (utf8_columns), and no character is parted from what stands on it.
 */
#ifndef REPORT_LINES_H
#define REPORT_LINES_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

enum line_style { LINE_PLAIN, LINE_HEADING, LINE_GOOD, LINE_BAD, LINE_CHANGE, LINE_DIM };

struct lines {
	struct str *out; /* borrowed */
	size_t width;    /* columns of the terminal; 0: lines are neither broken nor cut */
	bool is_color;
	bool has_begun;     /* there was a heading */
	size_t column;      /* of the line that is being written */
	struct str scratch; /* freed by lines_done */
};

/** Frees what it holds. */
void lines_done(struct lines *lines);

/** Columns that are left on the line; SIZE_MAX without a width. */
size_t lines_room(const struct lines *lines);

/** Appends a text, cut at the end of the line or, when it is not 0, after `limit` columns. */
void lines_text(struct lines *lines, enum line_style style, struct span text, size_t limit);

/** Appends a text that must be read to its end: it goes on at column `indent` of further lines. */
void lines_wrap(struct lines *lines, enum line_style style, struct span text, size_t indent);

/** Appends spaces up to a column, or to the end of the line. */
void lines_indent(struct lines *lines, size_t column);

/** Ends the line. */
void lines_end(struct lines *lines);

/** A heading on a line of its own; before all but the first an empty line. */
void lines_heading(struct lines *lines, struct span text);

/**
 * A line, or as many as it needs.
 *
 * @param label   at column 2; NULL: none
 * @param column  of the text; a longer label has a line of its own
 */
void lines_put(
    struct lines *lines, const char *label, size_t column, enum line_style style, struct span text);

/** The same for a text that is empty afterwards. */
void lines_take(
    struct lines *lines, const char *label, size_t column, enum line_style style, struct str *text);

#endif
