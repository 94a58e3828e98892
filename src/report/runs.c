/* SPDX-License-Identifier: ISC */
/*
 * The report of runs: how each went, what its certificates say, and the holds with who decided.
 */
#include "report/report_p.h"

#include "base/time.h"
#include "core/certificate.h"
#include <stdlib.h>

static const struct report_column run_columns[] = {
	{ "run", "Run", CELL_NUMBER, true, false, 6 },
	{ "started", "Started", CELL_TIME, true, false, 20 },
	{ "kind", "Kind", CELL_WORD, true, true, 9 },
	{ "outcome", "Outcome", CELL_WORD, true, true, 14 },
	{ "certified", "Certified", CELL_BOOL, true, true, 9 },
	{ "done", "Done", CELL_NUMBER, true, false, 5 },
	{ "failed", "Failed", CELL_NUMBER, true, false, 5 },
	{ "held", "Held", CELL_NUMBER, true, false, 5 },
	{ "conflict", "Conflicts", CELL_NUMBER, false, false, 0 },
	{ "rejected", "Rejected", CELL_NUMBER, false, false, 0 },
	{ "unchanged", "Unchanged", CELL_NUMBER, false, false, 0 },
	{ "orphan", "Orphans", CELL_NUMBER, false, false, 0 },
	{ "missed", "Missed by deltas", CELL_NUMBER, false, false, 0 },
	{ "error", "Error", CELL_TEXT, false, false, 0 },
	{ "exit", "Exit", CELL_NUMBER, false, false, 0 },
	{ "ended", "Ended", CELL_TIME, false, false, 0 },
	{ "tookSeconds", "Took", CELL_SECONDS, false, false, 0 },
	{ "configDigest", "Configuration", CELL_CODE, false, false, 0 },
};

static const struct report_table run_table = {
	.name = "runs",
	.record = "run",
	.title = "Runs",
	.note = "Every cycle that started in the period.",
	.empty = "There was no run in this period.",
	.columns = run_columns,
	.count = sizeof(run_columns) / sizeof(run_columns[0]),
};

static const struct report_column certificate_columns[] = {
	{ "run", "Run", CELL_NUMBER, true, false, 6 },
	{ "started", "Started", CELL_TIME, true, false, 20 },
	{ "certified", "Certified", CELL_BOOL, true, true, 9 },
	{ "entries", "Entries", CELL_NUMBER, true, false, 7 },
	{ "groups", "Groups", CELL_NUMBER, true, false, 6 },
	{ "peer", "Server", CELL_CODE, true, true, 0 },
	{ "missing", "What is missing", CELL_TEXT, false, false, 0 },
	{ "identity", "We are", CELL_CODE, false, false, 0 },
	{ "changesBy", "Changes told by", CELL_WORD, false, false, 0 },
	{ "unknownGroups", "Unknown groups", CELL_NUMBER, false, false, 0 },
	{ "unknownGroup", "The first of them", CELL_TEXT, false, false, 0 },
};

const struct report_table report_certificate_table = {
	.name = "certificates",
	.record = "certificate",
	.title = "Certificates",
	.note = "The proof, for each directory that a run read, that all of it was read. Without "
		"it nobody is taken for gone.",
	.empty = "No directory was read in this period.",
	.columns = certificate_columns,
	.count = sizeof(certificate_columns) / sizeof(certificate_columns[0]),
};

static const struct report_column hold_columns[] = {
	{ "hold", "Hold", CELL_NUMBER, true, false, 5 },
	{ "since", "Since", CELL_TIME, true, false, 20 },
	{ "class", "Class", CELL_WORD, true, true, 13 },
	{ "count", "Actions", CELL_NUMBER, true, false, 7 },
	{ "limit", "Limit", CELL_NUMBER, true, false, 5 },
	{ "decision", "Decision", CELL_WORD, true, true, 8 },
	{ "decidedBy", "Decided by", CELL_TEXT, true, false, 0 },
	{ "decided", "Decided", CELL_TIME, false, false, 0 },
	{ "ended", "Ended", CELL_TIME, false, false, 0 },
	{ "run", "Run", CELL_NUMBER, false, false, 0 },
};

