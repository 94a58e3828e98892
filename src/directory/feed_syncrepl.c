/* SPDX-License-Identifier: ISC */
/*
 * Content synchronization (RFC 4533), refreshOnly, one search a naming context.
 *
 * A server that remembers enough tells what changed and who is gone (a delete phase).  One that
 * does not names everybody who is still there (a present phase), or asks us to begin anew
 * (e-syncRefreshRequired): that is a gap, as a whole scan finds out the same and is certified.
 *
 * The first cookie is made of contextCSN where the server shows it, and tried at once; else it is
 * that of a refresh that asks for no attributes.
 */
#include "directory/feed_p.h"

#include "directory/ldap_entry.h"
#include "directory/sync_codec.h"
#include <stdlib.h>
#include <string.h>

static void sync_context(struct feed *feed);
static void mark_context(struct feed *feed);

/* ---- messages ---- */

static void keep_cookie(struct feed *feed, struct span cookie)
{
	if (cookie.at == NULL)
		return;
	str_truncate(&feed->sync.cookie, 0);
	str_add(&feed->sync.cookie, cookie);
}

/* @return false: the entry has no such control, or a broken one */
static bool read_state(
    LDAP *handle, LDAPMessage *message, struct feed *feed, struct sync_state *ret_state)
{
	LDAPControl **controls = NULL, *found = NULL;
	bool is_read = false;

	if (ldap_get_entry_controls(handle, message, &controls) != LDAP_SUCCESS)
		return false;
	found = ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, NULL);
	if (found != NULL)
		is_read = sync_state_decode(
		    (struct span) { found->ldctl_value.bv_val, found->ldctl_value.bv_len },
		    ret_state);
	if (is_read)
		keep_cookie(feed, ret_state->cookie);
	ldap_controls_free(controls);
	return is_read;
}

static void on_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	struct feed *feed = context;
	struct feed_change change;
	struct sync_state state;

	if (!read_state(handle, message, feed, &state)) {
		feed->sync.is_unreadable = true;
		return;
	}
	if (state.state == SYNC_PRESENT) {
		feed->sync.has_presents = true;
		return;
	}
	feed_read_entry(handle, message, &change);
	change.key = state.key;
	change.is_deleted = state.state == SYNC_DELETE;
	feed_tell(feed, &change);
}

static void take_info(struct feed *feed, const struct sync_info *info)
{
	struct span ids = info->ids;
	struct feed_change change = { .is_deleted = true };

	keep_cookie(feed, info->cookie);
	if (info->kind == SYNC_INFO_PRESENTS_END ||
	    (info->kind == SYNC_INFO_IDS && !info->has_deletes))
		feed->sync.has_presents = true;
	else if (info->kind == SYNC_INFO_IDS)
		while (sync_next_id(&ids, &change.key))
			feed_tell(feed, &change);
}

static void on_intermediate(void *context, LDAP *handle, LDAPMessage *message)
{
	struct feed *feed = context;
	struct berval *value = NULL;
	struct sync_info info;
	char *oid = NULL;

	if (ldap_parse_intermediate(handle, message, &oid, &value, NULL, 0) != LDAP_SUCCESS ||
	    oid == NULL || strcmp(oid, LDAP_SYNC_INFO) != 0)
		;
	else if (value != NULL &&
		 sync_info_decode((struct span) { value->bv_val, value->bv_len }, &info))
		take_info(feed, &info);
	else
		feed->sync.is_unreadable = true;
	ldap_memfree(oid);
	ber_bvfree(value);
}

/* ---- the end of a context ---- */

static bool read_done(const struct search_end *end, struct sync_done *ret_done)
{
	LDAPControl *found = end->controls == NULL ? NULL
						   : ldap_control_find(LDAP_CONTROL_SYNC_DONE,
							 (LDAPControl **)end->controls, NULL);

	return found != NULL && sync_done_decode((struct span) { found->ldctl_value.bv_val,
						     found->ldctl_value.bv_len },
				    ret_done);
}

/* 389 Directory Server never says that deletions were told, though it tells them. */
static bool is_whole_refresh(const struct feed *feed, const struct sync_done *done)
{
	return feed->sync.has_presents ||
	       (!done->has_deletes && session_kind(feed->input.session) != DIRECTORY_389DS);
}

static void next_context(struct feed *feed)
{
	struct cursor_part part = { .place = feed_context(feed),
		.mark = str_span(&feed->sync.cookie) };

	cursor_set(&feed->to, feed->arena, &part);
	if (++feed->at == feed->context_count)
		feed_end_with(feed, FEED_OK, NULL);
	else if (feed->is_mark)
		mark_context(feed);
	else
		sync_context(feed);
}

