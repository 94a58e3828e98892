/* SPDX-License-Identifier: ISC */
/*
 * What feeds share: which contexts are asked, with which filter, and how it ends.
 */
#include "directory/feed_p.h"

#include "base/vec.h"
#include "core/dn.h"
#include "directory/ldap_entry.h"
#include "directory/member_text.h"
#include <assert.h>
#include <stdlib.h>

#define GROUP_CLASSES                                                                              \
	"(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfEntries)"   \
	"(objectClass=groupOfMembers)(objectClass=groupOfURLs)(objectClass=group)"
#define CONTAINER_CLASSES                                                                          \
	"(objectClass=organizationalUnit)(objectClass=organization)(objectClass=container)"        \
	"(objectClass=nsContainer)(objectClass=domain)(objectClass=country)(objectClass=locality)"
#define PERSON_CLASSES "(objectClass=person)(objectClass=inetOrgPerson)(objectClass=account)"

const char *const *feed_attributes(enum directory_kind kind)
{
	static const char *const of_389ds[] = { "nsUniqueId", "objectClass", NULL };
	static const char *const of_others[] = { "entryUUID", "nsUniqueId", "objectGUID",
		"objectClass", "isDeleted", NULL };

	return kind == DIRECTORY_389DS ? of_389ds : of_others;
}

/* ---- what is asked ---- */

/* A filter alone would not tell who stops matching it, so the classes of people are asked as well.
 */
void feed_add_filter(enum directory_kind kind, const char *user_filter, struct str *out)
{
	str_addf(out, user_filter[0] == '(' ? "(|%s" : "(|(%s)", user_filter);
	if (kind == DIRECTORY_ACTIVE_DIRECTORY)
		str_add_c(out,
		    "(&(objectClass=user)(!(objectClass=computer)))(objectClass=contact)"
		    "(objectClass=group)(objectClass=organizationalUnit)(objectClass=container))");
	else
		str_add_c(out, PERSON_CLASSES GROUP_CLASSES CONTAINER_CLASSES ")");
}

static void want_context(struct feed *feed, struct span dn)
{
	const struct server_facts *server = session_server(feed->input.session);
	size_t index = server_facts_context_of(server, dn);
	struct span context;

	if (index == server->naming_context_count)
		return;
	context = server->naming_contexts[index];
	for (size_t i = 0; i < feed->context_count; i++)
		if (span_equal(feed->contexts[i], context))
			return;
	if (feed->context_count < FEED_CONTEXTS_MAX)
		feed->contexts[feed->context_count++] = arena_span(feed->arena, context);
}

static void want_contexts(struct feed *feed)
{
	const struct directory_settings *settings = feed->input.settings;

	for (size_t i = 0; i < settings->users.base_count; i++)
		want_context(feed, span_of(settings->users.bases[i]));
	for (size_t i = 0; i < settings->group_count; i++)
		want_context(feed, settings->groups[i].dn);
}

struct span feed_context(const struct feed *feed)
{
	return feed->contexts[feed->at];
}

void feed_clear_controls(struct feed *feed)
{
	memset(feed->controls, 0, sizeof(feed->controls));
}

void feed_add_control(struct feed *feed, const char *oid, struct span value)
{
	size_t at = 0;

	while (feed->controls[at] != NULL)
		at++;
	assert(at < FEED_CONTROLS_MAX);
	feed->control_of[at] = (LDAPControl) { .ldctl_oid = (char *)oid, .ldctl_iscritical = 1 };
	if (value.at != NULL)
		feed->control_of[at].ldctl_value = (struct berval) { value.len, (char *)value.at };
	feed->controls[at] = &feed->control_of[at];
}

void feed_search(struct feed *feed, const char *const *attributes, bool is_paged,
    const struct search_handler *handler)
{
	feed->search = (struct search) { .base = feed_context(feed).at,
		.scope = DIRECTORY_SCOPE_SUBTREE,
		.filter = str_c(&feed->filter),
		.attributes = attributes,
		.is_paged = is_paged,
		.controls = feed->controls };
	session_search(feed->input.session, &feed->search, handler, feed);
}

