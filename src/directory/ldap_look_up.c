/* SPDX-License-Identifier: ISC */
/*
 * The second look at one entry.
 *
 *     by key     found ──▶ in a base? ──no──▶ moved
 *       │                    │yes: ask the server whether the filter matches ──▶ matches | left
 * scope ▼ nothing read the last known DN ──▶ no such object, or another key: deleted; anything
 * else: unreadable
 *
 * An entry that was found is kept until the groups are walked, so that its memberships are known.
 */
#include "directory/directory_p.h"

#include "base/unicode.h"
#include "core/dn.h"
#include "core/filter.h"
#include "directory/result_text.h"
#include <assert.h>

static void search_next(struct ldap_source *source);
static void read_last_dn(struct ldap_source *source);

static bool is_by_filter(const struct look_up *look_up)
{
	return look_up->request.filter.at != NULL;
}

static bool is_by_key(const struct look_up *look_up)
{
	return !is_by_filter(look_up) && !uuid_is_zero(&look_up->request.key);
}

static void forget_found(struct look_up *look_up)
{
	if (look_up->found != NULL)
		ldap_msgfree(look_up->found);
	look_up->found = NULL;
}

/* ---- the answer ---- */

static void answer(struct ldap_source *source, enum look_up_outcome outcome, struct span detail)
{
	struct look_up *look_up = &source->look_up;

	look_up->answer.outcome = outcome;
	str_truncate(&look_up->detail, 0);
	str_add(&look_up->detail, detail);
	if (source->operation == OPERATION_LOOK_UP_BATCH)
		look_up_batch_took(source);
	else if (look_up->found != NULL)
		operation_find_groups(source);
	else
		operation_end(source, STATUS_OK, "");
}

static void answer_search(struct ldap_source *source, const struct search_end *end)
{
	struct str why = { 0 };

	search_describe(&source->look_up.search, end, &why);
	answer(source, LOOK_UP_UNREADABLE, str_span(&why));
	str_done(&why);
}

static void on_walked(struct ldap_source *source)
{
	add_groups(groups_of(source), &source->look_up.entry);
	source->look_up.answer.entry = &source->look_up.entry;
	source->look_up.answer.membership = groups_of(source);
	operation_end(source, STATUS_OK, "");
}

/* A server that went away while nobody used it, or a fail-over: nothing was told, so begin again.
 */
static void start_again(struct ldap_source *source, const struct search_end *end)
{
	struct str why = { 0 };

	forget_found(&source->look_up);
	search_describe(&source->look_up.search, end, &why);
	if (end->is_silent)
		operation_end(source, STATUS_DOWN, str_c(&why));
	else
		operation_connect(source, str_c(&why));
	str_done(&why);
}

/* ---- what was found ---- */

static void ignore_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	(void)context, (void)handle, (void)message;
}

static void on_filtered(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;
	struct look_up *look_up = &source->look_up;

	if (end->is_broken)
		start_again(source, end);
	else if (end->code != LDAP_SUCCESS)
		answer_search(source, end);
	else if (end->entries > 0)
		answer(source, LOOK_UP_MATCHES, str_span(&look_up->found_dn));
	else
		answer(source, LOOK_UP_LEFT_SCOPE, span_of(look_up->search.filter));
}

static void ask_filter(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = ignore_entry,
		.on_end = on_filtered };
	struct look_up *look_up = &source->look_up;

	look_up->search = (struct search) { .base = str_c(&look_up->found_dn),
		.scope = DIRECTORY_SCOPE_BASE,
		.filter = user_filter(source) };
	session_search(source->session, &look_up->search, &handler, source);
}

/* Naming contexts may overlap, so that one entry comes twice. */
static bool is_known(const struct look_up *look_up, struct span dn)
{
	if (dn.at == NULL || dn_equal(dn, str_span(&look_up->found_dn)))
		return true;
	for (size_t i = 0; i < look_up->other_count; i++)
		if (dn_equal(dn, look_up->others[i]))
			return true;
	return false;
}

static void note_other(struct look_up *look_up, struct span dn)
{
	struct str *copy = &look_up->other_dns[look_up->other_count];

	if (!is_by_filter(look_up) || look_up->other_count == LOOK_UP_OTHERS_MAX ||
	    is_known(look_up, dn))
		return;
	str_add(copy, dn);
	look_up->others[look_up->other_count++] = str_span(copy);
}

/* Keeps the first entry, and the names of others that a filter finds. */
static bool keep_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	struct ldap_source *source = context;
	struct look_up *look_up = &source->look_up;
	struct span dn, why;

	if (look_up->found != NULL) {
		note_other(look_up, message_dn(handle, message));
		return false;
	}
	str_truncate(&look_up->text, 0);
	str_truncate(&look_up->found_dn, 0);
	if (!message_to_entry(handle, message, source->builder, loop_wall_ms(source->loop),
		&look_up->entry, &dn, &why)) {
		utf8_printable(dn, &look_up->text);
		str_addf(&look_up->text, " cannot be used: %.*s", SPAN_ARG(why));
		return false;
	}
	str_add(&look_up->found_dn, dn);
	look_up->found = message;
	return true;
}

