/* SPDX-License-Identifier: ISC */
/*
 * The report of drift: what others changed in the tenant, as reconciliations found it, and what the
 * newest one left alone: accounts that nobody in scope accounts for (only their number is known),
 * protected ones, conflicts, and entries that cannot be mapped.
 */
#include "report/report_p.h"

#include <stdlib.h>

static const struct report_column drift_columns[] = {
	{ "at", "When", CELL_TIME, true, false, 20 },
	{ "state", "State", CELL_WORD, true, true, 8 },
	{ "kind", "Restored by", CELL_WORD, true, true, 10 },
	{ "userName", "Person", CELL_TEXT, true, false, 0 },
	{ "gained", "Given back", CELL_WORKSPACES, false, false, 0 },
	{ "lost", "Taken back", CELL_WORKSPACES, false, false, 0 },
	{ "attributes", "Found → wanted", CELL_CHANGES, false, false, 0 },
	{ "why", "Why", CELL_TEXT, false, false, 0 },
	{ "request", "Request", CELL_CODE, false, false, 0 },
	{ "httpStatus", "Status", CELL_NUMBER, false, false, 0 },
	{ "answer", "Answer", CELL_TEXT, false, false, 0 },
	{ "hold", "Hold", CELL_NUMBER, false, false, 0 },
	{ "run", "Run", CELL_NUMBER, false, false, 0 },
	{ "dn", "DN", CELL_CODE, false, false, 0 },
	{ "key", "Key", CELL_CODE, false, false, 0 },
	{ "accountId", "Account", CELL_CODE, false, false, 0 },
};

static const struct report_table drift_table = {
	.name = "drift",
	.record = "drift",
	.title = "Changed by others",
	.note = "Accounts that somebody else changed in the tenant, and what was done to make them "
		"as the directory wants them. With policy.drift = \"report\" nothing is done, and "
		"only the numbers of the runs tell.",
	.empty = "Nothing that others changed was found in this period.",
	.columns = drift_columns,
	.count = sizeof(drift_columns) / sizeof(drift_columns[0]),
};

static const struct report_column alone_columns[] = {
	{ "kind", "What", CELL_WORD, true, true, 9 },
	{ "userName", "Person", CELL_TEXT, true, false, 36 },
	{ "why", "Why", CELL_TEXT, true, false, 0 },
	{ "reason", "Reason", CELL_WORD, false, true, 0 },
	{ "run", "Run", CELL_NUMBER, false, false, 0 },
	{ "dn", "DN", CELL_CODE, false, false, 0 },
	{ "key", "Key", CELL_CODE, false, false, 0 },
	{ "accountId", "Account", CELL_CODE, false, false, 0 },
};

static const struct report_table alone_table = {
	.name = "leftAlone",
	.record = "leftAlone",
	.title = "Left alone",
	.note = "What the newest reconciliation did not touch: protected accounts that differ, "
		"conflicts that a person must settle, entries that cannot be mapped.",
	.empty = "The newest reconciliation left nobody alone.",
	.columns = alone_columns,
	.count = sizeof(alone_columns) / sizeof(alone_columns[0]),
};

static const struct report_table *const tables[] = { &drift_table, &alone_table };

struct drift_count {
	uint64_t all, done, not_done, alone;
	struct run newest; /* reconciliation that ended; id 0: none. Without its texts */
	struct report_days days;
};

static void count_drift(void *context, const struct record *record)
{
	struct drift_count *count = context;

	count->all++;
	if (record->action->state == ACTION_DONE)
		count->done++;
	else
		count->not_done++;
	report_days_add(&count->days, record->action->at_ms, record->action->state != ACTION_DONE);
}

static void find_newest(void *context, const struct run *run)
{
	struct drift_count *count = context;

	if (run->kind == CYCLE_RECONCILE && run->ended_ms != 0 && run->exit_code != 1)
		count->newest = *run;
}

static void count_alone(void *context, const struct record *record)
{
	(void)record;
	((struct drift_count *)context)->alone++;
}

