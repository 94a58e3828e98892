/* SPDX-License-Identifier: ISC */
/*
 * Two kinds of chart: of time, with bars beside each other; of names, with bars below each other.
 * Colours come from classes, as the page's policy allows no style in attributes; each bar has its
 * numbers as a title.
 */
#include "report/chart.h"

#include "base/unicode.h"
#include <inttypes.h>

enum {
	WIDTH = 440,
	HEIGHT = 180,      /* of a chart of time */
	LEFT = 34,         /* room for the numbers of its axis */
	BOTTOM = 22,       /* room for its dates */
	ROW = 24,          /* of a chart of names */
	NAME_WIDTH = 150,  /* room for names */
	VALUE_WIDTH = 50,  /* room for the numbers behind the bars */
	NAME_COLUMNS = 24, /* characters that fit there */
};

void report_html_escape(struct span text, struct str *out)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.at[i]) {
		case '&':
			str_add_c(out, "&amp;");
			break;
		case '<':
			str_add_c(out, "&lt;");
			break;
		case '>':
			str_add_c(out, "&gt;");
			break;
		case '"':
			str_add_c(out, "&quot;");
			break;
		case '\'':
			str_add_c(out, "&#39;");
			break;
		default:
			str_add_byte(out, text.at[i]);
		}
	}
}

static void put_text(struct span text, struct str *out)
{
	struct str printable = { 0 };

	utf8_printable(text, &printable);
	report_html_escape(str_span(&printable), out);
	str_done(&printable);
}

static uint64_t total(const struct report_bar *bar)
{
	return bar->value[0] + bar->value[1];
}

static uint64_t find_highest(const struct report_chart *chart)
{
	uint64_t highest = 1;

	for (size_t i = 0; i < chart->count; i++)
		highest = total(&chart->bars[i]) > highest ? total(&chart->bars[i]) : highest;
	return highest;
}

/* The end of the axis: an even digit or 10, and zeros; at least the highest bar. */
static uint64_t find_top(const struct report_chart *chart)
{
	uint64_t highest = find_highest(chart), scale = 1;

	while (highest > 10 * scale)
		scale *= 10;
	return (highest + 2 * scale - 1) / (2 * scale) * (2 * scale);
}

/* "LABEL: 12 other changes, 2 deactivations" */
static void put_title(
    const struct report_chart *chart, const struct report_bar *bar, struct str *out)
{
	str_add_c(out, "<title>");
	put_text(bar->label, out);
	str_addf(out, ": %" PRIu64 " %s", bar->value[0], chart->series[0]);
	if (chart->series[1] != NULL)
		str_addf(out, ", %" PRIu64 " %s", bar->value[1], chart->series[1]);
	str_add_c(out, "</title>");
}

static void put_rule(double y, uint64_t value, struct str *out)
{
	str_addf(out,
	    "<line class=\"rule\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
	    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%" PRIu64 "</text>",
	    LEFT, WIDTH, y, y, LEFT - 6, y + 4, value);
}

static void put_date(
    const struct report_chart *chart, size_t at, const char *anchor, double x, struct str *out)
{
	str_addf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x, HEIGHT - 4, anchor);
	put_text(chart->bars[at].label, out);
	str_add_c(out, "</text>");
}

static void draw_time(const struct report_chart *chart, struct str *out)
{
	const double floor = HEIGHT - BOTTOM, room = floor - 8;
	double step = (double)(WIDTH - LEFT) / (double)chart->count;
	double wide = step > 24 ? 18 : step * 0.75;
	uint64_t top = find_top(chart);

	put_rule(floor, 0, out);
	put_rule(floor - room / 2, top / 2, out);
	put_rule(floor - room, top, out);
	for (size_t i = 0; i < chart->count; i++) {
		double x = LEFT + step * (double)i + (step - wide) / 2, y = floor;

		if (total(&chart->bars[i]) == 0)
			continue;
		str_add_c(out, "<g>");
		put_title(chart, &chart->bars[i], out);
		for (int j = 0; j < 2; j++) {
			double high = room * (double)chart->bars[i].value[j] / (double)top;

			y -= high;
			if (high > 0)
				str_addf(out,
				    "<rect class=\"s%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
				    "height=\"%.1f\"/>",
				    j, x, y, wide, high);
		}
		str_add_c(out, "</g>");
	}
	put_date(chart, 0, "start", LEFT, out);
	if (chart->count > 1)
		put_date(chart, chart->count - 1, "end", WIDTH, out);
}

static void put_name(struct span name, struct str *out)
{
	struct span fit = utf8_fit(name, NAME_COLUMNS);

	put_text(fit.len < name.len ? utf8_fit(name, NAME_COLUMNS - 1) : name, out);
	if (fit.len < name.len)
		str_add_c(out, "…");
}

static void draw_names(const struct report_chart *chart, struct str *out)
{
	const double room = WIDTH - NAME_WIDTH - VALUE_WIDTH;
	uint64_t top = find_highest(chart);

	for (size_t i = 0; i < chart->count; i++) {
		const struct report_bar *bar = &chart->bars[i];
		double x = NAME_WIDTH;
		int y = (int)i * ROW;

		str_add_c(out, "<g>");
		put_title(chart, bar, out);
		str_addf(out, "<text class=\"on\" x=\"%d\" y=\"%d\" text-anchor=\"end\">",
		    NAME_WIDTH - 8, y + 16);
		put_name(bar->label, out);
		str_add_c(out, "</text>");
		for (int j = 0; j < 2; j++) {
			double wide = room * (double)bar->value[j] / (double)top;

			if (wide > 0)
				str_addf(out,
				    "<rect class=\"s%d\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" "
				    "height=\"%d\"/>",
				    j, x, y + 4, wide, ROW - 8);
			x += wide;
		}
		str_addf(out, "<text x=\"%.1f\" y=\"%d\">%" PRIu64 "</text></g>", x + 6, y + 16,
		    total(bar));
	}
}

static void put_legend(const struct report_chart *chart, struct str *out)
{
	str_add_c(out, "<div class=\"key\">");
	for (int i = 0; i < 2 && chart->series[1] != NULL; i++)
		str_addf(out,
		    "<span><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"s%d\" "
		    "width=\"10\" height=\"10\"/></svg>%s</span>",
		    i, chart->series[i]);
	if (chart->series[1] == NULL)
		str_addf(out, "<span>%s</span>", chart->unit);
	str_add_c(out, "</div>");
}

void report_chart_draw(const struct report_chart *chart, struct str *out)
{
	int height = chart->is_time ? HEIGHT : (int)chart->count * ROW;

	str_addf(out, "<figure>\n<figcaption>%s</figcaption>", chart->title);
	if (chart->count == 0) {
		str_add_c(out, "<p class=\"none\">Nothing to draw.</p></figure>\n");
		return;
	}
	put_legend(chart, out);
	str_addf(out, "\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s, %s\">", WIDTH,
	    height, chart->title, chart->unit);
	if (chart->is_time)
		draw_time(chart, out);
	else
		draw_names(chart, out);
	str_add_c(out, "</svg>\n</figure>\n");
}
