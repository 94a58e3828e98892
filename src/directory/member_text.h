/* SPDX-License-Identifier: ISC */
/*
 * How group members are written: AD's ranges, and names with an optional bit string.  Pure.
 */
#ifndef DIRECTORY_MEMBER_TEXT_H
#define DIRECTORY_MEMBER_TEXT_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

/* One piece of a ranged attribute. */
struct member_range {
	uint64_t first, last;
	bool is_final; /* `*`: nothing is behind it */
};

/**
 * Reads `member;range=0-1499` or `member;range=1500-*`.
 *
 * @param attribute  what the server called it
 * @param name  "member"
 * @return false when it is not a range of that attribute
 * Source: MS-ADTS 3.1.1.3.1.3.3 (range retrieval)
 */
bool member_range_parse(struct span attribute, struct span name, struct member_range *ret_range);

/** A value of uniqueMember without the `#'0101'B` behind the DN (RFC 4517 3.3.21). */
struct span member_unique_dn(struct span value);

/** Whether an objectClass is one of a group, by its name. */
bool member_is_group_class(struct span object_class);

/**
 * Whether an entry of that objectClass has a member, by the standard's schema.
 *
 * Source: RFC 4519 3.5 and 3.6
 */
bool member_is_demanded_by(struct span object_class);

#endif
