/* SPDX-License-Identifier: ISC */
/*
 * Groups are known by their place in the sorted set of names until it is clear which of them
 * matter; so a file with many groups that nobody asked for costs little memory.
 */
#include "directory/ldif_groups.h"

#include "base/arena.h"
#include "base/vec.h"
#include "core/dn.h"
#include "directory/dn_set.h"
#include "directory/member_text.h"
#include <stdlib.h>

enum phase { PHASE_NAMES, PHASE_EDGES, PHASE_NESTED, PHASE_DIRECT, PHASE_DONE };

struct edge {
	size_t child, parent; /* places in the set */
};

struct ldif_groups {
	const struct directory_settings *settings;
	struct ldif_file *file;
	struct group_table *table;
	ldif_groups_callback *callback;
	void *context;
	enum phase phase;
	struct arena *arena;
	struct dn_set names;
	struct edge *edges;
	size_t edge_count, edge_cap;
	bool *is_reached; /* by place */
	bool *was_read;   /* by group number */
	size_t group_count, group_cap;
	struct span *root_normals; /* normalized DNs by root */
	bool has_nested, has_direct;
	struct str scratch;
};

static bool is_member_name(struct span name)
{
	return span_equal_ascii_case(name, SPAN("member")) ||
	       span_equal_ascii_case(name, SPAN("uniqueMember"));
}

static bool is_group(const struct ldif_record *record)
{
	for (size_t i = 0; i < record->value_count; i++) {
		const struct ldif_value *value = &record->values[i];
		if (is_member_name(value->name) ||
		    (span_equal_ascii_case(value->name, SPAN("objectClass")) &&
			member_is_group_class(value->value)))
			return true;
	}
	return false;
}

/* ---- edges ---- */

static void note_edges(struct ldif_groups *groups, const struct ldif_record *record)
{
	size_t parent = dn_set_find(&groups->names, record->dn), child;
	struct edge *edge;

	for (size_t i = 0; i < record->value_count; i++) {
		if (!is_member_name(record->values[i].name))
			continue;
		child = dn_set_find(&groups->names, member_unique_dn(record->values[i].value));
		if (child == groups->names.count)
			continue;
		edge = vec_push(
		    (void **)&groups->edges, &groups->edge_count, &groups->edge_cap, sizeof(*edge));
		*edge = (struct edge) { child, parent };
	}
}

static bool reach_once(struct ldif_groups *groups)
{
	bool has_changed = false;

	for (size_t i = 0; i < groups->edge_count; i++) {
		const struct edge *edge = &groups->edges[i];
		if (!groups->is_reached[edge->parent] || groups->is_reached[edge->child])
			continue;
		groups->is_reached[edge->child] = has_changed = true;
	}
	return has_changed;
}

static void reach(struct ldif_groups *groups)
{
	groups->is_reached = mem_new(groups->names.count + 1, sizeof(*groups->is_reached));
	for (size_t i = 0; i < groups->settings->group_count; i++)
		if (groups->settings->groups[i].is_nested)
			groups->is_reached[dn_set_find(
			    &groups->names, groups->settings->groups[i].dn)] = true;
	/* The last place stands for "not in the file". */
	while (reach_once(groups))
		;
}

/* ---- members ---- */

static void make_room(struct ldif_groups *groups, uint32_t group)
{
	while (groups->group_count <= group)
		vec_push((void **)&groups->was_read, &groups->group_count, &groups->group_cap,
		    sizeof(*groups->was_read));
}

static void add_member(struct ldif_groups *groups, uint32_t group, struct span dn)
{
	bool is_new;
	uint32_t child;

	if (groups->phase != PHASE_NESTED || !dn_set_has(&groups->names, dn)) {
		group_table_add_member(groups->table, group, dn);
		return;
	}
	child = group_table_add(groups->table, dn, &is_new);
	make_room(groups, child);
	group_table_add_edge(groups->table, child, group);
}

static void read_group(struct ldif_groups *groups, uint32_t group, const struct ldif_record *record,
    const struct err *why)
{
	bool has_member = false, has_uid = false;

	groups->was_read[group] = true;
	for (size_t i = 0; i < record->value_count; i++) {
		const struct ldif_value *value = &record->values[i];
		has_uid |= span_equal_ascii_case(value->name, SPAN("memberUid"));
		if (!is_member_name(value->name))
			continue;
		has_member = true;
		add_member(groups, group, member_unique_dn(value->value));
	}
	if (why != NULL)
		group_table_fail(groups->table, group, span_of(why->text));
	else if (has_uid && !has_member)
		group_table_fail(groups->table, group,
		    SPAN("posixGroup memberUid is not supported; use a group with member DNs"));
}

static void read_nested(
    struct ldif_groups *groups, const struct ldif_record *record, const struct err *why)
{
	size_t place = dn_set_find(&groups->names, record->dn);
	uint32_t group;
	bool is_new;

	if (place == groups->names.count || !groups->is_reached[place])
		return;
	group = group_table_add(groups->table, record->dn, &is_new);
	make_room(groups, group);
	read_group(groups, group, record, why);
}

static void read_direct(
    struct ldif_groups *groups, const struct ldif_record *record, const struct err *why)
{
	const struct directory_settings *settings = groups->settings;
	bool is_new;

