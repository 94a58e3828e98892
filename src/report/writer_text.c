/* SPDX-License-Identifier: ISC */
/*
 * A report for a terminal:
 *
 *     Changes from 2026-03-01T00:00:00Z until now
 *     Made 2026-03-08T07:00:00Z. All times are UTC.
 *
 *     Changes                    12
 *     Failed                     1
 *
 *     Changes
 *       2026-03-01T08:00:00Z  done      update      ada.ray@corp.example
 *           gained      Finance Planning (via CN=Sub > CN=Anaplan Finance)
 */
#include "report/writer_p.h"

#include "base/time.h"
#include "base/unicode.h"

enum { FACT_COLUMNS = 38, LABEL_COLUMNS = 20 };

static void pad(struct str *out, size_t written, size_t columns)
{
	for (size_t i = written; i < columns; i++)
		str_add_byte(out, ' ');
}

static void begin(struct report_writer *writer)
{
	const struct report_head *head = writer->head;
	char now[TIME_TEXT_SIZE];

	time_format(head->now_ms, false, now);
	str_add_c(&writer->out, head->title);
	str_add_byte(&writer->out, ' ');
	report_period_add(head, &writer->out);
	str_addf(&writer->out, "\nMade %s. All times are UTC.\nTenant ", now);
	utf8_printable(head->tenant, &writer->out);
	str_add_c(&writer->out, "\n\n");
}

static void put_facts(struct report_writer *writer, const struct report_fact *facts, size_t count)
{
	struct str *out = &writer->out;

	for (size_t i = 0; i < count; i++) {
		const struct report_column column = { .kind = facts[i].kind };

		str_add_c(out, facts[i].title);
		pad(out, utf8_columns(span_of(facts[i].title)), FACT_COLUMNS);
		if (report_cell_is_empty(&column, &facts[i].value))
			str_add_byte(out, '-');
		report_cell_add(&column, &facts[i].value, out);
		str_add_byte(out, '\n');
	}
}

static void begin_table(struct report_writer *writer)
{
	str_addf(&writer->out, "\n%s\n", writer->table->title);
}

/* One cell of the line of the row; padded unless it ends the line. */
static void put_main(struct report_writer *writer, const struct report_column *column,
    const struct report_cell *cell)
{
	struct str *out = &writer->out;
	size_t start = out->len;

	report_cell_add(column, cell, out);
	if (report_cell_is_empty(column, cell))
		str_add_byte(out, '-');
	pad(out, utf8_columns((struct span) { out->at + start, out->len - start }), column->width);
	str_add_c(out, "  ");
}

static void put_label(struct report_writer *writer, const char *label)
{
	str_add_c(&writer->out, "      ");
	str_add_c(&writer->out, label);
	pad(&writer->out, utf8_columns(span_of(label)), LABEL_COLUMNS);
}

static void put_detail(struct report_writer *writer, const struct report_column *column,
    const struct report_cell *cell)
{
	if (report_cell_is_empty(column, cell))
		return;
	if (column->kind != CELL_CHANGES && column->kind != CELL_WORKSPACES) {
		put_label(writer, column->title);
		report_cell_add(column, cell, &writer->out);
		str_add_byte(&writer->out, '\n');
		return;
	}
	for (size_t i = 0; i < cell->count; i++) {
		put_label(writer, i == 0 ? column->title : "");
		report_item_add(column->kind, &cell->items[i], &writer->out);
		str_add_byte(&writer->out, '\n');
	}
}

static void put_row(struct report_writer *writer, const struct report_cell *cells)
{
	const struct report_table *table = writer->table;
	struct str *out = &writer->out;

	str_add_c(out, "  ");
	for (size_t i = 0; i < table->count; i++) {
		if (table->columns[i].is_main)
			put_main(writer, &table->columns[i], &cells[i]);
	}
	while (out->len > 0 && out->at[out->len - 1] == ' ')
		str_truncate(out, out->len - 1);
	str_add_byte(out, '\n');
	for (size_t i = 0; i < table->count; i++) {
		if (!table->columns[i].is_main)
			put_detail(writer, &table->columns[i], &cells[i]);
	}
}

static void end_table(struct report_writer *writer)
{
	if (writer->row_count == 0)
		str_addf(&writer->out, "  %s\n", writer->table->empty);
}

const struct report_form report_form_text = {
	.begin = begin,
	.facts = put_facts,
	.begin_table = begin_table,
	.row = put_row,
	.end_table = end_table,
};
