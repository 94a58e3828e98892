/* SPDX-License-Identifier: ISC */
/* One cycle, shown or sent. */
#include "cli/one_cycle.h"

#include "app/metering.h"
#include "app/notices.h"
#include "cli/plan_output.h"
#include "cli/progress.h"
#include <signal.h>
#include <unistd.h>

struct run_under_way {
	struct program *program;
	const struct one_cycle *wanted;
	struct progress progress;
	struct cycle *cycle;
	struct notices *notices; /* NULL: a dry run */
	struct index *index;
	struct arena *arena;
	struct loop_signal *term, *interrupt;
	enum exit_code code;
	uint64_t steps_left; /* until --stop-after strikes */
};

enum { EXIT_STOPPED = 137 }; /* what a shell shows after kill -9 */

static void on_signal(void *context)
{
	struct run_under_way *under_way = context;

	if (under_way->cycle == NULL)
		return;
	program_complain("stopping; waiting for requests in flight");
	cycle_stop(under_way->cycle);
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
	loop_stop(((struct run_under_way *)context)->program->loop);
}

static void tell(struct run_under_way *under_way, const struct cycle_result *result)
{
	struct metering metering = { 0 };

	if (under_way->notices == NULL) {
		loop_stop(under_way->program->loop);
		return;
	}
	metering_note(
	    &metering, under_way->program->agent, under_way->program->store, NULL, result);
	metering_done(&metering);
	notices_tell(under_way->notices, result,
	    under_way->wanted->who != NULL || under_way->wanted->kind == CYCLE_UNDO);
	notices_drain(under_way->notices);
}

/* What a plan of a file says is printed as harmless text. */
static void tell_differences(const struct review *review)
{
	struct span rest = review_differences(review);

	while (rest.len > 0) {
		struct span line = span_split(&rest, '\n');

		program_complain("  %.*s", SPAN_ARG(line));
	}
}

static void on_done(void *context, const struct cycle_result *result)
{
	struct run_under_way *under_way = context;
	const struct options *options = under_way->program->options;
	enum exit_code code = EXIT_DONE;

	under_way->cycle = NULL;
	progress_done(&under_way->progress);
	under_way->code = code_of(result->exit);
	if (result->err.text[0] != '\0')
		program_complain("%s", result->err.text);
	if (result->is_refused)
		tell_differences(under_way->wanted->review);
	else if (result->exit != CYCLE_STATE_FAILED && !result->is_who_unknown &&
		 !result->is_run_unknown) {
		code = plan_output_print(under_way->program, result);
		if (code == EXIT_DONE && under_way->wanted->shown != NULL)
			code = plan_output_review(
			    under_way->program, result, under_way->wanted->shown);
		if (code == EXIT_DONE && options->out != NULL)
			code = plan_output_save(under_way->program, result, options->out);
	}
	if (code != EXIT_DONE)
		under_way->code = code;
	else if (under_way->code == EXIT_DONE && options->is_detailed_exit &&
		 plan_summary_pending(&result->run.summary) > 0)
		under_way->code = EXIT_CHANGES;
	tell(under_way, result);
}

/* Dies as by kill -9: nothing is cleaned up, committed or flushed. */
static void on_step(void *context)
{
	struct run_under_way *under_way = context;

	if (--under_way->steps_left == 0)
		_exit(EXIT_STOPPED);
}

static void set_up(struct run_under_way *under_way, const struct one_cycle *wanted)
{
	struct program *program = under_way->program;

	progress_init(&under_way->progress, program->loop, program->options->is_quiet);
	under_way->term = loop_signal_new(program->loop, SIGTERM, on_signal, under_way);
	under_way->interrupt = loop_signal_new(program->loop, SIGINT, on_signal, under_way);
	if (!wanted->is_dry)
		under_way->notices = notices_new(&(struct notices_input) {
		    program->loop, program->store, program->agent->config, on_drained, under_way });
}

static void tear_down(struct run_under_way *under_way)
{
	notices_free(&under_way->notices);
	loop_signal_free(&under_way->interrupt);
	loop_signal_free(&under_way->term);
	index_free(&under_way->index);
	arena_free(&under_way->arena);
}

enum exit_code one_cycle_run(struct program *program, const struct one_cycle *wanted)
{
	struct run_under_way under_way = {
		.program = program, .wanted = wanted, .code = EXIT_FAILED, .arena = arena_new()
	};
	struct cycle_input input = {
		.loop = program->loop,
		.store = program->store,
		.index = &under_way.index,
		.kind = wanted->kind,
		.who = span_of(wanted->who),
		.review = wanted->review,
		.undo_run = wanted->undo_run,
		.on_progress = progress_show,
		.progress_context = &under_way.progress,
	};

	if (program->options->stop_after > 0) {
		under_way.steps_left = program->options->stop_after;
		input.on_step = on_step;
		input.step_context = &under_way;
	}
	input.by = program_user(under_way.arena);
	agent_prepare(program->agent, wanted->is_dry, &input);
	set_up(&under_way, wanted);
	under_way.cycle = cycle_start(&input, on_done, &under_way);
	loop_run(program->loop);
	tear_down(&under_way);
	return under_way.code;
}