const struct report_table report_hold_table = {
	.name = "holds",
	.record = "hold",
	.title = "Holds",
	.note = "Batches that the guard kept back until a person decided: those that were made, "
		"decided or still open in the period.",
	.empty = "Nothing was held in this period.",
	.columns = hold_columns,
	.count = sizeof(hold_columns) / sizeof(hold_columns[0]),
};

static const struct report_table *const tables[] = { &run_table, &report_certificate_table,
	&report_hold_table };

/* DESIGN section 8, as the state keeps them. */
static const char *outcome_name(const struct run *run)
{
	if (run->ended_ms == 0)
		return "running";
	switch (run->exit_code) {
	case 0:
		return "done";
	case 3:
		return run->is_certified ? "held" : "not certified";
	case 4:
		return "some rejected";
	case 69:
		return "peer down";
	case 74:
		return "state";
	default:
		return "failed";
	}
}

static bool has_failed(const struct run *run)
{
	return run->ended_ms != 0 && run->exit_code != 0 && run->exit_code != 3 &&
	       run->exit_code != 4;
}

struct runs_count {
	uint64_t runs, failed, uncertified, holds, open, approved, rejected;
	int64_t last_certified_ms;
	struct report_days days;
};

static void count_run(void *context, const struct run *run)
{
	struct runs_count *count = context;

	count->runs++;
	count->failed += has_failed(run);
	count->uncertified += run->ended_ms != 0 && !run->is_certified;
	if (run->is_certified)
		count->last_certified_ms = run->started_ms;
	report_days_add(&count->days, run->started_ms, has_failed(run));
}

static void count_hold(void *context, const struct hold *hold)
{
	struct runs_count *count = context;

	count->holds++;
	count->open += hold->ended_ms == 0 && hold->decision == HOLD_OPEN;
	count->approved += hold->decision == HOLD_APPROVED;
	count->rejected += hold->decision == HOLD_REJECTED;
}

static void write_facts(struct report *report, const struct runs_count *count)
{
	const struct report_fact facts[] = {
		{ "runs", "Runs", CELL_NUMBER, report_count(count->runs), false },
		{ "failed", "Failed runs", CELL_NUMBER, report_count(count->failed),
		    count->failed > 0 },
		{ "notCertified", "Runs without certificate", CELL_NUMBER,
		    report_count(count->uncertified), count->uncertified > 0 },
		{ "lastCertified", "Last certified run", CELL_TIME,
		    report_time(count->last_certified_ms), count->last_certified_ms == 0 },
		{ "holds", "Holds", CELL_NUMBER, report_count(count->holds), false },
		{ "holdsOpen", "Holds that wait", CELL_NUMBER, report_count(count->open),
		    count->open > 0 },
		{ "holdsApproved", "Holds approved", CELL_NUMBER, report_count(count->approved),
		    false },
		{ "holdsRejected", "Holds rejected", CELL_NUMBER, report_count(count->rejected),
		    false },
	};

	report_writer_facts(report->writer, facts, sizeof(facts) / sizeof(facts[0]));
}

static void write_run(void *context, const struct run *run)
{
	struct report *report = context;
	const struct plan_summary *sum = &run->summary;

	report_writer_row(report->writer,
	    (const struct report_cell[]) {
		report_number(run->id),
		report_time(run->started_ms),
		report_text_c(cycle_kind_name(run->kind)),
		report_text_c(outcome_name(run)),
		run->ended_ms == 0 ? report_none() : report_bool(run->is_certified),
		report_count(sum->done),
		report_count(sum->failed),
		report_count(sum->held),
		report_count(sum->conflict),
		report_count(sum->rejected),
		report_count(sum->unchanged),
		report_count(sum->orphan),
		report_count(sum->missed),
		report_text(run->error),
		run->ended_ms == 0 ? report_none() : report_number(run->exit_code),
		report_time(run->ended_ms),
		run->ended_ms == 0
		    ? report_none()
		    : report_number((run->ended_ms - run->started_ms) / TIME_SECOND_MS),
		report_text(run->config_digest),
	    });
}

