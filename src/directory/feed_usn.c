/* SPDX-License-Identifier: ISC */
/*
 * Active Directory's update sequence numbers: what has a higher uSNChanged than was seen,
 * tombstones included.
 *
 * Each controller numbers by itself, and anew when its database came from a backup.  So a cursor
 * has a number for each controller, with the invocation id of the database that gave it; one that
 * was not met before, has another database or numbers lower than it did cannot be asked.
 *
 *     root DSE ──▶ invocation id ──▶ may we see tombstones? ──▶ one search a naming context
 *
 * Source: MS-ADTS 3.1.1.1.9 (invocationId), 3.1.1.4.1 (uSNChanged); Microsoft, "Polling for Changes
 * Using USNChanged"
 */
#include "directory/feed_p.h"

#include "directory/ldap_entry.h"

static void search_context(struct feed *feed);

/* ---- who answers ---- */

static void take_value(struct feed *feed, struct span *place, const struct berval *values)
{
	if (values != NULL && values->bv_val != NULL)
		*place = arena_span(feed->arena, (struct span) { values->bv_val, values->bv_len });
}

static void note_fact(void *context, struct span name, const struct berval *values)
{
	struct feed *feed = context;

	if (span_equal_ascii_case(name, SPAN("dnsHostName")))
		take_value(feed, &feed->usn.host, values);
	else if (span_equal_ascii_case(name, SPAN("dsServiceName")))
		take_value(feed, &feed->usn.service, values);
	else if (span_equal_ascii_case(name, SPAN("highestCommittedUSN")))
		take_value(feed, &feed->usn.highest, values);
	else if (span_equal_ascii_case(name, SPAN("invocationId")))
		take_value(feed, &feed->usn.invocation, values);
}

static void on_fact(void *context, LDAP *handle, LDAPMessage *message)
{
	struct span dn;

	message_walk(handle, message, &dn, note_fact, context);
}

static void read_entry(struct feed *feed, const char *dn, const char *const *attributes,
    const struct search_handler *handler)
{
	feed->search = (struct search) { .base = dn,
		.scope = DIRECTORY_SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = attributes,
		.controls = feed->controls };
	session_search(feed->input.session, &feed->search, handler, feed);
}

/* @return NULL: the cursor is good here */
static const char *find_gap(struct feed *feed, struct span database)
{
	const struct cursor_part *part = cursor_find(&feed->from, feed->usn.host);
	uint64_t before, now;

	if (part == NULL)
		return arena_format(feed->arena,
		    "the controller %.*s answers, which it says nothing of",
		    SPAN_ARG(feed->usn.host))
		    .at;
	if (!span_equal_ascii_case(part->database, database))
		return arena_format(feed->arena,
		    "the database of %.*s is another one (its invocationId changed), as after a "
		    "restore",
		    SPAN_ARG(feed->usn.host))
		    .at;
	if (!span_to_u64(part->mark, &before) || !span_to_u64(feed->usn.highest, &now))
		return "its update sequence number cannot be read";
	if (now < before)
		return arena_format(feed->arena,
		    "the update sequence numbers of %.*s went back from %.*s to %.*s",
		    SPAN_ARG(feed->usn.host), SPAN_ARG(part->mark), SPAN_ARG(feed->usn.highest))
		    .at;
	feed->usn.from = before + 1;
	return NULL;
}

/* Their numbers are old, so they would tell too much; but nothing less than all. */
static void keep_other_controllers(struct feed *feed)
{
	const struct cursor *old = feed->is_mark ? feed->input.known : &feed->from;

	if (old == NULL || old->mechanism != feed->to.mechanism ||
	    !span_equal(old->terms, feed->to.terms))
		return;
	for (size_t i = 0; i < old->count; i++)
		cursor_set(&feed->to, feed->arena, &old->parts[i]);
}

static void judge(struct feed *feed)
{
	struct cursor_part part = { .place = feed->usn.host, .mark = feed->usn.highest };
	struct uuid id;
	char text[UUID_TEXT_SIZE];
	const char *gap = NULL;

	if (!uuid_from_object_guid(feed->usn.invocation, &id) || feed->usn.host.len == 0 ||
	    feed->usn.highest.len == 0) {
		feed_end_with(feed, FEED_UNUSABLE,
		    "the controller does not show dnsHostName, highestCommittedUSN or its "
		    "invocationId");
		return;
	}
	uuid_format(&id, text);
	part.database = span_of(text);
	if (!feed->is_mark)
		gap = find_gap(feed, part.database);
	keep_other_controllers(feed);
	cursor_set(&feed->to, feed->arena, &part);
	if (gap != NULL)
		feed_end_with(feed, FEED_GAP, gap);
	else
		search_context(feed);
}

