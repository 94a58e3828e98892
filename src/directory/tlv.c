/* SPDX-License-Identifier: ISC */
/*
 * Tags of one byte and lengths of up to four are all that these controls use.
 */
#include "directory/tlv.h"

static bool take_length(struct span *rest, size_t *ret_length)
{
	unsigned first, count;

	if (rest->len == 0)
		return false;
	first = (unsigned char)rest->at[0];
	*rest = (struct span) { rest->at + 1, rest->len - 1 };
	if (first < 0x80) {
		*ret_length = first;
		return true;
	}
	count = first & 0x7f;
	if (count == 0 || count > 4 || count > rest->len)
		return false;
	*ret_length = 0;
	for (unsigned i = 0; i < count; i++)
		*ret_length = *ret_length << 8 | (unsigned char)rest->at[i];
	*rest = (struct span) { rest->at + count, rest->len - count };
	return true;
}

bool tlv_next(struct span *rest, uint8_t *ret_tag, struct span *ret_body)
{
	struct span here = *rest;
	size_t length;
	uint8_t tag;

	if (here.len == 0)
		return false;
	tag = (uint8_t)here.at[0];
	here = (struct span) { here.at + 1, here.len - 1 };
	if (!take_length(&here, &length) || length > here.len)
		return false;
	*ret_tag = tag;
	*ret_body = (struct span) { here.at, length };
	*rest = (struct span) { here.at + length, here.len - length };
	return true;
}

bool tlv_take(struct span *rest, uint8_t tag, struct span *ret_body)
{
	struct span here = *rest;
	uint8_t found;

	if (!tlv_next(&here, &found, ret_body) || found != tag)
		return false;
	*rest = here;
	return true;
}

bool tlv_number(struct span body, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (body.len == 0 || body.len > 4 || ((unsigned char)body.at[0] & 0x80) != 0)
		return false;
	for (size_t i = 0; i < body.len; i++)
		number = number << 8 | (unsigned char)body.at[i];
	*ret_number = number;
	return true;
}

bool tlv_take_flag(struct span *rest, bool fallback)
{
	struct span body;

	if (!tlv_take(rest, TLV_BOOLEAN, &body) || body.len != 1)
		return fallback;
	return body.at[0] != 0;
}

void tlv_add(struct str *out, uint8_t tag, struct span body)
{
	str_add_byte(out, (char)tag);
	if (body.len < 0x80) {
		str_add_byte(out, (char)body.len);
	} else {
		unsigned count = 1;

		while (count < 4 && body.len >> (8 * count) != 0)
			count++;
		str_add_byte(out, (char)(0x80 | count));
		for (unsigned i = count; i-- > 0;)
			str_add_byte(out, (char)(body.len >> (8 * i)));
	}
	str_add(out, body);
}
