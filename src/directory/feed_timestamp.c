/* SPDX-License-Identifier: ISC */
/*
 * Timestamps, for servers with nothing better: what was modified at or after the newest
 * modification that was seen.  It is the server's clock throughout; ours only bounds the search for
 * the first.
 *
 * A server may get a change with an older timestamp later, from another one, so the last minute is
 * asked for again.  What comes again is known by its version: entryCSN or uSNChanged, else the
 * timestamp itself, which is good for that only once the clock went past its second.
 *
 * Deletions are not told.
 */
#include "directory/feed_p.h"

#include "base/time.h"
#include "base/vec.h"
#include "directory/ldap_entry.h"
#include <stdlib.h>

#define OVERLAP_MS TIME_MINUTE_MS

static void ask_context(struct feed *feed);
static void mark_context(struct feed *feed);

static bool is_ad(const struct feed *feed)
{
	return session_kind(feed->input.session) == DIRECTORY_ACTIVE_DIRECTORY;
}

/* Active Directory makes modifyTimestamp up, and does not search for it. */
static const char *attribute_of(const struct feed *feed)
{
	return is_ad(feed) ? "whenChanged" : "modifyTimestamp";
}

static void add_time(const struct feed *feed, int64_t wall_ms, struct str *out)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, false, text);
	for (const char *at = text; *at != '\0' && *at != 'Z'; at++)
		if (*at >= '0' && *at <= '9')
			str_add_byte(out, *at);
	str_add_c(out, is_ad(feed) ? ".0Z" : "Z");
}

/* ---- entries ---- */

static void note_attribute(void *context, struct span name, const struct berval *values)
{
	struct feed *feed = context;
	struct span value;

	if (values == NULL || values->bv_val == NULL)
		return;
	value = (struct span) { values->bv_val, values->bv_len };
	if (span_equal_ascii_case(name, span_of(attribute_of(feed))))
		feed->time.stamp = value;
	else if (span_equal_ascii_case(name, SPAN("entryCSN")) ||
		 span_equal_ascii_case(name, SPAN("uSNChanged")))
		feed->time.version = value;
}

static bool read_stamps(struct feed *feed, LDAP *handle, LDAPMessage *message)
{
	struct span dn;
	int64_t now_ms, newest_ms;

	feed->time.stamp = feed->time.version = SPAN_NULL;
	if (!message_walk(handle, message, &dn, note_attribute, feed) ||
	    feed->time.stamp.at == NULL || !time_parse_generalized(feed->time.stamp, &now_ms))
		return false;
	if (feed->time.newest.at == NULL ||
	    (time_parse_generalized(feed->time.newest, &newest_ms) && newest_ms < now_ms))
		feed->time.newest = arena_span(feed->arena, feed->time.stamp);
	return true;
}

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

/* Whether this was told before, in this very version; remembers it. */
static bool was_seen(struct feed *feed, const struct feed_change *change, struct span mark)
{
	struct feed_seen *seen = feed->input.seen;
	struct str text = { 0 };
	struct digest digest;
	int64_t stamp_ms, mark_ms;
	bool is_sure = feed->time.version.at != NULL, is_found = false;

	if (!is_sure && time_parse_generalized(feed->time.stamp, &stamp_ms) &&
	    time_parse_generalized(mark, &mark_ms))
		is_sure = stamp_ms < mark_ms;
	str_add(&text, (struct span) { (const char *)change->key.byte, sizeof(change->key.byte) });
	str_add(&text, feed->time.stamp);
	str_add(&text, feed->time.version);
	digest = hash_digest(str_span(&text));
	str_done(&text);
	if (seen->old_count > 0)
		is_found = bsearch(&digest, seen->at, seen->old_count, sizeof(digest),
			       compare_digests) != NULL;
	*(struct digest *)vec_push((void **)&seen->at, &seen->count, &seen->cap, sizeof(digest)) =
	    digest;
	return is_found && is_sure;
}

static void on_changed(void *context, LDAP *handle, LDAPMessage *message)
{
	struct feed *feed = context;
	const struct cursor_part *part = cursor_find(&feed->from, feed_context(feed));
	struct feed_change change;

	if (read_stamps(feed, handle, message) && feed_read_entry(handle, message, &change) &&
	    !was_seen(feed, &change, part->mark)) {
		feed->time.has_told = true;
		feed_tell(feed, &change);
	}
}

static void on_newest(void *context, LDAP *handle, LDAPMessage *message)
{
	read_stamps(context, handle, message);
}

/* ---- contexts ---- */

/* A second holds many changes, and two cursors of it must not be taken for one. */
static struct span next_serial(struct feed *feed)
{
	const struct cursor_part *old = cursor_find(&feed->from, feed_context(feed));
	uint64_t serial = 0;

	if (old != NULL && old->database.at != NULL)
		span_to_u64(old->database, &serial);
	if (feed->time.has_told || old == NULL)
		serial++;
	return arena_format(feed->arena, "%llu", (unsigned long long)serial);
}

