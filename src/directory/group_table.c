/* SPDX-License-Identifier: ISC */
/*
 * Failures climb the edges until nothing changes; cycles end that like anything else.
 */
#include "directory/group_table.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"
#include <assert.h>
#include <stdlib.h>

struct edge {
	uint32_t child, parent;
};

struct group_state {
	bool is_walked;
	struct span failure; /* absent: none */
	struct uuid key;     /* zero: not known */
};

struct group_table {
	const struct directory_settings *settings;
	struct arena *arena;
	struct membership *membership;
	struct group_state *groups; /* by group */
	size_t group_count, group_cap;
	struct edge *edges;
	size_t edge_count, edge_cap;
	struct span *root_failures; /* by root; absent: none */
	uint32_t *root_groups;      /* by root; MEMBERSHIP_NONE: not added */
	uint64_t unknown_count;
	struct span first_unknown;
	bool has_failed;
	group_table_member_callback *on_member; /* NULL: nobody listens */
	void *context;
};

static struct group_table *new_table(
    const struct directory_settings *settings, struct membership *membership)
{
	struct group_table *table = mem_new(1, sizeof(*table));
	size_t roots = settings->group_count;

	table->settings = settings;
	table->arena = arena_new();
	table->membership = membership;
	table->root_failures = arena_array(table->arena, roots + 1, sizeof(*table->root_failures));
	table->root_groups = arena_array(table->arena, roots + 1, sizeof(*table->root_groups));
	for (size_t i = 0; i < roots; i++)
		table->root_groups[i] = MEMBERSHIP_NONE;
	return table;
}

struct group_table *group_table_new(const struct directory_settings *settings)
{
	uint8_t salt[16];

	hash_random(salt, sizeof(salt));
	return new_table(settings, membership_new(salt));
}

struct group_table *group_table_new_like(
    const struct directory_settings *settings, const struct membership *old)
{
	return new_table(settings, membership_new(membership_salt(old)));
}

static struct group_state *state_of(struct group_table *table, uint32_t group)
{
	while (table->group_count <= group)
		vec_push((void **)&table->groups, &table->group_count, &table->group_cap,
		    sizeof(*table->groups));
	return &table->groups[group];
}

static bool is_changed_group(const void *context, uint32_t group)
{
	const bool *is_changed = context;

	return is_changed[group];
}

struct group_table *group_table_renew(const struct directory_settings *settings,
    const struct membership *old, const struct uuid *keys, const bool *is_changed)
{
	struct group_table *table = new_table(
	    settings, membership_renew(old, is_changed_group, is_changed));

	for (uint32_t i = 0; i < membership_group_count(old); i++) {
		state_of(table, i)->is_walked = true;
		state_of(table, i)->key = keys[i];
	}
	for (uint32_t i = 0; i < settings->group_count; i++)
		table->root_groups[i] = membership_root_group(old, i);
	return table;
}

void group_table_watch(
    struct group_table *table, group_table_member_callback *callback, void *context)
{
	table->on_member = callback;
	table->context = context;
}

void group_table_free(struct group_table **table)
{
	struct group_table *old = *table;

	*table = NULL;
	if (old == NULL)
		return;
	membership_free(&old->membership);
	arena_free(&old->arena);
	free(old->groups);
	free(old->edges);
	free(old);
}

static uint32_t add_group(struct group_table *table, struct span dn, bool *ret_is_new)
{
	uint32_t group = membership_add_group(table->membership, dn);

	*ret_is_new = !state_of(table, group)->is_walked;
	table->groups[group].is_walked = true;
	return group;
}

uint32_t group_table_add(struct group_table *table, struct span dn, bool *ret_is_new)
{
	return add_group(table, dn, ret_is_new);
}

static bool has_children(const struct group_table *table, uint32_t group)
{
	for (size_t i = 0; i < table->edge_count; i++)
		if (table->edges[i].parent == group)
			return true;
	return false;
}

uint32_t group_table_add_root(struct group_table *table, uint32_t root, bool *ret_is_new)
{
	const struct directory_group *wanted = &table->settings->groups[root];
	bool is_new;
	uint32_t group = add_group(table, wanted->dn, &is_new);

	if (!wanted->is_nested && has_children(table, group))
		group = add_group(table,
		    arena_format(table->arena, "%.*s (direct members)", SPAN_ARG(wanted->dn)),
		    &is_new);
	membership_set_root(table->membership, root, group);
	table->root_groups[root] = group;
	*ret_is_new = is_new;
	return group;
}