static void judge_failure(struct feed *feed, const struct search_end *end)
{
	if (end->code == LDAP_SYNC_REFRESH_REQUIRED)
		feed_end_with(feed, FEED_GAP,
		    "the server does not know the cookie any more (content synchronization refresh "
		    "required)");
	else if (feed_is_busy(end->code))
		feed_end_search(feed, FEED_BUSY, end);
	else
		feed_end_search(feed, FEED_UNUSABLE, end);
}

static void on_sync_end(void *context, const struct search_end *end)
{
	struct feed *feed = context;
	struct sync_done done = { .cookie = SPAN_NULL };
	bool has_done = read_done(end, &done);

	if (end->is_broken) {
		feed_broke(feed, end);
		return;
	}
	if (end->code != LDAP_SUCCESS) {
		judge_failure(feed, end);
		return;
	}
	keep_cookie(feed, done.cookie);
	if (!has_done || feed->sync.is_unreadable || feed->sync.cookie.len == 0)
		feed_end_with(feed, FEED_UNUSABLE,
		    "the server answers content synchronization without its controls");
	else if (!feed->is_mark && is_whole_refresh(feed, &done))
		feed_end_with(feed, FEED_GAP,
		    "the server does not remember back to the cookie and names all entries (a "
		    "refresh); on OpenLDAP syncprov-sessionlog sets how far it remembers");
	else
		next_context(feed);
}

static void sync_context(struct feed *feed)
{
	static const struct search_handler handler = {
		.on_entry = on_entry, .on_intermediate = on_intermediate, .on_end = on_sync_end
	};
	struct span cookie = feed->sync.cookie.len > 0 ? str_span(&feed->sync.cookie) : SPAN_NULL;

	if (!feed->is_mark) {
		const struct cursor_part *part = cursor_find(&feed->from, feed_context(feed));

		if (part == NULL) {
			feed_end_with(feed, FEED_GAP, "it says nothing of a naming context");
			return;
		}
		cookie = part->mark;
		str_truncate(&feed->sync.cookie, 0);
		str_add(&feed->sync.cookie, cookie);
	}
	feed->sync.has_presents = feed->sync.is_unreadable = false;
	str_truncate(&feed->value, 0);
	sync_request_encode(SYNC_REFRESH_ONLY, cookie, &feed->value);
	feed_clear_controls(feed);
	feed_add_control(feed, LDAP_CONTROL_SYNC, str_span(&feed->value));
	feed_search(feed, feed->is_mark ? NULL : feed_attributes(session_kind(feed->input.session)),
	    false, &handler);
}

/* ---- the first cookie ---- */

static void note_csn(void *context, struct span name, const struct berval *values)
{
	struct feed *feed = context;

	if (!span_equal_ascii_case(name, SPAN("contextCSN")))
		return;
	for (; values != NULL && values->bv_val != NULL; values++) {
		if (feed->sync.csn.len > 0)
			str_add_byte(&feed->sync.csn, ';');
		str_add(&feed->sync.csn, (struct span) { values->bv_val, values->bv_len });
	}
}

static void on_context_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	struct feed *feed = context;
	struct span dn;

	message_walk(handle, message, &dn, note_csn, feed);
}

static void on_context_end(void *context, const struct search_end *end)
{
	struct feed *feed = context;

	if (end->is_broken) {
		feed_broke(feed, end);
		return;
	}
	str_truncate(&feed->sync.cookie, 0);
	if (feed->sync.csn.len > 0)
		str_addf(&feed->sync.cookie, "rid=000,csn=%s", str_c(&feed->sync.csn));
	sync_context(feed);
}

static void mark_context(struct feed *feed)
{
	static const struct search_handler handler = { .on_entry = on_context_entry,
		.on_end = on_context_end };
	static const char *const attributes[] = { "contextCSN", NULL };

	str_truncate(&feed->sync.csn, 0);
	feed_clear_controls(feed);
	feed->search = (struct search) { .base = feed_context(feed).at,
		.scope = DIRECTORY_SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = attributes };
	session_search(feed->input.session, &feed->search, &handler, feed);
}

static void ask(struct feed *feed)
{
	feed->knows_deletions = true;
	sync_context(feed);
}

static void mark(struct feed *feed)
{
	feed->knows_deletions = true;
	/* OpenLDAP adds (entryCSN>=...) to the filter, in the name of whoever asks. */
	if (session_kind(feed->input.session) == DIRECTORY_OPENLDAP)
		feed_prove_rights(feed, "entryCSN", mark_context);
	else
		mark_context(feed);
}

const struct feed_way feed_syncrepl = { mark, ask };
