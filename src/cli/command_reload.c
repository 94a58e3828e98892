/* SPDX-License-Identifier: ISC */
/*
 * scimward reload: the service reads its configuration again.
 *
 * A file that is wrong is found out here already, and is not given to the service.
 */
#include "cli/remote.h"

static enum exit_code find_nobody(const struct program *program)
{
	const char *path = program->agent->config->control.path;

	if (path == NULL)
		program_complain("the configuration names no control socket (control.path); use "
				 "\"systemctl reload\"");
	else
		program_complain("no service runs with this configuration, as nobody listens at "
				 "%s; when control.path is what changed, use \"systemctl reload\"",
		    path);
	return EXIT_PEER;
}

enum exit_code command_reload(const struct options *options)
{
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_CONFIG)
		program_complain("a service that runs goes on with the configuration it has");
	if (code == EXIT_DONE &&
	    !remote_ask(&program, &(struct control_request) { .verb = CONTROL_RELOAD }, &code))
		code = find_nobody(&program);
	program_close(&program);
	return code;
}
