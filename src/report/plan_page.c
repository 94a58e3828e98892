/* SPDX-License-Identifier: ISC */
#include "report/plan_page.h"

#include "base/time.h"
#include "report/report_p.h"
#include <inttypes.h>

static const struct report_column forecast_columns[] = {
	{ "outcome", "Outcome", CELL_WORD, true, true, 0 },
	{ "code", "Prediction", CELL_WORD, true, true, 0 },
	{ "count", "Actions", CELL_NUMBER, true, false, 0 },
	{ "meaning", "What it means", CELL_TEXT, true, false, 0 },
};

static const struct report_column action_columns[] = {
	{ "prediction", "Prediction", CELL_WORD, true, true, 0 },
	{ "state", "State", CELL_WORD, true, true, 0 },
	{ "kind", "Change", CELL_WORD, true, true, 0 },
	{ "reason", "Reason", CELL_WORD, true, true, 0 },
	{ "userName", "Person", CELL_TEXT, true, false, 0 },
	{ "gained", "Gains", CELL_WORKSPACES, false, false, 0 },
	{ "lost", "Loses", CELL_WORKSPACES, false, false, 0 },
	{ "attributes", "Changes", CELL_CHANGES, false, false, 0 },
	{ "predicted", "Predicted", CELL_TEXT, false, false, 0 },
	{ "why", "Why", CELL_TEXT, false, false, 0 },
	{ "answer", "Answer", CELL_TEXT, false, false, 0 },
	{ "request", "Request", CELL_CODE, false, false, 0 },
	{ "body", "Body", CELL_CODE, false, false, 0 },
	{ "directory", "Directory", CELL_TEXT, false, false, 0 },
	{ "dn", "DN", CELL_CODE, false, false, 0 },
	{ "key", "Key", CELL_CODE, false, false, 0 },
	{ "accountId", "Account", CELL_CODE, false, false, 0 },
};

static const char *const meanings[PREDICTION_CODE_COUNT] = {
	[PREDICTION_NAME_TAKEN] = "Another account of the tenant has the userName, whatever the "
				  "case of its letters.",
	[PREDICTION_NAME_CONTESTED] =
	    "Several actions of this plan meet at one userName: who comes "
	    "first gets it.",
	[PREDICTION_NAME_READ_ONLY] = "The tenant does not let a userName be changed.",
	[PREDICTION_NAME_DOUBTFUL] = "The tenant wants an email address and may not take this one "
				     "for any.",
	[PREDICTION_NAME_MISSING] = "The tenant wants a given and a family name.",
	[PREDICTION_WORKSPACE] = "The tenant does not show the workspace to this caller. If there "
				 "is none, the account is written and its workspaces are not.",
};

struct page {
	struct report report;
	struct report_input report_input; /* what the report's functions look at */
	const struct plan_page_input *input;
	struct forecast forecast;
	uint64_t kinds[ACTION_KIND_COUNT][2]; /* to send, held */
	uint64_t outcomes[PREDICTION_UNSURE + 1];
	struct report_table forecast_table, hold_table, action_table;
	const struct report_table *tables[4];
};

/* ---- predictions ---- */

/* What is predicted of one action, in the arena. */
struct foreseen {
	const struct prediction *predictions;
	size_t count;
};

static struct foreseen foresee(struct page *page, const struct action *action)
{
	struct arena *arena = page->report.arena;
	bool has_before = action->before.at != NULL;
	struct foreseen foreseen = { NULL, 0 };
	struct account before, after;
	struct change change;

	if (page->input->facts == NULL ||
	    account_decode(action->after, arena, &after, NULL) != STATUS_OK ||
	    (has_before && account_decode(action->before, arena, &before, NULL) != STATUS_OK))
		return foreseen;
	change = differ_compare(has_before ? &before : NULL, &after, arena);
	foreseen.count = prediction_judge(page->input->facts,
	    &(struct prediction_input) { action, has_before ? &before : NULL, &after, &change },
	    arena, &foreseen.predictions);
	return foreseen;
}

