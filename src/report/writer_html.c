/* SPDX-License-Identifier: ISC */
/*
 * A report as one page that needs nothing else: no outside resource is named in it, and its policy
 * would refuse one.  Everything that comes from outside goes through put_text.
 *
 * A row has its main columns, and one column of details with all the rest.
 */
#include "report/page.h"
#include "report/writer_p.h"

#include "base/hash.h"
#include "base/time.h"
#include "base/unicode.h"
#include "report/chart.h"
#include <inttypes.h>

static void put_c(struct report_writer *writer, const char *text)
{
	str_add_c(&writer->out, text);
}

static void put_text(struct report_writer *writer, struct span text)
{
	str_truncate(&writer->scratch, 0);
	utf8_printable(text, &writer->scratch);
	report_html_escape(str_span(&writer->scratch), &writer->out);
}

/* A source that the policy allows: 'sha256-…' of the very bytes between the tags. */
static void put_source(struct report_writer *writer, const char *const *lines)
{
	uint8_t hash[SHA256_BYTES];

	str_truncate(&writer->scratch, 0);
	for (; *lines != NULL; lines++)
		str_add_c(&writer->scratch, *lines);
	hash_sha256(str_span(&writer->scratch), hash);
	put_c(writer, "'sha256-");
	base64_encode((struct span) { (const char *)hash, sizeof(hash) }, &writer->out);
	put_c(writer, "'");
}

static void put_lines(struct report_writer *writer, const char *const *lines)
{
	for (; *lines != NULL; lines++)
		put_c(writer, *lines);
}

static void put_policy(struct report_writer *writer)
{
	put_c(writer, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src ");
	put_source(writer, report_page_style);
	put_c(writer, "; script-src ");
	put_source(writer, report_page_script);
	put_c(writer, "; base-uri 'none'; form-action 'none'\">\n");
}

static void put_time(struct report_writer *writer, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, false, text);
	str_addf(&writer->out, "<time datetime=\"%s\">", text);
	text[10] = ' ';
	text[19] = '\0';
	str_addf(&writer->out, "%s</time>", text);
}

static void put_head_item(struct report_writer *writer, const char *title)
{
	str_addf(&writer->out, "<div><dt>%s</dt><dd>", title);
}

static void put_meta(struct report_writer *writer)
{
	const struct report_head *head = writer->head;

	put_c(writer, "<dl class=\"meta\">");
	put_head_item(writer, head->subject != NULL ? "Run" : "Period");
	if (head->subject != NULL)
		put_text(writer, span_of(head->subject));
	else
		report_period_add(head, &writer->out);
	put_c(writer, "</dd></div>");
	put_head_item(writer, "Made");
	put_time(writer, head->now_ms);
	put_c(writer, "</dd></div>");
	put_head_item(writer, "Time zone");
	put_c(writer, "UTC, for all times</dd></div>");
	put_head_item(writer, "Tenant");
	put_text(writer, head->tenant);
	put_c(writer, "</dd></div></dl>\n");
}

static void put_contents(struct report_writer *writer)
{
	const struct report_head *head = writer->head;

	if (head->table_count < 2)
		return;
	put_c(writer, "<nav aria-label=\"Contents\">");
	for (size_t i = 0; i < head->table_count; i++)
		str_addf(&writer->out, "<a href=\"#%s\">%s</a> ", head->tables[i]->name,
		    head->tables[i]->title);
	put_c(writer, "</nav>\n");
}

