/* SPDX-License-Identifier: ISC */
/*
 * What is already JSON inside JSON (the path filters) is written by the JSON writer too: one place
 * that escapes.
 */
#include "scim/codec_encode.h"

#include "base/emit.h"
#include <assert.h>

#define SCHEMA_USER  "urn:ietf:params:scim:schemas:core:2.0:User"
#define SCHEMA_PATCH "urn:ietf:params:scim:api:messages:2.0:PatchOp"

#define PATH_WORKSPACES "entitlements[type eq \"WORKSPACE\"]"

/* --- paths -------------------------------------------------------------------------------- */

static void percent_encode(struct str *out, struct span text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];
		bool is_unreserved = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
				     (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
				     byte == '_' || byte == '~';
		if (is_unreserved) {
			str_add_byte(out, (char)byte);
			continue;
		}
		str_add_byte(out, '%');
		str_add_byte(out, digits[byte >> 4]);
		str_add_byte(out, digits[byte & 15]);
	}
}

void encode_list_path(struct str *out, int64_t start, size_t count)
{
	str_addf(out, "/Users?startIndex=%lld&count=%zu", (long long)start, count);
}

void encode_workspaces_path(struct str *out, int64_t start)
{
	str_add_c(out, "/2/0/workspaces");
	if (start > 0)
		str_addf(out, "?offset=%lld", (long long)start);
}

static void add_equals(struct str *filter, const char *attribute, struct span value)
{
	if (value.at == NULL)
		return;
	if (filter->len > 0)
		str_add_c(filter, " or ");
	str_add_c(filter, attribute);
	str_add_c(filter, " eq ");
	emit_escape(value, filter);
}

void encode_find_path(struct str *out, struct span external_id, struct span user_name, size_t count)
{
	struct str filter = { 0 };

	assert(external_id.at != NULL || user_name.at != NULL);
	add_equals(&filter, "externalId", external_id);
	add_equals(&filter, "userName", user_name);
	str_add_c(out, "/Users?filter=");
	percent_encode(out, str_span(&filter));
	str_addf(out, "&startIndex=1&count=%zu", count);
	str_done(&filter);
}

void encode_user_path(struct str *out, struct span id)
{
	str_add_c(out, "/Users/");
	percent_encode(out, id);
}

/* --- members ------------------------------------------------------------------------------ */

static void add_schema(struct emitter *json, const char *schema)
{
	emit_key(json, "schemas");
	emit_array_open(json);
	emit_string_c(json, schema);
	emit_array_close(json);
}

static void add_workspace_list(struct emitter *json, const struct account *account)
{
	emit_array_open(json);
	for (size_t i = 0; i < account->workspace_count; i++) {
		emit_object_open(json);
		emit_key(json, "value");
		emit_string(json, account->workspaces[i]);
		emit_key(json, "type");
		emit_string_c(json, "WORKSPACE");
		emit_object_close(json);
	}
	emit_array_close(json);
}

static void add_email_list(struct emitter *json, struct span email)
{
	emit_array_open(json);
	emit_object_open(json);
	emit_key(json, "value");
	emit_string(json, email);
	emit_key(json, "type");
	emit_string_c(json, "work");
	emit_key(json, "primary");
	emit_bool(json, true);
	emit_object_close(json);
	emit_array_close(json);
}

static void add_text(struct emitter *json, const char *key, struct span text)
{
	if (text.at == NULL)
		return;
	emit_key(json, key);
	emit_string(json, text);
}

static void add_name(struct emitter *json, const struct account *account)
{
	struct span given = account->text[ACCOUNT_GIVEN_NAME];
	struct span family = account->text[ACCOUNT_FAMILY_NAME];

	if (given.at == NULL && family.at == NULL)
		return;
	emit_key(json, "name");
	emit_object_open(json);
	add_text(json, "givenName", given);
	add_text(json, "familyName", family);
	emit_object_close(json);
}

