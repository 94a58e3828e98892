/* SPDX-License-Identifier: ISC */
/*
 * A report for a spreadsheet: RFC 4180, UTF-8 with a byte order mark (without one the most common
 * spreadsheet takes it for something else), CRLF behind each line.
 *
 *     record,at,state,kind,userName,…
 *     change,2026-03-01T08:00:00Z,done,update,ada.ray@corp.example,…
 *
 * There is one table, however many the report has: the first column says of which a row is, the
 * others are the columns of all of them, and a row leaves those empty that are not its own.
 *
 * A spreadsheet takes a cell that begins with = + - or @ for a formula, also behind a tab, a line
 * end or blanks.  Such a text gets an apostrophe in front, which the spreadsheet hides.
 */
#include "report/writer_p.h"

#include <assert.h>
#include <inttypes.h>

static bool needs_quotes(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == ',' || text.at[i] == '"' || text.at[i] == '\r' ||
		    text.at[i] == '\n' || text.at[i] == ';')
			return true;
	}
	return text.len > 0 &&
	       (text.at[0] == ' ' || text.at[0] == '\'' || text.at[text.len - 1] == ' ');
}

/* What a spreadsheet may take for a formula; the last four are their wide forms. */
static bool is_formula(struct span text)
{
	static const struct span starts[] = { SPAN_INIT("="), SPAN_INIT("+"), SPAN_INIT("-"),
		SPAN_INIT("@"), SPAN_INIT("\t"), SPAN_INIT("\r"), SPAN_INIT("\n"),
		SPAN_INIT("\xef\xbc\x9d"), SPAN_INIT("\xef\xbc\x8b"), SPAN_INIT("\xef\xbc\x8d"),
		SPAN_INIT("\xef\xbc\xa0") };

	while (text.len > 0 && text.at[0] == ' ') {
		text.at++;
		text.len--;
	}
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (text.len >= starts[i].len && memcmp(text.at, starts[i].at, starts[i].len) == 0)
			return true;
	}
	return false;
}

static void put_text(struct str *out, struct span text)
{
	bool is_quoted;

	is_quoted = needs_quotes(text);
	if (is_quoted)
		str_add_byte(out, '"');
	if (is_formula(text))
		str_add_byte(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"')
			str_add_byte(out, '"');
		str_add_byte(out, text.at[i]);
	}
	if (is_quoted)
		str_add_byte(out, '"');
}

static size_t find_name(const struct report_writer *writer, const char *name)
{
	size_t at = 0;

	while (at < writer->name_count && strcmp(writer->names[at], name) != 0)
		at++;
	return at;
}

static void begin(struct report_writer *writer)
{
	const struct report_head *head = writer->head;

	str_add_c(&writer->out, "\xef\xbb\xbfrecord");
	for (size_t i = 0; i < head->table_count; i++) {
		for (size_t j = 0; j < head->tables[i]->count; j++) {
			const char *name = head->tables[i]->columns[j].name;

			if (find_name(writer, name) < writer->name_count)
				continue;
			assert(writer->name_count < REPORT_NAMES_MAX);
			writer->names[writer->name_count++] = name;
			str_addf(&writer->out, ",%s", name);
		}
	}
	str_add_c(&writer->out, "\r\n");
}

static void begin_table(struct report_writer *writer)
{
	for (size_t i = 0; i < writer->name_count; i++)
		writer->columns[i] = -1;
	for (size_t i = 0; i < writer->table->count; i++)
		writer->columns[find_name(writer, writer->table->columns[i].name)] = (int)i;
}

static void put_cell(struct report_writer *writer, const struct report_column *column,
    const struct report_cell *cell)
{
	if (column->kind == CELL_SECONDS) {
		if (cell->has_number)
			str_addf(&writer->out, "%" PRId64, cell->number);
		return;
	}
	str_truncate(&writer->scratch, 0);
	report_cell_add(column, cell, &writer->scratch);
	put_text(&writer->out, str_span(&writer->scratch));
}

static void put_row(struct report_writer *writer, const struct report_cell *cells)
{
	str_add_c(&writer->out, writer->table->record);
	for (size_t i = 0; i < writer->name_count; i++) {
		int at = writer->columns[i];

		str_add_byte(&writer->out, ',');
		if (at >= 0)
			put_cell(writer, &writer->table->columns[at], &cells[at]);
	}
	str_add_c(&writer->out, "\r\n");
}

const struct report_form report_form_csv = {
	.begin = begin,
	.begin_table = begin_table,
	.row = put_row,
};
