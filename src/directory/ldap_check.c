/* SPDX-License-Identifier: ISC */
/*
 * The configuration against the real server: first every server is reached (reach.c), and then the
 * one that a scan would use is asked what a scan needs: bases, paging, the time, changes.
 */
#include "directory/directory_p.h"

#include "base/unicode.h"
#include <assert.h>

static void check_next_base(struct ldap_source *source);
static void check_page_size(struct ldap_source *source);

/* What a search came to that should have brought something. */
static void tell_search(
    struct ldap_source *source, const char *name, const struct search_end *end, const char *remedy)
{
	struct check_teller *teller = &source->check.teller;
	struct str *detail = check_begin(teller, name);

	search_describe(&source->check.search, end, detail);
	check_tell_remedy(teller, CHECK_FAILED, remedy);
}

/* ---- bind and kind ---- */

static void tell_bind(struct ldap_source *source)
{
	struct check_teller *teller = &source->check.teller;
	struct span identity = session_identity(source->session);
	struct str *detail = check_begin(teller, "bind");

	emit_member_string(&teller->data, "identity", identity);
	emit_member_string(&teller->data, "urls", str_span(&source->check.urls));
	if (identity.at != NULL && identity.len > 0)
		utf8_printable(identity, detail);
	else if (identity.at != NULL)
		str_add_c(detail, "the server takes us for anonymous");
	else
		str_add_c(detail, "done; the server does not say who we are to it");
	str_addf(detail, " (%s)", str_c(&source->check.urls));
	if (identity.at != NULL && identity.len == 0 &&
	    source->settings.bind.method != DIRECTORY_BIND_ANONYMOUS)
		check_tell_remedy(teller, CHECK_FAILED,
		    "check bind.dn, and how the server maps this identity to an entry");
	else
		check_tell(teller, CHECK_OK);
}

static void tell_kind(struct ldap_source *source)
{
	struct check_teller *teller = &source->check.teller;
	enum directory_kind detected = server_facts_kind(session_server(source->session));
	enum directory_kind kind = session_kind(source->session);
	struct str *detail = check_begin(teller, "kind");

	emit_member_string(&teller->data, "kind", span_of(directory_kind_name(kind)));
	emit_member_string(&teller->data, "detected", span_of(directory_kind_name(detected)));
	emit_member_string(&teller->data, "key", span_of(kind_key_attribute(kind)));
	str_addf(detail, "%s; key %s", directory_kind_name(kind), kind_key_attribute(kind));
	if (detected == DIRECTORY_GENERIC || detected == kind || kind == DIRECTORY_GENERIC) {
		check_tell(teller, CHECK_OK);
		return;
	}
	str_addf(detail, "; but the server looks like %s", directory_kind_name(detected));
	check_tell_remedy(teller, CHECK_FAILED, "set kind to what the server is, or to \"auto\"");
}

/* ---- bases ---- */

static void ignore_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	(void)context, (void)handle, (void)message;
}

static void tell_base(struct ldap_source *source, const struct search_end *end)
{
	static const char remedy[] =
	    "check how users.bases is spelled, and that the bind identity may read it";
	struct check_teller *teller = &source->check.teller;
	const char *base = source->settings.users.bases[source->check.base];

	if (end->is_broken || end->code != LDAP_SUCCESS) {
		tell_search(source, "base", end, remedy);
		return;
	}
	str_add_c(check_begin(teller, "base"), base);
	emit_member_string(&teller->data, "base", span_of(base));
	if (end->entries > 0) {
		check_tell(teller, CHECK_OK);
		return;
	}
	str_add_c(&teller->detail, ": the server does not show it");
	check_tell_remedy(teller, CHECK_FAILED, remedy);
}

static void on_base_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;

	tell_base(source, end);
	if (end->is_broken) {
		operation_end(source, STATUS_DOWN, "the connection broke");
		return;
	}
	source->check.base++;
	check_next_base(source);
}

static void check_next_base(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = ignore_entry,
		.on_end = on_base_end };
	struct check *check = &source->check;

	if (check->base == source->settings.users.base_count) {
		check_page_size(source);
		return;
	}
	check->search = (struct search) { .base = source->settings.users.bases[check->base],
		.scope = DIRECTORY_SCOPE_BASE,
		.filter = "(objectClass=*)" };
	session_search(source->session, &check->search, &handler, source);
}

/* ---- pages ---- */

static void after_clock(struct ldap_source *source)
{
	operation_mark(source);
}

static void tell_pages(struct ldap_source *source, const struct search_end *end)
{
	struct check_teller *teller = &source->check.teller;
	uint32_t wanted = source->settings.page_size;
	struct str *detail;

	if (!end->is_broken && end->code == LDAP_NO_SUCH_OBJECT) {
		check_skip(teller, "page-size", "the base is not there");
		return;
	}
	if (end->is_broken || end->code != LDAP_SUCCESS || end->is_paging_ignored) {
		tell_search(source, "page-size", end,
		    "raise the size limit of the bind identity at the server, or lower page_size");
		return;
	}
	detail = check_begin(teller, "page-size");
	emit_member_int(&teller->data, "configured", wanted);
	emit_member_int(&teller->data, "firstPage", (int64_t)end->entries);
	emit_member_bool(&teller->data, "hasMore", end->has_more);
	if (!end->has_more || end->entries >= wanted) {
		str_addf(detail, "pages of %u: the first has %llu", (unsigned)wanted,
		    (unsigned long long)end->entries);
		check_tell(teller, CHECK_OK);
		return;
	}
	str_addf(detail, "the server gives %llu entries a page and not the %u of page_size",
	    (unsigned long long)end->entries, (unsigned)wanted);
	check_tell_remedy(teller, CHECK_WARNING,
	    "nothing is lost, each page costs a round trip; set page_size to what it gives, or "
	    "raise the server's limit (Active Directory: MaxPageSize)");
}

