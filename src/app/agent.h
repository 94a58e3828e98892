/* SPDX-License-Identifier: ISC */
/*
 * The wiring: what a configuration becomes when it is brought to life.
 */
#ifndef APP_AGENT_H
#define APP_AGENT_H

#include "app/config.h"
#include "base/err.h"
#include "base/status.h"
#include "loop/loop.h"
#include "sync/cycle.h"
#include "sync/schedule.h"

/* All that lives as long as one configuration is in force. */
struct agent {
	struct config *config; /* owned */
	struct loop *loop;     /* borrowed */
	struct attribute_set *attributes;
	struct mapping *mapping;
	struct source **sources;
	size_t source_count;
	struct tenant *tenant;
	struct gate gate;
};

/**
 * Makes the parts. Nothing is connected, no secret is read, no state opened.
 *
 * @param config  taken on success
 * @return STATUS_OK; STATUS_REJECT: the parts refuse the settings
 */
enum status agent_new(
    struct loop *loop, struct config *config, struct agent **ret_agent, struct err *reterr);

/** Frees the parts and the configuration; no cycle may be running; sets `*agent` to NULL; NULL is
 * welcome. */
void agent_free(struct agent **agent);

/** Fills in what a cycle needs of the agent; the writer too unless `is_dry`. */
void agent_prepare(struct agent *agent, bool is_dry, struct cycle_input *input);

/** The schedule of the configuration. */
struct schedule agent_schedule(const struct agent *agent);

#endif
