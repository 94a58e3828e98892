/* SPDX-License-Identifier: ISC */
/*
 * The tree that jansson makes stays until the decoder reads again, so that no text is copied.
 * Each object is walked once: names are compared without regard to case (RFC 7643 2.1).
 */
#include "scim/codec_decode.h"

#include "base/arena.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/vec.h"
#include <jansson.h>
#include <stdlib.h>

#define DEVICE_LIFE_MS     (5 * TIME_MINUTE_MS)
#define DEVICE_INTERVAL_MS (5 * TIME_SECOND_MS) /* RFC 8628 3.2 */

struct decoder {
	json_t *root; /* NULL: nothing was read */
	struct arena *arena;
};

/* Where the reading is, for the message of what is wrong. */
struct reading {
	struct arena *arena;
	struct err *reterr; /* NULL is welcome */
};

struct decoder *decoder_new(void)
{
	struct decoder *decoder = mem_new(1, sizeof(*decoder));
	decoder->arena = arena_new();
	return decoder;
}

/* jansson cannot wipe, so the texts of the tree are overwritten before it goes. */
static void wipe_texts(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_string(value))
		secret_wipe((void *)(uintptr_t)json_string_value(value), json_string_length(value));
	json_object_foreach(value, key, member) wipe_texts(member);
	json_array_foreach(value, i, member) wipe_texts(member);
}

void decoder_forget(struct decoder *decoder, bool is_secret)
{
	if (is_secret)
		wipe_texts(decoder->root);
	json_decref(decoder->root);
	decoder->root = NULL;
	arena_reset(decoder->arena);
}

void decoder_free(struct decoder **decoder)
{
	if (*decoder == NULL)
		return;
	decoder_forget(*decoder, false);
	arena_free(&(*decoder)->arena);
	free(*decoder);
	*decoder = NULL;
}

