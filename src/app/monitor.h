/* SPDX-License-Identifier: ISC */
/*
 * What monitoring sees of the service: the numbers in metrics.textfile, and over HTTP at
 * metrics.listen.
 */
#ifndef APP_MONITOR_H
#define APP_MONITOR_H

#include "app/agent.h"
#include "app/metering.h"
#include "core/port_store.h"
#include "loop/loop.h"
#include "sync/cycle.h"

struct monitor;

/* What the service is at this moment. */
struct monitor_view {
	struct agent *agent;
	struct metering_service service;
};

struct monitor_input {
	struct loop *loop;
	struct store *store; /* borrowed; read only */
	void (*look)(void *context, struct monitor_view *ret_view);
	void *context;
};

/** Makes it: reads how the state stands, and listens if it is configured. @return owned */
struct monitor *monitor_new(const struct monitor_input *input);

/** Stops listening and frees; sets `*monitor` to NULL; NULL is welcome. */
void monitor_free(struct monitor **monitor);

/** Keeps the counts of an agent that is about to be freed. */
void monitor_leave(struct monitor *monitor, const struct agent *agent);

/** Takes how a cycle ended, and listens where the configuration in force says; where it cannot, a
 * warning is logged once, and the next cycle tries again. */
void monitor_note(struct monitor *monitor, const struct cycle_result *result);

/** Says that the service ends: it is not ready any more. */
void monitor_stop(struct monitor *monitor);

#endif
