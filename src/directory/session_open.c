/* SPDX-License-Identifier: ISC */
/*
 * Opening a session: URL after URL until one answers; then the root DSE, then who we are.
 */
#include "directory/session_p.h"

#include <assert.h>

enum { TICKET_LEFT_MS = 15 * 60 * 1000 };

static void try_url(struct session *session);

static void find_urls(struct session *session);

static void answer_open(struct session *session, enum status status, const char *text)
{
	struct err err = { "" };

	if (status != STATUS_OK)
		err_set(&err, "%s", text);
	str_truncate(&session->failures, 0);
	session->open_callback(session->open_context, status, &err);
}

void session_on_opened(void *context)
{
	struct session *session = context;

	if (session->is_open)
		answer_open(session, STATUS_OK, "");
	else if (session_urls_are_due(session))
		find_urls(session);
	else
		try_url(session);
}

static void fail_url(struct session *session, const char *why)
{
	if (session->failures.len > 0)
		str_add_c(&session->failures, "; ");
	str_add_c(&session->failures, why);
	session_urls_next(session);
	try_url(session);
}

static void open_now(struct session *session)
{
	session->is_open = true;
	answer_open(session, STATUS_OK, "");
}

void session_take_identity(struct session *session, LDAPMessage *message)
{
	struct berval *identity = NULL;
	int code = LDAP_OTHER;

	session->running = RUNNING_NOTHING;
	loop_timer_stop(session->silence);
	if (ldap_parse_result(session->handle, message, &code, NULL, NULL, NULL, NULL, 0) ==
		LDAP_SUCCESS &&
	    code == LDAP_SUCCESS &&
	    ldap_parse_whoami(session->handle, message, &identity) == LDAP_SUCCESS) {
		session->has_identity = true;
		if (identity != NULL)
			str_add(&session->identity,
			    (struct span) { identity->bv_val, identity->bv_len });
	}
	ber_bvfree(identity);
	open_now(session);
}

/* Only a lost connection or silence comes here: on_identity takes all answers. */
static void on_who_am_i_end(void *context, const struct search_end *end)
{
	struct session *session = context;
	struct str why = { 0 };

	search_describe(&session->search, end, &why);
	fail_url(session, str_c(&why));
	str_done(&why);
}

static void ask_who_am_i(struct session *session)
{
	str_truncate(&session->identity, 0);
	session->has_identity = false;
	if (!session->server.has_who_am_i) {
		open_now(session);
		return;
	}
	session->running = RUNNING_WHO_AM_I;
	session->handler = (struct search_handler) { .on_end = on_who_am_i_end };
	session->context = session;
	session->end = (struct search_end) { 0 };
	session_note_sent(session, ldap_whoami(session->handle, NULL, NULL, &session->message_id));
}

static void on_root_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	struct session *session = context;
	struct berval dn, name, *values;
	BerElement *ber = NULL;

	if (ldap_get_dn_ber(handle, message, &ber, &dn) != LDAP_SUCCESS)
		return;
	while (ldap_get_attribute_ber(handle, message, ber, &name, &values) == LDAP_SUCCESS &&
	       name.bv_val != NULL) {
		for (size_t i = 0; values != NULL && values[i].bv_val != NULL; i++)
			server_facts_note(&session->server,
			    (struct span) { name.bv_val, name.bv_len },
			    (struct span) { values[i].bv_val, values[i].bv_len });
		ber_memfree(values);
	}
	ber_free(ber, 0);
}

static void on_root_end(void *context, const struct search_end *end)
{
	struct session *session = context;
	struct str why = { 0 };

	if (end->is_broken) {
		str_addf(&why, "%s: ", session_url(session));
		search_describe(&session->search, end, &why);
		fail_url(session, str_c(&why));
		str_done(&why);
		return;
	}
	session->kind = session->settings->kind == DIRECTORY_AUTO
			    ? server_facts_kind(&session->server)
			    : session->settings->kind;
	ask_who_am_i(session);
}

static void ask_root(struct session *session)
{
	static const struct search_handler handler = { .on_entry = on_root_entry,
		.on_end = on_root_end };
	struct search search = { .base = "",
		.scope = DIRECTORY_SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = server_facts_attributes };

	server_facts_reset(&session->server);
	session_search(session, &search, &handler, session);
}

static void on_connected(void *context, LDAP *handle, const struct connector_report *report)
{
	struct session *session = context;
	int fd = -1;

	session->connector = NULL;
	if (session->attempt_callback != NULL)
		session->attempt_callback(session->attempt_context, session_url(session), report);
	if (handle == NULL) {
		fail_url(session, report->err.text);
		return;
	}
	session->handle = handle;
	session->ends_ms =
	    report->lifetime_s == 0 ? 0 : loop_now_ms(session->loop) + report->lifetime_s * 1000;
	ldap_get_option(handle, LDAP_OPT_DESC, &fd);
	session->io = loop_io_new(session->loop, fd, LOOP_READ, session_on_readable, session);
	session->is_watching = true;
	ask_root(session);
}

static void try_url(struct session *session)
{
	const struct directory_settings *settings = session->settings;
	struct secret *password = NULL;
	struct err err = { "" };

	if (session_urls_are_over(session)) {
		answer_open(session, STATUS_DOWN, str_c(&session->failures));
		return;
	}
	if (settings->bind.method == DIRECTORY_BIND_SIMPLE &&
	    secret_load(settings->bind.password, &password, &err) != STATUS_OK) {
		err_prefix(&err, "cannot bind as %s", settings->bind.dn);
		answer_open(session, STATUS_DOWN, err.text);
		return;
	}
	session->connector = connector_start(
	    session->loop, settings, session_url(session), password, on_connected, session);
}

/* Servers that were known before are better than none. */
static void on_found(void *context, const struct srv_list *list, const struct err *err)
{
	struct session *session = context;

	session->finder = NULL;
	if (list != NULL)
		session_urls_take(session, list);
	if (session->found_count > 0)
		try_url(session);
	else
		answer_open(session, STATUS_DOWN, err->text);
}

static void find_urls(struct session *session)
{
	const struct directory_settings *settings = session->settings;
	struct finder_input input = { settings->domain,
		settings->kind == DIRECTORY_AUTO || settings->kind == DIRECTORY_ACTIVE_DIRECTORY,
		settings->connect_timeout_ms };

	session->finder = finder_start(session->loop, &input, on_found, session);
}

/* With a ticket that ends soon a long operation would break off in the middle. */
static void end_old(struct session *session)
{
	if (session->is_open && session->ends_ms != 0 &&
	    session->ends_ms - loop_now_ms(session->loop) < TICKET_LEFT_MS)
		session_stop(session);
}

/* A kept connection may have died of old age: that is no failure of its server. */
static void choose_url(struct session *session, const char *broken_why)
{
	if (session->is_open)
		return;
	if (broken_why == NULL || session->is_kept) {
		session_urls_restart(session);
		return;
	}
	str_addf(&session->failures, "%s: %s", session_url(session), broken_why);
	session_urls_next(session);
}

void session_open(
    struct session *session, const char *broken_why, session_open_callback *callback, void *context)
{
	assert(session->running == RUNNING_NOTHING && session->connector == NULL &&
	       session->finder == NULL);
	session->open_callback = callback;
	session->open_context = context;
	loop_timer_stop(session->rest);
	end_old(session);
	str_truncate(&session->failures, 0);
	choose_url(session, broken_why);
	session->is_kept = session->is_open;
	loop_timer_start(session->opened, 0);
}
