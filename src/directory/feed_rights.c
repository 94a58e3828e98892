/* SPDX-License-Identifier: ISC */
/*
 * Whether a way of finding changes may use the attribute that it lives on.
 *
 * A server to whom the bind may not search by entryCSN or modifyTimestamp tells of no change, with
 * success: leavers would show a day later.  So of each base and group one entry is asked for with
 * the attribute, and where none comes, one without.  A server that shows the second and not the
 * first hides the attribute.
 */
#include "directory/feed_p.h"

static void ask(struct feed *feed);

static bool is_of_group(const struct feed *feed)
{
	return feed->rights.at >= feed->input.settings->users.base_count;
}

static const char *place_of(const struct feed *feed)
{
	const struct directory_settings *settings = feed->input.settings;
	size_t at = feed->rights.at;

	return is_of_group(feed)
		   ? arena_c(feed->arena, settings->groups[at - settings->users.base_count].dn)
		   : settings->users.bases[at];
}

static void go_on(struct feed *feed)
{
	const struct directory_settings *settings = feed->input.settings;

	feed->rights.is_second = false;
	if (++feed->rights.at < settings->users.base_count + settings->group_count)
		ask(feed);
	else
		feed->rights.next(feed);
}

static void refuse(struct feed *feed)
{
	str_truncate(&feed->why, 0);
	str_addf(&feed->why, "the bind identity may not search %s by %s, so changes would not show",
	    place_of(feed), feed->rights.attribute);
	feed_end_with(feed, FEED_UNUSABLE, str_c(&feed->why));
}

static void on_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	(void)context, (void)handle, (void)message;
}

static void on_end(void *context, const struct search_end *end)
{
	struct feed *feed = context;
	bool has_shown = end->entries > 0;

	if (end->is_broken)
		feed_broke(feed, end);
	else if (feed->rights.is_second && has_shown)
		refuse(feed);
	else if (feed->rights.is_second || has_shown || end->code != LDAP_SUCCESS)
		go_on(feed); /* what else is wrong, others say better */
	else {
		feed->rights.is_second = true;
		ask(feed);
	}
}

static void ask(struct feed *feed)
{
	static const struct search_handler handler = { .on_entry = on_entry, .on_end = on_end };
	const char *filter = is_of_group(feed) ? "(objectClass=*)" : feed->input.user_filter;
	bool is_bare = filter[0] != '(';

	str_truncate(&feed->value, 0);
	str_addf(&feed->value, is_bare ? "(&(%s)" : "(&%s", filter);
	if (!feed->rights.is_second)
		str_addf(&feed->value, "(%s=*)", feed->rights.attribute);
	str_add_byte(&feed->value, ')');
	feed->search = (struct search) { .base = place_of(feed),
		.scope = is_of_group(feed) ? DIRECTORY_SCOPE_BASE
					   : feed->input.settings->users.scope,
		.filter = str_c(&feed->value),
		.size_limit = 1 };
	session_search(feed->input.session, &feed->search, &handler, feed);
}

void feed_prove_rights(struct feed *feed, const char *attribute, void (*next)(struct feed *feed))
{
	feed->rights.attribute = attribute;
	feed->rights.next = next;
	feed->rights.at = 0;
	feed->rights.is_second = false;
	ask(feed);
}
