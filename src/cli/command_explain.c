/* SPDX-License-Identifier: ISC */
/*
 * scimward explain WHO: where the person is, how each mapping rule fared, what grants each
 * workspace, the link, and what the next cycle would do (planned as in a dry run).
 */
#include "base/emit.h"
#include "base/time.h"
#include "base/unicode.h"
#include "cli/program.h"
#include "core/differ.h"
#include "sync/person.h"

struct explain {
	struct program program;
	struct arena *arena;
	struct str out;
	struct emitter json;
	struct span who;
	struct person person;
	struct index *index;
	size_t source_at;
	bool is_found, is_json;
	enum exit_code code;
};

static const char *outcome_words(enum look_up_outcome outcome)
{
	switch (outcome) {
	case LOOK_UP_MATCHES:
		return "in scope";
	case LOOK_UP_LEFT_SCOPE:
		return "not in scope: the filter does not match";
	case LOOK_UP_MOVED:
		return "not in scope: outside the bases";
	case LOOK_UP_DELETED:
		return "not in the directory";
	case LOOK_UP_UNREADABLE:
		return "cannot be read";
	}
	return "";
}

static const char *rule_words(enum rule_outcome outcome)
{
	switch (outcome) {
	case RULE_WON:
		return "gives";
	case RULE_AFTER_WINNER:
		return "not needed: an earlier rule won";
	case RULE_WHEN_FALSE:
		return "its `when` does not hold";
	case RULE_EMPTY:
		return "its attribute is empty";
	case RULE_FAULT:
		return "FAULT";
	}
	return "";
}

static const char *grant_words(enum grant_outcome outcome)
{
	switch (outcome) {
	case GRANT_BY_WHEN:
		return "granted by rule";
	case GRANT_BY_GROUP:
		return "granted via";
	case GRANT_NONE:
		return "not granted";
	case GRANT_UNKNOWN:
		return "cannot be told";
	}
	return "";
}

static void member(struct explain *explain, const char *key, struct span value)
{
	emit_key(&explain->json, key);
	emit_string(&explain->json, value);
}

static void add(struct explain *explain, struct span text)
{
	utf8_printable(text, &explain->out);
}

/* ---- mapping ---- */

static void say_rule(struct explain *explain, const struct rule_trace *rule)
{
	if (explain->is_json) {
		emit_object_open(&explain->json);
		member(explain, "to", span_of(account_path_name(rule->to)));
		member(explain, "from", rule->from);
		member(explain, "when", rule->when);
		member(explain, "outcome", span_of(rule_words(rule->outcome)));
		member(explain, "value", rule->value);
		emit_object_close(&explain->json);
		return;
	}
	str_addf(&explain->out, "  %-18s ", account_path_name(rule->to));
	add(explain, rule->from);
	if (rule->when.at != NULL) {
		str_add_c(&explain->out, " when ");
		add(explain, rule->when);
	}
	str_addf(&explain->out, ": %s", rule_words(rule->outcome));
	if (rule->value.at != NULL) {
		str_add_c(&explain->out, " ");
		add(explain, rule->value);
	}
	str_add_byte(&explain->out, '\n');
}

static void say_grant(struct explain *explain, const struct grant_trace *grant)
{
	struct span how = grant->outcome == GRANT_BY_WHEN ? grant->when : grant->path;

	if (explain->is_json) {
		emit_object_open(&explain->json);
		member(explain, "id", grant->id);
		member(explain, "name", grant->name);
		member(explain, "group", grant->group);
		member(explain, "when", grant->when);
		member(explain, "outcome", span_of(grant_words(grant->outcome)));
		member(explain, "path", how);
		emit_object_close(&explain->json);
		return;
	}
	str_add_c(&explain->out, "  ");
	add(explain, grant->name.at != NULL ? grant->name : grant->id);
	str_addf(&explain->out, ": %s", grant_words(grant->outcome));
	if (how.at != NULL) {
		str_add_c(&explain->out, " ");
		add(explain, how);
	} else if (grant->group.at != NULL) {
		str_add_c(&explain->out, ": not in ");
		add(explain, grant->group);
	}
	str_add_byte(&explain->out, '\n');
}

static void say_mapping(struct explain *explain, const struct look_up_answer *answer)
{
	struct mapping_trace trace = mapping_explain(
	    explain->program.agent->mapping, answer->entry, answer->membership, explain->arena);

	if (explain->is_json) {
		emit_key(&explain->json, "mapping");
		emit_array_open(&explain->json);
	} else {
		str_add_c(&explain->out, "mapping\n");
	}
	for (size_t i = 0; i < trace.rule_count; i++)
		say_rule(explain, &trace.rules[i]);
	if (explain->is_json) {
		emit_array_close(&explain->json);
		emit_key(&explain->json, "workspaces");
		emit_array_open(&explain->json);
	} else {
		str_add_c(&explain->out,
		    trace.grant_count > 0 ? "workspaces\n" : "workspaces  none are configured\n");
	}
	for (size_t i = 0; i < trace.grant_count; i++)
		say_grant(explain, &trace.grants[i]);
	if (explain->is_json)
		emit_array_close(&explain->json);
}

