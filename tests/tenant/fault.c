// SPDX-License-Identifier: ISC
#include "fault.h"

#include "memory.h"
#include "resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define NEVER_MS   600000
#define SHORT_PAGE 7

struct fault {
	enum fault_kind kind;
	char name[24];
	unsigned status;
	long count; /* left; -1: for ever */
	long after; /* matching requests still to spare */
	char *method;
	char *path;
	char *retry_after;
	long retry_after_date_s; /* 0: none */
	long delay_ms;
	long size_bytes;
	bool writes;
	struct fault *next;
};

struct faults {
	struct fault *first;
	bool starts_unstable;
	bool is_order_unstable;
	long page_size;
};

static const struct {
	const char *name;
	enum fault_kind kind;
} kinds[] = {
	{ "reset", FAULT_RESET },
	{ "lost", FAULT_LOST },
	{ "never", FAULT_NEVER },
	{ "slow", FAULT_SLOW },
	{ "cut", FAULT_CUT },
	{ "207", FAULT_PARTIAL },
	{ "wrong-entitlements", FAULT_WRONG_ENTITLEMENTS },
	{ "expire-tokens", FAULT_EXPIRE_TOKENS },
	{ "not-json", FAULT_NOT_JSON },
	{ "too-large", FAULT_TOO_LARGE },
	{ "wrong-shape", FAULT_WRONG_SHAPE },
	{ "slow_down", FAULT_OAUTH_ERROR },
	{ "authorization_pending", FAULT_OAUTH_ERROR },
	{ "access_denied", FAULT_OAUTH_ERROR },
	{ "expired_token", FAULT_OAUTH_ERROR },
	{ "invalid_grant", FAULT_OAUTH_ERROR },
	{ "invalid_client", FAULT_OAUTH_ERROR },
};

static void fault_free(struct fault *fault)
{
	free(fault->method);
	free(fault->path);
	free(fault->retry_after);
	free(fault);
}

struct faults *faults_new(bool is_order_unstable)
{
	struct faults *faults = memory_new(1, sizeof(*faults));
	faults->starts_unstable = is_order_unstable;
	faults->is_order_unstable = is_order_unstable;
	return faults;
}

void faults_clear(struct faults *faults)
{
	while (faults->first) {
		struct fault *first = faults->first;
		faults->first = first->next;
		fault_free(first);
	}
	faults->is_order_unstable = faults->starts_unstable;
	faults->page_size = 0;
}

void faults_free(struct faults **faults)
{
	if (!*faults)
		return;
	faults_clear(*faults);
	free(*faults);
	*faults = NULL;
}

static bool fault_name_kind(struct fault *fault, const char *name)
{
	snprintf(fault->name, sizeof(fault->name), "%s", name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			fault->kind = kinds[i].kind;
			return true;
		}
	}
	long status;
	if (!text_to_number(name, &status) || status < 400 || status > 599)
		return false;
	fault->kind = FAULT_STATUS;
	fault->status = (unsigned)status;
	return true;
}

static long number_or(const json_t *asked, const char *name, long otherwise)
{
	const json_t *value = json_object_get(asked, name);
	return json_is_integer(value) ? (long)json_integer_value(value) : otherwise;
}

static void fault_read(struct fault *fault, const json_t *asked)
{
	fault->count = number_or(asked, "count", 1);
	fault->after = number_or(asked, "after", 0);
	fault->method = text_copy(json_string_value(json_object_get(asked, "method")));
	fault->path = text_copy(json_string_value(json_object_get(asked, "path")));
	fault->delay_ms = number_or(asked, "ms", fault->kind == FAULT_NEVER ? NEVER_MS : 1000);
	fault->size_bytes = number_or(asked, "bytes", 0);
	fault->writes = json_is_true(json_object_get(asked, "write"));
	fault->retry_after_date_s = number_or(asked, "retryAfterDate", 0);
	const json_t *retry_after = json_object_get(asked, "retryAfter");
	if (json_is_integer(retry_after))
		fault->retry_after = text_format(
		    "%" JSON_INTEGER_FORMAT, json_integer_value(retry_after));
	else
		fault->retry_after = text_copy(json_string_value(retry_after));
}

static bool faults_switch(struct faults *faults, const char *name, const json_t *asked)
{
	bool is_on = !json_is_false(json_object_get(asked, "on"));
	if (strcmp(name, "unstable-order") == 0)
		faults->is_order_unstable = is_on;
	else if (strcmp(name, "short-pages") == 0)
		faults->page_size = is_on ? number_or(asked, "size", SHORT_PAGE) : 0;
	else
		return false;
	return true;
}

