/* SPDX-License-Identifier: ISC */
/* Plans, streamed from the store to where they are read. */
#include "cli/plan_output.h"

#include "app/terminal.h"
#include "base/replace.h"
#include "report/explanation.h"
#include "report/plan_page.h"
#include "report/plan_stream.h"
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool write_piece(void *context, struct span piece)
{
	return fwrite(piece.at, 1, piece.len, context) == piece.len;
}

static struct span workspace_name(void *context, struct span id)
{
	return mapping_workspace_name(((struct program *)context)->agent->mapping, id);
}

/* An account that is adopted as it is would only be noise in a listing of changes. */
static enum status write_plan(struct program *program, const struct cycle_result *result,
    const struct plan_writer_options *options, bool *ret_written, struct err *err)
{
	return plan_stream_run(program->store, &result->run, true, options, ret_written, err);
}

static struct plan_writer_options options_of(
    struct program *program, const struct cycle_result *result)
{
	return (struct plan_writer_options) {
		.is_json = program->options->is_json,
		.is_color = terminal_wants_color(STDOUT_FILENO),
		.width = (unsigned)terminal_width(STDOUT_FILENO),
		.write = write_piece,
		.write_context = stdout,
		.workspace_name = workspace_name,
		.name_context = program,
		.facts = result != NULL ? result->facts : NULL,
		.forecast = result != NULL ? result->forecast : (struct forecast) { .reads = 0 },
	};
}

static enum exit_code judge(enum status status, bool is_written, const struct err *err)
{
	if (status != STATUS_OK) {
		program_complain("%s", err->text);
		return EXIT_STATE;
	}
	if (!is_written || fflush(stdout) != 0) {
		program_complain("cannot write to standard output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static enum exit_code print_plan(struct program *program, const struct cycle_result *result)
{
	struct plan_writer_options options = options_of(program, result);
	bool is_written = false;
	struct err err;
	enum status status = write_plan(program, result, &options, &is_written, &err);

	return judge(status, is_written, &err);
}

static enum exit_code print_page(struct program *program, const struct cycle_result *result)
{
	const struct plan_page_input input = {
		.run = &result->run,
		.holds = result->holds,
		.hold_count = result->hold_count,
		.facts = result->facts,
		.forecast = result->forecast,
		.now_ms = loop_wall_ms(program->loop),
		.tenant = span_of(program->agent->config->tenant.url),
		.program = SPAN("scimward " PACKAGE_VERSION),
		.store = program->store,
		.workspace_name = workspace_name,
		.name_context = program,
		.output = { .format = REPORT_HTML, .write = write_piece, .context = stdout },
	};
	bool is_written = false;
	struct err err;
	enum status status = plan_page_make(&input, &is_written, &err);

	return judge(status, is_written, &err);
}

enum exit_code plan_output_print(struct program *program, const struct cycle_result *result)
{
	if (program->options->format == REPORT_HTML && !program->options->is_json)
		return print_page(program, result);
	return print_plan(program, result);
}

enum exit_code plan_output_explanation(
    struct program *program, const struct explanation *explanation)
{
	struct plan_writer_options options = options_of(program, NULL);

	return judge(STATUS_OK, explanation_write(explanation, &options), NULL);
}

static bool review_piece(void *context, struct span piece)
{
	return review_expect(context, piece);
}

enum exit_code plan_output_review(
    struct program *program, const struct cycle_result *result, struct review *review)
{
	struct plan_writer_options options = {
		.is_json = true, .write = review_piece, .write_context = review
	};
	bool is_written = false;
	struct err err;
	enum status status = write_plan(program, result, &options, &is_written, &err);

	if (status == STATUS_OK)
		status = review_expect_end(review, &err);
	return judge(status, true, &err);
}

enum exit_code plan_output_holds(struct program *program)
{
	struct plan_writer_options options = options_of(program, NULL);
	bool is_written = false;
	struct err err;
	enum status status = plan_stream_holds(program->store, &options, &is_written, &err);

	return judge(status, is_written, &err);
}

static enum exit_code save_to(
    struct program *program, const struct cycle_result *result, FILE *file)
{
	struct plan_writer_options options = options_of(program, result);
	bool is_written = false;
	struct err err;

	options.is_json = true;
	options.write_context = file;
	if (write_plan(program, result, &options, &is_written, &err) != STATUS_OK) {
		program_complain("%s", err.text);
		return EXIT_STATE;
	}
	return is_written ? EXIT_DONE : EXIT_FAILED;
}

enum exit_code plan_output_save(
    struct program *program, const struct cycle_result *result, const char *path)
{
	struct replacement plan;
	enum exit_code code;

	if (!replacement_begin(&plan, path, 0600)) {
		program_complain("cannot write the plan to %s: %s; is there such a directory, and "
				 "may you write there?",
		    path, strerror(errno));
		return EXIT_FAILED;
	}
	code = save_to(program, result, plan.file);
	if (code == EXIT_DONE && !replacement_commit(&plan))
		code = EXIT_FAILED;
	if (code == EXIT_FAILED)
		program_complain("cannot write the plan to %s: %s", path, strerror(errno));
	replacement_abandon(&plan);
	return code;
}