/* The worst that is predicted; none: nothing is. */
static bool find_worst(const struct foreseen *foreseen, enum prediction_outcome *ret_outcome)
{
	*ret_outcome = PREDICTION_UNSURE;
	for (size_t i = 0; i < foreseen->count; i++) {
		enum prediction_outcome outcome = prediction_outcome_of(
		    foreseen->predictions[i].code);

		if (outcome < *ret_outcome)
			*ret_outcome = outcome;
	}
	return foreseen->count > 0;
}

static struct report_cell outcome_cell(const struct foreseen *foreseen)
{
	enum prediction_outcome outcome;

	if (!find_worst(foreseen, &outcome))
		return report_none();
	return report_text_c(prediction_outcome_name(outcome));
}

static struct report_cell details_cell(struct page *page, const struct foreseen *foreseen)
{
	struct str text = { 0 };
	struct report_cell cell;

	for (size_t i = 0; i < foreseen->count; i++)
		str_addf(&text, "%s%.*s", i > 0 ? ". Also: " : "",
		    SPAN_ARG(foreseen->predictions[i].detail));
	cell = report_text(
	    foreseen->count > 0 ? arena_span(page->report.arena, str_span(&text)) : SPAN_NULL);
	str_done(&text);
	return cell;
}

/* ---- the first time through: counting ---- */

static void count_action(void *context, const struct action *action)
{
	struct page *page = context;
	enum prediction_outcome outcome;
	struct foreseen foreseen;

	arena_reset(page->report.arena);
	foreseen = foresee(page, action);
	forecast_add(&page->forecast, action, foreseen.predictions, foreseen.count);
	page->kinds[action->kind][action->state == ACTION_HELD]++;
	if (find_worst(&foreseen, &outcome))
		page->outcomes[outcome]++;
}

static void write_facts(struct page *page)
{
	const struct run *run = page->input->run;
	const struct plan_summary *sum = &run->summary;
	const struct forecast *forecast = &page->forecast;
	uint64_t requests = forecast_requests(forecast);
	int64_t seconds = forecast_seconds(&forecast->pace, requests);
	const struct report_fact facts[] = {
		{ "certified", "Directory read whole (certified)", CELL_BOOL,
		    report_bool(run->is_certified), !run->is_certified },
		{ "pending", "Changes to send", CELL_NUMBER, report_count(forecast->writes),
		    false },
		{ "held", "Held for a person", CELL_NUMBER, report_count(sum->held),
		    sum->held > 0 },
		{ "refused", "Predicted to be refused", CELL_NUMBER,
		    report_count(page->outcomes[PREDICTION_REFUSED]),
		    page->outcomes[PREDICTION_REFUSED] > 0 },
		{ "partial", "May be done in part", CELL_NUMBER,
		    report_count(page->outcomes[PREDICTION_PARTIAL]),
		    page->outcomes[PREDICTION_PARTIAL] > 0 },
		{ "unsure", "May be refused", CELL_NUMBER,
		    report_count(page->outcomes[PREDICTION_UNSURE]),
		    page->outcomes[PREDICTION_UNSURE] > 0 },
		{ "rejected", "Rejected or in conflict", CELL_NUMBER,
		    report_count(sum->rejected + sum->conflict),
		    sum->rejected + sum->conflict > 0 },
		{ "requests", "Requests, reading included", CELL_NUMBER, report_count(requests),
		    false },
		{ "seconds", "Time they need", CELL_SECONDS,
		    seconds < 0 ? report_none() : report_number(seconds), false },
		{ "unchanged", "Unchanged", CELL_NUMBER, report_count(sum->unchanged), false },
		{ "orphan", "Orphans", CELL_NUMBER, report_count(sum->orphan), false },
	};

	report_writer_facts(page->report.writer, facts, sizeof(facts) / sizeof(facts[0]));
}

static void write_chart(struct page *page)
{
	struct report_bar bars[ACTION_KIND_COUNT];
	struct report_chart chart = { .title = "Requests by kind",
		.unit = "requests",
		.series = { "to send", "held" },
		.bars = bars };

	for (int i = 0; i < ACTION_KIND_COUNT; i++) {
		if (action_has_request((enum action_kind)i) &&
		    page->kinds[i][0] + page->kinds[i][1] > 0)
			bars[chart.count++] = (struct report_bar) {
				.label = span_of(action_kind_name((enum action_kind)i)),
				.value = { page->kinds[i][0], page->kinds[i][1] }
			};
	}
	report_writer_chart(page->report.writer, &chart);
}

