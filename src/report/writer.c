/* SPDX-License-Identifier: ISC */
/* What all forms share: giving away, and cells as one line. */
#include "report/writer_p.h"

#include "base/time.h"
#include "base/unicode.h"
#include "base/vec.h"
#include <inttypes.h>
#include <stdlib.h>

enum { PIECE_BYTES = 64 * 1024 };

struct report_writer *report_writer_new(const struct report_writer_options *options)
{
	static const struct report_form *const forms[] = {
		[REPORT_TEXT] = &report_form_text,
		[REPORT_JSON] = &report_form_json,
		[REPORT_CSV] = &report_form_csv,
		[REPORT_HTML] = &report_form_html,
	};
	struct report_writer *writer = mem_new(1, sizeof(*writer));

	writer->options = *options;
	writer->form = forms[options->format];
	return writer;
}

void report_writer_free(struct report_writer **writer)
{
	struct report_writer *old = *writer;

	if (old == NULL)
		return;
	*writer = NULL;
	str_done(&old->out);
	str_done(&old->scratch);
	free(old);
}

static void give_away(struct report_writer *writer, size_t at_least)
{
	if (writer->out.len == 0 || writer->out.len < at_least)
		return;
	if (!writer->has_failed)
		writer->has_failed = !writer->options.write(
		    writer->options.context, str_span(&writer->out));
	str_truncate(&writer->out, 0);
}

void report_writer_begin(struct report_writer *writer, const struct report_head *head)
{
	writer->head = head;
	writer->form->begin(writer);
}

void report_writer_facts(
    struct report_writer *writer, const struct report_fact *facts, size_t count)
{
	if (writer->form->facts != NULL)
		writer->form->facts(writer, facts, count);
}

void report_writer_chart(struct report_writer *writer, const struct report_chart *chart)
{
	if (writer->form->chart != NULL)
		writer->form->chart(writer, chart);
	writer->chart_count++;
}

void report_writer_begin_table(struct report_writer *writer, const struct report_table *table)
{
	writer->table = table;
	writer->row_count = 0;
	if (writer->form->begin_table != NULL)
		writer->form->begin_table(writer);
}

void report_writer_row(struct report_writer *writer, const struct report_cell *cells)
{
	if (writer->has_failed)
		return;
	writer->form->row(writer, cells);
	writer->row_count++;
	give_away(writer, PIECE_BYTES);
}

void report_writer_end_table(struct report_writer *writer)
{
	if (writer->form->end_table != NULL)
		writer->form->end_table(writer);
}

bool report_writer_end(struct report_writer *writer)
{
	if (writer->form->end != NULL)
		writer->form->end(writer);
	give_away(writer, 0);
	return !writer->has_failed;
}

/* ---- cells ---- */

bool report_cell_is_empty(const struct report_column *column, const struct report_cell *cell)
{
	switch (column->kind) {
	case CELL_TEXT:
	case CELL_CODE:
	case CELL_WORD:
		return cell->text.len == 0;
	case CELL_NUMBER:
	case CELL_BOOL:
	case CELL_TIME:
	case CELL_SECONDS:
		return !cell->has_number;
	case CELL_CHANGES:
	case CELL_WORKSPACES:
		break;
	}
	return cell->count == 0;
}

void report_item_add(enum report_cell_kind kind, const struct report_item *item, struct str *out)
{
	if (kind == CELL_CHANGES) {
		utf8_printable(item->a, out);
		str_add_c(out, ": ");
		if (item->b.at != NULL) {
			utf8_printable(item->b, out);
			str_add_c(out, " → ");
		}
		utf8_printable(item->c, out);
		return;
	}
	utf8_printable(item->b.at != NULL ? item->b : item->a, out);
	if (item->c.at != NULL) {
		str_add_c(out, " (");
		utf8_printable(item->c, out);
		str_add_byte(out, ')');
	}
}

static void add_number(enum report_cell_kind kind, const struct report_cell *cell, struct str *out)
{
	char text[TIME_TEXT_SIZE];

	if (!cell->has_number)
		return;
	if (kind == CELL_NUMBER) {
		str_addf(out, "%" PRId64, cell->number);
	} else if (kind == CELL_BOOL) {
		str_add_c(out, cell->number != 0 ? "yes" : "no");
	} else if (kind == CELL_TIME) {
		time_format(cell->number, false, text);
		str_add_c(out, text);
	} else if (cell->number == 0) {
		str_add_c(out, "under 1s");
	} else {
		duration_format(cell->number * TIME_SECOND_MS, text);
		str_add_c(out, text);
	}
}

void report_cell_add(
    const struct report_column *column, const struct report_cell *cell, struct str *out)
{
	switch (column->kind) {
	case CELL_TEXT:
	case CELL_CODE:
	case CELL_WORD:
		utf8_printable(cell->text, out);
		break;
	case CELL_NUMBER:
	case CELL_BOOL:
	case CELL_TIME:
	case CELL_SECONDS:
		add_number(column->kind, cell, out);
		break;
	case CELL_CHANGES:
	case CELL_WORKSPACES:
		for (size_t i = 0; i < cell->count; i++) {
			if (i > 0)
				str_add_c(out, "; ");
			report_item_add(column->kind, &cell->items[i], out);
		}
		break;
	}
}

void report_period_add(const struct report_head *head, struct str *out)
{
	char since[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];

	time_format(head->period.since_ms, false, since);
	time_format(head->period.until_ms, false, until);
	if (head->about_now != NULL)
		str_add_c(out, head->about_now);
	if (head->period.since_ms == INT64_MIN)
		str_add_c(out, "from the beginning of the record");
	else
		str_addf(out, "from %s", since);
	if (head->period.until_ms == INT64_MAX)
		str_add_c(out, " until now");
	else
		str_addf(out, " until %s", until);
}
