/* SPDX-License-Identifier: ISC */
/*
 * Lines of text for a terminal: a label at one column and beside it a text that goes on below
 * itself when the line is full.
 *
 *       userName          ada.ray@corp.example
 *                         from ${mail|lower}, which is longer than fits into the line and so
 *                         goes on here
 *
 * Whatever comes from outside is made printable.
 */
#ifndef REPORT_LINES_H
#define REPORT_LINES_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

enum line_style { LINE_PLAIN, LINE_HEADING, LINE_GOOD, LINE_BAD, LINE_DIM };

struct lines {
	struct str *out; /* borrowed */
	size_t width;    /* columns of the terminal; 0: lines are not broken */
	bool is_color;
	bool has_begun;     /* there was a heading */
	struct str scratch; /* freed by lines_done */
};

/** Frees what it holds. */
void lines_done(struct lines *lines);

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
