/* SPDX-License-Identifier: ISC */
/*
 * Rules compiled once into the order in which an entry meets them.
 *
 * Attribute rules are grouped by target.  Workspace rules are sorted by id, so that the ids of an
 * account come out sorted: an entry marks workspaces in a small bitmap, and the bitmap is read from
 * its start.  From a root of the membership a table leads to the rules that name it.
 */
#include "core/mapping_p.h"

#include "base/vec.h"
#include "core/value.h"
#include <stdlib.h>

/* ---- making ---- */

static enum status compile_rule(const struct mapping_rule *input, struct attribute_set *set,
    struct rule *rule, struct err *reterr)
{
	const char *target = account_path_name(input->to);
	enum status status = template_compile(input->from, set, &rule->from, NULL, reterr);

	if (status != STATUS_OK) {
		if (reterr != NULL)
			err_prefix(
			    reterr, "mapping rule %zu (to %s): from", rule->position + 1, target);
		return status;
	}
	if (input->when.len == 0)
		return STATUS_OK;
	status = filter_compile(input->when, set, &rule->when, NULL, reterr);
	if (status != STATUS_OK && reterr != NULL)
		err_prefix(reterr, "mapping rule %zu (to %s): when", rule->position + 1, target);
	return status;
}

static enum status compile_rules(struct mapping *mapping, const struct mapping_input *input,
    struct attribute_set *set, struct err *reterr)
{
	mapping->rules = mem_new(input->rule_count, sizeof(*mapping->rules));
	for (int to = 0; to < ACCOUNT_PATH_COUNT; to++) {
		mapping->first_rule[to] = mapping->rule_count;
		for (size_t i = 0; i < input->rule_count; i++) {
			struct rule *rule = &mapping->rules[mapping->rule_count];
			enum status status;

			if ((int)input->rules[i].to != to)
				continue;
			rule->to = input->rules[i].to;
			rule->position = i;
			mapping->rule_count++;
			status = compile_rule(&input->rules[i], set, rule, reterr);
			if (status != STATUS_OK)
				return status;
		}
	}
	mapping->first_rule[ACCOUNT_PATH_COUNT] = mapping->rule_count;
	if (mapping->first_rule[ACCOUNT_USER_NAME] == mapping->first_rule[ACCOUNT_USER_NAME + 1]) {
		err_set(reterr,
		    "no mapping rule gives userName, without which there is no account; "
		    "add one, such as { to = \"userName\"; from = \"${mail|lower}\"; }");
		return STATUS_REJECT;
	}
	return STATUS_OK;
}

static enum status compile_grant(const struct workspace_rule *input, struct attribute_set *set,
    struct grant *grant, struct err *reterr)
{
	enum status status;

	if (input->id.len == 0) {
		err_set(reterr, "workspace rule %zu has no id", grant->position + 1);
		return STATUS_REJECT;
	}
	if (input->when.len == 0 && input->root == MEMBERSHIP_NONE) {
		err_set(reterr,
		    "workspace rule %zu (%.*s) has neither a group nor a when, so it grants "
		    "nobody; give it one",
		    grant->position + 1, SPAN_ARG(input->id));
		return STATUS_REJECT;
	}
	if (input->when.len == 0)
		return STATUS_OK;
	status = filter_compile(input->when, set, &grant->when, NULL, reterr);
	if (status != STATUS_OK && reterr != NULL)
		err_prefix(reterr, "workspace rule %zu (%.*s): when", grant->position + 1,
		    SPAN_ARG(input->id));
	return status;
}

/* Sorted by id; the place in the configuration keeps equal ones in order. */
static int compare_rules(const void *a, const void *b)
{
	const struct workspace_rule *const *left = a, *const *right = b;
	int order = span_compare((*left)->id, (*right)->id);

	if (order != 0)
		return order;
	return (*left > *right) - (*left < *right);
}

/* The workspace of the rule that comes next in the order of ids. */
static size_t workspace_of_next(struct mapping *mapping, const struct workspace_rule *rule)
{
	size_t count = mapping->workspace_count;
	struct workspace *workspace;

	if (count == 0 || !span_equal(mapping->workspaces[count - 1].id, rule->id)) {
		workspace = &mapping->workspaces[mapping->workspace_count++];
		workspace->id = arena_span(mapping->arena, rule->id);
	} else {
		workspace = &mapping->workspaces[count - 1];
	}
	if (workspace->name.at == NULL)
		workspace->name = arena_span(mapping->arena, rule->name);
	return mapping->workspace_count - 1;
}

