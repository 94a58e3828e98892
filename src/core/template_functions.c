/* SPDX-License-Identifier: ISC */
/*
 * The functions of templates that turn one value into one.  What only cuts gives a view.
 */
#include "base/time.h"
#include "base/unicode.h"
#include "core/dn.h"
#include "core/template_p.h"
#include <errno.h>
#include <stdlib.h>

/* Copies what a function left in `scratch`, if it is not too long. */
static bool keep_scratch(struct template_run *run, struct span *ret_value)
{
	if (run->scratch.len > TEMPLATE_VALUE_MAX_BYTES) {
		err_set(run->reterr, "attribute %.*s becomes longer than %d bytes",
		    SPAN_ARG(run->name), TEMPLATE_VALUE_MAX_BYTES);
		return false;
	}
	*ret_value = arena_span(run->arena, str_span(&run->scratch));
	return true;
}

typedef bool map_text(struct span text, struct str *out);

static bool apply_map(
    struct template_run *run, map_text *map, struct span value, struct span *ret_value)
{
	str_truncate(&run->scratch, 0);
	/* The value was checked, so that this cannot fail. */
	map(value, &run->scratch);
	return keep_scratch(run, ret_value);
}

/* Turns letters from `first` on into the other case; a value without any stays a view. */
static bool apply_case(struct template_run *run, const struct template_step *step,
    struct span value, struct span *ret_value)
{
	bool lower = step->function == TEMPLATE_LOWER;
	char first = lower ? 'A' : 'a', last = lower ? 'Z' : 'z';
	bool changes = false;
	char *text;

	for (size_t i = 0; i < value.len; i++) {
		if ((unsigned char)value.at[i] >= 0x80)
			return apply_map(run, lower ? utf8_lower : utf8_upper, value, ret_value);
		changes = changes || (value.at[i] >= first && value.at[i] <= last);
	}
	*ret_value = value;
	if (!changes)
		return true;
	text = arena_alloc(run->arena, value.len + 1);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		text[i] = (char)(c >= first && c <= last ? c ^ 0x20 : c);
	}
	*ret_value = (struct span) { text, value.len };
	return true;
}

static struct span cut_before(struct span value, struct span mark)
{
	const char *at = memmem(value.at, value.len, mark.at, mark.len);

	return at == NULL ? value : (struct span) { value.at, (size_t)(at - value.at) };
}

static struct span cut_after(struct span value, struct span mark)
{
	const char *at = memmem(value.at, value.len, mark.at, mark.len);
	size_t skip;

	if (at == NULL)
		return SPAN_NULL;
	skip = (size_t)(at - value.at) + mark.len;
	return (struct span) { value.at + skip, value.len - skip };
}

/* The offset behind so many characters. */
static size_t skip_characters(struct span value, size_t count)
{
	size_t at = 0;

	for (; at < value.len && count > 0; count--) {
		at++;
		while (at < value.len && ((unsigned char)value.at[at] & 0xC0) == 0x80)
			at++;
	}
	return at;
}

static struct span cut_right(struct span value, size_t count)
{
	size_t have = utf8_length(value), skip;

	if (have <= count)
		return value;
	skip = skip_characters(value, have - count);
	return (struct span) { value.at + skip, value.len - skip };
}

static bool apply_rdn(struct template_run *run, struct span value, struct span *ret_value)
{
	value = dn_rdn_value(value);
	if (span_find(value, '\\') == value.len) {
		*ret_value = value;
		return true;
	}
	str_truncate(&run->scratch, 0);
	dn_unescape(value, &run->scratch);
	if (!utf8_is_valid(str_span(&run->scratch))) {
		err_set(run->reterr,
		    "attribute %.*s has an RDN that is not UTF-8; correct the entry",
		    SPAN_ARG(run->name));
		return false;
	}
	return keep_scratch(run, ret_value);
}

static bool is_all_digits(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	}
	return text.len > 0;
}

