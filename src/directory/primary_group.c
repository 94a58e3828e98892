/* SPDX-License-Identifier: ISC */
/*
 * A filter names at most 100 groups: some kilobytes, far below every server's limit.
 */
#include "directory/primary_group.h"

#include "base/vec.h"
#include <stdlib.h>

enum {
	GROUPS_A_SEARCH = 100,
	GROUP_TYPE_GLOBAL = 2,
	GROUP_TYPE_UNIVERSAL = 8,
	SID_HEAD_BYTES = 8, /* revision, number of parts, authority */
	SID_PART_BYTES = 4,
};

#define GROUP_TYPE_SECURITY UINT32_C(0x80000000)

struct primary_member {
	size_t context;
	uint32_t rid;
	uint32_t number; /* the caller's */
	unsigned search; /* that asked for it, from 1; 0: none */
};

/* The last part of a SID, little-endian (MS-DTYP 2.4.2.2). */
static bool rid_of_sid(struct span sid, uint32_t *ret_rid)
{
	const uint8_t *bytes = (const uint8_t *)sid.at;
	size_t parts = sid.len < SID_HEAD_BYTES ? 0 : bytes[1];
	const uint8_t *last;

	if (parts == 0 || sid.len != SID_HEAD_BYTES + parts * SID_PART_BYTES)
		return false;
	last = bytes + sid.len - SID_PART_BYTES;
	*ret_rid = (uint32_t)last[0] | (uint32_t)last[1] << 8 | (uint32_t)last[2] << 16 |
		   (uint32_t)last[3] << 24;
	return true;
}

static bool rid_of_text(struct span text, uint32_t *ret_rid)
{
	uint64_t number;

	if (!span_to_u64(text, &number) || number > UINT32_MAX)
		return false;
	*ret_rid = (uint32_t)number;
	return true;
}

/* The type is a signed number, and the sign its highest bit. Only a security group that is global
 * or universal can be chosen. */
static bool is_impossible(struct span value)
{
	bool is_negative = value.len > 0 && value.at[0] == '-';
	struct span digits = { value.at + is_negative, value.len - is_negative };
	uint64_t number;
	uint32_t bits;

	if (!span_to_u64(digits, &number) || number > UINT32_MAX)
		return false;
	bits = is_negative ? (uint32_t) - (uint32_t)number : (uint32_t)number;
	return !(bits & GROUP_TYPE_SECURITY) ||
	       !(bits & (GROUP_TYPE_GLOBAL | GROUP_TYPE_UNIVERSAL));
}

void primary_group_note(struct primary_group *group, struct span attribute, struct span value)
{
	if (span_equal_ascii_case(attribute, SPAN("primaryGroupToken")))
		group->has_rid |= rid_of_text(value, &group->rid);
	else if (span_equal_ascii_case(attribute, SPAN("objectSid")) && !group->has_rid)
		group->has_rid = rid_of_sid(value, &group->rid);
	else if (span_equal_ascii_case(attribute, SPAN("groupType")))
		group->cannot_be = is_impossible(value);
}

void primary_groups_add(struct primary_groups *groups, const struct primary_group *group,
    uint32_t number, size_t context)
{
	struct primary_member *member;

	if (!group->has_rid || group->cannot_be)
		return;
	member = vec_push((void **)&groups->at, &groups->count, &groups->cap, sizeof(*groups->at));
	*member =
	    (struct primary_member) { .context = context, .rid = group->rid, .number = number };
}

void primary_groups_done(struct primary_groups *groups)
{
	free(groups->at);
	*groups = (struct primary_groups) { 0 };
}

bool primary_groups_next(struct primary_groups *groups, struct str *filter, size_t *ret_context)
{
	unsigned search = groups->next > 0 ? groups->at[groups->next - 1].search + 1 : 1;
	size_t first = groups->next;

	if (first == groups->count)
		return false;
	str_truncate(filter, 0);
	str_add_c(filter, "(|");
	while (groups->next < groups->count && groups->next - first < GROUPS_A_SEARCH &&
	       groups->at[groups->next].context == groups->at[first].context) {
		struct primary_member *member = &groups->at[groups->next++];

		member->search = search;
		str_addf(filter, "(primaryGroupID=%u)", member->rid);
	}
	str_add_byte(filter, ')');
	*ret_context = groups->at[first].context;
	return true;
}

bool primary_groups_was_asked(const struct primary_groups *groups, size_t place)
{
	return place < groups->next &&
	       groups->at[place].search == groups->at[groups->next - 1].search;
}

size_t primary_groups_find(const struct primary_groups *groups, struct span value, size_t from)
{
	uint32_t rid;

	if (!rid_of_text(value, &rid))
		return groups->count;
	for (size_t i = from; i < groups->next; i++)
		if (groups->at[i].rid == rid && primary_groups_was_asked(groups, i))
			return i;
	return groups->count;
}

uint32_t primary_groups_number(const struct primary_groups *groups, size_t place)
{
	return groups->at[place].number;
}