/* ---- tables ---- */

/* How the requests were counted, and what their time rests on. */
static const char *forecast_note(struct page *page)
{
	const struct forecast *forecast = &page->forecast;
	const struct forecast_pace *pace = &forecast->pace;
	struct span start = arena_format(page->report.long_term,
	    "%" PRIu64 " request%s: %" PRIu64 " to read, %" PRIu64 " to write; %" PRIu64
	    " more when what this plan holds is approved. ",
	    forecast_requests(forecast), forecast_requests(forecast) == 1 ? "" : "s",
	    forecast->reads, forecast->writes, forecast->held);

	if (pace->requests_per_second == 0)
		return arena_format(page->report.long_term,
		    "%.*sNo rate is set: the time is that of the tenant's answers.",
		    SPAN_ARG(start))
		    .at;
	return arena_format(page->report.long_term,
	    "%.*sThe time is that of %" PRIu64 " requests a second after the first %" PRIu64
	    ", if the tenant answers within %" PRId64 " ms (%u at once) and nothing is repeated.",
	    SPAN_ARG(start), pace->requests_per_second, pace->burst, forecast_answer_ms(pace),
	    pace->concurrency)
	    .at;
}

static void write_not_checked(struct page *page, const char *what, struct span why)
{
	if (why.at == NULL)
		return;
	report_writer_row(
	    page->report.writer, (const struct report_cell[]) { report_text_c("not checked"),
				     report_text_c(what), report_none(), report_text(why) });
}

static void write_forecast(struct page *page)
{
	const struct prediction_facts *facts = page->input->facts;

	report_writer_begin_table(page->report.writer, &page->forecast_table);
	for (int i = 0; i < PREDICTION_CODE_COUNT; i++) {
		enum prediction_code code = (enum prediction_code)i;

		if (page->forecast.predictions[i] == 0)
			continue;
		report_writer_row(page->report.writer,
		    (const struct report_cell[]) {
			report_text_c(prediction_outcome_name(prediction_outcome_of(code))),
			report_text_c(prediction_code_name(code)),
			report_count(page->forecast.predictions[i]),
			report_text_c(meanings[i]),
		    });
	}
	if (facts == NULL)
		write_not_checked(page, "all", SPAN("the run ended before anything was asked"));
	else
		write_not_checked(page, "userNames", facts->names_not_checked);
	if (facts != NULL)
		write_not_checked(page, "workspaces", facts->workspaces_not_checked);
	report_writer_end_table(page->report.writer);
}

/* Planned is the rule here, and no state to look at. */
static struct report_cell state_cell(const struct action *action)
{
	return report_text_c(
	    action->state == ACTION_PLANNED ? "to send" : action_state_name(action->state));
}

static struct report_cell body_cell(const struct action *action)
{
	return report_text(action->request.method.at != NULL ? action->request.body : SPAN_NULL);
}

static void write_action(void *context, const struct action *action)
{
	struct page *page = context;
	struct report *report = &page->report;
	struct report_change change;
	struct foreseen foreseen;

	arena_reset(report->arena);
	change = report_take_apart(report, action);
	foreseen = foresee(page, action);
	report_writer_row(report->writer, (const struct report_cell[]) {
					      outcome_cell(&foreseen),
					      state_cell(action),
					      report_text_c(action_kind_name(action->kind)),
					      report_text_c(reason_code_name(action->reason)),
					      report_text(action->user_name),
					      change.gained,
					      change.lost,
					      change.attributes,
					      details_cell(page, &foreseen),
					      report_why(action, &change),
					      report_text(action->answer),
					      report_request(report, action),
					      body_cell(action),
					      report_text(action->directory),
					      report_text(action->dn),
					      report_key(report, &action->key),
					      report_text(action->account_id),
					  });
}

