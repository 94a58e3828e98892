/* SPDX-License-Identifier: ISC */
/*
 * scimward: keeps the users of an Anaplan tenant in step with an LDAP directory.
 *
 * A map of the program, from the ground up:
 *
 *   base/       bytes, memory, errors, time, secrets
 *   core/       entries become accounts, accounts become changes; pure
 *   loop/       the one place where the process waits
 *   directory/  LDAP servers and LDIF files      scim/   the tenant over HTTP
 *   state/      the snapshot and the plan, SQLite    report/  plans and audits
 *   notify/, metrics/, control/    who is told, who counts, who asks the service that runs
 *   sync/       one cycle as a state machine; the service that runs them
 *   app/        configuration, wiring, life cycle
 *   cli/        this file, the command line, one file a command
 */
#include "app/hardening.h"
#include "cli/program.h"
#include <config.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

static enum exit_code dispatch(const struct options *options)
{
	switch (options->command) {
	case COMMAND_INIT:
		return command_init(options);
	case COMMAND_RUN:
		return command_run(options);
	case COMMAND_SYNC:
		return command_sync(options);
	case COMMAND_APPLY:
		return command_apply(options);
	case COMMAND_EXPLAIN:
		return command_explain(options);
	case COMMAND_CHECK:
		return command_check(options);
	case COMMAND_STATUS:
		return command_status(options);
	case COMMAND_HOLDS:
		return command_holds(options);
	case COMMAND_APPROVE:
	case COMMAND_REJECT:
		return command_decide(options);
	case COMMAND_AUDIT_VERIFY:
	case COMMAND_AUDIT_EXPORT:
		return command_audit(options);
	case COMMAND_UNDO:
		return command_undo(options);
	case COMMAND_REPORT:
		return command_report(options);
	case COMMAND_LOGIN:
		return command_login(options);
	case COMMAND_RELOAD:
		return command_reload(options);
	case COMMAND_NONE:
	case COMMAND_COUNT:
		break;
	}
	return EXIT_BAD_USAGE;
}

int main(int argc, char **argv)
{
	struct options options;
	struct err err;

	setlocale(LC_ALL, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	if (options_parse(argc, argv, &options, &err) != STATUS_OK) {
		program_complain("%s", err.text);
		return EXIT_BAD_USAGE;
	}
	if (options.wants_version) {
		puts("scimward " PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (options.wants_help) {
		options_print_help(options.command);
		return EXIT_DONE;
	}
	if (process_harden(&err) != STATUS_OK)
		program_complain("%s; going on", err.text);
	return (int)dispatch(&options);
}
