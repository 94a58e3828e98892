/* SPDX-License-Identifier: ISC */
/*
 * Inside a session: what its two halves share, searching (session.c) and opening (session_open.c).
 */
#ifndef DIRECTORY_SESSION_P_H
#define DIRECTORY_SESSION_P_H

#include "directory/session.h"

enum running { RUNNING_NOTHING, RUNNING_SEARCH, RUNNING_WHO_AM_I };

struct session {
	struct loop *loop;
	const struct directory_settings *settings;
	struct connector *connector;
	LDAP *handle;
	struct loop_io *io;
	struct loop_timer *silence, *again, *rest, *opened;
	size_t url; /* of the connection, or that is tried */
	bool is_open;
	int64_t ends_ms; /* when the ticket of the connection ends, on the loop's clock; 0: never */
	bool is_kept;    /* it was open before, so it may have died unnoticed */
	bool is_watching;
	bool is_draining, is_stopping;
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
};

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
