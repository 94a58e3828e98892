/* SPDX-License-Identifier: ISC */
/*
 * From how the state stands and what a cycle came to, to the numbers of metrics.textfile.
 *
 * What describes the state is read from it, so that a restart does not put it back to 0; what
 * counts requests and cycles counts those of this process, as Prometheus expects of a counter.
 */
#ifndef APP_METERING_H
#define APP_METERING_H

#include "app/agent.h"
#include "core/port_store.h"
#include "sync/cycle.h"

/* What is counted over the cycles of a process; zero-initialized. */
struct metering {
	uint64_t cycles[CYCLE_STATE_FAILED + 1]; /* by how they ended */
	uint64_t requests, writes, answer_bytes; /* to tenants of earlier configurations */
	bool has_failed;                         /* the file could not be written, which was said */
};

/** Keeps the counts of an agent that is about to be freed. */
void metering_leave(struct metering *metering, const struct agent *agent);

/**
 * Counts a cycle that has ended, and writes the file if one is configured. Where that fails a
 * warning is logged once until it works again; nothing else depends on it.
 */
void metering_note(struct metering *metering, struct agent *agent, struct store *store,
    const struct cycle_result *result);

#endif
