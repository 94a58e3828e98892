/* SPDX-License-Identifier: ISC */
/*
 * The plan of a dry run as one HTML page, for whoever has to agree to it: what it takes, what the
 * tenant will make of it, what would be held, each action with its request, and the certificates it
 * rests on.  The page is made as those of the reports are, and holds them to the same: one file
 * that needs nothing else and is complete without its script.
 */
#ifndef REPORT_PLAN_PAGE_H
#define REPORT_PLAN_PAGE_H

#include "base/err.h"
#include "base/status.h"
#include "core/forecast.h"
#include "core/port_store.h"
#include "report/writer.h"

/* All is borrowed. */
struct plan_page_input {
	const struct run *run;    /* its actions are in the store; id 0: there are none */
	const struct hold *holds; /* that this plan would make */
	size_t hold_count;
	const struct prediction_facts *facts; /* NULL: the run broke off before it knew any */
	struct forecast forecast;             /* pace and reads; the actions are counted in */
	int64_t now_ms;
	struct span tenant, program; /* for the head */
	struct store *store;
	/** The configured name of a workspace id, absent when there is none. */
	struct span (*workspace_name)(void *context, struct span id);
	void *name_context;
	struct report_writer_options output; /* HTML */
};

/**
 * Writes the page. Goes through the actions twice, as what it counts comes first in it.
 *
 * @param ret_written  false: some of it could not be written
 * @return STATUS_OK; else as the port: what was written so far is not whole
 */
enum status plan_page_make(
    const struct plan_page_input *input, bool *ret_written, struct err *reterr);

#endif
