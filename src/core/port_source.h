/* SPDX-License-Identifier: ISC */
/*
 * Port: where entries come from.  Implemented by directory/ (LDAP servers, LDIF files) and by the
 * fakes of the scenario tests.
 *
 * One thing at a time: a source runs at most one scan, look-up or batch of look-ups; starting a
 * second is a programming error.  Every start is answered by exactly one last callback (`on_done`,
 * or the look-up's), never before the start returned, also after source_cancel (STATUS_CANCELED).
 * What callbacks are given is borrowed until they return.  A callback may not call source_free.
 */
#ifndef CORE_PORT_SOURCE_H
#define CORE_PORT_SOURCE_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "base/uuid.h"
#include "core/certificate.h"
#include "core/check.h"
#include "core/entry.h"
#include "core/membership.h"

struct source;

struct source_scan_handler {
	/** Once, before the first entry: the sealed membership; it lives until on_done returns. */
	void (*on_membership)(void *context, struct membership *membership);
	/** An entry that matches base, scope and filter. */
	void (*on_entry)(void *context, const struct entry *entry);
	/** An entry that cannot be used (no key, no readable DN); `why` is for people. */
	void (*on_unusable)(void *context, struct span dn, struct span why);
	/**
	 * Last. STATUS_OK: the searches ended (see facts whether they were whole); STATUS_DOWN: the
	 * directory cannot be used or broke off, `err` says why; STATUS_CANCELED.
	 */
	void (*on_done)(void *context, enum status status, const struct scan_facts *facts,
	    const struct err *err);
};

/* What is known of a directory's changes since a cursor. */
struct changes_facts {
	struct span cursor;    /* to go on from next time, printable; absent: keep the old one */
	struct span mechanism; /* "dirsync" "usn" "syncrepl" "timestamp"; absent: none */
	struct span gap; /* for people: why only a whole scan can tell what changed; absent: all
			    was told */
	struct span identity, peer; /* as in the facts of a scan */
	bool knows_deletions;       /* an entry that is deleted is told too */
	uint64_t entries, groups;   /* that changed */
};

struct source_changes_handler {
	/** Once, before the others: the membership as it is now; it lives until the next scan or
	 * changes of this source starts. */
	void (*on_membership)(void *context, struct membership *membership);
	/** An entry that was made, changed, moved or deleted: to be looked at by its key. May come
	 * more than once. */
	void (*on_touched)(void *context, const struct uuid *key);
	/** Somebody whose roots changed. @param dn  absent when it is not known any more */
	void (*on_member)(void *context, const struct member_hash *hash, struct span dn);
	/** Last; as for a scan. With a gap, what was told before is true, and not all. */
	void (*on_done)(void *context, enum status status, const struct changes_facts *facts,
	    const struct err *err);
};

/* Where a missing entry is (DESIGN: second look). */
enum look_up_outcome {
	LOOK_UP_MATCHES,    /* in base and filter: a scan would bring it */
	LOOK_UP_LEFT_SCOPE, /* in the bases, but the filter does not match */
	LOOK_UP_MOVED,      /* out of the bases */
	LOOK_UP_DELETED,    /* proved gone */
	LOOK_UP_UNREADABLE, /* cannot be told: never acts */
};

struct look_up_request {
	struct uuid key;    /* all zero: look by DN or by text */
	struct span dn;     /* last known DN; absent: none */
	struct span filter; /* RFC 4515; absent: by key or DN. Searches in the bases */
	bool is_anywhere;   /* with a filter, in parentheses: searches everywhere, also for those
			       whom the user filter leaves out; nobody is LOOK_UP_DELETED then */
};

enum { LOOK_UP_OTHERS_MAX = 10 };

struct look_up_answer {
	enum status status; /* STATUS_OK; STATUS_DOWN with err; STATUS_CANCELED */
	enum look_up_outcome outcome;
	const struct entry *entry;     /* NULL unless found; memberships filled in */
	struct membership *membership; /* as for a scan; NULL unless found */
	struct span detail;            /* for people: where it is, or why it cannot be told */
	const struct span *others; /* DNs of more entries that the filter found; the first few */
	size_t other_count;        /* at most LOOK_UP_OTHERS_MAX */
	const struct err *err;
};

typedef void look_up_callback(void *context, const struct look_up_answer *answer);

enum { LOOK_UP_BATCH_MAX = 100 }; /* requests of a batch */

