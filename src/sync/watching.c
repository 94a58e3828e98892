/* SPDX-License-Identifier: ISC */
/* One watch a source; what they say comes together in one callback. */
#include "sync/watching.h"

#include "base/log.h"
#include "base/vec.h"
#include <stdlib.h>

enum { PAUSE_MS = 60 * 1000, PAUSE_MAX_MS = 60 * 60 * 1000 };

struct watch {
	struct watching *watching;
	struct source *source;
	bool is_on;
	unsigned losses;       /* in a row, without a word between */
	int64_t not_before_ms; /* it is opened again */
};

struct watching {
	struct loop *loop;
	void (*on_change)(void *context);
	void *context;
	struct watch *watches;
	size_t count;
};

struct watching *watching_new(struct loop *loop, void (*on_change)(void *context), void *context)
{
	struct watching *watching = mem_new(1, sizeof(*watching));

	*watching = (struct watching) { loop, on_change, context, NULL, 0 };
	return watching;
}

void watching_free(struct watching **watching)
{
	if (*watching == NULL)
		return;
	watching_stop(*watching);
	free(*watching);
	*watching = NULL;
}

static int64_t pause_of(unsigned losses)
{
	int64_t pause_ms = 0;

	for (unsigned i = 1; i < losses && pause_ms < PAUSE_MAX_MS; i++)
		pause_ms = pause_ms == 0 ? PAUSE_MS : 2 * pause_ms;
	return pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
}

/* The first loss is news, the next ones are not. */
static void lose(struct watch *watch, struct span why)
{
	watch->is_on = false;
	watch->losses++;
	watch->not_before_ms = loop_now_ms(watch->watching->loop) + pause_of(watch->losses);
	if (watch->losses == 1)
		log_notice("directory %.*s: it does not say when something changes: %.*s; polling "
			   "goes on",
		    SPAN_ARG(watch->source->name), SPAN_ARG(why));
	else
		log_debug("directory %.*s: it still does not say when something changes: %.*s",
		    SPAN_ARG(watch->source->name), SPAN_ARG(why));
}

static void on_told(void *context, bool is_lost, struct span why)
{
	struct watch *watch = context;

	if (is_lost) {
		lose(watch, why);
		return;
	}
	watch->losses = 0;
	watch->watching->on_change(watch->watching->context);
}

static bool is_same(const struct watching *watching, struct source *const *sources, size_t count)
{
	bool is_same = watching->count == count;

	for (size_t i = 0; i < count && is_same; i++)
		is_same = watching->watches[i].source == sources[i];
	return is_same;
}

static void take_sources(struct watching *watching, struct source *const *sources, size_t count)
{
	watching_stop(watching);
	watching->watches = mem_new(count + 1, sizeof(*watching->watches));
	watching->count = count;
	for (size_t i = 0; i < count; i++)
		watching->watches[i] =
		    (struct watch) { .watching = watching, .source = sources[i] };
}

void watching_start(struct watching *watching, struct source *const *sources, size_t count)
{
	if (!is_same(watching, sources, count))
		take_sources(watching, sources, count);
	for (size_t i = 0; i < count; i++) {
		struct watch *watch = &watching->watches[i];

		if (watch->is_on || loop_now_ms(watching->loop) < watch->not_before_ms)
			continue;
		watch->is_on = source_watch(watch->source, on_told, watch);
		if (watch->is_on && watch->losses == 0)
			log_info("directory %.*s: waiting to be told of changes",
			    SPAN_ARG(watch->source->name));
	}
}

void watching_stop(struct watching *watching)
{
	for (size_t i = 0; i < watching->count; i++) {
		if (watching->watches[i].is_on)
			source_watch(watching->watches[i].source, NULL, NULL);
	}
	free(watching->watches);
	watching->watches = NULL;
	watching->count = 0;
}

size_t watching_count(const struct watching *watching)
{
	size_t count = 0;

	for (size_t i = 0; i < watching->count; i++)
		count += watching->watches[i].is_on;
	return count;
}
