// SPDX-License-Identifier: ISC
#include "patch.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCHEMA_PATCH "urn:ietf:params:scim:api:messages:2.0:PatchOp"

enum verb { VERB_ADD, VERB_REPLACE, VERB_REMOVE };

/* attribute, or attribute[name operation "value"] */
struct path {
	char *attribute; /* owned */
	bool has_filter;
	char name[16];
	char operation[4];
	char *value; /* owned */
};

struct patch {
	const struct patch_rules *rules;
	struct account *account;
	struct resource_change *change;
	size_t named_count; /* workspaces named so far in this call */
};

struct step {
	enum verb verb;
	struct path path;
	const json_t *value; /* borrowed; NULL: none */
};

static const struct refusal accepted = { 0 };

static struct refusal refuse(const char *scim_type, const char *detail)
{
	return (struct refusal) { scim_type, detail };
}

static void path_done(struct path *path)
{
	free(path->attribute);
	free(path->value);
}

/* What is between the brackets: `type eq "WORKSPACE"`, and nothing after it. */
static bool path_parse_filter(struct path *path, const char *text)
{
	int value_start = -1;
	if (sscanf(text, "%15[A-Za-z] %3[A-Za-z] \"%n", path->name, path->operation,
		&value_start) != 2 ||
	    value_start < 0)
		return false;
	const char *value = text + value_start;
	const char *end = strpbrk(value, "\"\\");
	if (!end || *end != '"' || strcmp(end, "\"]") != 0)
		return false;
	path->value = text_format("%.*s", (int)(end - value), value);
	return strcasecmp(path->operation, "eq") == 0 || strcasecmp(path->operation, "ne") == 0;
}

static bool path_parse(struct path *path, const char *text)
{
	const char *bracket = strchr(text, '[');
	size_t length = bracket ? (size_t)(bracket - text) : strlen(text);
	path->attribute = text_format("%.*s", (int)length, text);
	path->has_filter = bracket != NULL;
	return length > 0 && (!bracket || path_parse_filter(path, bracket + 1));
}

static bool path_is(const struct path *path, const char *attribute)
{
	return strcasecmp(path->attribute, attribute) == 0;
}

static bool path_selects(const struct path *path, const struct workspace *workspace)
{
	bool is_equal;
	if (strcasecmp(path->name, "type") == 0)
		is_equal = strcasecmp(path->value, "WORKSPACE") == 0 ||
			   strcasecmp(path->value, "WORKSPACE_IDS") == 0 ||
			   strcasecmp(path->value, "WORKSPACE_NAMES") == 0;
	else if (strcasecmp(path->name, "display") == 0)
		is_equal = strcmp(path->value, workspace->name) == 0;
	else
		is_equal = strcasecmp(path->value, workspace->id) == 0;
	return is_equal == (strcasecmp(path->operation, "eq") == 0);
}

/* Takes out what the path selects; @return how many that were. */
static size_t clear_selected(struct patch *patch, const struct path *path)
{
	struct entitlements *set = &patch->change->entitlements;
	size_t before = set->count;
	for (size_t i = set->count; i > 0; i--) {
		uint16_t which = set->list[i - 1];
		if (!path->has_filter || path_selects(path, &patch->rules->workspaces->list[which]))
			entitlements_drop(set, which);
	}
	return before - set->count;
}

static bool path_filter_is_known(const struct path *path)
{
	return strcasecmp(path->name, "type") == 0 || strcasecmp(path->name, "value") == 0 ||
	       strcasecmp(path->name, "display") == 0;
}

static struct refusal add_workspaces(struct patch *patch, const json_t *value)
{
	struct entitlements_wish wish;
	if (!entitlements_parse(patch->rules->workspaces, value, &wish))
		return refuse("invalidValue", "entitlements are malformed");
	for (size_t i = 0; i < wish.known.count; i++)
		entitlements_add(&patch->change->entitlements, wish.known.list[i]);
	patch->change->unknown_count += wish.unknown_count;
	patch->named_count += wish.known.count + wish.unknown_count;
	entitlements_done(&wish.known);
	if (patch->named_count > WORKSPACES_PER_CALL)
		return refuse("invalidValue", "A maximum of 50 workspaces is allowed per call");
	return accepted;
}

static struct refusal patch_entitlements(struct patch *patch, const struct step *step)
{
	const struct path *path = &step->path;
	if (path->has_filter && !path_filter_is_known(path))
		return refuse("invalidPath", "The path filter is not supported");
	patch->change->touches_entitlements = true;
	bool appends = step->verb == VERB_ADD && !path->has_filter && !patch->rules->add_replaces;
	size_t cleared_count = appends ? 0 : clear_selected(patch, path);
	if (path->has_filter && cleared_count == 0)
		return refuse(
		    "noTarget", "The path did not yield a value that could be operated on");
	return step->verb == VERB_REMOVE ? accepted : add_workspaces(patch, step->value);
}

