/* SPDX-License-Identifier: ISC */
/*
 * Entries whose action was refused.  They need a table of their own: an entry whose create was
 * refused has no account, and so no link that could carry this.
 */
#include "state/store_p.h"

#include <limits.h>

static void read_quarantine(
    struct store_query *query, struct arena *arena, struct quarantine *ret_quarantine)
{
	ret_quarantine->key = store_query_uuid(query);
	ret_quarantine->digest = store_query_digest(query);
	ret_quarantine->attempts = (int)store_query_int_within(query, 0, INT_MAX);
	ret_quarantine->not_before_ms = store_query_int(query);
	ret_quarantine->since_ms = store_query_int(query);
	ret_quarantine->dn = store_query_span(query, arena);
	ret_quarantine->user_name = store_query_span(query, arena);
	ret_quarantine->reason = store_query_span(query, arena);
}

enum status store_quarantine_get(struct store *store, const struct uuid *key, struct arena *arena,
    struct quarantine *ret_quarantine, bool *ret_found, struct err *reterr)
{
	struct quarantine quarantine = { 0 };
	struct store_query query;
	bool has_row = false;
	enum status status = store_query_open(store, STATEMENT_QUARANTINE_GET, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_uuid(&query, key);
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK && has_row)
		read_quarantine(&query, arena, &quarantine);
	if (status == STATUS_OK)
		status = store_query_check(&query, reterr);
	store_query_close(&query);
	if (status != STATUS_OK)
		return status;
	*ret_found = has_row;
	if (has_row)
		*ret_quarantine = quarantine;
	return STATUS_OK;
}

enum status store_quarantine_put(
    struct store *store, const struct quarantine *quarantine, struct err *reterr)
{
	struct store_query query;
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_QUARANTINE_PUT, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_uuid(&query, &quarantine->key);
	store_query_bind_digest(&query, &quarantine->digest);
	store_query_bind_int(&query, quarantine->attempts);
	store_query_bind_int(&query, quarantine->not_before_ms);
	store_query_bind_int(&query, quarantine->since_ms);
	store_query_bind_span(&query, quarantine->dn);
	store_query_bind_span(&query, quarantine->user_name);
	store_query_bind_span(&query, quarantine->reason);
	return store_query_run(&query, reterr);
}

enum status store_quarantine_delete(struct store *store, const struct uuid *key, struct err *reterr)
{
	struct store_query query;
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_QUARANTINE_DELETE, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_uuid(&query, key);
	return store_query_run(&query, reterr);
}

enum status store_quarantine_each(struct store *store,
    void (*on_quarantine)(void *context, const struct quarantine *quarantine), void *context,
    struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_QUARANTINE_EACH, &query, reterr);

	while (status == STATUS_OK) {
		struct quarantine quarantine;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		read_quarantine(&query, NULL, &quarantine);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_quarantine(context, &quarantine);
	}
	store_query_close(&query);
	return status;
}