/* ---- entry ---- */

static void say_entry(struct explain *explain, const struct look_up_answer *answer)
{
	char key[UUID_TEXT_SIZE] = "";
	struct span directory = explain->program.agent->sources[explain->source_at]->name;

	if (answer->entry != NULL)
		uuid_format(&answer->entry->key, key);
	if (explain->is_json) {
		emit_key(&explain->json, "entry");
		emit_object_open(&explain->json);
		member(explain, "directory", directory);
		member(explain, "dn", answer->entry != NULL ? answer->entry->dn : SPAN_NULL);
		member(explain, "key", answer->entry != NULL ? span_of(key) : SPAN_NULL);
		emit_key(&explain->json, "inScope");
		emit_bool(&explain->json, answer->outcome == LOOK_UP_MATCHES);
		member(explain, "scope", span_of(outcome_words(answer->outcome)));
		member(explain, "detail", answer->detail);
		emit_object_close(&explain->json);
		return;
	}
	if (answer->entry != NULL) {
		str_add_c(&explain->out, "entry       ");
		add(explain, answer->entry->dn);
		str_addf(&explain->out, "\nkey         %s\n", key);
	}
	str_addf(&explain->out, "scope       %s", outcome_words(answer->outcome));
	if (answer->detail.len > 0) {
		str_add_c(&explain->out, " (");
		add(explain, answer->detail);
		str_add_c(&explain->out, ")");
	}
	str_addf(&explain->out, ", directory %.*s\n", SPAN_ARG(directory));
}

/* ---- link and quarantine ---- */

static void say_link(struct explain *explain)
{
	const struct link *link = &explain->person.link;
	char changed[TIME_TEXT_SIZE];

	time_format(link->changed_ms, false, changed);
	if (explain->is_json) {
		emit_key(&explain->json, "link");
		if (!explain->person.is_linked) {
			emit_null(&explain->json);
			return;
		}
		emit_object_open(&explain->json);
		member(explain, "accountId", link->account_id);
		member(explain, "userName", link->user_name);
		emit_key(&explain->json, "active");
		emit_bool(&explain->json, link->is_active);
		member(explain, "changed", span_of(changed));
		emit_key(&explain->json, "acknowledged");
		emit_raw(&explain->json, link->acknowledged);
		emit_object_close(&explain->json);
		return;
	}
	if (!explain->person.is_linked) {
		str_add_c(
		    &explain->out, "link        none: no account is known for this person yet\n");
		return;
	}
	str_add_c(&explain->out, "link        account ");
	add(explain, link->account_id);
	str_add_c(&explain->out, ", ");
	add(explain, link->user_name);
	str_addf(&explain->out, ", %s, acknowledged %s\n",
	    link->is_active ? "active" : "not active", changed);
	if (link->missing_since_ms != 0)
		str_add_c(&explain->out, "            a leaver inside the grace period\n");
}

static void say_quarantine(struct explain *explain, const struct uuid *key)
{
	struct quarantine quarantine;
	char text[TIME_TEXT_SIZE];
	bool found = false;

	if (store_quarantine_get(explain->program.store, key, explain->arena, &quarantine, &found,
		NULL) != STATUS_OK ||
	    !found)
		return;
	time_format(quarantine.not_before_ms, false, text);
	if (explain->is_json) {
		emit_key(&explain->json, "quarantine");
		emit_object_open(&explain->json);
		member(explain, "notBefore", span_of(text));
		member(explain, "reason", quarantine.reason);
		emit_object_close(&explain->json);
		return;
	}
	str_addf(&explain->out, "quarantine  next try %s: ", text);
	add(explain, quarantine.reason);
	str_add_byte(&explain->out, '\n');
}

/* ---- what the next cycle would do ---- */

static void say_request(struct explain *explain, const struct tenant_request *request)
{
	if (request->method.at == NULL)
		return;
	str_add_c(&explain->out, "\n            ");
	add(explain, request->method);
	str_add_byte(&explain->out, ' ');
	add(explain, request->path);
	str_add_byte(&explain->out, ' ');
	add(explain, request->body);
}