/* jansson allows 2,048 levels; a recursion that deep is not for a hostile peer to ask for. */
static bool is_too_deep(struct span body)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < body.len; i++) {
		char byte = body.at[i];
		if (byte == '"') {
			in_string = !in_string;
		} else if (in_string) {
			i += byte == '\\';
		} else if (byte == '{' || byte == '[') {
			if (++depth > DECODE_DEPTH_MAX)
				return true;
		} else if ((byte == '}' || byte == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

static bool parse(struct decoder *decoder, struct span body, struct err *reterr)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	json_error_t error;

	decoder_forget(decoder, false);
	if (body.len >= 3 && memcmp(body.at, byte_order_mark, 3) == 0) {
		body.at += 3;
		body.len -= 3;
	}
	if (body.len == 0) {
		err_set(reterr, "the answer has no body");
		return false;
	}
	if (is_too_deep(body)) {
		err_set(
		    reterr, "the answer is JSON nested deeper than %d levels", DECODE_DEPTH_MAX);
		return false;
	}
	decoder->root = json_loadb(body.at, body.len, 0, &error);
	if (decoder->root == NULL)
		err_set(
		    reterr, "the answer is not JSON: %s at byte %d", error.text, error.position);
	return decoder->root != NULL;
}

static struct span text_of(const json_t *value)
{
	return (struct span) { json_string_value(value), json_string_length(value) };
}

/* Finds a member whatever the case of its name, which ends in NUL. */
static json_t *member_of(const json_t *object, struct span name)
{
	json_t *exact = json_object_get(object, name.at);
	const char *key;
	json_t *value;

	if (exact != NULL)
		return exact;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (span_equal_ascii_case(span_of(key), name))
			return value;
	}
	return NULL;
}

static bool complain(const struct reading *reading, const char *member, const char *wanted)
{
	err_set(reading->reterr, "the answer's \"%s\" is not %s", member, wanted);
	return false;
}

/* Reads an optional text; null and "" are none (RFC 7643 2.5). */
static bool read_text(
    const struct reading *reading, const char *name, const json_t *value, struct span *ret_text)
{
	if (value == NULL || json_is_null(value))
		return true;
	if (!json_is_string(value))
		return complain(reading, name, "a text");
	*ret_text = json_string_length(value) == 0 ? SPAN_NULL : text_of(value);
	return true;
}

static bool read_truth(const json_t *value, bool *ret_truth)
{
	struct span text = text_of(value);

	if (json_is_boolean(value))
		*ret_truth = json_is_true(value);
	else if (text.at != NULL && span_equal_ascii_case(text, SPAN("true")))
		*ret_truth = true;
	else if (text.at != NULL && span_equal_ascii_case(text, SPAN("false")))
		*ret_truth = false;
	else
		return false;
	return true;
}

/* --- a user ------------------------------------------------------------------------------- */

static bool read_id(const struct reading *reading, const json_t *value, struct observed *observed)
{
	if (!json_is_string(value) || json_string_length(value) == 0)
		return complain(reading, "id", "a text");
	observed->id = text_of(value);
	return true;
}

static bool read_active(
    const struct reading *reading, const json_t *value, struct observed *observed)
{
	if (json_is_null(value))
		return true;
	observed->has_active = read_truth(value, &observed->account.is_active);
	return observed->has_active || complain(reading, "active", "true or false");
}

static bool read_name(const struct reading *reading, const json_t *value, struct observed *observed)
{
	struct span *text = observed->account.text;

	if (json_is_null(value))
		return true;
	if (!json_is_object(value))
		return complain(reading, "name", "an object");
	return read_text(reading, "name.givenName", member_of(value, SPAN("givenName")),
		   &text[ACCOUNT_GIVEN_NAME]) &&
	       read_text(reading, "name.familyName", member_of(value, SPAN("familyName")),
		   &text[ACCOUNT_FAMILY_NAME]);
}

/* Whether a member of a multi-valued attribute is of that type. */
static bool is_of_type(const json_t *item, struct span type)
{
	struct span text = text_of(member_of(item, SPAN("type")));
	return text.at != NULL && span_equal_ascii_case(text, type);
}

static bool read_email(const struct reading *reading, const json_t *item, struct observed *observed)
{
	struct span *email = &observed->account.text[ACCOUNT_EMAIL];
	bool is_primary = json_is_true(member_of(item, SPAN("primary")));

	if (!json_is_object(item))
		return complain(reading, "emails", "a list of objects");
	if (!is_of_type(item, SPAN("work")) || (email->at != NULL && !is_primary))
		return true;
	return read_text(reading, "emails.value", member_of(item, SPAN("value")), email);
}

static bool read_emails(
    const struct reading *reading, const json_t *value, struct observed *observed)
{
	bool is_good = true;
	size_t i;
	json_t *item;

	if (json_is_null(value))
		return true;
	if (!json_is_array(value))
		return complain(reading, "emails", "a list");
	json_array_foreach((json_t *)(uintptr_t)value, i, item)
	    is_good = is_good && read_email(reading, item, observed);
	return is_good;
}

static size_t count_ids(struct span list)
{
	size_t count = 1;
	for (size_t i = 0; i < list.len; i++)
		count += list.at[i] == ',';
	return count;
}

/* The ids of one entitlement: of WORKSPACE one, of WORKSPACE_IDS a list with commas. */
static size_t split_ids(struct span value, bool is_list, struct span *ids)
{
	size_t count = 0;

	if (!is_list) {
		ids[0] = value;
		return value.len > 0 ? 1 : 0;
	}
	while (value.len > 0) {
		struct span id = span_trim(span_split(&value, ','));
		if (id.len > 0)
			ids[count++] = id;
	}
	return count;
}

static bool read_workspaces_of_type(
    const struct reading *reading, const json_t *list, bool is_list, struct observed *observed)
{
	struct span type = is_list ? SPAN("WORKSPACE_IDS") : SPAN("WORKSPACE");
	struct span *ids = NULL;
	size_t count = 0, room = 0, i;
	json_t *item;

	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		struct span value = text_of(member_of(item, SPAN("value")));
		if (!is_of_type(item, type))
			continue;
		if (value.at == NULL)
			return complain(reading, "entitlements.value", "a text");
		room += is_list ? count_ids(value) : 1;
	}
	if (room == 0)
		return true;
	ids = arena_array(reading->arena, room, sizeof(*ids));
	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		if (is_of_type(item, type))
			count += split_ids(
			    text_of(member_of(item, SPAN("value"))), is_list, ids + count);
	}
	observed->account.workspaces = ids;
	observed->account.workspace_count = account_sort_workspaces(ids, count);
	return true;
}

