/* SPDX-License-Identifier: ISC */
/* Progress on a terminal. */
#include "cli/progress.h"

#include "app/terminal.h"
#include <unistd.h>

enum { QUIET_MS = 1000, EVERY_MS = 200, AGAIN_MS = 1000 };

static void draw(struct progress *progress, int64_t now_ms)
{
	size_t width = terminal_width(STDERR_FILENO);
	struct str line = { 0 };

	progress->shown_ms = now_ms;
	/* In the last column many terminals would go on to the next line. */
	pace_format(&progress->pace, now_ms, width > 1 ? width - 1 : 1, &line);
	terminal_show_progress(str_span(&line));
	str_done(&line);
}

static void on_again(void *context)
{
	struct progress *progress = context;
	int64_t now_ms = loop_now_ms(progress->loop);

	if (progress->pace.phase[0] != '\0' && now_ms - progress->started_ms >= QUIET_MS)
		draw(progress, now_ms);
	loop_timer_start(progress->again, AGAIN_MS);
}

void progress_init(struct progress *progress, struct loop *loop, bool is_quiet)
{
	*progress = (struct progress) { .loop = loop, .started_ms = loop_now_ms(loop) };
	if (is_quiet || !terminal_can_overwrite(STDERR_FILENO))
		return;
	progress->again = loop_timer_new(loop, on_again, progress);
	loop_timer_start(progress->again, AGAIN_MS);
}

void progress_show(void *context, const char *phase, uint64_t done, uint64_t of)
{
	struct progress *progress = context;
	int64_t now_ms;

	if (progress->again == NULL)
		return;
	now_ms = loop_now_ms(progress->loop);
	pace_note(&progress->pace, phase, done, of, now_ms);
	if (now_ms - progress->started_ms >= QUIET_MS && now_ms - progress->shown_ms >= EVERY_MS)
		draw(progress, now_ms);
}

void progress_done(struct progress *progress)
{
	loop_timer_free(&progress->again);
	terminal_clear_progress();
}
