/* SPDX-License-Identifier: ISC */
/*
 * Ids are 16 bytes each, in the order in which a UUID is written (RFC 4533 2.1.2), so they are keys
 * as they stand.  A set of ids is looked through before it is believed: a list with one that is no
 * id is no list.
 */
#include "directory/sync_codec.h"

#include "directory/tlv.h"

enum { TAG_COOKIE = 0x80, TAG_DELETES_END = 0xa1, TAG_PRESENTS_END = 0xa2, TAG_IDS = 0xa3 };

void sync_request_encode(enum sync_mode mode, struct span cookie, struct str *out)
{
	struct str body = { 0 };
	char number = (char)mode;

	tlv_add(&body, TLV_ENUM, (struct span) { &number, 1 });
	if (cookie.at != NULL)
		tlv_add(&body, TLV_OCTETS, cookie);
	tlv_add(out, TLV_SEQUENCE, str_span(&body));
	str_done(&body);
}

static bool read_key(struct span body, struct uuid *ret_key)
{
	if (body.len != sizeof(ret_key->byte))
		return false;
	memcpy(ret_key->byte, body.at, sizeof(ret_key->byte));
	return true;
}

static struct span take_cookie(struct span *rest)
{
	struct span cookie = SPAN_NULL;

	return tlv_take(rest, TLV_OCTETS, &cookie) ? cookie : SPAN_NULL;
}

bool sync_state_decode(struct span value, struct sync_state *ret_state)
{
	struct span body, part;
	uint32_t state;

	if (!tlv_take(&value, TLV_SEQUENCE, &body) || value.len != 0)
		return false;
	if (!tlv_take(&body, TLV_ENUM, &part) || !tlv_number(part, &state) || state > SYNC_DELETE)
		return false;
	if (!tlv_take(&body, TLV_OCTETS, &part) || !read_key(part, &ret_state->key))
		return false;
	ret_state->state = state;
	ret_state->cookie = take_cookie(&body);
	return true;
}

bool sync_done_decode(struct span value, struct sync_done *ret_done)
{
	struct span body;

	if (!tlv_take(&value, TLV_SEQUENCE, &body) || value.len != 0)
		return false;
	ret_done->cookie = take_cookie(&body);
	ret_done->has_deletes = tlv_take_flag(&body, false);
	return true;
}

bool sync_next_id(struct span *ids, struct uuid *ret_key)
{
	struct span rest = *ids, body;

	if (!tlv_take(&rest, TLV_OCTETS, &body) || !read_key(body, ret_key))
		return false;
	*ids = rest;
	return true;
}

static bool read_ids(struct span body, struct sync_info *info)
{
	struct span set, rest;
	struct uuid key;

	info->kind = SYNC_INFO_IDS;
	info->cookie = take_cookie(&body);
	info->has_deletes = tlv_take_flag(&body, false);
	if (!tlv_take(&body, TLV_SET, &set))
		return false;
	rest = info->ids = set;
	while (sync_next_id(&rest, &key))
		;
	return rest.len == 0;
}

bool sync_info_decode(struct span value, struct sync_info *ret_info)
{
	struct sync_info info = { 0 };
	struct span body;
	uint8_t tag;

	if (!tlv_next(&value, &tag, &body) || value.len != 0)
		return false;
	switch (tag) {
	case TAG_COOKIE:
		info.kind = SYNC_INFO_COOKIE;
		info.cookie = body;
		break;
	case TAG_DELETES_END:
	case TAG_PRESENTS_END:
		info.kind = tag == TAG_DELETES_END ? SYNC_INFO_DELETES_END : SYNC_INFO_PRESENTS_END;
		info.cookie = take_cookie(&body);
		info.is_refresh_done = tlv_take_flag(&body, true);
		break;
	case TAG_IDS:
		if (!read_ids(body, &info))
			return false;
		break;
	default:
		return false;
	}
	*ret_info = info;
	return true;
}