static enum status compile_grants(struct mapping *mapping, const struct mapping_input *input,
    struct attribute_set *set, struct err *reterr)
{
	size_t count = input->workspace_count;
	const struct workspace_rule **sorted = mem_new(count, sizeof(*sorted));
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count; i++)
		sorted[i] = &input->workspaces[i];
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), compare_rules);
	mapping->grants = mem_new(count, sizeof(*mapping->grants));
	mapping->workspaces = mem_new(count, sizeof(*mapping->workspaces));
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct grant *grant = &mapping->grants[mapping->grant_count++];

		grant->position = (size_t)(sorted[i] - input->workspaces);
		grant->root = sorted[i]->root;
		grant->name = arena_span(mapping->arena, sorted[i]->name);
		grant->workspace = workspace_of_next(mapping, sorted[i]);
		status = compile_grant(sorted[i], set, grant, reterr);
	}
	free(sorted);
	return status;
}

/* Parts the grants into those that are a matter of groups and those that are not. */
static void make_tables(struct mapping *mapping)
{
	size_t count = mapping->grant_count, done = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t root = mapping->grants[i].root;

		if (root != MEMBERSHIP_NONE && root >= mapping->root_count)
			mapping->root_count = root + 1;
	}
	mapping->when_grants = mem_new(count, sizeof(*mapping->when_grants));
	mapping->root_grants = mem_new(count, sizeof(*mapping->root_grants));
	mapping->first_root_grant = mem_new(
	    (size_t)mapping->root_count + 1, sizeof(*mapping->first_root_grant));
	for (uint32_t root = 0; root < mapping->root_count; root++) {
		mapping->first_root_grant[root] = done;
		for (size_t i = 0; i < count; i++) {
			if (mapping->grants[i].root == root)
				mapping->root_grants[done++] = i;
		}
	}
	mapping->first_root_grant[mapping->root_count] = done;
	for (size_t i = 0; i < count; i++) {
		if (mapping->grants[i].root == MEMBERSHIP_NONE)
			mapping->when_grants[mapping->when_grant_count++] = i;
	}
}

enum status mapping_new(const struct mapping_input *input, struct attribute_set *set,
    struct mapping **ret_mapping, struct err *reterr)
{
	struct mapping *mapping = mem_new(1, sizeof(*mapping));
	enum status status;

	mapping->arena = arena_new();
	mapping->user_name_is_email = input->user_name_is_email;
	mapping->workspace_max = input->workspace_max;
	status = compile_rules(mapping, input, set, reterr);
	if (status == STATUS_OK)
		status = compile_grants(mapping, input, set, reterr);
	if (status != STATUS_OK) {
		mapping_free(&mapping);
		return status;
	}
	make_tables(mapping);
	*ret_mapping = mapping;
	return STATUS_OK;
}

void mapping_free(struct mapping **mapping)
{
	struct mapping *gone = *mapping;

	if (gone == NULL)
		return;
	for (size_t i = 0; i < gone->rule_count; i++) {
		template_free(&gone->rules[i].from);
		filter_free(&gone->rules[i].when);
	}
	for (size_t i = 0; i < gone->grant_count; i++)
		filter_free(&gone->grants[i].when);
	free(gone->rules);
	free(gone->workspaces);
	free(gone->grants);
	free(gone->when_grants);
	free(gone->root_grants);
	free(gone->first_root_grant);
	arena_free(&gone->arena);
	free(gone);
	*mapping = NULL;
}

/* ---- texts ---- */

enum rule_outcome mapping_try_rule(const struct subject *subject, const struct rule *rule,
    struct span *ret_value, struct err *reterr)
{
	struct span value = SPAN_NULL;

	if (rule->when != NULL && !filter_matches(rule->when, subject->entry))
		return RULE_WHEN_FALSE;
	if (template_evaluate(rule->from, subject->entry, subject->arena, &value, reterr) !=
	    STATUS_OK) {
		if (reterr != NULL)
			err_prefix(reterr, "%s", account_path_name(rule->to));
		return RULE_FAULT;
	}
	if (rule->to == ACCOUNT_USER_NAME)
		value = span_trim(value);
	if (value.len == 0)
		return RULE_EMPTY;
	if (value_check(rule->to, value, reterr) != STATUS_OK)
		return RULE_FAULT;
	if (rule->to == ACCOUNT_USER_NAME && subject->mapping->user_name_is_email &&
	    value_check_email(value, reterr) != STATUS_OK)
		return RULE_FAULT;
	*ret_value = value;
	return RULE_WON;
}

