/* SPDX-License-Identifier: ISC */
/*
 * 16 bytes of identity, shown as a UUID (RFC 9562 text form, lower case).
 *
 * OpenLDAP's entryUUID and 389's nsUniqueId come as text, AD's objectGUID as 16 bytes of which the
 * first three fields are little-endian (MS-DTYP 2.3.4): 33 22 11 00 55 44 77 66 88 … is
 * 00112233-4455-6677-88….  A uuid here always holds the bytes in the order of the text.
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

enum { UUID_TEXT_SIZE = 37 }; /* 36 characters and NUL */

struct uuid {
	uint8_t byte[16];
};

/** Reads 8-4-4-4-12, 389's 8-8-8-8, or 32 hex digits, of either case. @return false when it is none
 */
bool uuid_parse(struct span text, struct uuid *ret_uuid);

/** Gives the 16 bytes of an objectGUID, in Active Directory's order. */
void uuid_to_object_guid(const struct uuid *uuid, uint8_t ret_bytes[16]);

/** Takes the 16 bytes of an objectGUID, re-ordered. @return false unless there are 16 bytes */
bool uuid_from_object_guid(struct span bytes, struct uuid *ret_uuid);

/** Writes the text form. */
void uuid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE]);

/** Orders by bytes. */
int uuid_compare(const struct uuid *a, const struct uuid *b);

/** Whether all bytes are zero, which no directory gives to an entry. */
bool uuid_is_zero(const struct uuid *uuid);

#endif
