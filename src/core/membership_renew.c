/* SPDX-License-Identifier: ISC */
/*
 * The next version of a membership, and who is touched by the difference.
 *
 * A change of one group must not cost the reading of all: what did not change is copied, 16 bytes a
 * membership.  The difference is told in roots, because a group that moves inside another touches
 * people whose own groups did not change.
 */
#include "core/membership_p.h"

#include "base/vec.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void copy_groups(struct membership *renewed, const struct membership *old)
{
	for (uint32_t i = 0; i < old->group_count; i++) {
		uint32_t number = membership_add_group(renewed, old->groups[i].dn);

		assert(number == i);
		(void)number;
	}
	for (uint32_t i = 0; i < old->root_count; i++) {
		if (old->roots[i].group != MEMBERSHIP_NONE)
			membership_set_root(renewed, i, old->roots[i].group);
		if (old->roots[i].is_direct_only)
			membership_set_direct_only(renewed, i);
	}
}

struct membership *membership_renew(const struct membership *old,
    bool (*is_changed)(const void *context, uint32_t group), const void *context)
{
	struct membership *renewed = membership_new(old->salt);
	bool *changed = mem_new(old->group_count + 1, sizeof(*changed));

	assert(old->is_sealed);
	copy_groups(renewed, old);
	for (uint32_t i = 0; i < old->group_count; i++)
		changed[i] = is_changed(context, i);
	for (uint32_t child = 0; child < old->group_count; child++) {
		const uint32_t *parents;
		uint32_t count = graph_next(old->parents, child, &parents);

		for (uint32_t i = 0; i < count; i++)
			if (!changed[parents[i]])
				membership_add_edge(renewed, child, parents[i]);
	}
	renewed->members = mem_new(old->member_count + 1, sizeof(*renewed->members));
	renewed->member_cap = old->member_count + 1;
	for (size_t i = 0; i < old->member_count; i++)
		if (!changed[member_group(&old->members[i])])
			renewed->members[renewed->member_count++] = old->members[i];
	free(changed);
	return renewed;
}

void membership_remove_member(struct membership *membership, uint32_t group, struct span member_dn)
{
	struct member_hash hash;
	struct member gone;
	size_t kept = 0;

	assert(!membership->is_sealed && group < membership->group_count);
	member_hash(membership->salt, member_dn, &membership->normalized, &hash);
	memcpy(gone.byte, hash.byte, HASH_BYTES);
	member_set_group(&gone, group);
	for (size_t i = 0; i < membership->member_count; i++)
		if (memcmp(&membership->members[i], &gone, MEMBER_BYTES) != 0)
			membership->members[kept++] = membership->members[i];
	membership->member_count = kept;
}

static void insert_sorted(struct membership *membership, const struct member *member)
{
	size_t low = 0, high = membership->member_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(&membership->members[middle], member, MEMBER_BYTES);

		if (order == 0)
			return;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	vec_push((void **)&membership->members, &membership->member_count, &membership->member_cap,
	    sizeof(*membership->members));
	memmove(&membership->members[low + 1], &membership->members[low],
	    (membership->member_count - 1 - low) * sizeof(*membership->members));
	membership->members[low] = *member;
	membership->groups[member_group(member)].size++;
}

void membership_copy_member(struct membership *membership, struct span from_dn, struct span to_dn)
{
	const uint32_t *found;
	uint32_t count = membership_find(membership, from_dn, &found);
	struct member_hash hash;
	struct member member;

	if (count == 0)
		return;
	member_hash(membership->salt, to_dn, &membership->normalized, &hash);
	memcpy(member.byte, hash.byte, HASH_BYTES);
	for (uint32_t i = 0; i < count; i++) {
		member_set_group(&member, found[i]);
		insert_sorted(membership, &member);
	}
	membership_index_members(membership);
}

/* ---- the difference ---- */

/* One version, and where the pass over it stands. */
struct side {
	const struct membership *membership;
	size_t begin, end; /* the memberships of the member at hand */
};

struct comparison {
	struct side old, renewed;
	bool *has_other_roots; /* by group of either version */
	uint32_t *stamps;      /* by root: the generation in which it was seen last */
	uint32_t generation;
};

static void roots_of(
    const struct membership *membership, uint32_t group, const uint32_t **roots, uint32_t *count)
{
	*count = group < membership->group_count ? membership_roots(membership, group, roots) : 0;
}