/* Reads digits alone: eight are a date as HR systems write it, more are a FILETIME. */
static bool read_digits(struct span text, int64_t *ret_wall_ms, bool *ret_never)
{
	char iso[11];
	uint64_t number;

	if (!is_all_digits(text))
		return false;
	if (text.len == 8) {
		memcpy(iso, text.at, 4);
		memcpy(iso + 5, text.at + 4, 2);
		memcpy(iso + 8, text.at + 6, 2);
		iso[4] = iso[7] = '-';
		return time_parse_iso((struct span) { iso, 10 }, ret_wall_ms);
	}
	if (!span_to_u64(text, &number) || number > INT64_MAX)
		return false;
	*ret_never = !time_from_filetime((int64_t)number, ret_wall_ms);
	return true;
}

static bool apply_date(struct template_run *run, struct span value, struct span *ret_value)
{
	struct span text = span_trim(value);
	int64_t wall_ms = 0;
	bool never = false;
	char formatted[TIME_TEXT_SIZE];

	if (!read_digits(text, &wall_ms, &never) && !time_parse_generalized(text, &wall_ms) &&
	    !time_parse_iso(text, &wall_ms)) {
		err_set(run->reterr,
		    "attribute %.*s holds neither GeneralizedTime nor FILETIME nor ISO 8601; "
		    "correct the entry",
		    SPAN_ARG(run->name));
		return false;
	}
	if (never) {
		*ret_value = SPAN_NULL;
		return true;
	}
	time_format(wall_ms, false, formatted);
	text = span_of(formatted);
	text.len = span_find(text, 'T');
	*ret_value = arena_span(run->arena, text);
	return true;
}

static bool apply_replace(struct template_run *run, const struct template_step *step,
    struct span value, struct span *ret_value)
{
	str_truncate(&run->scratch, 0);
	if (!replace_apply(step->replace, value, &run->scratch)) {
		err_set(run->reterr,
		    "attribute %.*s is too much for `replace`: longer than %d bytes, or the "
		    "pattern "
		    "needs too many attempts; simplify the pattern or put left(n) before it",
		    SPAN_ARG(run->name), TEMPLATE_REPLACE_MAX_BYTES);
		return false;
	}
	return keep_scratch(run, ret_value);
}

bool template_apply(struct template_run *run, const struct template_step *step, struct span value,
    struct span *ret_value)
{
	if (value.len == 0) {
		*ret_value = step->function == TEMPLATE_DEFAULT ? step->text : SPAN_NULL;
		return true;
	}
	switch (step->function) {
	case TEMPLATE_LOWER:
	case TEMPLATE_UPPER:
		return apply_case(run, step, value, ret_value);
	case TEMPLATE_TRIM:
		*ret_value = span_trim(value);
		return true;
	case TEMPLATE_ASCII:
		return apply_map(run, utf8_to_ascii, value, ret_value);
	case TEMPLATE_NFC:
		return apply_map(run, utf8_nfc, value, ret_value);
	case TEMPLATE_BEFORE:
		*ret_value = cut_before(value, step->text);
		return true;
	case TEMPLATE_AFTER:
		*ret_value = cut_after(value, step->text);
		return true;
	case TEMPLATE_LEFT:
		*ret_value = (struct span) { value.at, skip_characters(value, step->count) };
		return true;
	case TEMPLATE_RIGHT:
		*ret_value = cut_right(value, step->count);
		return true;
	case TEMPLATE_REPLACE:
		return apply_replace(run, step, value, ret_value);
	case TEMPLATE_RDN:
		return apply_rdn(run, value, ret_value);
	case TEMPLATE_DATE:
		return apply_date(run, value, ret_value);
	case TEMPLATE_FIRST:
	case TEMPLATE_LAST:
	case TEMPLATE_JOIN:
	case TEMPLATE_DEFAULT:
		break;
	}
	*ret_value = value;
	return true;
}
