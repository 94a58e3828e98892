/* SPDX-License-Identifier: ISC */
/*
 * The command line: one table of commands, one of options, and what was said.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/err.h"
#include "base/status.h"
#include "core/audit.h"
#include "core/plan.h"
#include "report/report.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DESIGN section 8. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_CHANGES = 2,
	EXIT_HELD = 3,
	EXIT_REJECTED = 4,
	EXIT_BAD_USAGE = 64,
	EXIT_PEER = 69,
	EXIT_STATE = 74,
	EXIT_LOCKED = 75,
	EXIT_CONFIG = 78,
};

enum command {
	COMMAND_NONE,
	COMMAND_INIT,
	COMMAND_RUN,
	COMMAND_SYNC,
	COMMAND_APPLY,
	COMMAND_EXPLAIN,
	COMMAND_CHECK,
	COMMAND_STATUS,
	COMMAND_HOLDS,
	COMMAND_APPROVE,
	COMMAND_REJECT,
	COMMAND_UNDO,
	COMMAND_AUDIT_VERIFY,
	COMMAND_AUDIT_EXPORT,
	COMMAND_REPORT,
	COMMAND_LOGIN,
	COMMAND_RELOAD,
	COMMAND_COUNT
};

/* The answers that init takes as options; NULL: not given. */
struct init_options {
	const char *directory, *ca_file;
	const char *bind, *bind_dn, *bind_password, *keytab, *cert_file, *key_file;
	const char *base, *filter;
	const char *tenant, *profile, *auth, *auth_url, *user, *credential;
	const char *auth_cert_file, *auth_key_file, *client_id, *refresh_token_file;
	const char *tenant_ca_file, *proxy;
	const char *protect;
	bool is_bind_password_stdin, is_credential_stdin;
	bool is_starttls, allows_cleartext;
	bool is_forced;
};

struct options {
	enum command command;
	const char *first_word; /* of a command of two; NULL: not given */
	const char *config_path;
	bool is_json;              /* --json, or --format json */
	enum report_format format; /* --format; only report has csv and html */
	bool is_dry;
	bool is_offline;
	bool is_detailed_exit;
	bool is_quiet;   /* nothing on standard error but errors */
	bool is_verbose; /* all that is logged at level debug */
	bool has_kind;
	enum cycle_kind kind;
	struct init_options init;
	const char *who;        /* --user, or the argument of explain; NULL: not given */
	const char *plan;       /* the argument of apply; NULL: not given */
	bool has_run;           /* the argument of undo was given */
	int64_t undo_run;       /* that; 0: last */
	bool is_yes;            /* --yes: nobody is asked */
	int64_t hold_id;        /* the argument of approve and reject; 0: not given */
	const char *out;        /* --out; NULL: not given */
	uint64_t stop_after;    /* --stop-after; 0: not given */
	struct audit_hash head; /* --head */
	bool has_head;
	int64_t since_ms;  /* --since: a wall time, or how long ago */
	bool is_since_ago; /* the latter */
	bool has_since;
	const char *since, *until; /* --since, --until as they stand, understood; NULL: not
				      given */
	bool is_watch;             /* --watch */
	bool is_whole;             /* --whole */
	bool has_history;
	size_t history; /* --history */
	bool has_report;
	enum report_kind report; /* the argument of report */
	bool wants_help, wants_version;
};

/* A row of the tables, for help, completion and the manual's test. */
struct option_info {
	const char *name;  /* "--dry-run" */
	char letter;       /* 'c' of -c; 0: none */
	const char *value; /* "FILE"; NULL: takes none */
	unsigned commands; /* a bit an enum command */
	const char *help;  /* NULL: for tests, not shown */
};

/**
 * Reads the command line.
 *
 * @return STATUS_OK; STATUS_REJECT: something is not understood; the message names it and the
 *   nearest right word
 */
enum status options_parse(
    int argc, char *const *argv, struct options *ret_options, struct err *reterr);

/** Name of a command, and what it does in a line; NULL behind the last. */
const char *command_name(enum command command);
const char *command_help(enum command command);

/** The table of options. @param ret_count number of rows */
const struct option_info *options_table(size_t *ret_count);

/** Prints usage of the program, or of one command, to standard output. */
void options_print_help(enum command command);

#endif
