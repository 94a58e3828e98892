/* SPDX-License-Identifier: ISC */
/*
 * The configuration: what /etc/scimward/scimward.conf says, checked, with every default filled in.
 *
 * Reading it is pure text work: no secret is resolved (only references are kept), nothing is
 * connected.  Whatever is wrong is told in one go, each fault with its file, line and key, what is
 * wrong and what to do about it.
 *
 *     struct config *config = NULL;
 *     struct config_faults faults = { 0 };
 *     enum status status = config_load(path, &config, &faults);
 *     config_format_faults(&faults, &text);    // warnings too
 *     …
 *     config_faults_done(&faults);
 *     config_free(&config);
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "app/log_sinks.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/status.h"
#include "base/str.h"
#include "core/mapping.h"
#include "core/policy.h"
#include "directory/directory.h"
#include "notify/notifier.h"
#include "scim/tenant.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_DEFAULT_FOLDER "/etc/scimward"
#define CONFIG_DEFAULT_PATH   CONFIG_DEFAULT_FOLDER "/scimward.conf"

enum { CONFIG_MAX_BYTES = 1024 * 1024, CONFIG_DIGEST_TEXT_SIZE = 65 };

/* The effective configuration. All memory is the arena's; C strings that are not set are NULL. */
struct config {
	struct arena *arena; /* owned; frees everything, this struct included */

	const struct directory_settings *directories; /* at least one; names differ */
	size_t directory_count;
	const struct directory_group
	    *groups; /* of all workspaces, each once; every directory has them */
	size_t group_count;

	const struct mapping_rule
	    *rules; /* the user's, then the defaults of targets without a rule */
	size_t rule_count;
	const struct workspace_rule *workspaces; /* `root` is the index in `groups` */
	size_t workspace_count;

	struct tenant_settings tenant;
	struct {
		unsigned requests_per_second, burst, concurrency;
	} rate;
	struct policy policy;
	struct {
		int64_t delta_ms, full_ms, reconcile_ms;
		bool push;
	} schedule;
	struct {
		const char *path;
		int64_t keep_audit_ms;
	} state;
	struct {
		enum log_level level;
		enum log_format format;
	} log;
	struct {
		const char *textfile; /* NULL: none */
		const char *listen;   /* metrics_address_parse reads it; NULL: nowhere */
	} metrics;
	struct {
		const char *path;  /* of the socket; NULL: none */
		const char *group; /* NULL: only the user of the service */
	} control;
	struct notifier_settings notify;

	char config_digest[CONFIG_DIGEST_TEXT_SIZE]; /* hex of SHA-256 over the canonical rendering
						      */
};

enum config_severity { CONFIG_WARNING, CONFIG_FAULT };

/* One thing that is wrong. All texts are printable, owned by the list, and repeat no secret. */
struct config_fault {
	enum config_severity severity;
	const char *file; /* the included one when it is there */
	unsigned line;    /* from 1; 0: the file as a whole */
	const char *key;  /* "directories[0].bind.method"; "" for the file or its syntax */
	const char *what;
	const char *remedy;  /* "" when there is nothing to say */
	const char *excerpt; /* of the template or filter it is in; NULL: none */
	unsigned column;     /* in the excerpt, characters from 0 */
	unsigned position;   /* the line in all files taken together; what the list is sorted by */
};

/* Everything that is wrong, in the order of the lines. Zeroes are an empty list. */
struct config_faults {
	struct arena *arena; /* owned */
	struct config_fault *at;
	size_t count, cap;
	size_t fault_count; /* without mere warnings */
	size_t left_out;    /* more than can be useful; not in `at` */
};

/**
 * Reads and checks a file.
 *
 * `@include "other.conf"` at the start of a line puts another file in its place; its path is
 * relative to the file that names it.  All files together have at most CONFIG_MAX_BYTES.
 *
 * @param ret_config  owned by the caller; written on STATUS_OK only
 * @param ret_faults  an empty list; always written, warnings come with STATUS_OK too
 * @return STATUS_OK, or STATUS_REJECT when there is a fault
 */
enum status config_load(
    const char *path, struct config **ret_config, struct config_faults *ret_faults);

/* A configuration that is in memory. */
struct config_text {
	struct span text;
	const char *name;            /* shown as the file */
	const char *directory;       /* of `@include`; NULL refuses to include */
	const char *state_directory; /* for state.path; NULL: /var/lib/scimward */
	const char *control_path;    /* for control.path; NULL: none */
};

/** As config_load, from memory. Without `directory` nothing outside is touched. */
enum status config_parse(
    const struct config_text *input, struct config **ret_config, struct config_faults *ret_faults);

/** Frees the configuration; sets `*config` to NULL; NULL is welcome. */
void config_free(struct config **config);

/** Frees the list's memory and makes it empty again; zeroes are welcome. */
void config_faults_done(struct config_faults *faults);

/**
 * Appends one line each: `FILE:LINE: KEY: what; remedy`, warnings with "warning: " before what. A
 * caret line follows where the fault is inside a template or filter.
 */
void config_format_faults(const struct config_faults *faults, struct str *out);

/* One key, for the manual and for listings. */
struct config_key {
	const char *name; /* dotted; "directories[].bind.method" */
	const char *type; /* "text" "texts" "number" "boolean" "duration" "word" "words" "secret"
			     "group" "groups" */
	const char *fallback;     /* the default as it is written; "" when there is none */
	const char *const *words; /* what a word may be; NULL for other types */
	size_t word_count;
	int64_t min, max; /* of numbers, and of durations in ms */
	const char *help; /* one line */
};

/** Calls once for every key there is, groups before their members. */
void config_keys(void (*each)(void *context, const struct config_key *key), void *context);

#endif
