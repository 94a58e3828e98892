/* SPDX-License-Identifier: ISC */
/* scimward sync: one cycle, shown (--dry-run) or sent, by the service if one runs. */
#include "cli/one_cycle.h"
#include "cli/remote.h"

static enum cycle_kind default_kind(struct program *program)
{
	uint64_t links = 0;

	if (store_link_count(program->store, &links, NULL) == STATUS_OK && links == 0)
		return CYCLE_RECONCILE;
	return CYCLE_FULL;
}

/* Whether a service that runs is to do it. A dry run reads beside it; a test dies by itself. */
static bool is_for_service(const struct options *options)
{
	return !options->is_dry && options->stop_after == 0;
}

static bool ask_service(struct program *program, enum exit_code *ret_code)
{
	const struct options *options = program->options;

	return is_for_service(options) && remote_ask(program,
					      &(struct control_request) { .verb = CONTROL_SYNC,
						  .has_kind = options->has_kind,
						  .kind = options->kind,
						  .who = span_of(options->who) },
					      ret_code);
}

static enum exit_code run_alone(struct program *program)
{
	const struct options *options = program->options;
	enum exit_code code = program_open_store(
	    program, options->is_dry ? STORE_DRY_RUN : STORE_WRITE);

	if (code != EXIT_DONE)
		return code;
	return one_cycle_run(
	    program, &(struct one_cycle) {
			 .kind = options->has_kind ? options->kind : default_kind(program),
			 .who = options->who,
			 .is_dry = options->is_dry,
		     });
}

enum exit_code command_sync(const struct options *options)
{
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE && !ask_service(&program, &code))
		code = run_alone(&program);
	program_close(&program);
	return code;
}
