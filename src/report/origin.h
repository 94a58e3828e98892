/* SPDX-License-Identifier: ISC */
/*
 * What grants a workspace, as the detail of an action says it for each that was gained or lost,
 * behind the reason of the action when there is one:
 *
 *     + Finance Planning via CN=Sub,… > CN=Anaplan Finance,…; - HR: in no group and under no rule …
 */
#ifndef REPORT_ORIGIN_H
#define REPORT_ORIGIN_H

#include "base/str.h"

/** What a detail says before it comes to workspaces; absent when it says nothing else. */
struct span origin_reason(struct span detail);

/**
 * What a detail says of one workspace: "via PATH", "by rule FILTER", or why it is lost.
 *
 * @param sign  '+' or '-'
 * @param name  as the configuration names the workspace, or its id
 * @return absent when it says nothing
 */
struct span origin_find(struct span detail, char sign, struct span name);

#endif
