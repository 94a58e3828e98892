/* SPDX-License-Identifier: ISC */
/* The common beginning and end of the commands. */
#include "cli/program.h"

#include "app/log_sinks.h"
#include "app/terminal.h"
#include "base/unicode.h"
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void program_complain(const char *format, ...)
{
	struct err err;
	char text[ERR_SIZE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	err_set(&err, "%s", text);
	terminal_clear_progress();
	fprintf(stderr, "scimward: %s\n", err.text);
}

void program_print_faults(const struct config_faults *faults)
{
	struct str text = { 0 };

	config_format_faults(faults, &text);
	fwrite(str_c(&text), 1, text.len, stderr);
	str_done(&text);
}

static enum log_level level_of(const struct options *options, enum log_level configured)
{
	if (options->is_quiet)
		return LOG_LEVEL_ERROR;
	return options->is_verbose ? LOG_LEVEL_DEBUG : configured;
}

enum exit_code program_open_silently(struct program *program, const struct options *options,
    struct config_faults *ret_faults, struct err *ret_err)
{
	struct config *config = NULL;
	enum status status = config_load(options->config_path, &config, ret_faults);

	*program = (struct program) { .options = options };
	ret_err->text[0] = '\0';
	if (status != STATUS_OK)
		return EXIT_CONFIG;
	log_sinks_open(config->log.format, level_of(options, config->log.level));
	program->loop = loop_new();
	if (agent_new(program->loop, config, &program->agent, ret_err) != STATUS_OK) {
		config_free(&config);
		program_close(program);
		return EXIT_CONFIG;
	}
	return EXIT_DONE;
}

enum exit_code program_open(struct program *program, const struct options *options)
{
	struct config_faults faults = { 0 };
	struct err err;
	enum exit_code code = program_open_silently(program, options, &faults, &err);

	if (code != EXIT_DONE || !options->is_quiet)
		program_print_faults(&faults);
	config_faults_done(&faults);
	if (err.text[0] != '\0')
		program_complain("%s: %s", options->config_path, err.text);
	return code;
}

enum exit_code program_open_store(struct program *program, enum store_mode mode)
{
	struct err err;
	enum status status = store_open(
	    program->agent->config->state.path, mode, &program->store, &err);

	if (status == STATUS_OK)
		return EXIT_DONE;
	program_complain("%s", err.text);
	return status == STATUS_RETRY ? EXIT_LOCKED : EXIT_STATE;
}

void program_close(struct program *program)
{
	store_close(&program->store);
	agent_free(&program->agent);
	loop_free(&program->loop);
}

struct span program_user(struct arena *arena)
{
	const struct passwd *user = getpwuid(getuid());
	const char *before = getenv("SUDO_USER");
	struct span name = user != NULL ? span_of(user->pw_name)
					: arena_format(arena, "uid %ld", (long)getuid());

	if (before == NULL || *before == '\0' || span_equal(name, span_of(before)))
		return arena_span(arena, name);
	return arena_format(arena, "%.*s (sudo: %s)", SPAN_ARG(name), before);
}

enum exit_code program_print(struct span text)
{
	if (fwrite(text.at, 1, text.len, stdout) != text.len || fflush(stdout) != 0) {
		program_complain("cannot write to standard output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}