/* Anaplan shows one set in up to three forms: only one of them may be counted. */
static bool read_entitlements(
    const struct reading *reading, const json_t *value, struct observed *observed)
{
	size_t i;
	json_t *item;

	if (json_is_null(value))
		return true;
	if (!json_is_array(value))
		return complain(reading, "entitlements", "a list");
	json_array_foreach((json_t *)(uintptr_t)value, i, item)
	{
		if (!json_is_object(item))
			return complain(reading, "entitlements", "a list of objects");
	}
	observed->has_workspaces = true;
	if (!read_workspaces_of_type(reading, value, false, observed))
		return false;
	return observed->account.workspace_count > 0 ||
	       read_workspaces_of_type(reading, value, true, observed);
}

static bool read_member(
    const struct reading *reading, const char *key, const json_t *value, struct observed *observed)
{
	static const struct {
		struct span name;
		bool (*read)(const struct reading *, const json_t *, struct observed *);
	} members[] = {
		{ SPAN_INIT("id"), read_id },
		{ SPAN_INIT("active"), read_active },
		{ SPAN_INIT("name"), read_name },
		{ SPAN_INIT("emails"), read_emails },
		{ SPAN_INIT("entitlements"), read_entitlements },
	};
	struct span name = span_of(key);
	enum account_path path;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (span_equal_ascii_case(name, members[i].name))
			return members[i].read(reading, value, observed);
	}
	if (!account_path_parse(name, &path) || path >= ACCOUNT_TEXT_COUNT)
		return true;
	return read_text(reading, account_path_name(path), value, &observed->account.text[path]);
}

static bool read_account(
    const struct reading *reading, const json_t *user, struct observed *observed)
{
	const char *key;
	json_t *value;

	if (!json_is_object(user)) {
		err_set(reading->reterr, "the answer has something that is not a user");
		return false;
	}
	*observed = (struct observed) { .account = { .is_active = true } };
	json_object_foreach((json_t *)(uintptr_t)user, key, value)
	{
		if (!read_member(reading, key, value, observed))
			return false;
	}
	if (observed->id.at == NULL)
		err_set(reading->reterr, "the answer has a user without an \"id\"");
	return observed->id.at != NULL;
}

/* --- lists -------------------------------------------------------------------------------- */

static bool read_total(const struct reading *reading, const json_t *root, int64_t *ret_total)
{
	const json_t *total = member_of(root, SPAN("totalResults"));

	*ret_total = -1;
	if (total == NULL)
		return true;
	if (!json_is_integer(total) || json_integer_value(total) < 0)
		return complain(reading, "totalResults", "a number");
	*ret_total = json_integer_value(total);
	return true;
}

static bool read_resources(
    const struct reading *reading, const json_t *resources, struct decoded_accounts *list)
{
	size_t count = json_array_size(resources);
	struct observed *accounts;

	/* null is absent (RFC 7643 2.5), and what some servers make of an empty list. */
	list->has_resources = resources != NULL && !json_is_null(resources);
	if (!list->has_resources && list->total >= 0)
		return true;
	if (!json_is_array(resources))
		return complain(reading, "Resources", "a list");
	accounts = arena_array(reading->arena, count, sizeof(*accounts));
	for (size_t i = 0; i < count; i++) {
		if (!read_account(reading, json_array_get(resources, i), &accounts[i]))
			return false;
	}
	list->accounts = accounts;
	list->count = count;
	return true;
}

enum status decode_list(struct decoder *decoder, struct span body,
    struct decoded_accounts *ret_list, struct err *reterr)
{
	struct reading reading = { decoder->arena, reterr };
	struct decoded_accounts list = { 0 };

	if (!parse(decoder, body, reterr))
		return STATUS_RETRY;
	if (!json_is_object(decoder->root)) {
		err_set(reterr, "the answer is not a list of users");
		return STATUS_RETRY;
	}
	if (!read_total(&reading, decoder->root, &list.total) ||
	    !read_resources(&reading, member_of(decoder->root, SPAN("Resources")), &list))
		return STATUS_RETRY;
	*ret_list = list;
	return STATUS_OK;
}

enum status decode_account(struct decoder *decoder, struct span body,
    struct decoded_accounts *ret_account, struct err *reterr)
{
	struct reading reading = { decoder->arena, reterr };
	struct observed *observed;

