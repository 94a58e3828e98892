/* SPDX-License-Identifier: ISC */
#include "report/lines.h"

#include "base/unicode.h"
#include <stdint.h>

enum { LABEL_COLUMN = 2, NARROW = 40, NARROW_COLUMN = 4 };

static const char *const style_codes[] = {
	[LINE_PLAIN] = "",
	[LINE_HEADING] = "\033[1m",
	[LINE_GOOD] = "\033[32m",
	[LINE_BAD] = "\033[31m",
	[LINE_CHANGE] = "\033[33m",
	[LINE_DIM] = "\033[2m",
};

void lines_done(struct lines *lines)
{
	str_done(&lines->scratch);
}

size_t lines_room(const struct lines *lines)
{
	if (lines->width == 0)
		return SIZE_MAX;
	return lines->column >= lines->width ? 0 : lines->width - lines->column;
}

static void put_styled(struct lines *lines, enum line_style style, struct span text)
{
	bool is_colored = lines->is_color && style != LINE_PLAIN && text.len > 0;

	if (is_colored)
		str_add_c(lines->out, style_codes[style]);
	str_add(lines->out, text);
	if (is_colored)
		str_add_c(lines->out, "\033[0m");
	lines->column += utf8_columns(text);
}

static struct span make_printable(struct lines *lines, struct span text)
{
	str_truncate(&lines->scratch, 0);
	utf8_printable(text, &lines->scratch);
	return str_span(&lines->scratch);
}

void lines_text(struct lines *lines, enum line_style style, struct span text, size_t limit)
{
	size_t left = lines_room(lines);
	struct span shown;
	bool is_at_end = limit == 0 || limit >= left;

	if (left == 0)
		return;
	if (!is_at_end)
		left = limit;
	shown = make_printable(lines, text);
	if (utf8_columns(shown) <= left) {
		put_styled(lines, style, shown);
		return;
	}
	str_truncate(&lines->scratch, utf8_fit(shown, left - 1).len);
	str_add_c(&lines->scratch, "…");
	put_styled(lines, style, str_span(&lines->scratch));
	/* Before a wide character one column may be free, but nothing belongs there. */
	if (is_at_end)
		lines->column = lines->width;
}

void lines_indent(struct lines *lines, size_t column)
{
	for (; lines->column < column && lines_room(lines) > 0; lines->column++)
		str_add_byte(lines->out, ' ');
}

void lines_end(struct lines *lines)
{
	str_add_byte(lines->out, '\n');
	lines->column = 0;
}

/* What of the text goes on this line: up to a space when not all does. */
static struct span piece_of(const struct lines *lines, struct span rest, size_t indent)
{
	struct span fit = utf8_fit(rest, lines_room(lines));
	size_t len = fit.len;
	uint32_t code_point;

	if (fit.len == rest.len)
		return fit;
	while (len > 0 && rest.at[len] != ' ')
		len--;
	/* One word that is wider than a line is broken, but not when it may have the next line. */
	if (len > 0 || (lines->column > indent && lines->column > lines->width / 2))
		fit.len = len;
	else if (fit.len == 0) {
		fit.len = utf8_next(rest, &code_point);
		if (fit.len == 0)
			fit.len = 1;
	}
	return fit;
}

static struct span behind(struct span rest, size_t len)
{
	rest.at += len;
	rest.len -= len;
	while (rest.len > 0 && rest.at[0] == ' ') {
		rest.at++;
		rest.len--;
	}
	return rest;
}

void lines_wrap(struct lines *lines, enum line_style style, struct span text, size_t indent)
{
	struct span rest = make_printable(lines, text);

	if (lines->width == 0) {
		put_styled(lines, style, rest);
		return;
	}
	if (indent >= lines->width)
		indent = lines->width - 1;
	while (rest.len > 0) {
		struct span piece = piece_of(lines, rest, indent);

		put_styled(lines, style, piece);
		rest = behind(rest, piece.len);
		if (rest.len == 0)
			return;
		lines_end(lines);
		lines_indent(lines, indent);
	}
}

void lines_heading(struct lines *lines, struct span text)
{
	if (lines->has_begun)
		lines_end(lines);
	lines->has_begun = true;
	lines_wrap(lines, LINE_HEADING, text, 0);
	lines_end(lines);
}

void lines_put(
    struct lines *lines, const char *label, size_t column, enum line_style style, struct span text)
{
	if (lines->width > 0 && lines->width < NARROW)
		column = NARROW_COLUMN;
	lines_indent(lines, LABEL_COLUMN);
	if (label != NULL)
		lines_wrap(lines, LINE_PLAIN, span_of(label), LABEL_COLUMN);
	if (text.len > 0 && lines->column >= column && label != NULL)
		lines_end(lines);
	if (text.len > 0)
		lines_indent(lines, column);
	lines_wrap(lines, style, text, column);
	lines_end(lines);
}

void lines_take(
    struct lines *lines, const char *label, size_t column, enum line_style style, struct str *text)
{
	lines_put(lines, label, column, style, str_span(text));
	str_truncate(text, 0);
}
