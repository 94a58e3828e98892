/* SPDX-License-Identifier: ISC */
/*
 * What changed since a cursor:
 *
 *     the feed ──▶ who is below what may have moved ──▶ groups ──▶ whose roots differ ──▶ their DNs
 *
 * A group whose members changed is read again by itself.  All of them are walked again when one
 * was moved or deleted, when a new one is a member already, or when a part cannot be told; then
 * too the members are compared with the kept ones.  Nothing is told before all is known, so that
 * what is kept changes together with what was told, or not at all.
 */
#include "directory/directory_p.h"

#include "base/unicode.h"
#include "base/vec.h"
#include "core/dn.h"
#include <assert.h>
#include <stdlib.h>

enum { REMOVALS_MAX = 64 }; /* of members one by one; each goes through all memberships */

static void look_below(struct ldap_source *source);
static void take_groups(struct ldap_source *source);
static void name_members(struct ldap_source *source);

static void end_with_gap(struct ldap_source *source, const char *why)
{
	str_truncate(&source->changes.gap, 0);
	str_add_c(&source->changes.gap, why);
	operation_end(source, STATUS_OK, "");
}

static void start_again(struct ldap_source *source, const char *why, bool is_silent)
{
	struct str copy = { 0 };

	str_add_c(&copy, why);
	feed_free(&source->feed);
	operation_forget_groups(source);
	if (is_silent)
		operation_end(source, STATUS_DOWN, str_c(&copy));
	else
		operation_connect(source, str_c(&copy));
	str_done(&copy);
}

void changes_broke(struct ldap_source *source, const char *why, bool is_silent)
{
	start_again(source, why, is_silent);
}

/* ---- what the feed tells ---- */

static bool has_nested(const struct ldap_source *source)
{
	for (size_t i = 0; i < source->settings.group_count; i++)
		if (source->settings.groups[i].is_nested)
			return true;
	return false;
}

static void touch(struct changes *changes, const struct uuid *key)
{
	struct uuid *place;

	if (uuid_is_zero(key))
		return;
	place = vec_push((void **)&changes->touched, &changes->touched_count, &changes->touched_cap,
	    sizeof(*place));
	*place = *key;
}

/* A group by this DN was not there before, or nobody knew of it. */
static void note_new_group(struct ldap_source *source, struct span dn)
{
	struct changes *changes = &source->changes;
	const uint32_t *parents;

	if (!has_nested(source) || dn_set_has(&source->kept.known, dn))
		return;
	dn_set_add(&source->kept.known, dn);
	dn_set_seal(&source->kept.known);
	if (membership_find(source->kept.membership, dn, &parents) > 0)
		changes->needs_walk = true;
}

static void note_value(struct changes *changes, uint32_t group, struct span dn, bool is_added)
{
	struct value_change *place = vec_push(
	    (void **)&changes->values, &changes->value_count, &changes->value_cap, sizeof(*place));

	*place = (struct value_change) { group, is_added, arena_span(changes->arena, dn) };
	if (!is_added && ++changes->removals > REMOVALS_MAX)
		changes->is_changed[group] = true;
}

static void note_values(
    struct ldap_source *source, uint32_t group, const struct berval *values, bool is_added)
{
	struct changes *changes = &source->changes;

	for (; values != NULL && values->bv_val != NULL; values++)
		note_value(
		    changes, group, (struct span) { values->bv_val, values->bv_len }, is_added);
}

static void note_walked_group(
    struct ldap_source *source, uint32_t group, const struct feed_change *change)
{
	struct changes *changes = &source->changes;
	struct membership *kept = source->kept.membership;

	if (change->is_deleted || membership_has_unknown(kept, source->settings.group_count) ||
	    (change->dn.at != NULL && !dn_equal(change->dn, membership_group_dn(kept, group))))
		changes->needs_walk = true;
	else if (change->has_only_values) {
		note_values(source, group, change->added, true);
		note_values(source, group, change->removed, false);
	} else
		changes->is_changed[group] = true;
	/* A group that was moved comes twice: as itself, and as what is below it. */
	changes->group_count += !changes->is_counted[group];
	changes->is_counted[group] = true;
}

static void note_group(struct ldap_source *source, const struct feed_change *change)
{
	struct membership *kept = source->kept.membership;
	uint32_t group = MEMBERSHIP_NONE, count;

	if (kept == NULL || source->settings.group_count == 0)
		return;
	count = kept_groups_find(&source->kept, &change->key, &group);
	if (count == 0 && change->dn.at != NULL && !change->is_deleted)
		group = membership_find_group(kept, change->dn);
	if (count > 1) /* once with the groups inside it, once without */
		source->changes.needs_walk = true;
	if (group != MEMBERSHIP_NONE)
		note_walked_group(source, group, change);
	else if (change->is_group && !change->is_deleted)
		note_new_group(source, change->dn);
}

