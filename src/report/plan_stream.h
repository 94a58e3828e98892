/* SPDX-License-Identifier: ISC */
/* Plans and holds on their way from the store to a plan_writer. */
#ifndef REPORT_PLAN_STREAM_H
#define REPORT_PLAN_STREAM_H

#include "base/err.h"
#include "base/status.h"
#include "report/plan_writer.h"

/**
 * Writes the plan of a run, or what became of it.
 *
 * @param run  with its summary; id 0: it left no row
 * @param has_actions  false: head and end only
 * @param ret_written  whether all of it could be written
 * @return STATUS_OK, or what the store said
 */
enum status plan_stream_run(struct store *store, const struct run *run, bool has_actions,
    const struct plan_writer_options *options, bool *ret_written, struct err *reterr);

/** Writes all holds that have not ended, with their actions, likewise. */
enum status plan_stream_holds(struct store *store, const struct plan_writer_options *options,
    bool *ret_written, struct err *reterr);

#endif
