/* SPDX-License-Identifier: ISC */
/*
 * How long the journal is kept: actions hold the values of people who left years ago.
 *
 * What is still open, or held, or was rejected and is remembered as that, stays however old it is.
 * So does the newest of everything, because numbers go on from there and are never given twice.
 */
#include "state/store_p.h"

static enum status read_first_end(struct store *store, int64_t *ret_ended_ms, struct err *reterr)
{
	struct store_query query;
	bool has_row = false;
	enum status status = store_query_open(store, STATEMENT_RUN_FIRST_END, &query, reterr);

	*ret_ended_ms = INT64_MAX;
	if (status != STATUS_OK)
		return status;
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK && has_row)
		*ret_ended_ms = store_query_int(&query);
	store_query_close(&query);
	return status;
}

static enum status remove_before(struct store *store, enum store_statement which, int64_t before_ms,
    int64_t most, int64_t *ret_removed, struct err *reterr)
{
	struct store_query query;
	enum status status = store_query_open(store, which, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, before_ms);
	store_query_bind_int(&query, most);
	status = store_query_run(&query, reterr);
	if (status == STATUS_OK)
		*ret_removed = sqlite3_changes(store->db);
	return status;
}

enum status store_journal_retain(struct store *store, const struct audit_retention *retention,
    int64_t *ret_removed, struct err *reterr)
{
	int64_t first_end_ms, runs = 0;
	enum status status = read_first_end(store, &first_end_ms, reterr);

	*ret_removed = 0;
	if (status != STATUS_OK || first_end_ms >= retention->before_ms - retention->slack_ms)
		return status;
	status = store_begin(store, reterr);
	if (status == STATUS_OK)
		status = remove_before(store, STATEMENT_ACTION_REMOVE_OLD, retention->before_ms,
		    retention->most, ret_removed, reterr);
	if (status == STATUS_OK)
		status = remove_before(store, STATEMENT_RUN_REMOVE_OLD, retention->before_ms,
		    retention->most, &runs, reterr);
	return status;
}