static void on_service_end(void *context, const struct search_end *end)
{
	struct feed *feed = context;

	if (end->is_broken)
		feed_broke(feed, end);
	else
		judge(feed);
}

static void on_root_end(void *context, const struct search_end *end)
{
	static const char *const attributes[] = { "invocationId", NULL };
	static const struct search_handler handler = { .on_entry = on_fact,
		.on_end = on_service_end };
	struct feed *feed = context;

	if (end->is_broken)
		feed_broke(feed, end);
	else if (feed->usn.service.at == NULL)
		feed_end_with(feed, FEED_UNUSABLE, "the controller does not show dsServiceName");
	else
		read_entry(feed, feed->usn.service.at, attributes, &handler);
}

static void begin(struct feed *feed)
{
	static const char *const attributes[] = { "dnsHostName", "dsServiceName",
		"highestCommittedUSN", NULL };
	static const struct search_handler handler = { .on_entry = on_fact, .on_end = on_root_end };

	feed->knows_deletions = true;
	feed_clear_controls(feed);
	read_entry(feed, "", attributes, &handler);
}

/* ---- tombstones ---- */

static void on_deleted_objects(void *context, LDAP *handle, LDAPMessage *message)
{
	struct feed *feed = context;

	(void)handle, (void)message;
	feed->usn.has_deleted_objects = true;
}

static void on_deleted_objects_end(void *context, const struct search_end *end)
{
	struct feed *feed = context;

	if (end->is_broken) {
		feed_broke(feed, end);
		return;
	}
	feed->knows_deletions &= feed->usn.has_deleted_objects;
	if (++feed->at < feed->context_count)
		search_context(feed);
	else
		feed_end_with(feed, FEED_OK,
		    feed->knows_deletions
			? NULL
			: "the bind sees no tombstones in CN=Deleted Objects, so deletions "
			  "show only in whole scans");
}

/*
 * Whoever may not read tombstones is not shown them, and nothing says so.  A domain without any is
 * rare, and there nobody is missed.
 */
static void ask_deleted_objects(struct feed *feed)
{
	static const struct search_handler handler = { .on_entry = on_deleted_objects,
		.on_end = on_deleted_objects_end };

	feed_clear_controls(feed);
	feed_add_control(feed, OID_SHOW_DELETED, SPAN_NULL);
	feed->usn.has_deleted_objects = false;
	feed->search = (struct search) {
		.base = arena_format(
		    feed->arena, "CN=Deleted Objects,%.*s", SPAN_ARG(feed_context(feed)))
			    .at,
		.scope = DIRECTORY_SCOPE_ONE,
		.filter = "(isDeleted=TRUE)",
		.size_limit = 1,
		.controls = feed->controls,
	};
	session_search(feed->input.session, &feed->search, &handler, feed);
}

/* ---- what is newer ---- */

static void on_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	struct feed *feed = context;
	struct feed_change change;

	if (feed_read_entry(handle, message, &change))
		feed_tell(feed, &change);
}

static void on_context_end(void *context, const struct search_end *end)
{
	struct feed *feed = context;

	if (end->is_broken)
		feed_broke(feed, end);
	else if (feed_is_busy(end->code))
		feed_end_search(feed, FEED_BUSY, end);
	else if (end->code != LDAP_SUCCESS || end->is_paging_ignored)
		feed_end_search(feed, FEED_UNUSABLE, end);
	else
		ask_deleted_objects(feed);
}

static void search_context(struct feed *feed)
{
	static const struct search_handler handler = { .on_entry = on_entry,
		.on_end = on_context_end };

	if (feed->is_mark) {
		ask_deleted_objects(feed);
		return;
	}
	str_truncate(&feed->filter, 0);
	str_addf(&feed->filter, "(&(uSNChanged>=%llu)", (unsigned long long)feed->usn.from);
	feed_add_filter(session_kind(feed->input.session), feed->input.user_filter, &feed->filter);
	str_add_byte(&feed->filter, ')');
	feed_clear_controls(feed);
	feed_add_control(feed, OID_SHOW_DELETED, SPAN_NULL);
	feed_search(feed, feed_attributes(session_kind(feed->input.session)), true, &handler);
}

const struct feed_way feed_usn = { begin, begin };
