/* SPDX-License-Identifier: ISC */
/*
 * Two cursors bound what is remembered: before ──told──▶ cursor.
 */
#include "directory/kept_groups.h"

#include "base/vec.h"
#include <stdlib.h>

static void forget_told(struct kept_groups *kept)
{
	free(kept->told);
	kept->told = NULL;
	kept->told_count = kept->told_cap = 0;
	arena_free(&kept->arena);
	str_truncate(&kept->before, 0);
}

static void set_text(struct str *text, struct span value)
{
	struct str copy = { 0 };

	str_add(&copy, value);
	str_done(text);
	*text = copy;
}

void kept_groups_done(struct kept_groups *kept)
{
	forget_told(kept);
	membership_free(&kept->membership);
	free(kept->keys);
	dn_set_done(&kept->known);
	str_done(&kept->cursor);
	str_done(&kept->before);
	*kept = (struct kept_groups) { 0 };
}

void kept_groups_set(struct kept_groups *kept, struct membership *membership, struct uuid *keys,
    struct dn_set *known)
{
	membership_free(&kept->membership);
	free(kept->keys);
	dn_set_done(&kept->known);
	kept->membership = membership;
	kept->keys = keys;
	kept->known = *known;
	*known = (struct dn_set) { 0 };
}

void kept_groups_begin(struct kept_groups *kept, struct span cursor)
{
	forget_told(kept);
	set_text(&kept->cursor, cursor);
}

bool kept_groups_resume(struct kept_groups *kept, struct span cursor)
{
	if (kept->cursor.len == 0)
		return false;
	if (span_equal(cursor, str_span(&kept->cursor))) {
		forget_told(kept);
		return true;
	}
	return kept->before.len > 0 && span_equal(cursor, str_span(&kept->before));
}

void kept_groups_tell(struct kept_groups *kept, const struct changed_member *member)
{
	struct changed_member *place = vec_push(
	    (void **)&kept->told, &kept->told_count, &kept->told_cap, sizeof(*place));

	if (kept->arena == NULL)
		kept->arena = arena_new();
	*place = (struct changed_member) { member->hash, arena_span(kept->arena, member->dn) };
}

void kept_groups_advance(struct kept_groups *kept, struct span before, struct span cursor)
{
	if (kept->before.len == 0)
		set_text(&kept->before, before);
	set_text(&kept->cursor, cursor);
}

uint32_t kept_groups_find(
    const struct kept_groups *kept, const struct uuid *key, uint32_t *ret_group)
{
	uint32_t found = 0;

	if (kept->membership == NULL || uuid_is_zero(key))
		return 0;
	for (uint32_t i = 0; i < membership_group_count(kept->membership); i++)
		if (uuid_compare(&kept->keys[i], key) == 0 && found++ == 0)
			*ret_group = i;
	return found;
}