static struct refusal patch_text(const struct step *step, char **field)
{
	if (step->verb == VERB_REMOVE || !json_is_string(step->value) ||
	    json_string_length(step->value) == 0)
		return refuse("invalidValue", "The attribute is required and must be a string");
	text_set(field, json_string_value(step->value));
	return accepted;
}

static struct refusal patch_external_id(const struct step *step, char **field)
{
	if (step->value && !json_is_string(step->value) && !json_is_null(step->value))
		return refuse("invalidValue", "externalId must be a string");
	text_set(field, step->verb == VERB_REMOVE ? NULL : json_string_value(step->value));
	return accepted;
}

static struct refusal patch_active(const struct step *step, bool *is_active)
{
	if (step->verb == VERB_REMOVE || !resource_read_boolean(step->value, is_active))
		return refuse("invalidValue", "active must be a boolean");
	return accepted;
}

/* path "name", value {"givenName": …, "familyName": …} */
static struct refusal patch_name(const struct step *step, struct account *account)
{
	if (step->verb == VERB_REMOVE || !json_is_object(step->value))
		return refuse("invalidValue", "name must be an object");
	struct step part = *step;
	struct refusal refusal = accepted;
	part.value = resource_member(step->value, "givenName");
	if (part.value)
		refusal = patch_text(&part, &account->given_name);
	part.value = resource_member(step->value, "familyName");
	if (!refusal.scim_type && part.value)
		refusal = patch_text(&part, &account->family_name);
	return refusal;
}

static bool is_ignored(const struct path *path)
{
	return path_is(path, "displayName") || path_is(path, "name.formatted") ||
	       path_is(path, "emails");
}

static struct refusal patch_step(struct patch *patch, const struct step *step)
{
	const struct path *path = &step->path;
	if (path_is(path, "entitlements"))
		return patch_entitlements(patch, step);
	if (is_ignored(path))
		return accepted;
	if (path->has_filter)
		return refuse("invalidPath", "A filter is not possible on this attribute");
	if (path_is(path, "name.givenName"))
		return patch_text(step, &patch->account->given_name);
	if (path_is(path, "name.familyName"))
		return patch_text(step, &patch->account->family_name);
	if (path_is(path, "name"))
		return patch_name(step, patch->account);
	if (path_is(path, "active"))
		return patch_active(step, &patch->account->is_active);
	if (path_is(path, "externalId"))
		return patch_external_id(step, &patch->account->external_id);
	if (path_is(path, "userName") || path_is(path, "id") || path_is(path, "meta") ||
	    path_is(path, "schemas"))
		return refuse("mutability", "The attribute is read-only");
	return refuse("invalidPath", "The path is not an attribute of a user");
}

static bool verb_parse(const char *text, enum verb *ret_verb)
{
	static const char *const names[] = { "add", "replace", "remove" };
	for (int i = 0; text && i < 3; i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret_verb = (enum verb)i;
			return true;
		}
	}
	return false;
}

static struct refusal patch_operation(struct patch *patch, const json_t *operation)
{
	struct step step = { .value = json_object_get(operation, "value") };
	const char *path = json_string_value(json_object_get(operation, "path"));
	if (!verb_parse(json_string_value(json_object_get(operation, "op")), &step.verb))
		return refuse("invalidSyntax", "op must be add, replace or remove");
	if (!path)
		return refuse("invalidPath", "path is required");
	if (step.verb != VERB_REMOVE && !step.value)
		return refuse("invalidValue", "value is required");
	struct refusal refusal = refuse("invalidPath", "The path is malformed");
	if (path_parse(&step.path, path))
		refusal = patch_step(patch, &step);
	path_done(&step.path);
	return refusal;
}

struct refusal patch_apply(const json_t *body, const struct patch_rules *rules,
    struct account *account, struct resource_change *ret_change)
{
	*ret_change = (struct resource_change) { 0 };
	entitlements_copy(&ret_change->entitlements, &account->entitlements);
	const json_t *operations = resource_member(body, "Operations");
	if (!resource_has_schema(body, SCHEMA_PATCH))
		return refuse("invalidSyntax", "schemas must contain " SCHEMA_PATCH);
	if (json_array_size(operations) == 0)
		return refuse("invalidSyntax", "Operations must hold at least one operation");
	struct patch patch = { rules, account, ret_change, 0 };
	struct refusal refusal = accepted;
	size_t i;
	json_t *operation;
	json_array_foreach((json_t *)operations, i, operation)
	{
		if (!refusal.scim_type)
			refusal = patch_operation(&patch, operation);
	}
	return refusal;
}
