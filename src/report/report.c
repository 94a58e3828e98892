/* SPDX-License-Identifier: ISC */
/* The frame of every report, and the cells that several have. */
#include "report/report_p.h"

#include "base/time.h"
#include "base/vec.h"
#include "report/origin.h"
#include <stdlib.h>

enum { BARS_MAX = 62 };

static const struct {
	const char *name;
	const struct report_plan *plan;
} kinds[REPORT_KIND_COUNT] = {
	[REPORT_CHANGES] = { "changes", &report_changes },
	[REPORT_ACCESS] = { "access", &report_access },
	[REPORT_DRIFT] = { "drift", &report_drift },
	[REPORT_RUNS] = { "runs", &report_runs },
};

const char *report_kind_name(enum report_kind kind)
{
	return kinds[kind].name;
}

enum status report_make(const struct report_input *input, bool *ret_written, struct err *reterr)
{
	const struct report_plan *plan = kinds[input->kind].plan;
	struct report report = {
		.input = input,
		.writer = report_writer_new(&input->output),
		.arena = arena_new(),
		.long_term = arena_new(),
		.head = {
			.name = kinds[input->kind].name,
			.title = plan->title,
			.period = input->period,
			.about_now = plan->about_now,
			.now_ms = input->now_ms,
			.tenant = input->tenant,
			.program = input->program,
			.tables = plan->tables,
			.table_count = plan->table_count,
		},
	};
	enum status status = store_record_begin(input->store, reterr);

	if (status == STATUS_OK)
		status = plan->make(&report, reterr);
	if (status == STATUS_OK && report.status != STATUS_OK) {
		status = report.status;
		err_set(reterr, "%s", report.err.text);
	}
	if (status == STATUS_OK)
		*ret_written = report_writer_end(report.writer);
	report_writer_free(&report.writer);
	arena_free(&report.arena);
	arena_free(&report.long_term);
	return status;
}

void report_begin(struct report *report)
{
	report_writer_begin(report->writer, &report->head);
}

/* ---- cells ---- */

struct report_cell report_text(struct span text)
{
	return (struct report_cell) { .text = text };
}

struct report_cell report_text_c(const char *text)
{
	return report_text(span_of(text));
}

struct report_cell report_number(int64_t number)
{
	return (struct report_cell) { .number = number, .has_number = true };
}

struct report_cell report_number_or_none(int64_t number)
{
	return (struct report_cell) { .number = number, .has_number = number != 0 };
}

struct report_cell report_count(uint64_t count)
{
	return report_number(count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

struct report_cell report_bool(bool value)
{
	return report_number(value);
}

struct report_cell report_time(int64_t wall_ms)
{
	return report_number_or_none(wall_ms);
}

struct report_cell report_none(void)
{
	return (struct report_cell) { .has_number = false };
}

struct report_cell report_key(struct report *report, const struct uuid *key)
{
	char text[UUID_TEXT_SIZE];

	if (uuid_is_zero(key))
		return report_none();
	uuid_format(key, text);
	return report_text(arena_span(report->arena, span_of(text)));
}

struct span report_workspace_name(const struct report *report, struct span id)
{
	const struct report_input *input = report->input;
	struct span name = input->workspace_name == NULL
			       ? SPAN_NULL
			       : input->workspace_name(input->name_context, id);

	return name.at != NULL ? name : id;
}

/* ---- what an action did ---- */

static bool read_account(
    struct report *report, struct span json, bool *ret_has, struct account *ret_account)
{
	*ret_has = json.at != NULL &&
		   account_decode(json, report->arena, ret_account, NULL) == STATUS_OK;
	return *ret_has || json.at == NULL;
}

static void add_attributes(struct report *report, const struct account *before,
    const struct account *after, const struct change *change, struct report_cell *ret_cell)
{
	struct report_item *items = arena_array(report->arena, ACCOUNT_PATH_COUNT, sizeof(*items));
	size_t count = 0;

	if (change->is_activated || change->is_deactivated || before == NULL)
		items[count++] = (struct report_item) { span_of(account_path_name(ACCOUNT_ACTIVE)),
			before == NULL      ? SPAN_NULL
			: before->is_active ? SPAN("true")
					    : SPAN("false"),
			after->is_active ? SPAN("true") : SPAN("false"), true };
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		enum account_path path = (enum account_path)i;

		if (change_has(change, path))
			items[count++] = (struct report_item) { span_of(account_path_name(path)),
				before == NULL ? SPAN_NULL : before->text[i], after->text[i],
				false };
	}
	*ret_cell = (struct report_cell) { .items = items, .count = count };
}

static struct report_cell list_workspaces(struct report *report, const struct change *change,
    struct span detail, char sign, bool *is_all_told)
{
	const struct span *ids = sign == '+' ? change->granted : change->revoked;
	size_t count = sign == '+' ? change->granted_count : change->revoked_count;
	struct report_item *items = arena_array(report->arena, count, sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		struct span name = report_workspace_name(report, ids[i]);
		struct span why = origin_find(detail, sign, name);

		if (why.at == NULL)
			why = origin_find(detail, sign, ids[i]);
		if (why.at == NULL)
			*is_all_told = false;
		items[i] = (struct report_item) { ids[i], name, why, false };
	}
	return (struct report_cell) { .items = items, .count = count };
}

struct report_change report_take_apart(struct report *report, const struct action *action)
{
	struct report_change result = { .is_all_told = true };
	struct account before, after;
	bool has_before, has_after;
	struct change change;

