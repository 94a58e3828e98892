/* SPDX-License-Identifier: ISC */
/*
 * Inside the room: the LDAP source, and what its operations share.
 *
 * An operation is a small state machine in a file of its own (ldap_scan.c, ldap_look_up.c,
 * ldap_look_up_batch.c, ldap_changes.c, ldap_check.c).  Each begins with operation_connect and ends
 * with operation_end, which has the last callback called from the loop.
 */
#ifndef DIRECTORY_DIRECTORY_P_H
#define DIRECTORY_DIRECTORY_P_H

#include "base/arena.h"
#include "directory/directory.h"
#include "directory/entry_builder.h"
#include "directory/feed.h"
#include "directory/group_table.h"
#include "directory/group_walk.h"
#include "directory/kept_groups.h"
#include "directory/ldap_entry.h"
#include "directory/reach.h"
#include "directory/session.h"

enum operation {
	OPERATION_NONE,
	OPERATION_SCAN,
	OPERATION_LOOK_UP,
	OPERATION_LOOK_UP_BATCH,
	OPERATION_CHANGES,
	OPERATION_CHECK
};

/* A DN that a whole scan must have brought. */
struct canary {
	struct span dn;         /* as configured */
	struct span normalized; /* of the source's arena */
	bool is_seen;
};

/* One look-up in the making. */
struct look_up {
	look_up_callback *callback;
	struct look_up_request request;
	struct str dn, asked; /* copies of the request */
	struct str filter;    /* as sent */
	struct str text; /* why nothing may be concluded from finding nothing; empty: all is well */
	bool is_refused; /* for a reason that has nothing to do with this key */
	size_t base;     /* of bases or naming contexts that is searched */
	LDAPMessage *found; /* owned */
	struct str found_dn;
	struct search search;
	struct look_up_answer answer;
	struct str detail;
	struct entry entry;
	struct str other_dns[LOOK_UP_OTHERS_MAX]; /* of the answer's others */
	struct span others[LOOK_UP_OTHERS_MAX];
	size_t other_count;
};

/* What is known of a key of a batch. */
struct look_up_item {
	enum {
		LOOK_UP_WANTED,   /* no search brought it yet */
		LOOK_UP_IN_BASES, /* found; the filter is still to be asked */
		LOOK_UP_ALONE,    /* has to be looked up by itself */
		LOOK_UP_ANSWERED,
	} state;
	struct entry entry; /* of the batch's arena, when it is in the bases */
};

/* A batch of look-ups in the making. */
struct look_up_batch {
	const struct look_up_batch_handler *handler;
	const struct look_up_request *requests;
	struct look_up_item *items; /* owned, one a request */
	size_t count;
	struct arena *arena; /* entries whose filter is still to be asked */
	size_t context;      /* naming context that is searched */
	bool is_whole;       /* so far every search ended well, and all that came could be read */
	struct str filter;   /* as sent */
	struct search search;
	size_t at; /* being looked up alone */
};

/* A cursor of now, in the taking. */
struct mark {
	enum directory_changes ways[FEED_WAYS_MAX];
	size_t count, at;
	enum directory_changes way; /* that worked, else DIRECTORY_CHANGES_NONE */
	bool knows_deletions;
	struct str cursor; /* empty: there is none */
	struct arena *arena;
	struct cursor
	    known;      /* the one before, of which a mark keeps what is still good; or zeros */
	struct str why; /* what is to be said of the ways that were tried, for people */
	bool is_silent; /* it broke by silence */
};

/* A member of a group that came or went, when only that is told. */
struct value_change {
	uint32_t group;
	bool is_added;
	struct span dn;
};

/* Changes in the making. */
struct changes {
	const struct source_changes_handler *handler;
	struct str asked; /* the cursor */
	struct arena *cursor_arena;
	struct cursor cursor;
	struct str new_cursor, gap, filter;
	bool knows_deletions;

	struct arena *arena;
	struct uuid *touched;
	size_t touched_count, touched_cap;
	struct span *moved; /* those below which all may have moved */
	size_t moved_count, moved_cap, moved_next;
	struct search search;