static const char *find_unknown_member(const json_t *asked)
{
	static const char *const known[] = { "fault", "count", "after", "method", "path",
		"retryAfter", "retryAfterDate", "ms", "bytes", "write", "on", "size" };
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)asked, key, value)
	{
		bool is_known = false;
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			is_known = is_known || strcmp(known[i], key) == 0;
		if (!is_known)
			return key;
	}
	return NULL;
}

const char *faults_ask(struct faults *faults, const json_t *asked)
{
	const char *name = json_string_value(json_object_get(asked, "fault"));
	if (!name)
		return "the body must be an object with a \"fault\"";
	if (find_unknown_member(asked))
		return "the body has a member that no fault knows";
	if (faults_switch(faults, name, asked))
		return NULL;
	struct fault *fault = memory_new(1, sizeof(*fault));
	if (!fault_name_kind(fault, name)) {
		fault_free(fault);
		return "there is no such fault";
	}
	fault_read(fault, asked);
	struct fault **last = &faults->first;
	while (*last)
		last = &(*last)->next;
	*last = fault;
	return NULL;
}

json_t *faults_list(const struct faults *faults)
{
	json_t *queue = json_array();
	for (const struct fault *fault = faults->first; fault; fault = fault->next) {
		json_array_append_new(
		    queue, json_pack("{s:s, s:I, s:I, s:s?, s:s?}", "fault", fault->name, "count",
			       (json_int_t)fault->count, "after", (json_int_t)fault->after,
			       "method", fault->method, "path", fault->path));
	}
	return json_pack("{s:o, s:b, s:I}", "queue", queue, "unstableOrder",
	    faults->is_order_unstable, "pageSize", (json_int_t)faults->page_size);
}

static bool fault_matches(const struct fault *fault, const char *method, const char *path)
{
	if (fault->method && strcasecmp(fault->method, method) != 0)
		return false;
	if (!fault->path || text_begins(path, fault->path))
		return true;
	return text_begins(path, RESOURCE_BASE) &&
	       text_begins(path + strlen(RESOURCE_BASE), fault->path);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static char *http_date(long from_now_s)
{
	time_t when = time(NULL) + from_now_s;
	struct tm parts;
	gmtime_r(&when, &parts);
	char text[64];
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
	return text_copy(text);
}

static void fault_strike(const struct fault *fault, struct fault_hit *hit)
{
	if (fault->kind == FAULT_SLOW) {
		hit->delay_ms = fault->delay_ms;
		return;
	}
	hit->kind = fault->kind;
	memcpy(hit->name, fault->name, sizeof(hit->name));
	hit->status = fault->status;
	hit->size_bytes = fault->size_bytes;
	hit->writes = fault->writes;
	if (fault->kind == FAULT_NEVER)
		hit->delay_ms = fault->delay_ms;
	hit->retry_after = fault->retry_after_date_s ? http_date(fault->retry_after_date_s)
						     : text_copy(fault->retry_after);
}

/* Unhooks a fault that is used up; @return the link to go on with. */
static struct fault **fault_use_up(struct fault **link)
{
	struct fault *fault = *link;
	if (fault->count > 0)
		fault->count--;
	if (fault->count != 0)
		return &fault->next;
	*link = fault->next;
	fault_free(fault);
	return link;
}

void faults_take(
    struct faults *faults, const char *method, const char *path, struct fault_hit *ret_hit)
{
	*ret_hit = (struct fault_hit) { 0 };
	bool has_hit = false, has_delay = false;
	for (struct fault **link = &faults->first; *link;) {
		struct fault *fault = *link;
		bool *has_struck = fault->kind == FAULT_SLOW ? &has_delay : &has_hit;
		bool strikes = !*has_struck && fault_matches(fault, method, path);
		if (strikes && fault->after > 0) {
			fault->after--;
			strikes = false;
		}
		if (!strikes) {
			link = &fault->next;
			continue;
		}
		*has_struck = true;
		fault_strike(fault, ret_hit);
		link = fault_use_up(link);
	}
}

void fault_hit_done(struct fault_hit *hit)
{
	free(hit->retry_after);
	*hit = (struct fault_hit) { 0 };
}

bool faults_order_is_unstable(const struct faults *faults)
{
	return faults->is_order_unstable;
}

long faults_page_size(const struct faults *faults)
{
	return faults->page_size;
}
