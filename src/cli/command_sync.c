/* SPDX-License-Identifier: ISC */
/* scimward sync: one cycle, shown (--dry-run) or sent. */
#include "app/metering.h"
#include "app/notices.h"
#include "cli/plan_output.h"
#include "cli/program.h"
#include "cli/progress.h"
#include <signal.h>
#include <unistd.h>

struct sync_run {
	struct program program;
	struct progress progress;
	struct cycle *cycle;
	struct notices *notices; /* NULL: a dry run */
	struct index *index;
	struct loop_signal *term, *interrupt;
	enum exit_code code;
	uint64_t steps_left; /* until --stop-after strikes */
};

enum { EXIT_STOPPED = 137 }; /* what a shell shows after kill -9 */

static void on_signal(void *context)
{
	struct sync_run *sync = context;

	if (sync->cycle == NULL)
		return;
	program_complain("stopping; waiting for requests in flight");
	cycle_stop(sync->cycle);
}

static enum exit_code code_of(enum cycle_exit exit)
{
	switch (exit) {
	case CYCLE_DONE:
		return EXIT_DONE;
	case CYCLE_FAILED:
		return EXIT_FAILED;
	case CYCLE_HELD:
		return EXIT_HELD;
	case CYCLE_REJECTED:
		return EXIT_REJECTED;
	case CYCLE_PEER_DOWN:
		return EXIT_PEER;
	case CYCLE_STATE_FAILED:
		return EXIT_STATE;
	}
	return EXIT_FAILED;
}

static void on_drained(void *context)
{
	loop_stop(((struct sync_run *)context)->program.loop);
}

static void tell(struct sync_run *sync, const struct cycle_result *result)
{
	struct metering metering = { 0 };

	if (sync->notices == NULL) {
		loop_stop(sync->program.loop);
		return;
	}
	metering_note(&metering, sync->program.agent, sync->program.store, NULL, result);
	metering_done(&metering);
	notices_tell(sync->notices, result, sync->program.options->who != NULL);
	notices_drain(sync->notices);
}

static void on_done(void *context, const struct cycle_result *result)
{
	struct sync_run *sync = context;
	const struct options *options = sync->program.options;
	enum exit_code code = EXIT_DONE;

	sync->cycle = NULL;
	progress_done(&sync->progress);
	sync->code = code_of(result->exit);
	if (result->err.text[0] != '\0')
		program_complain("%s", result->err.text);
	if (result->exit != CYCLE_STATE_FAILED && !result->is_who_unknown) {
		code = plan_output_print(&sync->program, result);
		if (code == EXIT_DONE && options->out != NULL)
			code = plan_output_save(&sync->program, result, options->out);
	}
	if (code != EXIT_DONE)
		sync->code = code;
	else if (sync->code == EXIT_DONE && options->is_detailed_exit &&
		 plan_summary_pending(&result->run.summary) > 0)
		sync->code = EXIT_CHANGES;
	tell(sync, result);
}

/* Dies as by kill -9: nothing is cleaned up, committed or flushed. */
static void on_step(void *context)
{
	struct sync_run *sync = context;

	if (--sync->steps_left == 0)
		_exit(EXIT_STOPPED);
}

static enum cycle_kind default_kind(struct program *program)
{
	uint64_t links = 0;

	if (store_link_count(program->store, &links, NULL) == STATUS_OK && links == 0)
		return CYCLE_RECONCILE;
	return CYCLE_FULL;
}

static void run_cycle(struct sync_run *sync)
{
	struct program *program = &sync->program;
	const struct options *options = program->options;
	struct cycle_input input = {
		.loop = program->loop,
		.store = program->store,
		.index = &sync->index,
		.who = span_of(options->who),
		.on_progress = progress_show,
		.progress_context = &sync->progress,
	};

	if (options->stop_after > 0) {
		sync->steps_left = options->stop_after;
		input.on_step = on_step;
		input.step_context = sync;
	}
	input.kind = options->has_kind ? options->kind : default_kind(program);
	agent_prepare(program->agent, options->is_dry, &input);
	progress_init(&sync->progress, program->loop, options->is_quiet);
	sync->term = loop_signal_new(program->loop, SIGTERM, on_signal, sync);
	sync->interrupt = loop_signal_new(program->loop, SIGINT, on_signal, sync);
	if (!options->is_dry)
		sync->notices = notices_new(&(struct notices_input) {
		    program->loop, program->store, program->agent->config, on_drained, sync });
	sync->cycle = cycle_start(&input, on_done, sync);
	loop_run(program->loop);
	notices_free(&sync->notices);
	loop_signal_free(&sync->interrupt);
	loop_signal_free(&sync->term);
	index_free(&sync->index);
}

enum exit_code command_sync(const struct options *options)
{
	struct sync_run sync = { .code = EXIT_FAILED };
	enum exit_code code = program_open(&sync.program, options);

	if (code == EXIT_DONE)
		code = program_open_store(
		    &sync.program, options->is_dry ? STORE_DRY_RUN : STORE_WRITE);
	if (code == EXIT_DONE) {
		run_cycle(&sync);
		code = sync.code;
	}
	program_close(&sync.program);
	return code;
}
