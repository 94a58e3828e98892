/* SPDX-License-Identifier: ISC */
/*
 * The audit reports: what changed, who has access, what others changed, how the runs went.
 *
 * A report reads the state through its port and writes itself through a report_writer.  What it
 * counts comes first in it, so it goes through the rows twice, within one view of the state; its
 * memory does not grow with their number.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/err.h"
#include "base/status.h"
#include "core/port_store.h"
#include "report/period.h"
#include "report/writer.h"

enum report_kind {
	REPORT_CHANGES, /* who got or lost what, when, why */
	REPORT_ACCESS,  /* who has which workspace now, by what; who left */
	REPORT_DRIFT,   /* what others changed in the tenant, and what is left alone */
	REPORT_RUNS,    /* how the runs went, certificates, holds and who decided */
	REPORT_KIND_COUNT
};

/** Names a kind: "changes" "access" "drift" "runs". */
const char *report_kind_name(enum report_kind kind);

struct report_input {
	enum report_kind kind;
	struct report_period period;
	int64_t now_ms;
	struct span tenant, program; /* borrowed; for the head */
	struct store *store;         /* open for reading, nothing read yet */
	/** The configured name of a workspace id, absent when there is none. */
	struct span (*workspace_name)(void *context, struct span id);
	void *name_context;
	struct report_writer_options output;
};

/**
 * Makes a report.
 *
 * @param ret_written  false: some of it could not be written
 * @return STATUS_OK; else as the port: what was written so far is not whole
 */
enum status report_make(const struct report_input *input, bool *ret_written, struct err *reterr);

#endif
