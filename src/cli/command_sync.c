/* SPDX-License-Identifier: ISC */
/* scimward sync: one cycle, shown (--dry-run) or sent. */
#include "cli/one_cycle.h"

static enum cycle_kind default_kind(struct program *program)
{
	uint64_t links = 0;

	if (store_link_count(program->store, &links, NULL) == STATUS_OK && links == 0)
		return CYCLE_RECONCILE;
	return CYCLE_FULL;
}

enum exit_code command_sync(const struct options *options)
{
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE)
		code = program_open_store(&program, options->is_dry ? STORE_DRY_RUN : STORE_WRITE);
	if (code == EXIT_DONE)
		code = one_cycle_run(&program,
		    &(struct one_cycle) {
			.kind = options->has_kind ? options->kind : default_kind(&program),
			.who = options->who,
			.is_dry = options->is_dry,
		    });
	program_close(&program);
	return code;
}