void group_table_add_edge(struct group_table *table, uint32_t child, uint32_t parent)
{
	struct edge *edge = vec_push(
	    (void **)&table->edges, &table->edge_count, &table->edge_cap, sizeof(*edge));

	*edge = (struct edge) { child, parent };
	membership_add_edge(table->membership, child, parent);
}

void group_table_add_member(struct group_table *table, uint32_t group, struct span dn)
{
	membership_add_member(table->membership, group, dn);
	if (table->on_member != NULL)
		table->on_member(table->context, group, dn);
}

void group_table_remove_member(struct group_table *table, uint32_t group, struct span dn)
{
	membership_remove_member(table->membership, group, dn);
}

void group_table_set_key(struct group_table *table, uint32_t group, const struct uuid *key)
{
	state_of(table, group)->key = *key;
}

bool group_table_has_failed(const struct group_table *table)
{
	return table->has_failed;
}

struct span group_table_dn(const struct group_table *table, uint32_t group)
{
	return membership_group_dn(table->membership, group);
}

struct uuid *group_table_take_keys(struct group_table *table)
{
	struct uuid *keys = mem_new(table->group_count + 1, sizeof(*keys));

	for (size_t i = 0; i < table->group_count; i++)
		keys[i] = table->groups[i].key;
	return keys;
}

void group_table_fail(struct group_table *table, uint32_t group, struct span why)
{
	assert(group < table->group_count);
	table->has_failed = true;
	if (table->groups[group].failure.at == NULL)
		table->groups[group].failure = arena_span(table->arena, why);
}

void group_table_fail_roots(struct group_table *table, bool only_nested, struct span why)
{
	struct span reason = arena_span(table->arena, why);

	for (size_t i = 0; i < table->settings->group_count; i++)
		if ((!only_nested || table->settings->groups[i].is_nested) &&
		    table->root_failures[i].at == NULL)
			table->root_failures[i] = reason;
}

static bool climb_once(struct group_table *table)
{
	bool has_changed = false;

	for (size_t i = 0; i < table->edge_count; i++) {
		struct span *child = &table->groups[table->edges[i].child].failure;
		struct span *parent = &table->groups[table->edges[i].parent].failure;
		if (child->at == NULL || parent->at != NULL)
			continue;
		*parent = *child;
		has_changed = true;
	}
	return has_changed;
}

static void settle_root(struct group_table *table, uint32_t root)
{
	struct span why = table->root_failures[root];
	uint32_t group = table->root_groups[root];

	if (why.at == NULL && group == MEMBERSHIP_NONE)
		why = SPAN("it was not read");
	else if (why.at == NULL)
		why = table->groups[group].failure;
	if (why.at == NULL)
		return;
	membership_set_unknown(table->membership, root, why);
	table->unknown_count++;
	if (table->first_unknown.at == NULL)
		table->first_unknown = arena_format(table->arena, "%.*s: %.*s",
		    SPAN_ARG(table->settings->groups[root].dn), SPAN_ARG(why));
}

/* A root that no walk reached still needs its number, or rules would refer to nothing. */
static void add_missing_root(struct group_table *table, uint32_t root)
{
	bool is_new;

	if (table->root_groups[root] != MEMBERSHIP_NONE)
		return;
	group_table_add_root(table, root, &is_new);
	if (table->root_failures[root].at == NULL)
		table->root_failures[root] = SPAN("it was not read");
}

void group_table_seal(struct group_table *table)
{
	for (size_t i = 0; i < table->settings->group_count; i++)
		add_missing_root(table, (uint32_t)i);
	while (climb_once(table))
		;
	for (size_t i = 0; i < table->settings->group_count; i++)
		settle_root(table, (uint32_t)i);
	membership_seal(table->membership);
}

struct membership *group_table_take(struct group_table *table)
{
	struct membership *membership = table->membership;

	table->membership = NULL;
	return membership;
}

uint64_t group_table_unknown_count(const struct group_table *table)
{
	return table->unknown_count;
}

struct span group_table_first_unknown(const struct group_table *table)
{
	return table->first_unknown;
}

uint64_t group_table_group_count(const struct group_table *table)
{
	return table->group_count;
}
