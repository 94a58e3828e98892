/* SPDX-License-Identifier: ISC */
/*
 * What the reports read.  It is for readers that do nothing else: a view of the file is kept until
 * the store is closed.
 *
 * Nothing else looks for the actions of one person, so the file has no index for it: the report
 * that asks makes one of its own, in a temporary file.
 */
#include "state/store_p.h"

static const char key_index[] =
    "CREATE TEMP TABLE IF NOT EXISTS record_key (key BLOB NOT NULL, id INTEGER NOT NULL,"
    " PRIMARY KEY (key, id)) WITHOUT ROWID;"
    "INSERT INTO temp.record_key SELECT key, id FROM main.action ORDER BY key, id;";

enum status store_record_begin(struct store *store, struct err *reterr)
{
	return store_begin_temporary(store, reterr);
}

static struct record read_record(struct store_query *query, struct action *action)
{
	struct record record = { .action = action };

	*action = store_action_read(query, NULL);
	record.run_started_ms = store_query_int(query);
	record.hold_since_ms = store_query_int(query);
	if (!hold_decision_parse(store_query_span(query, NULL), &record.decision))
		store_query_mark_wrong(query);
	record.decided_ms = store_query_int(query);
	record.decided_by = store_query_span(query, NULL);
	return record;
}

/* Steps to the next row. @return STATUS_OK with `*ret_has_row`, and the record when there is one */
static enum status next_record(struct store_query *query, struct action *action,
    struct record *ret_record, bool *ret_has_row, struct err *reterr)
{
	enum status status = store_query_next(query, ret_has_row, reterr);

	if (status != STATUS_OK || !*ret_has_row)
		return status;
	*ret_record = read_record(query, action);
	return store_query_check(query, reterr);
}

enum status store_record_each(struct store *store, const struct record_query *wanted,
    void (*on_record)(void *context, const struct record *record), void *context,
    struct err *reterr)
{
	const int64_t any = (INT64_C(1) << 31) - 1;
	struct store_query query;
	struct action action;
	struct record record;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_RECORD_EACH, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, wanted->since_ms);
	store_query_bind_int(&query, wanted->until_ms);
	store_query_bind_int(&query, wanted->kinds != 0 ? wanted->kinds : any);
	store_query_bind_span(&query, span_of(wanted->reason));
	store_query_bind_int(&query, wanted->run_id);
	while (status == STATUS_OK && has_row) {
		status = next_record(&query, &action, &record, &has_row, reterr);
		if (status == STATUS_OK && has_row)
			on_record(context, &record);
	}
	store_query_close(&query);
	return status;
}

static enum status make_key_index(struct store *store, struct err *reterr)
{
	int64_t count = 0;
	enum status status = store_read_number(store,
	    "SELECT count(*) FROM temp.sqlite_master WHERE name = 'record_key'", &count, reterr);

	if (status != STATUS_OK || count > 0)
		return status;
	return store_execute(store, key_index, "ordering the actions by person", reterr);
}

enum status store_record_each_of_key(struct store *store, const struct uuid *key,
    bool (*on_record)(void *context, const struct record *record), void *context,
    struct err *reterr)
{
	struct store_query query = { 0 };
	struct action action;
	struct record record;
	bool has_row = true;
	enum status status = STATUS_OK;

	if (store->statements[STATEMENT_RECORD_EACH_OF_KEY] == NULL)
		status = make_key_index(store, reterr);
	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_RECORD_EACH_OF_KEY, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_uuid(&query, key);
	while (status == STATUS_OK && has_row) {
		status = next_record(&query, &action, &record, &has_row, reterr);
		if (status == STATUS_OK && has_row && !on_record(context, &record))
			break;
	}
	store_query_close(&query);
	return status;
}

/* Opens a query of a period. */
static enum status open_period(struct store *store, enum store_statement which, int64_t since_ms,
    int64_t until_ms, struct store_query *ret_query, struct err *reterr)
{
	enum status status = store_query_open(store, which, ret_query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(ret_query, since_ms);
	store_query_bind_int(ret_query, until_ms);
	return STATUS_OK;
}

enum status store_record_each_run(struct store *store, int64_t since_ms, int64_t until_ms,
    void (*on_run)(void *context, const struct run *run), void *context, struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = open_period(
	    store, STATEMENT_RECORD_EACH_RUN, since_ms, until_ms, &query, reterr);

	if (status != STATUS_OK)
		return status;
	while (status == STATUS_OK) {
		struct run run;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		run = store_run_read(&query);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_run(context, &run);
	}
	store_query_close(&query);
	return status;
}

enum status store_record_each_hold(struct store *store, int64_t since_ms, int64_t until_ms,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = open_period(
	    store, STATEMENT_RECORD_EACH_HOLD, since_ms, until_ms, &query, reterr);

	if (status != STATUS_OK)
		return status;
	while (status == STATUS_OK) {
		struct hold hold;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		hold = store_hold_read(&query, NULL);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_hold(context, &hold);
	}
	store_query_close(&query);
	return status;
}

enum status store_record_each_link(struct store *store,
    void (*on_link)(void *context, const struct link *link), void *context, struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_RECORD_EACH_LINK, &query, reterr);

	if (status != STATUS_OK)
		return status;
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

enum status store_record_each_grant(struct store *store,
    void (*on_grant)(void *context, struct span workspace, const struct link *link), void *context,
    struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_RECORD_EACH_GRANT, &query, reterr);

	if (status != STATUS_OK)
		return status;
	while (status == STATUS_OK) {
		struct span workspace;
		struct link link;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		workspace = store_query_span(&query, NULL);
		store_link_read(&query, NULL, &link);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_grant(context, workspace, &link);
	}
	store_query_close(&query);
	return status;
}
