/* SPDX-License-Identifier: ISC */
/*
 * The report of changes: one row an action, in the order in which they were planned, whatever
 * became of it.  When is the time of the last change of state; seen, when the run that planned it
 * started.
 */
#include "report/report_p.h"

#include <stdlib.h>

static const struct report_column columns[] = {
	{ "at", "When", CELL_TIME, true, false, 20 },
	{ "state", "State", CELL_WORD, true, true, 8 },
	{ "kind", "Change", CELL_WORD, true, true, 10 },
	{ "reason", "Reason", CELL_WORD, true, true, 17 },
	{ "userName", "Person", CELL_TEXT, true, false, 0 },
	{ "gained", "Gained", CELL_WORKSPACES, false, false, 0 },
	{ "lost", "Lost", CELL_WORKSPACES, false, false, 0 },
	{ "attributes", "Changed", CELL_CHANGES, false, false, 0 },
	{ "why", "Why", CELL_TEXT, false, false, 0 },
	{ "request", "Request", CELL_CODE, false, false, 0 },
	{ "httpStatus", "Status", CELL_NUMBER, false, false, 0 },
	{ "answer", "Answer", CELL_TEXT, false, false, 0 },
	{ "requestId", "Request id", CELL_CODE, false, false, 0 },
	{ "attempts", "Attempts", CELL_NUMBER, false, false, 0 },
	{ "hold", "Hold", CELL_NUMBER, false, false, 0 },
	{ "decision", "Decision", CELL_WORD, false, false, 0 },
	{ "decidedBy", "Decided by", CELL_TEXT, false, false, 0 },
	{ "run", "Run", CELL_NUMBER, false, false, 0 },
	{ "seen", "Seen", CELL_TIME, false, false, 0 },
	{ "directory", "Directory", CELL_TEXT, false, false, 0 },
	{ "dn", "DN", CELL_CODE, false, false, 0 },
	{ "key", "Key", CELL_CODE, false, false, 0 },
	{ "accountId", "Account", CELL_CODE, false, false, 0 },
};

static const struct report_table table = {
	.name = "changes",
	.record = "change",
	.title = "Changes",
	.note = "Every change that was planned, with what became of it. What is not done was not "
		"changed in the tenant.",
	.empty = "Nothing changed in this period.",
	.columns = columns,
	.count = sizeof(columns) / sizeof(columns[0]),
};

static const struct report_table *const tables[] = { &table };

struct changes_count {
	uint64_t all, done, held, failed, refused;
	uint64_t kinds[ACTION_KIND_COUNT]; /* of those that are done */
	struct report_days days;
};

static void count_record(void *context, const struct record *record)
{
	struct changes_count *count = context;
	const struct action *action = record->action;

	count->all++;
	switch (action->state) {
	case ACTION_DONE:
		count->done++;
		count->kinds[action->kind]++;
		report_days_add(&count->days, action->at_ms, action->kind == ACTION_DEACTIVATE);
		break;
	case ACTION_HELD:
		count->held++;
		break;
	case ACTION_STATE_REJECTED:
		count->refused++;
		break;
	case ACTION_FAILED:
	case ACTION_UNKNOWN:
		count->failed++;
		break;
	case ACTION_PLANNED:
	case ACTION_SENT:
	case ACTION_STATE_COUNT:
		break;
	}
}

static void write_facts(struct report *report, const struct changes_count *count)
{
	const struct report_fact facts[] = {
		{ "changes", "Changes", CELL_NUMBER, report_count(count->all), false },
		{ "done", "Done", CELL_NUMBER, report_count(count->done), false },
		{ "created", "Accounts created", CELL_NUMBER,
		    report_count(count->kinds[ACTION_CREATE]), false },
		{ "updated", "Accounts updated", CELL_NUMBER,
		    report_count(count->kinds[ACTION_UPDATE] + count->kinds[ACTION_RENAME]),
		    false },
		{ "deactivated", "Accounts deactivated", CELL_NUMBER,
		    report_count(count->kinds[ACTION_DEACTIVATE]), false },
		{ "reactivated", "Accounts reactivated", CELL_NUMBER,
		    report_count(count->kinds[ACTION_REACTIVATE]), false },
		{ "held", "Held for a person", CELL_NUMBER, report_count(count->held),
		    count->held > 0 },
		{ "refused", "Rejected or in conflict", CELL_NUMBER, report_count(count->refused),
		    count->refused > 0 },
		{ "failed", "Failed or unknown", CELL_NUMBER, report_count(count->failed),
		    count->failed > 0 },
	};

	report_writer_facts(report->writer, facts, sizeof(facts) / sizeof(facts[0]));
}

static void write_row(void *context, const struct record *record)
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
					      report_text_c(reason_code_name(action->reason)),
					      report_text(action->user_name),
					      change.gained,
					      change.lost,
					      change.attributes,
					      report_why(action, &change),
					      report_request(report, action),
					      report_number_or_none(action->http_status),
					      report_text(action->answer),
					      report_text(action->request_id),
					      report_number_or_none(action->attempts),
					      report_number_or_none(action->hold_id),
					      report_decision(record),
					      report_text(record->decided_by),
					      report_number(action->run_id),
					      report_time(record->run_started_ms),
					      report_text(action->directory),
					      report_text(action->dn),
					      report_key(report, &action->key),
					      report_text(action->account_id),
					  });
}

static enum status make(struct report *report, struct err *reterr)
{
	const struct record_query query = { .since_ms = report->input->period.since_ms,
		.until_ms = report->input->period.until_ms };
	struct changes_count count = { 0 };
	struct report_chart chart = { .title = "Changes a day",
		.unit = "changes done",
		.series = { "other changes", "deactivations" },
		.is_time = true };
	enum status status = store_record_each(
	    report->input->store, &query, count_record, &count, reterr);

	if (status == STATUS_OK) {
		report_begin(report);
		write_facts(report, &count);
		chart.count = report_days_bars(report, &count.days, &chart.bars);
		report_writer_chart(report->writer, &chart);
		report_writer_begin_table(report->writer, &table);
		status = store_record_each(report->input->store, &query, write_row, report, reterr);
		report_writer_end_table(report->writer);
	}
	free(count.days.days);
	return status;
}

const struct report_plan report_changes = {
	.title = "Changes",
	.tables = tables,
	.table_count = sizeof(tables) / sizeof(tables[0]),
	.make = make,
};
