/* SPDX-License-Identifier: ISC */
/*
 * A tenant in memory.  A request is worked on when it arrives: the answer is made then, kept in
 * the call, and delivered by the call's timer.
 */
/* base/emit.h and jansson share two names; of jansson's neither is used here. */
#define json_string jansson_string
#define json_null   jansson_null
#include <jansson.h>
#undef json_string
#undef json_null

#include "tests/fake/fake_tenant.h"

#include "base/emit.h"
#include "base/unicode.h"
#include "base/vec.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKSPACES_MAX = 64, FAULTS_MAX = 64 };

struct held_account {
	char id[16];
	char *text[ACCOUNT_TEXT_COUNT];
	bool is_active, is_hidden;
	char *workspaces[WORKSPACES_MAX];
	size_t workspace_count;
};

struct tenant_call {
	struct tenant_call *next;
	struct fake_tenant *fake;
	struct loop_timer *timer;
	struct arena *arena;
	struct tenant_answer answer;
	tenant_callback *callback;
	void *context;
	char about[128]; /* of a write: the account; "": none */
	bool is_open, is_close;
};

/* A POST, or a look for an account; a name of "": a look at all. */
struct event {
	char name[64];
	bool is_look;
};

/* What fake_tenant_save remembers. */
struct memory {
	struct held_account **accounts;
	size_t account_count, account_cap;
	unsigned next_id;
	struct fake_fault faults[FAULTS_MAX];
	size_t fault_count, request_count, event_count;
	struct fake_tenant_counts counts;
};

struct fake_tenant {
	struct account_reader reader; /* first */
	struct account_encoder encoder;
	struct account_writer writer;
	struct loop *loop;
	struct fake_tenant_settings settings;
	struct held_account **accounts;
	size_t account_count, account_cap;
	unsigned next_id;
	struct fake_fault faults[FAULTS_MAX];
	size_t fault_count;
	struct tenant_call *calls;
	unsigned in_flight;
	bool is_opened;
	struct fake_tenant_counts counts;
	char **requests;
	size_t request_count, request_cap;
	struct event *events;
	size_t event_count, event_cap;
	struct str shown;
	struct memory saved;
};

static struct fake_tenant *of_writer(struct account_writer *writer)
{
	return (struct fake_tenant *)((char *)writer - offsetof(struct fake_tenant, writer));
}

/* ---- accounts ---- */

static struct held_account *by_name(const struct fake_tenant *fake, struct span user_name)
{
	for (size_t i = 0; i < fake->account_count; i++) {
		if (utf8_equal_fold(span_of(fake->accounts[i]->text[ACCOUNT_USER_NAME]), user_name))
			return fake->accounts[i];
	}
	return NULL;
}

static struct held_account *by_id(const struct fake_tenant *fake, struct span id)
{
	for (size_t i = 0; i < fake->account_count; i++) {
		if (span_equal(span_of(fake->accounts[i]->id), id))
			return fake->accounts[i];
	}
	return NULL;
}

static void set_text(struct held_account *account, enum account_path path, const char *value)
{
	free(account->text[path]);
	account->text[path] = mem_strdup(value);
}

static void clear_workspaces(struct held_account *account)
{
	for (size_t i = 0; i < account->workspace_count; i++)
		free(account->workspaces[i]);
	account->workspace_count = 0;
}

static void add_workspace(struct held_account *account, const char *id)
{
	for (size_t i = 0; i < account->workspace_count; i++) {
		if (strcmp(account->workspaces[i], id) == 0)
			return;
	}
	assert(account->workspace_count < WORKSPACES_MAX);
	account->workspaces[account->workspace_count++] = mem_strdup(id);
}

static struct held_account *new_account(struct fake_tenant *fake)
{
	struct held_account *account = mem_new(1, sizeof(*account));

	snprintf(account->id, sizeof(account->id), "%u", ++fake->next_id);
	*(struct held_account **)vec_push((void **)&fake->accounts, &fake->account_count,
	    &fake->account_cap, sizeof(*fake->accounts)) = account;
	return account;
}

static void free_account(struct held_account *account)
{
	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++)
		free(account->text[path]);
	clear_workspaces(account);
	free(account);
}

const char *fake_tenant_add(
    struct fake_tenant *fake, const char *user_name, const char *external_id, bool is_active)
{
	struct held_account *account = new_account(fake);

	set_text(account, ACCOUNT_USER_NAME, user_name);
	set_text(account, ACCOUNT_EXTERNAL_ID, external_id);
	account->is_active = is_active;
	return account->id;
}