	for (size_t i = 0; i < settings->group_count; i++) {
		uint32_t group;
		if (settings->groups[i].is_nested ||
		    !dn_equal_normalized(record->dn, groups->root_normals[i], &groups->scratch))
			continue;
		group = group_table_add_root(groups->table, (uint32_t)i, &is_new);
		make_room(groups, group);
		if (!groups->was_read[group])
			read_group(groups, group, record, why);
	}
}

/* ---- passes ---- */

static void note_bad(struct ldif_groups *groups, const struct err *why)
{
	str_truncate(&groups->scratch, 0);
	str_addf(&groups->scratch, "the file has errors, so a group in it may be missing: %s",
	    why->text);
	group_table_fail_roots(groups->table, false, str_span(&groups->scratch));
}

static bool on_record(void *context, enum ldif_outcome outcome, const struct ldif_record *record,
    const struct err *why)
{
	struct ldif_groups *groups = context;
	const struct err *unusable = outcome == LDIF_UNUSABLE ? why : NULL;

	if (outcome == LDIF_BAD) {
		note_bad(groups, why);
		return true;
	}
	if (!is_group(record))
		return true;
	switch (groups->phase) {
	case PHASE_NAMES:
		dn_set_add(&groups->names, record->dn);
		break;
	case PHASE_EDGES:
		note_edges(groups, record);
		break;
	case PHASE_NESTED:
		read_nested(groups, record, unusable);
		break;
	case PHASE_DIRECT:
		read_direct(groups, record, unusable);
		break;
	case PHASE_DONE:
		break;
	}
	return true;
}

static void begin_nested(struct ldif_groups *groups)
{
	bool is_new;

	reach(groups);
	for (size_t i = 0; i < groups->settings->group_count; i++)
		if (groups->settings->groups[i].is_nested)
			make_room(
			    groups, group_table_add_root(groups->table, (uint32_t)i, &is_new));
}

static void begin_direct(struct ldif_groups *groups)
{
	bool is_new;

	for (size_t i = 0; i < groups->settings->group_count; i++)
		if (!groups->settings->groups[i].is_nested)
			make_room(
			    groups, group_table_add_root(groups->table, (uint32_t)i, &is_new));
}

static void finish(struct ldif_groups *groups)
{
	for (uint32_t group = 0; group < groups->group_count; group++)
		if (!groups->was_read[group])
			group_table_fail(groups->table, group,
			    SPAN("it is not in the file, or it is not a group there"));
	group_table_seal(groups->table);
	groups->callback(groups->context, NULL);
}

static void on_end(void *context, const struct err *failure);

static void run_phase(struct ldif_groups *groups)
{
	static const struct ldif_file_handler handler = { on_record, on_end };

	if (!groups->has_nested && groups->phase < PHASE_DIRECT)
		groups->phase = PHASE_DIRECT;
	if (!groups->has_direct && groups->phase == PHASE_DIRECT)
		groups->phase = PHASE_DONE;
	if (groups->phase == PHASE_EDGES)
		dn_set_seal(&groups->names);
	if (groups->phase == PHASE_NESTED)
		begin_nested(groups);
	if (groups->phase == PHASE_DIRECT)
		begin_direct(groups);
	if (groups->phase == PHASE_DONE)
		finish(groups);
	else
		ldif_file_pass(groups->file, &handler, groups);
}

static void on_end(void *context, const struct err *failure)
{
	struct ldif_groups *groups = context;

	if (failure != NULL) {
		groups->callback(groups->context, failure);
		return;
	}
	groups->phase++;
	run_phase(groups);
}

static void prepare(struct ldif_groups *groups)
{
	const struct directory_settings *settings = groups->settings;

	groups->root_normals = arena_array(
	    groups->arena, settings->group_count + 1, sizeof(*groups->root_normals));
	for (size_t i = 0; i < settings->group_count; i++) {
		str_truncate(&groups->scratch, 0);
		dn_normalize(settings->groups[i].dn, &groups->scratch);
		groups->root_normals[i] = arena_span(groups->arena, str_span(&groups->scratch));
		groups->has_nested |= settings->groups[i].is_nested;
		groups->has_direct |= !settings->groups[i].is_nested;
	}
}

struct ldif_groups *ldif_groups_new(const struct directory_settings *settings,
    struct ldif_file *file, struct group_table *table, ldif_groups_callback *callback,
    void *context)
{
	struct ldif_groups *groups = mem_new(1, sizeof(*groups));

	groups->settings = settings;
	groups->file = file;
	groups->table = table;
	groups->callback = callback;
	groups->context = context;
	groups->arena = arena_new();
	prepare(groups);
	return groups;
}

void ldif_groups_start(struct ldif_groups *groups)
{
	run_phase(groups);
}

void ldif_groups_free(struct ldif_groups **groups)
{
	struct ldif_groups *old = *groups;

	*groups = NULL;
	if (old == NULL)
		return;
	arena_free(&old->arena);
	dn_set_done(&old->names);
	free(old->edges);
	free(old->is_reached);
	free(old->was_read);
	str_done(&old->scratch);
	free(old);
}
