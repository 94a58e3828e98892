/* SPDX-License-Identifier: ISC */
/*
 * Runs, one row a cycle.
 */
#include "state/store_p.h"

#include <assert.h>
#include <limits.h>

static void bind_summary(struct store_query *query, const struct plan_summary *summary)
{
	const uint64_t counts[] = { summary->create, summary->update, summary->rename,
		summary->deactivate, summary->reactivate, summary->link, summary->held,
		summary->conflict, summary->rejected, summary->unchanged, summary->orphan,
		summary->done, summary->failed, summary->missed };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		store_query_bind_int(query, (int64_t)counts[i]);
}

static void bind_run(struct store_query *query, const struct run *run)
{
	store_query_bind_int(query, run->id);
	store_query_bind_span(query, span_of(cycle_kind_name(run->kind)));
	store_query_bind_int(query, run->is_dry);
	store_query_bind_int(query, run->started_ms);
	store_query_bind_int(query, run->ended_ms);
	store_query_bind_int(query, run->exit_code);
	store_query_bind_int(query, run->is_certified);
	bind_summary(query, &run->summary);
	store_query_bind_span(query, run->config_digest);
	store_query_bind_span(query, run->error);
	store_query_bind_span(query, run->certificate);
}

static enum status write_run(
    struct store *store, enum store_statement which, const struct run *run, struct err *reterr)
{
	struct store_query query;
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, which, &query, reterr);
	if (status != STATUS_OK)
		return status;
	bind_run(&query, run);
	return store_query_run(&query, reterr);
}

enum status store_run_start(struct store *store, struct run *run, struct err *reterr)
{
	enum status status = write_run(store, STATEMENT_RUN_START, run, reterr);

	if (status == STATUS_OK)
		run->id = sqlite3_last_insert_rowid(store->db);
	return status;
}

enum status store_run_update(struct store *store, const struct run *run, struct err *reterr)
{
	assert(run->id > 0);
	return write_run(store, STATEMENT_RUN_UPDATE, run, reterr);
}

static uint64_t read_count(struct store_query *query)
{
	return (uint64_t)store_query_int_within(query, 0, INT64_MAX);
}

static void read_summary(struct store_query *query, struct plan_summary *ret_summary)
{
	uint64_t *const counts[] = { &ret_summary->create, &ret_summary->update,
		&ret_summary->rename, &ret_summary->deactivate, &ret_summary->reactivate,
		&ret_summary->link, &ret_summary->held, &ret_summary->conflict,
		&ret_summary->rejected, &ret_summary->unchanged, &ret_summary->orphan,
		&ret_summary->done, &ret_summary->failed, &ret_summary->missed };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		*counts[i] = read_count(query);
}

struct run store_run_read(struct store_query *query)
{
	struct run run = { 0 };

	run.id = store_query_int(query);
	if (!cycle_kind_parse(store_query_span(query, NULL), &run.kind))
		store_query_mark_wrong(query);
	run.is_dry = store_query_bool(query);
	run.started_ms = store_query_int(query);
	run.ended_ms = store_query_int(query);
	run.exit_code = (int)store_query_int_within(query, INT_MIN, INT_MAX);
	run.is_certified = store_query_bool(query);
	read_summary(query, &run.summary);
	run.config_digest = store_query_span(query, NULL);
	run.error = store_query_span(query, NULL);
	run.certificate = store_query_span(query, NULL);
	return run;
}

static enum status each(struct store *store, enum store_statement which, int64_t first,
    void (*on_run)(void *context, const struct run *run), void *context, struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, which, &query, reterr);

	if (status == STATUS_OK)
		store_query_bind_int(&query, first);
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

enum status store_run_each(struct store *store, int count,
    void (*on_run)(void *context, const struct run *run), void *context, struct err *reterr)
{
	return each(store, STATEMENT_RUN_EACH, count, on_run, context, reterr);
}

enum status store_run_each_dead(struct store *store, int64_t current,
    void (*on_run)(void *context, const struct run *run), void *context, struct err *reterr)
{
	return each(store, STATEMENT_RUN_EACH_DEAD, current, on_run, context, reterr);
}

enum status store_run_end_dead(
    struct store *store, int64_t current, int64_t now_ms, struct err *reterr)
{
	struct store_query query;
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_RUN_END_DEAD, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, current);
	store_query_bind_int(&query, now_ms);
	store_query_bind_span(&query, SPAN(STORE_DEAD_RUN_ERROR));
	return store_query_run(&query, reterr);
}
