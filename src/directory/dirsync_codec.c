/* SPDX-License-Identifier: ISC */
/*
 * Flags are a signed number on the wire, so the highest of them makes it negative.
 */
#include "directory/dirsync_codec.h"

#include "directory/tlv.h"

/* How large an answer may be, 1 MiB; a server may send less. */
#define ANSWER_BYTES UINT32_C(0x00100000)

/* In as few bytes as leave the sign as it is (X.690 8.3.2). */
static void add_number(struct str *out, uint32_t number)
{
	const char bytes[] = { (char)(number >> 24), (char)(number >> 16), (char)(number >> 8),
		(char)number };
	size_t skip = 0;

	while (skip < sizeof(bytes) - 1 && bytes[skip] == 0 && (bytes[skip + 1] & 0x80) == 0)
		skip++;
	tlv_add(out, TLV_INTEGER, (struct span) { bytes + skip, sizeof(bytes) - skip });
}

void dirsync_question_encode(uint32_t flags, struct span cookie, struct str *out)
{
	struct str body = { 0 };

	add_number(&body, flags);
	add_number(&body, ANSWER_BYTES);
	tlv_add(&body, TLV_OCTETS, cookie.at == NULL ? SPAN("") : cookie);
	tlv_add(out, TLV_SEQUENCE, str_span(&body));
	str_done(&body);
}

bool dirsync_answer_decode(struct span value, struct dirsync_answer *ret_answer)
{
	struct span body, more, unused;

	if (!tlv_take(&value, TLV_SEQUENCE, &body) || value.len != 0)
		return false;
	if (!tlv_take(&body, TLV_INTEGER, &more) || !tlv_take(&body, TLV_INTEGER, &unused) ||
	    !tlv_take(&body, TLV_OCTETS, &ret_answer->cookie) || more.len == 0)
		return false;
	ret_answer->has_more = false;
	for (size_t i = 0; i < more.len; i++)
		ret_answer->has_more |= more.at[i] != 0;
	return true;
}
