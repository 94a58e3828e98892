/* SPDX-License-Identifier: ISC */
#include "app/config_text.h"

#include "base/unicode.h"

enum { COLUMNS_MAX = 98 };

bool config_text_allows(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
			return false;
	return utf8_is_valid(text);
}

/* Whether it shows as itself. */
static bool is_printable(struct span character)
{
	struct str shown = { 0 };
	bool is_same;

	utf8_printable(character, &shown);
	is_same = span_equal(str_span(&shown), character);
	str_done(&shown);
	return is_same;
}

static void add_character(struct span character, struct str *out)
{
	if (is_printable(character)) {
		if (character.at[0] == '"' || character.at[0] == '\\')
			str_add_byte(out, '\\');
		str_add(out, character);
		return;
	}
	for (size_t i = 0; i < character.len; i++)
		str_addf(out, "\\x%02x", (unsigned char)character.at[i]);
}

void config_text_quote(struct span text, struct str *out)
{
	str_add_byte(out, '"');
	while (text.len > 0) {
		uint32_t code_point;
		size_t len = utf8_next(text, &code_point);

		len = len == 0 ? 1 : len;
		add_character((struct span) { text.at, len }, out);
		text = (struct span) { text.at + len, text.len - len };
	}
	str_add_byte(out, '"');
}

void config_text_member(const char *name, struct span text, struct str *out)
{
	str_addf(out, "%s = ", name);
	config_text_quote(text, out);
	str_add_byte(out, ';');
}

void config_text_list(const struct span *texts, size_t count, struct str *out)
{
	str_add_c(out, "[ ");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add_c(out, ", ");
		config_text_quote(texts[i], out);
	}
	str_add_c(out, count > 0 ? " ]" : "]");
}

static void begin_line(struct str *out, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++)
		str_add_byte(out, ' ');
	str_add_byte(out, '#');
}

/* Words, as many as a line holds. */
static void wrap(struct str *out, unsigned indent, struct span text)
{
	size_t columns = 0;

	while (text.len > 0) {
		struct span word = span_split(&text, ' ');
		size_t wide = utf8_columns(word) + 1;

		if (columns == 0 || columns + wide > COLUMNS_MAX) {
			if (columns > 0)
				str_add_byte(out, '\n');
			begin_line(out, indent);
			columns = indent + 1;
		}
		str_add_byte(out, ' ');
		str_add(out, word);
		columns += wide;
	}
	str_add_byte(out, '\n');
}

void config_text_note(struct str *out, unsigned indent, const char *format, ...)
{
	struct str raw = { 0 }, shown = { 0 };
	va_list arguments;

	va_start(arguments, format);
	str_addv(&raw, format, arguments);
	va_end(arguments);
	utf8_printable(str_span(&raw), &shown);
	wrap(out, indent, str_span(&shown));
	str_done(&raw);
	str_done(&shown);
}

void config_text_out(struct str *out, unsigned indent, struct span line)
{
	begin_line(out, indent);
	str_add_byte(out, ' ');
	utf8_printable(line, out);
	str_add_byte(out, '\n');
}
