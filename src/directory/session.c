/* SPDX-License-Identifier: ISC */
/*
 * A connection's life: idle → connecting → asking the root DSE and who we are → open.
 *
 * Searches run on the loop: the descriptor wakes, libldap is drained message by message.  After a
 * turn's worth of messages a 0 ms timer comes instead of the descriptor, because what libldap and
 * the read-ahead layer hold already would not wake anybody, and because others want their turn.
 */
#include "directory/session_p.h"

#include "base/unicode.h"
#include "base/vec.h"
#include "directory/result_text.h"
#include <assert.h>
#include <stdlib.h>

enum {
	MESSAGES_A_TURN = 256,
	REST_MS = 120 * 1000, /* firewalls forget a quiet connection in minutes, without a word */
	QUIET_MS = 60 * 1000, /* so an endless search asks in time whether anybody is there */
	CONTROLS_MAX = 4,
};

static void on_turn(void *context);

static void close_handle(struct session *session)
{
	loop_io_free(&session->io);
	loop_timer_stop(session->silence);
	loop_timer_stop(session->again);
	loop_timer_stop(session->rest);
	if (session->handle != NULL)
		ldap_unbind_ext(session->handle, NULL, NULL);
	session->handle = NULL;
	session->is_open = false;
	session->running = RUNNING_NOTHING;
	session->is_stopping = false;
	session->gather_ms = 0;
}

static void on_rest(void *context)
{
	close_handle(context);
}

/* ---- the end of a request ---- */

static void end_search(struct session *session)
{
	struct search_end end = session->end;

	session->running = RUNNING_NOTHING;
	loop_timer_stop(session->silence);
	if (session->referral.len > 0)
		end.referral = str_span(&session->referral);
	session->handler.on_end(session->context, &end);
}

static void end_broken(struct session *session, int code, const char *text, bool is_silent)
{
	struct str words = { 0 };

	str_add_c(&words, text == NULL ? "" : text);
	session->end.is_broken = true;
	session->end.is_silent = is_silent;
	session->end.code = code;
	session->end.diagnostic = str_span(&words);
	/* The descriptor goes first: what libldap closes may be opened by somebody else. */
	close_handle(session);
	end_search(session);
	str_done(&words);
}

/* Any answer will do. @return whether the question is on its way */
static bool ping(struct session *session)
{
	static char *no_attributes[] = { LDAP_NO_ATTRS, NULL };
	int code = ldap_search_ext(session->handle, "", LDAP_SCOPE_BASE, "(objectClass=*)",
	    no_attributes, 0, NULL, NULL, NULL, 0, &session->ping_id);

	if (code == LDAP_SUCCESS)
		loop_timer_start(session->silence, session->settings->search_timeout_ms);
	return code == LDAP_SUCCESS;
}

static void on_silence(void *context)
{
	struct session *session = context;

	if (session->search.is_endless && session->running == RUNNING_SEARCH &&
	    session->ping_id == 0 && ping(session))
		return;
	if (session->running == RUNNING_SEARCH)
		ldap_abandon_ext(session->handle, session->message_id, NULL, NULL);
	end_broken(session, LDAP_TIMEOUT, NULL, true);
}

/* ---- asking ---- */

/* While nothing runs nobody reads: a descriptor that stays readable would keep the loop busy. */
static void watch(struct session *session, bool is_wanted)
{
	if (session->io == NULL || session->is_watching == is_wanted)
		return;
	session->is_watching = is_wanted;
	loop_io_set(session->io, is_wanted ? LOOP_READ : 0);
}

static void await(struct session *session)
{
	int64_t patience_ms = session->settings->search_timeout_ms;

	if (session->running == RUNNING_SEARCH && session->search.is_endless &&
	    patience_ms > QUIET_MS)
		patience_ms = QUIET_MS;
	loop_timer_start(session->silence, patience_ms);
}