/* The members of a whole user, for POST and PUT. */
static void add_members(struct emitter *json, const struct account *account)
{
	static const enum account_path plain[] = { ACCOUNT_DISPLAY_NAME, ACCOUNT_NICK_NAME,
		ACCOUNT_TITLE, ACCOUNT_USER_TYPE, ACCOUNT_PREFERRED_LANGUAGE, ACCOUNT_LOCALE,
		ACCOUNT_TIMEZONE };

	add_text(json, "userName", account->text[ACCOUNT_USER_NAME]);
	add_text(json, "externalId", account->text[ACCOUNT_EXTERNAL_ID]);
	add_name(json, account);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		add_text(json, account_path_name(plain[i]), account->text[plain[i]]);
	emit_key(json, "active");
	emit_bool(json, account->is_active);
	if (account->text[ACCOUNT_EMAIL].at != NULL) {
		emit_key(json, "emails");
		add_email_list(json, account->text[ACCOUNT_EMAIL]);
	}
}

/* --- PATCH -------------------------------------------------------------------------------- */

/* Begins an operation; the value, if it takes one, comes next. */
static void open_operation(struct emitter *json, const char *verb, const char *path)
{
	emit_object_open(json);
	emit_key(json, "op");
	emit_string_c(json, verb);
	emit_key(json, "path");
	emit_string_c(json, path);
}

static void add_replace(struct emitter *json, const char *path, struct span text)
{
	open_operation(json, "replace", path);
	emit_key(json, "value");
	emit_string(json, text);
	emit_object_close(json);
}

static size_t add_email_operation(struct emitter *json, struct span before, struct span after)
{
	if (before.at != NULL) {
		add_replace(json, account_path_name(ACCOUNT_EMAIL), after);
		return 1;
	}
	open_operation(json, "add", "emails");
	emit_key(json, "value");
	add_email_list(json, after);
	emit_object_close(json);
	return 1;
}

static size_t add_text_operations(struct emitter *json, const struct encode_input *input)
{
	size_t count = 0;

	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		enum account_path path = (enum account_path)i;
		struct span before = input->before->text[path], after = input->after->text[path];
		if (after.at == NULL || span_equal(before, after) ||
		    (path == ACCOUNT_USER_NAME && !input->with_user_name))
			continue;
		if (path == ACCOUNT_EMAIL) {
			count += add_email_operation(json, before, after);
			continue;
		}
		add_replace(json, account_path_name(path), after);
		count++;
	}
	return count;
}

static bool says_active(enum action_kind kind)
{
	return kind == ACTION_DEACTIVATE || kind == ACTION_REACTIVATE;
}

static size_t add_active_operation(struct emitter *json, const struct encode_input *input)
{
	if (input->before->is_active == input->after->is_active && !says_active(input->kind))
		return 0;
	open_operation(json, "replace", "active");
	emit_key(json, "value");
	emit_bool(json, input->after->is_active);
	emit_object_close(json);
	return 1;
}

static bool has_same_workspaces(const struct account *a, const struct account *b)
{
	if (a->workspace_count != b->workspace_count)
		return false;
	for (size_t i = 0; i < a->workspace_count; i++) {
		if (!span_equal(a->workspaces[i], b->workspaces[i]))
			return false;
	}
	return true;
}

static size_t add_workspace_operation(struct emitter *json, const struct encode_input *input)
{
	const struct account *before = input->before, *after = input->after;

	if (after->workspace_count == 0) {
		open_operation(json, "remove", PATH_WORKSPACES);
	} else {
		bool had_none = before->workspace_count == 0;
		open_operation(json, had_none ? "add" : "replace",
		    had_none ? "entitlements" : PATH_WORKSPACES);
		emit_key(json, "value");
		add_workspace_list(json, after);
	}
	emit_object_close(json);
	return 1;
}

/* @return number of operations */
static size_t write_patch(
    struct emitter *json, const struct encode_input *input, bool with_workspaces)
{
	size_t count;

	emit_object_open(json);
	add_schema(json, SCHEMA_PATCH);
	emit_key(json, "Operations");
	emit_array_open(json);
	count = add_text_operations(json, input);
	count += add_active_operation(json, input);
	if (with_workspaces)
		count += add_workspace_operation(json, input);
	emit_array_close(json);
	emit_object_close(json);
	return count;
}