static void begin(struct report_writer *writer)
{
	const struct report_head *head = writer->head;

	put_c(writer, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	put_policy(writer);
	put_c(writer, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n"
		      "<meta name=\"robots\" content=\"noindex\">\n<title>");
	str_addf(&writer->out, "%s – ", head->title);
	put_text(writer, head->program);
	put_c(writer, "</title>\n<style>");
	put_lines(writer, report_page_style);
	str_addf(&writer->out, "</style>\n</head>\n<body>\n<header>\n<p class=\"over\">%s, ",
	    head->over != NULL ? head->over : "Audit report");
	put_text(writer, head->program);
	str_addf(&writer->out, "</p>\n<h1>%s</h1>\n", head->title);
	put_meta(writer);
	put_contents(writer);
	put_c(writer, "</header>\n<main>\n");
}

static void put_facts(struct report_writer *writer, const struct report_fact *facts, size_t count)
{
	put_c(writer, "<dl class=\"facts\">\n");
	for (size_t i = 0; i < count; i++) {
		const struct report_column column = { .kind = facts[i].kind };
		bool is_long = facts[i].kind == CELL_TIME || facts[i].kind == CELL_SECONDS;

		str_addf(&writer->out, "<div><dt>%s</dt><dd class=\"%s%s\">", facts[i].title,
		    is_long ? "long" : "short", facts[i].is_bad ? " bad" : "");
		if (report_cell_is_empty(&column, &facts[i].value))
			put_c(writer, "–");
		else if (facts[i].kind == CELL_TIME)
			put_time(writer, facts[i].value.number);
		else
			report_cell_add(&column, &facts[i].value, &writer->out);
		put_c(writer, "</dd></div>\n");
	}
	put_c(writer, "</dl>\n");
}

static void put_chart(struct report_writer *writer, const struct report_chart *chart)
{
	if (writer->chart_count == 0)
		put_c(writer, "<div class=\"charts\">\n");
	report_chart_draw(chart, &writer->out);
}

/* ---- tables ---- */

/* Whether a word says that something is right, to be looked at, or wrong; NULL: neither. */
static const char *tone_of(struct span word)
{
	static const struct {
		const char *word, *tone;
	} tones[] = { { "done", "good" }, { "approved", "good" }, { "held", "warn" },
		{ "open", "warn" }, { "running", "warn" }, { "some rejected", "warn" },
		{ "sent", "warn" }, { "planned", "warn" }, { "unknown", "bad" },
		{ "failed", "bad" }, { "rejected", "bad" }, { "conflict", "bad" },
		{ "peer down", "bad" }, { "state", "bad" }, { "not certified", "bad" },
		{ "refused", "bad" }, { "partial", "bad" }, { "unsure", "warn" },
		{ "not checked", "warn" } };

	for (size_t i = 0; i < sizeof(tones) / sizeof(tones[0]); i++) {
		if (span_equal(span_of(tones[i].word), word))
			return tones[i].tone;
	}
	return NULL;
}

static void put_word(struct report_writer *writer, struct span word)
{
	const char *tone = tone_of(word);

	str_addf(&writer->out, "<span class=\"w%s%s\">", tone != NULL ? " " : "",
	    tone != NULL ? tone : "");
	put_text(writer, word);
	put_c(writer, "</span>");
}

static void put_value(struct report_writer *writer, const struct report_column *column,
    const struct report_cell *cell)
{
	if (report_cell_is_empty(column, cell))
		return;
	switch (column->kind) {
	case CELL_WORD:
		put_word(writer, cell->text);
		break;
	case CELL_CODE:
		put_c(writer, "<code>");
		put_text(writer, cell->text);
		put_c(writer, "</code>");
		break;
	case CELL_TIME:
		put_time(writer, cell->number);
		break;
	case CELL_BOOL:
		put_c(writer, cell->number != 0 ? "yes" : "<span class=\"warn\">no</span>");
		break;
	case CELL_TEXT:
		put_text(writer, cell->text);
		break;
	case CELL_NUMBER:
	case CELL_SECONDS:
	case CELL_CHANGES:
	case CELL_WORKSPACES:
		report_cell_add(column, cell, &writer->out);
		break;
	}
}

static bool is_list(const struct report_column *column)
{
	return column->kind == CELL_CHANGES || column->kind == CELL_WORKSPACES;
}

static bool is_number(const struct report_column *column)
{
	return column->kind == CELL_NUMBER || column->kind == CELL_SECONDS;
}

static void put_change(struct report_writer *writer, const struct report_item *item)
{
	put_c(writer, "<li class=\"c\"><span>");
	put_text(writer, item->a);
	put_c(writer, "</span> ");
	if (item->b.at != NULL) {
		put_c(writer, "<del>");
		put_text(writer, item->b);
		put_c(writer, "</del> → ");
	}
	put_c(writer, "<ins>");
	put_text(writer, item->c);
	put_c(writer, "</ins></li>");
}

static void put_workspace(
    struct report_writer *writer, const char *class, const struct report_item *item)
{
	str_addf(&writer->out, "<li class=\"%s\"><span>", class);
	put_text(writer, item->b.at != NULL ? item->b : item->a);
	put_c(writer, "</span>");
	if (item->c.at != NULL) {
		put_c(writer, " <small>");
		put_text(writer, item->c);
		put_c(writer, "</small>");
	}
	put_c(writer, "</li>");
}

static void put_lists(struct report_writer *writer, const struct report_cell *cells)
{
	const struct report_table *table = writer->table;
	bool has_any = false;

	for (size_t i = 0; i < table->count; i++) {
		const struct report_column *column = &table->columns[i];
		const char *class = strcmp(column->name, "lost") == 0     ? "lost"
				    : strcmp(column->name, "gained") == 0 ? "got"
									  : "has";

		if (column->is_main || !is_list(column))
			continue;
		for (size_t j = 0; j < cells[i].count; j++) {
			put_c(writer, has_any ? "" : "<ul>");
			has_any = true;
			if (column->kind == CELL_CHANGES)
				put_change(writer, &cells[i].items[j]);
			else
				put_workspace(writer, class, &cells[i].items[j]);
		}
	}
	if (has_any)
		put_c(writer, "</ul>");
}

static void put_rest(struct report_writer *writer, const struct report_cell *cells)
{
	const struct report_table *table = writer->table;

	put_c(writer, "<div class=\"m\">");
	for (size_t i = 0; i < table->count; i++) {
		const struct report_column *column = &table->columns[i];

		if (column->is_main || is_list(column) || report_cell_is_empty(column, &cells[i]))
			continue;
		str_addf(&writer->out, "<span><b>%s</b><i>", column->title);
		put_value(writer, column, &cells[i]);
		put_c(writer, "</i></span> ");
	}
	put_c(writer, "</div>");
}

static bool has_details(const struct report_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		if (!table->columns[i].is_main)
			return true;
	}
	return false;
}

