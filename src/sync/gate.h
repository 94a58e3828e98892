/* SPDX-License-Identifier: ISC */
/*
 * The gate before the tenant: a token bucket, a limit of requests in flight, and a pause that
 * Retry-After sets for everybody.  One gate for the whole tenant and the whole life of the process.
 */
#ifndef SYNC_GATE_H
#define SYNC_GATE_H

#include "loop/loop.h"
#include <stdbool.h>
#include <stdint.h>

struct gate_settings {
	uint64_t requests_per_second; /* 0: no limit */
	uint64_t burst;               /* requests that may go at once after a rest; at least 1 */
	unsigned concurrency;         /* requests in flight; at least 1 */
};

struct gate {
	struct loop *loop;
	struct gate_settings settings;
	uint64_t tokens_milli; /* thousandths of a request */
	int64_t filled_ms;     /* when tokens were last counted */
	int64_t paused_until_ms;
	unsigned in_flight;
	uint64_t waiting; /* requests that want in, kept by the exchanges; for metrics */
};

/** Makes a gate with a full bucket. @param loop borrowed */
void gate_init(struct gate *gate, struct loop *loop, const struct gate_settings *settings);

/**
 * Takes a token and a place in flight.
 *
 * @param ret_wait_ms  when false: how long until it is worth asking again; -1: after a gate_leave
 * @return whether the request may go now
 */
bool gate_enter(struct gate *gate, int64_t *ret_wait_ms);

/** Gives the place in flight back. */
void gate_leave(struct gate *gate);

/** Lets nobody in for a while (Retry-After). A shorter pause never ends a longer one. */
void gate_pause(struct gate *gate, int64_t duration_ms);

/** Whole requests that could go at once now; for metrics. */
uint64_t gate_tokens(struct gate *gate);

#endif
