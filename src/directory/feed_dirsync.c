/* SPDX-License-Identifier: ISC */
/*
 * Active Directory's DirSync control: what changed since a cookie, attribute by attribute.
 *
 * Only objects come of which an attribute changed that was asked for; so all are asked for that
 * mapping and filters look at.  A new object comes with its objectClass, a moved or renamed one
 * with its name or parentGUID, a group's members as those that came (`member;range=1-1`) and those
 * that went (`member;range=0-0`).
 *
 * Without the right to replicate the server answers 50; then with OBJECT_SECURITY it tells what the
 * bind may read anyway.  The first cookie is that of a question that nothing matches.
 *
 * Source: MS-ADTS 3.1.1.3.4.1.3 (LDAP_SERVER_DIRSYNC_OID), and Samba 4.17 in tests/integration
 */
#include "directory/feed_p.h"

#include "base/vec.h"
#include "core/filter.h"
#include "directory/dirsync_codec.h"
#include "directory/ldap_entry.h"
#include <stdlib.h>

#define OBJECT_SECURITY SPAN("object-security")

/* No object has this key. */
#define NOTHING "(objectGUID=\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00)"

static void sync_context(struct feed *feed);

/* ---- what is asked ---- */

static void want(struct feed *feed, const char *name)
{
	size_t count = feed->dirsync.attribute_count;

	for (size_t i = 0; i < count; i++)
		if (strcasecmp(feed->dirsync.attributes[i], name) == 0)
			return;
	*(const char **)vec_push((void **)&feed->dirsync.attributes, &feed->dirsync.attribute_count,
	    &feed->dirsync.attribute_cap, sizeof(name)) = name;
}

/* @return false: only the server can tell what the filter looks at, so all has to be asked for */
static bool want_of_filter(struct feed *feed)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	bool is_read = filter_compile(span_of(feed->input.user_filter), set, &filter, NULL, NULL) ==
		       STATUS_OK;

	for (size_t i = 0; is_read && i < attribute_set_count(set); i++)
		if (attribute_set_name(set, i).at[0] != '.')
			want(feed, arena_c(feed->arena, attribute_set_name(set, i)));
	filter_free(&filter);
	attribute_set_free(&set);
	return is_read;
}

static void want_attributes(struct feed *feed)
{
	static const char *const always[] = { "objectGUID", "objectClass", "isDeleted", "name",
		"parentGUID", "member", "userAccountControl", "accountExpires" };

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		want(feed, always[i]);
	for (const char *const *name = feed->input.attributes; name != NULL && *name != NULL;
	     name++)
		want(feed, *name);
	if (!want_of_filter(feed))
		want(feed, "*");
	vec_push((void **)&feed->dirsync.attributes, &feed->dirsync.attribute_count,
	    &feed->dirsync.attribute_cap, sizeof(char *));
}

/* ---- what comes ---- */

/* The array of values goes with the attribute, what it points at stays with the message. */
static struct berval *copy_values(const struct berval *values)
{
	struct berval *copy;
	size_t count = 0;

	while (values[count].bv_val != NULL)
		count++;
	copy = mem_new(count + 1, sizeof(*copy));
	memcpy(copy, values, count * sizeof(*copy));
	return copy;
}

static void note_attribute(void *context, struct span name, const struct berval *values)
{
	struct feed *feed = context;

	if (span_equal_ascii_case(name, SPAN("objectClass")))
		feed->dirsync.is_new = true;
	else if (span_equal_ascii_case(name, SPAN("name")) ||
		 span_equal_ascii_case(name, SPAN("parentGUID")))
		feed->dirsync.is_moved = true;
	else if (values == NULL || values->bv_val == NULL)
		return;
	else if (span_equal_ascii_case(name, SPAN("member;range=1-1")) &&
		 feed->dirsync.added == NULL)
		feed->dirsync.added = copy_values(values);
	else if (span_equal_ascii_case(name, SPAN("member;range=0-0")) &&
		 feed->dirsync.removed == NULL)
		feed->dirsync.removed = copy_values(values);
	else if (name.len >= 6 &&
		 span_equal_ascii_case((struct span) { name.at, 6 }, SPAN("member")) &&
		 (name.len == 6 || name.at[6] == ';'))
		feed->dirsync.has_whole_list = true;
}

static void forget_entry(struct feed *feed)
{
	free(feed->dirsync.added);
	free(feed->dirsync.removed);
	feed->dirsync.added = feed->dirsync.removed = NULL;
	feed->dirsync.is_new = feed->dirsync.is_moved = feed->dirsync.has_whole_list = false;
}

static void on_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	struct feed *feed = context;
	struct feed_change change;
	struct span dn;

	forget_entry(feed);
	if (!feed_read_entry(handle, message, &change) ||
	    !message_walk(handle, message, &dn, note_attribute, feed)) {
		feed->dirsync.is_unreadable = true;
		return;
	}
	change.has_unknown_class = !feed->dirsync.is_new;
	/* Who is below a new object is new as well. */
	change.may_have_moved = feed->dirsync.is_moved && !feed->dirsync.is_new;
	change.has_only_values = !feed->dirsync.is_new && !feed->dirsync.is_moved &&
				 !feed->dirsync.has_whole_list && !change.is_deleted;
	change.added = feed->dirsync.added;
	change.removed = feed->dirsync.removed;
	feed_tell(feed, &change);
}

