/* SPDX-License-Identifier: ISC */
/*
 * What the files of an explanation share.  Looking, planning and reading follow each other; each
 * ends by calling the next.
 */
#ifndef SYNC_EXPLAIN_P_H
#define SYNC_EXPLAIN_P_H

#include "base/arena.h"
#include "sync/explain.h"
#include "sync/person.h"

struct explain {
	struct explain_input in;
	explain_callback *callback;
	void *context;
	struct arena *arena;
	struct explanation told;
	struct err err;
	struct loop_timer *begin;

	/* Looking. */
	struct person person;
	struct look_up_request request;
	struct explained_directory *directories;
	size_t at;          /* directory that is asked */
	bool is_for_rivals; /* by the userName, after all were asked by the name */
	struct span pending[LOOK_UP_OTHERS_MAX]; /* DNs that may be rivals */
	size_t pending_count;
	struct explained_rival *rivals;
	size_t rival_count, rival_cap;
	struct explained_gap *gaps;
	size_t gap_count, gap_cap;

	/* Planning. */
	struct index *index;
	bool is_tenant_down;
	struct span
	    unanswered; /* why the tenant could not be asked for an account; absent: it was */
	struct action *actions;
	size_t action_count, action_cap;

	/* Reading. */
	bool is_since_known; /* since when there is the link */
	struct explained_hold *holds;
	size_t hold_count, hold_cap;
	struct record *records;
	size_t record_count, record_cap;
};

/** Asks the directories; goes on with explain_plan. (explain_look.c) */
void explain_look(struct explain *explain);

/** Plans; goes on with explain_facts. (explain_plan.c) */
void explain_plan(struct explain *explain);

/** Reads what the state knows, and ends. (explain_facts.c) */
void explain_facts(struct explain *explain);

/** Ends: tells what was gathered, or what failed. */
void explain_end(struct explain *explain, enum status status);

/** Notes what could not be asked. @param name  absent: there is one only */
void explain_gap(struct explain *explain, const char *part, struct span name, struct span why);

/** A copy of an action with all it looks at. */
struct action explain_copy_action(struct explain *explain, const struct action *action);

/** The entry's key, or the link's; all zero: neither is known. */
struct uuid explain_key(const struct explain *explain);

#endif