static enum status each_action(struct page *page,
    void (*on_action)(void *context, const struct action *action), struct err *reterr)
{
	const struct action_query query = { .run_id = page->input->run->id };

	if (query.run_id == 0)
		return STATUS_OK;
	return store_action_each(page->input->store, &query, on_action, page, reterr);
}

static enum status write_holds(struct page *page, struct err *reterr)
{
	struct report *report = &page->report;
	enum status status;

	report_writer_begin_table(report->writer, &page->hold_table);
	for (size_t i = 0; i < page->input->hold_count; i++)
		report_write_hold(report, &page->input->holds[i]);
	status = store_hold_each(page->input->store, report_write_hold, report, reterr);
	report_writer_end_table(report->writer);
	return status;
}

static enum status write_tables(struct page *page, struct err *reterr)
{
	struct report *report = &page->report;
	enum status status;

	write_forecast(page);
	status = write_holds(page, reterr);
	if (status == STATUS_OK) {
		report_writer_begin_table(report->writer, &page->action_table);
		status = each_action(page, write_action, reterr);
		report_writer_end_table(report->writer);
	}
	if (status == STATUS_OK) {
		report_writer_begin_table(report->writer, &report_certificate_table);
		report_write_certificates(report, page->input->run);
		report_writer_end_table(report->writer);
	}
	return status;
}

/* ---- the page ---- */

static void describe_tables(struct page *page)
{
	page->forecast_table = (struct report_table) {
		.name = "forecast",
		.title = "Forecast",
		.note = forecast_note(page),
		.empty = "Nothing is predicted to be refused.",
		.columns = forecast_columns,
		.count = sizeof(forecast_columns) / sizeof(forecast_columns[0]),
	};
	page->hold_table = report_hold_table;
	page->hold_table.note = "Batches that the guard keeps back until a person decides: those "
				"that this plan would make, which have no number yet, and those "
				"that wait already.";
	page->hold_table.empty = "Nothing is held.";
	page->action_table = (struct report_table) {
		.name = "actions",
		.title = "Actions",
		.note =
		    "What a real run would do, in its order, with the request that it would send.",
		.empty = "There is nothing to do.",
		.columns = action_columns,
		.count = sizeof(action_columns) / sizeof(action_columns[0]),
	};
	page->tables[0] = &page->forecast_table;
	page->tables[1] = &page->hold_table;
	page->tables[2] = &page->action_table;
	page->tables[3] = &report_certificate_table;
}

static const char *subject_of(struct page *page)
{
	const struct run *run = page->input->run;

	return arena_format(page->report.long_term, "%s, %s", cycle_kind_name(run->kind),
	    run->is_dry ? "dry run: nothing was sent" : "sent")
	    .at;
}

static void begin(struct page *page)
{
	const struct plan_page_input *input = page->input;

	describe_tables(page);
	page->report.head = (struct report_head) {
		.name = "plan",
		.title = "Plan",
		.over = "Dry run",
		.subject = subject_of(page),
		.now_ms = input->now_ms,
		.tenant = input->tenant,
		.program = input->program,
		.tables = page->tables,
		.table_count = sizeof(page->tables) / sizeof(page->tables[0]),
	};
	report_begin(&page->report);
	write_facts(page);
	write_chart(page);
}

enum status plan_page_make(
    const struct plan_page_input *input, bool *ret_written, struct err *reterr)
{
	struct page page = {
		.input = input,
		.forecast = input->forecast,
		.report_input = { .workspace_name = input->workspace_name,
		    .name_context = input->name_context },
		.report = { .writer = report_writer_new(&input->output),
		    .arena = arena_new(),
		    .long_term = arena_new() },
	};
	enum status status;

	page.report.input = &page.report_input;
	status = each_action(&page, count_action, reterr);
	if (status == STATUS_OK) {
		begin(&page);
		status = write_tables(&page, reterr);
	}
	if (status == STATUS_OK)
		*ret_written = report_writer_end(page.report.writer);
	report_writer_free(&page.report.writer);
	arena_free(&page.report.arena);
	arena_free(&page.report.long_term);
	return status;
}
