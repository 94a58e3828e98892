/* SPDX-License-Identifier: ISC */
/*
 * scimward login: a person lets the agent into the tenant.
 *
 * What the person is to do goes to standard error like all progress, so that a redirected result
 * hides none of it.  No token is ever printed.
 */
#include "base/emit.h"
#include "base/time.h"
#include "base/unicode.h"
#include "cli/program.h"
#include "scim/login.h"
#include <signal.h>
#include <stdio.h>

struct login_under_way {
	struct program *program;
	enum exit_code code;
	bool has_ended;
};

static void put_line(const char *before, struct span words)
{
	struct str line = { 0 };

	str_add_c(&line, before);
	utf8_printable(words, &line);
	fprintf(stderr, "%s\n", str_c(&line));
	str_done(&line);
}

static void on_prompt(void *context, const struct login_prompt *prompt)
{
	bool is_short = prompt->verification_uri_complete.at != NULL;
	char life[TIME_TEXT_SIZE];

	(void)context;
	duration_format(prompt->life_ms, life);
	fputs("To let scimward into the tenant, open this page in a browser, on any machine:\n\n",
	    stderr);
	put_line("    ", is_short ? prompt->verification_uri_complete : prompt->verification_uri);
	if (is_short) {
		fputs(
		    "\nand see that it shows this code (or open the page below and enter it):\n\n",
		    stderr);
		put_line("    ", prompt->user_code);
		put_line("    ", prompt->verification_uri);
	} else {
		fputs("\nand enter this code:\n\n", stderr);
		put_line("    ", prompt->user_code);
	}
	fprintf(stderr,
	    "\nLog in there as the agent's user, with the role User Administrator and without\n"
	    "single sign-on, and confirm. The code is good for %s; Ctrl-C ends it.\n",
	    life);
}

static void on_trouble(void *context, const struct err *err, int64_t wait_ms)
{
	char wait[TIME_TEXT_SIZE];

	(void)context;
	duration_format(wait_ms, wait);
	program_complain("%s (in %s)", err->text, wait);
}

static void on_end(void *context, enum status status, const struct err *err)
{
	struct login_under_way *under_way = context;

	under_way->has_ended = true;
	if (status == STATUS_OK)
		under_way->code = EXIT_DONE;
	else
		program_complain("%s", err->text);
	if (status == STATUS_DOWN)
		under_way->code = EXIT_PEER;
	loop_stop(under_way->program->loop);
}

static void on_signal(void *context)
{
	struct login_under_way *under_way = context;

	if (!under_way->has_ended)
		program_complain("ended; the refresh token is as it was");
	loop_stop(under_way->program->loop);
}

static enum exit_code print_result(const struct program *program)
{
	const char *file = program->agent->config->tenant.auth.refresh_token_file;
	struct str out = { 0 };
	struct emitter json;
	enum exit_code code;

	if (program->options->is_json) {
		emit_init(&json, &out, 2);
		emit_object_open(&json);
		emit_member_bool(&json, "loggedIn", true);
		emit_key(&json, "refreshTokenFile");
		emit_string_c(&json, file);
		emit_object_close(&json);
		str_add_byte(&out, '\n');
	} else {
		str_addf(&out,
		    "Logged in; the refresh token is in %s. A service that runs finds it there.\n",
		    file);
	}
	code = program_print(str_span(&out));
	str_done(&out);
	return code;
}

static enum exit_code log_in(struct program *program)
{
	static const struct login_events events = { on_prompt, on_trouble, on_end };
	struct login_under_way under_way = { program, EXIT_FAILED, false };
	struct loop_signal *term, *interrupt;
	struct login *login;

	term = loop_signal_new(program->loop, SIGTERM, on_signal, &under_way);
	interrupt = loop_signal_new(program->loop, SIGINT, on_signal, &under_way);
	login = login_start(&(struct login_input) {
	    program->loop, &program->agent->config->tenant, NULL, &events, &under_way });
	loop_run(program->loop);
	login_free(&login);
	loop_signal_free(&interrupt);
	loop_signal_free(&term);
	return under_way.code == EXIT_DONE ? print_result(program) : under_way.code;
}

enum exit_code command_login(const struct options *options)
{
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE &&
	    program.agent->config->tenant.auth.method != TENANT_AUTH_OAUTH_DEVICE) {
		program_complain("%s: login is for tenant.auth.method = \"oauth-device\"; the "
				 "other methods need none",
		    options->config_path);
		code = EXIT_CONFIG;
	}
	if (code == EXIT_DONE)
		code = log_in(&program);
	program_close(&program);
	return code;
}