/* A failed send is told in the next turn, as all ends are. */
void session_note_sent(struct session *session, int code)
{
	if (code != LDAP_SUCCESS) {
		session->end.code = code;
		session->message_id = -1;
	}
	watch(session, true);
	await(session);
	if (!session->is_draining)
		loop_timer_start(session->again, 0);
}

static int scope_of(enum directory_scope scope)
{
	switch (scope) {
	case DIRECTORY_SCOPE_BASE:
		return LDAP_SCOPE_BASE;
	case DIRECTORY_SCOPE_ONE:
		return LDAP_SCOPE_ONELEVEL;
	case DIRECTORY_SCOPE_SUBTREE:
		break;
	}
	return LDAP_SCOPE_SUBTREE;
}

static void send_page(struct session *session, struct berval *cookie)
{
	static const char *const no_attributes[] = { LDAP_NO_ATTRS, NULL };
	const struct search *search = &session->search;
	const char *const *attributes = search->attributes == NULL ? no_attributes
								   : search->attributes;
	LDAPControl *page = NULL, *controls[CONTROLS_MAX + 2] = { NULL };
	int code = LDAP_SUCCESS;
	size_t count = 0;

	for (; search->controls != NULL && search->controls[count] != NULL; count++) {
		assert(count < CONTROLS_MAX);
		controls[count] = search->controls[count];
	}

	session->has_asked_page = search->is_paged && session->settings->page_size > 0 &&
				  session->server.has_paging;
	if (session->has_asked_page) {
		code = ldap_create_page_control(
		    session->handle, (ber_int_t)session->settings->page_size, cookie, 1, &page);
		controls[count] = page;
	}
	if (code == LDAP_SUCCESS)
		code = ldap_search_ext(session->handle, search->base, scope_of(search->scope),
		    search->filter, (char **)attributes, 0, controls, NULL, NULL,
		    search->size_limit, &session->message_id);
	ldap_control_free(page);
	session_note_sent(session, code);
}

void session_search(struct session *session, const struct search *search,
    const struct search_handler *handler, void *context)
{
	struct berval no_cookie = { 0, NULL };

	assert(session->handle != NULL && session->running == RUNNING_NOTHING);
	session->running = RUNNING_SEARCH;
	session->search = *search;
	session->handler = *handler;
	session->context = context;
	session->end = (struct search_end) { 0 };
	str_truncate(&session->referral, 0);
	session->ping_id = 0;
	send_page(session, &no_cookie);
}

/* ---- answers ---- */

/* @return whether another page was asked for */
static bool ask_next_page(struct session *session, LDAPControl **controls)
{
	LDAPControl *page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	struct berval cookie = { 0, NULL };
	ber_int_t estimate;
	bool has_more;

	if (page == NULL || ldap_parse_pageresponse_control(
				session->handle, page, &estimate, &cookie) != LDAP_SUCCESS) {
		session->end.is_paging_ignored = true;
		return false;
	}
	has_more = cookie.bv_len > 0;
	session->end.has_more = has_more;
	has_more = has_more && !session->search.is_one_page;
	if (has_more)
		send_page(session, &cookie);
	ber_memfree(cookie.bv_val);
	return has_more;
}

static void take_result(struct session *session, LDAPMessage *message)
{
	LDAPControl **controls = NULL;
	char *text = NULL;
	int code = LDAP_OTHER, parsed;
	bool has_more = false;

	parsed = ldap_parse_result(
	    session->handle, message, &code, NULL, &text, NULL, &controls, 0);
	if (parsed != LDAP_SUCCESS)
		code = parsed;
	if (code == LDAP_SUCCESS && session->has_asked_page)
		has_more = ask_next_page(session, controls);
	if (!has_more) {
		session->end.code = code;
		session->end.diagnostic = span_of(text);
		session->end.controls = controls;
		end_search(session);
	}
	ldap_controls_free(controls);
	ldap_memfree(text);
}