	if (!parse(decoder, body, reterr))
		return STATUS_RETRY;
	observed = arena_alloc(decoder->arena, sizeof(*observed));
	if (!read_account(&reading, decoder->root, observed))
		return STATUS_RETRY;
	*ret_account = (struct decoded_accounts) { observed, 1, -1, true };
	return STATUS_OK;
}

/* --- other answers ------------------------------------------------------------------------ */

struct decoded_error decode_error(struct decoder *decoder, struct span body)
{
	static const struct span details[] = { SPAN_INIT("detail"), SPAN_INIT("statusMessage"),
		SPAN_INIT("message"), SPAN_INIT("error_description"), SPAN_INIT("error") };
	struct decoded_error error = { SPAN_NULL, SPAN_NULL };

	if (!parse(decoder, body, NULL))
		return error;
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]) && error.detail.at == NULL; i++)
		error.detail = text_of(member_of(decoder->root, details[i]));
	error.type = text_of(member_of(decoder->root, SPAN("scimType")));
	return error;
}

/* Whether a part of the configuration says if it is supported. */
static bool read_supported(const json_t *part, bool *ret_is_supported)
{
	return read_truth(member_of(part, SPAN("supported")), ret_is_supported);
}

enum status decode_config(struct decoder *decoder, struct span body,
    struct decoded_config *ret_config, struct err *reterr)
{
	struct decoded_config config = { 0 };
	const json_t *filter, *most;

	if (!parse(decoder, body, reterr))
		return STATUS_RETRY;
	filter = member_of(decoder->root, SPAN("filter"));
	most = member_of(filter, SPAN("maxResults"));
	config.has_patch = read_supported(
	    member_of(decoder->root, SPAN("patch")), &config.can_patch);
	config.has_filter = read_supported(filter, &config.can_filter);
	if (json_is_integer(most) && json_integer_value(most) > 0)
		config.filter_max_results = (uint64_t)json_integer_value(most);
	*ret_config = config;
	return STATUS_OK;
}

static int64_t read_total_size(const json_t *root)
{
	const json_t *paging = member_of(member_of(root, SPAN("meta")), SPAN("paging"));
	const json_t *total = member_of(paging, SPAN("totalSize"));

	return json_is_integer(total) && json_integer_value(total) >= 0 ? json_integer_value(total)
									: -1;
}

enum status decode_workspaces(struct decoder *decoder, struct span body,
    struct decoded_workspaces *ret_workspaces, struct err *reterr)
{
	struct decoded_workspaces workspaces = { 0 };
	const json_t *list;
	struct span *ids, *names;
	bool is_good;

	if (!parse(decoder, body, reterr))
		return STATUS_RETRY;
	list = member_of(decoder->root, SPAN("workspaces"));
	workspaces.total = read_total_size(decoder->root);
	workspaces.count = json_array_size(list);
	ids = arena_array(decoder->arena, workspaces.count, sizeof(*ids));
	names = arena_array(decoder->arena, workspaces.count, sizeof(*names));
	/* Where there are none, the list may be left out. */
	is_good = json_is_array(list) || (list == NULL && workspaces.total == 0);
	for (size_t i = 0; i < workspaces.count && is_good; i++) {
		ids[i] = text_of(member_of(json_array_get(list, i), SPAN("id")));
		names[i] = text_of(member_of(json_array_get(list, i), SPAN("name")));
		is_good = ids[i].len > 0;
	}
	if (!is_good) {
		err_set(reterr, "the answer is not a list of workspaces with their ids");
		return STATUS_RETRY;
	}
	workspaces.ids = ids;
	workspaces.names = names;
	*ret_workspaces = workspaces;
	return STATUS_OK;
}

enum status decode_token(
    struct decoder *decoder, struct span body, struct decoded_token *ret_token, struct err *reterr)
{
	struct decoded_token token = { 0 };
	const json_t *info, *expires;

