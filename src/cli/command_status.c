/* SPDX-License-Identifier: ISC */
/* scimward status: what the service does, how the snapshot stands, the last runs, who is in
 * quarantine. Needs no lock. */
#include "cli/remote.h"
#include "report/status.h"

static enum exit_code show(struct program *program)
{
	struct store_facts facts;
	const struct status_input input = { .store = program->store,
		.facts = &facts,
		.state_path = program->agent->config->state.path,
		.is_json = program->options->is_json,
		.indent = 2 };
	struct str page = { 0 };
	struct err err;
	enum exit_code code = EXIT_STATE;
	enum status status = store_facts(program->store, &facts, &err);

	if (status == STATUS_OK)
		status = status_write(&input, &page, &err);
	if (status == STATUS_OK)
		code = program_print(str_span(&page));
	else
		program_complain("%s", err.text);
	str_done(&page);
	return code;
}

static enum exit_code show_alone(struct program *program)
{
	enum exit_code code = program_open_store(program, STORE_READ);

	return code == EXIT_DONE ? show(program) : code;
}

/* Nothing happens while nobody runs. */
static enum exit_code watch_alone(struct program *program)
{
	enum exit_code code = show_alone(program);

	if (code != EXIT_DONE)
		return code;
	program_complain("no service runs that could be watched");
	return EXIT_PEER;
}

enum exit_code command_status(const struct options *options)
{
	const struct control_request request = { .verb = options->is_watch ? CONTROL_WATCH
									   : CONTROL_STATUS };
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE && !remote_ask(&program, &request, &code))
		code = options->is_watch ? watch_alone(&program) : show_alone(&program);
	program_close(&program);
	return code;
}