struct look_up_batch_handler {
	/**
	 * What became of the request at `at`, in any order, at most once each. Groups are not read:
	 * an entry that was found comes without memberships.
	 */
	void (*on_answer)(void *context, size_t at, const struct look_up_answer *answer);
	/**
	 * Last. STATUS_OK: all were answered; STATUS_DOWN with err, STATUS_CANCELED: nothing is
	 * known about those that were not.
	 */
	void (*on_done)(void *context, enum status status, const struct err *err);
};

/* Something changed, or (`is_lost`) nobody will say any more: `why` is for people. */
typedef void source_watch_callback(void *context, bool is_lost, struct span why);

struct source_vtable {
	void (*scan)(
	    struct source *source, const struct source_scan_handler *handler, void *context);
	void (*look_up)(struct source *source, const struct look_up_request *request,
	    look_up_callback *callback, void *context);
	void (*look_up_batch)(struct source *source, const struct look_up_request *requests,
	    size_t count, const struct look_up_batch_handler *handler, void *context);
	/* NULL: this source cannot tell changes. */
	void (*changes)(struct source *source, struct span cursor,
	    const struct source_changes_handler *handler, void *context);
	/* NULL: this source cannot tell that something changes. */
	bool (*watch)(struct source *source, source_watch_callback *callback, void *context);
	void (*check)(struct source *source, check_callback *callback, void *context);
	void (*cancel)(struct source *source);
	void (*free)(struct source *source);
};

/* First member of every implementation. */
struct source {
	const struct source_vtable *vtable;
	struct span name; /* as configured; borrowed from the settings */
};

/** Starts a whole scan. @param handler borrowed until on_done */
static inline void source_scan(
    struct source *source, const struct source_scan_handler *handler, void *context)
{
	source->vtable->scan(source, handler, context);
}

/** Starts the search for one entry: by key outside base and filter, by DN, or by filter in the
 * bases. */
static inline void source_look_up(struct source *source, const struct look_up_request *request,
    look_up_callback *callback, void *context)
{
	source->vtable->look_up(source, request, callback, context);
}

/**
 * Starts the search for many entries by key, outside base and filter: judged as source_look_up
 * judges each, for a fraction of the round trips.
 *
 * @param requests  with a key and no filter, no key twice; borrowed, with what they look at, until
 *                  on_done
 * @param count     1 to LOOK_UP_BATCH_MAX
 * @param handler   borrowed until on_done
 */
static inline void source_look_up_batch(struct source *source,
    const struct look_up_request *requests, size_t count,
    const struct look_up_batch_handler *handler, void *context)
{
	source->vtable->look_up_batch(source, requests, count, handler, context);
}

/**
 * Starts to find out what changed since a cursor. What a source reads of groups it keeps from the
 * last whole scan, or changes, of this process; without that, or with a cursor that the server does
 * not know, the answer is a gap.
 *
 * @param cursor   as facts of a scan or of changes gave it; borrowed until on_done
 * @param handler  borrowed until on_done
 * @return false: this source cannot tell changes, and no callback comes
 */
static inline bool source_changes(struct source *source, struct span cursor,
    const struct source_changes_handler *handler, void *context)
{
	if (source->vtable->changes == NULL)
		return false;
	source->vtable->changes(source, cursor, handler, context);
	return true;
}

/**
 * Has it told when something in the directory changes, over a connection of its own beside all
 * else; NULL ends that. A stream that breaks is told once, and then it is over: the caller starts
 * it again.
 *
 * @return false: this source cannot
 */
static inline bool source_watch(
    struct source *source, source_watch_callback *callback, void *context)
{
	if (source->vtable->watch == NULL)
		return false;
	return source->vtable->watch(source, callback, context);
}

/**
 * Starts a check of what a scan needs: names, connections, TLS, bind, bases, paging, clock,
 * changes; one callback a step, and a last one with NULL. What a scan would bring is for a scan to
 * tell.
 */
static inline void source_check(struct source *source, check_callback *callback, void *context)
{
	source->vtable->check(source, callback, context);
}

/** Ends what is running; its last callback comes with STATUS_CANCELED. Nothing running: nothing
 * happens. */
static inline void source_cancel(struct source *source)
{
	source->vtable->cancel(source);
}

/** Closes the connection and frees; sets `*source` to NULL; NULL is welcome; nothing may be
 * running. */
static inline void source_free(struct source **source)
{
	if (*source != NULL)
		(*source)->vtable->free(*source);
	*source = NULL;
}

#endif