void fake_tenant_set(
    struct fake_tenant *fake, const char *user_name, const char *path, const char *value)
{
	struct held_account *account = by_name(fake, span_of(user_name));
	enum account_path which;

	assert(account != NULL);
	if (strcmp(path, "entitlements") == 0)
		add_workspace(account, value);
	else if (strcmp(path, "active") == 0)
		account->is_active = strcmp(value, "true") == 0;
	else if (account_path_parse(span_of(path), &which))
		set_text(account, which, value);
	else
		assert(!"a path of accounts");
}

void fake_tenant_remove(struct fake_tenant *fake, const char *user_name)
{
	for (size_t i = 0; i < fake->account_count; i++) {
		if (strcmp(fake->accounts[i]->text[ACCOUNT_USER_NAME], user_name) != 0)
			continue;
		free_account(fake->accounts[i]);
		fake->accounts[i] = fake->accounts[--fake->account_count];
		return;
	}
	assert(!"an account");
}

void fake_tenant_hide(struct fake_tenant *fake, const char *user_name, bool is_hidden)
{
	by_name(fake, span_of(user_name))->is_hidden = is_hidden;
}

static struct held_account *copy_account(const struct held_account *account)
{
	struct held_account *copy = mem_new(1, sizeof(*copy));

	*copy = *account;
	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++)
		copy->text[path] = mem_strdup(account->text[path]);
	for (size_t i = 0; i < account->workspace_count; i++)
		copy->workspaces[i] = mem_strdup(account->workspaces[i]);
	return copy;
}

static void forget_accounts(struct held_account ***accounts, size_t *count, size_t *cap)
{
	for (size_t i = 0; i < *count; i++)
		free_account((*accounts)[i]);
	free(*accounts);
	*accounts = NULL;
	*count = *cap = 0;
}

void fake_tenant_save(struct fake_tenant *fake)
{
	struct memory *saved = &fake->saved;

	forget_accounts(&saved->accounts, &saved->account_count, &saved->account_cap);
	for (size_t i = 0; i < fake->account_count; i++)
		*(struct held_account **)vec_push((void **)&saved->accounts, &saved->account_count,
		    &saved->account_cap,
		    sizeof(*saved->accounts)) = copy_account(fake->accounts[i]);
	saved->next_id = fake->next_id;
	memcpy(saved->faults, fake->faults, sizeof(saved->faults));
	saved->fault_count = fake->fault_count;
	saved->request_count = fake->request_count;
	saved->event_count = fake->event_count;
	saved->counts = fake->counts;
}

static void forget_requests(struct fake_tenant *fake, size_t from)
{
	for (size_t i = from; i < fake->request_count; i++)
		free(fake->requests[i]);
	fake->request_count = from;
}

void fake_tenant_restore(struct fake_tenant *fake)
{
	struct memory *saved = &fake->saved;

	forget_accounts(&fake->accounts, &fake->account_count, &fake->account_cap);
	fake->accounts = saved->accounts;
	fake->account_count = saved->account_count;
	fake->account_cap = saved->account_cap;
	saved->accounts = NULL;
	saved->account_count = saved->account_cap = 0;
	fake->next_id = saved->next_id;
	memcpy(fake->faults, saved->faults, sizeof(fake->faults));
	fake->fault_count = saved->fault_count;
	forget_requests(fake, saved->request_count);
	fake->event_count = saved->event_count;
	fake->counts = saved->counts;
	fake->is_opened = false;
}

const char *fake_tenant_name(const struct fake_tenant *fake, struct span id)
{
	const struct held_account *account = by_id(fake, id);

	return account != NULL ? account->text[ACCOUNT_USER_NAME] : NULL;
}

static int compare_names(const void *a, const void *b)
{
	const struct held_account *const *first = a, *const *second = b;

	return strcmp((*first)->text[ACCOUNT_USER_NAME], (*second)->text[ACCOUNT_USER_NAME]);
}

const char *fake_tenant_name_at(struct fake_tenant *fake, size_t at)
{
	qsort(fake->accounts, fake->account_count, sizeof(*fake->accounts), compare_names);
	return at < fake->account_count ? fake->accounts[at]->text[ACCOUNT_USER_NAME] : NULL;
}