/* A reference names several servers for one place at most: the first tells where. */
static void take_reference(struct session *session, LDAPMessage *message)
{
	char **urls = NULL;
	struct span url = SPAN_NULL;

	if (ldap_parse_reference(session->handle, message, &urls, NULL, 0) == LDAP_SUCCESS &&
	    urls != NULL)
		url = span_of(urls[0]);
	if (!server_facts_expects_reference(&session->server, url)) {
		session->end.referrals++;
		if (session->referral.len == 0)
			str_add(&session->referral, url);
	}
	ber_memvfree((void **)urls);
}

/* @return whether the message was kept by somebody */
static bool take_message(struct session *session, int type, LDAPMessage *message)
{
	session->has_activity = true;
	if (session->running == RUNNING_WHO_AM_I) {
		session_take_identity(session, message);
		return false;
	}
	switch (type) {
	case LDAP_RES_SEARCH_ENTRY:
		session->end.entries++;
		if (session->handler.on_entry_keep != NULL)
			return session->handler.on_entry_keep(
			    session->context, session->handle, message);
		session->handler.on_entry(session->context, session->handle, message);
		break;
	case LDAP_RES_SEARCH_REFERENCE:
		take_reference(session, message);
		break;
	case LDAP_RES_SEARCH_RESULT:
		take_result(session, message);
		break;
	case LDAP_RES_INTERMEDIATE:
		if (session->handler.on_intermediate != NULL)
			session->handler.on_intermediate(
			    session->context, session->handle, message);
		break;
	default:
		break;
	}
	return false;
}

/* The only unsolicited message there is (RFC 4511 4.4.1); whatever else it says, the server is
 * done. */
static bool is_disconnection(int type, LDAPMessage *message)
{
	return type == LDAP_RES_EXTENDED && ldap_msgid(message) == LDAP_RES_UNSOLICITED;
}

static void end_lost(struct session *session)
{
	char *text = NULL;
	int code = LDAP_SERVER_DOWN;

	ldap_get_option(session->handle, LDAP_OPT_RESULT_CODE, &code);
	ldap_get_option(session->handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
	end_broken(session, code, text, false);
	ldap_memfree(text);
}

/*
 * libldap gives up on a message when one read brings only a part of it, even when the rest is
 * already in the buffers below; nothing else would wake us for that.
 */
static bool has_buffered(struct session *session)
{
	Sockbuf *sockbuf = NULL;

	ldap_get_option(session->handle, LDAP_OPT_SOCKBUF, &sockbuf);
	return sockbuf != NULL && ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_DATA_READY, NULL) > 0;
}

/* @return whether there may be more */
static bool take_one(struct session *session)
{
	struct timeval no_wait = { 0, 0 };
	LDAPMessage *message = NULL;
	int type = ldap_result(session->handle, LDAP_RES_ANY, LDAP_MSG_ONE, &no_wait, &message);
	bool is_kept = false;

	if (type == 0)
		return has_buffered(session);
	if (type < 0) {
		end_lost(session);
		return false;
	}
	if (is_disconnection(type, message)) {
		ldap_msgfree(message);
		end_broken(session, LDAP_SERVER_DOWN,
		    "the server closes the connection (notice of disconnection)", false);
		return false;
	}
	if (ldap_msgid(message) == session->message_id) {
		is_kept = take_message(session, type, message);
	} else if (session->ping_id != 0 && ldap_msgid(message) == session->ping_id) {
		session->has_activity = true;
		if (type == LDAP_RES_SEARCH_RESULT)
			session->ping_id = 0;
	}
	if (!is_kept)
		ldap_msgfree(message);
	return session->handle != NULL && session->running != RUNNING_NOTHING;
}

