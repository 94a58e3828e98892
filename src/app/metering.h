/* SPDX-License-Identifier: ISC */
/*
 * From how the state stands and what cycles came to, to the numbers of metrics.textfile and
 * metrics.listen.
 *
 * What describes the state is read from it, so that a restart does not put it back to 0; what
 * counts requests and cycles counts those of this process, as Prometheus expects of a counter.  The
 * state is read when a cycle has ended, never when somebody asks: what is then said comes from
 * memory.
 */
#ifndef APP_METERING_H
#define APP_METERING_H

#include "app/agent.h"
#include "base/histogram.h"
#include "core/port_store.h"
#include "scim/tenant.h"
#include "sync/cycle.h"

enum { METERING_KIND_COUNT = CYCLE_UNDO + 1 };

/* What is counted over the cycles of a process, and what was read of the state; zero-initialized.
 */
struct metering {
	uint64_t cycles[METERING_KIND_COUNT][CYCLE_STATE_FAILED + 1]; /* by how they ended */
	struct histogram durations_ms[METERING_KIND_COUNT];
	uint64_t entries;                /* that directories brought */
	struct tenant_counters counters; /* of tenants of earlier configurations */
	bool has_cycle;                  /* one has ended: `peer` is known */
	const char *peer;                /* that it could not use; NULL: none */
	struct str polled, facts;        /* the state's metrics, as text: what any cycle may
					    change, and what only one with a row does */
	bool has_failed;                 /* the file could not be written, which was said */
};

/* What only a service has, at this moment. */
struct metering_service {
	bool is_busy; /* a cycle is running */
	size_t watched;
	bool is_reload_refused; /* the last reload brought a wrong configuration */
};

/** Frees what it holds and makes it empty again. */
void metering_done(struct metering *metering);

/** Keeps the counts of an agent that is about to be freed. */
void metering_leave(struct metering *metering, const struct agent *agent);

/** Counts a cycle that has ended. */
void metering_count(
    struct metering *metering, const struct agent *agent, const struct cycle_result *result);

/**
 * Reads how the state stands.
 *
 * @param has_row  the cycle was no quiet poll, which changes times only; a person may decide about
 *   holds at any time
 * @return STATUS_OK, or what the store said
 */
enum status metering_read(struct metering *metering, const struct agent *agent, struct store *store,
    bool has_row, struct err *reterr);

/** Appends all metrics. @param service  NULL: a single run */
void metering_render(const struct metering *metering, struct agent *agent,
    const struct metering_service *service, struct str *out);

/**
 * Counts a cycle that has ended, reads the state, and writes metrics.textfile if it is configured.
 * Where that fails a warning is logged once until it works again; nothing else depends on it.
 */
void metering_note(struct metering *metering, struct agent *agent, struct store *store,
    const struct metering_service *service, const struct cycle_result *result);

#endif