/* ---- the end of an answer ---- */

static bool take_cookie(struct feed *feed, const struct search_end *end, bool *ret_has_more)
{
	LDAPControl *found = end->controls == NULL ? NULL
						   : ldap_control_find(LDAP_CONTROL_X_DIRSYNC,
							 (LDAPControl **)end->controls, NULL);
	struct dirsync_answer answer;

	if (found == NULL ||
	    !dirsync_answer_decode(
		(struct span) { found->ldctl_value.bv_val, found->ldctl_value.bv_len }, &answer))
		return false;
	str_truncate(&feed->dirsync.cookie, 0);
	str_add(&feed->dirsync.cookie, answer.cookie);
	*ret_has_more = answer.has_more;
	return answer.cookie.len > 0;
}

/* What may not be read is not told, and tombstones may be read by few. */
static void end_well(struct feed *feed)
{
	feed->knows_deletions = !feed->dirsync.has_security;
	feed_end_with(feed, FEED_OK,
	    feed->knows_deletions
		? NULL
		: "the bind may not replicate (Replicating Directory Changes), so what it may read "
		  "is told (OBJECT_SECURITY), and deletions show only in whole scans");
}

static void next_context(struct feed *feed)
{
	struct cursor_part part = { .place = feed_context(feed),
		.database = feed->dirsync.has_security ? OBJECT_SECURITY : SPAN_NULL,
		.mark = str_span(&feed->dirsync.cookie) };

	cursor_set(&feed->to, feed->arena, &part);
	str_truncate(&feed->dirsync.cookie, 0);
	feed->dirsync.is_going_on = false;
	if (++feed->at < feed->context_count)
		sync_context(feed);
	else
		end_well(feed);
}

static void judge_failure(struct feed *feed, const struct search_end *end)
{
	if (end->code == LDAP_INSUFFICIENT_ACCESS && !feed->dirsync.has_security) {
		feed->dirsync.has_security = true;
		sync_context(feed);
	} else if (feed_is_busy(end->code)) {
		feed_end_search(feed, FEED_BUSY, end);
	} else {
		feed_end_search(feed, FEED_UNUSABLE, end);
	}
}

static void on_sync_end(void *context, const struct search_end *end)
{
	struct feed *feed = context;
	bool has_more = false;

	if (end->is_broken)
		feed_broke(feed, end);
	else if (end->code != LDAP_SUCCESS)
		judge_failure(feed, end);
	else if (!take_cookie(feed, end, &has_more))
		feed_end_with(feed, FEED_UNUSABLE, "the server answers DirSync without a cookie");
	else if (feed->dirsync.is_unreadable)
		feed_end_with(feed, FEED_GAP, "an entry without a key was told");
	else if (has_more) {
		feed->dirsync.is_going_on = true;
		sync_context(feed);
	} else
		next_context(feed);
}

/* @return false: ended with a gap */
static bool begin_context(struct feed *feed)
{
	const struct cursor_part *part = cursor_find(&feed->from, feed_context(feed));

	if (feed->is_mark || feed->dirsync.is_going_on)
		return true;
	if (part == NULL) {
		feed_end_with(feed, FEED_GAP, "it says nothing of a naming context");
		return false;
	}
	if (part->database.at != NULL)
		feed->dirsync.has_security = true;
	str_truncate(&feed->dirsync.cookie, 0);
	str_add(&feed->dirsync.cookie, part->mark);
	return true;
}

static void add_control(struct feed *feed)
{
	uint32_t flags = DIRSYNC_INCREMENTAL_VALUES;

	if (feed->dirsync.has_security)
		flags |= DIRSYNC_OBJECT_SECURITY;
	str_truncate(&feed->value, 0);
	dirsync_question_encode(flags, str_span(&feed->dirsync.cookie), &feed->value);
	feed_clear_controls(feed);
	feed_add_control(feed, LDAP_CONTROL_X_DIRSYNC, str_span(&feed->value));
}

static void sync_context(struct feed *feed)
{
	static const struct search_handler handler = { .on_entry = on_entry,
		.on_end = on_sync_end };

	if (!begin_context(feed))
		return;
	add_control(feed);
	if (feed->is_mark) {
		str_truncate(&feed->filter, 0);
		str_add_c(&feed->filter, NOTHING);
	}
	feed_search(feed, feed->dirsync.attributes, false, &handler);
}

static void begin(struct feed *feed)
{
	feed->knows_deletions = true;
	want_attributes(feed);
	sync_context(feed);
}

void feed_dirsync_done(struct feed *feed)
{
	forget_entry(feed);
	free(feed->dirsync.attributes);
	str_done(&feed->dirsync.cookie);
}

const struct feed_way feed_dirsync = { begin, begin };
