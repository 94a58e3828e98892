/* SPDX-License-Identifier: ISC */
/*
 * The first configuration as a text: what was answered and what a look found, each with its reason
 * as a comment; what could not be found out is a comment with TODO that says what to do.
 */
#ifndef APP_FIRST_CONFIG_H
#define APP_FIRST_CONFIG_H

#include "app/first_look.h"
#include "base/str.h"
#include "directory/directory.h"
#include "scim/tenant.h"
#include <stdint.h>

/* All is borrowed. */
struct first_config {
	const char *path;   /* where it will be */
	bool is_usual_path; /* so -c need not be given */
	int64_t wall_ms;
	const struct directory_settings *directory; /* secrets as the file shall refer to them */
	const struct tenant_settings *tenant;       /* likewise */
	const char *region;                         /* NULL: a URL was given */
	const char *state_path;                     /* NULL: the default */
	const char *unit;    /* of systemd that reads the file; NULL: none does */
	const char *protect; /* userNames with commas between; NULL: not answered */
	const struct first_look *look;
	/* Why it was not looked at; absent: it was. */
	struct span directory_why, people_why, groups_why, tenant_why;
};

/** Appends it. The same input gives the same text. */
void first_config_write(const struct first_config *config, struct str *out);

#endif