static bool leads_elsewhere(const struct comparison *all, uint32_t group)
{
	const uint32_t *old_roots = NULL, *new_roots = NULL;
	uint32_t old_count, new_count;

	roots_of(all->old.membership, group, &old_roots, &old_count);
	roots_of(all->renewed.membership, group, &new_roots, &new_count);
	return old_count != new_count ||
	       (old_count > 0 && memcmp(old_roots, new_roots, old_count * sizeof(*old_roots)) != 0);
}

static void advance(struct side *side)
{
	const struct member *members = side->membership->members;
	size_t count = side->membership->member_count;

	side->begin = side->end;
	while (side->end < count &&
	       memcmp(members[side->begin].byte, members[side->end].byte, HASH_BYTES) == 0)
		side->end++;
}

static const uint8_t *hash_at(const struct side *side)
{
	return side->begin < side->end ? side->membership->members[side->begin].byte : NULL;
}

/* Whether all is as it was: the same groups, each with the same roots. */
static bool is_same(const struct comparison *all)
{
	const struct side *old = &all->old, *renewed = &all->renewed;
	size_t count = old->end - old->begin;

	if (count != renewed->end - renewed->begin ||
	    memcmp(&old->membership->members[old->begin],
		&renewed->membership->members[renewed->begin], count * MEMBER_BYTES) != 0)
		return false;
	for (size_t i = old->begin; i < old->end; i++)
		if (all->has_other_roots[member_group(&old->membership->members[i])])
			return false;
	return true;
}

/*
 * Stamps the roots of a member with a generation.
 *
 * @return how many got it that had `wanted` before; all of them when `wanted` is 0
 */
static uint32_t stamp(
    struct comparison *all, const struct side *side, uint32_t wanted, uint32_t *ret_others)
{
	uint32_t generation = ++all->generation, taken = 0;

	*ret_others = 0;
	for (size_t i = side->begin; i < side->end; i++) {
		const uint32_t *roots = NULL;
		uint32_t count;

		roots_of(
		    side->membership, member_group(&side->membership->members[i]), &roots, &count);
		for (uint32_t j = 0; j < count; j++) {
			if (all->stamps[roots[j]] == generation)
				continue;
			if (wanted == 0 || all->stamps[roots[j]] == wanted)
				taken++;
			else
				++*ret_others;
			all->stamps[roots[j]] = generation;
		}
	}
	return taken;
}

static bool has_other_roots(struct comparison *all)
{
	uint32_t others, before = stamp(all, &all->old, 0, &others);
	uint32_t again = stamp(all, &all->renewed, all->generation, &others);

	return again != before || others > 0;
}

/* Which version has the next member, or both: then it is compared. */
static void compare_next(struct comparison *all,
    void (*on_member)(void *context, const struct member_hash *hash), void *context)
{
	static const struct side nothing = { NULL, 0, 0 };
	const uint8_t *old = hash_at(&all->old), *renewed = hash_at(&all->renewed);
	int order = old == NULL ? 1 : renewed == NULL ? -1 : memcmp(old, renewed, HASH_BYTES);
	struct comparison one = *all;
	struct member_hash hash;

	memcpy(hash.byte, order <= 0 ? old : renewed, HASH_BYTES);
	if (order < 0)
		one.renewed = nothing;
	if (order > 0)
		one.old = nothing;
	if ((order != 0 || !is_same(all)) && has_other_roots(&one))
		on_member(context, &hash);
	all->generation = one.generation;
	if (order <= 0)
		advance(&all->old);
	if (order >= 0)
		advance(&all->renewed);
}

void membership_diff(const struct membership *old, const struct membership *renewed,
    void (*on_member)(void *context, const struct member_hash *hash), void *context)
{
	struct comparison all = { .old = { old, 0, 0 }, .renewed = { renewed, 0, 0 } };
	size_t groups = old->group_count > renewed->group_count ? old->group_count
								: renewed->group_count;
	size_t roots = old->root_count > renewed->root_count ? old->root_count
							     : renewed->root_count;

	assert(old->is_sealed && renewed->is_sealed);
	all.has_other_roots = mem_new(groups + 1, sizeof(*all.has_other_roots));
	all.stamps = mem_new(roots + 1, sizeof(*all.stamps));
	for (uint32_t i = 0; i < groups; i++)
		all.has_other_roots[i] = leads_elsewhere(&all, i);
	advance(&all.old);
	advance(&all.renewed);
	while (hash_at(&all.old) != NULL || hash_at(&all.renewed) != NULL)
		compare_next(&all, on_member, context);
	free(all.has_other_roots);
	free(all.stamps);
}
