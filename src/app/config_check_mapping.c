/* SPDX-License-Identifier: ISC */
/*
 * Checks of the mapping and of the workspaces, the default rules, and the list of groups.
 */
#include "app/config_p.h"
#include "base/vec.h"
#include "core/dn.h"
#include <stdlib.h>

enum { ID_MAX_BYTES = 256 };

/* For targets that the file has no rule for. */
static const struct {
	enum account_path to;
	const char *from;
} default_rules[] = {
	{ ACCOUNT_USER_NAME, "${mail|lower}" },
	{ ACCOUNT_USER_NAME, "${userPrincipalName|lower}" },
	{ ACCOUNT_EXTERNAL_ID, "${.key}" },
	{ ACCOUNT_GIVEN_NAME, "${givenName}" },
	{ ACCOUNT_FAMILY_NAME, "${sn}" },
	{ ACCOUNT_ACTIVE, "${.enabled}" },
};

enum { DEFAULT_RULE_COUNT = sizeof(default_rules) / sizeof(default_rules[0]) };

static bool anaplan_takes(enum account_path path)
{
	switch (path) {
	case ACCOUNT_USER_NAME:
	case ACCOUNT_EXTERNAL_ID:
	case ACCOUNT_GIVEN_NAME:
	case ACCOUNT_FAMILY_NAME:
	case ACCOUNT_EMAIL:
	case ACCOUNT_ACTIVE:
		return true;
	case ACCOUNT_DISPLAY_NAME:
	case ACCOUNT_LOCALE:
	case ACCOUNT_NICK_NAME:
	case ACCOUNT_PREFERRED_LANGUAGE:
	case ACCOUNT_TIMEZONE:
	case ACCOUNT_TITLE:
	case ACCOUNT_USER_TYPE:
	case ACCOUNT_PATH_COUNT:
		return false;
	}
	return false;
}

/* The names that `to` can have, for suggestions. @return how many */
static size_t list_paths(bool is_anaplan, const char *names[ACCOUNT_PATH_COUNT])
{
	size_t count = 0;

	for (unsigned path = 0; path < ACCOUNT_PATH_COUNT; path++)
		if (!is_anaplan || anaplan_takes((enum account_path)path))
			names[count++] = account_path_name((enum account_path)path);
	return count;
}

/* @return whether the target is one */
static bool check_to(struct config_reader *reader, const config_setting_t *group, struct span to,
    enum account_path *ret_path)
{
	bool is_anaplan = reader->draft->config.tenant.profile == TENANT_ANAPLAN;
	const char *names[ACCOUNT_PATH_COUNT];
	size_t count = list_paths(is_anaplan, names);
	const char *remedy = config_faults_suggest(reader->faults, to, names, count);

	if (to.len == 0) {
		if (!config_was_refused(reader, group, "to"))
			config_refuse(reader, group, "to", remedy, "it is missing");
		return false;
	}
	if (!account_path_parse(to, ret_path)) {
		config_refuse(reader, group, "to", remedy, "\"%.*s\" is no attribute of an account",
		    SPAN_ARG(to));
		return false;
	}
	if (is_anaplan && !anaplan_takes(*ret_path)) {
		config_refuse(reader, group, "to", remedy,
		    "Anaplan does not take %s: it is read-only or unknown there",
		    account_path_name(*ret_path));
		return false;
	}
	return true;
}

static void check_when(
    struct config_reader *reader, const config_setting_t *group, struct span when)
{
	if (when.len > 0)
		config_check_filter(reader, group, "when", when);
}

static void check_from(
    struct config_reader *reader, const config_setting_t *group, struct span from)
{
	if (from.len > 0)
		config_check_template(reader, group, "from", from);
	else if (!config_was_refused(reader, group, "from"))
		config_refuse(reader, group, "from", "write a template such as \"${mail|lower}\"",
		    "it is missing");
}

static const config_setting_t *item_of(const config_setting_t *list, size_t index)
{
	return list == NULL ? NULL : config_setting_get_elem(list, (unsigned)index);
}

/* The draft has them too, because the digest is made of it. */
static void add_defaults(struct config_reader *reader, const bool *has_rule)
{
	struct draft *draft = reader->draft;
	size_t count = draft->rule_count;
	struct draft_rule *rules = arena_array(
	    reader->arena, count + DEFAULT_RULE_COUNT, sizeof(*rules));

	for (size_t i = 0; i < count; i++)
		rules[i] = draft->rules[i];
	for (size_t i = 0; i < DEFAULT_RULE_COUNT; i++) {
		if (has_rule[default_rules[i].to])
			continue;
		rules[count].to = span_of(account_path_name(default_rules[i].to));
		rules[count++].from = span_of(default_rules[i].from);
	}
	draft->rules = rules;
	draft->rule_count = count;
}

static void fill_rules(struct config_reader *reader)
{
	struct draft *draft = reader->draft;
	struct mapping_rule *rules = arena_array(reader->arena, draft->rule_count, sizeof(*rules));

	for (size_t i = 0; i < draft->rule_count; i++) {
		rules[i] = (struct mapping_rule) { .from = draft->rules[i].from,
			.when = draft->rules[i].when };
		/* Only those that were refused are no path, and with them the whole is. */
		account_path_parse(draft->rules[i].to, &rules[i].to);
	}
	draft->config.rules = rules;
	draft->config.rule_count = draft->rule_count;
}