size_t fake_tenant_count(const struct fake_tenant *fake)
{
	return fake->account_count;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *fake_tenant_show(struct fake_tenant *fake, const char *user_name)
{
	struct held_account *account = by_name(fake, span_of(user_name));
	struct str *out = &fake->shown;

	str_truncate(out, 0);
	if (account == NULL)
		return "none";
	qsort(account->workspaces, account->workspace_count, sizeof(char *), compare_texts);
	str_addf(out, "%s ext=%s %s %s %s [", account->text[ACCOUNT_USER_NAME],
	    account->text[ACCOUNT_EXTERNAL_ID] != NULL ? account->text[ACCOUNT_EXTERNAL_ID] : "-",
	    account->is_active ? "active" : "inactive",
	    account->text[ACCOUNT_GIVEN_NAME] != NULL ? account->text[ACCOUNT_GIVEN_NAME] : "-",
	    account->text[ACCOUNT_FAMILY_NAME] != NULL ? account->text[ACCOUNT_FAMILY_NAME] : "-");
	for (size_t i = 0; i < account->workspace_count; i++)
		str_addf(out, "%s%s", i > 0 ? " " : "", account->workspaces[i]);
	str_add_byte(out, ']');
	return str_c(out);
}

/* ---- answers ---- */

static struct observed observe(const struct held_account *account, struct arena *arena)
{
	struct observed observed = {
		.id = arena_span(arena, span_of(account->id)),
		.has_active = true,
		.has_workspaces = account->workspace_count > 0,
	};
	struct span *ids = arena_array(arena, account->workspace_count + 1, sizeof(*ids));

	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++)
		observed.account.text[path] = arena_span(arena, span_of(account->text[path]));
	for (size_t i = 0; i < account->workspace_count; i++)
		ids[i] = arena_span(arena, span_of(account->workspaces[i]));
	observed.account.is_active = account->is_active;
	observed.account.workspaces = ids;
	observed.account.workspace_count = account_sort_workspaces(ids, account->workspace_count);
	return observed;
}

static void answer_account(struct tenant_call *call, const struct held_account *account)
{
	struct observed *observed = arena_alloc(call->arena, sizeof(*observed));

	*observed = observe(account, call->arena);
	call->answer.accounts = observed;
	call->answer.account_count = 1;
}

static void answer_status(struct tenant_call *call, int http_status, const char *error)
{
	struct tenant_answer *answer = &call->answer;

	answer->http_status = http_status;
	if (http_status == 429 || http_status >= 500)
		answer->status = STATUS_RETRY;
	else if (http_status == 403)
		answer->status = STATUS_DOWN;
	else if (http_status >= 400)
		answer->status = STATUS_REJECT;
	answer->error = arena_format(call->arena, "%d: %s", http_status, error);
}

static void answer_lost(struct tenant_call *call)
{
	call->answer = (struct tenant_answer) {
		.status = STATUS_RETRY,
		.retry_after_ms = -1,
		.total = -1,
		.may_have_happened = true,
		.error = SPAN("the connection was reset after the request was sent"),
	};
}

/* ---- calls ---- */

static void tell_self(struct fake_tenant *fake)
{
	const struct fake_tenant_settings *settings = &fake->settings;

	if (settings->told_name != NULL)
		fake->reader.self.user_name = span_of(settings->told_name);
	if (settings->told_id != NULL)
		fake->reader.self.account_id = span_of(settings->told_id);
	fake->reader.self.is_told_by_opening = false;
}

static void on_due(void *context)
{
	struct tenant_call *call = context;
	struct fake_tenant *fake = call->fake;
	struct tenant_call **place = &fake->calls;

	while (*place != call)
		place = &(*place)->next;
	*place = call->next;
	fake->in_flight--;
	if (call->is_open && call->answer.status == STATUS_OK) {
		fake->is_opened = true;
		tell_self(fake);
	}
	if (call->is_close)
		fake->is_opened = false;
	call->callback(call->context, &call->answer);
	loop_timer_free(&call->timer);
	arena_free(&call->arena);
	free(call);
}

static struct tenant_call *new_call(
    struct fake_tenant *fake, tenant_callback *callback, void *context)
{
	struct tenant_call *call = mem_new(1, sizeof(*call));

	call->fake = fake;
	call->callback = callback;
	call->context = context;
	call->arena = arena_new();
	call->answer.retry_after_ms = -1;
	call->answer.total = -1;
	call->answer.http_status = 200;
	call->timer = loop_timer_new(fake->loop, on_due, call);
	call->next = fake->calls;
	fake->calls = call;
	fake->in_flight++;
	if (fake->in_flight > fake->counts.in_flight_max)
		fake->counts.in_flight_max = fake->in_flight;
	loop_timer_start(call->timer, fake->settings.delay_ms);
	return call;
}

/* ---- faults ---- */

