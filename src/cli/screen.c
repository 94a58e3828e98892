/* SPDX-License-Identifier: ISC */
#include "cli/screen.h"

#include "app/terminal.h"
#include "base/unicode.h"
#include <sys/ioctl.h>
#include <unistd.h>

#define HOME          "\033[H"
#define CLEAR_TO_EDGE "\033[K"
#define CLEAR_BELOW   "\033[J"

enum { INDENT = 13 }; /* of what a status says behind its words */

struct screen_size screen_size(void)
{
	struct winsize size;

	if (!terminal_can_overwrite(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return (struct screen_size) { 0, 0 };
	return (struct screen_size) { (unsigned)terminal_width(STDOUT_FILENO), size.ws_row };
}

/* @return what of the line goes into that many columns, up to a space where there is one */
static struct span take_row(struct span *line, unsigned columns)
{
	struct span row = columns == 0 ? *line : utf8_fit(*line, columns);
	size_t end = row.len;

	while (row.len < line->len && end > 0 && line->at[end] != ' ')
		end--;
	if (end > 0)
		row.len = end;
	else if (row.len == 0)
		row.len = line->len; /* nothing fits: rather too wide than never shown */
	line->at += row.len;
	line->len -= row.len;
	while (line->len > 0 && line->at[0] == ' ')
		line->at++, line->len--;
	return row;
}

/* The last row stays free for the cursor. */
void screen_redraw(struct span page, struct screen_size size, struct str *out)
{
	unsigned indent = size.columns > 2 * INDENT ? INDENT : 0;
	struct span line = SPAN_NULL;

	str_add_c(out, HOME);
	for (unsigned row = 0; line.len + page.len > 0 && (size.rows == 0 || row + 1 < size.rows);
	     row++) {
		bool goes_on = line.len > 0;

		if (!goes_on)
			line = span_split(&page, '\n');
		if (goes_on)
			str_addf(out, "%*s", (int)indent, "");
		str_add(out,
		    take_row(&line, size.columns == 0 ? 0 : size.columns - (goes_on ? indent : 0)));
		str_add_c(out, CLEAR_TO_EDGE "\n");
	}
	str_add_c(out, CLEAR_BELOW);
}
