// SPDX-License-Identifier: ISC
#include "workspace.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void workspaces_add(struct workspaces *all, const char *id, const char *name)
{
	all->list = memory_resize(all->list, all->count + 1, sizeof(*all->list));
	struct workspace *added = &all->list[all->count++];
	added->id = text_copy(id);
	added->name = name ? text_copy(name) : text_format("Workspace %zu", all->count);
}

void workspaces_done(struct workspaces *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->list[i].id);
		free(all->list[i].name);
	}
	free(all->list);
	*all = (struct workspaces) { 0 };
}

json_t *workspaces_json(const struct workspaces *all)
{
	json_t *list = json_array();
	for (size_t i = 0; i < all->count; i++) {
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:b, s:i, s:i}", "id", all->list[i].id, "name",
			      all->list[i].name, "active", 1, "sizeAllowance", 1073741824,
			      "currentSize", 0));
	}
	return json_pack("{s:{s:{s:I, s:I, s:i}}, s:{s:i, s:s}, s:o}", "meta", "paging",
	    "currentPageSize", (json_int_t)all->count, "totalSize", (json_int_t)all->count,
	    "offset", 0, "status", "code", 200, "message", "Success", "workspaces", list);
}

int workspaces_find(const struct workspaces *all, const char *id, const char *name)
{
	for (size_t i = 0; i < all->count; i++) {
		if (id && strcasecmp(all->list[i].id, id) == 0)
			return (int)i;
		if (name && strcmp(all->list[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static size_t entitlements_where(const struct entitlements *set, uint16_t workspace)
{
	size_t at = 0;
	while (at < set->count && set->list[at] != workspace)
		at++;
	return at;
}

void entitlements_add(struct entitlements *set, uint16_t workspace)
{
	if (entitlements_where(set, workspace) < set->count)
		return;
	set->list = memory_resize(set->list, set->count + 1, sizeof(*set->list));
	set->list[set->count++] = workspace;
}

void entitlements_drop(struct entitlements *set, uint16_t workspace)
{
	size_t at = entitlements_where(set, workspace);
	if (at == set->count)
		return;
	set->count--;
	memmove(&set->list[at], &set->list[at + 1], (set->count - at) * sizeof(*set->list));
}

void entitlements_copy(struct entitlements *set, const struct entitlements *from)
{
	entitlements_done(set);
	if (from->count == 0)
		return;
	set->list = memory_new(from->count, sizeof(*set->list));
	memcpy(set->list, from->list, from->count * sizeof(*set->list));
	set->count = from->count;
}

void entitlements_done(struct entitlements *set)
{
	free(set->list);
	*set = (struct entitlements) { 0 };
}

static void wish_for(struct entitlements_wish *wish, int found)
{
	if (found < 0)
		wish->unknown_count++;
	else
		entitlements_add(&wish->known, (uint16_t)found);
}

/* "a, b" */
static void wish_for_ids(
    const struct workspaces *all, const char *value, struct entitlements_wish *wish)
{
	char *copy = text_copy(value);
	char *rest = NULL;
	for (char *id = strtok_r(copy, ", ", &rest); id; id = strtok_r(NULL, ", ", &rest))
		wish_for(wish, workspaces_find(all, id, NULL));
	free(copy);
}

/* "\"Finance\",\"Sales\"": what is between pairs of quotes */
static bool wish_for_names(
    const struct workspaces *all, const char *value, struct entitlements_wish *wish)
{
	for (const char *open = strchr(value, '"'); open;) {
		const char *close = strchr(open + 1, '"');
		if (!close)
			return false;
		char *name = text_format("%.*s", (int)(close - open - 1), open + 1);
		wish_for(wish, workspaces_find(all, NULL, name));
		free(name);
		open = strchr(close + 1, '"');
	}
	return true;
}

static bool wish_for_object(
    const struct workspaces *all, const json_t *object, struct entitlements_wish *wish)
{
	const char *value = json_string_value(json_object_get(object, "value"));
	const char *display = json_string_value(json_object_get(object, "display"));
	const json_t *given_type = json_object_get(object, "type");
	const char *type = given_type ? json_string_value(given_type) : "WORKSPACE";
	if (!type || (!value && !display))
		return false;
	if (strcmp(type, "WORKSPACE") == 0) {
		wish_for(wish, workspaces_find(all, value, value ? NULL : display));
		return true;
	}
	if (!value)
		return false;
	if (strcmp(type, "WORKSPACE_IDS") == 0) {
		wish_for_ids(all, value, wish);
		return true;
	}
	return strcmp(type, "WORKSPACE_NAMES") == 0 && wish_for_names(all, value, wish);
}

bool entitlements_parse(
    const struct workspaces *all, const json_t *value, struct entitlements_wish *ret_wish)
{
	struct entitlements_wish wish = { 0 };
	bool is_good = json_is_array(value);
	if (json_is_object(value)) {
		is_good = wish_for_object(all, value, &wish);
	} else {
		size_t i;
		json_t *object;
		json_array_foreach((json_t *)value, i, object)
		{
			is_good = is_good && wish_for_object(all, object, &wish);
		}
	}
	if (is_good)
		*ret_wish = wish;
	else
		entitlements_done(&wish.known);
	return is_good;
}

/* The one object that names the whole set, with commas: ids bare, names in quotes. */
static json_t *entitlements_joined(
    const struct workspaces *all, const struct entitlements *set, const char *type)
{
	bool by_name = strcmp(type, "WORKSPACE_NAMES") == 0;
	char *joined = text_copy("");
	for (size_t i = 0; i < set->count; i++) {
		const struct workspace *one = &all->list[set->list[i]];
		const char *comma = i ? "," : "";
		char *longer = by_name ? text_format("%s%s\"%s\"", joined, comma, one->name)
				       : text_format("%s%s%s", joined, comma, one->id);
		free(joined);
		joined = longer;
	}
	json_t *object = json_pack("{s:s, s:s}", "value", joined, "type", type);
	free(joined);
	return object;
}

json_t *entitlements_json(const struct workspaces *all, const struct entitlements *set)
{
	json_t *list = json_array();
	for (size_t i = 0; i < set->count; i++) {
		const struct workspace *one = &all->list[set->list[i]];
		json_t *object = json_pack(
		    "{s:s, s:s, s:s}", "value", one->id, "display", one->name, "type", "WORKSPACE");
		if (i == 0)
			json_object_set_new(object, "primary", json_true());
		json_array_append_new(list, object);
	}
	if (set->count) {
		json_array_append_new(list, entitlements_joined(all, set, "WORKSPACE_IDS"));
		json_array_append_new(list, entitlements_joined(all, set, "WORKSPACE_NAMES"));
	}
	return list;
}
