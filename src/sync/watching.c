/* SPDX-License-Identifier: ISC */
/* One watch a source; what they say comes together in one callback. */
#include "sync/watching.h"

#include "base/log.h"
#include "base/vec.h"
#include <stdlib.h>

struct watch {
	struct watching *watching;
	struct source *source;
	bool is_on;
};

struct watching {
	void (*on_change)(void *context);
	void *context;
	struct watch *watches;
	size_t count;
};

struct watching *watching_new(void (*on_change)(void *context), void *context)
{
	struct watching *watching = mem_new(1, sizeof(*watching));

	*watching = (struct watching) { .on_change = on_change, .context = context };
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

static void on_told(void *context, bool is_lost, struct span why)
{
	struct watch *watch = context;

	if (!is_lost) {
		watch->watching->on_change(watch->watching->context);
		return;
	}
	watch->is_on = false;
	log_notice(
	    "directory %.*s: it no longer says when something changes: %.*s; polling goes on",
	    SPAN_ARG(watch->source->name), SPAN_ARG(why));
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
		watching->watches[i] = (struct watch) { watching, sources[i], false };
}

void watching_start(struct watching *watching, struct source *const *sources, size_t count)
{
	if (!is_same(watching, sources, count))
		take_sources(watching, sources, count);
	for (size_t i = 0; i < count; i++) {
		struct watch *watch = &watching->watches[i];

		if (watch->is_on)
			continue;
		watch->is_on = source_watch(watch->source, on_told, watch);
		if (watch->is_on)
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
