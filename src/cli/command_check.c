/* SPDX-License-Identifier: ISC */
/* scimward check: the configuration, then each peer, one line a step. */
#include "base/emit.h"
#include "base/unicode.h"
#include "cli/program.h"

struct check {
	struct program program;
	struct str out;
	struct emitter json;
	const char *peer;
	bool is_failed;
	size_t source_at;
};

static void say(struct check *check, bool is_ok, struct span what, struct span detail)
{
	check->is_failed = check->is_failed || !is_ok;
	if (check->program.options->is_json) {
		emit_object_open(&check->json);
		emit_key(&check->json, "peer");
		emit_string_c(&check->json, check->peer);
		emit_key(&check->json, "step");
		emit_string(&check->json, what);
		emit_key(&check->json, "ok");
		emit_bool(&check->json, is_ok);
		emit_key(&check->json, "detail");
		emit_string(&check->json, detail);
		emit_object_close(&check->json);
		return;
	}
	str_addf(&check->out, "%s %s: ", is_ok ? "ok    " : "FAILED", check->peer);
	utf8_printable(what, &check->out);
	if (detail.len > 0) {
		str_add_c(&check->out, ": ");
		utf8_printable(detail, &check->out);
	}
	str_add_byte(&check->out, '\n');
	program_print(str_span(&check->out));
	str_truncate(&check->out, 0);
}

static void next_peer(struct check *check);

static void on_step(void *context, bool is_ok, struct span what, struct span detail, bool is_last)
{
	struct check *check = context;

	say(check, is_ok, what, detail);
	if (is_last)
		next_peer(check);
}

static void on_tenant_step(
    void *context, bool is_ok, struct span what, struct span detail, bool is_last)
{
	struct check *check = context;

	say(check, is_ok, what, detail);
	if (is_last)
		loop_stop(check->program.loop);
}

static void next_peer(struct check *check)
{
	struct agent *agent = check->program.agent;
	struct account_reader *reader = tenant_reader(agent->tenant);

	if (check->source_at < agent->source_count) {
		struct source *source = agent->sources[check->source_at++];

		check->peer = source->name.at;
		source_check(source, on_step, check);
		return;
	}
	check->peer = "tenant";
	reader->vtable->check(reader, on_tenant_step, check);
}

static enum exit_code check_peers(struct check *check)
{
	next_peer(check);
	loop_run(check->program.loop);
	return check->is_failed ? EXIT_PEER : EXIT_DONE;
}

static void say_configuration(struct check *check)
{
	const struct config *config = check->program.agent->config;
	struct str detail = { 0 };

	str_addf(&detail, "%zu %s, %zu mapping rules, %zu workspace rules, %s tenant",
	    config->directory_count, config->directory_count == 1 ? "directory" : "directories",
	    config->rule_count, config->workspace_count,
	    config->tenant.profile == TENANT_ANAPLAN ? "Anaplan" : "generic");
	check->peer = "configuration";
	say(check, true, span_of(check->program.options->config_path), str_span(&detail));
	str_done(&detail);
}

enum exit_code command_check(const struct options *options)
{
	struct check check = { 0 };
	enum exit_code code = program_open(&check.program, options);

	emit_init(&check.json, &check.out, 2);
	if (options->is_json)
		emit_array_open(&check.json);
	if (code == EXIT_DONE) {
		say_configuration(&check);
		if (!options->is_offline)
			code = check_peers(&check);
	}
	if (options->is_json) {
		emit_array_close(&check.json);
		str_add_byte(&check.out, '\n');
		program_print(str_span(&check.out));
	}
	program_close(&check.program);
	str_done(&check.out);
	return code;
}