	if (!read_account(report, action->before, &has_before, &before) ||
	    !read_account(report, action->after, &has_after, &after) || !has_after ||
	    (!action_has_request(action->kind) && action->kind != ACTION_LINK)) {
		result.is_all_told = false;
		return result;
	}
	change = differ_compare(has_before ? &before : NULL, &after, report->arena);
	add_attributes(report, has_before ? &before : NULL, &after, &change, &result.attributes);
	result.gained = list_workspaces(report, &change, action->detail, '+', &result.is_all_told);
	result.lost = list_workspaces(report, &change, action->detail, '-', &result.is_all_told);
	return result;
}

struct report_cell report_request(struct report *report, const struct action *action)
{
	if (action->request.method.at == NULL)
		return report_none();
	return report_text(arena_format(report->arena, "%.*s %.*s",
	    SPAN_ARG(action->request.method), SPAN_ARG(action->request.path)));
}

struct report_cell report_why(const struct action *action, const struct report_change *change)
{
	return report_text(change->is_all_told ? origin_reason(action->detail) : action->detail);
}

struct report_cell report_decision(const struct record *record)
{
	if (record->hold_since_ms == 0 || record->decision == HOLD_OPEN)
		return report_none();
	return report_text_c(hold_decision_name(record->decision));
}

/* ---- changes a day ---- */

void report_days_add(struct report_days *days, int64_t wall_ms, unsigned series)
{
	int64_t day = wall_ms / TIME_DAY_MS;
	struct report_day *found = NULL;

	/* Rows come nearly in the order of time. */
	for (size_t i = days->count; i > 0 && found == NULL; i--) {
		if (days->days[i - 1].day == day)
			found = &days->days[i - 1];
	}
	if (found == NULL) {
		found = vec_push(
		    (void **)&days->days, &days->count, &days->cap, sizeof(*days->days));
		found->day = day;
	}
	found->count[series]++;
}

static struct span day_label(struct report *report, int64_t day)
{
	char text[TIME_TEXT_SIZE];

	time_format(day * TIME_DAY_MS, false, text);
	return arena_span(report->long_term, (struct span) { text, 10 });
}

size_t report_days_bars(
    struct report *report, struct report_days *days, const struct report_bar **ret_bars)
{
	int64_t first = INT64_MAX, last = INT64_MIN, step;
	struct report_bar *bars;
	size_t count;

	for (size_t i = 0; i < days->count; i++) {
		first = days->days[i].day < first ? days->days[i].day : first;
		last = days->days[i].day > last ? days->days[i].day : last;
	}
	if (days->count == 0)
		return 0;
	step = (last - first) / BARS_MAX + 1;
	count = (size_t)((last - first) / step + 1);
	bars = arena_array(report->long_term, count, sizeof(*bars));
	for (size_t i = 0; i < count; i++)
		bars[i] =
		    (struct report_bar) { .label = day_label(report, first + (int64_t)i * step) };
	for (size_t i = 0; i < days->count; i++) {
		struct report_bar *bar = &bars[(days->days[i].day - first) / step];

		bar->value[0] += days->days[i].count[0];
		bar->value[1] += days->days[i].count[1];
	}
	*ret_bars = bars;
	return count;
}
