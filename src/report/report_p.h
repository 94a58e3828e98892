/* SPDX-License-Identifier: ISC */
/*
 * What the reports share.  Each has a file of its own with a description and one function.
 */
#ifndef REPORT_REPORT_P_H
#define REPORT_REPORT_P_H

#include "base/arena.h"
#include "core/differ.h"
#include "report/report.h"

struct report {
	const struct report_input *input;
	struct report_writer *writer;
	struct arena *arena;     /* reset before each row */
	struct arena *long_term; /* lives as long as the report */
	struct report_head head;
	enum status status; /* of a reading within a reading */
	struct err err;     /* of it */
};

/* A kind of report. */
struct report_plan {
	const char *title;
	const struct report_table *const *tables;
	size_t table_count;
	const char *about_now; /* as in report_head */
	enum status (*make)(struct report *report, struct err *reterr);
};

extern const struct report_plan report_changes, report_access, report_drift, report_runs;

/** Writes the head: after the plan's function has counted, before its first fact. */
void report_begin(struct report *report);

/* ---- cells ---- */
struct report_cell report_text(struct span text);                             /**< absent: empty */
struct report_cell report_text_c(const char *text);                           /**< NULL: empty */
struct report_cell report_number(int64_t number);                             /**< never empty */
struct report_cell report_number_or_none(int64_t number);                     /**< 0: empty */
struct report_cell report_count(uint64_t count);                              /**< never empty */
struct report_cell report_bool(bool value);                                   /**< never empty */
struct report_cell report_time(int64_t wall_ms);                              /**< 0: empty */
struct report_cell report_none(void);                                         /**< empty */
struct report_cell report_key(struct report *report, const struct uuid *key); /**< zeros: empty */

/** The configured name of a workspace, or its id. */
struct span report_workspace_name(const struct report *report, struct span id);

/* What an action did, taken apart; in the arena. */
struct report_change {
	struct report_cell attributes, gained, lost;
	bool is_all_told; /* the detail told what grants each that was gained or lost */
};

struct report_change report_take_apart(struct report *report, const struct action *action);

/** The request in words: "PATCH /Users/42"; empty when there was none. */
struct report_cell report_request(struct report *report, const struct action *action);

/** Why, unless the workspaces carry it. */
struct report_cell report_why(const struct action *action, const struct report_change *change);

/** The decision of a person; empty unless there was one. */
struct report_cell report_decision(const struct record *record);

/* ---- tables that more than one page has ---- */
extern const struct report_table report_certificate_table, report_hold_table;

/** Writes the certificates of a run as rows. @param context  a struct report */
void report_write_certificates(void *context, const struct run *run);

/** Writes a hold as a row. @param context  a struct report */
void report_write_hold(void *context, const struct hold *hold);

/* ---- changes a day ---- */

struct report_day {
	int64_t day; /* since 1970 */
	uint64_t count[2];
};

struct report_days {
	struct report_day *days; /* owned */
	size_t count, cap;
};

/** Counts one. */
void report_days_add(struct report_days *days, int64_t wall_ms, unsigned series);

/** Makes the bars of a chart, oldest first, without gaps, at most some sixty: of several days each
 * when there are more. @param ret_bars  in the long-term arena. @return how many */
size_t report_days_bars(
    struct report *report, struct report_days *days, const struct report_bar **ret_bars);

#endif
