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
 *
 * On a terminal the line of a row is cut at its width, and what stands below it goes on in the next
 * line.
 */
#include "report/writer_p.h"

#include "base/time.h"
#include "base/unicode.h"
#include "report/lines.h"

enum {
	FACT_COLUMNS = 38,
	INDENT = 6,
	LABEL_COLUMNS = 20,
	NARROW = 60,
	NARROW_COLUMN = 8,
	EMPTY_COLUMN = 2
};

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

static struct lines lines_of(struct report_writer *writer)
{
	return (struct lines) { .out = &writer->out, .width = writer->options.width };
}

/* One cell of the line of the row; padded unless it ends the line. */
static void add_main(
    const struct report_column *column, const struct report_cell *cell, struct str *out)
{
	size_t start = out->len;

	report_cell_add(column, cell, out);
	if (report_cell_is_empty(column, cell))
		str_add_byte(out, '-');
	pad(out, utf8_columns((struct span) { out->at + start, out->len - start }), column->width);
	str_add_c(out, "  ");
}

/* What was made of a cell, below the line of the row. */
static void put_scratch(struct report_writer *writer, const char *label)
{
	bool is_narrow = writer->options.width > 0 && writer->options.width < NARROW;
	struct lines lines = lines_of(writer);

	lines_indent(&lines, INDENT);
	lines_text(&lines, LINE_PLAIN, span_of(label), 0);
	if (is_narrow && label[0] != '\0')
		lines_end(&lines);
	lines_indent(&lines, is_narrow ? NARROW_COLUMN : INDENT + LABEL_COLUMNS);
	lines_wrap(&lines, LINE_PLAIN, str_span(&writer->scratch),
	    is_narrow ? NARROW_COLUMN : INDENT + LABEL_COLUMNS);
	lines_end(&lines);
	lines_done(&lines);
}

static void put_detail(struct report_writer *writer, const struct report_column *column,
    const struct report_cell *cell)
{
	if (report_cell_is_empty(column, cell))
		return;
	if (column->kind != CELL_CHANGES && column->kind != CELL_WORKSPACES) {
		str_truncate(&writer->scratch, 0);
		report_cell_add(column, cell, &writer->scratch);
		put_scratch(writer, column->title);
		return;
	}
	for (size_t i = 0; i < cell->count; i++) {
		str_truncate(&writer->scratch, 0);
		report_item_add(column->kind, &cell->items[i], &writer->scratch);
		put_scratch(writer, i == 0 ? column->title : "");
	}
}

static void put_row(struct report_writer *writer, const struct report_cell *cells)
{
	const struct report_table *table = writer->table;
	struct lines lines = lines_of(writer);
	struct str *row = &writer->scratch;

	str_truncate(row, 0);
	str_add_c(row, "  ");
	for (size_t i = 0; i < table->count; i++) {
		if (table->columns[i].is_main)
			add_main(&table->columns[i], &cells[i], row);
	}
	while (row->len > 0 && row->at[row->len - 1] == ' ')
		str_truncate(row, row->len - 1);
	lines_text(&lines, LINE_PLAIN, str_span(row), 0);
	lines_end(&lines);
	lines_done(&lines);
	for (size_t i = 0; i < table->count; i++) {
		if (!table->columns[i].is_main)
			put_detail(writer, &table->columns[i], &cells[i]);
	}
}

static void end_table(struct report_writer *writer)
{
	struct lines lines = lines_of(writer);

	if (writer->row_count == 0)
		lines_put(&lines, NULL, EMPTY_COLUMN, LINE_PLAIN, span_of(writer->table->empty));
	lines_done(&lines);
}

const struct report_form report_form_text = {
	.begin = begin,
	.facts = put_facts,
	.begin_table = begin_table,
	.row = put_row,
	.end_table = end_table,
};