	bool needs_walk;  /* all groups are to be walked again */
	bool *is_changed; /* by group: it is to be read again */
	bool *is_counted; /* by group: it is in group_count */
	struct value_change *values;
	size_t value_count, value_cap, removals;
	struct membership *renewed; /* sealed, before it is kept */
	struct uuid *keys;
	struct changed_member *named;   /* of whom the DN was read */
	struct changed_member *members; /* whose roots changed; sorted by hash */
	size_t named_count, named_cap, member_count, member_cap;
	uint64_t entry_count, group_count;
};

enum { CHECK_STEPS_MAX = 12 };

struct ldap_source;

/* One check in the making. */
struct check {
	const char *names[CHECK_STEPS_MAX];
	struct check_teller teller;
	struct reach *reach;
	struct str urls; /* that took the bind */
	size_t base;     /* that is looked at */
	struct search search;
	struct {
		size_t at; /* of the ways to ask for the time */
		int64_t asked_ms;
		bool is_known, is_limit; /* limit: it is that late at least */
		void (*then)(struct ldap_source *source);
		int64_t difference_ms;
	} clock;
};

struct scan {
	const struct source_scan_handler *handler;
	struct scan_facts facts;
	size_t base; /* that is searched */
	struct search search;
	bool has_told_membership;
	struct str incomplete_why;
	struct str referral; /* the first that was not followed */
};

struct ldap_source {
	struct source source; /* first */
	struct loop *loop;
	struct directory_settings settings;
	struct attribute_set *attributes;
	struct arena *arena; /* for the life of the source */
	struct canary *canaries;
	struct str scratch;

	struct session *session;
	struct entry_builder *builder; /* NULL until the kind is known */
	enum operation operation;
	void *context; /* of the caller */
	void (*on_connected)(struct ldap_source *source);
	void (*on_walked)(struct ldap_source *source);
	struct group_table *groups;
	struct group_walk *walk;
	bool is_walk_partial;
	struct membership *membership; /* sealed; NULL before */
	struct dn_set known;           /* the DNs of all groups of the last walk of all */
	struct kept_groups kept;
	struct feed *feed; /* that runs */
	struct feed_seen seen;
	void (*on_marked)(struct ldap_source *source);
	void (*on_mark_broke)(struct ldap_source *source); /* source->scratch says why */

	struct loop_timer *finish;
	bool is_ending;
	enum status end_status;
	struct err end_err;

	struct scan scan;
	struct look_up look_up;
	struct look_up_batch batch;
	struct changes changes;
	struct check check;
	struct mark mark;
	struct watch *watch; /* NULL: nobody watches */
};

/** Makes a source for an LDAP server from settings that were checked. @return owned */
struct source *directory_source_new(
    struct loop *loop, const struct directory_settings *settings, struct attribute_set *attributes);

/** Makes a source for an LDIF file from settings that were checked. */
enum status ldif_source_new(struct loop *loop, const struct directory_settings *settings,
    struct attribute_set *attributes, struct source **ret_source, struct err *reterr);

/** The path of an LDIF file's URL (`file:///path`, or a plain path); NULL when it is none. */
const char *ldif_path(const char *url);

/**
 * Connects, or finds the connection; then on_connected, or the end with STATUS_DOWN.
 *
 * @param broken_why  as for session_open
 */
void operation_connect(struct ldap_source *source, const char *broken_why);

/** Walks the groups on the open connection; then on_walked. A broken walk ends with STATUS_DOWN. */
void operation_walk_groups(struct ldap_source *source);

/**
 * Walks source->groups on the open connection, then on_walked.
 *
 * @param groups  only these; NULL: all. @param is_nested by place
 */
void operation_walk_table(
    struct ldap_source *source, const uint32_t *groups, const bool *is_nested, size_t count);

/** Has on_walked called with the groups that are kept, or walks them when there are none. */
void operation_find_groups(struct ldap_source *source);

/** Takes a mark on the open connection into source->mark; then on_marked, or on_mark_broke. */
void operation_mark(struct ldap_source *source);

/** Ends the operation: the last callback comes from the loop. The first call counts. */
void operation_end(struct ldap_source *source, enum status status, const char *why);

/** Forgets the groups that were walked. */
void operation_forget_groups(struct ldap_source *source);

