/* SPDX-License-Identifier: ISC */
/*
 * Evaluating in three values.  Nearly every value is ASCII and differs in its first bytes, so the
 * comparison of texts folds while it walks and asks for Unicode only when it meets some.
 */
#include "base/unicode.h"
#include "core/dn.h"
#include "core/filter_p.h"
#include <errno.h>
#include <stdlib.h>

enum { STACK_TEXT_BYTES = 256 }; /* of a value that is squeezed without allocation */

enum likeness { SAME, DIFFERENT, UNSURE };

static bool is_high(char c)
{
	return ((unsigned char)c & 0x80) != 0;
}

/*
 * Compares an ASCII value with a prepared text.  A difference just before a character beyond ASCII
 * is no verdict, as that may be an accent which joins the letter.
 */
static enum likeness compare_ascii(struct span value, struct span prepared)
{
	size_t done = 0;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (is_high(c))
			return UNSURE;
		if (c == ' ' && (done == 0 || i + 1 == value.len || value.at[i + 1] == ' '))
			continue;
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (done == prepared.len || c != prepared.at[done])
			return i + 1 < value.len && is_high(value.at[i + 1]) ? UNSURE : DIFFERENT;
		done++;
	}
	return done == prepared.len ? SAME : DIFFERENT;
}

static bool is_ascii(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (is_high(text.at[i]))
			return false;
	}
	return true;
}

/* Makes a value comparable, in `stack` when it fits and is ASCII, else in `scratch`. */
static struct span prepare_value(
    const struct filter_node *node, struct span value, char *stack, struct str *scratch)
{
	if (node->syntax == SYNTAX_OCTETS)
		return value;
	if (value.len <= STACK_TEXT_BYTES && is_ascii(value))
		return (struct span) { stack, filter_squeeze(value, node->syntax, 0, stack) };
	str_truncate(scratch, 0);
	filter_prepare(value, node->syntax, 0, scratch);
	return str_span(scratch);
}