static void on_page_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;

	tell_pages(source, end);
	if (end->is_broken)
		operation_end(source, STATUS_DOWN, "the connection broke");
	else
		check_clock(source, after_clock);
}

static void tell_no_pages(struct ldap_source *source)
{
	struct check_teller *teller = &source->check.teller;
	bool is_off = source->settings.page_size == 0;

	str_add_c(check_begin(teller, "page-size"),
	    is_off ? "page_size = 0: everything is asked for at once"
		   : "the server has no paged results: everything is asked for at once");
	emit_member_int(&teller->data, "configured", source->settings.page_size);
	check_tell_remedy(teller, CHECK_WARNING,
	    is_off ? "a size limit of the server would cut the list: set page_size to 1000 unless "
		     "it is known to have none"
		   : "see that no size limit holds for the bind identity: it would cut the list, "
		     "and no scan would be certified");
	check_clock(source, after_clock);
}

/* Paging is tried with the very search that a scan makes; one page tells all. */
static void check_page_size(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = ignore_entry,
		.on_end = on_page_end };
	struct check *check = &source->check;

	if (source->settings.page_size == 0 || !session_server(source->session)->has_paging) {
		tell_no_pages(source);
		return;
	}
	check->search = (struct search) { .base = source->settings.users.bases[0],
		.scope = source->settings.users.scope,
		.filter = user_filter(source),
		.is_paged = true,
		.is_one_page = true };
	session_search(source->session, &check->search, &handler, source);
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
	struct check_teller *teller = &source->check.teller;
	enum directory_changes wanted = source->settings.changes;
	bool is_asked_for = wanted != DIRECTORY_CHANGES_AUTO && wanted != DIRECTORY_CHANGES_NONE;

	describe_way(source, check_begin(teller, "changes"));
	emit_member_string(&teller->data, "way", span_of(directory_changes_name(source->mark.way)));
	emit_member_bool(&teller->data, "deletions", source->mark.knows_deletions);
	if (is_asked_for && source->mark.way != wanted)
		check_tell_remedy(teller, CHECK_FAILED,
		    "give the bind identity what it needs for this way, or set changes to "
		    "\"auto\"");
	else if (wanted != DIRECTORY_CHANGES_NONE && source->mark.way == DIRECTORY_CHANGES_NONE)
		check_tell_remedy(teller, CHECK_WARNING,
		    "each delta lists the whole directory: give the bind identity what one of the "
		    "ways needs (scimward.conf(5), changes), or lengthen schedule.delta");
	else
		check_tell(teller, CHECK_OK);
	operation_end(source, STATUS_OK, "");
}

static void on_mark_broke(struct ldap_source *source)
{
	check_tell_detail(
	    &source->check.teller, CHECK_FAILED, "changes", str_span(&source->scratch));
	operation_end(source, STATUS_DOWN, "the connection broke");
}

/* ---- the operation ---- */

static void on_connected(struct ldap_source *source)
{
	tell_bind(source);
	tell_kind(source);
	check_next_base(source);
}

static void on_reached(void *context, const struct reach_result *result)
{
	struct ldap_source *source = context;

	if (!result->is_ready) {
		operation_end(source, STATUS_DOWN, result->why);
		return;
	}
	str_add(&source->check.urls, result->urls);
	operation_connect(source, NULL);
}

static void list_steps(struct check *check, const struct directory_settings *settings)
{
	static const char *const names[] = { "names", "connection", "tls", "bind", "kind", "base",
		"page-size", "clock", "changes" };
	size_t count = 0;

	if (settings->domain != NULL)
		check->names[count++] = "domain";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check->names[count++] = names[i];
	assert(count < CHECK_STEPS_MAX);
	check->names[count] = NULL;
}

void directory_check_start(struct source *base, check_callback *callback, void *context)
{
	struct ldap_source *source = (struct ldap_source *)base;
	struct check *check = &source->check;

	assert(source->operation == OPERATION_NONE);
	source->operation = OPERATION_CHECK;
	source->context = context;
	source->on_connected = on_connected;
	source->on_marked = on_marked;
	source->on_mark_broke = on_mark_broke;
	check_free(check);
	list_steps(check, &source->settings);
	check_teller_open(&check->teller, check->names, callback, context);
	/* A kept connection would hide what a new one meets. */
	session_stop(source->session);
	check->reach = reach_start(
	    source->loop, &source->settings, &check->teller, on_reached, source);
}

void check_finish(struct ldap_source *source)
{
	struct check *check = &source->check;
	struct check_teller teller = check->teller;

	if (source->end_status != STATUS_OK)
		check_skip_rest(&teller,
		    source->end_status == STATUS_CANCELED ? "interrupted" : source->end_err.text);
	/* The last callback may start the next operation. */
	check->teller = (struct check_teller) { 0 };
	check_free(check);
	check_teller_close(&teller);
}

void check_free(struct check *check)
{
	reach_free(&check->reach);
	check_teller_done(&check->teller);
	str_done(&check->urls);
	*check = (struct check) { 0 };
}
