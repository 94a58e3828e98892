/* SPDX-License-Identifier: ISC */
/* Plans, streamed from the store to where they are read. */
#include "cli/plan_output.h"

#include "report/plan_writer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_piece(void *context, struct span piece)
{
	return fwrite(piece.at, 1, piece.len, context) == piece.len;
}

static struct span workspace_name(void *context, struct span id)
{
	return mapping_workspace_name(((struct program *)context)->agent->mapping, id);
}

static void on_action(void *context, const struct action *action)
{
	plan_writer_action(context, action);
}

/* An account that is adopted as it is would only be noise in a listing of changes. */
static enum status write_plan(struct program *program, const struct cycle_result *result,
    const struct plan_writer_options *options, bool *ret_written, struct err *err)
{
	struct plan_writer *writer = plan_writer_new(options);
	struct action_query query = { .run_id = result->run.id };
	enum status status = STATUS_OK;

	plan_writer_begin(writer, &result->run);
	if (result->run.id != 0)
		status = store_action_each(program->store, &query, on_action, writer, err);
	*ret_written = plan_writer_end(writer, &result->run.summary);
	plan_writer_free(&writer);
	return status;
}

static unsigned terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

static bool wants_color(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0');
}

static struct plan_writer_options options_of(struct program *program)
{
	return (struct plan_writer_options) {
		.is_json = program->options->is_json,
		.is_color = wants_color(),
		.width = terminal_width(),
		.write = write_piece,
		.write_context = stdout,
		.workspace_name = workspace_name,
		.name_context = program,
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

enum exit_code plan_output_print(struct program *program, const struct cycle_result *result)
{
	struct plan_writer_options options = options_of(program);
	bool is_written = false;
	struct err err;
	enum status status = write_plan(program, result, &options, &is_written, &err);

	return judge(status, is_written, &err);
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

enum exit_code plan_output_holds(struct program *program, const struct hold *holds, size_t count)
{
	struct plan_writer_options options = options_of(program);
	struct plan_writer *writer = plan_writer_new(&options);
	enum status status = STATUS_OK;
	bool is_written;
	struct err err;

	plan_writer_begin_holds(writer);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct action_query query = { .hold_id = holds[i].id,
			.states = 1U << ACTION_HELD | 1U << ACTION_FAILED };

		plan_writer_hold(writer, &holds[i]);
		status = store_action_each(program->store, &query, on_action, writer, &err);
		plan_writer_end_hold(writer, &holds[i]);
	}
	is_written = plan_writer_end_holds(writer, count);
	plan_writer_free(&writer);
	return judge(status, is_written, &err);
}

static enum exit_code save_to(
    struct program *program, const struct cycle_result *result, FILE *file)
{
	struct plan_writer_options options = {
		.is_json = true,
		.write = write_piece,
		.write_context = file,
		.workspace_name = workspace_name,
		.name_context = program,
	};
	bool is_written = false;
	struct err err;

	if (write_plan(program, result, &options, &is_written, &err) != STATUS_OK) {
		program_complain("%s", err.text);
		return EXIT_STATE;
	}
	return is_written && fflush(file) == 0 && fsync(fileno(file)) == 0 ? EXIT_DONE
									   : EXIT_FAILED;
}

enum exit_code plan_output_save(
    struct program *program, const struct cycle_result *result, const char *path)
{
	struct str temporary = { 0 };
	enum exit_code code = EXIT_FAILED;
	FILE *file = NULL;
	int fd;

	str_addf(&temporary, "%s.XXXXXX", path);
	fd = mkstemp(temporary.at);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (file == NULL) {
		program_complain("cannot write the plan to %s: %s; is there such a directory, and "
				 "may you write there?",
		    path, strerror(errno));
		goto out;
	}
	code = save_to(program, result, file);
	if (fclose(file) != 0 && code == EXIT_DONE)
		code = EXIT_FAILED;
	if (code == EXIT_DONE && rename(temporary.at, path) != 0)
		code = EXIT_FAILED;
	if (code != EXIT_DONE) {
		program_complain("cannot write the plan to %s: %s", path, strerror(errno));
		unlink(temporary.at);
	}
out:
	str_done(&temporary);
	return code;
}