/* The first value that a target's rules give; absent when none does. */
static enum status map_target(
    const struct subject *subject, int to, struct span *ret_value, struct err *reterr)
{
	const struct mapping *mapping = subject->mapping;

	*ret_value = SPAN_NULL;
	for (size_t i = mapping->first_rule[to]; i < mapping->first_rule[to + 1]; i++) {
		switch (mapping_try_rule(subject, &mapping->rules[i], ret_value, reterr)) {
		case RULE_WON:
			return STATUS_OK;
		case RULE_FAULT:
			return STATUS_REJECT;
		case RULE_WHEN_FALSE:
		case RULE_EMPTY:
		case RULE_AFTER_WINNER:
			break;
		}
	}
	return STATUS_OK;
}

static enum status reject_nameless(const struct mapping *mapping, struct err *reterr)
{
	size_t first = mapping->first_rule[ACCOUNT_USER_NAME];
	size_t count = mapping->first_rule[ACCOUNT_USER_NAME + 1] - first;
	struct str tried = { 0 };

	for (size_t i = first; i < first + count; i++) {
		if (i > first)
			str_add_c(&tried, ", ");
		str_add(&tried, template_text(mapping->rules[i].from));
	}
	err_set(reterr,
	    "no userName: none of its %zu rules gives a value (%s); fill the attribute in the "
	    "directory, or add a rule or narrow the filter",
	    count, str_c(&tried));
	str_done(&tried);
	return STATUS_REJECT;
}

static enum status map_texts(
    const struct subject *subject, struct account *account, struct err *reterr)
{
	struct span active;
	enum status status = STATUS_OK;

	for (int to = 0; to < ACCOUNT_TEXT_COUNT && status == STATUS_OK; to++)
		status = map_target(subject, to, &account->text[to], reterr);
	if (status == STATUS_OK)
		status = map_target(subject, ACCOUNT_ACTIVE, &active, reterr);
	if (status != STATUS_OK)
		return status;
	account->is_active = true;
	if (active.at != NULL)
		value_parse_active(active, &account->is_active);
	if (account->text[ACCOUNT_USER_NAME].at == NULL)
		return reject_nameless(subject->mapping, reterr);
	return STATUS_OK;
}

/* ---- workspaces ---- */

/* A set of workspaces as a bitmap. */
typedef uint64_t word;
enum { WORD_BITS = 64 };

static void set_add(word *set, size_t workspace)
{
	set[workspace / WORD_BITS] |= UINT64_C(1) << (workspace % WORD_BITS);
}

static bool set_has(const word *set, size_t workspace)
{
	return (set[workspace / WORD_BITS] >> (workspace % WORD_BITS) & 1) != 0;
}

static size_t word_count(const struct mapping *mapping)
{
	return (mapping->workspace_count + WORD_BITS - 1) / WORD_BITS;
}

/* The ids of a set, ascending. @return how many */
static size_t list_set(const struct mapping *mapping, const word *set, struct arena *arena,
    const struct span **ret_ids)
{
	size_t words = word_count(mapping), count = 0;
	struct span *ids;

	for (size_t i = 0; i < words; i++)
		count += (size_t)__builtin_popcountll(set[i]);
	*ret_ids = NULL;
	if (count == 0)
		return 0;
	*ret_ids = ids = arena_array(arena, count, sizeof(*ids));
	for (size_t i = 0; i < words; i++) {
		for (word rest = set[i]; rest != 0; rest &= rest - 1)
			*ids++ =
			    mapping->workspaces[i * WORD_BITS + (size_t)__builtin_ctzll(rest)].id;
	}
	return count;
}

/* Where a rule names both a group and a `when`, both must hold. */
bool mapping_when_holds(const struct grant *grant, const struct entry *entry)
{
	return grant->when == NULL || filter_matches(grant->when, entry);
}