void fake_tenant_fault(struct fake_tenant *fake, const struct fake_fault *fault)
{
	assert(fake->fault_count < FAULTS_MAX);
	fake->faults[fake->fault_count++] = *fault;
}

void fake_tenant_heal(struct fake_tenant *fake)
{
	fake->fault_count = 0;
}

static bool is_write(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PATCH") == 0;
}

/* @return the fault that strikes; NULL: none */
static struct fake_fault *strike(struct fake_tenant *fake, const char *method, const char *text)
{
	for (size_t i = 0; i < fake->fault_count; i++) {
		struct fake_fault *fault = &fake->faults[i];

		if (fault->times == UINT32_MAX)
			continue; /* used up */
		if (fault->method != NULL ? strcmp(fault->method, method) != 0 : !is_write(method))
			continue;
		if (fault->match != NULL && strstr(text, fault->match) == NULL)
			continue;
		if (fault->spared > 0) {
			fault->spared--;
			continue;
		}
		if (fault->times == 1)
			fault->times = UINT32_MAX;
		else if (fault->times > 1)
			fault->times--;
		return fault;
	}
	return NULL;
}

/* What strikes before the request is worked on. @return whether it is answered already */
static bool is_struck(struct tenant_call *call, const struct fake_fault *fault)
{
	if (fault == NULL)
		return false;
	switch (fault->kind) {
	case FAKE_STATUS:
		answer_status(call, fault->http_status, "scripted");
		if (fault->has_retry_after)
			call->answer.retry_after_ms = fault->retry_after_ms;
		return true;
	case FAKE_REFUSED:
		answer_lost(call);
		call->answer.may_have_happened = false;
		call->answer.is_refused = true;
		call->answer.error = SPAN("connection refused");
		return true;
	case FAKE_LOST_BEFORE:
		answer_lost(call);
		return true;
	case FAKE_SLOW:
		loop_timer_start(call->timer, fault->delay_ms);
		return false;
	case FAKE_LOST:
	case FAKE_SILENT_LOSS:
	case FAKE_PARTIAL:
	case FAKE_NO_BODY:
		return false;
	}
	return false;
}

/* What strikes after it. */
static void spoil(struct tenant_call *call, const struct fake_fault *fault)
{
	if (fault == NULL || call->answer.status != STATUS_OK)
		return;
	if (fault->kind == FAKE_LOST) {
		answer_lost(call);
	} else if (fault->kind == FAKE_PARTIAL) {
		call->answer.http_status = 207;
		call->answer.is_partial = true;
	} else if (fault->kind == FAKE_NO_BODY) {
		call->answer.http_status = 204;
		call->answer.account_count = 0;
	}
}

static bool keeps_workspaces(const struct fake_fault *fault)
{
	return fault != NULL && (fault->kind == FAKE_SILENT_LOSS || fault->kind == FAKE_PARTIAL);
}

/* ---- creates: never a second one blindly ---- */

static void note_event(struct fake_tenant *fake, const char *name, bool is_look)
{
	struct event *event = vec_push(
	    (void **)&fake->events, &fake->event_count, &fake->event_cap, sizeof(*fake->events));

	*event = (struct event) { .is_look = is_look };
	snprintf(event->name, sizeof(event->name), "%s", name);
}

/* @param about  begins with the userName as the body has it */
static void note_create(struct fake_tenant *fake, const char *about)
{
	char user_name[64] = "";

	sscanf(about, "\"userName\":\"%63[^\"]", user_name);
	for (size_t i = fake->event_count; i > 0; i--) {
		const struct event *event = &fake->events[i - 1];

		if (event->name[0] != '\0' && strcmp(event->name, user_name) != 0)
			continue;
		fake->counts.blind_creates += !event->is_look;
		break;
	}
	note_event(fake, user_name, false);
}

/* ---- reading ---- */

static struct fake_tenant *of_reader(struct account_reader *reader)
{
	return (struct fake_tenant *)reader;
}

static struct tenant_call *read_open(
    struct account_reader *reader, tenant_callback *callback, void *context)
{
	struct fake_tenant *fake = of_reader(reader);
	struct tenant_call *call = new_call(fake, callback, context);

	fake->counts.opens++;
	call->is_open = true;
	is_struck(call, strike(fake, "OPEN", ""));
	return call;
}

static struct tenant_call *read_close(
    struct account_reader *reader, tenant_callback *callback, void *context)
{
	struct tenant_call *call = new_call(of_reader(reader), callback, context);

	of_reader(reader)->counts.closes++;
	call->is_close = true;
	return call;
}

