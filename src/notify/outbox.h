/* SPDX-License-Identifier: ISC */
/*
 * The outbox: notices on their way, in order, one at a time, each tried again until it is taken or
 * given up.  It is in memory and bounded: when it is full, the oldest goes.
 *
 * A notice is tried OUTBOX_TRIES_MAX times within about ten minutes; a Retry-After makes a wait
 * longer, up to an hour.
 */
#ifndef NOTIFY_OUTBOX_H
#define NOTIFY_OUTBOX_H

#include "loop/loop.h"
#include "notify/courier.h"

enum { OUTBOX_MAX = 64, OUTBOX_TRIES_MAX = 5 };

struct outbox_events {
	/** A notice is given up. @param why  borrowed, without secrets */
	void (*on_lost)(
	    void *context, const char *courier, enum notice_event event, const char *why);
	void (*on_empty)(void *context); /* the last one was taken or given up */
};

struct outbox;

/**
 * Makes an empty one.
 *
 * @param courier  borrowed, outlives the outbox
 * @param events   borrowed; called from the loop, from outbox_put when it is full, and from
 *   outbox_give_up
 */
struct outbox *outbox_new(
    struct loop *loop, struct courier *courier, const struct outbox_events *events, void *context);

/** Drops all silently and frees; sets `*outbox` to NULL; NULL is welcome. */
void outbox_free(struct outbox **outbox);

/** Puts a notice behind the others; it goes in a later turn. @param notice  copied */
void outbox_put(struct outbox *outbox, const struct notice *notice);

/** Drops all silently: nobody is to be told any more. */
void outbox_clear(struct outbox *outbox);

/** From now on there is hurry: each notice is tried three times, a second apart. */
void outbox_hurry(struct outbox *outbox);

/** Gives all up, what is under way too. */
void outbox_give_up(struct outbox *outbox, const char *why);

/** Number of notices that are neither taken nor given up. */
size_t outbox_count(const struct outbox *outbox);

#endif