static void add_by_when(const struct subject *subject, word *granted)
{
	const struct mapping *mapping = subject->mapping;

	for (size_t i = 0; i < mapping->when_grant_count; i++) {
		const struct grant *grant = &mapping->grants[mapping->when_grants[i]];

		if (!set_has(granted, grant->workspace) &&
		    mapping_when_holds(grant, subject->entry))
			set_add(granted, grant->workspace);
	}
}

static void add_by_root(const struct subject *subject, uint32_t root, word *granted)
{
	const struct mapping *mapping = subject->mapping;

	if (root >= mapping->root_count)
		return;
	for (size_t i = mapping->first_root_grant[root]; i < mapping->first_root_grant[root + 1];
	     i++) {
		const struct grant *grant = &mapping->grants[mapping->root_grants[i]];

		if (!set_has(granted, grant->workspace) &&
		    mapping_when_holds(grant, subject->entry))
			set_add(granted, grant->workspace);
	}
}

static void add_by_group(const struct subject *subject, word *granted)
{
	const struct entry *entry = subject->entry;

	if (subject->membership == NULL)
		return;
	for (uint32_t i = 0; i < entry->group_count; i++) {
		const uint32_t *roots;
		uint32_t count = membership_roots(subject->membership, entry->groups[i], &roots);

		for (uint32_t j = 0; j < count; j++)
			add_by_root(subject, roots[j], granted);
	}
}

bool mapping_root_is_known(const struct membership *membership, uint32_t root)
{
	return membership != NULL && membership_is_known(membership, root);
}

/* Adds what is not granted, but might be if an unknown group could be read. */
static void add_unknown(const struct subject *subject, const word *granted, word *unknown)
{
	const struct mapping *mapping = subject->mapping;

	for (size_t i = 0; i < mapping->first_root_grant[mapping->root_count]; i++) {
		const struct grant *grant = &mapping->grants[mapping->root_grants[i]];

		if (!set_has(granted, grant->workspace) &&
		    !mapping_root_is_known(subject->membership, grant->root) &&
		    mapping_when_holds(grant, subject->entry))
			set_add(unknown, grant->workspace);
	}
}

static enum status map_workspaces(
    const struct subject *subject, struct mapped *mapped, struct err *reterr)
{
	const struct mapping *mapping = subject->mapping;
	struct arena *arena = subject->arena;
	struct account *account = &mapped->account;
	word *sets;

	if (mapping->workspace_count == 0)
		return STATUS_OK;
	sets = arena_array(arena, 2 * word_count(mapping), sizeof(*sets));
	add_by_when(subject, sets);
	add_by_group(subject, sets);
	account->workspace_count = list_set(mapping, sets, arena, &account->workspaces);
	if (mapping->workspace_max > 0 && account->workspace_count > mapping->workspace_max) {
		err_set(reterr,
		    "workspaces: the rules give %zu, and the tenant takes at most %zu for one "
		    "account; take the entry out of some groups",
		    account->workspace_count, mapping->workspace_max);
		return STATUS_REJECT;
	}
	if (subject->membership == NULL ||
	    membership_has_unknown(subject->membership, mapping->root_count)) {
		add_unknown(subject, sets, sets + word_count(mapping));
		mapped->unknown_count = list_set(
		    mapping, sets + word_count(mapping), arena, &mapped->unknown);
	}
	return STATUS_OK;
}

enum status mapping_apply(const struct mapping *mapping, const struct entry *entry,
    const struct membership *membership, struct arena *arena, struct mapped *ret_mapped,
    struct err *reterr)
{
	struct subject subject = { mapping, entry, membership, arena };
	struct mapped mapped = { 0 };
	enum status status = map_texts(&subject, &mapped.account, reterr);

	if (status == STATUS_OK)
		status = map_workspaces(&subject, &mapped, reterr);
	if (status == STATUS_OK)
		*ret_mapped = mapped;
	return status;
}

static const struct workspace *find_workspace(const struct mapping *mapping, struct span id)
{
	size_t low = 0, high = mapping->workspace_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = span_compare(mapping->workspaces[middle].id, id);

		if (order == 0)
			return &mapping->workspaces[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct span mapping_workspace_name(const struct mapping *mapping, struct span id)
{
	const struct workspace *workspace = find_workspace(mapping, id);

	return workspace == NULL ? SPAN_NULL : workspace->name;
}

bool mapping_manages_workspace(const struct mapping *mapping, struct span id)
{
	return find_workspace(mapping, id) != NULL;
}
