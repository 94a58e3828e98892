/* SPDX-License-Identifier: ISC */
/*
 * One stream, two forms. What is written is given away action by action.
 */
#include "base/vec.h"
#include "report/plan_writer_p.h"

#include <stdlib.h>

struct plan_writer *plan_writer_new(const struct plan_writer_options *options)
{
	struct plan_writer *writer = mem_new(1, sizeof(*writer));

	writer->options = *options;
	writer->forecast = options->forecast;
	writer->arena = arena_new();
	writer->lines = (struct lines) {
		.out = &writer->out, .width = options->width, .is_color = options->is_color
	};
	return writer;
}

void plan_writer_free(struct plan_writer **writer)
{
	struct plan_writer *old = *writer;

	if (old == NULL)
		return;
	*writer = NULL;
	arena_free(&old->arena);
	str_done(&old->out);
	lines_done(&old->lines);
	free(old);
}

static void give_away(struct plan_writer *writer)
{
	if (!writer->has_failed && writer->out.len > 0)
		writer->has_failed = !writer->options.write(
		    writer->options.write_context, str_span(&writer->out));
	str_truncate(&writer->out, 0);
}

void plan_writer_begin(struct plan_writer *writer, const struct run *run)
{
	arena_reset(writer->arena);
	if (writer->options.is_json)
		plan_json_begin(writer, run);
	else
		plan_text_begin(writer, run);
	give_away(writer);
}

static bool read_account(
    struct plan_writer *writer, struct span json, bool *ret_has, struct account *ret_account)
{
	*ret_has = json.at != NULL;
	if (account_decode(*ret_has ? json : SPAN("{\"active\":false}"), writer->arena, ret_account,
		NULL) == STATUS_OK)
		return true;
	*ret_has = false;
	return false;
}

static struct plan_change take_apart(struct plan_writer *writer, const struct action *action)
{
	struct plan_change change = { .action = action };
	bool is_before = read_account(writer, action->before, &change.has_before, &change.before);
	bool is_after = read_account(writer, action->after, &change.has_after, &change.after);

	change.is_unreadable = !is_before || !is_after;
	if (is_before && change.has_after)
		change.change = differ_compare(
		    change.has_before ? &change.before : NULL, &change.after, writer->arena);
	return change;
}

static void predict(struct plan_writer *writer, struct plan_change *change)
{
	const struct prediction_input input = { change->action,
		change->has_before ? &change->before : NULL, &change->after, &change->change };

	if (writer->options.facts == NULL)
		return;
	if (change->has_after && !change->is_unreadable)
		change->prediction_count = prediction_judge(
		    writer->options.facts, &input, writer->arena, &change->predictions);
	forecast_add(
	    &writer->forecast, change->action, change->predictions, change->prediction_count);
}

struct plan_change plan_change_of(struct plan_writer *writer, const struct action *action)
{
	arena_reset(writer->arena);
	return take_apart(writer, action);
}

bool plan_change_has_text(const struct plan_change *change, enum account_path path)
{
	return change_has(&change->change, path);
}

bool plan_change_has_active(const struct plan_change *change)
{
	if (change->change.is_activated || change->change.is_deactivated)
		return true;
	return change->has_after && !change->has_before && !change->is_unreadable;
}

void plan_writer_action(struct plan_writer *writer, const struct action *action)
{
	struct plan_change change;

	if (writer->has_failed)
		return;
	arena_reset(writer->arena);
	change = take_apart(writer, action);
	predict(writer, &change);
	if (writer->options.is_json)
		plan_json_action(writer, &change);
	else
		plan_text_action(writer, &change);
	give_away(writer);
}

void plan_writer_begin_holds(struct plan_writer *writer)
{
	if (!writer->options.is_json)
		return;
	emit_init(&writer->json, &writer->out, PLAN_JSON_INDENT);
	emit_array_open(&writer->json);
}

void plan_writer_hold(struct plan_writer *writer, const struct hold *hold)
{
	arena_reset(writer->arena);
	if (writer->options.is_json)
		plan_json_hold(writer, hold);
	else
		plan_text_hold(writer, hold);
	give_away(writer);
}

void plan_writer_end_hold(struct plan_writer *writer, const struct hold *hold)
{
	arena_reset(writer->arena);
	if (writer->options.is_json)
		plan_json_end_hold(writer);
	else
		plan_text_end_hold(writer, hold);
	give_away(writer);
}

bool plan_writer_end_holds(struct plan_writer *writer, size_t count)
{
	if (writer->options.is_json) {
		emit_array_close(&writer->json);
		str_add_byte(&writer->out, '\n');
	} else if (count == 0) {
		str_add_c(&writer->out, "Nothing is held.\n");
	}
	give_away(writer);
	return !writer->has_failed;
}

bool plan_writer_flush(struct plan_writer *writer)
{
	give_away(writer);
	return !writer->has_failed;
}

bool plan_writer_end(struct plan_writer *writer, const struct plan_summary *summary)
{
	if (writer->options.is_json)
		plan_json_end(writer, summary);
	else
		plan_text_end(writer, summary);
	give_away(writer);
	return !writer->has_failed;
}
