// SPDX-License-Identifier: ISC
#include "scim.h"

#include "discovery.h"
#include "filter.h"
#include "memory.h"
#include "patch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT_DEFAULT 50
#define COUNT_MOST    100
#define TURN_PER_LIST 7 /* positions by which an unstable order moves on */

/* One request on its way through this file. */
struct call {
	struct scim *scim;
	const struct request *request;
	enum fault_kind mishap;
	struct answer *answer;
};

struct page {
	size_t start; /* from 0 */
	size_t count;
};

static const char *after_base(const char *path)
{
	return text_begins(path, RESOURCE_BASE "/") ? path + strlen(RESOURCE_BASE) : "";
}

/* The id in …/Users/{id}, or NULL when the path is another. */
static const char *user_id_in(const char *path)
{
	static const char prefix[] = RESOURCE_BASE "/Users/";
	if (!text_begins(path, prefix))
		return NULL;
	const char *id = path + sizeof(prefix) - 1;
	return strchr(id, '/') ? NULL : id;
}

bool scim_is_discovery(const char *path)
{
	const char *rest = after_base(path);
	return strcmp(rest, "/ServiceProviderConfig") == 0 || strcmp(rest, "/ResourceTypes") == 0 ||
	       strcmp(rest, "/Schemas") == 0;
}

static const char *page_read(const struct call *call, struct page *page)
{
	long start = 1, count = COUNT_DEFAULT;
	const struct request *request = call->request;
	if (request->start_index && !text_to_number(request->start_index, &start))
		return "startIndex must be a number";
	if (request->count && !text_to_number(request->count, &count))
		return "count must be a number";
	if (count > COUNT_MOST)
		return "count must not be greater than 100";
	long short_page = faults_page_size(call->scim->faults);
	if (short_page > 0 && count > short_page)
		count = short_page;
	page->start = start > 1 ? (size_t)start - 1 : 0;
	page->count = count > 0 ? (size_t)count : 0;
	return NULL;
}

/* Lists a page of `selected`, or of the whole store where that is NULL. */
static json_t *list_page(
    const struct call *call, struct page page, struct user **selected, size_t total)
{
	struct scim *scim = call->scim;
	size_t turn = 0;
	if (total && faults_order_is_unstable(scim->faults))
		turn = TURN_PER_LIST * scim->list_count % total;
	scim->list_count++;
	json_t *resources = json_array();
	for (size_t i = page.start; i < total && i - page.start < page.count; i++) {
		size_t at = (i + turn) % total;
		const struct user *user = selected ? selected[at] : store_at(scim->store, at);
		json_array_append_new(resources, resource_show(user, &scim->options->workspaces));
	}
	return json_pack("{s:I, s:I, s:I, s:o}", "totalResults", (json_int_t)total, "itemsPerPage",
	    (json_int_t)json_array_size(resources), "startIndex", (json_int_t)page.start + 1,
	    "Resources", resources);
}

static void list_users(struct call *call)
{
	struct page page;
	const char *mistake = page_read(call, &page);
	if (mistake) {
		answer_error(call->answer, 400, "invalidValue", mistake);
		return;
	}
	if (!call->request->filter) {
		answer_json(call->answer, 200, ANSWER_SCIM,
		    list_page(call, page, NULL, store_count(call->scim->store)));
		return;
	}
	struct filter *filter = filter_parse(call->request->filter);
	if (!filter) {
		answer_error(call->answer, 400, "invalidValue",
		    "The specified filter syntax was invalid, or the specified attribute and "
		    "filter comparison combination is not supported");
		return;
	}
	size_t total;
	struct user **selected = filter_select(filter, call->scim->store, &total);
	answer_json(call->answer, 200, ANSWER_SCIM, list_page(call, page, selected, total));
	free(selected);
	filter_free(&filter);
}

static void answer_user(struct call *call, unsigned status, const struct user *user)
{
	answer_json(call->answer, status, ANSWER_SCIM,
	    resource_show(user, &call->scim->options->workspaces));
	if (call->request->method[1] == 'O')
		call->answer->location = resource_location(user);
}

static void answer_refusal(struct call *call, struct refusal refusal)
{
	answer_error(call->answer, 400, refusal.scim_type, refusal.detail);
}

static void answer_taken(struct call *call)
{
	answer_error(
	    call->answer, 409, "uniqueness", "A user with the same userName already exists");
}

/* Writes the workspaces, which are stored apart; @return whether that was a success. */
static bool write_entitlements(
    struct call *call, struct account *account, struct resource_change *change)
{
	if (!change->touches_entitlements)
		return true;
	if (change->unknown_count || call->mishap == FAULT_PARTIAL)
		return false;
	if (call->mishap == FAULT_WRONG_ENTITLEMENTS) {
		if (change->entitlements.count == 0)
			return true;
		change->entitlements.count--;
	}
	entitlements_copy(&account->entitlements, &change->entitlements);
	return true;
}

static void create_user(struct call *call)
{
	struct scim *scim = call->scim;
	struct account account = { .is_active = true };
	struct resource_change change;
	struct refusal refusal = resource_read(
	    call->request->json, &scim->options->workspaces, &account, &change);
	if (refusal.scim_type) {
		answer_refusal(call, refusal);
	} else {
		bool is_whole = write_entitlements(call, &account, &change);
		const struct user *user = store_insert(scim->store, &account, NULL);
		unsigned status = is_whole ? (unsigned)scim->options->create_status : 207;
		if (user)
			answer_user(call, status, user);
		else
			answer_taken(call);
	}
	entitlements_done(&change.entitlements);
	account_done(&account);
}

