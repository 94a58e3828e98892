/* SPDX-License-Identifier: ISC */
/*
 * What the two forms of an explanation share.
 */
#ifndef REPORT_EXPLANATION_P_H
#define REPORT_EXPLANATION_P_H

#include "report/explanation.h"
#include "report/plan_writer_p.h"

void explanation_text(struct plan_writer *plan, const struct explanation *told);
void explanation_json(struct plan_writer *plan, const struct explanation *told);

/** What became of a rule, for programs: "won" "lost" "when-false" "empty" "refused". */
const char *explanation_rule_name(enum rule_outcome outcome);

/** Appends why a rule does not give its value, in words; nothing for the one that won. */
void explanation_add_rule(const struct rule_trace *rule, struct str *out);

/** What became of a workspace rule: "group" "when" "none" "unknown". */
const char *explanation_grant_name(enum grant_outcome outcome);

/** Appends by what a workspace is granted, or why it is not, in words. */
void explanation_add_grant(const struct grant_trace *grant, struct str *out);

/** Appends where the person is in a directory and what put them there, in words. */
void explanation_add_place(const struct explained_directory *directory, struct str *out);

/** Appends what a rival for the userName means, in words. */
void explanation_add_rival(const struct explained_rival *rival, struct str *out);

/** Appends a sentence or more on why the next cycle does what it does, beside its actions; nothing
 * when there is nothing to say. */
void explanation_add_outlook(const struct explanation *told, struct str *out);

/** Appends what to do about a hold. */
void explanation_add_hold_remedy(const struct hold *hold, struct str *out);

/* An attribute as acknowledged, wanted and observed; absent: not known, or there is none. */
struct explained_attribute {
	const char *path;
	struct span acknowledged, wanted, observed;
	bool is_list; /* the workspaces, by name */
	bool differs; /* those that are known are not all alike */
};

/* The texts, `active`, and the workspaces as a list of names. */
enum { EXPLAINED_ATTRIBUTE_MAX = ACCOUNT_PATH_COUNT + 1 };

/** Lists the attributes that any of the three accounts has. @return how many */
size_t explanation_compare(struct plan_writer *plan, const struct explanation *told,
    struct explained_attribute attributes[EXPLAINED_ATTRIBUTE_MAX]);

#endif
