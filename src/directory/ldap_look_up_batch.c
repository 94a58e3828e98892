/* SPDX-License-Identifier: ISC */
/*
 * The second look at many keys: one search for all in each naming context, then one that asks which
 * of those in the bases the filter matches.
 *
 *     all keys   found ──▶ in a base? ──no──▶ moved
 *       │                    │yes: all of them and the filter ──▶ matches | left scope
 *       ▼ not found                          └─ not whole: each alone
 *     searches whole? ──no──▶ each alone, as ldap_look_up.c does it
 *       │yes
 *       ▼ each its last known DN
 *
 * A search that did not end with result 0 still brings what it brings, but proves nothing about the
 * rest.  A limit that only the batch runs into is no reason to give up, so the rest is looked up
 * one by one; when the server refuses even that, for a reason that is not the key, nobody asks
 * again.
 */
#include "directory/directory_p.h"

#include "base/vec.h"
#include <assert.h>
#include <stdlib.h>

static void search_keys(struct ldap_source *source);
static void ask_filter(struct ldap_source *source);
static void look_alone(struct ldap_source *source);

/* ---- what is known ---- */

static const struct server_facts *facts_of(const struct ldap_source *source)
{
	return session_server(source->session);
}

static size_t count_state(const struct look_up_batch *batch, int state)
{
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++)
		count += batch->items[i].state == (unsigned)state;
	return count;
}

/* @return the number of requests when none is for this key */
static size_t find_request(const struct look_up_batch *batch, const struct uuid *key)
{
	size_t at = 0;

	while (at < batch->count && uuid_compare(&batch->requests[at].key, key) != 0)
		at++;
	return at;
}

/* The builder's arrays are used again for the next entry, the message is freed. */
static struct entry copy_entry(struct arena *arena, const struct entry *entry)
{
	struct values *values = arena_array(arena, entry->slot_count + 1, sizeof(*values));
	struct entry copy = { .dn = arena_span(arena, entry->dn),
		.key = entry->key,
		.values = values,
		.slot_count = entry->slot_count };

	for (size_t slot = 0; slot < entry->slot_count; slot++) {
		uint32_t count = entry->values[slot].count;
		struct span *at = arena_array(arena, (size_t)count + 1, sizeof(*at));

		for (uint32_t i = 0; i < count; i++)
			at[i] = arena_span(arena, entry->values[slot].at[i]);
		values[slot] = (struct values) { at, count };
	}
	return copy;
}

static void tell(struct ldap_source *source, size_t at, enum look_up_outcome outcome,
    const struct entry *entry, struct span detail)
{
	struct look_up_batch *batch = &source->batch;
	struct err err = { "" };
	struct look_up_answer answer = {
		.outcome = outcome, .entry = entry, .detail = detail, .err = &err
	};

	batch->items[at].state = LOOK_UP_ANSWERED;
	batch->handler->on_answer(source->context, at, &answer);
}

static void start_again(struct ldap_source *source, const struct search_end *end)
{
	struct str why = { 0 };

	search_describe(&source->batch.search, end, &why);
	if (end->is_silent)
		operation_end(source, STATUS_DOWN, str_c(&why));
	else
		operation_connect(source, str_c(&why));
	str_done(&why);
}

/* ---- searching ---- */

static void write_filter(struct ldap_source *source, bool with_user_filter, int state)
{
	struct look_up_batch *batch = &source->batch;
	const char *own = user_filter(source);

	str_truncate(&batch->filter, 0);
	if (with_user_filter)
		str_addf(&batch->filter, own[0] == '(' ? "(&%s" : "(&(%s)", own);
	str_add_c(&batch->filter, "(|");
	for (size_t i = 0; i < batch->count; i++)
		if (batch->items[i].state == (unsigned)state)
			kind_add_key_filter(
			    session_kind(source->session), &batch->requests[i].key, &batch->filter);
	str_add_c(&batch->filter, with_user_filter ? "))" : ")");
}