/* Stores what a PUT or PATCH made; @param account taken, also when refused. */
static void store_change(struct call *call, struct user *user, struct account *account,
    struct resource_change *change, struct refusal refusal)
{
	if (refusal.scim_type) {
		answer_refusal(call, refusal);
	} else {
		bool is_whole = write_entitlements(call, account, change);
		if (store_update(call->scim->store, user, account))
			answer_user(call, is_whole ? 200 : 207, user);
		else
			answer_taken(call);
	}
	entitlements_done(&change->entitlements);
	account_done(account);
}

/* A PUT names the user that it is sent to. */
static struct refusal check_identity(const struct call *call, const struct user *user)
{
	const json_t *body = call->request->json;
	const json_t *id = resource_member(body, "id");
	const char *user_name = json_string_value(resource_member(body, "userName"));
	if (id && (!json_is_string(id) || strcasecmp(json_string_value(id), user->id) != 0))
		return (struct refusal) { "mutability", "id is read-only" };
	if (user_name && strcasecmp(user_name, user->account.user_name) != 0)
		return (struct refusal) { "mutability", "userName is read-only" };
	return (struct refusal) { 0 };
}

static void replace_user(struct call *call, struct user *user)
{
	struct account account;
	account_copy(&account, &user->account);
	struct resource_change change;
	struct refusal refusal = resource_read(
	    call->request->json, &call->scim->options->workspaces, &account, &change);
	if (!refusal.scim_type)
		refusal = check_identity(call, user);
	text_set(&account.user_name, user->account.user_name);
	store_change(call, user, &account, &change, refusal);
}

static void patch_user(struct call *call, struct user *user)
{
	const struct options *options = call->scim->options;
	struct patch_rules rules = { &options->workspaces, options->add_replaces };
	struct account account;
	account_copy(&account, &user->account);
	struct resource_change change;
	struct refusal refusal = patch_apply(call->request->json, &rules, &account, &change);
	store_change(call, user, &account, &change, refusal);
}

static void answer_one(struct call *call, const char *id)
{
	const char *method = call->request->method;
	struct user *user = store_find(call->scim->store, STORE_BY_ID, id);
	if (strcmp(method, "DELETE") == 0) {
		answer_error(call->answer, 501, NULL, "The operation is not implemented");
	} else if (!user) {
		char *detail = text_format("Resource %s not found", id);
		answer_error(call->answer, 404, NULL, detail);
		free(detail);
	} else if (strcmp(method, "GET") == 0) {
		answer_user(call, 200, user);
	} else if (strcmp(method, "PUT") == 0) {
		replace_user(call, user);
	} else if (strcmp(method, "PATCH") == 0) {
		patch_user(call, user);
	} else {
		answer_error(call->answer, 405, NULL, "The method is not allowed");
	}
}

static void answer_all(struct call *call)
{
	const char *method = call->request->method;
	if (strcmp(method, "GET") == 0)
		list_users(call);
	else if (strcmp(method, "POST") == 0)
		create_user(call);
	else if (strcmp(method, "DELETE") == 0)
		answer_error(call->answer, 501, NULL, "The operation is not implemented");
	else
		answer_error(call->answer, 405, NULL, "The method is not allowed");
}

static bool names_a_type(const char *header, bool allows_any)
{
	return strcasestr(header, ANSWER_SCIM) || strcasestr(header, ANSWER_JSON) ||
	       (allows_any && (strstr(header, "*/*") || strcasestr(header, "application/*")));
}

/* Looks at the headers and the form of the body; @return false when it answered. */
static bool accept_request(struct call *call)
{
	const struct request *request = call->request;
	bool has_body = request->method[0] == 'P';
	if (request->accept && !names_a_type(request->accept, true))
		answer_error(call->answer, 406, NULL, "Accept must allow application/scim+json");
	else if (has_body && !(request->content_type && names_a_type(request->content_type, false)))
		answer_error(call->answer, 400, "invalidSyntax",
		    "Content-Type must be application/scim+json");
	else if (has_body && !json_is_object(request->json))
		answer_error(
		    call->answer, 400, "invalidSyntax", "The request body is not a JSON object");
	else
		return true;
	return false;
}

void scim_answer(struct scim *scim, const struct request *request, enum fault_kind mishap,
    struct answer *ret_answer)
{
	struct call call = { scim, request, mishap, ret_answer };
	const char *rest = after_base(request->path);
	const char *id = user_id_in(request->path);
	if (!accept_request(&call))
		return;
	if (scim_is_discovery(request->path)) {
		if (strcmp(request->method, "GET") == 0)
			answer_json(ret_answer, 200, ANSWER_SCIM, discovery_document(rest));
		else
			answer_error(ret_answer, 405, NULL, "The method is not allowed");
	} else if (strcmp(rest, "/Users") == 0) {
		answer_all(&call);
	} else if (id) {
		answer_one(&call, id);
	} else {
		answer_error(ret_answer, 404, NULL, "There is no such endpoint");
	}
}

char *scim_account_of(const struct request *request)
{
	const char *id = user_id_in(request->path);
	const char *name = json_string_value(json_object_get(request->json, "userName"));
	if (!id && !(name && strcmp(after_base(request->path), "/Users") == 0))
		return NULL;
	char *account = text_format("%s/%s", id ? "id" : "name", id ? id : name);
	char *folded = text_fold(account);
	free(account);
	return folded;
}
