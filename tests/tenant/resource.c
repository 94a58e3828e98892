// SPDX-License-Identifier: ISC
#include "resource.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LONGEST_USER_NAME 60

static const struct refusal accepted = { 0 };

static struct refusal refuse(const char *scim_type, const char *detail)
{
	return (struct refusal) { scim_type, detail };
}

json_t *resource_member(const json_t *object, const char *name)
{
	json_t *exact = json_object_get(object, name);
	if (exact)
		return exact;
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value)
	{
		if (strcasecmp(key, name) == 0)
			return value;
	}
	return NULL;
}

bool resource_has_schema(const json_t *body, const char *schema)
{
	size_t i;
	json_t *one;
	json_array_foreach(resource_member(body, "schemas"), i, one)
	{
		if (json_is_string(one) && strcasecmp(json_string_value(one), schema) == 0)
			return true;
	}
	return false;
}

bool resource_read_boolean(const json_t *value, bool *ret_truth)
{
	const char *text = json_string_value(value);
	if (!json_is_boolean(value) &&
	    !(text && (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0)))
		return false;
	*ret_truth = text ? strcasecmp(text, "true") == 0 : json_is_true(value);
	return true;
}

static bool is_mail_address(const char *name)
{
	const char *at = strchr(name, '@');
	if (!at || at == name || strchr(at + 1, '@') || strpbrk(name, " \t\r\n,;<>"))
		return false;
	const char *dot = strrchr(at, '.');
	return dot && dot > at + 1 && dot[1];
}

static size_t count_characters(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static struct refusal check_user_name(const char *name)
{
	if (!name || !*name)
		return refuse("invalidValue", "userName is required");
	if (count_characters(name) > LONGEST_USER_NAME)
		return refuse("invalidValue", "userName must not be longer than 60 characters");
	if (name[0] == '_' || name[strlen(name) - 1] == '_')
		return refuse("invalidValue", "userName must not start or end with an underscore");
	if (!is_mail_address(name))
		return refuse("invalidValue", "userName must be an email address");
	return accepted;
}

static struct refusal read_name(const json_t *body, struct account *account)
{
	const json_t *name = resource_member(body, "name");
	const char *given = json_string_value(resource_member(name, "givenName"));
	const char *family = json_string_value(resource_member(name, "familyName"));
	if (!given || !*given || !family || !*family)
		return refuse("invalidValue", "name.givenName and name.familyName are required");
	text_set(&account->given_name, given);
	text_set(&account->family_name, family);
	return accepted;
}

static struct refusal read_details(const json_t *body, struct account *account)
{
	const json_t *active = resource_member(body, "active");
	if (active && !json_is_null(active) && !resource_read_boolean(active, &account->is_active))
		return refuse("invalidValue", "active must be a boolean");
	const json_t *external_id = resource_member(body, "externalId");
	if (external_id && !json_is_string(external_id) && !json_is_null(external_id))
		return refuse("invalidValue", "externalId must be a string");
	if (external_id)
		text_set(&account->external_id, json_string_value(external_id));
	return accepted;
}

static struct refusal read_entitlements(
    const json_t *body, const struct workspaces *all, struct resource_change *change)
{
	change->touches_entitlements = true;
	const json_t *value = resource_member(body, "entitlements");
	if (!value || json_is_null(value))
		return accepted;
	struct entitlements_wish wish;
	if (!entitlements_parse(all, value, &wish))
		return refuse("invalidValue", "entitlements are malformed");
	change->entitlements = wish.known;
	change->unknown_count = wish.unknown_count;
	if (wish.known.count + wish.unknown_count > WORKSPACES_PER_CALL)
		return refuse("invalidValue", "A maximum of 50 workspaces is allowed per call");
	return accepted;
}

struct refusal resource_read(const json_t *body, const struct workspaces *all,
    struct account *account, struct resource_change *ret_change)
{
	*ret_change = (struct resource_change) { 0 };
	if (!json_is_object(body))
		return refuse("invalidSyntax", "The request body is not a JSON object");
	if (!resource_has_schema(body, RESOURCE_SCHEMA_USER))
		return refuse("invalidSyntax", "schemas must contain " RESOURCE_SCHEMA_USER);
	const char *user_name = json_string_value(resource_member(body, "userName"));
	struct refusal refusal = check_user_name(user_name);
	if (!refusal.scim_type) {
		text_set(&account->user_name, user_name);
		refusal = read_name(body, account);
	}
	if (!refusal.scim_type)
		refusal = read_details(body, account);
	if (!refusal.scim_type)
		refusal = read_entitlements(body, all, ret_change);
	return refusal;
}

char *resource_location(const struct user *user)
{
	return text_format("http://localhost:8090" RESOURCE_BASE "/Users/%s", user->id);
}

static json_t *show_time(int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm parts;
	gmtime_r(&seconds, &parts);
	char day[32];
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &parts);
	char *text = text_format("%s.%03dZ", day, (int)(time_ms % 1000));
	json_t *shown = json_string(text);
	free(text);
	return shown;
}

