/* SPDX-License-Identifier: ISC */
/*
 * The service: cycle after cycle by the schedule, with back-off when a peer is down, and a calm
 * end.
 */
#ifndef SYNC_SERVICE_H
#define SYNC_SERVICE_H

#include "sync/cycle.h"
#include "sync/schedule.h"

/* Told when something happens that people outside want to know. */
struct service_events {
	void (*on_status)(void *context, const char *text); /* one line, for systemd */
	void (*on_cycle)(void *context, const struct cycle_result *result); /* a cycle ended */
	void (*on_stopped)(void *context); /* after service_stop: all is over */
	/** Before each cycle: fill in what the cycle works with (a reload may have changed it). */
	void (*prepare)(void *context, struct cycle_input *input);
};

struct service;

/* A cycle that a person asked for. */
struct service_request;

struct service_wish {
	bool has_kind;
	enum cycle_kind kind; /* else: reconcile when nobody is linked, else full */
	struct span who;      /* one person only; absent: everybody */
	struct span by;       /* who asks, for the record */
};

/* What the service is doing, and when it does what. */
struct service_moment {
	bool is_busy;         /* a cycle is running: */
	enum cycle_kind kind; /* … of this kind, else the next one */
	bool is_partial;      /* … that looks at some people only */
	int64_t started_ms;   /* … since this wall time */
	const char *phase;    /* … doing this; "": that is not known yet */
	uint64_t done, of;    /* … so far; of 0: not known */
	int64_t next_ms;      /* when the next one begins; 0: not known while one is running */
	int64_t full_ms, reconcile_ms; /* when these are due; 0: never */
	unsigned failures;             /* cycles in a row that ended because a peer was down */
	size_t watched; /* directories that say by themselves when something changes */
	size_t waiting; /* requests that wait for their cycle */
};

/**
 * Makes a service and schedules its first cycle.
 *
 * @param events  borrowed
 * @return owned
 */
struct service *service_new(struct loop *loop, struct store *store, const struct schedule *schedule,
    const struct service_events *events, void *context);

/** Frees it; no cycle may be running; sets `*service` to NULL; NULL is welcome. */
void service_free(struct service **service);

/** Whether a cycle is running. */
bool service_is_busy(const struct service *service);

/** Number of directories that say by themselves when something changes, at this moment. */
size_t service_watched(const struct service *service);

/** Takes a new schedule (after a reload) and runs a cycle soon. */
void service_reschedule(struct service *service, const struct schedule *schedule);

/** Tells what it is doing. Cost: nothing is read. */
void service_moment(const struct service *service, struct service_moment *ret_moment);

/**
 * Asks for a cycle now, also while a peer is down; one that is running is awaited first.  Those who
 * ask for everybody with one kind share one cycle, which begins after each of them asked.
 *
 * @param wish      its texts are copied
 * @param callback  called once when the cycle has ended, before service_events.on_cycle; never
 * before this returns. The result's err says why when the service ends before that; then run.id is
 * 0 and is_stopped is set
 * @return owned by the service until the callback returns or service_request_cancel
 */
struct service_request *service_ask(struct service *service, const struct service_wish *wish,
    cycle_callback *callback, void *context);

/** Whoever asked does not want to know any more: the callback does not come. A cycle that has begun
 * goes on. */
void service_request_cancel(struct service_request **request);

/** Whether the cycle that was asked for is the one that runs. */
bool service_request_runs(const struct service_request *request);

/** Runs the next cycle soon, of whatever kind is due, because something changed. */
void service_hurry(struct service *service);

/** Ends what waits for the sources to tell of changes; before they are freed. */
void service_forget_sources(struct service *service);

/** Drains: no new cycle, the running one ends early; on_stopped comes when all is over, never
 * before this returns. */
void service_stop(struct service *service);

#endif