/* ---- what is told ---- */

static bool is_container_class(struct span name)
{
	static const char *const names[] = { "organizationalUnit", "organization", "container",
		"nsContainer", "domain", "country", "locality" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_equal_ascii_case(name, span_of(names[i])))
			return true;
	return false;
}

static void note_class(struct feed_change *change, struct span name)
{
	change->is_group |= member_is_group_class(name);
	change->may_have_moved |= is_container_class(name);
}

static void note_attribute(void *context, struct span name, const struct berval *values)
{
	struct feed_change *change = context;
	struct span first;

	if (values == NULL || values->bv_val == NULL)
		return;
	first = (struct span) { values->bv_val, values->bv_len };
	if (span_equal_ascii_case(name, SPAN("objectGUID")))
		uuid_from_object_guid(first, &change->key);
	else if (span_equal_ascii_case(name, SPAN("entryUUID")) ||
		 (span_equal_ascii_case(name, SPAN("nsUniqueId")) && uuid_is_zero(&change->key)))
		uuid_parse(first, &change->key);
	else if (span_equal_ascii_case(name, SPAN("isDeleted")))
		change->is_deleted = span_equal_ascii_case(first, SPAN("TRUE"));
	else if (span_equal_ascii_case(name, SPAN("objectClass")))
		for (; values->bv_val != NULL; values++)
			note_class(change, (struct span) { values->bv_val, values->bv_len });
}

bool feed_read_entry(LDAP *handle, LDAPMessage *message, struct feed_change *ret_change)
{
	*ret_change = (struct feed_change) { 0 };
	return message_walk(handle, message, &ret_change->dn, note_attribute, ret_change) &&
	       !uuid_is_zero(&ret_change->key);
}

/* The root of a naming context changes, but does not move, and is nobody. */
static bool is_root(const struct feed *feed, const struct feed_change *change)
{
	for (size_t i = 0; i < feed->context_count; i++)
		if (change->dn.at != NULL && dn_equal(change->dn, feed->contexts[i]))
			return true;
	return false;
}

void feed_tell(struct feed *feed, const struct feed_change *change)
{
	if (!feed->is_mark && !(change->may_have_moved && is_root(feed, change)))
		feed->handler->on_change(feed->context, change);
}

/* ---- the end ---- */

void feed_end_with(struct feed *feed, enum feed_outcome outcome, const char *why)
{
	struct feed_end end = { .outcome = outcome,
		.why = span_of(why),
		.cursor = &feed->to,
		.knows_deletions = feed->knows_deletions };

	feed->handler->on_end(feed->context, &end);
}

void feed_end_search(struct feed *feed, enum feed_outcome outcome, const struct search_end *end)
{
	str_truncate(&feed->why, 0);
	search_describe(&feed->search, end, &feed->why);
	feed_end_with(feed, outcome, str_c(&feed->why));
}

void feed_broke(struct feed *feed, const struct search_end *broken)
{
	struct feed_end end = { .outcome = FEED_BROKEN, .is_silent = broken->is_silent };

	str_truncate(&feed->why, 0);
	search_describe(&feed->search, broken, &feed->why);
	end.why = str_span(&feed->why);
	feed->handler->on_end(feed->context, &end);
}

bool feed_is_busy(int code)
{
	return code == LDAP_BUSY || code == LDAP_UNAVAILABLE || code == LDAP_TIMELIMIT_EXCEEDED;
}

/* ---- life ---- */

static const struct feed_way *way_of(enum directory_changes mechanism)
{
	switch (mechanism) {
	case DIRECTORY_CHANGES_SYNCREPL:
		return &feed_syncrepl;
	case DIRECTORY_CHANGES_DIRSYNC:
		return &feed_dirsync;
	case DIRECTORY_CHANGES_USN:
		return &feed_usn;
	case DIRECTORY_CHANGES_TIMESTAMP:
		return &feed_timestamp;
	case DIRECTORY_CHANGES_AUTO:
	case DIRECTORY_CHANGES_NONE:
		break;
	}
	return NULL;
}