void config_check_mapping(struct config_reader *reader)
{
	const config_setting_t *list = config_find(reader->root, "mapping");
	bool has_rule[ACCOUNT_PATH_COUNT] = { false };
	enum account_path path;

	for (size_t i = 0; i < reader->draft->rule_count; i++) {
		const struct draft_rule *rule = &reader->draft->rules[i];
		const config_setting_t *group = item_of(list, i);

		if (check_to(reader, group, rule->to, &path))
			has_rule[path] = true;
		check_from(reader, group, rule->from);
		check_when(reader, group, rule->when);
	}
	add_defaults(reader, has_rule);
	fill_rules(reader);
}

static void check_id(struct config_reader *reader, const config_setting_t *group, struct span id)
{
	if (id.len > ID_MAX_BYTES)
		config_refuse(
		    reader, group, "id", "copy it from the tenant", "it is too long to be an id");
	else if (id.len == 0 && !config_was_refused(reader, group, "id"))
		config_refuse(reader, group, "id",
		    "copy it from the tenant: 32 hexadecimal digits at Anaplan", "it is missing");
}

static void check_workspace(struct config_reader *reader, const config_setting_t *group,
    const struct draft_workspace *workspace)
{
	check_id(reader, group, workspace->id);
	check_when(reader, group, workspace->when);
	if (workspace->group.len > 0 && !dn_is_valid(workspace->group))
		config_refuse(reader, group, "group",
		    "write it as the directory shows it: \"CN=Name,OU=Groups,DC=corp,DC=example\"",
		    "\"%.*s\" is not a DN", SPAN_ARG(workspace->group));
	if (workspace->group.len == 0 && workspace->when.len == 0 &&
	    !config_was_refused(reader, group, "group") &&
	    !config_was_refused(reader, group, "when"))
		config_refuse(reader, group, "",
		    "say who gets it: group = \"CN=…\" or when = \"(…)\"",
		    "it has neither group nor when");
	if (workspace->is_nested && workspace->group.len == 0)
		config_warn(reader, group, "nested", NULL, "it has no effect without group");
}

/* A group of a workspace, in the form it is compared in. */
struct wanted_group {
	struct span normal; /* owned by the arena */
	bool is_nested;
	size_t workspace;
};

static int order_groups(const void *left, const void *right)
{
	const struct wanted_group *a = left, *b = right;
	int order = span_compare(a->normal, b->normal);

	if (order == 0)
		order = (a->is_nested ? 1 : 0) - (b->is_nested ? 1 : 0);
	if (order == 0)
		order = a->workspace < b->workspace ? -1 : 1;
	return order;
}

static struct wanted_group *list_groups(struct config_reader *reader, size_t *ret_count)
{
	const struct draft *draft = reader->draft;
	struct wanted_group *groups = mem_new(draft->workspace_count + 1, sizeof(*groups));
	struct str normal = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < draft->workspace_count; i++) {
		if (draft->workspaces[i].group.len == 0)
			continue;
		str_truncate(&normal, 0);
		dn_normalize(draft->workspaces[i].group, &normal);
		groups[count++] =
		    (struct wanted_group) { arena_span(reader->arena, str_span(&normal)),
			    draft->workspaces[i].is_nested, i };
	}
	str_done(&normal);
	qsort(groups, count, sizeof(*groups), order_groups);
	*ret_count = count;
	return groups;
}

static bool is_same_group(const struct wanted_group *a, const struct wanted_group *b)
{
	return a->is_nested == b->is_nested && span_equal(a->normal, b->normal);
}

/* Each group once, in the order of the DNs. */
static void number_groups(struct config_reader *reader, struct workspace_rule *rules)
{
	struct config *config = &reader->draft->config;
	size_t count;
	struct wanted_group *wanted = list_groups(reader, &count);
	struct directory_group *groups = arena_array(reader->arena, count, sizeof(*groups));
	size_t group_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !is_same_group(&wanted[i - 1], &wanted[i]))
			groups[group_count++] = (struct directory_group) {
				reader->draft->workspaces[wanted[i].workspace].group,
				wanted[i].is_nested
			};
		rules[wanted[i].workspace].root = (uint32_t)(group_count - 1);
	}
	free(wanted);
	config->groups = groups;
	config->group_count = group_count;
}

void config_check_workspaces(struct config_reader *reader)
{
	struct draft *draft = reader->draft;
	const config_setting_t *list = config_find(reader->root, "workspaces");
	struct workspace_rule *rules = arena_array(
	    reader->arena, draft->workspace_count, sizeof(*rules));

	if (draft->workspace_count == 0 && !config_was_refused(reader, reader->root, "workspaces"))
		config_warn(reader, reader->root, "workspaces",
		    "name one: workspaces = ( { id = \"…\"; group = \"CN=…\"; } );",
		    "nobody gets into any workspace");
	for (size_t i = 0; i < draft->workspace_count; i++) {
		const struct draft_workspace *workspace = &draft->workspaces[i];

		check_workspace(reader, item_of(list, i), workspace);
		rules[i] = (struct workspace_rule) { .id = workspace->id,
			.name = workspace->name,
			.when = workspace->when,
			.root = MEMBERSHIP_NONE };
	}
	number_groups(reader, rules);
	draft->config.workspaces = rules;
	draft->config.workspace_count = draft->workspace_count;
}
