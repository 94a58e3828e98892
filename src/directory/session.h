/* SPDX-License-Identifier: ISC */
/*
 * A session with one of a directory's servers, as the loop sees it: open, search, stop.
 *
 * Opening finds the servers by DNS when a domain is configured, goes through the URLs until one
 * answers, reads the root DSE and asks who we are.
 * A search runs alone; its pages are asked for one after the other.  All callbacks come from the
 * loop, never from the call that asked for them; session_stop ends things without a callback.
 */
#ifndef DIRECTORY_SESSION_H
#define DIRECTORY_SESSION_H

#include "base/err.h"
#include "directory/connector.h"
#include "directory/directory.h"
#include "directory/kind.h"
#include "directory/srv.h"
#include "loop/loop.h"
#include <ldap.h>
#include <stdbool.h>
#include <stdint.h>

struct session;

/* What is asked. All is borrowed until the end callback. */
struct search {
	const char *base;
	enum directory_scope scope;
	const char *filter;
	const char *const *attributes; /* ends in NULL; NULL: none at all ("1.1") */
	bool is_paged;                 /* pages of the configured size, when the server offers it */
	bool is_one_page;              /* of these only the first; whether there are more is told */
	int size_limit;                /* 0: none */
	LDAPControl *const *controls;  /* besides paging; ends in NULL; NULL: none */
	bool is_endless; /* the server tells for as long as it is there: instead of silence, an
			    unanswered question is the end */
};

/* How it ended. */
struct search_end {
	bool is_broken;         /* the connection is gone, or the server fell silent */
	bool is_silent;         /* of these: no message within search_timeout */
	int code;               /* LDAP result code, when not broken; negative ones are libldap's */
	bool has_more;          /* of one page: there are more */
	bool is_paging_ignored; /* success, but without the answer that paging demands */
	struct span diagnostic; /* borrowed until the callback returns */
	LDAPControl **controls; /* of the result; NULL: none; borrowed likewise */
	uint64_t entries;
	uint64_t referrals;   /* without those that are expected (kind.h) */
	struct span referral; /* the first; absent: none; borrowed likewise */
};

struct search_handler {
	void (*on_entry)(void *context, LDAP *handle, LDAPMessage *message);
	/** As on_entry, and whoever keeps the message says true and frees it with ldap_msgfree.
	 * NULL: never */
	bool (*on_entry_keep)(void *context, LDAP *handle, LDAPMessage *message);
	/** A message between entries (RFC 4511 4.13). NULL: they are left out */
	void (*on_intermediate)(void *context, LDAP *handle, LDAPMessage *message);
	void (*on_end)(void *context, const struct search_end *end);
};

/** One attempt at a server: `report` as the connector gave it. */
typedef void session_attempt_callback(
    void *context, const char *url, const struct connector_report *report);

/** STATUS_OK, or STATUS_DOWN with the reasons of all URLs. */
typedef void session_open_callback(void *context, enum status status, const struct err *err);

/** Makes a session that is not connected. @param settings borrowed until freed @return owned */
struct session *session_new(struct loop *loop, const struct directory_settings *settings);

/** Closes and frees; sets `*session` to NULL; NULL is welcome; not inside one of its callbacks. */
void session_free(struct session **session);

/**
 * Opens, or finds itself open.
 *
 * @param broken_why  why the last connection broke: goes on with the URL after it; NULL: it did not
 */
void session_open(struct session *session, const char *broken_why, session_open_callback *callback,
    void *context);

/** Has each attempt told; for checks. */
void session_watch_attempts(
    struct session *session, session_attempt_callback *callback, void *context);

/** Starts a search; the session is open and nothing runs. */
void session_search(struct session *session, const struct search *search,
    const struct search_handler *handler, void *context);

/** Ends whatever runs without a callback, and the connection with it. */
void session_stop(struct session *session);

/**
 * From now on an endless search is read in gulps: after something came, the next look is so many
 * milliseconds later.  The first of a burst is told at once, the rest with few turns of the loop.
 * Lasts as long as the connection.
 */
void session_gather(struct session *session, int64_t gather_ms);

/** Keeps the connection for a while; it is closed when nobody opens it again in time. */
void session_rest(struct session *session);

/** Whether the next session_open would use a connection that is there already. */
bool session_is_open(const struct session *session);

/** Known while it is open; borrowed. */
const struct server_facts *session_server(const struct session *session);
enum directory_kind session_kind(const struct session *session);
const char *session_url(const struct session *session);
struct span session_found(
    const struct session *session); /**< by DNS, for people; absent: nothing */
struct span session_identity(const struct session *session); /**< absent: the server does not say */

/** Appends the URL of a server that DNS brought. */
void session_add_url(
    const struct directory_settings *settings, const struct srv_record *record, struct str *url);

/** Appends what a search's end means: which search, which code, the server's words. */
void search_describe(const struct search *search, const struct search_end *end, struct str *out);

#endif
