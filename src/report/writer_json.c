/* SPDX-License-Identifier: ISC */
/*
 * A report for programs, as doc/report.schema.json has it:
 *
 *     { "version": 1, "report": "changes", "made": "2026-03-08T07:00:00Z", "timeZone": "UTC",
 *       "since": "2026-03-01T00:00:00Z", "until": null, "tenant": "https://…", "program": "…",
 *       "summary": { "changes": 12, … },
 *       "changes": [ { "at": "2026-03-01T08:00:00Z", "state": "done", … } ] }
 *
 * Every member of a row is there; one that holds nothing is null, a list that holds nothing empty.
 */
#include "report/writer_p.h"

#include "base/time.h"

enum { INDENT = 1 };

static void put_time(struct emitter *json, bool has_time, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, true, text);
	emit_string_c(json, has_time ? text : NULL);
}

static void put_either(struct emitter *json, const char *key, struct span text, bool is_json)
{
	emit_key(json, key);
	if (is_json && text.at != NULL)
		emit_raw(json, text);
	else
		emit_string(json, text);
}

static void put_items(
    struct emitter *json, enum report_cell_kind kind, const struct report_cell *cell)
{
	bool is_changes = kind == CELL_CHANGES;

	emit_array_open(json);
	for (size_t i = 0; i < cell->count; i++) {
		const struct report_item *item = &cell->items[i];

		emit_object_open(json);
		put_either(json, is_changes ? "path" : "id", item->a, false);
		put_either(json, is_changes ? "before" : "name", item->b, item->is_json);
		put_either(json, is_changes ? "after" : "why", item->c, item->is_json);
		emit_object_close(json);
	}
	emit_array_close(json);
}

static void put_cell(
    struct emitter *json, enum report_cell_kind kind, const struct report_cell *cell)
{
	switch (kind) {
	case CELL_TEXT:
	case CELL_CODE:
	case CELL_WORD:
		emit_string(json, cell->text);
		break;
	case CELL_NUMBER:
	case CELL_SECONDS:
		if (cell->has_number)
			emit_int(json, cell->number);
		else
			emit_null(json);
		break;
	case CELL_BOOL:
		if (cell->has_number)
			emit_bool(json, cell->number != 0);
		else
			emit_null(json);
		break;
	case CELL_TIME:
		put_time(json, cell->has_number, cell->number);
		break;
	case CELL_CHANGES:
	case CELL_WORKSPACES:
		put_items(json, kind, cell);
		break;
	}
}

static void begin(struct report_writer *writer)
{
	const struct report_head *head = writer->head;
	struct emitter *json = &writer->json;

	emit_init(json, &writer->out, INDENT);
	emit_object_open(json);
	emit_key(json, "version");
	emit_int(json, 1);
	emit_key(json, "report");
	emit_string_c(json, head->name);
	emit_key(json, "made");
	put_time(json, true, head->now_ms);
	emit_key(json, "timeZone");
	emit_string_c(json, "UTC");
	emit_key(json, "since");
	put_time(json, head->period.since_ms != INT64_MIN, head->period.since_ms);
	emit_key(json, "until");
	put_time(json, head->period.until_ms != INT64_MAX, head->period.until_ms);
	emit_key(json, "tenant");
	emit_string(json, head->tenant);
	emit_key(json, "program");
	emit_string(json, head->program);
}

static void put_facts(struct report_writer *writer, const struct report_fact *facts, size_t count)
{
	struct emitter *json = &writer->json;

	emit_key(json, "summary");
	emit_object_open(json);
	for (size_t i = 0; i < count; i++) {
		emit_key(json, facts[i].name);
		put_cell(json, facts[i].kind, &facts[i].value);
	}
	emit_object_close(json);
}

static void begin_table(struct report_writer *writer)
{
	emit_key(&writer->json, writer->table->name);
	emit_array_open(&writer->json);
}

static void put_row(struct report_writer *writer, const struct report_cell *cells)
{
	const struct report_table *table = writer->table;

	emit_object_open(&writer->json);
	for (size_t i = 0; i < table->count; i++) {
		emit_key(&writer->json, table->columns[i].name);
		put_cell(&writer->json, table->columns[i].kind, &cells[i]);
	}
	emit_object_close(&writer->json);
}

static void end_table(struct report_writer *writer)
{
	emit_array_close(&writer->json);
}

static void end(struct report_writer *writer)
{
	emit_object_close(&writer->json);
	str_add_byte(&writer->out, '\n');
}

const struct report_form report_form_json = {
	.begin = begin,
	.facts = put_facts,
	.begin_table = begin_table,
	.row = put_row,
	.end_table = end_table,
	.end = end,
};
