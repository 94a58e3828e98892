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

/** Ends what waits for the sources to tell of changes; before they are freed. */
void service_forget_sources(struct service *service);

/** Drains: no new cycle, the running one ends early; on_stopped comes when all is over, never
 * before this returns. */
void service_stop(struct service *service);

#endif
