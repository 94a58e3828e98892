/* SPDX-License-Identifier: ISC */
/*
 * The canonical form of an account, written without a tree and read with jansson.
 *
 * A cycle encodes and digests every entry of the directory, and decodes what changed.  What this
 * program wrote has a short way back, without a tree either; all else goes through jansson.
 */
#include "core/account.h"

#include "base/emit.h"
#include "base/unicode.h"
#include <jansson.h>
#include <stdlib.h>

struct path_name {
	struct span scim;
	struct span json; /* as a member behind another one */
};

// clang-format off
#define PATH_NAME(text) { SPAN_INIT(text), SPAN_INIT(",\"" text "\":") }
// clang-format on

static const struct path_name path_names[ACCOUNT_PATH_COUNT] = {
	[ACCOUNT_DISPLAY_NAME] = PATH_NAME("displayName"),
	[ACCOUNT_EMAIL] = { SPAN_INIT("emails[type eq \"work\"].value"),
	    SPAN_INIT(",\"emails[type eq \\\"work\\\"].value\":") },
	[ACCOUNT_EXTERNAL_ID] = PATH_NAME("externalId"),
	[ACCOUNT_LOCALE] = PATH_NAME("locale"),
	[ACCOUNT_FAMILY_NAME] = PATH_NAME("name.familyName"),
	[ACCOUNT_GIVEN_NAME] = PATH_NAME("name.givenName"),
	[ACCOUNT_NICK_NAME] = PATH_NAME("nickName"),
	[ACCOUNT_PREFERRED_LANGUAGE] = PATH_NAME("preferredLanguage"),
	[ACCOUNT_TIMEZONE] = PATH_NAME("timezone"),
	[ACCOUNT_TITLE] = PATH_NAME("title"),
	[ACCOUNT_USER_NAME] = PATH_NAME("userName"),
	[ACCOUNT_USER_TYPE] = PATH_NAME("userType"),
	[ACCOUNT_ACTIVE] = PATH_NAME("active"),
};

const char *account_path_name(enum account_path path)
{
	return path_names[path].scim.at;
}

bool account_path_parse(struct span name, enum account_path *ret_path)
{
	for (int i = 0; i < ACCOUNT_PATH_COUNT; i++) {
		if (name.at != NULL && span_equal_ascii_case(path_names[i].scim, name)) {
			*ret_path = (enum account_path)i;
			return true;
		}
	}
	return false;
}

static void put_string(struct str *out, struct span before, struct span text)
{
	str_add(out, before);
	emit_escape(text, out);
}

static void put_texts(struct str *out, const struct account *account, int from, int to)
{
	for (int i = from; i < to; i++) {
		if (account->text[i].at != NULL)
			put_string(out, path_names[i].json, account->text[i]);
	}
}

static void put_workspaces(struct str *out, const struct account *account)
{
	if (account->workspace_count == 0)
		return;
	put_string(out, SPAN(",\"entitlements\":["), account->workspaces[0]);
	for (size_t i = 1; i < account->workspace_count; i++)
		put_string(out, SPAN(","), account->workspaces[i]);
	str_add_byte(out, ']');
}

void account_encode(const struct account *account, struct str *out)
{
	str_add(out, account->is_active ? SPAN("{\"active\":true") : SPAN("{\"active\":false"));
	put_texts(out, account, 0, ACCOUNT_EXTERNAL_ID);
	put_workspaces(out, account);
	put_texts(out, account, ACCOUNT_EXTERNAL_ID, ACCOUNT_TEXT_COUNT);
	str_add_byte(out, '}');
}

/* ---- reading what account_encode wrote, in its order and without an escape ---- */

/* Moves `rest` behind a text, when that comes next. */
static bool take(struct span *rest, struct span text)
{
	if (rest->len < text.len || memcmp(rest->at, text.at, text.len) != 0)
		return false;
	rest->at += text.len;
	rest->len -= text.len;
	return true;
}

static bool take_string(struct span *rest, struct span *ret_text)
{
	size_t len = 0;

	if (!take(rest, SPAN("\"")))
		return false;
	while (len < rest->len && (unsigned char)rest->at[len] >= ' ' && rest->at[len] != '"' &&
	       rest->at[len] != '\\')
		len++;
	*ret_text = (struct span) { rest->at, len };
	rest->at += len;
	rest->len -= len;
	return take(rest, SPAN("\""));
}

static bool take_texts(struct span *rest, struct account *account, int from, int to)
{
	for (int i = from; i < to; i++) {
		if (take(rest, path_names[i].json) && !take_string(rest, &account->text[i]))
			return false;
	}
	return true;
}

static bool take_workspaces(struct span *rest, struct arena *arena, struct account *account)
{
	size_t end, count = 0, room = 1;
	struct span *ids;

	if (!take(rest, SPAN(",\"entitlements\":[")))
		return true;
	end = span_find(*rest, ']');
	for (size_t i = 0; i < end; i++)
		room += rest->at[i] == ',';
	ids = arena_array(arena, room, sizeof(*ids));
	do {
		if (count == room || !take_string(rest, &ids[count++]))
			return false;
	} while (take(rest, SPAN(",")));
	account->workspaces = ids;
	account->workspace_count = account_sort_workspaces(ids, count);
	return take(rest, SPAN("]"));
}