static void note_change(struct ldap_source *source, const struct feed_change *change)
{
	bool is_person = !change->is_group && !change->may_have_moved;

	note_group(source, change);
	if (is_person || change->is_deleted || change->has_unknown_class)
		touch(&source->changes, &change->key);
}

static void on_change(void *context, const struct feed_change *change)
{
	struct ldap_source *source = context;
	struct changes *changes = &source->changes;
	struct span *place;

	if (source->is_ending)
		return;
	note_change(source, change);
	if (!change->may_have_moved || change->is_deleted)
		return;
	place = vec_push(
	    (void **)&changes->moved, &changes->moved_count, &changes->moved_cap, sizeof(*place));
	*place = arena_span(changes->arena, change->dn);
}

static void on_feed_end(void *context, const struct feed_end *end)
{
	struct ldap_source *source = context;
	struct changes *changes = &source->changes;

	str_truncate(&source->scratch, 0);
	str_add(&source->scratch, end->why);
	switch (end->outcome) {
	case FEED_OK:
		str_truncate(&changes->new_cursor, 0);
		cursor_encode(end->cursor, &changes->new_cursor);
		changes->knows_deletions = end->knows_deletions;
		look_below(source);
		return;
	case FEED_GAP:
	case FEED_UNUSABLE:
		end_with_gap(source, str_c(&source->scratch));
		return;
	case FEED_BUSY:
		operation_end(source, STATUS_DOWN, str_c(&source->scratch));
		return;
	case FEED_BROKEN:
		start_again(source, str_c(&source->scratch), end->is_silent);
		return;
	}
}

/* ---- who is below what may have moved ---- */

static void on_below(void *context, LDAP *handle, LDAPMessage *message)
{
	struct ldap_source *source = context;
	struct feed_change change;

	if (!source->is_ending && feed_read_entry(handle, message, &change))
		note_change(source, &change);
}

static void on_below_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;
	struct changes *changes = &source->changes;
	struct str why = { 0 };

	search_describe(&changes->search, end, &why);
	if (end->is_broken)
		start_again(source, str_c(&why), end->is_silent);
	else if ((end->code != LDAP_SUCCESS || end->is_paging_ignored) &&
		 end->code != LDAP_NO_SUCH_OBJECT)
		end_with_gap(source, str_c(&why));
	else
		look_below(source);
	str_done(&why);
}

static void look_below(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = on_below,
		.on_end = on_below_end };
	struct changes *changes = &source->changes;
	enum directory_kind kind = session_kind(source->session);

	if (changes->moved_next == changes->moved_count) {
		take_groups(source);
		return;
	}
	str_truncate(&changes->filter, 0);
	feed_add_filter(kind, user_filter(source), &changes->filter);
	changes->search = (struct search) { .base = changes->moved[changes->moved_next++].at,
		.scope = DIRECTORY_SCOPE_SUBTREE,
		.filter = str_c(&changes->filter),
		.attributes = feed_attributes(kind),
		.is_paged = true };
	session_search(source->session, &changes->search, &handler, source);
}

/* ---- groups ---- */

/* Who is new in a group is told by name; those who are not were known by it before. */
static void note_member(void *context, uint32_t group, struct span dn)
{
	enum { GROUPS_MAX = 256 };
	struct ldap_source *source = context;
	struct changes *changes = &source->changes;
	uint32_t groups[GROUPS_MAX], count;
	struct changed_member member;

	member_hash(membership_salt(source->kept.membership), dn, &source->scratch, &member.hash);
	count = membership_find_hash(source->kept.membership, &member.hash, groups, GROUPS_MAX);
	for (uint32_t i = 0; i < count && i < GROUPS_MAX; i++)
		if (groups[i] == group || changes->needs_walk)
			return;
	member.dn = arena_span(changes->arena, dn);
	*(struct changed_member *)vec_push((void **)&changes->named, &changes->named_count,
	    &changes->named_cap, sizeof(member)) = member;
}