	if (!parse(decoder, body, reterr))
		return STATUS_RETRY;
	info = member_of(decoder->root, SPAN("tokenInfo"));
	token.value = text_of(member_of(info, SPAN("tokenValue")));
	if (token.value.at == NULL || token.value.len == 0) {
		err_set(reterr, "the answer has no token in it");
		return STATUS_RETRY;
	}
	expires = member_of(info, SPAN("expiresAt"));
	if (json_is_integer(expires) && json_integer_value(expires) > 0)
		token.expires_at_ms = json_integer_value(expires);
	*ret_token = token;
	return STATUS_OK;
}

enum status decode_owner(
    struct decoder *decoder, struct span body, struct decoded_owner *ret_owner, struct err *reterr)
{
	struct decoded_owner owner = { SPAN_NULL, SPAN_NULL };
	const json_t *info;

	if (!parse(decoder, body, reterr))
		return STATUS_RETRY;
	info = member_of(decoder->root, SPAN("userInfo"));
	owner.guid = text_of(member_of(info, SPAN("userGuid")));
	owner.id = text_of(member_of(info, SPAN("userId")));
	if (owner.guid.len == 0 && owner.id.len == 0) {
		err_set(reterr, "the answer does not say whose token it is");
		return STATUS_RETRY;
	}
	*ret_owner = owner;
	return STATUS_OK;
}

/* --- OAuth -------------------------------------------------------------------------------- */

/* Seconds, as a number or as a text. @return 0: none are given, or they make no sense */
static int64_t read_seconds_ms(const json_t *value, int64_t most_ms)
{
	struct span text = text_of(value);
	uint64_t seconds = 0;

	if (json_is_integer(value) && json_integer_value(value) > 0)
		seconds = (uint64_t)json_integer_value(value);
	else if (json_is_real(value) && json_real_value(value) >= 1 && json_real_value(value) < 1e9)
		seconds = (uint64_t)json_real_value(value);
	else if (text.at != NULL && !span_to_u64(text, &seconds))
		return 0;
	if (seconds > (uint64_t)(most_ms / TIME_SECOND_MS))
		return most_ms;
	return (int64_t)seconds * TIME_SECOND_MS;
}

static struct span read_filled(const json_t *root, struct span name)
{
	struct span text = text_of(member_of(root, name));

	return text.len > 0 ? text : SPAN_NULL;
}

enum status decode_grant(
    struct decoder *decoder, struct span body, struct decoded_grant *ret_grant, struct err *reterr)
{
	struct decoded_grant grant;

	if (!parse(decoder, body, reterr))
		return STATUS_RETRY;
	grant = (struct decoded_grant) {
		read_filled(decoder->root, SPAN("access_token")),
		read_filled(decoder->root, SPAN("refresh_token")),
		read_seconds_ms(member_of(decoder->root, SPAN("expires_in")), TIME_DAY_MS),
	};
	if (grant.access_token.at == NULL && grant.refresh_token.at == NULL) {
		err_set(reterr, "the answer has no token in it");
		return STATUS_RETRY;
	}
	*ret_grant = grant;
	return STATUS_OK;
}

enum status decode_device(struct decoder *decoder, struct span body,
    struct decoded_device *ret_device, struct err *reterr)
{
	struct decoded_device device;

	if (!parse(decoder, body, reterr))
		return STATUS_RETRY;
	device = (struct decoded_device) {
		read_filled(decoder->root, SPAN("device_code")),
		read_filled(decoder->root, SPAN("user_code")),
		read_filled(decoder->root, SPAN("verification_uri")),
		read_filled(decoder->root, SPAN("verification_uri_complete")),
		read_seconds_ms(member_of(decoder->root, SPAN("expires_in")), TIME_HOUR_MS),
		read_seconds_ms(member_of(decoder->root, SPAN("interval")), TIME_MINUTE_MS),
	};
	if (device.device_code.at == NULL || device.user_code.at == NULL ||
	    device.verification_uri.at == NULL) {
		err_set(reterr, "the answer has no device_code, user_code or verification_uri");
		return STATUS_RETRY;
	}
	if (device.life_ms == 0)
		device.life_ms = DEVICE_LIFE_MS;
	if (device.interval_ms == 0)
		device.interval_ms = DEVICE_INTERVAL_MS;
	*ret_device = device;
	return STATUS_OK;
}

struct span decode_grant_error(struct decoder *decoder, struct span body)
{
	if (!parse(decoder, body, NULL))
		return SPAN_NULL;
	return read_filled(decoder->root, SPAN("error"));
}
