/* SPDX-License-Identifier: ISC */
/*
 * scimward explain WHO: everything about one person.  It takes no lock and writes nothing, so that
 * it works beside the service.
 */
#include "base/vec.h"
#include "cli/plan_output.h"
#include "cli/program.h"
#include "report/explanation.h"
#include "sync/explain.h"
#include <stdlib.h>

struct explaining {
	struct program program;
	enum exit_code code;
};

static const char *depth_name(enum directory_scope scope)
{
	switch (scope) {
	case DIRECTORY_SCOPE_BASE:
		return "base";
	case DIRECTORY_SCOPE_ONE:
		return "one";
	case DIRECTORY_SCOPE_SUBTREE:
		break;
	}
	return "subtree";
}

/* @return owned, one a directory */
static struct explained_scope *scopes_of(const struct config *config)
{
	struct explained_scope *scopes = mem_new(config->directory_count, sizeof(*scopes));

	for (size_t i = 0; i < config->directory_count; i++) {
		const struct directory_settings *settings = &config->directories[i];

		scopes[i] = (struct explained_scope) {
			.bases = settings->users.bases,
			.base_count = settings->users.base_count,
			.depth = depth_name(settings->users.scope),
			.filter = settings->users.filter,
		};
	}
	return scopes;
}

static enum exit_code code_of(const struct explanation *told)
{
	if (told->gap_count > 0)
		return EXIT_PEER;
	return told->outcome == EXPLAINED_PERSON ? EXIT_DONE : EXIT_FAILED;
}

static void complain(const struct explanation *told)
{
	for (size_t i = 0; i < told->gap_count; i++)
		program_complain("%s: %.*s", told->gaps[i].part, SPAN_ARG(told->gaps[i].why));
	if (told->outcome == EXPLAINED_NOBODY)
		program_complain("nobody is known as \"%.*s\", in the directory or in the snapshot",
		    SPAN_ARG(told->who));
}

static void on_told(
    void *context, enum status status, const struct explanation *told, const struct err *err)
{
	struct explaining *explaining = context;
	struct program *program = &explaining->program;
	enum exit_code code = EXIT_DONE;

	if (status != STATUS_OK) {
		program_complain("%s", err->text);
		explaining->code = EXIT_STATE;
	} else {
		explaining->code = code_of(told);
		complain(told);
		if (told->outcome != EXPLAINED_NOBODY)
			code = plan_output_explanation(program, told);
		if (code != EXIT_DONE)
			explaining->code = code;
	}
	loop_stop(program->loop);
}

static enum exit_code explain(struct explaining *explaining)
{
	struct program *program = &explaining->program;
	const struct options *options = program->options;
	struct explained_scope *scopes = scopes_of(program->agent->config);
	struct cycle_input cycle = { .loop = program->loop, .store = program->store };
	struct explain_input input = {
		.cycle = &cycle,
		.who = span_of(options->who),
		.scopes = scopes,
		.history_max = options->has_history ? options->history : EXPLAIN_HISTORY_DEFAULT,
		.is_whole = options->is_whole,
	};

	agent_prepare(program->agent, true, &cycle);
	explain_start(&input, on_told, explaining);
	loop_run(program->loop);
	free(scopes);
	return explaining->code;
}

enum exit_code command_explain(const struct options *options)
{
	struct explaining explaining = { .code = EXIT_FAILED };
	enum exit_code code = program_open(&explaining.program, options);

	if (code == EXIT_DONE)
		code = program_open_store(&explaining.program, STORE_DRY_RUN);
	if (code == EXIT_DONE)
		code = explain(&explaining);
	program_close(&explaining.program);
	return code;
}
