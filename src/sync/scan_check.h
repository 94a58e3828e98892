/* SPDX-License-Identifier: ISC */
/*
 * What a whole scan of one directory brings and what mapping makes of it, for `check`: with the
 * scan and the mapping of a cycle, and nothing written.
 *
 * It streams: of an entry it keeps 8 bytes, a hash of its userName, to count those that several
 * entries want.  Tells the steps "entries",
 * "mapping", "sample", "grants", "canary" and "group".
 */
#ifndef SYNC_SCAN_CHECK_H
#define SYNC_SCAN_CHECK_H

#include "core/check.h"
#include "core/mapping.h"
#include "core/policy.h"
#include "core/port_source.h"

enum { SCAN_CHECK_SAMPLES = 3, SCAN_CHECK_REASONS = 5 };

struct scan_check_group {
	struct span dn;
	bool is_nested;
	bool is_known; /* this check, or that of another directory before, has read it */
};

/* All is borrowed until the last callback. */
struct scan_check_input {
	struct source *source;
	const struct mapping *mapping;
	const struct policy *policy;
	const char *const *canaries; /* DNs */
	size_t canary_count;
	struct scan_check_group *groups; /* by root */
	size_t group_count;
	bool is_alone, is_last; /* of the directories: another may have what is missing here */
	const struct workspace_rule *workspaces;
	size_t workspace_count;
	void (*on_progress)(void *context, const char *phase, uint64_t done, uint64_t of);
	void *progress_context;
};

struct scan_check;

/** Starts; the last callback gets NULL, and the check is gone. To end it early, cancel the source:
 * what was seen so far is told. @return borrowed */
struct scan_check *scan_check_start(
    const struct scan_check_input *input, check_callback *callback, void *context);

/** Tells all its steps as skipped, and that it is over. */
void scan_check_skip(check_callback *callback, void *context, const char *why);

#endif
