/* SPDX-License-Identifier: ISC */
#include "app/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 80, WIDTH_MAX = 10000 };

#define CLEAR_LINE "\r\033[K"

static bool is_progress_shown; /* there is one standard error, and one thread that writes there */

static size_t width_of_environment(void)
{
	const char *columns = getenv("COLUMNS");
	uint64_t width;

	if (columns != NULL && span_to_u64(span_of(columns), &width) && width > 0 &&
	    width <= WIDTH_MAX)
		return (size_t)width;
	return WIDTH_DEFAULT;
}

size_t terminal_width(int descriptor)
{
	struct winsize size;

	if (!isatty(descriptor))
		return 0;
	if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return width_of_environment();
}

bool terminal_can_overwrite(int descriptor)
{
	const char *kind = getenv("TERM");

	return isatty(descriptor) && kind != NULL && strcmp(kind, "dumb") != 0;
}

bool terminal_wants_color(int descriptor)
{
	const char *no_color = getenv("NO_COLOR");

	return terminal_can_overwrite(descriptor) && (no_color == NULL || *no_color == '\0');
}

void terminal_show_progress(struct span text)
{
	fprintf(stderr, CLEAR_LINE "%.*s", SPAN_ARG(text));
	fflush(stderr);
	is_progress_shown = true;
}

void terminal_clear_progress(void)
{
	if (!is_progress_shown)
		return;
	is_progress_shown = false;
	fputs(CLEAR_LINE, stderr);
	fflush(stderr);
}