/* --- POST and PUT ------------------------------------------------------------------------- */

static void write_create(struct emitter *json, const struct account *account)
{
	emit_object_open(json);
	add_schema(json, SCHEMA_USER);
	add_members(json, account);
	if (account->workspace_count > 0) {
		emit_key(json, "entitlements");
		add_workspace_list(json, account);
	}
	emit_object_close(json);
}

/* What a PUT leaves out is taken away: texts that are not managed come from before, and
 * the workspaces are always there. */
static void write_whole(struct emitter *json, const struct encode_input *input)
{
	struct account whole = *input->after;

	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		if (whole.text[i].at == NULL)
			whole.text[i] = input->before->text[i];
	}
	if (!input->with_user_name && input->before->text[ACCOUNT_USER_NAME].at != NULL)
		whole.text[ACCOUNT_USER_NAME] = input->before->text[ACCOUNT_USER_NAME];
	emit_object_open(json);
	add_schema(json, SCHEMA_USER);
	emit_key(json, "id");
	emit_string(json, input->account_id);
	add_members(json, &whole);
	emit_key(json, "entitlements");
	add_workspace_list(json, &whole);
	emit_object_close(json);
}

/* --- the request -------------------------------------------------------------------------- */

static enum status check_workspaces(
    const struct tenant_traits *traits, const struct account *account, struct err *reterr)
{
	if (traits->workspace_max == 0 || account->workspace_count <= traits->workspace_max)
		return STATUS_OK;
	err_set(reterr,
	    "the account is to have %zu workspaces, and the tenant takes at most %zu in one "
	    "request; nothing of it was sent; check the groups and conditions under \"workspaces\"",
	    account->workspace_count, traits->workspace_max);
	return STATUS_REJECT;
}

/* Decides how the workspaces go along. */
static enum status look_at_workspaces(const struct tenant_traits *traits,
    const struct encode_input *input, bool *ret_with_workspaces, struct err *reterr)
{
	bool differ = input->before == NULL || !has_same_workspaces(input->before, input->after);
	enum status status = differ ? check_workspaces(traits, input->after, reterr) : STATUS_OK;

	/* A leaver is not to stay for having too many. */
	if (status == STATUS_REJECT && input->kind == ACTION_DEACTIVATE && traits->can_patch) {
		*ret_with_workspaces = false;
		return STATUS_OK;
	}
	*ret_with_workspaces = differ;
	return status;
}

static enum status write_body(const struct tenant_traits *traits, const struct encode_input *input,
    bool with_workspaces, struct str *body)
{
	struct emitter json;

	emit_init(&json, body, 0);
	if (input->kind == ACTION_CREATE)
		write_create(&json, input->after);
	else if (!traits->can_patch)
		write_whole(&json, input);
	else if (write_patch(&json, input, with_workspaces) == 0)
		return STATUS_REJECT;
	return STATUS_OK;
}

static struct span method_of(const struct tenant_traits *traits, enum action_kind kind)
{
	if (kind == ACTION_CREATE)
		return SPAN("POST");
	return traits->can_patch ? SPAN("PATCH") : SPAN("PUT");
}

enum status encode_change(const struct tenant_traits *traits, const struct encode_input *input,
    struct arena *arena, struct tenant_request *ret_request, struct err *reterr)
{
	struct str path = { 0 }, body = { 0 };
	bool with_workspaces;
	enum status status = look_at_workspaces(traits, input, &with_workspaces, reterr);

	assert(action_has_request(input->kind));
	assert((input->kind == ACTION_CREATE) == (input->before == NULL));
	if (status != STATUS_OK)
		return status;
	status = write_body(traits, input, with_workspaces, &body);
	if (status == STATUS_OK) {
		if (input->kind == ACTION_CREATE)
			str_add_c(&path, "/Users");
		else
			encode_user_path(&path, input->account_id);
		ret_request->method = method_of(traits, input->kind);
		ret_request->path = arena_span(arena, str_span(&path));
		ret_request->body = arena_span(arena, str_span(&body));
	} else {
		err_set(reterr, "there is nothing to change in the account");
	}
	str_done(&path);
	str_done(&body);
	return status;
}
