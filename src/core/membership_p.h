/* SPDX-License-Identifier: ISC */
/*
 * Inside membership: what making one (membership.c) and renewing one (membership_renew.c) share.
 */
#ifndef CORE_MEMBERSHIP_P_H
#define CORE_MEMBERSHIP_P_H

#include "core/graph.h"
#include "core/membership.h"

enum { HASH_BYTES = 12, MEMBER_BYTES = 16 };

struct member {
	uint8_t byte[MEMBER_BYTES];
};

struct group {
	uint8_t hash[HASH_BYTES]; /* of the normalized DN */
	struct span dn;           /* owned */
	size_t size;              /* direct members, once sealed */
};

struct root {
	uint32_t group; /* MEMBERSHIP_NONE: nobody found it */
	bool is_direct_only;
	struct span unknown_why; /* owned; absent: nothing is wrong with it */
};

struct membership {
	uint8_t salt[16];
	bool is_sealed;
	struct member *members;
	size_t member_count, member_cap;
	uint32_t *runs;    /* where the members begin whose hash begins with so many bits */
	unsigned run_bits; /* once sealed; at least 64 members a run, so that they cost next to
			      nothing */
	struct group *groups;
	size_t group_count, group_cap;
	uint32_t *buckets; /* open addressing: group + 1, 0 is free; at most half are taken */
	size_t bucket_count;
	struct root *roots;
	size_t root_count, root_cap;
	struct graph_edge *edges; /* from child to parent, until sealed */
	size_t edge_count, edge_cap;
	struct graph *parents;     /* group → groups, once sealed */
	struct graph *leads_to;    /* group → roots, once sealed */
	uint32_t known_root_count; /* roots that are known before the first that is not */
	struct str normalized;     /* scratch */
	uint32_t *found;           /* what membership_find gave */
	size_t found_cap;
};

/** Makes the short cuts to the members anew, once they are sorted. (membership.c) */
void membership_index_members(struct membership *membership);

/** Four bytes as a number, the first counts most. */
static inline uint32_t member_word(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/** The group of a membership. */
static inline uint32_t member_group(const struct member *member)
{
	return member_word(member->byte + HASH_BYTES);
}

/** Writes the group of a membership. */
static inline void member_set_group(struct member *member, uint32_t group)
{
	member->byte[HASH_BYTES] = (uint8_t)(group >> 24);
	member->byte[HASH_BYTES + 1] = (uint8_t)(group >> 16);
	member->byte[HASH_BYTES + 2] = (uint8_t)(group >> 8);
	member->byte[HASH_BYTES + 3] = (uint8_t)group;
}

#endif
