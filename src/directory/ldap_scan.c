/* SPDX-License-Identifier: ISC */
/*
 * A whole scan: groups, then one search for each base.
 *
 * What is not success is written down as "incomplete" and the next base goes on; only a broken
 * connection ends the scan.  Before the first entry went out another server may start it all again.
 */
#include "directory/directory_p.h"

#include <assert.h>

static void search_base(struct ldap_source *source);

static void note_incomplete(struct scan *scan, const char *what)
{
	if (scan->incomplete_why.len > 0)
		str_add_c(&scan->incomplete_why, "; ");
	str_add_c(&scan->incomplete_why, what);
}

static void tell_membership(struct ldap_source *source)
{
	struct scan *scan = &source->scan;

	if (scan->has_told_membership)
		return;
	scan->has_told_membership = true;
	scan->handler->on_membership(source->context, source->membership);
}

static void on_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	struct ldap_source *source = context;
	struct scan *scan = &source->scan;
	struct entry entry;
	struct span dn, why;
	bool is_usable;

	tell_membership(source);
	if (source->is_ending)
		return;
	scan->facts.entries++;
	is_usable = message_to_entry(
	    handle, message, source->builder, loop_wall_ms(source->loop), &entry, &dn, &why);
	canaries_note(source->canaries, source->settings.canary_count, dn, &source->scratch);
	if (is_usable) {
		add_groups(source->membership, &entry);
		scan->handler->on_entry(source->context, &entry);
		return;
	}
	scan->facts.unusable++;
	/* Half of an attribute is as bad as half of a list: nothing may be concluded from it. */
	if (entry_builder_has_range(source->builder) && scan->incomplete_why.len == 0)
		note_incomplete(scan,
		    "an entry has an attribute with more values than the server gives at once");
	scan->handler->on_unusable(source->context, dn, why);
}

void scan_broke(struct ldap_source *source, const char *why, bool is_silent)
{
	struct str text = { 0 };

	if (!source->scan.has_told_membership && !is_silent) {
		operation_forget_groups(source);
		operation_connect(source, why);
		return;
	}
	str_addf(&text, "%s: %s", session_url(source->session), why);
	operation_end(source, STATUS_DOWN, str_c(&text));
	str_done(&text);
}

static void on_base_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;
	struct scan *scan = &source->scan;
	struct str why = { 0 };

	scan->facts.referrals += end->referrals;
	if (scan->referral.len == 0)
		str_add(&scan->referral, end->referral);
	search_describe(&scan->search, end, &why);
	if (end->is_broken) {
		scan_broke(source, str_c(&why), end->is_silent);
	} else {
		if (end->code != LDAP_SUCCESS || end->is_paging_ignored)
			note_incomplete(scan, str_c(&why));
		scan->base++;
		search_base(source);
	}
	str_done(&why);
}

static void search_base(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = on_entry,
		.on_end = on_base_end };
	struct scan *scan = &source->scan;

	if (scan->base == source->settings.users.base_count) {
		tell_membership(source);
		operation_end(source, STATUS_OK, "");
		return;
	}
	scan->search = (struct search) { .base = source->settings.users.bases[scan->base],
		.scope = source->settings.users.scope,
		.filter = user_filter(source),
		.attributes = entry_builder_attributes(source->builder),
		.is_paged = true };
	session_search(source->session, &scan->search, &handler, source);
}

static void on_walked(struct ldap_source *source)
{
	search_base(source);
}

/* Also after a fail-over, so all counts begin again. */
static void on_connected(struct ldap_source *source)
{
	struct scan *scan = &source->scan;

	scan->facts = (struct scan_facts) { 0 };
	scan->base = 0;
	str_truncate(&scan->referral, 0);
	str_truncate(&scan->incomplete_why, 0);
	for (size_t i = 0; i < source->settings.canary_count; i++)
		source->canaries[i].is_seen = false;
	operation_mark(source);
	/* What the scan brings replaces it; two at a time would be one too many. */
	kept_groups_done(&source->kept);
}

/* After the mark: what changes while the scan runs is told as a change too. */
static void on_marked(struct ldap_source *source)
{
	operation_walk_groups(source);
}

static void on_mark_broke(struct ldap_source *source)
{
	struct str why = { 0 };

	str_add(&why, str_span(&source->scratch));
	scan_broke(source, str_c(&why), source->mark.is_silent);
	str_done(&why);
}

void scan_start(struct source *base, const struct source_scan_handler *handler, void *context)
{
	struct ldap_source *source = (struct ldap_source *)base;

	assert(source->operation == OPERATION_NONE);
	source->operation = OPERATION_SCAN;
	source->context = context;
	source->on_connected = on_connected;
	source->on_walked = on_walked;
	source->on_marked = on_marked;
	source->on_mark_broke = on_mark_broke;
	source->scan.handler = handler;
	source->scan.facts = (struct scan_facts) { 0 };
	source->scan.has_told_membership = false;
	str_truncate(&source->scan.incomplete_why, 0);
	operation_connect(source, NULL);
}

static void complete_facts(struct ldap_source *source, const struct group_table *groups)
{
	struct scan *scan = &source->scan;
	struct scan_facts *facts = &scan->facts;

	facts->canaries = source->settings.canary_count;
	facts->missing_canary = canaries_missing(source->canaries, source->settings.canary_count);
	facts->referral = scan->referral.len > 0 ? str_span(&scan->referral) : SPAN_NULL;
	facts->identity = session_identity(source->session);
	facts->peer = span_of(session_url(source->session));
	if (groups != NULL) {
		facts->groups = group_table_group_count(groups);
		facts->unknown_groups = group_table_unknown_count(groups);
		facts->unknown_group = group_table_first_unknown(groups);
	}
	if (source->end_status != STATUS_OK && scan->incomplete_why.len == 0)
		note_incomplete(scan, source->end_err.text);
	if (source->end_status == STATUS_OK && source->mark.cursor.len > 0)
		facts->cursor = str_span(&source->mark.cursor);
	facts->is_complete = scan->incomplete_why.len == 0;
	facts->incomplete_why = facts->is_complete ? SPAN_NULL : str_span(&scan->incomplete_why);
}

void scan_finish(struct ldap_source *source, const struct group_table *groups)
{
	struct err err = source->end_err;
	struct scan done;

	complete_facts(source, groups);
	done = source->scan;
	source->scan = (struct scan) { 0 };
	done.handler->on_done(source->context, source->end_status, &done.facts, &err);
	scan_done(&done);
}

void scan_done(struct scan *scan)
{
	str_done(&scan->incomplete_why);
	str_done(&scan->referral);
}