static void open_table(struct report_writer *writer)
{
	const struct report_table *table = writer->table;

	str_addf(&writer->out,
	    "<div class=\"roll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"%s-title\">\n"
	    "<table>\n<caption>%s</caption>\n<thead><tr>",
	    table->name, table->title);
	for (size_t i = 0; i < table->count; i++) {
		const struct report_column *column = &table->columns[i];

		if (!column->is_main)
			continue;
		str_addf(&writer->out, "<th scope=\"col\" data-s%s%s>%s</th>",
		    column->is_filter ? " data-f" : "", is_number(column) ? " class=\"n\"" : "",
		    column->title);
	}
	if (has_details(table))
		put_c(writer, "<th scope=\"col\">Details</th>");
	put_c(writer, "</tr></thead>\n<tbody>\n");
}

static void begin_table(struct report_writer *writer)
{
	const struct report_table *table = writer->table;

	if (writer->chart_count > 0)
		put_c(writer, "</div>\n");
	writer->chart_count = 0;
	str_addf(&writer->out,
	    "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n"
	    "<p class=\"note\">%s</p>\n",
	    table->name, table->name, table->name, table->title, table->note);
}

/* An address may be broken behind its @. */
static void put_address(struct report_writer *writer, struct span address)
{
	size_t at = span_find(address, '@');

	if (at == address.len) {
		put_text(writer, address);
		return;
	}
	put_text(writer, (struct span) { address.at, at + 1 });
	put_c(writer, "<wbr>");
	put_text(writer, (struct span) { address.at + at + 1, address.len - at - 1 });
}

static void put_main(struct report_writer *writer, const struct report_column *column,
    const struct report_cell *cell)
{
	str_addf(&writer->out, "<td data-l=\"%s\"", column->title);
	if (column->kind == CELL_SECONDS)
		str_addf(
		    &writer->out, " data-v=\"%" PRId64 "\"", cell->has_number ? cell->number : -1);
	if (is_number(column))
		put_c(writer, " class=\"n\"");
	else if (strcmp(column->name, "userName") == 0)
		put_c(writer, " class=\"who\"");
	put_c(writer, ">");
	if (strcmp(column->name, "userName") == 0)
		put_address(writer, cell->text);
	else
		put_value(writer, column, cell);
	put_c(writer, "</td>");
}

static void put_row(struct report_writer *writer, const struct report_cell *cells)
{
	const struct report_table *table = writer->table;

	if (writer->row_count == 0)
		open_table(writer);
	put_c(writer, "<tr>");
	for (size_t i = 0; i < table->count; i++) {
		if (table->columns[i].is_main)
			put_main(writer, &table->columns[i], &cells[i]);
	}
	if (has_details(table)) {
		put_c(writer, "<td class=\"d\">");
		put_lists(writer, cells);
		put_rest(writer, cells);
		put_c(writer, "</td>");
	}
	put_c(writer, "</tr>\n");
}

static void end_table(struct report_writer *writer)
{
	if (writer->row_count == 0)
		str_addf(&writer->out, "<p class=\"none\">%s</p>\n", writer->table->empty);
	else
		str_addf(&writer->out,
		    "</tbody>\n</table>\n</div>\n<p class=\"rows\">%" PRIu64 " %s in all</p>\n",
		    writer->row_count, writer->row_count == 1 ? "row" : "rows");
	put_c(writer, "</section>\n");
}

static void end(struct report_writer *writer)
{
	put_c(writer, "</main>\n<footer>End of the report. It needs no network and holds all it "
		      "shows; it names people: keep it as you keep such records.</footer>\n"
		      "<script>");
	put_lines(writer, report_page_script);
	put_c(writer, "</script>\n</body>\n</html>\n");
}

const struct report_form report_form_html = {
	.begin = begin,
	.facts = put_facts,
	.chart = put_chart,
	.begin_table = begin_table,
	.row = put_row,
	.end_table = end_table,
	.end = end,
};