/* The `at`-th account in the order that this page is cut from. */
static const struct held_account *in_order(const struct fake_tenant *fake, size_t at)
{
	size_t turn = fake->settings.has_unstable_order ? fake->counts.lists : 0;

	return fake->accounts[(at + turn) % fake->account_count];
}

static void list_page(struct fake_tenant *fake, struct tenant_call *call, size_t from)
{
	size_t max = fake->settings.page_size;
	struct observed *observed = arena_array(call->arena, max, sizeof(*observed));
	size_t count = 0;

	if (fake->settings.has_short_pages)
		max = (max + 1) / 2;
	for (size_t i = from; i < fake->account_count && count < max; i++) {
		if (!in_order(fake, i)->is_hidden)
			observed[count++] = observe(in_order(fake, i), call->arena);
	}
	call->answer.accounts = observed;
	call->answer.account_count = count;
	call->answer.total = (int64_t)fake->account_count;
}

static struct tenant_call *read_list(
    struct account_reader *reader, int64_t start, tenant_callback *callback, void *context)
{
	struct fake_tenant *fake = of_reader(reader);
	struct tenant_call *call = new_call(fake, callback, context);
	struct fake_fault *fault = strike(fake, "LIST", "");

	assert(fake->is_opened && start >= 1);
	fake->counts.lists++;
	if (is_struck(call, fault))
		return call;
	if (start == 1)
		note_event(fake, "", true);
	list_page(fake, call, (size_t)start - 1);
	spoil(call, fault);
	return call;
}

static struct tenant_call *read_find(struct account_reader *reader, struct span external_id,
    struct span user_name, tenant_callback *callback, void *context)
{
	struct fake_tenant *fake = of_reader(reader);
	struct tenant_call *call = new_call(fake, callback, context);
	struct observed *observed;
	size_t count = 0;

	assert(fake->is_opened && (external_id.at != NULL || user_name.at != NULL));
	fake->counts.finds++;
	if (is_struck(call, strike(fake, "FIND", arena_c(call->arena, user_name))))
		return call;
	if (user_name.at != NULL)
		note_event(fake, arena_c(call->arena, user_name), true);
	observed = arena_array(call->arena, fake->account_count + 1, sizeof(*observed));
	for (size_t i = 0; i < fake->account_count; i++) {
		struct span external = span_of(fake->accounts[i]->text[ACCOUNT_EXTERNAL_ID]);
		struct span name = span_of(fake->accounts[i]->text[ACCOUNT_USER_NAME]);

		if ((external_id.at != NULL && external.at != NULL &&
			utf8_equal_fold(external, external_id)) ||
		    (user_name.at != NULL && utf8_equal_fold(name, user_name)))
			observed[count++] = observe(fake->accounts[i], call->arena);
	}
	call->answer.accounts = observed;
	call->answer.account_count = count;
	call->answer.total = (int64_t)count;
	return call;
}

static struct tenant_call *read_get(
    struct account_reader *reader, struct span id, tenant_callback *callback, void *context)
{
	struct fake_tenant *fake = of_reader(reader);
	struct tenant_call *call = new_call(fake, callback, context);
	struct held_account *account = by_id(fake, id);

	assert(fake->is_opened);
	fake->counts.gets++;
	if (is_struck(call, strike(fake, "GET", "")))
		return call;
	if (account == NULL)
		answer_status(call, 404, "no such user");
	else
		answer_account(call, account);
	return call;
}

static struct tenant_call *read_workspaces(
    struct account_reader *reader, int64_t start, tenant_callback *callback, void *context)
{
	struct fake_tenant *fake = of_reader(reader);
	struct tenant_call *call = new_call(fake, callback, context);
	const char *const *shown = fake->settings.workspaces;
	size_t max = fake->settings.workspace_page_size > 0 ? fake->settings.workspace_page_size
							    : 2;
	struct span *ids = arena_array(call->arena, max, sizeof(*ids));
	size_t total = 0, count = 0;

	assert(fake->is_opened && shown != NULL);
	fake->counts.looks++;
	if (is_struck(call, strike(fake, "WORKSPACES", "")))
		return call;
	while (shown[total] != NULL)
		total++;
	for (size_t i = (size_t)start; i < total && count < max; i++)
		ids[count++] = span_of(shown[i]);
	call->answer.workspaces = ids;
	call->answer.workspace_count = count;
	call->answer.total = (int64_t)total;
	return call;
}

static void read_check(struct account_reader *reader, check_callback *callback, void *context)
{
	(void)reader;
	callback(context, NULL);
}

