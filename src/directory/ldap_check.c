/* SPDX-License-Identifier: ISC */
/*
 * The configuration against the real server, one line a step: connection, TLS, bind, kind, bases,
 * users, canaries, groups, changes.
 */
#include "directory/directory_p.h"

#include "base/unicode.h"
#include <assert.h>

static void check_next_base(struct ldap_source *source);
static void count_next_base(struct ldap_source *source);

/* The callback of the last step may start the next operation: the texts are nobody's by then. */
static void flush(struct ldap_source *source, bool is_last)
{
	struct check done = source->check;

	if (!done.has_pending)
		return;
	source->check.has_pending = false;
	source->check.pending_what = (struct str) { 0 };
	source->check.pending_detail = (struct str) { 0 };
	done.callback(source->context, done.is_pending_ok, str_span(&done.pending_what),
	    str_span(&done.pending_detail), is_last);
	str_done(&done.pending_what);
	str_done(&done.pending_detail);
}

static void tell(struct ldap_source *source, bool is_ok, const char *what, struct span detail)
{
	struct check *check = &source->check;

	flush(source, false);
	if (source->is_ending && source->end_status == STATUS_CANCELED)
		return;
	check->has_pending = true;
	check->is_pending_ok = is_ok;
	str_truncate(&check->pending_what, 0);
	str_add_c(&check->pending_what, what);
	str_truncate(&check->pending_detail, 0);
	str_add(&check->pending_detail, detail);
}

static void tell_search(struct ldap_source *source, const char *what, const struct search_end *end)
{
	struct str why = { 0 };

	search_describe(&source->check.search, end, &why);
	tell(source, false, what, str_span(&why));
	str_done(&why);
}

/* ---- connection ---- */

static void tell_sealed(struct ldap_source *source, int bits)
{
	struct str detail = { 0 };

	str_addf(&detail, "none: Kerberos signs and seals, %d bits", bits);
	tell(source, true, "TLS", str_span(&detail));
	str_done(&detail);
}

static void tell_protection(
    struct ldap_source *source, const char *url, const struct connector_report *report)
{
	if (report->tls[0] != '\0')
		tell(source, true, "TLS", span_of(report->tls));
	else if (strncmp(url, "ldapi:", 6) == 0)
		tell(source, true, "TLS", SPAN("not needed on a local socket"));
	else if (report->sealed_bits > 0)
		tell_sealed(source, report->sealed_bits);
	else if (source->settings.bind.method == DIRECTORY_BIND_GSSAPI)
		tell(source, true, "TLS", SPAN("none: Kerberos is to sign and seal"));
	else
		tell(source, true, "TLS", SPAN("none: allow_cleartext is set"));
}

/* Once, before the first of them is tried. */
static void tell_domain(struct ldap_source *source)
{
	struct span found = session_found(source->session);

	if (found.at == NULL || source->check.has_told_domain)
		return;
	source->check.has_told_domain = true;
	tell(source, true, "domain", found);
}

static void on_attempt(void *context, const char *url, const struct connector_report *report)
{
	struct ldap_source *source = context;
	struct span failure = span_of(report->err.text);
	struct str where = { 0 };

	tell_domain(source);
	if (report->stage == CONNECTOR_CONNECT) {
		tell(source, false, "connection", failure);
		return;
	}
	str_addf(&where, "%s at %s", url, report->address);
	tell(source, true, "connection", str_span(&where));
	str_done(&where);
	if (report->stage == CONNECTOR_TLS) {
		tell(source, false, "TLS", failure);
		return;
	}
	tell_protection(source, url, report);
	if (report->stage == CONNECTOR_BIND)
		tell(source, false, "bind", failure);
}

static void tell_bind(struct ldap_source *source)
{
	struct span identity = session_identity(source->session);

	if (identity.at != NULL && identity.len > 0)
		tell(source, true, "bind", identity);
	else if (identity.at != NULL)
		tell(source, source->settings.bind.method == DIRECTORY_BIND_ANONYMOUS, "bind",
		    SPAN("the server takes us for anonymous"));
	else
		tell(source, true, "bind", SPAN("done; the server does not say who we are to it"));
}

