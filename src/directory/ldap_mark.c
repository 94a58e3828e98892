/* SPDX-License-Identifier: ISC */
/*
 * Taking a mark before a scan: one way after the other, until one works.
 *
 * No way is no failure: then there is no cursor, and changes are found by scanning.
 */
#include "directory/directory_p.h"

#include "base/vec.h"

static void try_way(struct ldap_source *source);

struct feed_input feed_input_of(struct ldap_source *source, const struct cursor *known)
{
	return (struct feed_input) { .loop = source->loop,
		.session = source->session,
		.settings = &source->settings,
		.user_filter = user_filter(source),
		.attributes = entry_builder_attributes(source->builder),
		.seen = &source->seen,
		.known = known };
}

static void note(struct mark *mark, const char *name, struct span why)
{
	if (mark->why.len > 0)
		str_add_c(&mark->why, "; ");
	str_addf(&mark->why, "%s: %.*s", name, SPAN_ARG(why));
}

static void on_change(void *context, const struct feed_change *change)
{
	(void)context, (void)change;
}

static void on_end(void *context, const struct feed_end *end)
{
	struct ldap_source *source = context;
	struct mark *mark = &source->mark;
	enum directory_changes way = mark->ways[mark->at];

	switch (end->outcome) {
	case FEED_OK:
		mark->way = way;
		mark->knows_deletions = end->knows_deletions;
		cursor_encode(end->cursor, &mark->cursor);
		if (end->why.len > 0)
			note(mark, directory_changes_name(way), end->why);
		feed_free(&source->feed);
		source->on_marked(source);
		return;
	case FEED_GAP:
	case FEED_UNUSABLE:
	case FEED_BUSY:
		note(mark, directory_changes_name(way), end->why);
		feed_free(&source->feed);
		mark->at++;
		try_way(source);
		return;
	case FEED_BROKEN:
		break;
	}
	str_truncate(&source->scratch, 0);
	str_add(&source->scratch, end->why);
	mark->is_silent = end->is_silent;
	feed_free(&source->feed);
	source->on_mark_broke(source);
}

static void try_way(struct ldap_source *source)
{
	static const struct feed_handler handler = { on_change, on_end };
	struct mark *mark = &source->mark;
	struct feed_input input = feed_input_of(source, &mark->known);

	if (mark->at < mark->count)
		source->feed = feed_start_mark(mark->ways[mark->at], &input, &handler, source);
	else
		source->on_marked(source);
}

void operation_mark(struct ldap_source *source)
{
	struct mark *mark = &source->mark;

	str_truncate(&mark->cursor, 0);
	str_truncate(&mark->why, 0);
	arena_free(&mark->arena);
	mark->arena = arena_new();
	if (!cursor_decode(str_span(&source->kept.cursor), mark->arena, &mark->known))
		mark->known = (struct cursor) { 0 };
	mark->way = DIRECTORY_CHANGES_NONE;
	mark->at = 0;
	mark->is_silent = mark->knows_deletions = false;
	mark->count = feed_ways(&source->settings, session_server(source->session),
	    session_kind(source->session), mark->ways);
	try_way(source);
}

void mark_done(struct mark *mark)
{
	arena_free(&mark->arena);
	str_done(&mark->cursor);
	str_done(&mark->why);
}
