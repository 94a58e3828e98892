/* SPDX-License-Identifier: ISC */
/*
 * Streams tell the watch, and the watch tells its owner from a timer: so a burst is one word, and
 * the owner may end or start it again in the callback.
 *
 * The owner is also told when a stream stands.  What happened just before is in no stream.
 */
#include "directory/watch.h"

#include "base/vec.h"
#include "directory/directory_p.h"
#include "directory/feed_p.h"
#include "directory/sync_codec.h"
#include <stdlib.h>

enum { GATHER_MS = 50 }; /* less than the service waits for the rest of a burst */

struct stream {
	struct watch *watch;
	struct session *session;
	struct span
	    context; /* naming context, a C string of the watch's arena; absent: not known yet */
	struct search search;
	struct str filter, value, cookie;
	LDAPControl control, show_deleted;
	LDAPControl *controls[3];
	bool is_settled; /* from now on what comes is new */
};

struct watch {
	struct ldap_source *source;
	source_watch_callback *callback;
	void *context;
	struct arena *arena;
	struct stream *streams[FEED_CONTEXTS_MAX];
	size_t count;
	struct loop_timer *tell;
	bool is_lost;
	struct str why;
};

/* ---- telling ---- */

static void on_tell(void *context)
{
	struct watch *watch = context;
	struct ldap_source *source = watch->source;

	if (!watch->is_lost) {
		watch->callback(watch->context, false, SPAN_NULL);
		return;
	}
	source->watch = NULL;
	watch->callback(watch->context, true, str_span(&watch->why));
	watch_free(&watch);
}

static void notice(struct watch *watch)
{
	if (!loop_timer_is_running(watch->tell))
		loop_timer_start(watch->tell, 0);
}

static void lose(struct watch *watch, struct span why)
{
	if (watch->is_lost)
		return;
	watch->is_lost = true;
	str_add(&watch->why, why);
	loop_timer_start(watch->tell, 0);
}

static void settle(struct stream *stream)
{
	stream->is_settled = true;
	session_gather(stream->session, GATHER_MS);
	notice(stream->watch);
}

/* ---- a stream ---- */

static void start_sync(struct stream *stream);

static void note_class(void *context, struct span name, const struct berval *values)
{
	bool *is_computer = context;

	if (!span_equal_ascii_case(name, SPAN("objectClass")))
		return;
	for (; values != NULL && values->bv_val != NULL; values++)
		*is_computer |= span_equal_ascii_case(
		    (struct span) { values->bv_val, values->bv_len }, SPAN("computer"));
}

/* Computers change all day, and nobody wants to hear of it. */
static void on_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	struct stream *stream = context;
	bool is_computer = false;
	struct span dn;

	message_walk(handle, message, &dn, note_class, &is_computer);
	if (stream->is_settled && !is_computer)
		notice(stream->watch);
}

static void on_intermediate(void *context, LDAP *handle, LDAPMessage *message)
{
	struct stream *stream = context;
	struct berval *value = NULL;
	struct sync_info info = { .kind = SYNC_INFO_COOKIE };
	char *oid = NULL;

	if (ldap_parse_intermediate(handle, message, &oid, &value, NULL, 0) == LDAP_SUCCESS &&
	    value != NULL)
		sync_info_decode((struct span) { value->bv_val, value->bv_len }, &info);
	ldap_memfree(oid);
	ber_bvfree(value);
	if (info.is_refresh_done)
		settle(stream);
	else if (stream->is_settled && info.kind == SYNC_INFO_IDS)
		notice(stream->watch);
}

static void on_end(void *context, const struct search_end *end)
{
	struct stream *stream = context;
	struct str why = { 0 };

	if (!end->is_broken && end->code == LDAP_SYNC_REFRESH_REQUIRED && stream->cookie.len > 0) {
		str_truncate(&stream->cookie, 0);
		start_sync(stream);
		return;
	}
	search_describe(&stream->search, end, &why);
	lose(stream->watch, str_span(&why));
	str_done(&why);
}

static void start_search(
    struct stream *stream, const char *oid, const char *filter, const char *const *attributes)
{
	static const struct search_handler handler = {
		.on_entry = on_entry, .on_intermediate = on_intermediate, .on_end = on_end
	};

	stream->control = (LDAPControl) { .ldctl_oid = (char *)oid,
		.ldctl_value = { stream->value.len, stream->value.at },
		.ldctl_iscritical = 1 };
	stream->controls[0] = &stream->control;
	stream->search = (struct search) { .base = stream->context.at,
		.scope = DIRECTORY_SCOPE_SUBTREE,
		.filter = filter,
		.attributes = attributes,
		.controls = stream->controls,
		.is_endless = true };
	session_search(stream->session, &stream->search, &handler, stream);
}

