/* SPDX-License-Identifier: ISC */
/*
 * scimward holds, approve N, reject N.  A service that runs is asked; without one nothing needs the
 * lock, and the next cycle acts on the decision.
 */
#include "cli/plan_output.h"
#include "cli/remote.h"

static enum exit_code list_alone(struct program *program)
{
	enum exit_code code = program_open_store(program, STORE_READ);

	return code == EXIT_DONE ? plan_output_holds(program) : code;
}

enum exit_code command_holds(const struct options *options)
{
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE &&
	    !remote_ask(&program, &(struct control_request) { .verb = CONTROL_HOLDS }, &code))
		code = list_alone(&program);
	program_close(&program);
	return code;
}

static enum exit_code decide(struct program *program)
{
	const struct options *options = program->options;
	bool is_approval = options->command == COMMAND_APPROVE;
	struct arena *arena = arena_new();
	struct str said = { 0 };
	enum exit_code code;
	enum status status;
	struct err err;

	status = store_hold_decide(program->store, options->hold_id,
	    is_approval ? HOLD_APPROVED : HOLD_REJECTED, program_user(arena),
	    loop_wall_ms(program->loop), &err);
	arena_free(&arena);
	if (status != STATUS_OK) {
		program_complain("%s", err.text);
		return status == STATUS_REJECT  ? EXIT_FAILED
		       : status == STATUS_RETRY ? EXIT_LOCKED
						: EXIT_STATE;
	}
	if (options->is_json)
		str_addf(&said, "{ \"hold\": %lld, \"decision\": \"%s\" }\n",
		    (long long)options->hold_id, is_approval ? "approved" : "rejected");
	else if (is_approval)
		str_addf(&said, "Hold %lld is approved: the next cycle sends it.\n",
		    (long long)options->hold_id);
	else
		str_addf(&said,
		    "Hold %lld is rejected: nothing of it is sent until its actions change.\n",
		    (long long)options->hold_id);
	code = program_print(str_span(&said));
	str_done(&said);
	return code;
}

enum exit_code command_decide(const struct options *options)
{
	const struct control_request request = {
		.verb = options->command == COMMAND_APPROVE ? CONTROL_APPROVE : CONTROL_REJECT,
		.hold = options->hold_id
	};
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE && !remote_ask(&program, &request, &code)) {
		code = program_open_store(&program, STORE_DECIDE);
		if (code == EXIT_DONE)
			code = decide(&program);
	}
	program_close(&program);
	return code;
}
