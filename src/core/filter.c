/* SPDX-License-Identifier: ISC */
/*
 * What compiling and evaluating share: making texts comparable, and reading numbers and times.
 */
#include "core/filter.h"
#include "base/time.h"
#include "base/unicode.h"
#include "core/filter_p.h"
#include <stdlib.h>

void filter_free(struct filter **filter)
{
	if (*filter == NULL)
		return;
	arena_free(&(*filter)->arena);
	free(*filter);
	*filter = NULL;
}

struct span filter_text(const struct filter *filter)
{
	return filter->text;
}

void filter_escape(struct span value, struct str *out)
{
	bool is_text = utf8_is_valid(value);

	str_reserve(out, value.len);
	for (size_t i = 0; i < value.len; i++) {
		uint8_t byte = (uint8_t)value.at[i];

		if (byte == '*' || byte == '(' || byte == ')' || byte == '\\' || byte == '\0' ||
		    (byte >= 0x80 && !is_text))
			str_addf(out, "\\%02x", byte);
		else
			str_add_byte(out, (char)byte);
	}
}

bool filter_is_number(struct span text)
{
	size_t sign = text.len > 0 && text.at[0] == '-';

	for (size_t i = sign; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	}
	return text.len > sign;
}

/* Takes off the sign and leading zeros; zero has no digits left and is never negative. */
static struct span read_digits(struct span number, bool *ret_negative)
{
	*ret_negative = number.at[0] == '-';
	number = (struct span) { number.at + *ret_negative, number.len - *ret_negative };
	while (number.len > 0 && number.at[0] == '0')
		number = (struct span) { number.at + 1, number.len - 1 };
	*ret_negative = *ret_negative && number.len > 0;
	return number;
}

int filter_compare_numbers(struct span a, struct span b)
{
	bool a_negative, b_negative;
	int order;

	a = read_digits(a, &a_negative);
	b = read_digits(b, &b_negative);
	if (a_negative != b_negative)
		return a_negative ? -1 : 1;
	if (a.len != b.len)
		order = a.len < b.len ? -1 : 1;
	else
		order = a.len == 0 ? 0 : memcmp(a.at, b.at, a.len);
	return a_negative ? -order : order;
}

bool filter_read_time(struct span text, int64_t *ret_wall_ms)
{
	return time_parse_generalized(text, ret_wall_ms) || time_parse_iso(text, ret_wall_ms);
}

static bool ignores_case(enum filter_syntax syntax)
{
	return syntax != SYNTAX_EXACT && syntax != SYNTAX_NUMERIC && syntax != SYNTAX_OCTETS;
}

size_t filter_squeeze(struct span text, enum filter_syntax syntax, unsigned keep, char *ret_text)
{
	bool fold = ignores_case(syntax);
	bool drop = syntax == SYNTAX_PHONE || syntax == SYNTAX_NUMERIC;
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (syntax != SYNTAX_OCTETS && c == ' ' &&
		    (drop || (len == 0 ? !(keep & FILTER_KEEP_LEFT) : ret_text[len - 1] == ' ')))
			continue;
		if (c == '-' && syntax == SYNTAX_PHONE)
			continue;
		ret_text[len++] = (char)(c | (fold && c >= 'A' && c <= 'Z' ? 0x20 : 0));
	}
	if (syntax != SYNTAX_OCTETS && len > 0 && ret_text[len - 1] == ' ' &&
	    !(keep & FILTER_KEEP_RIGHT))
		len--;
	return len;
}

void filter_prepare(struct span text, enum filter_syntax syntax, unsigned keep, struct str *out)
{
	size_t start = out->len, len;

	str_reserve(out, text.len + 1);
	if (!ignores_case(syntax) || !utf8_fold(text, out))
		str_add(out, text);
	len = filter_squeeze(
	    (struct span) { out->at + start, out->len - start }, syntax, keep, out->at + start);
	str_truncate(out, start + len);
}