static void tell_kind(struct ldap_source *source)
{
	enum directory_kind detected = server_facts_kind(session_server(source->session));
	enum directory_kind kind = session_kind(source->session);
	bool is_doubtful = detected != DIRECTORY_GENERIC && detected != kind &&
			   kind != DIRECTORY_GENERIC;
	struct str detail = { 0 };

	str_addf(&detail, "%s; key %s; %s", directory_kind_name(kind), kind_key_attribute(kind),
	    session_server(source->session)->has_paging
		? "paged results"
		: "no paged results: size limits may cut lists");
	if (is_doubtful)
		str_addf(&detail, "; but the server looks like %s", directory_kind_name(detected));
	tell(source, !is_doubtful, "kind", str_span(&detail));
	str_done(&detail);
}

/* ---- bases ---- */

static void ignore_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	(void)context, (void)handle, (void)message;
}

static void on_base_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;
	struct check *check = &source->check;

	if (end->is_broken || end->code != LDAP_SUCCESS)
		tell_search(source, "base", end);
	else if (end->entries == 0)
		tell(source, false, "base",
		    SPAN("the server does not show it; the bind identity may not read it"));
	else
		tell(source, true, "base", span_of(source->settings.users.bases[check->base]));
	if (end->is_broken) {
		operation_end(source, STATUS_DOWN, "the connection broke");
		return;
	}
	check->base++;
	check_next_base(source);
}

static void check_next_base(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = ignore_entry,
		.on_end = on_base_end };
	struct check *check = &source->check;

	if (check->base == source->settings.users.base_count) {
		check->base = 0;
		count_next_base(source);
		return;
	}
	check->search = (struct search) { .base = source->settings.users.bases[check->base],
		.scope = DIRECTORY_SCOPE_BASE,
		.filter = "(objectClass=*)" };
	session_search(source->session, &check->search, &handler, source);
}

/* ---- users ---- */

static void note_attribute(void *context, struct span name, const struct berval *values)
{
	(void)context, (void)name, (void)values;
}

static void on_user(void *context, LDAP *handle, LDAPMessage *message)
{
	struct ldap_source *source = context;
	struct span dn;

	source->check.entries++;
	if (message_walk(handle, message, &dn, note_attribute, NULL))
		canaries_note(
		    source->canaries, source->settings.canary_count, dn, &source->scratch);
}

static void tell_users(struct ldap_source *source)
{
	uint64_t entries = source->check.entries;
	struct str detail = { 0 };

	str_addf(&detail, "%llu match %s", (unsigned long long)entries, user_filter(source));
	tell(source, entries > 0, "users", str_span(&detail));
	for (size_t i = 0; i < source->settings.canary_count; i++)
		tell(source, source->canaries[i].is_seen, "canary", source->canaries[i].dn);
	str_done(&detail);
}

static void tell_referral(struct ldap_source *source, const struct search_end *end)
{
	struct str detail = { 0 };

	str_add_c(&detail, "the server refers to another one, which is not followed: ");
	utf8_printable(end->referral, &detail);
	str_add_c(&detail, "; no scan can be certified like this: add a directory for it, or name "
			   "narrower bases");
	tell(source, false, "users", str_span(&detail));
	str_done(&detail);
}

static void on_count_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;

	if (end->is_broken || end->code != LDAP_SUCCESS || end->is_paging_ignored)
		tell_search(source, "users", end);
	if (end->is_broken) {
		operation_end(source, STATUS_DOWN, "the connection broke");
		return;
	}
	if (end->referrals > 0)
		tell_referral(source, end);
	source->check.base++;
	count_next_base(source);
}

static void count_next_base(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = on_user,
		.on_end = on_count_end };
	struct check *check = &source->check;

	if (check->base == source->settings.users.base_count) {
		tell_users(source);
		operation_walk_groups(source);
		return;
	}
	check->search = (struct search) { .base = source->settings.users.bases[check->base],
		.scope = source->settings.users.scope,
		.filter = user_filter(source),
		.is_paged = true };
	session_search(source->session, &check->search, &handler, source);
}

/* ---- groups ---- */

