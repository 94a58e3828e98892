/* SPDX-License-Identifier: ISC */
/*
 * Text and byte orders of a UUID.
 */
#include "base/uuid.h"

#include "base/hash.h"

enum { UUID_HEX_DIGITS = 32, UUID_389_LEN = 35, UUID_RFC_LEN = 36 };

static bool is_hyphen_place(size_t len, size_t at)
{
	if (len == UUID_RFC_LEN)
		return at == 8 || at == 13 || at == 18 || at == 23;
	return len == UUID_389_LEN && (at == 8 || at == 17 || at == 26);
}

bool uuid_parse(struct span text, struct uuid *ret_uuid)
{
	char digits[UUID_HEX_DIGITS];
	size_t count = 0;

	if (text.len != UUID_RFC_LEN && text.len != UUID_389_LEN && text.len != UUID_HEX_DIGITS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_hyphen_place(text.len, i))
			digits[count++] = text.at[i];
		else if (text.at[i] != '-')
			return false;
	}
	struct uuid uuid;
	size_t bytes;
	if (!hex_decode((struct span) { digits, count }, uuid.byte, sizeof(uuid.byte), &bytes))
		return false;
	*ret_uuid = uuid;
	return true;
}

/* The same both ways. */
static const uint8_t guid_order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

bool uuid_from_object_guid(struct span bytes, struct uuid *ret_uuid)
{
	if (bytes.len != sizeof(guid_order))
		return false;
	for (size_t i = 0; i < sizeof(guid_order); i++)
		ret_uuid->byte[i] = (uint8_t)bytes.at[guid_order[i]];
	return true;
}

void uuid_to_object_guid(const struct uuid *uuid, uint8_t ret_bytes[16])
{
	for (size_t i = 0; i < sizeof(guid_order); i++)
		ret_bytes[i] = uuid->byte[guid_order[i]];
}

void uuid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;
	for (size_t i = 0; i < sizeof(uuid->byte); i++) {
		if (is_hyphen_place(UUID_RFC_LEN, at))
			text[at++] = '-';
		text[at++] = digits[uuid->byte[i] >> 4];
		text[at++] = digits[uuid->byte[i] & 15];
	}
	text[at] = '\0';
}

int uuid_compare(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->byte, b->byte, sizeof(a->byte));
}

bool uuid_is_zero(const struct uuid *uuid)
{
	static const struct uuid zero;
	return uuid_compare(uuid, &zero) == 0;
}