static void read_cancel(struct account_reader *reader, struct tenant_call *call)
{
	(void)reader;
	call->answer = (struct tenant_answer) { .status = STATUS_CANCELED };
	loop_timer_start(call->timer, 0);
}

/* ---- encoding ---- */

static void put_workspaces(struct emitter *writer, const struct account *account)
{
	emit_array_open(writer);
	for (size_t i = 0; i < account->workspace_count; i++) {
		emit_object_open(writer);
		emit_key(writer, "type");
		emit_string_c(writer, "WORKSPACE");
		emit_key(writer, "value");
		emit_string(writer, account->workspaces[i]);
		emit_object_close(writer);
	}
	emit_array_close(writer);
}

static void put_operation(struct emitter *writer, const char *verb, const char *path)
{
	emit_object_open(writer);
	emit_key(writer, "op");
	emit_string_c(writer, verb);
	emit_key(writer, "path");
	emit_string_c(writer, path);
}

/* add: there was none; replace: with the whole set; remove: none is wanted. */
static void put_workspace_operation(struct emitter *writer, const struct encode_input *input)
{
	if (input->before->workspace_count == 0) {
		put_operation(writer, "add", "entitlements");
	} else if (input->after->workspace_count == 0) {
		put_operation(writer, "remove", "entitlements[type eq \"WORKSPACE\"]");
		emit_object_close(writer);
		return;
	} else {
		put_operation(writer, "replace", "entitlements[type eq \"WORKSPACE\"]");
	}
	emit_key(writer, "value");
	put_workspaces(writer, input->after);
	emit_object_close(writer);
}

static void put_operations(
    struct emitter *writer, const struct encode_input *input, struct arena *arena)
{
	struct change change = differ_compare(input->before, input->after, arena);

	emit_array_open(writer);
	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++) {
		if (!change_has(&change, (enum account_path)path) ||
		    (path == ACCOUNT_USER_NAME && !input->with_user_name))
			continue;
		put_operation(writer, "replace", account_path_name((enum account_path)path));
		emit_key(writer, "value");
		emit_string(writer, input->after->text[path]);
		emit_object_close(writer);
	}
	if (change.granted_count + change.revoked_count > 0)
		put_workspace_operation(writer, input);
	if (change.is_activated || change.is_deactivated) {
		put_operation(writer, "replace", "active");
		emit_key(writer, "value");
		emit_bool(writer, input->after->is_active);
		emit_object_close(writer);
	}
	emit_array_close(writer);
}

static void put_create(struct emitter *writer, const struct account *account)
{
	emit_key(writer, "active");
	emit_bool(writer, account->is_active);
	if (account->workspace_count > 0) {
		emit_key(writer, "entitlements");
		put_workspaces(writer, account);
	}
	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++) {
		if (account->text[path].at == NULL)
			continue;
		emit_key(writer, account_path_name((enum account_path)path));
		emit_string(writer, account->text[path]);
	}
}

static bool is_nothing(const struct encode_input *input, struct arena *arena)
{
	struct change change = differ_compare(input->before, input->after, arena);

	if (!input->with_user_name)
		change.texts &= ~(UINT32_C(1) << ACCOUNT_USER_NAME);
	return change_is_empty(&change);
}

static enum status encode(const struct account_encoder *encoder, const struct encode_input *input,
    struct arena *arena, struct tenant_request *ret_request, struct err *reterr)
{
	struct emitter writer;
	struct str body = { 0 };
	size_t max = encoder->traits->workspace_max;

	if (max > 0 && input->after->workspace_count > max) {
		err_set(reterr, "%zu workspaces, the tenant takes at most %zu",
		    input->after->workspace_count, max);
		return STATUS_REJECT;
	}
	if (input->kind != ACTION_CREATE && is_nothing(input, arena)) {
		err_set(reterr, "there is nothing to change in the account");
		return STATUS_REJECT;
	}
	emit_init(&writer, &body, 0);
	emit_object_open(&writer);
	if (input->kind == ACTION_CREATE) {
		assert(input->before == NULL);
		put_create(&writer, input->after);
		ret_request->method = SPAN("POST");
		ret_request->path = SPAN("/Users");
	} else {
		assert(input->before != NULL && input->account_id.at != NULL);
		emit_key(&writer, "Operations");
		put_operations(&writer, input, arena);
		ret_request->method = SPAN("PATCH");
		ret_request->path = arena_format(arena, "/Users/%.*s", SPAN_ARG(input->account_id));
	}
	emit_object_close(&writer);
	ret_request->body = arena_span(arena, str_span(&body));
	str_done(&body);
	return STATUS_OK;
}