static void next_context(struct feed *feed, struct span mark)
{
	struct cursor_part part = {
		.place = feed_context(feed), .database = next_serial(feed), .mark = mark
	};

	cursor_set(&feed->to, feed->arena, &part);
	feed->time.newest = SPAN_NULL;
	feed->time.window = 0;
	feed->time.has_told = false;
	if (++feed->at == feed->context_count)
		feed_end_with(feed, FEED_OK, "deletions show only in whole scans");
	else if (feed->is_mark)
		mark_context(feed);
	else
		ask_context(feed);
}

static bool went_well(struct feed *feed, const struct search_end *end)
{
	if (end->is_broken)
		feed_broke(feed, end);
	else if (feed_is_busy(end->code))
		feed_end_search(feed, FEED_BUSY, end);
	else if (end->code != LDAP_SUCCESS || end->is_paging_ignored)
		feed_end_search(feed, FEED_UNUSABLE, end);
	else
		return true;
	return false;
}

static const char *const *attributes_of(const struct feed *feed)
{
	static const char *const of_ad[] = { "objectGUID", "objectClass", "whenChanged",
		"uSNChanged", NULL };
	static const char *const of_389ds[] = { "nsUniqueId", "objectClass", "modifyTimestamp",
		NULL };
	static const char *const of_others[] = { "entryUUID", "nsUniqueId", "objectClass",
		"modifyTimestamp", "entryCSN", NULL };

	if (is_ad(feed))
		return of_ad;
	return session_kind(feed->input.session) == DIRECTORY_389DS ? of_389ds : of_others;
}

/* ---- asking ---- */

/* The caller was told: what was seen before that is too old to come again. */
void feed_seen_commit(struct feed_seen *seen)
{
	size_t kept = seen->count - seen->old_count;

	if (kept > 0)
		memmove(seen->at, seen->at + seen->old_count, kept * sizeof(*seen->at));
	if (kept > 1) /* after an import all that was imported comes again */
		qsort(seen->at, kept, sizeof(*seen->at), compare_digests);
	seen->count = seen->old_count = kept;
}

static void on_changed_end(void *context, const struct search_end *end)
{
	struct feed *feed = context;
	const struct cursor_part *part = cursor_find(&feed->from, feed_context(feed));

	if (went_well(feed, end))
		next_context(feed, feed->time.newest.at != NULL ? feed->time.newest : part->mark);
}

static void ask_context(struct feed *feed)
{
	static const struct search_handler handler = { .on_entry = on_changed,
		.on_end = on_changed_end };
	const struct cursor_part *part = cursor_find(&feed->from, feed_context(feed));
	int64_t mark_ms;

	if (part == NULL || !time_parse_generalized(part->mark, &mark_ms)) {
		feed_end_with(feed, FEED_GAP, "it says nothing of a naming context");
		return;
	}
	feed->time.newest = part->mark;
	str_truncate(&feed->filter, 0);
	str_addf(&feed->filter, "(&(%s>=", attribute_of(feed));
	add_time(feed, mark_ms - OVERLAP_MS, &feed->filter);
	str_add_byte(&feed->filter, ')');
	feed_add_filter(session_kind(feed->input.session), feed->input.user_filter, &feed->filter);
	str_add_byte(&feed->filter, ')');
	feed_search(feed, attributes_of(feed), true, &handler);
}

static void ask(struct feed *feed)
{
	/* What a question saw that came to nothing was not told. */
	feed->input.seen->count = feed->input.seen->old_count;
	ask_context(feed);
}

/* ---- the first time ---- */

static void on_newest_end(void *context, const struct search_end *end)
{
	enum { WINDOWS = 3 };
	struct feed *feed = context;

	if (!went_well(feed, end))
		return;
	if (feed->time.newest.at != NULL)
		next_context(feed, feed->time.newest);
	else if (++feed->time.window < WINDOWS)
		mark_context(feed);
	else
		feed_end_with(
		    feed, FEED_UNUSABLE, "no entry has a modification time that can be read");
}

static void mark_context(struct feed *feed)
{
	static const struct search_handler handler = { .on_entry = on_newest,
		.on_end = on_newest_end };
	static const int64_t windows_ms[] = { TIME_DAY_MS, 31 * TIME_DAY_MS, 0 };
	int64_t window_ms = windows_ms[feed->time.window];

	str_truncate(&feed->filter, 0);
	str_addf(&feed->filter, "(%s", attribute_of(feed));
	if (window_ms > 0) {
		str_add_c(&feed->filter, ">=");
		add_time(feed, loop_wall_ms(feed->input.loop) - window_ms, &feed->filter);
	} else
		str_add_c(&feed->filter, "=*");
	str_add_byte(&feed->filter, ')');
	feed->time.asked[0] = attribute_of(feed);
	feed_search(feed, feed->time.asked, true, &handler);
}

static void mark(struct feed *feed)
{
	feed_prove_rights(feed, attribute_of(feed), mark_context);
}

const struct feed_way feed_timestamp = { mark, ask };
