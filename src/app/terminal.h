/* SPDX-License-Identifier: ISC */
/*
 * What is on the other end of standard output and standard error: a terminal, how wide, with which
 * abilities; and the line of progress, which gives way to whatever else is written to standard
 * error.
 */
#ifndef APP_TERMINAL_H
#define APP_TERMINAL_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/**
 * Columns of the terminal that the descriptor is, as they are now: the kernel's word (TIOCGWINSZ),
 * else $COLUMNS, else 80.
 *
 * @return 0: it is no terminal, so that nothing is to be cut
 */
size_t terminal_width(int descriptor);

/** Whether colour is welcome: a terminal, not a dumb one ($TERM), and no $NO_COLOR. */
bool terminal_wants_color(int descriptor);

/** Whether a line can be written over: a terminal, and not a dumb one. */
bool terminal_can_overwrite(int descriptor);

/** Shows a line of progress on standard error instead of the last. @param text fits into its width
 */
void terminal_show_progress(struct span text);

/** Takes it away; whoever writes to standard error does so before. Nothing shown: nothing happens.
 */
void terminal_clear_progress(void);

#endif