/* ---- writing: the tenant does what the request says ---- */

static void take_workspaces(struct held_account *account, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		add_workspace(
		    account, json_string_value(json_object_get(json_array_get(list, i), "value")));
}

static void create_account(struct tenant_call *call, const json_t *body, bool keep_workspaces)
{
	const char *user_name = json_string_value(json_object_get(body, "userName"));
	struct held_account *account;

	assert(user_name != NULL);
	if (by_name(call->fake, span_of(user_name)) != NULL) {
		answer_status(call, 409, "userName is taken");
		return;
	}
	account = new_account(call->fake);
	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++)
		set_text(account, (enum account_path)path,
		    json_string_value(
			json_object_get(body, account_path_name((enum account_path)path))));
	account->is_active = json_is_true(json_object_get(body, "active"));
	if (!keep_workspaces)
		take_workspaces(account, json_object_get(body, "entitlements"));
	call->answer.http_status = 201;
	answer_account(call, account);
}

static void patch_workspaces(
    struct tenant_call *call, struct held_account *account, const char *verb, const json_t *value)
{
	/* RFC 7644 3.5.2.3: a value path that matches nothing. */
	if (strcmp(verb, "replace") == 0 && account->workspace_count == 0) {
		answer_status(call, 400, "noTarget");
		return;
	}
	if (strcmp(verb, "add") != 0)
		clear_workspaces(account);
	take_workspaces(account, value);
}

static bool is_taken(
    const struct fake_tenant *fake, const struct held_account *account, const json_t *name)
{
	const struct held_account *holder = by_name(fake, span_of(json_string_value(name)));

	return holder != NULL && holder != account;
}

static void patch_one(struct tenant_call *call, struct held_account *account,
    const json_t *operation, bool keep_workspaces)
{
	const char *verb = json_string_value(json_object_get(operation, "op"));
	const char *path = json_string_value(json_object_get(operation, "path"));
	const json_t *value = json_object_get(operation, "value");
	enum account_path which;

	if (strncmp(path, "entitlements", strlen("entitlements")) == 0) {
		if (!keep_workspaces)
			patch_workspaces(call, account, verb, value);
	} else if (strcmp(path, "active") == 0) {
		account->is_active = json_is_true(value);
	} else if (strcmp(path, "userName") == 0 && is_taken(call->fake, account, value)) {
		answer_status(call, 409, "userName is taken");
	} else if (account_path_parse(span_of(path), &which)) {
		set_text(account, which, json_string_value(value));
	} else {
		answer_status(call, 400, "invalidPath");
	}
}

static void patch_account(
    struct tenant_call *call, const char *id, const json_t *body, bool keep_workspaces)
{
	struct held_account *account = by_id(call->fake, span_of(id));
	const json_t *operations = json_object_get(body, "Operations");

	assert(json_array_size(operations) > 0); /* RFC 7644 3.5.2: at least one */
	if (account == NULL) {
		answer_status(call, 404, "no such user");
		return;
	}
	for (size_t i = 0; i < json_array_size(operations); i++)
		patch_one(call, account, json_array_get(operations, i), keep_workspaces);
	if (call->answer.status == STATUS_OK)
		answer_account(call, account);
}

static void work(
    struct tenant_call *call, const struct tenant_request *request, const struct fake_fault *fault)
{
	const char *path = arena_c(call->arena, request->path);
	json_t *body = json_loadb(
	    request->body.at, request->body.len, JSON_REJECT_DUPLICATES, NULL);

	assert(body != NULL);
	if (span_equal(request->method, SPAN("POST")))
		create_account(call, body, keeps_workspaces(fault));
	else
		patch_account(call, path + strlen("/Users/"), body, keeps_workspaces(fault));
	json_decref(body);
}

/* Two writes in flight for one account end the process. */
static void claim(struct tenant_call *call, const struct tenant_request *request)
{
	const char *user_name = strstr(arena_c(call->arena, request->body), "\"userName\":\"");

	if (span_equal(request->method, SPAN("PATCH")))
		snprintf(call->about, sizeof(call->about), "%.*s", SPAN_ARG(request->path));
	else if (user_name != NULL)
		snprintf(call->about, sizeof(call->about), "%.100s", user_name);
	for (struct tenant_call *other = call->fake->calls; other != NULL; other = other->next) {
		if (other == call || strcmp(other->about, call->about) != 0)
			continue;
		fprintf(stderr, "two requests in flight for %s\n", call->about);
		abort();
	}
}