static bool is_nested_group(const struct ldap_source *source, uint32_t group, bool *ret_is_both)
{
	const struct membership *kept = source->kept.membership;
	bool is_direct = false, is_nested = false, is_root = false;
	const uint32_t *roots;
	uint32_t count = membership_roots(kept, group, &roots);

	for (uint32_t i = 0; i < count; i++) {
		is_nested |= source->settings.groups[roots[i]].is_nested;
		is_direct |= !source->settings.groups[roots[i]].is_nested;
	}
	for (uint32_t i = 0; i < source->settings.group_count; i++)
		is_root |= membership_root_group(kept, i) == group;
	*ret_is_both = is_nested && is_direct;
	return is_nested || !is_root;
}

static void walk_all(struct ldap_source *source)
{
	source->changes.needs_walk = true;
	source->groups = group_table_new_like(&source->settings, source->kept.membership);
	group_table_watch(source->groups, note_member, source);
	operation_walk_table(source, NULL, NULL, 0);
}

static void apply_values(struct ldap_source *source)
{
	struct changes *changes = &source->changes;

	for (size_t i = 0; i < changes->value_count; i++) {
		const struct value_change *value = &changes->values[i];

		if (changes->is_changed[value->group])
			continue;
		if (value->is_added)
			group_table_add_member(source->groups, value->group, value->dn);
		else
			group_table_remove_member(source->groups, value->group, value->dn);
	}
}

static void walk_changed(struct ldap_source *source)
{
	struct changes *changes = &source->changes;
	uint32_t count = 0, total = (uint32_t)membership_group_count(source->kept.membership);
	uint32_t *groups = mem_new((size_t)total + 1, sizeof(*groups));
	bool *is_nested = mem_new((size_t)total + 1, sizeof(*is_nested)), is_both;

	for (uint32_t i = 0; i < total; i++) {
		if (!changes->is_changed[i])
			continue;
		is_nested[count] = is_nested_group(source, i, &is_both);
		groups[count++] = i;
		changes->needs_walk |= is_both;
	}
	if (changes->needs_walk) {
		walk_all(source);
	} else {
		source->groups = group_table_renew(&source->settings, source->kept.membership,
		    source->kept.keys, changes->is_changed);
		group_table_watch(source->groups, note_member, source);
		apply_values(source);
		operation_walk_table(source, groups, is_nested, count);
	}
	free(groups);
	free(is_nested);
}

/* A member may be a group that was told only after it. */
static void read_groups_with_groups(struct ldap_source *source)
{
	struct changes *changes = &source->changes;

	for (size_t i = 0; i < changes->value_count; i++)
		if (dn_set_has(&source->kept.known, changes->values[i].dn))
			changes->is_changed[changes->values[i].group] = true;
}

static bool has_changed_groups(const struct ldap_source *source)
{
	const struct changes *changes = &source->changes;

	for (size_t i = 0; i < membership_group_count(source->kept.membership); i++)
		if (changes->is_changed[i])
			return true;
	return changes->value_count > 0;
}

static void take_groups(struct ldap_source *source)
{
	feed_free(&source->feed);
	read_groups_with_groups(source);
	if (source->changes.needs_walk)
		walk_all(source);
	else if (has_changed_groups(source))
		walk_changed(source);
	else
		operation_end(source, STATUS_OK, "");
}

/* ---- who they are ---- */

static int compare_members(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct member_hash));
}

static void sort_members(struct changed_member *members, size_t count)
{
	if (count > 1)
		qsort(members, count, sizeof(*members), compare_members);
}

static void on_differs(void *context, const struct member_hash *hash)
{
	struct changes *changes = context;
	struct changed_member *place = vec_push((void **)&changes->members, &changes->member_count,
	    &changes->member_cap, sizeof(*place));

	*place = (struct changed_member) { *hash, SPAN_NULL };
}

static struct changed_member *find_member(struct changes *changes, const struct member_hash *hash)
{
	if (changes->member_count == 0)
		return NULL;
	return bsearch(hash, changes->members, changes->member_count, sizeof(*changes->members),
	    compare_members);
}

static void give_names(struct changes *changes)
{
	for (size_t i = 0; i < changes->named_count; i++) {
		struct changed_member *member = find_member(changes, &changes->named[i].hash);

		if (member != NULL)
			member->dn = changes->named[i].dn;
	}
}

static void on_walked(struct ldap_source *source)
{
	struct changes *changes = &source->changes;

	if (!changes->needs_walk && group_table_has_failed(source->groups)) {
		operation_forget_groups(source);
		walk_all(source);
		return;
	}
	changes->renewed = source->membership;
	source->membership = NULL;
	changes->keys = group_table_take_keys(source->groups);
	group_table_free(&source->groups);
	membership_diff(source->kept.membership, changes->renewed, on_differs, changes);
	sort_members(changes->members, changes->member_count);
	give_names(changes);
	name_members(source);
}

