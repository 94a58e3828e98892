/* SPDX-License-Identifier: ISC */
/*
 * Inside a session: what its two halves share, searching (session.c) and opening (session_open.c).
 */
#ifndef DIRECTORY_SESSION_P_H
#define DIRECTORY_SESSION_P_H

#include "directory/finder.h"
#include "directory/session.h"

enum running { RUNNING_NOTHING, RUNNING_SEARCH, RUNNING_WHO_AM_I };

struct session {
	struct loop *loop;
	const struct directory_settings *settings;
	struct connector *connector;
	LDAP *handle;
	struct loop_io *io;
	struct loop_timer *silence, *again, *rest, *opened;
	size_t first, tried; /* of the URLs; the connection's is so many behind the first */
	struct finder *finder;
	char **found; /* owned; URLs that DNS brought */
	size_t found_count;
	int64_t found_ms; /* on the loop's clock; 0: to be found anew */
	struct str found_text;
	bool is_open;
	int64_t ends_ms; /* when the ticket of the connection ends, on the loop's clock; 0: never */
	bool is_kept;    /* it was open before, so it may have died unnoticed */
	bool is_watching;
	bool is_draining, is_stopping;
	int64_t gather_ms;   /* between two looks at an endless search; 0: as it comes */
	struct str failures; /* of the URLs tried so far */

	session_open_callback *open_callback;
	void *open_context;
	session_attempt_callback *attempt_callback;
	void *attempt_context;

	struct server_facts server;
	enum directory_kind kind;
	struct str identity;
	bool has_identity;

	enum running running;
	int message_id;
	bool has_activity;
	struct search search;
	struct search_handler handler;
	void *context;
	struct search_end end;
	struct str referral; /* the first one's URL */
	bool has_asked_page;
	int ping_id; /* of the question whether the server is there; 0: none is open */
};

/** Whether all URLs were tried; goes on to the next; begins again, where it is best to. */
bool session_urls_are_over(const struct session *session);
void session_urls_next(struct session *session);
void session_urls_restart(struct session *session);

/** Whether DNS is to be asked before the first is tried; takes what it brought. */
bool session_urls_are_due(const struct session *session);
void session_urls_take(struct session *session, const struct srv_list *list);

/** Frees what is known of URLs. */
void session_urls_done(struct session *session);

/** Begins the wait for an answer to what was sent; `code` not LDAP_SUCCESS: it could not be sent.
 */
void session_note_sent(struct session *session, int code);

/** Takes what the descriptor has. */
void session_on_readable(void *context, int fd, unsigned events);

/** The first turn of an opening. */
void session_on_opened(void *context);

/** Takes the answer to "who am I?". */
void session_take_identity(struct session *session, LDAPMessage *message);

#endif
