/* SPDX-License-Identifier: ISC */
/*
 * scimward report: for an audit.  It reads the state alone, without a lock, also while the service
 * runs.
 */
#include "app/terminal.h"
#include "base/replace.h"
#include "cli/program.h"
#include "report/report.h"
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_piece(void *context, struct span piece)
{
	return fwrite(piece.at, 1, piece.len, context) == piece.len;
}

static struct span workspace_name(void *context, struct span id)
{
	return mapping_workspace_name(((struct program *)context)->agent->mapping, id);
}

/* @return whether the period is one; the options were read before, so each time can be read */
static bool read_period(
    const struct options *options, int64_t now_ms, struct report_period *ret_period)
{
	struct report_period period = { INT64_MIN, INT64_MAX };

	if (options->since != NULL)
		(void)report_time_parse(
		    span_of(options->since), now_ms, false, &period.since_ms, NULL);
	if (options->until != NULL)
		(void)report_time_parse(
		    span_of(options->until), now_ms, true, &period.until_ms, NULL);
	*ret_period = period;
	return period.since_ms < period.until_ms;
}

static enum exit_code make(struct program *program, FILE *file)
{
	const struct options *options = program->options;
	struct report_input input = {
		.kind = options->report,
		.now_ms = loop_wall_ms(program->loop),
		.tenant = span_of(program->agent->config->tenant.url),
		.program = SPAN("scimward " PACKAGE_VERSION),
		.store = program->store,
		.workspace_name = workspace_name,
		.name_context = program,
		.output = { .format = options->is_json ? REPORT_JSON : options->format,
		    .write = write_piece,
		    .context = file,
		    .width = file == stdout ? terminal_width(STDOUT_FILENO) : 0 },
	};
	bool is_written = false;
	enum status status;
	struct err err;

	if (!read_period(options, input.now_ms, &input.period)) {
		program_complain(
		    "nothing is between --since %s and --until %s", options->since, options->until);
		return EXIT_BAD_USAGE;
	}
	status = report_make(&input, &is_written, &err);
	if (status != STATUS_OK) {
		program_complain("%s", err.text);
		return status == STATUS_RETRY ? EXIT_LOCKED : EXIT_STATE;
	}
	if (is_written && fflush(file) == 0)
		return EXIT_DONE;
	program_complain("cannot write the report to %s: %s",
	    options->out != NULL ? options->out : "standard output", strerror(errno));
	return EXIT_FAILED;
}

/* Mode 0600, as a report names people. */
static enum exit_code save(struct program *program)
{
	const char *path = program->options->out;
	struct replacement report;
	enum exit_code code;

	if (!replacement_begin(&report, path, 0600)) {
		program_complain("cannot write the report to %s: %s; is there such a directory, "
				 "and may you write there?",
		    path, strerror(errno));
		return EXIT_FAILED;
	}
	code = make(program, report.file);
	if (code == EXIT_DONE && !replacement_commit(&report)) {
		program_complain("cannot write the report to %s: %s", path, strerror(errno));
		code = EXIT_FAILED;
	}
	replacement_abandon(&report);
	return code;
}

enum exit_code command_report(const struct options *options)
{
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE)
		code = program_open_store(&program, STORE_READ);
	if (code == EXIT_DONE)
		code = options->out != NULL ? save(&program) : make(&program, stdout);
	program_close(&program);
	return code;
}
