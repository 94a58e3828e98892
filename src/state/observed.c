/* SPDX-License-Identifier: ISC */
/*
 * The tenant as it was listed: temporary, so that a listing of any size costs disk, not memory.
 */
#include "core/account.h"
#include "state/store_p.h"

enum status store_observed_clear(struct store *store, struct err *reterr)
{
	struct store_query query;
	enum status status = store_begin_temporary(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_OBSERVED_CLEAR, &query, reterr);
	return status == STATUS_OK ? store_query_run(&query, reterr) : status;
}

enum status store_observed_put(
    struct store *store, const struct observed *observed, struct err *reterr)
{
	const struct span *text = observed->account.text;
	struct store_query query;
	enum status status = store_begin_temporary(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_OBSERVED_PUT, &query, reterr);
	if (status != STATUS_OK)
		return status;
	str_truncate(&store->json, 0);
	account_encode(&observed->account, &store->json);
	store_query_bind_span(&query, observed->id);
	store_query_bind_int(&query, observed->has_active);
	store_query_bind_int(&query, observed->has_workspaces);
	store_query_bind_span(&query, str_span(&store->json));
	store_query_bind_span(&query, store_fold(store, 0, text[ACCOUNT_USER_NAME]));
	store_query_bind_span(&query, store_fold(store, 1, text[ACCOUNT_EXTERNAL_ID]));
	return store_query_run(&query, reterr);
}

enum status store_observed_count(struct store *store, uint64_t *ret_count, struct err *reterr)
{
	struct store_query query;
	int64_t count = 0;
	enum status status = store_query_open(store, STATEMENT_OBSERVED_COUNT, &query, reterr);

	if (status == STATUS_OK)
		status = store_query_run_number(&query, &count, reterr);
	if (status == STATUS_OK)
		*ret_count = (uint64_t)count;
	return status;
}

/* Reads the next columns of a row. */
static enum status read_observed(struct store_query *query, struct arena *arena,
    struct observed *ret_observed, struct err *reterr)
{
	struct observed observed = { 0 };
	struct span json;
	enum status status;

	observed.id = store_query_span(query, arena);
	observed.has_active = store_query_bool(query);
	observed.has_workspaces = store_query_bool(query);
	json = store_query_span(query, NULL);
	status = store_query_check(query, reterr);
	if (status == STATUS_OK)
		status = account_decode(json, arena, &observed.account, reterr);
	if (status == STATUS_OK)
		*ret_observed = observed;
	return status;
}

static enum store_statement choose_find(enum observed_field field)
{
	switch (field) {
	case OBSERVED_BY_ID:
		break;
	case OBSERVED_BY_USER_NAME:
		return STATEMENT_OBSERVED_BY_USER_NAME;
	case OBSERVED_BY_EXTERNAL_ID:
		return STATEMENT_OBSERVED_BY_EXTERNAL_ID;
	}
	return STATEMENT_OBSERVED_BY_ID;
}

enum status store_observed_find(struct store *store, enum observed_field field, struct span value,
    struct arena *arena, struct observed *ret_observed, size_t cap, size_t *ret_count,
    struct err *reterr)
{
	struct store_query query;
	size_t count = 0;
	bool has_row = true;
	enum status status = store_query_open(store, choose_find(field), &query, reterr);

	if (status != STATUS_OK)
		return status;
	if (field != OBSERVED_BY_ID)
		value = store_fold(store, 0, value);
	store_query_bind_span(&query, value);
	store_query_bind_int(&query, (int64_t)cap);
	while (status == STATUS_OK && count < cap) {
		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		status = read_observed(&query, arena, &ret_observed[count++], reterr);
	}
	store_query_close(&query);
	if (status == STATUS_OK)
		*ret_count = count;
	return status;
}

/* Goes through the rows of an open query, and closes it. */
static enum status each(struct store_query *query,
    void (*on_observed)(void *context, const struct observed *observed), void *context,
    struct err *reterr)
{
	struct arena *arena = arena_new();
	bool has_row = true;
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		struct observed observed;

		arena_reset(arena);
		status = store_query_next(query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		status = read_observed(query, arena, &observed, reterr);
		if (status == STATUS_OK)
			on_observed(context, &observed);
	}
	store_query_close(query);
	arena_free(&arena);
	return status;
}

enum status store_observed_each(struct store *store,
    void (*on_observed)(void *context, const struct observed *observed), void *context,
    struct err *reterr)
{
	struct store_query query;
	enum status status = store_query_open(store, STATEMENT_OBSERVED_EACH, &query, reterr);

	return status == STATUS_OK ? each(&query, on_observed, context, reterr) : status;
}

enum status store_observed_each_orphan(struct store *store, int64_t run_id,
    void (*on_orphan)(void *context, const struct observed *observed), void *context,
    struct err *reterr)
{
	struct store_query query;
	enum status status = store_query_open(store, STATEMENT_OBSERVED_ORPHANS, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, run_id);
	return each(&query, on_orphan, context, reterr);
}

enum status store_observed_each_linked(struct store *store,
    void (*on_linked)(void *context, const struct observed *observed, const struct link *link),
    void *context, struct err *reterr)
{
	struct arena *arena = arena_new();
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_OBSERVED_LINKED, &query, reterr);

	while (status == STATUS_OK) {
		struct observed observed;
		struct link link;

		arena_reset(arena);
		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		status = read_observed(&query, arena, &observed, reterr);
		if (status != STATUS_OK)
			break;
		store_link_read(&query, NULL, &link);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_linked(context, &observed, &link);
	}
	store_query_close(&query);
	arena_free(&arena);
	return status;
}

enum status store_link_each_unobserved(struct store *store,
    void (*on_link)(void *context, const struct link *link), void *context, struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_OBSERVED_MISSING, &query, reterr);

	while (status == STATUS_OK) {
		struct link link;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		store_link_read(&query, NULL, &link);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_link(context, &link);
	}
	store_query_close(&query);
	return status;
}
