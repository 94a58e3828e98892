/* SPDX-License-Identifier: ISC */
/* scimward run: the service, in the foreground. */
#include "app/daemon.h"
#include "cli/program.h"

enum exit_code command_run(const struct options *options)
{
	struct program program;
	struct daemon_input input;
	enum exit_code code = program_open(&program, options);
	struct err err;

	if (code == EXIT_DONE)
		code = program_open_store(&program, STORE_WRITE);
	if (code == EXIT_DONE) {
		input = (struct daemon_input) { program.loop, program.agent, program.store,
			options->config_path };
		program.agent = NULL; /* taken */
		if (daemon_run(&input, &err) != STATUS_OK) {
			program_complain("%s", err.text);
			code = EXIT_STATE;
		}
	}
	program_close(&program);
	return code;
}