static void write_facts(struct report *report, const struct drift_count *count)
{
	const struct run *newest = &count->newest;
	const struct report_fact facts[] = {
		{ "drifted", "Changed by others", CELL_NUMBER, report_count(count->all),
		    count->all > 0 },
		{ "restored", "Restored", CELL_NUMBER, report_count(count->done), false },
		{ "notRestored", "Not restored", CELL_NUMBER, report_count(count->not_done),
		    count->not_done > 0 },
		{ "lastReconcile", "Newest reconciliation", CELL_TIME,
		    report_time(newest->id != 0 ? newest->started_ms : 0), newest->id == 0 },
		{ "orphans", "Accounts that no entry accounts for", CELL_NUMBER,
		    newest->id != 0 ? report_count(newest->summary.orphan) : report_none(),
		    newest->summary.orphan > 0 },
		{ "leftAlone", "Left alone by it", CELL_NUMBER,
		    newest->id != 0 ? report_count(count->alone) : report_none(),
		    count->alone > 0 },
		{ "missed", "Changes that deltas had missed", CELL_NUMBER,
		    newest->id != 0 ? report_count(newest->summary.missed) : report_none(),
		    newest->summary.missed > 0 },
	};

	report_writer_facts(report->writer, facts, sizeof(facts) / sizeof(facts[0]));
}

static void write_drift(void *context, const struct record *record)
{
	struct report *report = context;
	const struct action *action = record->action;
	struct report_change change;

	arena_reset(report->arena);
	change = report_take_apart(report, action);
	report_writer_row(report->writer, (const struct report_cell[]) {
					      report_time(action->at_ms),
					      report_text_c(action_state_name(action->state)),
					      report_text_c(action_kind_name(action->kind)),
					      report_text(action->user_name),
					      change.gained,
					      change.lost,
					      change.attributes,
					      report_why(action, &change),
					      report_request(report, action),
					      report_number_or_none(action->http_status),
					      report_text(action->answer),
					      report_number_or_none(action->hold_id),
					      report_number(action->run_id),
					      report_text(action->dn),
					      report_key(report, &action->key),
					      report_text(action->account_id),
					  });
}

static void write_alone(void *context, const struct record *record)
{
	struct report *report = context;
	const struct action *action = record->action;

	arena_reset(report->arena);
	report_writer_row(report->writer, (const struct report_cell[]) {
					      report_text_c(action_kind_name(action->kind)),
					      report_text(action->user_name),
					      report_text(action->detail),
					      report_text_c(reason_code_name(action->reason)),
					      report_number(action->run_id),
					      report_text(action->dn),
					      report_key(report, &action->key),
					      report_text(action->account_id),
					  });
}

static struct record_query drift_of(const struct report *report)
{
	return (struct record_query) { .since_ms = report->input->period.since_ms,
		.until_ms = report->input->period.until_ms,
		.reason = reason_code_name(REASON_DRIFT) };
}

static struct record_query alone_of(int64_t run_id)
{
	return (struct record_query) { .since_ms = INT64_MIN,
		.until_ms = INT64_MAX,
		.kinds = UINT32_C(1) << ACTION_CONFLICT | UINT32_C(1) << ACTION_REJECTED,
		.run_id = run_id };
}

static enum status count_all(struct report *report, struct drift_count *count, struct err *reterr)
{
	const struct record_query drift = drift_of(report);
	struct store *store = report->input->store;
	struct record_query alone;
	enum status status = store_record_each(store, &drift, count_drift, count, reterr);

	if (status == STATUS_OK)
		status = store_record_each_run(
		    store, INT64_MIN, report->input->period.until_ms, find_newest, count, reterr);
	alone = alone_of(count->newest.id);
	if (status == STATUS_OK && count->newest.id != 0)
		status = store_record_each(store, &alone, count_alone, count, reterr);
	return status;
}

static enum status list_all(
    struct report *report, const struct drift_count *count, struct err *reterr)
{
	const struct record_query drift = drift_of(report), alone = alone_of(count->newest.id);
	struct store *store = report->input->store;
	enum status status;

	report_writer_begin_table(report->writer, &drift_table);
	status = store_record_each(store, &drift, write_drift, report, reterr);
	report_writer_end_table(report->writer);
	report_writer_begin_table(report->writer, &alone_table);
	if (status == STATUS_OK && count->newest.id != 0)
		status = store_record_each(store, &alone, write_alone, report, reterr);
	report_writer_end_table(report->writer);
	return status;
}

static enum status make(struct report *report, struct err *reterr)
{
	struct drift_count count = { 0 };
	struct report_chart chart = { .title = "Drift a day",
		.unit = "accounts",
		.series = { "restored", "not restored" },
		.is_time = true };
	enum status status = count_all(report, &count, reterr);

	if (status == STATUS_OK) {
		report_begin(report);
		write_facts(report, &count);
		chart.count = report_days_bars(report, &count.days, &chart.bars);
		report_writer_chart(report->writer, &chart);
		status = list_all(report, &count, reterr);
	}
	free(count.days.days);
	return status;
}

const struct report_plan report_drift = {
	.title = "Drift",
	.tables = tables,
	.table_count = sizeof(tables) / sizeof(tables[0]),
	.make = make,
};
