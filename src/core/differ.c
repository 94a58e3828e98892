/* SPDX-License-Identifier: ISC */
/*
 * Comparing accounts: texts one by one, workspaces by merging two sorted lists.
 */
#include "core/differ.h"
#include "base/unicode.h"

static bool text_differs(enum account_path path, struct span before, struct span after)
{
	if (after.at == NULL || span_equal(before, after))
		return false;
	return path != ACCOUNT_USER_NAME || before.at == NULL || !utf8_equal_fold(before, after);
}

/* A sorted list of ids; the common coin of this file. */
struct ids {
	const struct span *at;
	size_t count;
};

static struct ids workspaces_of(const struct account *account)
{
	if (account == NULL)
		return (struct ids) { NULL, 0 };
	return (struct ids) { account->workspaces, account->workspace_count };
}

static bool ids_equal(struct ids a, struct ids b)
{
	if (a.count != b.count)
		return false;
	for (size_t i = 0; i < a.count; i++) {
		if (!span_equal(a.at[i], b.at[i]))
			return false;
	}
	return true;
}

/* What `from` has and `without` has not. */
static struct ids subtract(struct ids from, struct ids without, struct arena *arena)
{
	struct span *left;
	size_t count = 0;

	if (from.count == 0)
		return (struct ids) { NULL, 0 };
	left = arena_array(arena, from.count, sizeof(*left));
	for (size_t i = 0, j = 0; i < from.count; i++) {
		while (j < without.count && span_compare(without.at[j], from.at[i]) < 0)
			j++;
		if (j == without.count || !span_equal(without.at[j], from.at[i]))
			left[count++] = from.at[i];
	}
	return (struct ids) { count == 0 ? NULL : left, count };
}

struct change differ_compare(
    const struct account *before, const struct account *after, struct arena *arena)
{
	struct change change = { 0 };
	struct ids had = workspaces_of(before), wanted = workspaces_of(after), granted, revoked;

	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		if (text_differs((enum account_path)i, before == NULL ? SPAN_NULL : before->text[i],
			after->text[i]))
			change.texts |= UINT32_C(1) << i;
	}
	change.is_activated = before != NULL && !before->is_active && after->is_active;
	change.is_deactivated = before != NULL && before->is_active && !after->is_active;
	if (ids_equal(had, wanted))
		return change;
	granted = subtract(wanted, had, arena);
	revoked = subtract(had, wanted, arena);
	change.granted = granted.at;
	change.granted_count = granted.count;
	change.revoked = revoked.at;
	change.revoked_count = revoked.count;
	return change;
}

bool change_is_empty(const struct change *change)
{
	return change->texts == 0 && !change->is_activated && !change->is_deactivated &&
	       change->granted_count == 0 && change->revoked_count == 0;
}

struct account differ_merge(const struct account *before, const struct account *desired)
{
	struct account merged = *desired;

	for (int i = 0; before != NULL && i < ACCOUNT_TEXT_COUNT; i++) {
		if (merged.text[i].at == NULL)
			merged.text[i] = before->text[i];
	}
	return merged;
}

void differ_keep_workspaces(struct account *account, const struct account *before,
    const struct span *keep, size_t keep_count, struct arena *arena)
{
	struct ids had = workspaces_of(before), kept = { keep, keep_count };
	struct ids not_kept = subtract(had, kept, arena), back = subtract(had, not_kept, arena);
	struct span *ids;

	back = subtract(back, workspaces_of(account), arena);
	if (back.count == 0)
		return;
	ids = arena_array(arena, account->workspace_count + back.count, sizeof(*ids));
	if (account->workspace_count > 0)
		memcpy(ids, account->workspaces, account->workspace_count * sizeof(*ids));
	memcpy(ids + account->workspace_count, back.at, back.count * sizeof(*ids));
	account->workspace_count = account_sort_workspaces(
	    ids, account->workspace_count + back.count);
	account->workspaces = ids;
}