static void drain(struct session *session)
{
	bool has_more = true, is_gathering;

	session->is_draining = true;
	session->has_activity = false;
	for (int i = 0; i < MESSAGES_A_TURN && has_more && !session->is_stopping; i++) {
		if (session->message_id < 0) {
			/* The request could not be sent; a bad filter leaves the connection alone.
			 */
			if (session->end.code == LDAP_FILTER_ERROR)
				end_search(session);
			else
				end_lost(session);
			has_more = session->handle != NULL && session->running != RUNNING_NOTHING;
			continue;
		}
		has_more = take_one(session);
	}
	session->is_draining = false;
	if (session->is_stopping)
		close_handle(session);
	is_gathering = !has_more && session->has_activity && session->gather_ms > 0;
	watch(session, session->running != RUNNING_NOTHING && !is_gathering);
	if (session->running == RUNNING_NOTHING)
		return;
	if (session->has_activity)
		await(session);
	if (has_more || is_gathering)
		loop_timer_start(session->again, has_more ? 0 : session->gather_ms);
}

static void on_turn(void *context)
{
	struct session *session = context;

	if (session->running != RUNNING_NOTHING)
		drain(session);
}

void session_on_readable(void *context, int fd, unsigned events)
{
	(void)fd, (void)events;
	on_turn(context);
}

/* ---- life ---- */

struct session *session_new(struct loop *loop, const struct directory_settings *settings)
{
	struct session *session = mem_new(1, sizeof(*session));

	session->loop = loop;
	session->settings = settings;
	session->silence = loop_timer_new(loop, on_silence, session);
	session->again = loop_timer_new(loop, on_turn, session);
	session->rest = loop_timer_new(loop, on_rest, session);
	session->opened = loop_timer_new(loop, session_on_opened, session);
	return session;
}

void session_stop(struct session *session)
{
	connector_cancel(&session->connector);
	finder_cancel(&session->finder);
	loop_timer_stop(session->opened);
	if (session->is_draining)
		session->is_stopping = true;
	else
		close_handle(session);
}

void session_rest(struct session *session)
{
	if (session->is_open)
		loop_timer_start(session->rest, REST_MS);
}

void session_gather(struct session *session, int64_t gather_ms)
{
	session->gather_ms = gather_ms;
}

void session_free(struct session **session)
{
	struct session *old = *session;

	*session = NULL;
	if (old == NULL)
		return;
	assert(!old->is_draining);
	session_stop(old);
	loop_timer_free(&old->silence);
	loop_timer_free(&old->again);
	loop_timer_free(&old->rest);
	loop_timer_free(&old->opened);
	session_urls_done(old);
	server_facts_done(&old->server);
	str_done(&old->failures);
	str_done(&old->identity);
	str_done(&old->referral);
	free(old);
}

void session_watch_attempts(
    struct session *session, session_attempt_callback *callback, void *context)
{
	session->attempt_callback = callback;
	session->attempt_context = context;
}

bool session_is_open(const struct session *session)
{
	return session->is_open;
}

const struct server_facts *session_server(const struct session *session)
{
	return &session->server;
}

enum directory_kind session_kind(const struct session *session)
{
	return session->kind;
}

static const char *scope_name(enum directory_scope scope)
{
	switch (scope) {
	case DIRECTORY_SCOPE_BASE:
		return "base";
	case DIRECTORY_SCOPE_ONE:
		return "one level";
	case DIRECTORY_SCOPE_SUBTREE:
		break;
	}
	return "subtree";
}

void search_describe(const struct search *search, const struct search_end *end, struct str *out)
{
	str_add_c(out, "the search in \"");
	utf8_printable(span_of(search->base), out);
	str_addf(out, "\" (%s) for %s ended after %llu entries: ", scope_name(search->scope),
	    search->filter, (unsigned long long)end->entries);
	if (end->is_silent)
		str_add_c(out, "the server sent nothing within search_timeout");
	else if (end->is_paging_ignored)
		str_add_c(out, "the server did not answer the paging control, so nobody knows "
			       "whether this is all");
	else
		result_describe(end->code, end->diagnostic, out);
}

struct span session_identity(const struct session *session)
{
	return session->has_identity ? str_span(&session->identity) : SPAN_NULL;
}