static void say_action(void *context, const struct action *action)
{
	struct explain *explain = context;

	if (explain->is_json) {
		emit_object_open(&explain->json);
		member(explain, "kind", span_of(action_kind_name(action->kind)));
		member(explain, "state", span_of(action_state_name(action->state)));
		member(explain, "reason", span_of(reason_code_name(action->reason)));
		member(explain, "detail", action->detail);
		member(explain, "method", action->request.method);
		member(explain, "path", action->request.path);
		emit_key(&explain->json, "body");
		if (action->request.body.len > 0)
			emit_raw(&explain->json, action->request.body);
		else
			emit_null(&explain->json);
		emit_object_close(&explain->json);
		return;
	}
	str_addf(&explain->out, "would       %s (%s)", action_kind_name(action->kind),
	    reason_code_name(action->reason));
	if (action->state == ACTION_HELD)
		str_add_c(&explain->out, ", held");
	if (action->detail.len > 0) {
		str_add_c(&explain->out, ": ");
		add(explain, action->detail);
	}
	say_request(explain, &action->request);
	str_add_byte(&explain->out, '\n');
}

static void on_planned(void *context, const struct cycle_result *result)
{
	struct explain *explain = context;
	struct action_query query = { .run_id = result->run.id };
	uint64_t actions = plan_summary_pending(&result->run.summary) + result->run.summary.link +
			   result->run.summary.conflict + result->run.summary.rejected;
	struct err err;

	if (explain->is_json) {
		emit_key(&explain->json, "would");
		emit_array_open(&explain->json);
	}
	if (result->exit == CYCLE_PEER_DOWN) {
		program_complain("%s", result->err.text);
		explain->code = EXIT_PEER;
	} else if (result->run.id != 0 && actions > 0) {
		if (store_action_each(explain->program.store, &query, say_action, explain, &err) !=
		    STATUS_OK)
			program_complain("%s", err.text);
	} else if (!explain->is_json) {
		str_add_c(&explain->out, "would       nothing\n");
	}
	if (explain->is_json)
		emit_array_close(&explain->json);
	loop_stop(explain->program.loop);
}

static void plan(struct explain *explain)
{
	struct cycle_input input = {
		.loop = explain->program.loop,
		.store = explain->program.store,
		.index = &explain->index,
		.who = explain->who,
		.kind = CYCLE_FULL,
	};

	agent_prepare(explain->program.agent, true, &input);
	cycle_start(&input, on_planned, explain);
}

/* ---- looking for the person ---- */

static void look(struct explain *explain);

static void on_looked(void *context, const struct look_up_answer *answer)
{
	struct explain *explain = context;

	if (answer->status != STATUS_OK) {
		program_complain("%s", answer->err != NULL ? answer->err->text : "canceled");
		explain->code = EXIT_PEER;
		loop_stop(explain->program.loop);
		return;
	}
	if (answer->entry == NULL && !explain->person.is_linked &&
	    explain->source_at + 1 < explain->program.agent->source_count) {
		explain->source_at++;
		look(explain);
		return;
	}
	if (answer->entry == NULL && !explain->person.is_linked) {
		program_complain("nobody is known as \"%.*s\", in the directory or in the snapshot",
		    SPAN_ARG(explain->who));
		explain->code = EXIT_FAILED;
		loop_stop(explain->program.loop);
		return;
	}
	explain->is_found = true;
	say_entry(explain, answer);
	if (answer->entry != NULL)
		say_mapping(explain, answer);
	say_link(explain);
	say_quarantine(
	    explain, answer->entry != NULL ? &answer->entry->key : &explain->person.link.key);
	plan(explain);
}

static void look(struct explain *explain)
{
	source_look_up(explain->program.agent->sources[explain->source_at],
	    &explain->person.request, on_looked, explain);
}

static enum exit_code explain_person(struct explain *explain)
{
	struct err err;

	if (person_resolve(explain->program.store, explain->program.agent->mapping, explain->who,
		explain->arena, &explain->person, &err) != STATUS_OK) {
		program_complain("%s", err.text);
		return EXIT_STATE;
	}
	if (explain->is_json)
		emit_object_open(&explain->json);
	look(explain);
	loop_run(explain->program.loop);
	if (!explain->is_found)
		return explain->code;
	if (explain->is_json) {
		emit_object_close(&explain->json);
		str_add_byte(&explain->out, '\n');
	}
	program_print(str_span(&explain->out));
	return explain->code;
}

enum exit_code command_explain(const struct options *options)
{
	struct explain explain = {
		.who = span_of(options->who), .is_json = options->is_json, .arena = arena_new()
	};
	enum exit_code code = program_open(&explain.program, options);

	emit_init(&explain.json, &explain.out, 2);
	if (code == EXIT_DONE)
		code = program_open_store(&explain.program, STORE_DRY_RUN);
	if (code == EXIT_DONE)
		code = explain_person(&explain);
	index_free(&explain.index);
	program_close(&explain.program);
	arena_free(&explain.arena);
	str_done(&explain.out);
	return code;
}