static void search_context(struct ldap_source *source, const struct search_handler *handler)
{
	struct look_up_batch *batch = &source->batch;

	batch->search =
	    (struct search) { .base = facts_of(source)->naming_contexts[batch->context].at,
		    .scope = DIRECTORY_SCOPE_SUBTREE,
		    .filter = str_c(&batch->filter),
		    .attributes = entry_builder_attributes(source->builder) };
	session_search(source->session, &batch->search, handler, source);
}

/* An entry without a readable key may be any of those that seem to be missing. */
static bool read_entry(struct ldap_source *source, LDAP *handle, LDAPMessage *message,
    struct entry *ret_entry, size_t *ret_at)
{
	struct look_up_batch *batch = &source->batch;
	struct span dn, why;

	if (message_to_entry(handle, message, source->builder, loop_wall_ms(source->loop),
		ret_entry, &dn, &why)) {
		*ret_at = find_request(batch, &ret_entry->key);
		if (*ret_at < batch->count)
			return true;
	}
	batch->is_whole = false;
	return false;
}

/* ---- by key ---- */

static void on_found(void *context, LDAP *handle, LDAPMessage *message)
{
	struct ldap_source *source = context;
	struct look_up_batch *batch = &source->batch;
	struct entry entry;
	size_t at;

	if (source->is_ending || !read_entry(source, handle, message, &entry, &at) ||
	    batch->items[at].state != LOOK_UP_WANTED)
		return;
	if (!settings_hold_dn(&source->settings, entry.dn)) {
		tell(source, at, LOOK_UP_MOVED, &entry, entry.dn);
		return;
	}
	batch->items[at].entry = copy_entry(batch->arena, &entry);
	batch->items[at].state = LOOK_UP_IN_BASES;
}

static void on_keys_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;

	if (end->is_broken) {
		start_again(source, end);
		return;
	}
	if (end->code != LDAP_SUCCESS)
		source->batch.is_whole = false;
	source->batch.context++;
	if (!source->is_ending)
		search_keys(source);
}

static void search_keys(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = on_found,
		.on_end = on_keys_end };
	struct look_up_batch *batch = &source->batch;

	if (batch->context < facts_of(source)->naming_context_count &&
	    count_state(batch, LOOK_UP_WANTED) > 0) {
		write_filter(source, false, LOOK_UP_WANTED);
		search_context(source, &handler);
		return;
	}
	/* Those that nobody found are settled; what follows says nothing about them. */
	for (size_t i = 0; i < batch->count; i++)
		if (batch->items[i].state == LOOK_UP_WANTED && !batch->is_whole)
			batch->items[i].state = LOOK_UP_ALONE;
	batch->context = 0;
	ask_filter(source);
}

/* ---- by filter ---- */

static bool is_in_context(const struct ldap_source *source, size_t at)
{
	const struct look_up_item *item = &source->batch.items[at];

	return item->state == LOOK_UP_IN_BASES &&
	       server_facts_context_of(facts_of(source), item->entry.dn) == source->batch.context;
}

static void on_matching(void *context, LDAP *handle, LDAPMessage *message)
{
	struct ldap_source *source = context;
	struct entry entry;
	size_t at;

	if (!source->is_ending && read_entry(source, handle, message, &entry, &at) &&
	    source->batch.items[at].state == LOOK_UP_IN_BASES)
		tell(source, at, LOOK_UP_MATCHES, &entry, entry.dn);
}

static void on_filter_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;
	struct look_up_batch *batch = &source->batch;
	struct span filter = span_of(user_filter(source));
	bool is_whole = end->code == LDAP_SUCCESS && batch->is_whole;

	if (end->is_broken) {
		start_again(source, end);
		return;
	}
	for (size_t i = 0; i < batch->count && !source->is_ending; i++) {
		if (!is_in_context(source, i))
			continue;
		if (is_whole)
			tell(source, i, LOOK_UP_LEFT_SCOPE, &batch->items[i].entry, filter);
		else
			batch->items[i].state = LOOK_UP_ALONE;
	}
	batch->context++;
	if (!source->is_ending)
		ask_filter(source);
}

/* @return whether some that are in the bases are in this naming context */
static bool has_some_in_context(const struct ldap_source *source)
{
	for (size_t i = 0; i < source->batch.count; i++)
		if (is_in_context(source, i))
			return true;
	return false;
}