/* @return false: it may still be an account in another form */
static bool read_canonical(struct span json, struct arena *arena, struct account *account)
{
	struct span rest;

	if (json.at == NULL || !utf8_is_valid(json))
		return false;
	rest = arena_span(arena, json);
	account->is_active = take(&rest, SPAN("{\"active\":true"));
	if (!account->is_active && !take(&rest, SPAN("{\"active\":false")))
		return false;
	return take_texts(&rest, account, 0, ACCOUNT_EXTERNAL_ID) &&
	       take_workspaces(&rest, arena, account) &&
	       take_texts(&rest, account, ACCOUNT_EXTERNAL_ID, ACCOUNT_TEXT_COUNT) &&
	       take(&rest, SPAN("}")) && rest.len == 0;
}

/* ---- reading any form ---- */

/* The bytes of a jansson string, copied. */
static struct span copy_text(const json_t *text, struct arena *arena)
{
	return arena_span(
	    arena, (struct span) { json_string_value(text), json_string_length(text) });
}

/* @return NULL, or what is wrong */
static const char *read_workspaces(const json_t *list, struct arena *arena, struct account *account)
{
	size_t count = json_array_size(list);
	struct span *ids;

	if (!json_is_array(list))
		return "entitlements are not a list";
	ids = arena_array(arena, count, sizeof(*ids));
	for (size_t i = 0; i < count; i++) {
		const json_t *id = json_array_get(list, i);

		if (!json_is_string(id))
			return "an entitlement is not a text";
		ids[i] = copy_text(id, arena);
	}
	account->workspaces = ids;
	account->workspace_count = account_sort_workspaces(ids, count);
	return NULL;
}

static const char *read_member(
    const char *name, const json_t *value, struct arena *arena, struct account *account)
{
	if (strcmp(name, "entitlements") == 0)
		return read_workspaces(value, arena, account);
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		if (strcmp(name, path_names[i].scim.at) != 0)
			continue;
		if (!json_is_string(value))
			return "a member that must be a text is none";
		account->text[i] = copy_text(value, arena);
		return NULL;
	}
	if (strcmp(name, "active") != 0)
		return "it has a member that accounts do not have";
	if (!json_is_boolean(value))
		return "active is neither true nor false";
	account->is_active = json_is_true(value);
	return NULL;
}

static const char *read_account(json_t *root, struct arena *arena, struct account *account)
{
	const char *name, *wrong = NULL;
	json_t *value;

	if (!json_is_object(root))
		return "it is not an object";
	if (json_object_get(root, "active") == NULL)
		return "active is missing";
	json_object_foreach(root, name, value)
	{
		wrong = read_member(name, value, arena, account);
		if (wrong != NULL)
			break;
	}
	return wrong;
}

enum status account_decode(
    struct span json, struct arena *arena, struct account *ret_account, struct err *reterr)
{
	struct account account = { 0 };
	json_error_t fault;
	const char *wrong;
	json_t *root;

	if (read_canonical(json, arena, &account)) {
		*ret_account = account;
		return STATUS_OK;
	}
	account = (struct account) { 0 };
	root = json_loadb(json.at == NULL ? "" : json.at, json.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &fault);
	if (root == NULL) {
		err_set(reterr, "reading a stored account: it is not JSON: %s at byte %d",
		    fault.text, fault.position);
		return STATUS_CORRUPT;
	}
	wrong = read_account(root, arena, &account);
	json_decref(root);
	if (wrong != NULL) {
		err_set(reterr, "reading a stored account: %s", wrong);
		return STATUS_CORRUPT;
	}
	*ret_account = account;
	return STATUS_OK;
}

struct digest account_digest(const struct account *account, struct str *scratch)
{
	str_truncate(scratch, 0);
	account_encode(account, scratch);
	return hash_digest(str_span(scratch));
}

struct account account_copy(const struct account *account, struct arena *arena)
{
	struct account copy = *account;
	struct span *ids;

	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		copy.text[i] = arena_span(arena, account->text[i]);
	copy.workspaces = NULL;
	if (account->workspace_count == 0)
		return copy;
	ids = arena_array(arena, account->workspace_count, sizeof(*ids));
	for (size_t i = 0; i < account->workspace_count; i++)
		ids[i] = arena_span(arena, account->workspaces[i]);
	copy.workspaces = ids;
	return copy;
}

static int compare_ids(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

size_t account_sort_workspaces(struct span *ids, size_t count)
{
	size_t kept = 0;

	if (count > 1)
		qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || !span_equal(ids[kept - 1], ids[i]))
			ids[kept++] = ids[i];
	}
	return kept;
}

bool account_has_workspace(const struct account *account, struct span id)
{
	return account->workspace_count > 0 &&
	       bsearch(&id, account->workspaces, account->workspace_count, sizeof(id),
		   compare_ids) != NULL;
}