static void start_sync(struct stream *stream)
{
	str_truncate(&stream->value, 0);
	sync_request_encode(SYNC_REFRESH_AND_PERSIST,
	    stream->cookie.len > 0 ? str_span(&stream->cookie) : SPAN_NULL, &stream->value);
	str_truncate(&stream->filter, 0);
	feed_add_filter(session_kind(stream->session),
	    settings_user_filter(&stream->watch->source->settings, session_kind(stream->session)),
	    &stream->filter);
	start_search(stream, LDAP_CONTROL_SYNC, str_c(&stream->filter), NULL);
}

/* From where the last changes ended; without that the server names everybody first. */
static void find_cookie(struct stream *stream)
{
	struct arena *arena = arena_new();
	struct cursor cursor;
	const struct cursor_part *part = NULL;

	if (cursor_decode(str_span(&stream->watch->source->kept.cursor), arena, &cursor) &&
	    cursor.mechanism == DIRECTORY_CHANGES_SYNCREPL)
		part = cursor_find(&cursor, stream->context);
	str_truncate(&stream->cookie, 0);
	if (part != NULL)
		str_add(&stream->cookie, part->mark);
	arena_free(&arena);
}

static void start_stream(struct stream *stream)
{
	static const char *const attributes[] = { "objectClass", NULL };
	const struct server_facts *server = session_server(stream->session);

	if (server->has_notification) {
		/* Who may read tombstones is told of deletions too; others wait for the poll. */
		stream->show_deleted =
		    (LDAPControl) { .ldctl_oid = OID_SHOW_DELETED, .ldctl_iscritical = 1 };
		stream->controls[1] = &stream->show_deleted;
		start_search(
		    stream, LDAP_CONTROL_X_SERVER_NOTIFICATION, "(objectClass=*)", attributes);
		settle(stream);
	} else if (server->has_sync) {
		find_cookie(stream);
		start_sync(stream);
	} else {
		lose(stream->watch,
		    SPAN("the server can tell nothing as it happens: it offers neither content "
			 "synchronization (RFC 4533) nor change notification"));
	}
}

/* ---- streams ---- */

static void open_stream(struct watch *watch, struct span context);

static bool has_stream(const struct watch *watch, struct span context)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->streams[i]->context.at != NULL &&
		    span_equal(watch->streams[i]->context, context))
			return true;
	return false;
}

/* The first connection tells which naming contexts there are; it takes the first, others the rest.
 */
static void want_context(struct stream *first, struct span dn)
{
	struct watch *watch = first->watch;
	const struct server_facts *server = session_server(first->session);
	size_t index = server_facts_context_of(server, dn);
	struct span context;

	if (index == server->naming_context_count ||
	    has_stream(watch, server->naming_contexts[index]) || watch->count == FEED_CONTEXTS_MAX)
		return;
	context = arena_span(watch->arena, server->naming_contexts[index]);
	if (first->context.at == NULL)
		first->context = context;
	else
		open_stream(watch, context);
}

static void want_contexts(struct stream *first)
{
	const struct directory_settings *settings = &first->watch->source->settings;

	for (size_t i = 0; i < settings->users.base_count; i++)
		want_context(first, span_of(settings->users.bases[i]));
	for (size_t i = 0; i < settings->group_count; i++)
		want_context(first, settings->groups[i].dn);
}

static void on_open(void *context, enum status status, const struct err *err)
{
	struct stream *stream = context;

	if (status != STATUS_OK) {
		lose(stream->watch, span_of(err->text));
		return;
	}
	if (stream->context.at == NULL)
		want_contexts(stream);
	if (stream->context.at != NULL)
		start_stream(stream);
	else
		lose(stream->watch, SPAN("no naming context of the server holds the bases"));
}

static void open_stream(struct watch *watch, struct span context)
{
	struct stream *stream = mem_new(1, sizeof(*stream));

	stream->watch = watch;
	stream->context = context;
	stream->session = session_new(watch->source->loop, &watch->source->settings);
	watch->streams[watch->count++] = stream;
	session_open(stream->session, NULL, on_open, stream);
}

/* ---- life ---- */

static void free_stream(struct stream *stream)
{
	session_free(&stream->session);
	str_done(&stream->filter);
	str_done(&stream->value);
	str_done(&stream->cookie);
	free(stream);
}

void watch_free(struct watch **watch)
{
	struct watch *old = *watch;

	*watch = NULL;
	if (old == NULL)
		return;
	for (size_t i = 0; i < old->count; i++)
		free_stream(old->streams[i]);
	loop_timer_free(&old->tell);
	arena_free(&old->arena);
	str_done(&old->why);
	free(old);
}

bool watch_start(struct source *base, source_watch_callback *callback, void *context)
{
	struct ldap_source *source = (struct ldap_source *)base;
	struct watch *watch;

	watch_free(&source->watch);
	if (callback == NULL)
		return true;
	watch = mem_new(1, sizeof(*watch));
	watch->source = source;
	watch->callback = callback;
	watch->context = context;
	watch->arena = arena_new();
	watch->tell = loop_timer_new(source->loop, on_tell, watch);
	source->watch = watch;
	open_stream(watch, SPAN_NULL);
	return true;
}
