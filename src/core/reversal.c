/* SPDX-License-Identifier: ISC */
/* Member by member: back to before when it is still as the change left it. */
#include "core/reversal.h"

#include "base/vec.h"
#include "core/differ.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- later changes ---- */

static struct later_change *find_workspace(struct later_changes *later, struct span id)
{
	for (size_t i = 0; i < later->workspace_count; i++) {
		if (span_equal(later->workspaces[i].id, id))
			return &later->workspaces[i].change;
	}
	return NULL;
}

static void add_workspaces(struct later_changes *later, const struct span *ids, size_t count,
    struct later_change by, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		struct later_change *known = find_workspace(later, ids[i]);

		if (known != NULL)
			*known = by;
		else
			*(struct later_workspace *)vec_push((void **)&later->workspaces,
			    &later->workspace_count, &later->workspace_cap,
			    sizeof(*later->workspaces)) =
			    (struct later_workspace) { arena_span(arena, ids[i]), by };
	}
}

void later_changes_add(struct later_changes *later, const struct account *before,
    const struct account *after, struct later_change by, struct arena *arena)
{
	struct change change = differ_compare(before, after, arena);

	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		if (change_has(&change, (enum account_path)i))
			later->texts[i] = by;
	}
	if (change.is_activated || change.is_deactivated)
		later->active = by;
	add_workspaces(later, change.granted, change.granted_count, by, arena);
	add_workspaces(later, change.revoked, change.revoked_count, by, arena);
}

void later_changes_done(struct later_changes *later)
{
	free(later->workspaces);
	*later = (struct later_changes) { 0 };
}

/* ---- going back ---- */

struct reversing {
	const struct reversal_input *input;
	const struct account *before;
	struct str *notes;
};

static void note(struct reversing *reversing, struct span what, const char *why)
{
	str_addf(reversing->notes, "%s%.*s (%s)",
	    reversing->notes->len > 0 ? ", " : "not restored: ", SPAN_ARG(what), why);
}

static void note_changed(struct reversing *reversing, struct span what, struct later_change by)
{
	char why[64];

	if (by.run_id != 0)
		(void)snprintf(
		    why, sizeof(why), "changed again since, by run %lld", (long long)by.run_id);
	else
		(void)snprintf(why, sizeof(why), "changed again since, by somebody else");
	note(reversing, what, why);
}

/* What a later run did counts, also when it came to the same; but what an undo took back does not.
 */
static bool may_go_back(struct later_change later, bool is_as_left)
{
	return is_as_left && (later.run_id == 0 || later.is_undo);
}

static struct later_change later_text(const struct reversing *reversing, int path)
{
	const struct later_changes *later = reversing->input->later;

	return later != NULL ? later->texts[path] : (struct later_change) { 0 };
}

static void reverse_text(struct reversing *reversing, int path, struct account *wanted)
{
	struct span before = reversing->before->text[path], now = wanted->text[path];
	struct span after = reversing->input->after->text[path];
	struct span name = span_of(account_path_name((enum account_path)path));

	if (span_equal(before, after) || span_equal(before, now) || after.at == NULL)
		return;
	if (!may_go_back(later_text(reversing, path), span_equal(now, after)))
		note_changed(reversing, name, later_text(reversing, path));
	else if (before.at == NULL)
		note(reversing, name, "there was none before, and it cannot be taken away");
	else
		wanted->text[path] = before;
}

static void reverse_active(struct reversing *reversing, struct account *wanted)
{
	const struct later_changes *later = reversing->input->later;
	struct later_change by = later != NULL ? later->active : (struct later_change) { 0 };
	bool before = reversing->before->is_active, after = reversing->input->after->is_active;

	if (before == after || before == wanted->is_active)
		return;
	/* There are but two values: it is as the change left it, or as it was before. */
	if (may_go_back(by, true))
		wanted->is_active = before;
	else
		note_changed(reversing, SPAN("active"), by);
}

static struct later_change later_workspace(const struct reversing *reversing, struct span id)
{
	struct later_changes *later = (struct later_changes *)reversing->input->later;
	const struct later_change *by = later != NULL ? find_workspace(later, id) : NULL;

	return by != NULL ? *by : (struct later_change) { 0 };
}

/* Whether the account shall have a workspace that it has now, or had before. */
static bool wants_workspace(struct reversing *reversing, struct span id)
{
	bool before = account_has_workspace(reversing->before, id);
	bool after = account_has_workspace(reversing->input->after, id);
	bool now = account_has_workspace(reversing->input->now, id);
	struct later_change by = later_workspace(reversing, id);

	if (before == after || before == now)
		return now;
	if (may_go_back(by, true))
		return before;
	note_changed(reversing, id, by);
	return now;
}

static void reverse_workspaces(
    struct reversing *reversing, struct account *wanted, struct arena *arena)
{
	const struct account *before = reversing->before, *now = reversing->input->now;
	struct span *ids = arena_array(
	    arena, before->workspace_count + now->workspace_count + 1, sizeof(*ids));
	size_t count = 0;

	for (size_t i = 0; i < now->workspace_count; i++) {
		if (wants_workspace(reversing, now->workspaces[i]))
			ids[count++] = now->workspaces[i];
	}
	for (size_t i = 0; i < before->workspace_count; i++) {
		if (!account_has_workspace(now, before->workspaces[i]) &&
		    wants_workspace(reversing, before->workspaces[i]))
			ids[count++] = before->workspaces[i];
	}
	wanted->workspace_count = account_sort_workspaces(ids, count);
	wanted->workspaces = wanted->workspace_count > 0 ? ids : NULL;
}

/* An account that was made cannot be unmade: before it, nobody could log in. */
static struct account before_it_was_made(const struct reversal_input *input)
{
	struct account before = *input->after;

	before.is_active = false;
	if (input->takes_workspaces)
		before.workspace_count = 0;
	return before;
}

struct account reversal_make(
    const struct reversal_input *input, struct arena *arena, struct str *notes)
{
	struct account closed = before_it_was_made(input), wanted = *input->now;
	struct reversing reversing = { input, input->before != NULL ? input->before : &closed,
		notes };

	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		reverse_text(&reversing, i, &wanted);
	reverse_active(&reversing, &wanted);
	reverse_workspaces(&reversing, &wanted, arena);
	return wanted;
}