static bool same_bytes(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static enum filter_result result_of(bool is_true)
{
	return is_true ? FILTER_TRUE : FILTER_FALSE;
}

static enum filter_result equal_prepared(
    const struct filter_node *node, struct span value, struct str *scratch)
{
	char stack[STACK_TEXT_BYTES];

	return result_of(same_bytes(prepare_value(node, value, stack, scratch), node->value));
}

static enum filter_result equal_text(
    const struct filter_node *node, struct span value, struct str *scratch)
{
	/* "a  b " is as good as "a b", but the walk below cannot know that of the blank before it.
	 */
	enum likeness likeness;

	while (value.len > 0 && value.at[value.len - 1] == ' ')
		value.len--;
	likeness = compare_ascii(value, node->value);
	if (likeness != UNSURE)
		return result_of(likeness == SAME);
	return equal_prepared(node, value, scratch);
}

static enum filter_result equal_number(const struct filter_node *node, struct span value)
{
	value = span_trim(value);
	if (!filter_is_number(value))
		return FILTER_UNDEFINED;
	return result_of(filter_compare_numbers(value, node->value) == 0);
}

static enum filter_result equal_time(const struct filter_node *node, struct span value)
{
	int64_t time_ms;

	if (!filter_read_time(span_trim(value), &time_ms))
		return FILTER_UNDEFINED;
	return result_of(time_ms == node->time_ms);
}

static enum filter_result equal_category(
    const struct filter_node *node, struct span value, struct str *scratch)
{
	struct span normal;

	if (!node->is_prefix)
		return result_of(dn_equal_normalized(value, node->value, scratch));
	str_truncate(scratch, 0);
	dn_normalize(value, scratch);
	normal = str_span(scratch);
	return result_of(normal.len >= node->value.len &&
			 memcmp(normal.at, node->value.at, node->value.len) == 0);
}

static enum filter_result evaluate_equal(
    const struct filter_node *node, struct span value, struct str *scratch)
{
	switch (node->syntax) {
	case SYNTAX_TEXT:
	case SYNTAX_BOOLEAN:
		return equal_text(node, value, scratch);
	case SYNTAX_EXACT:
	case SYNTAX_PHONE:
	case SYNTAX_NUMERIC:
	case SYNTAX_OCTETS:
		return equal_prepared(node, value, scratch);
	case SYNTAX_INTEGER:
		return equal_number(node, value);
	case SYNTAX_TIME:
		return equal_time(node, value);
	case SYNTAX_DN:
		return result_of(dn_equal_normalized(value, node->value, scratch));
	case SYNTAX_CATEGORY:
		return equal_category(node, value, scratch);
	}
	return FILTER_UNDEFINED;
}

static enum filter_result evaluate_substrings(
    const struct filter_node *node, struct span value, struct str *scratch)
{
	char stack[STACK_TEXT_BYTES];
	struct span text = prepare_value(node, value, stack, scratch);
	struct span initial = node->pieces[0], final = node->pieces[node->piece_count - 1];
	const char *at = text.at, *end = text.at + text.len;

	if (text.len < initial.len + final.len ||
	    (initial.len > 0 && memcmp(at, initial.at, initial.len) != 0) ||
	    (final.len > 0 && memcmp(end - final.len, final.at, final.len) != 0))
		return FILTER_FALSE;
	at += initial.len;
	end -= final.len;
	for (size_t i = 1; i + 1 < node->piece_count; i++) {
		at = memmem(at, (size_t)(end - at), node->pieces[i].at, node->pieces[i].len);
		if (at == NULL)
			return FILTER_FALSE;
		at += node->pieces[i].len;
	}
	return FILTER_TRUE;
}

/* Orders the value against the assertion: as numbers, as times, else as text. */
static int order_value(const struct filter_node *node, struct span value, struct str *scratch)
{
	char stack[STACK_TEXT_BYTES];
	struct span bare = span_trim(value);
	int64_t time_ms;

	if (filter_is_number(node->value) && filter_is_number(bare))
		return filter_compare_numbers(bare, node->value);
	if (node->has_time && filter_read_time(bare, &time_ms))
		return time_ms < node->time_ms ? -1 : time_ms > node->time_ms;
	return span_compare(prepare_value(node, value, stack, scratch), node->value);
}

/* Reads what AD calls an integer: a signed number of at most 64 bits. */
static bool read_integer(struct span text, int64_t *ret_number)
{
	char buffer[24];

	text = span_trim(text);
	if (!filter_is_number(text) || text.len >= sizeof(buffer))
		return false;
	memcpy(buffer, text.at, text.len);
	buffer[text.len] = '\0';
	errno = 0;
	*ret_number = strtoll(buffer, NULL, 10);
	return errno == 0;
}

static enum filter_result evaluate_bits(const struct filter_node *node, struct span value)
{
	int64_t number;

	if (!read_integer(value, &number))
		return FILTER_UNDEFINED;
	if (node->kind == FILTER_ALL_BITS)
		return result_of((number & node->bits) == node->bits);
	return result_of((number & node->bits) != 0);
}

static enum filter_result evaluate_value(
    const struct filter_node *node, struct span value, struct str *scratch)
{
	switch (node->kind) {
	case FILTER_AND:
	case FILTER_OR:
	case FILTER_NOT:
		break;
	case FILTER_PRESENT:
		return FILTER_TRUE;
	case FILTER_EQUAL:
		return evaluate_equal(node, value, scratch);
	case FILTER_SUBSTRINGS:
		return evaluate_substrings(node, value, scratch);
	case FILTER_AT_LEAST:
		return result_of(order_value(node, value, scratch) >= 0);
	case FILTER_AT_MOST:
		return result_of(order_value(node, value, scratch) <= 0);
	case FILTER_ALL_BITS:
	case FILTER_ANY_BIT:
		return evaluate_bits(node, value);
	}
	return FILTER_UNDEFINED;
}

/* Joins what one more value says: any true value settles it, an undefined one leaves it open. */
static enum filter_result join_value(enum filter_result so_far, enum filter_result one)
{
	return one == FILTER_FALSE ? so_far : one;
}

/* The `:dn` of an extensible match: values in the entry's own name. */
static enum filter_result evaluate_dn_parts(
    const struct filter_node *node, struct span dn, enum filter_result result, struct str *scratch)
{
	struct span type, value;
	struct str plain = { 0 };

	while (result != FILTER_TRUE && dn_next_part(&dn, &type, &value)) {
		if (!span_equal_ascii_case(type, node->name))
			continue;
		str_truncate(&plain, 0);
		dn_unescape(value, &plain);
		result = join_value(result, evaluate_value(node, str_span(&plain), scratch));
	}
	str_done(&plain);
	return result;
}

static enum filter_result evaluate_item(const struct filter_node *node, const struct entry *entry)
{
	struct values values = entry_values(entry, node->slot);
	enum filter_result result = FILTER_FALSE;
	struct str scratch = { 0 };

	for (uint32_t i = 0; i < values.count && result != FILTER_TRUE; i++)
		result = join_value(result, evaluate_value(node, values.at[i], &scratch));
	if (node->with_dn && result != FILTER_TRUE)
		result = evaluate_dn_parts(node, entry->dn, result, &scratch);
	str_done(&scratch);
	return result;
}

static enum filter_result evaluate_node(const struct filter_node *node, const struct entry *entry);

/* `and` and `or` are each other's mirror: one child of the strong value decides. */
static enum filter_result evaluate_list(const struct filter_node *list, const struct entry *entry,
    enum filter_result strong, enum filter_result weak)
{
	enum filter_result result = weak;

	for (const struct filter_node *node = list->child; node != NULL; node = node->next) {
		enum filter_result one = evaluate_node(node, entry);

		if (one == strong)
			return strong;
		if (one == FILTER_UNDEFINED)
			result = FILTER_UNDEFINED;
	}
	return result;
}

static enum filter_result evaluate_node(const struct filter_node *node, const struct entry *entry)
{
	enum filter_result inner;

	switch (node->kind) {
	case FILTER_AND:
		return evaluate_list(node, entry, FILTER_FALSE, FILTER_TRUE);
	case FILTER_OR:
		return evaluate_list(node, entry, FILTER_TRUE, FILTER_FALSE);
	case FILTER_NOT:
		inner = evaluate_node(node->child, entry);
		return inner == FILTER_UNDEFINED ? inner : result_of(inner == FILTER_FALSE);
	case FILTER_PRESENT:
	case FILTER_EQUAL:
	case FILTER_SUBSTRINGS:
	case FILTER_AT_LEAST:
	case FILTER_AT_MOST:
	case FILTER_ALL_BITS:
	case FILTER_ANY_BIT:
		return evaluate_item(node, entry);
	}
	return FILTER_UNDEFINED;
}

enum filter_result filter_evaluate(const struct filter *filter, const struct entry *entry)
{
	return evaluate_node(filter->root, entry);
}

bool filter_matches(const struct filter *filter, const struct entry *entry)
{
	return filter_evaluate(filter, entry) == FILTER_TRUE;
}