static void judge_found(struct ldap_source *source)
{
	struct look_up *look_up = &source->look_up;
	struct span dn = str_span(&look_up->found_dn);

	if (is_by_filter(look_up) && !look_up->request.is_anywhere)
		answer(source, LOOK_UP_MATCHES, dn);
	else if (!settings_hold_dn(&source->settings, dn))
		answer(source, LOOK_UP_MOVED, dn);
	else
		ask_filter(source);
}

/* ---- searching ---- */

static size_t search_count(const struct ldap_source *source)
{
	if (source->look_up.request.is_anywhere)
		return session_server(source->session)->naming_context_count;
	if (is_by_filter(&source->look_up))
		return source->settings.users.base_count;
	if (is_by_key(&source->look_up) &&
	    session_kind(source->session) != DIRECTORY_ACTIVE_DIRECTORY)
		return session_server(source->session)->naming_context_count;
	return 1;
}

static void answer_nothing(struct ldap_source *source, const struct search_end *end)
{
	struct look_up *look_up = &source->look_up;

	if (look_up->text.len > 0)
		answer(source, LOOK_UP_UNREADABLE, str_span(&look_up->text));
	else if (look_up->request.is_anywhere)
		answer(source, LOOK_UP_DELETED, SPAN("no entry goes by that name"));
	else if (is_by_filter(look_up))
		answer(source, LOOK_UP_UNREADABLE, SPAN("no entry in the bases matches"));
	else if (is_by_key(look_up))
		read_last_dn(source);
	else if (end->code == LDAP_NO_SUCH_OBJECT)
		answer(source, LOOK_UP_DELETED, SPAN("no entry has this DN"));
	else
		answer_search(source, end);
}

/* On AD the search by `<GUID=…>` answers noSuchObject for what is gone: that is "nothing" here. */
static bool is_whole(const struct ldap_source *source, const struct search_end *end)
{
	const struct look_up *look_up = &source->look_up;

	if (end->code == LDAP_SUCCESS)
		return true;
	return end->code == LDAP_NO_SUCH_OBJECT && look_up->search.scope == DIRECTORY_SCOPE_BASE;
}

static void on_search_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;
	struct look_up *look_up = &source->look_up;

	if (end->is_broken) {
		start_again(source, end);
		return;
	}
	if (look_up->found != NULL && !is_by_filter(look_up)) {
		judge_found(source);
		return;
	}
	if (look_up->found == NULL && !is_whole(source, end)) {
		look_up->is_refused = look_up->search.scope == DIRECTORY_SCOPE_SUBTREE;
		if (look_up->text.len == 0)
			search_describe(&look_up->search, end, &look_up->text);
	}
	if (++look_up->base < search_count(source))
		search_next(source);
	else if (look_up->found != NULL)
		judge_found(source);
	else
		answer_nothing(source, end);
}

static void write_key_filter(struct ldap_source *source)
{
	struct look_up *look_up = &source->look_up;

	str_truncate(&look_up->filter, 0);
	str_add_c(&look_up->filter, "(|");
	kind_add_key_filter(session_kind(source->session), &look_up->request.key, &look_up->filter);
	str_add_byte(&look_up->filter, ')');
}

static void write_combined_filter(struct ldap_source *source)
{
	struct look_up *look_up = &source->look_up;
	const char *own = user_filter(source);
	struct span asked = look_up->request.filter;
	bool is_asked_open = asked.len > 0 && asked.at[0] == '(';

	str_truncate(&look_up->filter, 0);
	str_addf(&look_up->filter, own[0] == '(' ? "(&%s" : "(&(%s)", own);
	str_addf(&look_up->filter, is_asked_open ? "%.*s)" : "(%.*s))", SPAN_ARG(asked));
}

/* Says in look_up->search what is searched now. */
static void aim(struct ldap_source *source)
{
	struct look_up *look_up = &source->look_up;
	char text[UUID_TEXT_SIZE];

	look_up->search = (struct search) { .scope = DIRECTORY_SCOPE_BASE,
		.base = str_c(&look_up->dn),
		.filter = "(objectClass=*)",
		.attributes = entry_builder_attributes(source->builder) };
	if (look_up->request.is_anywhere) {
		look_up->search.base =
		    session_server(source->session)->naming_contexts[look_up->base].at;
		look_up->search.scope = DIRECTORY_SCOPE_SUBTREE;
		look_up->search.filter = str_c(&look_up->asked);
		look_up->search.size_limit = LOOK_UP_OTHERS_MAX + 1;
	} else if (is_by_filter(look_up)) {
		write_combined_filter(source);
		look_up->search.base = source->settings.users.bases[look_up->base];
		look_up->search.scope = source->settings.users.scope;
		look_up->search.filter = str_c(&look_up->filter);
		look_up->search.size_limit = LOOK_UP_OTHERS_MAX + 1;
	} else if (is_by_key(look_up) &&
		   session_kind(source->session) == DIRECTORY_ACTIVE_DIRECTORY) {
		uuid_format(&look_up->request.key, text);
		str_truncate(&look_up->filter, 0);
		str_addf(&look_up->filter, "<GUID=%s>", text);
		look_up->search.base = str_c(&look_up->filter);
	} else if (is_by_key(look_up)) {
		write_key_filter(source);
		look_up->search.base =
		    session_server(source->session)->naming_contexts[look_up->base].at;
		look_up->search.scope = DIRECTORY_SCOPE_SUBTREE;
		look_up->search.filter = str_c(&look_up->filter);
	}
}