void report_write_certificates(void *context, const struct run *run)
{
	struct report *report = context;
	const struct certificate_record *records = NULL;
	size_t count = 0;

	arena_reset(report->arena);
	if (run->certificate.at == NULL || certificate_decode_list(run->certificate, report->arena,
					       &records, &count, NULL) != STATUS_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct scan_facts *facts = &records[i].facts;

		report_writer_row(
		    report->writer, (const struct report_cell[]) {
					report_number(run->id),
					report_time(run->started_ms),
					report_bool(records[i].certificate.is_certified),
					report_count(facts->entries),
					report_count(facts->groups),
					report_text(facts->peer),
					report_text(records[i].certificate.missing),
					report_text(facts->identity),
					report_text(facts->changes_by),
					report_number_or_none((int64_t)facts->unknown_groups),
					report_text(facts->unknown_group),
				    });
	}
}

void report_write_hold(void *context, const struct hold *hold)
{
	struct report *report = context;

	report_writer_row(report->writer,
	    (const struct report_cell[]) {
		report_number_or_none(hold->id),
		report_time(hold->since_ms),
		report_text_c(guard_class_name(hold->class)),
		report_count(hold->count),
		hold->class < GUARD_LIMITED ? report_count(hold->limit) : report_none(),
		report_text_c(hold_decision_name(hold->decision)),
		report_text(hold->decided_by),
		report_time(hold->decided_ms),
		report_time(hold->ended_ms),
		report_number(hold->run_id),
	    });
}

static enum status list_runs(struct report *report, const struct report_table *table,
    void (*write)(void *context, const struct run *run), struct err *reterr)
{
	const struct report_input *input = report->input;
	enum status status;

	report_writer_begin_table(report->writer, table);
	status = store_record_each_run(
	    input->store, input->period.since_ms, input->period.until_ms, write, report, reterr);
	report_writer_end_table(report->writer);
	return status;
}

static enum status list_all(struct report *report, struct err *reterr)
{
	const struct report_input *input = report->input;
	enum status status = list_runs(report, &run_table, write_run, reterr);

	if (status == STATUS_OK)
		status = list_runs(
		    report, &report_certificate_table, report_write_certificates, reterr);
	if (status != STATUS_OK)
		return status;
	report_writer_begin_table(report->writer, &report_hold_table);
	status = store_record_each_hold(input->store, input->period.since_ms,
	    input->period.until_ms, report_write_hold, report, reterr);
	report_writer_end_table(report->writer);
	return status;
}

static enum status make(struct report *report, struct err *reterr)
{
	const struct report_input *input = report->input;
	struct runs_count count = { 0 };
	struct report_chart chart = { .title = "Runs a day",
		.unit = "runs",
		.series = { "went through", "failed" },
		.is_time = true };
	enum status status = store_record_each_run(input->store, input->period.since_ms,
	    input->period.until_ms, count_run, &count, reterr);

	if (status == STATUS_OK)
		status = store_record_each_hold(input->store, input->period.since_ms,
		    input->period.until_ms, count_hold, &count, reterr);
	if (status == STATUS_OK) {
		report_begin(report);
		write_facts(report, &count);
		chart.count = report_days_bars(report, &count.days, &chart.bars);
		report_writer_chart(report->writer, &chart);
		status = list_all(report, reterr);
	}
	free(count.days.days);
	return status;
}

const struct report_plan report_runs = {
	.title = "Runs",
	.tables = tables,
	.table_count = sizeof(tables) / sizeof(tables[0]),
	.make = make,
};
