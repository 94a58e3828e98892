/* SPDX-License-Identifier: ISC */
/*
 * Reads BER as LDAP allows it (RFC 4511 5.1: definite lengths): element after element, without
 * copies.  Pure; for values of controls, whose bytes come from a server.
 */
#ifndef DIRECTORY_TLV_H
#define DIRECTORY_TLV_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

enum {
	TLV_BOOLEAN = 0x01,
	TLV_INTEGER = 0x02,
	TLV_OCTETS = 0x04,
	TLV_ENUM = 0x0a,
	TLV_SEQUENCE = 0x30,
	TLV_SET = 0x31
};

/**
 * Takes the next element off.
 *
 * @param rest      moved behind it
 * @param ret_body  its content; borrowed
 * @return false: nothing is left, or what is left is no element
 */
bool tlv_next(struct span *rest, uint8_t *ret_tag, struct span *ret_body);

/** Takes the next element off when it has this tag; else `rest` stays where it is. */
bool tlv_take(struct span *rest, uint8_t tag, struct span *ret_body);

/** Reads the content of a small non-negative INTEGER or ENUMERATED. */
bool tlv_number(struct span body, uint32_t *ret_number);

/** Takes a BOOLEAN off when there is one; else it is `fallback`. */
bool tlv_take_flag(struct span *rest, bool fallback);

/** Appends an element. */
void tlv_add(struct str *out, uint8_t tag, struct span body);

#endif
