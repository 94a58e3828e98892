/* SPDX-License-Identifier: ISC */
#include "cli/screen.h"

#include "app/terminal.h"
#include "base/unicode.h"
#include <sys/ioctl.h>
#include <unistd.h>

#define HOME          "\033[H"
#define CLEAR_TO_EDGE "\033[K"
#define CLEAR_BELOW   "\033[J"

struct screen_size screen_size(void)
{
	struct winsize size;

	if (!terminal_can_overwrite(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return (struct screen_size) { 0, 0 };
	return (struct screen_size) { (unsigned)terminal_width(STDOUT_FILENO), size.ws_row };
}

/* The last row stays free for the cursor. */
void screen_redraw(struct span page, struct screen_size size, struct str *out)
{
	str_add_c(out, HOME);
	for (unsigned row = 0; page.len > 0 && (size.rows == 0 || row + 1 < size.rows); row++) {
		struct span line = span_split(&page, '\n');

		str_add(out, size.columns == 0 ? line : utf8_fit(line, size.columns));
		str_add_c(out, CLEAR_TO_EDGE "\n");
	}
	str_add_c(out, CLEAR_BELOW);
}