/** What feeds need of the source. */
struct feed_input feed_input_of(struct ldap_source *source, const struct cursor *known);

/** The groups of the operation: those that were walked, else those that are kept. */
struct membership *groups_of(const struct ldap_source *source);

/** The filter for users: as configured, else the kind's. */
const char *settings_user_filter(
    const struct directory_settings *settings, enum directory_kind kind);

/** The same for a source whose kind is known. */
const char *user_filter(const struct ldap_source *source);

/** Checks what connecting and binding to an LDAP server needs. */
enum status settings_check_connection(
    const struct directory_settings *settings, struct err *reterr);

/** Whether a DN is in the bases and their scope; without bases every DN is. */
bool settings_hold_dn(const struct directory_settings *settings, struct span dn);

/** Fills in the groups of an entry from the membership. */
void add_groups(struct membership *membership, struct entry *entry);

/** Marks the canary that has this DN, if one has. */
void canaries_note(struct canary *canaries, size_t count, struct span dn, struct str *scratch);

/** Makes the canaries of the settings. @return of the arena */
struct canary *canaries_new(const struct directory_settings *settings, struct arena *arena);

/** The first canary that was not seen; absent: all were. */
struct span canaries_missing(const struct canary *canaries, size_t count);

/**
 * Looks up one key of a batch by itself; then look_up_batch_took.
 *
 * @param is_key_absent  whole searches showed that no entry has the key: only the DN is read
 */
void look_up_alone(
    struct ldap_source *source, const struct look_up_request *request, bool is_key_absent);

/** Takes what source->look_up came to, and goes on with the batch. */
void look_up_batch_took(struct ldap_source *source);

/*
 * The operations, each in a file of its own.  `start` is the port's function: one operation at a
 * time, its callbacks come from the loop.  `finish` is called in the end, when end_status stands:
 * it gives the caller the last callback.  `done` frees what the operation holds, and the struct can
 * be used again.
 */

/** The port's scan; see source_scan. */
void scan_start(struct source *base, const struct source_scan_handler *handler, void *context);

/** Tells what the scan came to. @param groups  those it was done with; NULL: it did not get so far
 */
void scan_finish(struct ldap_source *source, const struct group_table *groups);

/** The connection or a search broke: the scan ends. @param is_silent  the server fell silent */
void scan_broke(struct ldap_source *source, const char *why, bool is_silent);

/** Frees what a scan holds. */
void scan_done(struct scan *scan);

/** The port's look-up of one person; see source_look_up. */
void look_up_start(struct source *base, const struct look_up_request *request,
    look_up_callback *callback, void *context);

/** Tells what the look-up came to, to the caller or to the batch that it is part of. */
void look_up_finish(struct ldap_source *source);

/** Frees what a look-up holds. */
void look_up_done(struct look_up *look_up);

/** The port's look-up of many; see source_look_up_batch. The requests live until it ends. */
void look_up_batch_start(struct source *base, const struct look_up_request *requests, size_t count,
    const struct look_up_batch_handler *handler, void *context);

/** Tells that the batch is over. */
void look_up_batch_finish(struct ldap_source *source);

/** Frees what a batch holds. */
void look_up_batch_done(struct look_up_batch *batch);

/** The port's changes since a cursor; see source_changes. */
void changes_start(struct source *base, struct span cursor,
    const struct source_changes_handler *handler, void *context);

/** The connection or a search broke: nothing is told. @param is_silent  the server fell silent */
void changes_broke(struct ldap_source *source, const char *why, bool is_silent);

/** Tells all that changed, in one go, or that it cannot be known. */
void changes_finish(struct ldap_source *source);

/** Drops what was found so far, to ask again. */
void changes_forget(struct changes *changes);

/** Frees what the question for changes holds. */
void changes_done(struct changes *changes);

/** Frees what a mark holds. */
void mark_done(struct mark *mark);

/** The port's check; see source_check. */
void directory_check_start(struct source *base, check_callback *callback, void *context);

/** Asks for the server's time on the open connection, tells the step, and then calls back. */
void check_clock(struct ldap_source *source, void (*then)(struct ldap_source *source));

/** Tells that the check is over. */
void check_finish(struct ldap_source *source);

/** Frees what a check holds. */
void check_free(struct check *check);

#endif