static void note_name(void *context, uint32_t group, struct span dn)
{
	struct ldap_source *source = context;
	struct changes *changes = &source->changes;
	struct changed_member *member;
	struct member_hash hash;

	(void)group;
	member_hash(membership_salt(changes->renewed), dn, &source->scratch, &hash);
	member = find_member(changes, &hash);
	if (member != NULL && member->dn.at == NULL)
		member->dn = arena_span(changes->arena, dn);
}

static void on_named(struct ldap_source *source)
{
	membership_free(&source->membership);
	group_table_free(&source->groups);
	operation_end(source, STATUS_OK, "");
}

/* Groups that people are in who gained something and whose DN nobody has read. */
static uint32_t find_unnamed(struct changes *changes, bool *is_wanted)
{
	enum { GROUPS_MAX = 256 };
	uint32_t groups[GROUPS_MAX], count, wanted = 0;

	for (size_t i = 0; i < changes->member_count; i++) {
		if (changes->members[i].dn.at != NULL)
			continue;
		count = membership_find_hash(
		    changes->renewed, &changes->members[i].hash, groups, GROUPS_MAX);
		if (count == 0)
			continue;
		wanted += !is_wanted[groups[0]];
		is_wanted[groups[0]] = true;
	}
	return wanted;
}

static void name_members(struct ldap_source *source)
{
	struct changes *changes = &source->changes;
	size_t total = membership_group_count(changes->renewed);
	bool *is_wanted = mem_new(total + 1, sizeof(*is_wanted)), is_new;
	uint32_t count = find_unnamed(changes, is_wanted), *groups, added = 0;
	bool *is_nested;

	if (count == 0) {
		free(is_wanted);
		operation_end(source, STATUS_OK, "");
		return;
	}
	groups = mem_new(count, sizeof(*groups));
	is_nested = mem_new(count, sizeof(*is_nested));
	source->groups = group_table_new_like(&source->settings, changes->renewed);
	group_table_watch(source->groups, note_name, source);
	for (uint32_t i = 0; i < total; i++)
		if (is_wanted[i])
			groups[added++] = group_table_add(
			    source->groups, membership_group_dn(changes->renewed, i), &is_new);
	source->on_walked = on_named;
	operation_walk_table(source, groups, is_nested, count);
	free(groups);
	free(is_nested);
	free(is_wanted);
}

/* ---- the operation ---- */

/* Also after a fail-over: all begins again. */
static void on_connected(struct ldap_source *source)
{
	static const struct feed_handler handler = { on_change, on_feed_end };
	struct changes *changes = &source->changes;
	struct feed_input input = feed_input_of(source, NULL);

	changes_forget(changes);
	changes->arena = arena_new();
	changes->is_changed = mem_new(
	    membership_group_count(source->kept.membership) + 1, sizeof(*changes->is_changed));
	changes->is_counted = mem_new(
	    membership_group_count(source->kept.membership) + 1, sizeof(*changes->is_counted));
	source->on_walked = on_walked;
	source->feed = feed_start_ask(&changes->cursor, &input, &handler, source);
}

/* Without groups there is nothing that a scan would have to bring first. */
static bool has_groups(struct ldap_source *source, struct span cursor)
{
	struct dn_set nothing = { 0 };
	struct group_table *table;
	struct membership *membership;

	if (source->settings.group_count > 0)
		return source->kept.membership != NULL && kept_groups_resume(&source->kept, cursor);
	if (source->kept.membership == NULL) {
		table = group_table_new(&source->settings);
		group_table_seal(table);
		membership = group_table_take(table);
		kept_groups_set(&source->kept, membership, group_table_take_keys(table), &nothing);
		group_table_free(&table);
	}
	return true;
}

static bool is_wanted_way(const struct ldap_source *source)
{
	enum directory_changes wanted = source->settings.changes;

	return wanted == DIRECTORY_CHANGES_AUTO || wanted == source->changes.cursor.mechanism;
}