void groups_describe_root(struct membership *membership, const struct directory_settings *settings,
    uint32_t root, struct str *out)
{
	size_t direct = 0, walked = 0;

	if (!membership_is_known(membership, root)) {
		str_add(out, membership_unknown_reason(membership, root));
		return;
	}
	for (uint32_t group = 0; group < membership_group_count(membership); group++) {
		const uint32_t *roots;
		uint32_t count = membership_roots(membership, group, &roots);
		for (uint32_t i = 0; i < count; i++)
			if (roots[i] == root) {
				walked++;
				direct += membership_group_size(membership, group);
			}
	}
	str_add(out, settings->groups[root].dn);
	str_addf(out, ": %zu members", direct);
	if (walked > 1)
		str_addf(out, " in %zu groups", walked);
}

static void on_walked(struct ldap_source *source)
{
	struct str detail = { 0 };

	for (size_t i = 0; i < source->settings.group_count; i++) {
		str_truncate(&detail, 0);
		groups_describe_root(source->membership, &source->settings, (uint32_t)i, &detail);
		tell(source, membership_is_known(source->membership, (uint32_t)i), "group",
		    str_span(&detail));
	}
	str_done(&detail);
	operation_mark(source);
}

/* ---- changes ---- */

static void describe_way(struct ldap_source *source, struct str *out)
{
	const struct server_facts *server = session_server(source->session);
	const struct mark *mark = &source->mark;

	str_add_c(out, directory_changes_name(mark->way));
	if (mark->way == DIRECTORY_CHANGES_NONE)
		str_add_c(out, ": all entries are listed each time");
	else
		str_add_c(out, mark->knows_deletions ? ", deletions included"
						     : ", deletions only in whole scans");
	if (server->has_notification || server->has_sync)
		str_add_c(out, "; the server can tell them as they happen");
	if (mark->why.len > 0)
		str_addf(out, "; %s", str_c(&mark->why));
}

/* That auto finds nothing is no fault; that what was asked for does not work is one. */
static void on_marked(struct ldap_source *source)
{
	bool is_asked_for = source->settings.changes != DIRECTORY_CHANGES_AUTO &&
			    source->settings.changes != DIRECTORY_CHANGES_NONE;
	struct str detail = { 0 };

	describe_way(source, &detail);
	tell(source, !is_asked_for || source->mark.way == source->settings.changes, "changes",
	    str_span(&detail));
	str_done(&detail);
	operation_end(source, STATUS_OK, "");
}

static void on_mark_broke(struct ldap_source *source)
{
	tell(source, false, "changes", str_span(&source->scratch));
	operation_end(source, STATUS_DOWN, "the connection broke");
}

/* ---- the operation ---- */

static void on_connected(struct ldap_source *source)
{
	session_watch_attempts(source->session, NULL, NULL);
	tell_bind(source);
	tell_kind(source);
	for (size_t i = 0; i < source->settings.canary_count; i++)
		source->canaries[i].is_seen = false;
	check_next_base(source);
}

void directory_check_start(struct source *base, check_callback *callback, void *context)
{
	struct ldap_source *source = (struct ldap_source *)base;

	assert(source->operation == OPERATION_NONE);
	source->operation = OPERATION_CHECK;
	source->context = context;
	source->on_connected = on_connected;
	source->on_walked = on_walked;
	source->on_marked = on_marked;
	source->on_mark_broke = on_mark_broke;
	check_done(&source->check);
	source->check.callback = callback;
	/* A kept connection would hide what a new one meets. */
	session_stop(source->session);
	session_watch_attempts(source->session, on_attempt, source);
	operation_connect(source, NULL);
}

void check_finish(struct ldap_source *source)
{
	struct check *check = &source->check;

	session_watch_attempts(source->session, NULL, NULL);
	/* A URL's own failure was told already; this says that none is left. */
	if (source->end_status != STATUS_OK || !check->has_pending)
		tell(source, source->end_status == STATUS_OK, "directory",
		    source->end_status == STATUS_CANCELED ? SPAN("canceled")
							  : span_of(source->end_err.text));
	flush(source, true);
}

void check_done(struct check *check)
{
	str_done(&check->pending_what);
	str_done(&check->pending_detail);
	*check = (struct check) { 0 };
}