static json_t *show_meta(const struct user *user)
{
	char *location = resource_location(user);
	json_t *meta = json_pack("{s:s, s:o, s:o, s:s}", "resourceType", "User", "created",
	    show_time(user->created_ms), "lastModified", show_time(user->modified_ms), "location",
	    location);
	free(location);
	return meta;
}

json_t *resource_show(const struct user *user, const struct workspaces *all)
{
	const struct account *account = &user->account;
	char *display = text_format("%s %s", account->given_name, account->family_name);
	json_t *shown = json_pack("{s:[s], s:s, s:s, s:{s:s, s:s, s:s}, s:s, s:b}", "schemas",
	    RESOURCE_SCHEMA_USER, "id", user->id, "userName", account->user_name, "name",
	    "givenName", account->given_name, "familyName", account->family_name, "formatted",
	    display, "displayName", display, "active", account->is_active);
	free(display);
	if (account->external_id)
		json_object_set_new(shown, "externalId", json_string(account->external_id));
	json_object_set_new(shown, "emails",
	    json_pack(
		"[{s:s, s:s, s:b}]", "value", account->user_name, "type", "work", "primary", 1));
	json_object_set_new(shown, "entitlements", entitlements_json(all, &account->entitlements));
	json_object_set_new(shown, "meta", show_meta(user));
	return shown;
}

json_t *resource_show_plain(const struct user *user, const struct workspaces *all)
{
	const struct account *account = &user->account;
	json_t *workspaces = json_array();
	for (size_t i = 0; i < account->entitlements.count; i++) {
		const char *id = all->list[account->entitlements.list[i]].id;
		json_array_append_new(workspaces, json_string(id));
	}
	return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:b, s:o, s:I, s:I}", "id", user->id,
	    "userName", account->user_name, "externalId", account->external_id, "givenName",
	    account->given_name, "familyName", account->family_name, "active", account->is_active,
	    "workspaces", workspaces, "created", (json_int_t)user->created_ms, "lastModified",
	    (json_int_t)user->modified_ms);
}

static void read_plain_text(const json_t *plain, const char *name, char **field)
{
	const json_t *value = json_object_get(plain, name);
	if (value)
		text_set(field, json_string_value(value));
}

static bool read_plain_workspaces(
    const json_t *list, const struct workspaces *all, struct entitlements *set)
{
	if (!list)
		return true;
	entitlements_done(set);
	size_t i;
	json_t *id;
	json_array_foreach((json_t *)list, i, id)
	{
		const char *text = json_string_value(id);
		int found = text ? workspaces_find(all, text, NULL) : -1;
		if (found < 0)
			return false;
		entitlements_add(set, (uint16_t)found);
	}
	return json_is_array(list);
}

bool resource_read_plain(const json_t *plain, const struct workspaces *all, struct account *account)
{
	read_plain_text(plain, "userName", &account->user_name);
	read_plain_text(plain, "externalId", &account->external_id);
	read_plain_text(plain, "givenName", &account->given_name);
	read_plain_text(plain, "familyName", &account->family_name);
	if (!account->given_name)
		text_set(&account->given_name, "");
	if (!account->family_name)
		text_set(&account->family_name, "");
	const json_t *active = json_object_get(plain, "active");
	if (active)
		account->is_active = json_is_true(active);
	return json_is_object(plain) && account->user_name &&
	       read_plain_workspaces(
		   json_object_get(plain, "workspaces"), all, &account->entitlements);
}