static void note(struct fake_tenant *fake, const char *text)
{
	*(char **)vec_push((void **)&fake->requests, &fake->request_count, &fake->request_cap,
	    sizeof(*fake->requests)) = mem_strdup(text);
	if (fake->counts.writes++ == 0)
		fake->counts.first_write_ms = loop_now_ms(fake->loop);
	fake->counts.last_write_ms = loop_now_ms(fake->loop);
}

static struct tenant_call *write_send(struct account_writer *writer,
    const struct tenant_request *request, tenant_callback *callback, void *context)
{
	struct fake_tenant *fake = of_writer(writer);
	struct tenant_call *call = new_call(fake, callback, context);
	struct span text = arena_format(call->arena, "%.*s %.*s %.*s", SPAN_ARG(request->method),
	    SPAN_ARG(request->path), SPAN_ARG(request->body));
	struct fake_fault *fault;

	assert(fake->is_opened);
	claim(call, request);
	note(fake, text.at);
	fault = strike(fake, arena_c(call->arena, request->method), text.at);
	if (span_equal(request->method, SPAN("POST")) &&
	    (fault == NULL || (fault->kind != FAKE_STATUS && fault->kind != FAKE_REFUSED)))
		note_create(fake, call->about);
	if (is_struck(call, fault))
		return call;
	work(call, request, fault);
	spoil(call, fault);
	return call;
}

static bool read_must_open(const struct account_reader *reader)
{
	return ((const struct fake_tenant *)reader)->settings.must_open;
}

static void write_cancel(struct account_writer *writer, struct tenant_call *call)
{
	read_cancel(&of_writer(writer)->reader, call);
}

/* ---- the fake itself ---- */

struct fake_tenant *fake_tenant_new(struct loop *loop, const struct fake_tenant_settings *settings)
{
	static const struct account_reader_vtable vtable = { read_open, read_list, read_find,
		read_get, read_workspaces, read_close, read_check, read_cancel, read_must_open };
	struct fake_tenant *fake = mem_new(1, sizeof(*fake));

	fake->loop = loop;
	fake->settings = *settings;
	if (fake->settings.page_size == 0)
		fake->settings.page_size = 100;
	fake->reader.vtable = &vtable;
	fake->reader.traits = (struct tenant_traits) {
		.page_size = fake->settings.page_size,
		.workspace_max = settings->workspace_max,
		.can_filter = !settings->cannot_filter,
		.can_patch = true,
		.can_rename = true,
		.can_show_workspaces = settings->workspaces != NULL,
	};
	fake->encoder.encode = encode;
	fake->encoder.traits = &fake->reader.traits;
	fake->writer.send = write_send;
	fake->writer.cancel = write_cancel;
	return fake;
}

void fake_tenant_free(struct fake_tenant **fake)
{
	struct fake_tenant *gone = *fake;

	if (gone == NULL)
		return;
	assert(gone->calls == NULL);
	fake_tenant_forget(gone);
	forget_accounts(&gone->accounts, &gone->account_count, &gone->account_cap);
	forget_accounts(
	    &gone->saved.accounts, &gone->saved.account_count, &gone->saved.account_cap);
	free(gone->requests);
	free(gone->events);
	str_done(&gone->shown);
	free(gone);
	*fake = NULL;
}

struct account_reader *fake_tenant_reader(struct fake_tenant *fake)
{
	return &fake->reader;
}

const struct account_encoder *fake_tenant_encoder(struct fake_tenant *fake)
{
	return &fake->encoder;
}

struct account_writer *fake_tenant_writer(struct fake_tenant *fake)
{
	return &fake->writer;
}

void fake_tenant_own(struct fake_tenant *fake)
{
	fake->reader.self = (struct tenant_self) {
		.user_name = span_of(fake->settings.own_name),
		.is_told_by_opening = fake->settings.told_name != NULL ||
				      fake->settings.told_id != NULL,
	};
}

struct fake_tenant_settings *fake_tenant_settings(struct fake_tenant *fake)
{
	return &fake->settings;
}

struct fake_tenant_counts fake_tenant_counts(const struct fake_tenant *fake)
{
	return fake->counts;
}

const char *fake_tenant_request(const struct fake_tenant *fake, size_t at)
{
	return at < fake->request_count ? fake->requests[at] : NULL;
}

void fake_tenant_forget(struct fake_tenant *fake)
{
	forget_requests(fake, 0);
	fake->event_count = 0;
	fake->counts = (struct fake_tenant_counts) { 0 };
}