static void on_start(void *context)
{
	struct feed *feed = context;
	enum directory_kind kind = session_kind(feed->input.session);
	struct str terms = { 0 };

	want_contexts(feed);
	feed_add_filter(kind, feed->input.user_filter, &feed->filter);
	cursor_terms(feed->input.settings, feed->input.user_filter, &terms);
	feed->to.terms = arena_span(feed->arena, str_span(&terms));
	str_done(&terms);
	if (feed->way == NULL)
		feed_end_with(feed, FEED_UNUSABLE, "this version cannot");
	else if (feed->context_count == 0)
		feed_end_with(
		    feed, FEED_UNUSABLE, "no naming context of the server holds the bases");
	else if (feed->is_mark)
		feed->way->mark(feed);
	else if (!span_equal(feed->from.terms, feed->to.terms))
		feed_end_with(feed, FEED_GAP,
		    "bases, filter, groups or bind are no longer those that it was taken with");
	else
		feed->way->ask(feed);
}

static struct feed *feed_new(enum directory_changes mechanism, const struct feed_input *input,
    const struct feed_handler *handler, void *context)
{
	struct feed *feed = mem_new(1, sizeof(*feed));

	feed->input = *input;
	feed->way = way_of(mechanism);
	feed->handler = handler;
	feed->context = context;
	feed->arena = arena_new();
	feed->to.mechanism = mechanism;
	feed->start = loop_timer_new(input->loop, on_start, feed);
	loop_timer_start(feed->start, 0);
	return feed;
}

struct feed *feed_start_mark(enum directory_changes mechanism, const struct feed_input *input,
    const struct feed_handler *handler, void *context)
{
	struct feed *feed = feed_new(mechanism, input, handler, context);

	feed->is_mark = true;
	return feed;
}

struct feed *feed_start_ask(const struct cursor *cursor, const struct feed_input *input,
    const struct feed_handler *handler, void *context)
{
	struct feed *feed = feed_new(cursor->mechanism, input, handler, context);

	feed->from = *cursor;
	feed->from.terms = arena_span(feed->arena, cursor->terms);
	feed->from.count = 0;
	for (size_t i = 0; i < cursor->count; i++)
		cursor_set(&feed->from, feed->arena, &cursor->parts[i]);
	return feed;
}

void feed_free(struct feed **feed)
{
	struct feed *old = *feed;

	*feed = NULL;
	if (old == NULL)
		return;
	loop_timer_free(&old->start);
	arena_free(&old->arena);
	str_done(&old->filter);
	str_done(&old->why);
	str_done(&old->value);
	str_done(&old->sync.cookie);
	str_done(&old->sync.csn);
	feed_dirsync_done(old);
	free(old);
}

/* ---- which way ---- */

static void add_way(
    enum directory_changes mechanism, enum directory_changes *ret_ways, size_t *count)
{
	if (way_of(mechanism) != NULL)
		ret_ways[(*count)++] = mechanism;
}

size_t feed_ways(const struct directory_settings *settings, const struct server_facts *server,
    enum directory_kind kind, enum directory_changes ret_ways[FEED_WAYS_MAX])
{
	bool is_ad = kind == DIRECTORY_ACTIVE_DIRECTORY;
	size_t count = 0;

	if (settings->changes != DIRECTORY_CHANGES_AUTO) {
		add_way(settings->changes, ret_ways, &count);
		return count;
	}
	if (is_ad && server->has_dirsync)
		add_way(DIRECTORY_CHANGES_DIRSYNC, ret_ways, &count);
	if (is_ad)
		add_way(DIRECTORY_CHANGES_USN, ret_ways, &count);
	if (!is_ad && server->has_sync)
		add_way(DIRECTORY_CHANGES_SYNCREPL, ret_ways, &count);
	add_way(DIRECTORY_CHANGES_TIMESTAMP, ret_ways, &count);
	return count;
}
