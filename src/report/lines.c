/* SPDX-License-Identifier: ISC */
#include "report/lines.h"

#include "base/unicode.h"

enum { LABEL_COLUMN = 2, NARROW = 40, NARROW_COLUMN = 4 };

static const char *const style_codes[] = {
	[LINE_PLAIN] = "",
	[LINE_HEADING] = "\033[1m",
	[LINE_GOOD] = "\033[32m",
	[LINE_BAD] = "\033[31m",
	[LINE_DIM] = "\033[2m",
};

void lines_done(struct lines *lines)
{
	str_done(&lines->scratch);
}

static void put_styled(struct lines *lines, enum line_style style, struct span text)
{
	bool is_colored = lines->is_color && style != LINE_PLAIN && text.len > 0;

	if (is_colored)
		str_add_c(lines->out, style_codes[style]);
	str_add(lines->out, text);
	if (is_colored)
		str_add_c(lines->out, "\033[0m");
}

static void pad(struct lines *lines, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		str_add_byte(lines->out, ' ');
}

/* What of the text goes on one line: up to a space when not all does; at least one character. */
static struct span piece_of(struct span rest, size_t room)
{
	struct span fit = utf8_fit(rest, room);
	size_t len = fit.len;
	uint32_t code_point;

	if (fit.len == rest.len)
		return fit;
	while (len > 0 && rest.at[len] != ' ')
		len--;
	if (len > 0)
		fit.len = len;
	if (fit.len == 0) {
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

static void put_text(struct lines *lines, size_t column, enum line_style style, struct span text)
{
	size_t room = lines->width > column ? lines->width - column : 1;
	struct span rest;

	str_truncate(&lines->scratch, 0);
	utf8_printable(text, &lines->scratch);
	rest = str_span(&lines->scratch);
	while (lines->width > 0 && rest.len > 0) {
		struct span piece = piece_of(rest, room);

		put_styled(lines, style, piece);
		rest = behind(rest, piece.len);
		if (rest.len == 0)
			return;
		str_add_byte(lines->out, '\n');
		pad(lines, 0, column);
	}
	put_styled(lines, style, rest);
}

void lines_heading(struct lines *lines, struct span text)
{
	if (lines->has_begun)
		str_add_byte(lines->out, '\n');
	lines->has_begun = true;
	put_text(lines, 0, LINE_HEADING, text);
	str_add_byte(lines->out, '\n');
}

void lines_put(
    struct lines *lines, const char *label, size_t column, enum line_style style, struct span text)
{
	size_t at = LABEL_COLUMN + (label == NULL ? 0 : utf8_columns(span_of(label)));

	if (lines->width > 0 && lines->width < NARROW)
		column = NARROW_COLUMN;
	pad(lines, 0, LABEL_COLUMN);
	if (label != NULL)
		put_text(lines, LABEL_COLUMN, LINE_PLAIN, span_of(label));
	if (text.len > 0 && at >= column && label != NULL) {
		str_add_byte(lines->out, '\n');
		at = 0;
	}
	if (text.len > 0)
		pad(lines, at, column);
	put_text(lines, column, style, text);
	str_add_byte(lines->out, '\n');
}

void lines_take(
    struct lines *lines, const char *label, size_t column, enum line_style style, struct str *text)
{
	lines_put(lines, label, column, style, str_span(text));
	str_truncate(text, 0);
}
