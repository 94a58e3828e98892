/* SPDX-License-Identifier: ISC */
/*
 * A plan, or what became of it, for people and for programs.
 *
 * The writer streams: begin, any number of actions, end.  Text is for an Anaplan admin: grouped by
 * kind, what, who, why, before and after, and a summary line.  JSON is exactly the form of DESIGN
 * section 8.  Whatever comes from outside is made printable.
 */
#ifndef REPORT_PLAN_WRITER_H
#define REPORT_PLAN_WRITER_H

#include "base/str.h"
#include "core/forecast.h"
#include "core/plan.h"
#include "core/port_store.h"
#include <stdbool.h>

struct plan_writer;

struct plan_writer_options {
	bool is_json;
	bool is_color;  /* text on a terminal */
	unsigned width; /* columns of the terminal; 0: lines are not cut */
	/** Takes what was written, piece by piece. @return false: it cannot be written; nothing
	 * more is given */
	bool (*write)(void *context, struct span piece);
	void *write_context;
	/** The configured name of a workspace id, absent when there is none; NULL: nobody knows
	 * names. */
	struct span (*workspace_name)(void *context, struct span id);
	void *name_context;
	/** What a dry run found out about the tenant: each action is shown with what is predicted,
	 * and the end with the forecast. NULL: neither is. Borrowed. */
	const struct prediction_facts *facts;
	struct forecast forecast; /* with facts: pace and reads; the actions are counted in */
};

/** Makes a writer. @param options copied. @return owned */
struct plan_writer *plan_writer_new(const struct plan_writer_options *options);

/** Frees it; sets `*writer` to NULL; NULL is welcome. */
void plan_writer_free(struct plan_writer **writer);

/** Writes the head: the run, its certificates, its digest of the configuration. */
void plan_writer_begin(struct plan_writer *writer, const struct run *run);

/** Writes one action. They come in the order of their kinds. */
void plan_writer_action(struct plan_writer *writer, const struct action *action);

/**
 * Writes a list of holds instead: this, for each hold its head, its actions and its end, and
 * plan_writer_end_holds. JSON is the form of DESIGN section 10.
 */
void plan_writer_begin_holds(struct plan_writer *writer);

/** Writes the head of one hold. */
void plan_writer_hold(struct plan_writer *writer, const struct hold *hold);

/** Writes the end of one hold: what a person can do. */
void plan_writer_end_hold(struct plan_writer *writer, const struct hold *hold);

/** Ends the list. @param count  holds written. @return as plan_writer_end */
bool plan_writer_end_holds(struct plan_writer *writer, size_t count);

/** Writes the end: the summary. @return false: some of it could not be written */
bool plan_writer_end(struct plan_writer *writer, const struct plan_summary *summary);

#endif
