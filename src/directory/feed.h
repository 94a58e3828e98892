/* SPDX-License-Identifier: ISC */
/*
 * Feeds: who in a directory was touched since a cursor, by one of the ways in which servers tell.
 *
 * A feed runs alone on an open session.  It takes a mark (a cursor of now, before a scan) or asks
 * what came after one.  What it tells is of the naming contexts that hold people or groups, and as
 * wide as can be: a change too many costs a look, one too few a leaver who stays.
 */
#ifndef DIRECTORY_FEED_H
#define DIRECTORY_FEED_H

#include "base/hash.h"
#include "base/uuid.h"
#include "directory/cursor.h"
#include "directory/session.h"
#include "loop/loop.h"

struct feed;

/* An entry that was touched. */
struct feed_change {
	struct uuid key;
	struct span dn; /* as it is now; absent: only the key is known, or it is gone */
	bool is_deleted;
	bool is_group;       /* by its objectClass */
	bool may_have_moved; /* with all that is below it */
	bool has_unknown_class;
	bool has_only_values;                 /* of a group nothing changed but these members */
	const struct berval *added, *removed; /* DNs, each list ends without bv_val; NULL: none */
};

enum feed_outcome {
	FEED_OK,       /* all was told; or the mark was taken */
	FEED_GAP,      /* only a whole scan can tell */
	FEED_UNUSABLE, /* this way is not open to us on this server */
	FEED_BUSY,     /* not now */
	FEED_BROKEN,   /* the connection broke, or the server fell silent */
};

struct feed_end {
	enum feed_outcome outcome;
	bool is_silent;              /* broken: no message in time */
	struct span why;             /* unless it went well, for people; else a note, or absent */
	const struct cursor *cursor; /* the new one, when it went well */
	bool knows_deletions;
};

struct feed_handler {
	void (*on_change)(void *context, const struct feed_change *change);
	/** Once, from the loop. The feed may be freed in it. */
	void (*on_end)(void *context, const struct feed_end *end);
};

/* What was told because its timestamp is so young that it will come again. */
struct feed_seen {
	struct digest *at; /* owned */
	size_t count, cap;
	size_t old_count; /* of the question before, sorted; the others are of the one that runs */
};

/* All borrowed until the feed is freed. */
struct feed_input {
	struct loop *loop;
	struct session *session;
	const struct directory_settings *settings;
	const char *user_filter;
	const char *const *attributes; /* that a change may be of; ends in NULL */
	struct feed_seen *seen;        /* kept from one question to the next */
	const struct cursor *known;    /* an older one, whose rest a mark keeps; NULL: none */
};

/** Takes what the last question told for told, once the caller has it. */
void feed_seen_commit(struct feed_seen *seen);

/** Takes a mark by a way that is not auto nor none. @return owned */
struct feed *feed_start_mark(enum directory_changes mechanism, const struct feed_input *input,
    const struct feed_handler *handler, void *context);

/** Asks what came after a cursor. @param cursor copied @return owned */
struct feed *feed_start_ask(const struct cursor *cursor, const struct feed_input *input,
    const struct feed_handler *handler, void *context);

/** Frees a feed; the session is stopped before, unless on_end came; NULL is welcome. */
void feed_free(struct feed **feed);

/**
 * The ways to try on a server, best first: what is configured, or what it offers.
 *
 * @param ret_ways  at most FEED_WAYS_MAX
 * @return how many
 */
enum { FEED_WAYS_MAX = 3 };
size_t feed_ways(const struct directory_settings *settings, const struct server_facts *server,
    enum directory_kind kind, enum directory_changes ret_ways[FEED_WAYS_MAX]);

/** Appends the filter that everything matches that a change may be of. */
void feed_add_filter(enum directory_kind kind, const char *user_filter, struct str *out);

/** Reads key, DN and classes of an entry that was searched with the attributes below. @return
 * false: it has no key that can be read */
bool feed_read_entry(LDAP *handle, LDAPMessage *message, struct feed_change *ret_change);

/** What to ask a kind of server for, for feed_read_entry; ends in NULL. */
const char *const *feed_attributes(enum directory_kind kind);

#endif
