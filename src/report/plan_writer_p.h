/* SPDX-License-Identifier: ISC */
/*
 * What the two forms of a plan share.
 */
#ifndef REPORT_PLAN_WRITER_P_H
#define REPORT_PLAN_WRITER_P_H

#include "base/arena.h"
#include "base/emit.h"
#include "core/differ.h"
#include "report/lines.h"
#include "report/plan_writer.h"

enum { PLAN_JSON_INDENT = 2 };

struct plan_writer {
	struct plan_writer_options options;
	struct str out;           /* not given away yet */
	bool has_failed;          /* nobody takes it any more */
	struct arena *arena;      /* reset before each action */
	struct emitter json;      /* of the JSON form */
	struct lines lines;       /* of the text form, into out */
	bool has_heading;         /* a group was begun */
	bool is_of_failed_run;    /* so that an empty plan means nothing */
	enum action_kind heading; /* the last group */
	struct forecast forecast; /* so far */
};

/* An action with its accounts taken apart. */
struct plan_change {
	const struct action *action;
	bool has_before, has_after;
	bool is_unreadable; /* an account that was stored cannot be read */
	struct account before, after;
	struct change change; /* all zero unless both can be read */
	const struct prediction *predictions;
	size_t prediction_count;
};

void plan_text_begin(struct plan_writer *writer, const struct run *run);
void plan_text_action(struct plan_writer *writer, const struct plan_change *change);
void plan_text_end(struct plan_writer *writer, const struct plan_summary *summary);

void plan_text_hold(struct plan_writer *writer, const struct hold *hold);
void plan_text_end_hold(struct plan_writer *writer, const struct hold *hold);

void plan_json_hold(struct plan_writer *writer, const struct hold *hold);
void plan_json_end_hold(struct plan_writer *writer);

void plan_json_begin(struct plan_writer *writer, const struct run *run);
void plan_json_action(struct plan_writer *writer, const struct plan_change *change);
void plan_json_end(struct plan_writer *writer, const struct plan_summary *summary);

/** Takes an action apart; lives until the next one. */
struct plan_change plan_change_of(struct plan_writer *writer, const struct action *action);

/** Gives away what was written. @return false: some of it could not be written */
bool plan_writer_flush(struct plan_writer *writer);

/** Whether an account's text is to be shown as changed; one that appears or goes is. */
bool plan_change_has_text(const struct plan_change *change, enum account_path path);

/** Whether `active` is to be shown as changed. */
bool plan_change_has_active(const struct plan_change *change);

/** Names a reason for an admin ("disabled in the directory"). */
const char *plan_reason_words(enum reason_code reason);

#endif
