/* SPDX-License-Identifier: ISC */
/*
 * Inside the feeds: what they share.
 */
#ifndef DIRECTORY_FEED_P_H
#define DIRECTORY_FEED_P_H

#include "directory/feed.h"

#define OID_SHOW_DELETED "1.2.840.113556.1.4.417"

enum { FEED_CONTEXTS_MAX = 16, FEED_CONTROLS_MAX = 3 };

/* One way of asking. Both start functions end, now or later, with feed_end_with or feed_broke. */
struct feed_way {
	void (*mark)(struct feed *feed);
	void (*ask)(struct feed *feed);
};

extern const struct feed_way feed_dirsync, feed_usn, feed_syncrepl, feed_timestamp;

struct feed {
	struct feed_input input;
	const struct feed_way *way;
	const struct feed_handler *handler;
	void *context;
	bool is_mark;
	struct arena *arena;
	struct cursor from, to;
	struct span contexts[FEED_CONTEXTS_MAX]; /* naming contexts to ask, each a C string */
	size_t context_count, at;
	struct loop_timer *start;

	struct search search;
	struct str filter, why, value;
	LDAPControl control_of[FEED_CONTROLS_MAX];
	LDAPControl *controls[FEED_CONTROLS_MAX + 1];
	bool knows_deletions;

	struct { /* what the bind may search by */
		const char *attribute;
		void (*next)(struct feed *feed);
		size_t at; /* bases, and groups behind them */
		bool is_second;
	} rights;

	struct { /* content synchronization of one context */
		struct str cookie, csn;
		bool is_trial, has_presents, is_unreadable;
	} sync;

	struct { /* the controller that answers */
		struct span host, service, invocation, highest;
		uint64_t from;
		bool has_deleted_objects;
	} usn;

	struct { /* DirSync of one naming context */
		struct str cookie;
		const char **attributes; /* owned; ends in NULL */
		size_t attribute_count, attribute_cap;
		bool has_security, is_going_on, is_unreadable;
		bool is_new, is_moved, has_whole_list; /* the entry at hand */
		struct berval *added, *removed;
	} dirsync;

	struct {                            /* timestamps of one naming context */
		struct span newest;         /* of the arena; absent: none was seen */
		struct span stamp, version; /* of the entry at hand */
		size_t window;
		bool has_told;
		const char *asked[2];
	} time;
};

/**
 * Goes on with `next` when the bind may search people and groups by the attribute that the way
 * lives on; else, or when the connection breaks, ends the feed.
 */
void feed_prove_rights(struct feed *feed, const char *attribute, void (*next)(struct feed *feed));

/** Frees what the ways hold. */
void feed_dirsync_done(struct feed *feed);

/** Tells a change. */
void feed_tell(struct feed *feed, const struct feed_change *change);

/** Ends it; nothing of the feed may be touched afterwards. @param why copied; NULL: none */
void feed_end_with(struct feed *feed, enum feed_outcome outcome, const char *why);

/** Ends it as a search ended that did not go well. */
void feed_end_search(struct feed *feed, enum feed_outcome outcome, const struct search_end *end);

/** Ends it because the connection broke. */
void feed_broke(struct feed *feed, const struct search_end *end);

/** Whether a result says "not now" rather than "not so". */
bool feed_is_busy(int code);

/** Starts a search of one naming context with the wide filter. @param attributes NULL: none */
void feed_search(struct feed *feed, const char *const *attributes, bool is_paged,
    const struct search_handler *handler);

/** Adds a control to the next search. @param value absent: none; borrowed while it runs */
void feed_add_control(struct feed *feed, const char *oid, struct span value);

/** Forgets the controls of the last search. */
void feed_clear_controls(struct feed *feed);

/** The naming context at hand. */
struct span feed_context(const struct feed *feed);

#endif
