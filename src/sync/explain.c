/* SPDX-License-Identifier: ISC */
/* The frame of an explanation: beginning, end, and what its parts share. */
#include "sync/explain_p.h"

#include "base/vec.h"
#include <stdlib.h>

void explain_gap(struct explain *explain, const char *part, struct span name, struct span why)
{
	struct explained_gap *gap = vec_push((void **)&explain->gaps, &explain->gap_count,
	    &explain->gap_cap, sizeof(*explain->gaps));

	*gap = (struct explained_gap) { part, name, arena_span(explain->arena, why) };
}

struct action explain_copy_action(struct explain *explain, const struct action *action)
{
	struct action copy = *action;
	struct span *const texts[] = { &copy.detail, &copy.directory, &copy.dn, &copy.account_id,
		&copy.user_name, &copy.before, &copy.after, &copy.request.method,
		&copy.request.path, &copy.request.body, &copy.answer, &copy.request_id };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_span(explain->arena, *texts[i]);
	return copy;
}

struct uuid explain_key(const struct explain *explain)
{
	if (explain->told.is_linked)
		return explain->told.link.key;
	return explain->told.chosen != NULL ? explain->told.chosen->key : (struct uuid) { { 0 } };
}

void explain_end(struct explain *explain, enum status status)
{
	struct explanation *told = &explain->told;

	for (size_t i = 0; i < told->directory_count; i++)
		explain->directories[i].is_chosen = &explain->directories[i] == told->chosen;
	told->gaps = explain->gaps;
	told->gap_count = explain->gap_count;
	told->rivals = explain->rivals;
	told->rival_count = explain->rival_count;
	told->actions = explain->actions;
	told->action_count = explain->action_count;
	told->holds = explain->holds;
	told->hold_count = explain->hold_count;
	told->history = explain->records;
	told->history_count = explain->record_count;
	explain->callback(explain->context, status, told, &explain->err);
	loop_timer_free(&explain->begin);
	index_free(&explain->index);
	free(explain->gaps);
	free(explain->rivals);
	free(explain->actions);
	free(explain->holds);
	free(explain->records);
	arena_free(&explain->arena);
	free(explain);
}

static void begin(void *context)
{
	explain_look(context);
}

void explain_start(const struct explain_input *input, explain_callback *callback, void *context)
{
	struct explain *explain = mem_new(1, sizeof(*explain));

	explain->in = *input;
	explain->callback = callback;
	explain->context = context;
	explain->arena = arena_new();
	explain->told.who = input->who;
	explain->told.now_ms = loop_wall_ms(input->cycle->loop);
	explain->told.is_whole = input->is_whole;
	explain->begin = loop_timer_new(input->cycle->loop, begin, explain);
	loop_timer_start(explain->begin, 0);
}