static void ask_filter(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = on_matching,
		.on_end = on_filter_end };
	struct look_up_batch *batch = &source->batch;
	size_t contexts = facts_of(source)->naming_context_count;

	while (batch->context < contexts && !has_some_in_context(source))
		batch->context++;
	if (batch->context < contexts) {
		batch->is_whole = true;
		write_filter(source, true, LOOK_UP_IN_BASES);
		search_context(source, &handler);
		return;
	}
	for (size_t i = 0; i < batch->count; i++) /* in no naming context that the server names */
		if (batch->items[i].state == LOOK_UP_IN_BASES)
			batch->items[i].state = LOOK_UP_ALONE;
	batch->at = 0;
	look_alone(source);
}

/* ---- one by one ---- */

static void look_alone(struct ldap_source *source)
{
	struct look_up_batch *batch = &source->batch;

	while (batch->at < batch->count && batch->items[batch->at].state == LOOK_UP_ANSWERED)
		batch->at++;
	if (batch->at == batch->count)
		operation_end(source, STATUS_OK, "");
	else
		look_up_alone(source, &batch->requests[batch->at],
		    batch->items[batch->at].state == LOOK_UP_WANTED);
}

/* Asking for each of a thousand what was refused for one would only take time. */
static void give_up_others(struct ldap_source *source, struct span why)
{
	struct look_up_batch *batch = &source->batch;

	for (size_t i = 0; i < batch->count && !source->is_ending; i++)
		if (batch->items[i].state == LOOK_UP_ALONE)
			tell(source, i, LOOK_UP_UNREADABLE, NULL, why);
}

void look_up_batch_took(struct ldap_source *source)
{
	struct look_up *look_up = &source->look_up;
	enum look_up_outcome outcome = look_up->answer.outcome;

	tell(source, source->batch.at, outcome, look_up->found == NULL ? NULL : &look_up->entry,
	    str_span(&look_up->detail));
	if (look_up->is_refused && outcome == LOOK_UP_UNREADABLE)
		give_up_others(source, str_span(&look_up->detail));
	if (!source->is_ending)
		look_alone(source);
}

/* ---- the operation ---- */

/* Also after a fail-over: what was found in the bases is searched again, as the filter was not
 * asked. */
static void on_connected(struct ldap_source *source)
{
	struct look_up_batch *batch = &source->batch;

	arena_reset(batch->arena);
	for (size_t i = 0; i < batch->count; i++)
		if (batch->items[i].state != LOOK_UP_ANSWERED)
			batch->items[i].state = LOOK_UP_WANTED;
	batch->context = 0;
	batch->is_whole = facts_of(source)->naming_context_count > 0;
	search_keys(source);
}

void look_up_batch_start(struct source *base, const struct look_up_request *requests, size_t count,
    const struct look_up_batch_handler *handler, void *context)
{
	struct ldap_source *source = (struct ldap_source *)base;
	struct look_up_batch *batch = &source->batch;

	assert(source->operation == OPERATION_NONE);
	assert(count > 0 && count <= LOOK_UP_BATCH_MAX);
	source->operation = OPERATION_LOOK_UP_BATCH;
	source->context = context;
	source->on_connected = on_connected;
	source->on_walked = NULL;
	*batch = (struct look_up_batch) { .handler = handler,
		.requests = requests,
		.items = mem_new(count, sizeof(*batch->items)),
		.count = count,
		.arena = arena_new() };
	operation_connect(source, NULL);
}

void look_up_batch_finish(struct ldap_source *source)
{
	struct look_up_batch done = source->batch;
	struct err err = source->end_err;

	source->batch = (struct look_up_batch) { 0 };
	look_up_done(&source->look_up);
	done.handler->on_done(source->context, source->end_status, &err);
	look_up_batch_done(&done);
}

void look_up_batch_done(struct look_up_batch *batch)
{
	free(batch->items);
	arena_free(&batch->arena);
	str_done(&batch->filter);
	*batch = (struct look_up_batch) { 0 };
}
