/* SPDX-License-Identifier: ISC */
/*
 * Small readers for what members look like.
 */
#include "directory/member_text.h"

#define RANGE_OPTION ";range="

bool member_range_parse(struct span attribute, struct span name, struct member_range *ret_range)
{
	const size_t option_len = sizeof(RANGE_OPTION) - 1;
	struct span head, option, rest, first;
	struct member_range range = { 0 };

	if (attribute.len < name.len + option_len)
		return false;
	head = (struct span) { attribute.at, name.len };
	option = (struct span) { attribute.at + name.len, option_len };
	if (!span_equal_ascii_case(head, name) ||
	    !span_equal_ascii_case(option, SPAN(RANGE_OPTION)))
		return false;
	rest = (struct span) { option.at + option_len, attribute.len - name.len - option_len };
	if (span_find(rest, '-') == rest.len)
		return false;
	first = span_split(&rest, '-');
	range.is_final = span_equal(rest, SPAN("*"));
	if (!span_to_u64(first, &range.first) ||
	    (!range.is_final && (!span_to_u64(rest, &range.last) || range.last < range.first)))
		return false;
	*ret_range = range;
	return true;
}

static bool is_bit_string(struct span text)
{
	if (text.len < 4 || text.at[0] != '#' || text.at[1] != '\'' ||
	    text.at[text.len - 2] != '\'' || text.at[text.len - 1] != 'B')
		return false;
	for (size_t i = 2; i < text.len - 2; i++)
		if (text.at[i] != '0' && text.at[i] != '1')
			return false;
	return true;
}

struct span member_unique_dn(struct span value)
{
	for (size_t i = value.len; i-- > 0;)
		if (value.at[i] == '#') {
			struct span tail = { value.at + i, value.len - i };
			return is_bit_string(tail) ? (struct span) { value.at, i } : value;
		}
	return value;
}

bool member_is_group_class(struct span object_class)
{
	static const char word[] = "group";
	const size_t len = sizeof(word) - 1;

	for (size_t i = 0; i + len <= object_class.len; i++)
		if (span_equal_ascii_case(
			(struct span) { object_class.at + i, len }, SPAN("group")))
			return true;
	return false;
}

bool member_is_demanded_by(struct span object_class)
{
	return span_equal_ascii_case(object_class, SPAN("groupOfNames")) ||
	       span_equal_ascii_case(object_class, SPAN("groupOfUniqueNames"));
}
