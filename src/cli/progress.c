/* SPDX-License-Identifier: ISC */
/* Progress on a terminal. */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { QUIET_MS = 1000, EVERY_MS = 200 };

void progress_init(struct progress *progress, struct loop *loop, bool is_quiet)
{
	*progress = (struct progress) { .loop = loop, .is_on = !is_quiet && isatty(STDERR_FILENO) };
	progress->started_ms = loop_now_ms(loop);
}

void progress_show(void *context, const char *phase, uint64_t done, uint64_t of)
{
	struct progress *progress = context;
	int64_t now_ms = loop_now_ms(progress->loop);

	if (!progress->is_on || now_ms - progress->started_ms < QUIET_MS ||
	    now_ms - progress->shown_ms < EVERY_MS)
		return;
	progress->shown_ms = now_ms;
	progress->is_showing = true;
	if (of > 0 && done <= of)
		fprintf(stderr, "\r\033[K%s: %llu of %llu (%llu %%)", phase,
		    (unsigned long long)done, (unsigned long long)of,
		    (unsigned long long)(done * 100 / of));
	else
		fprintf(stderr, "\r\033[K%s: %llu", phase, (unsigned long long)done);
	fflush(stderr);
}

void progress_done(struct progress *progress)
{
	if (progress->is_showing)
		fputs("\r\033[K", stderr);
	progress->is_showing = false;
}
