/* SPDX-License-Identifier: ISC */
/* Standard output as a terminal, if it is one. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "base/str.h"

struct screen_size {
	unsigned columns, rows; /* 0: it is no terminal that can be written over, or nobody knows */
};

/** How large it is. */
struct screen_size screen_size(void);

/** Appends a page with what puts it in the place of the one before: lines that are too long go on
 * in the next row, and rows that do not fit are left out. @param size  of a terminal */
void screen_redraw(struct span page, struct screen_size size, struct str *out);

#endif
