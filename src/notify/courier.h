/* SPDX-License-Identifier: ISC */
/*
 * Port: one way that a notice takes to the people outside.  The outbox decides what goes when, a
 * courier goes once.
 */
#ifndef NOTIFY_COURIER_H
#define NOTIFY_COURIER_H

#include "notify/notice.h"

/* What the outbox does next. */
enum courier_outcome {
	COURIER_DELIVERED,
	COURIER_LATER,   /* nobody is there, or they ask for patience: try again */
	COURIER_REFUSED, /* it would not be taken another time either */
};

struct courier_answer {
	enum courier_outcome outcome;
	int64_t retry_after_ms; /* that was asked for; -1: nothing was */
	const char *why;        /* for the log; no secret, no URL; borrowed until the callback
				   returns */
};

typedef void courier_callback(void *context, const struct courier_answer *answer);

struct courier;

struct courier_vtable {
	void (*start)(struct courier *courier, const struct notice *notice,
	    courier_callback *callback, void *context);
	void (*cancel)(struct courier *courier);
	void (*free)(struct courier *courier);
};

/* First member of every implementation. */
struct courier {
	const struct courier_vtable *vtable;
	const char *name; /* for the log: "webhook" */
};

/**
 * Goes once.  The callback comes once, never before this returned; nothing else is under way.
 *
 * @param notice  borrowed until this returns
 */
static inline void courier_start(
    struct courier *courier, const struct notice *notice, courier_callback *callback, void *context)
{
	courier->vtable->start(courier, notice, callback, context);
}

/** Ends what is under way without its callback; nothing under way is welcome. */
static inline void courier_cancel(struct courier *courier)
{
	courier->vtable->cancel(courier);
}

/** Cancels and frees; sets `*courier` to NULL; NULL is welcome. */
static inline void courier_free(struct courier **courier)
{
	if (*courier != NULL)
		(*courier)->vtable->free(*courier);
	*courier = NULL;
}

#endif