void changes_start(struct source *base, struct span cursor,
    const struct source_changes_handler *handler, void *context)
{
	struct ldap_source *source = (struct ldap_source *)base;
	struct changes *changes = &source->changes;

	assert(source->operation == OPERATION_NONE);
	source->operation = OPERATION_CHANGES;
	source->context = context;
	source->on_connected = on_connected;
	changes->handler = handler;
	changes->cursor_arena = arena_new();
	str_add(&changes->asked, cursor.at == NULL ? SPAN("") : cursor);
	/* Who asks from elsewhere does not have what was told last. */
	if (!span_equal(str_span(&changes->asked), str_span(&source->kept.cursor)))
		source->seen.count = source->seen.old_count = 0;
	if (cursor.len == 0)
		end_with_gap(source, "no whole scan has given a cursor yet");
	else if (!cursor_decode(str_span(&changes->asked), changes->cursor_arena, &changes->cursor))
		end_with_gap(source, "the cursor is none of this version's");
	else if (!is_wanted_way(source))
		end_with_gap(source, "changes are to be found in another way than before");
	else if (!has_groups(source, str_span(&changes->asked)))
		end_with_gap(source, "the groups as of the cursor are not in memory");
	else
		operation_connect(source, NULL);
}

static void keep(struct ldap_source *source, struct changes *done)
{
	struct str cursor = { 0 };

	if (done->renewed != NULL) {
		struct dn_set *from = done->needs_walk ? &source->known : &source->kept.known;
		struct dn_set known = *from;

		*from = (struct dn_set) { 0 };
		kept_groups_set(&source->kept, done->renewed, done->keys, &known);
		done->renewed = NULL;
		done->keys = NULL;
	}
	for (size_t i = 0; i < done->member_count; i++)
		kept_groups_tell(&source->kept, &done->members[i]);
	str_add(&cursor, str_span(&done->new_cursor));
	kept_groups_advance(&source->kept, str_span(&done->asked), str_span(&cursor));
	feed_seen_commit(&source->seen);
	str_done(&cursor);
}

static int compare_keys(const void *a, const void *b)
{
	return uuid_compare(a, b);
}

static void tell_all(struct ldap_source *source, struct changes *done)
{
	const struct source_changes_handler *handler = done->handler;
	void *context = source->context;

	if (done->touched_count > 1)
		qsort(done->touched, done->touched_count, sizeof(*done->touched), compare_keys);
	handler->on_membership(context, source->kept.membership);
	for (size_t i = 0; i < done->touched_count; i++)
		if (i == 0 || uuid_compare(&done->touched[i - 1], &done->touched[i]) != 0) {
			handler->on_touched(context, &done->touched[i]);
			done->entry_count++;
		}
	for (size_t i = 0; i < source->kept.told_count; i++)
		handler->on_member(context, &source->kept.told[i].hash, source->kept.told[i].dn);
}

void changes_finish(struct ldap_source *source)
{
	struct changes done = source->changes;
	struct changes_facts facts = { .mechanism = SPAN_NULL };
	bool is_whole = source->end_status == STATUS_OK && done.gap.len == 0;

	source->changes = (struct changes) { 0 };
	feed_free(&source->feed);
	if (is_whole) {
		keep(source, &done);
		tell_all(source, &done);
		facts.cursor = str_span(&done.new_cursor);
		facts.knows_deletions = done.knows_deletions;
		facts.entries = done.entry_count;
		facts.groups = done.group_count;
	}
	if (done.cursor.mechanism != DIRECTORY_CHANGES_AUTO)
		facts.mechanism = span_of(directory_changes_name(done.cursor.mechanism));
	if (done.gap.len > 0)
		facts.gap = str_span(&done.gap);
	done.handler->on_done(source->context, source->end_status, &facts, &source->end_err);
	changes_done(&done);
}

void changes_forget(struct changes *changes)
{
	arena_free(&changes->arena);
	free(changes->touched);
	free(changes->moved);
	free(changes->is_changed);
	free(changes->is_counted);
	free(changes->values);
	free(changes->named);
	free(changes->members);
	free(changes->keys);
	membership_free(&changes->renewed);
	changes->touched = NULL;
	changes->moved = NULL;
	changes->is_changed = changes->is_counted = NULL;
	changes->values = NULL;
	changes->named = changes->members = NULL;
	changes->keys = NULL;
	changes->touched_count = changes->touched_cap = 0;
	changes->moved_count = changes->moved_cap = changes->moved_next = 0;
	changes->value_count = changes->value_cap = changes->removals = 0;
	changes->named_count = changes->named_cap = 0;
	changes->member_count = changes->member_cap = 0;
	changes->entry_count = changes->group_count = 0;
	changes->needs_walk = false;
}

void changes_done(struct changes *changes)
{
	changes_forget(changes);
	arena_free(&changes->cursor_arena);
	str_done(&changes->asked);
	str_done(&changes->new_cursor);
	str_done(&changes->gap);
	str_done(&changes->filter);
	*changes = (struct changes) { 0 };
}
