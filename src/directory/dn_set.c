/* SPDX-License-Identifier: ISC */
/*
 * Half of a SHA-256 is kept of each DN: nobody can make two DNs that share it.
 */
#include "directory/dn_set.h"

#include "base/vec.h"
#include "core/dn.h"
#include <stdlib.h>

static struct digest digest_of(struct dn_set *set, struct span dn)
{
	str_truncate(&set->scratch, 0);
	dn_normalize(dn, &set->scratch);
	return hash_digest(str_span(&set->scratch));
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

void dn_set_add(struct dn_set *set, struct span dn)
{
	struct digest digest = digest_of(set, dn);
	struct digest *place = vec_push(
	    (void **)&set->items, &set->count, &set->cap, sizeof(*place));

	*place = digest;
}

void dn_set_seal(struct dn_set *set)
{
	size_t kept = 0;

	if (set->count > 1)
		qsort(set->items, set->count, sizeof(*set->items), compare);
	for (size_t i = 0; i < set->count; i++)
		if (kept == 0 || compare(&set->items[i], &set->items[kept - 1]) != 0)
			set->items[kept++] = set->items[i];
	set->count = kept;
}

size_t dn_set_find(struct dn_set *set, struct span dn)
{
	struct digest digest, *found;

	if (set->count == 0)
		return 0;
	digest = digest_of(set, dn);
	found = bsearch(&digest, set->items, set->count, sizeof(*set->items), compare);
	return found == NULL ? set->count : (size_t)(found - set->items);
}

bool dn_set_has(struct dn_set *set, struct span dn)
{
	return dn_set_find(set, dn) < set->count;
}

void dn_set_done(struct dn_set *set)
{
	free(set->items);
	str_done(&set->scratch);
	*set = (struct dn_set) { 0 };
}
