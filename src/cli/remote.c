/* SPDX-License-Identifier: ISC */
/*
 * What is for standard output is gathered and written when all of it is there: the service does not
 * wait for a reader that takes its time.  Only a watch is written as it comes.
 */
#include "cli/remote.h"

#include "app/terminal.h"
#include "base/unicode.h"
#include "cli/progress.h"
#include "cli/screen.h"
#include "control/caller.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct remote {
	struct program *program;
	enum control_verb verb;
	struct progress progress;
	struct str page;
	bool is_alone; /* the command has to do it by itself */
	bool has_heard;
	enum exit_code code;
};

/* Whether the command only reads, and can do so without the service. */
static bool is_reading(enum control_verb verb)
{
	return verb == CONTROL_STATUS || verb == CONTROL_WATCH || verb == CONTROL_HOLDS;
}

static void finish(struct remote *remote, enum exit_code code)
{
	progress_done(&remote->progress);
	remote->code = code;
	loop_stop(remote->program->loop);
}

/* ---- what it says ---- */

/* Faults of a configuration are lines of their own, with their place in front. */
static void tell_lines(struct span text)
{
	struct str out = { 0 };

	while (text.len > 0) {
		utf8_printable(span_split(&text, '\n'), &out);
		str_add_byte(&out, '\n');
	}
	fwrite(str_c(&out), 1, out.len, stderr);
	str_done(&out);
}

static void tell(const struct remote *remote, struct span message)
{
	if (message.at == NULL)
		return;
	if (remote->verb == CONTROL_RELOAD)
		tell_lines(message);
	else
		program_complain("%.*s", SPAN_ARG(message));
}

static void show_page(struct remote *remote)
{
	struct screen_size size = screen_size();
	struct str screen = { 0 };
	enum exit_code code;

	if (size.rows > 0 && !remote->program->options->is_json)
		screen_redraw(str_span(&remote->page), size, &screen);
	else
		str_add(&screen, str_span(&remote->page));
	if (size.rows == 0 && !remote->program->options->is_json)
		str_add_byte(&screen, '\n'); /* between two of them */
	code = program_print(str_span(&screen));
	str_done(&screen);
	str_truncate(&remote->page, 0);
	if (code != EXIT_DONE)
		finish(remote, code);
}

static void on_done(struct remote *remote, const struct control_answer *answer)
{
	enum exit_code code = EXIT_DONE;

	progress_done(&remote->progress);
	tell(remote, answer->message);
	if (remote->page.len > 0)
		code = program_print(str_span(&remote->page));
	if (remote->verb == CONTROL_RELOAD && answer->exit == EXIT_CONFIG)
		program_complain("the service goes on with the configuration it has");
	finish(remote, code != EXIT_DONE ? code : (enum exit_code)answer->exit);
}

static void on_elsewhere(struct remote *remote, struct span config)
{
	if (!is_reading(remote->verb))
		program_complain("the service at %s has another configuration, %.*s; going on "
				 "without it",
		    remote->program->agent->config->control.path, SPAN_ARG(config));
	remote->is_alone = true;
	finish(remote, EXIT_DONE);
}

static void on_broken(struct remote *remote, const struct err *err)
{
	progress_done(&remote->progress);
	if (is_reading(remote->verb) && remote->verb != CONTROL_WATCH) {
		program_complain("%s; going on without it", err->text);
		remote->is_alone = true;
	} else if (remote->verb == CONTROL_SYNC && remote->has_heard) {
		program_complain("%s before the cycle was over; what it did is in the state, and "
				 "the next one does the rest",
		    err->text);
	} else {
		program_complain("%s", err->text);
	}
	finish(remote, EXIT_PEER);
}

