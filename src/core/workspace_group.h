/* SPDX-License-Identifier: ISC */
/*
 * Which group of a directory looks as if it were made for a workspace: by its name.
 *
 * Names are compared by their words, without case, accents' forms, and words that only say what
 * kind of thing it is: "GRP_Anaplan_Finance-Planning", "Finance planning (Anaplan users)" and
 * "AnaplanFinancePlanning" all are named as the workspace "Finance Planning".
 */
#ifndef CORE_WORKSPACE_GROUP_H
#define CORE_WORKSPACE_GROUP_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* From nothing to all. */
enum group_fit {
	GROUP_FITS_NOT,
	GROUP_HOLDS_ANAPLAN, /* it is about Anaplan */
	GROUP_HOLDS_NAME,    /* all words of the workspace, and others */
	GROUP_IS_NAME,       /* just these */
};

/** Compares two names. */
enum group_fit workspace_group_fit(struct span workspace, struct span group);

/** Whether the name is about Anaplan. */
bool workspace_group_is_about_anaplan(struct span group);

/**
 * Finds the one group that is named as the workspace. Of several, one that is about Anaplan.
 *
 * @return its index; `count`: there is none, or one cannot tell which
 */
size_t workspace_group_choose(struct span workspace, const struct span *groups, size_t count);

/** Appends what finds the groups of one workspace by cn: "(&(cn=*finance*)(cn=*planning*))";
 * nothing when the name has no word. */
void workspace_group_add_filter(struct span workspace, struct str *out);

#endif
