/* SPDX-License-Identifier: ISC */
/* scimward check: all that can be wrong, one line a step, and what to do about it. */
#include "app/check.h"
#include "app/terminal.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "report/check_writer.h"
#include <signal.h>
#include <unistd.h>

struct checking {
	struct program program;
	struct app_check *check;
	struct check_writer writer;
	struct str out;
	struct progress progress;
	struct loop_signal *term, *interrupt;
	size_t failed[CHECK_AREA_COUNT];
	enum exit_code printed; /* whether standard output could be written */
};

/* ---- steps ---- */

static void flush(struct checking *checking)
{
	enum exit_code code = program_print(str_span(&checking->out));

	if (checking->printed == EXIT_DONE)
		checking->printed = code;
	str_truncate(&checking->out, 0);
}

static void on_step(
    void *context, enum check_area area, struct span peer, const struct check_step *step)
{
	struct checking *checking = context;

	checking->failed[area] += step->status == CHECK_FAILED;
	check_writer_step(&checking->writer, area, peer, step);
	progress_done(&checking->progress);
	if (!checking->writer.is_json)
		flush(checking);
}

static void on_done(void *context)
{
	loop_stop(((struct checking *)context)->program.loop);
}

static void on_progress(void *context, const char *phase, uint64_t done, uint64_t of)
{
	progress_show(&((struct checking *)context)->progress, phase, done, of);
}

static void on_signal(void *context)
{
	struct checking *checking = context;

	program_complain("stopping; what was found so far is told");
	app_check_stop(checking->check);
	/* A second one is not waited for. */
	loop_signal_free(&checking->interrupt);
	loop_signal_free(&checking->term);
}

/* The state comes first: without it nothing runs at all. */
static enum exit_code code_of(const struct checking *checking)
{
	if (checking->printed != EXIT_DONE)
		return checking->printed;
	if (checking->failed[CHECK_CONFIGURATION] > 0)
		return EXIT_CONFIG;
	if (checking->failed[CHECK_STATE] > 0)
		return EXIT_STATE;
	if (checking->failed[CHECK_DIRECTORY] + checking->failed[CHECK_TENANT] > 0)
		return EXIT_PEER;
	return EXIT_DONE;
}

static void run(struct checking *checking)
{
	struct program *program = &checking->program;
	struct app_check_input input = {
		.agent = program->agent,
		.config_path = program->options->config_path,
		.is_offline = program->options->is_offline,
		.on_step = on_step,
		.on_done = on_done,
		.on_progress = on_progress,
		.context = checking,
	};

	progress_init(&checking->progress, program->loop, program->options->is_quiet);
	checking->term = loop_signal_new(program->loop, SIGTERM, on_signal, checking);
	checking->interrupt = loop_signal_new(program->loop, SIGINT, on_signal, checking);
	checking->check = app_check_start(&input);
	loop_run(program->loop);
	app_check_free(&checking->check);
	loop_signal_free(&checking->interrupt);
	loop_signal_free(&checking->term);
}

/* ---- what is wrong with the configuration ---- */

static const char *const configuration_names[] = { "configuration", NULL };

static void on_configuration_step(void *context, const struct check_step *step)
{
	if (step != NULL)
		on_step(context, CHECK_CONFIGURATION, span_of(check_area_name(CHECK_CONFIGURATION)),
		    step);
}

static void tell_fault(struct check_teller *teller, const struct config_fault *fault)
{
	struct str *detail = check_begin(teller, "configuration");

	str_addf(detail, "%s:%u: %s%s%s", fault->file, fault->line, fault->key,
	    fault->key[0] == '\0' ? "" : ": ", fault->what);
	emit_member_string(&teller->data, "file", span_of(fault->file));
	emit_member_int(&teller->data, "line", fault->line);
	emit_member_string(&teller->data, "key", span_of(fault->key));
	str_add_c(&teller->remedy, fault->remedy);
	check_tell(teller, fault->severity == CONFIG_FAULT ? CHECK_FAILED : CHECK_WARNING);
}

static void tell_faults(
    struct checking *checking, const struct config_faults *faults, const struct err *err)
{
	struct check_teller teller;

	check_teller_open(&teller, configuration_names, on_configuration_step, checking);
	for (size_t i = 0; i < faults->count; i++)
		tell_fault(&teller, &faults->at[i]);
	if (err->text[0] != '\0') {
		check_begin(&teller, "configuration");
		check_add_message(&teller, span_of(err->text), "correct the configuration");
		check_tell(&teller, CHECK_FAILED);
	}
	check_teller_close(&teller);
}

/* As for every command: text goes to standard error, with the place in the line marked. */
static void complain(
    const struct options *options, const struct config_faults *faults, const struct err *err)
{
	program_print_faults(faults);
	if (err->text[0] != '\0')
		program_complain("%s: %s", options->config_path, err->text);
}

enum exit_code command_check(const struct options *options)
{
	struct checking checking = { .printed = EXIT_DONE };
	struct config_faults faults = { 0 };
	struct err err;
	enum exit_code code = program_open_silently(&checking.program, options, &faults, &err);

	if (code != EXIT_DONE)
		complain(options, &faults, &err);
	if (code == EXIT_DONE || options->is_json) {
		check_writer_begin(&checking.writer, &checking.out, options->is_json,
		    terminal_wants_color(STDOUT_FILENO));
		tell_faults(&checking, &faults, &err);
		if (code == EXIT_DONE)
			run(&checking);
		check_writer_end(&checking.writer);
		flush(&checking);
	}
	if (code == EXIT_DONE)
		code = code_of(&checking);
	config_faults_done(&faults);
	program_close(&checking.program);
	str_done(&checking.out);
	return code;
}
