/* SPDX-License-Identifier: ISC */
/*
 * What every command begins with: configuration, log, parts, state; and how each way to fail there
 * becomes a message and an exit code.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "app/agent.h"
#include "cli/options.h"
#include "core/port_store.h"

struct program {
	const struct options *options;
	struct loop *loop;
	struct agent *agent;
	struct store *store;
};

/** Prints "scimward: MESSAGE" to standard error, made printable. */
void program_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Reads the configuration and makes the parts.
 *
 * @return EXIT_DONE, or the exit code after having said why
 */
enum exit_code program_open(struct program *program, const struct options *options);

/**
 * Likewise, and leaves it to the caller to say why.
 *
 * @param ret_faults  an empty list; what is wrong with the file, warnings too
 * @param ret_err     what the parts refuse; "": nothing
 */
enum exit_code program_open_silently(struct program *program, const struct options *options,
    struct config_faults *ret_faults, struct err *ret_err);

/** Opens the state. @return as program_open */
enum exit_code program_open_store(struct program *program, enum store_mode mode);

/** Closes what is open. */
void program_close(struct program *program);

/** Prints warnings and faults of a configuration to standard error. */
void program_print_faults(const struct config_faults *faults);

/** Who uses the program, for the record: the user, and whoever became root to be allowed to.
 * @return in the arena */
struct span program_user(struct arena *arena);

/** Writes text to standard output. @return EXIT_DONE, or EXIT_FAILED after having said why */
enum exit_code program_print(struct span text);

/* ---- commands: one file each ---- */
enum exit_code command_init(const struct options *options);    /**< command_init.c */
enum exit_code command_run(const struct options *options);     /**< command_run.c */
enum exit_code command_sync(const struct options *options);    /**< command_sync.c */
enum exit_code command_apply(const struct options *options);   /**< command_apply.c */
enum exit_code command_explain(const struct options *options); /**< command_explain.c */
enum exit_code command_check(const struct options *options);   /**< command_check.c */
enum exit_code command_status(const struct options *options);  /**< command_status.c */
enum exit_code command_holds(const struct options *options);   /**< command_holds.c */
enum exit_code command_audit(const struct options *options);   /**< command_audit.c */
enum exit_code command_decide(const struct options *options);  /**< command_holds.c */
enum exit_code command_report(const struct options *options);  /**< command_report.c */
enum exit_code command_reload(const struct options *options);  /**< command_reload.c */
enum exit_code command_undo(const struct options *options);    /**< command_undo.c */
enum exit_code command_login(const struct options *options);   /**< command_login.c */

#endif