static void on_answer(void *context, const struct control_answer *answer, const struct err *err)
{
	struct remote *remote = context;

	if (answer == NULL) {
		on_broken(remote, err);
		return;
	}
	remote->has_heard = true;
	switch (answer->event) {
	case CONTROL_WAITING:
		if (!remote->program->options->is_quiet)
			tell(remote, answer->message);
		return;
	case CONTROL_PROGRESS:
		if (answer->phase.at != NULL)
			progress_show(
			    &remote->progress, answer->phase.at, answer->done, answer->of);
		return;
	case CONTROL_PAGE:
		str_add(&remote->page, answer->text);
		return;
	case CONTROL_PAGE_END:
		show_page(remote);
		return;
	case CONTROL_ELSEWHERE:
		on_elsewhere(remote, answer->message);
		return;
	case CONTROL_TOO_LONG:
		remote->is_alone = true;
		finish(remote, EXIT_DONE);
		return;
	case CONTROL_DONE:
		on_done(remote, answer);
		return;
	case CONTROL_EVENT_COUNT:
		return;
	}
}

/* A watch ends so; a cycle goes on. */
static void on_signal(void *context)
{
	struct remote *remote = context;

	progress_done(&remote->progress);
	if (remote->verb == CONTROL_SYNC)
		program_complain("not waiting any longer; the service goes on with the cycle");
	finish(remote, remote->verb == CONTROL_WATCH ? EXIT_DONE : EXIT_FAILED);
}

/* ---- asking ---- */

static void converse(
    struct remote *remote, struct caller **caller, const struct control_request *request)
{
	struct program *program = remote->program;
	struct loop_signal *term, *interrupt;
	struct arena *arena = arena_new();
	struct control_request whole = *request;
	char *config = realpath(program->options->config_path, NULL);

	whole.config = span_of(config != NULL ? config : program->options->config_path);
	whole.as = program_user(arena);
	whole.is_json = program->options->is_json;
	whole.is_color = terminal_wants_color(STDOUT_FILENO);
	whole.width = (unsigned)terminal_width(STDOUT_FILENO);
	term = loop_signal_new(program->loop, SIGTERM, on_signal, remote);
	interrupt = loop_signal_new(program->loop, SIGINT, on_signal, remote);
	progress_init(&remote->progress, program->loop, program->options->is_quiet);
	caller_ask(*caller, &whole, on_answer, remote);
	loop_run(program->loop);
	loop_signal_free(&interrupt);
	loop_signal_free(&term);
	free(config);
	arena_free(&arena);
}

/* @return whether the command can go on without the service */
static bool may_go_on(
    const struct remote *remote, enum caller_outcome outcome, const struct err *err)
{
	const struct config *config = remote->program->agent->config;

	if (outcome == CALLER_NOBODY)
		return true;
	if (outcome != CALLER_REFUSED) {
		program_complain("cannot ask the service at %s: %s; going on without it",
		    config->control.path, err->text);
		return true;
	}
	program_complain(
	    "you may not use the control socket of the service, %s: %s; that may root, "
	    "the user of the service%s%s%s",
	    config->control.path, err->text, config->control.group != NULL ? " and group \"" : "",
	    config->control.group != NULL ? config->control.group : "",
	    config->control.group != NULL ? "\" (control.group)" : "");
	return is_reading(remote->verb);
}

bool remote_ask(
    struct program *program, const struct control_request *request, enum exit_code *ret_code)
{
	struct remote remote = { .program = program, .verb = request->verb, .code = EXIT_FAILED };
	const char *path = program->agent->config->control.path;
	struct caller *caller = NULL;
	enum caller_outcome outcome;
	struct err err;

	if (path == NULL)
		return false;
	outcome = caller_connect(program->loop, path, &caller, &err);
	if (outcome == CALLER_CONNECTED)
		converse(&remote, &caller, request);
	else
		remote.is_alone = may_go_on(&remote, outcome, &err);
	caller_free(&caller);
	str_done(&remote.page);
	if (!remote.is_alone)
		*ret_code = remote.code;
	return !remote.is_alone;
}