static void search_next(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry_keep = keep_entry,
		.on_end = on_search_end };

	aim(source);
	session_search(source->session, &source->look_up.search, &handler, source);
}

/* ---- the last known DN ---- */

static void on_last_dn_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;
	struct look_up *look_up = &source->look_up;

	if (end->is_broken) {
		start_again(source, end);
	} else if (look_up->found != NULL &&
		   uuid_compare(&look_up->entry.key, &look_up->request.key) == 0) {
		judge_found(source);
	} else if (look_up->found != NULL) {
		forget_found(look_up);
		answer(source, LOOK_UP_DELETED, SPAN("another entry has its last known DN"));
	} else if (look_up->text.len > 0) {
		answer(source, LOOK_UP_UNREADABLE, str_span(&look_up->text));
	} else if (end->code == LDAP_NO_SUCH_OBJECT) {
		answer(source, LOOK_UP_DELETED, SPAN("no entry has its key or its last known DN"));
	} else if (end->code == LDAP_SUCCESS) {
		answer(source, LOOK_UP_UNREADABLE,
		    SPAN("the server shows nothing at its last known DN; the bind identity may not "
			 "read it"));
	} else {
		answer_search(source, end);
	}
}

static void read_last_dn(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry_keep = keep_entry,
		.on_end = on_last_dn_end };
	struct look_up *look_up = &source->look_up;

	if (look_up->dn.len == 0) {
		answer(source, LOOK_UP_UNREADABLE,
		    SPAN("no entry has its key, and no last DN is known"));
		return;
	}
	look_up->search = (struct search) { .base = str_c(&look_up->dn),
		.scope = DIRECTORY_SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = entry_builder_attributes(source->builder) };
	session_search(source->session, &look_up->search, &handler, source);
}

/* ---- the operation ---- */

static void on_connected(struct ldap_source *source)
{
	struct look_up *look_up = &source->look_up;

	look_up->base = 0;
	look_up->is_refused = false;
	str_truncate(&look_up->text, 0);
	if (search_count(source) == 0)
		answer(source, LOOK_UP_UNREADABLE,
		    SPAN("the server names no naming contexts to search in"));
	else
		search_next(source);
}

static void take_request(struct look_up *look_up, const struct look_up_request *request)
{
	look_up_done(look_up);
	look_up->request = *request;
	if (request->dn.at != NULL)
		str_add(&look_up->dn, request->dn);
}

void look_up_alone(
    struct ldap_source *source, const struct look_up_request *request, bool is_key_absent)
{
	take_request(&source->look_up, request);
	if (is_key_absent)
		read_last_dn(source);
	else
		on_connected(source);
}

void look_up_start(struct source *base, const struct look_up_request *request,
    look_up_callback *callback, void *context)
{
	struct ldap_source *source = (struct ldap_source *)base;
	struct look_up *look_up = &source->look_up;

	assert(source->operation == OPERATION_NONE);
	source->operation = OPERATION_LOOK_UP;
	source->context = context;
	source->on_connected = on_connected;
	source->on_walked = on_walked;
	take_request(look_up, request);
	look_up->callback = callback;
	if (request->filter.at != NULL) {
		str_add(&look_up->asked, request->filter);
		look_up->request.filter = str_span(&look_up->asked);
	}
	operation_connect(source, NULL);
}

void look_up_finish(struct ldap_source *source)
{
	struct look_up done = source->look_up;

	source->look_up = (struct look_up) { 0 };
	done.answer.status = source->end_status;
	done.answer.detail = str_span(&done.detail);
	done.answer.err = &source->end_err;
	done.answer.others = done.others;
	done.answer.other_count = done.other_count;
	if (source->end_status != STATUS_OK) {
		done.answer.outcome = LOOK_UP_UNREADABLE;
		done.answer.entry = NULL;
		done.answer.membership = NULL;
		done.answer.detail = span_of(source->end_err.text);
	} else if (done.answer.entry != NULL) {
		done.answer.entry = &done.entry;
	}
	done.callback(source->context, &done.answer);
	look_up_done(&done);
}

void look_up_done(struct look_up *look_up)
{
	forget_found(look_up);
	str_done(&look_up->dn);
	str_done(&look_up->filter);
	str_done(&look_up->asked);
	str_done(&look_up->text);
	str_done(&look_up->found_dn);
	str_done(&look_up->detail);
	for (size_t i = 0; i < LOOK_UP_OTHERS_MAX; i++)
		str_done(&look_up->other_dns[i]);
	*look_up = (struct look_up) { 0 };
}
