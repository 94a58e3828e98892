/* SPDX-License-Identifier: ISC */
/*
 * The report of access, as the tenant last acknowledged it: people with their workspaces,
 * workspaces with their people, and those who left.
 *
 * What grants a workspace is known from the newest action that was done and gave it; when the
 * record does not go back that far, or the account had it before it was linked, nothing is said.
 *
 * A leaver was seen when the run started that first planned the deactivation, also when the guard
 * held it or the tenant refused it at first; it is done when the tenant acknowledged it.
 */
#include "report/report_p.h"

#include "base/time.h"
#include "base/vec.h"
#include "report/origin.h"
#include <stdlib.h>

static const struct report_column person_columns[] = {
	{ "userName", "Person", CELL_TEXT, true, false, 36 },
	{ "active", "Active", CELL_BOOL, true, true, 6 },
	{ "name", "Name", CELL_TEXT, true, false, 0 },
	{ "workspaces", "Workspaces", CELL_WORKSPACES, false, false, 0 },
	{ "changed", "Acknowledged", CELL_TIME, false, false, 0 },
	{ "missingSince", "Missing since", CELL_TIME, false, false, 0 },
	{ "externalId", "External id", CELL_CODE, false, false, 0 },
	{ "dn", "DN", CELL_CODE, false, false, 0 },
	{ "key", "Key", CELL_CODE, false, false, 0 },
	{ "accountId", "Account", CELL_CODE, false, false, 0 },
};

static const struct report_table person_table = {
	.name = "people",
	.record = "person",
	.title = "People and their workspaces",
	.note = "Everybody whose account is linked with the directory, with what the tenant last "
		"acknowledged. Who is not active cannot log in, whatever workspaces are kept.",
	.empty = "Nobody is linked yet.",
	.columns = person_columns,
	.count = sizeof(person_columns) / sizeof(person_columns[0]),
};

static const struct report_column grant_columns[] = {
	{ "workspace", "Workspace", CELL_TEXT, true, true, 24 },
	{ "userName", "Person", CELL_TEXT, true, false, 36 },
	{ "active", "Active", CELL_BOOL, true, true, 6 },
	{ "since", "Since", CELL_TIME, true, false, 20 },
	{ "why", "Granted", CELL_TEXT, false, false, 0 },
	{ "run", "Run", CELL_NUMBER, false, false, 0 },
	{ "dn", "DN", CELL_CODE, false, false, 0 },
	{ "key", "Key", CELL_CODE, false, false, 0 },
	{ "accountId", "Account", CELL_CODE, false, false, 0 },
	{ "workspaceId", "Workspace id", CELL_CODE, false, false, 0 },
};

static const struct report_table grant_table = {
	.name = "grants",
	.record = "grant",
	.title = "Workspaces and their people",
	.note = "Who may enter each workspace, since when, and the group or rule that grants it. "
		"Without a time the account had it before it was linked, or the record does not "
		"go back that far.",
	.empty = "Nobody has a workspace.",
	.columns = grant_columns,
	.count = sizeof(grant_columns) / sizeof(grant_columns[0]),
};

static const struct report_column leaver_columns[] = {
	{ "seen", "Seen in the directory", CELL_TIME, true, false, 20 },
	{ "done", "Done in the tenant", CELL_TIME, true, false, 20 },
	{ "tookSeconds", "Took", CELL_SECONDS, true, false, 12 },
	{ "state", "State", CELL_WORD, true, true, 8 },
	{ "reason", "Reason", CELL_WORD, true, true, 11 },
	{ "userName", "Person", CELL_TEXT, true, false, 0 },
	{ "why", "Why", CELL_TEXT, false, false, 0 },
	{ "hold", "Hold", CELL_NUMBER, false, false, 0 },
	{ "decision", "Decision", CELL_WORD, false, false, 0 },
	{ "decidedBy", "Decided by", CELL_TEXT, false, false, 0 },
	{ "answer", "Answer", CELL_TEXT, false, false, 0 },
	{ "run", "Run", CELL_NUMBER, false, false, 0 },
	{ "dn", "DN", CELL_CODE, false, false, 0 },
	{ "key", "Key", CELL_CODE, false, false, 0 },
	{ "accountId", "Account", CELL_CODE, false, false, 0 },
};

static const struct report_table leaver_table = {
	.name = "leavers",
	.record = "leaver",
	.title = "Leavers",
	.note =
	    "Deactivations in the period. From when a run first saw the reason in the directory "
	    "(holds and failed tries count) to when the tenant acknowledged it. When the "
	    "directory itself was changed is not known.",
	.empty = "Nobody was deactivated in this period.",
	.columns = leaver_columns,
	.count = sizeof(leaver_columns) / sizeof(leaver_columns[0]),
};

static const struct report_table *const tables[] = { &person_table, &grant_table, &leaver_table };

/* ---- what grants a workspace ---- */

/* The workspaces of one person, and the action that gave each. */
struct origins {
	struct report *report;
	struct report_item *items; /* what grants each goes into `c` */
	int64_t *since_ms, *run_id;
	bool *is_settled;
	size_t count, open;
};

static bool decode(struct report *report, struct span json, struct account *ret_account)
{
	return json.at != NULL &&
	       account_decode(json, report->arena, ret_account, NULL) == STATUS_OK;
}

/* Takes what one action says; the newest one that gave a workspace settles it. */
static bool take_origin(void *context, const struct record *record)
{
	struct origins *origins = context;
	const struct action *action = record->action;
	struct account before = { 0 }, after;

	if (action->state != ACTION_DONE || !decode(origins->report, action->after, &after))
		return true;
	(void)decode(origins->report, action->before, &before);
	for (size_t i = 0; i < origins->count; i++) {
		struct report_item *item = &origins->items[i];
		struct span why;

		if (origins->is_settled[i] || account_has_workspace(&before, item->a) ||
		    !account_has_workspace(&after, item->a))
			continue;
		why = origin_find(action->detail, '+', item->b);
		if (why.at == NULL)
			why = origin_find(action->detail, '+', item->a);
		item->c = arena_span(origins->report->arena, why);
		origins->since_ms[i] = action->at_ms;
		origins->run_id[i] = action->run_id;
		origins->is_settled[i] = true;
		origins->open--;
	}
	return origins->open > 0;
}

static struct origins find_origins(
    struct report *report, const struct uuid *key, const struct span *ids, size_t count)
{
	struct arena *arena = report->arena;
	struct origins origins = {
		.report = report,
		.items = arena_array(arena, count, sizeof(*origins.items)),
		.since_ms = arena_array(arena, count, sizeof(*origins.since_ms)),
		.run_id = arena_array(arena, count, sizeof(*origins.run_id)),
		.is_settled = arena_array(arena, count, sizeof(*origins.is_settled)),
		.count = count,
		.open = count,
	};

	for (size_t i = 0; i < count; i++) {
		origins.items[i] = (struct report_item) { ids[i],
			report_workspace_name(report, ids[i]), SPAN_NULL, false };
		origins.since_ms[i] = origins.run_id[i] = 0;
		origins.is_settled[i] = false;
	}
	if (count > 0 && report->status == STATUS_OK)
		report->status = store_record_each_of_key(
		    report->input->store, key, take_origin, &origins, &report->err);
	return origins;
}

/* ---- leavers ---- */

struct first_seen {
	int64_t id; /* of the action at hand */
	int64_t seen_ms;
};

/* Goes back through the tries of one leaver, until something else was done to the account. */
static bool take_seen(void *context, const struct record *record)
{
	struct first_seen *first = context;
	const struct action *action = record->action;
	int64_t seen_ms = record->run_started_ms;

	if (action->id > first->id)
		return true;
	/* What a person rejected, or nobody asked for any more, is not a try of this leaver. */
	if (action->id < first->id && action->state == ACTION_STATE_REJECTED &&
	    action->hold_id != 0)
		return false;
	if (action->id < first->id &&
	    (action->kind != ACTION_DEACTIVATE || action->state == ACTION_DONE))
		return action->state != ACTION_DONE;
	if (record->hold_since_ms != 0 && (seen_ms == 0 || record->hold_since_ms < seen_ms))
		seen_ms = record->hold_since_ms;
	if (seen_ms != 0 && (first->seen_ms == 0 || seen_ms < first->seen_ms))
		first->seen_ms = seen_ms;
	return true;
}

static int64_t find_seen(struct report *report, const struct record *record)
{
	struct first_seen first = { .id = record->action->id };

	if (report->status == STATUS_OK)
		report->status = store_record_each_of_key(
		    report->input->store, &record->action->key, take_seen, &first, &report->err);
	return first.seen_ms;
}

/* ---- counting ---- */

enum { BUCKET_COUNT = 7, WORKSPACES_SHOWN = 20 };

static const struct {
	const char *label;
	int64_t below_ms;
} buckets[BUCKET_COUNT] = {
	{ "under 1 min", TIME_MINUTE_MS },
	{ "1 to 5 min", 5 * TIME_MINUTE_MS },
	{ "5 to 15 min", 15 * TIME_MINUTE_MS },
	{ "15 to 60 min", TIME_HOUR_MS },
	{ "1 to 4 h", 4 * TIME_HOUR_MS },
	{ "4 to 24 h", TIME_DAY_MS },
	{ "over a day", INT64_MAX },
};

struct access_count {
	struct report *report;
	struct report_bar *workspaces; /* owned; labels in the long-term arena */
	size_t count, cap;
	struct span last_id; /* of the newest bar */
	uint64_t people, active, grants;
	uint64_t left, waiting, within_hour;
	int64_t longest_ms;
	uint64_t times[BUCKET_COUNT];
};

static void count_link(void *context, const struct link *link)
{
	struct access_count *count = context;

	count->people++;
	count->active += link->is_active;
}

static void count_grant(void *context, struct span workspace, const struct link *link)
{
	struct access_count *count = context;
	struct report *report = count->report;

	if (count->count == 0 || !span_equal(count->last_id, workspace)) {
		struct report_bar *bar = vec_push((void **)&count->workspaces, &count->count,
		    &count->cap, sizeof(*count->workspaces));

		count->last_id = arena_span(report->long_term, workspace);
		bar->label = arena_span(
		    report->long_term, report_workspace_name(report, workspace));
	}
	count->workspaces[count->count - 1].value[!link->is_active]++;
	count->grants += link->is_active;
}

static void count_leaver(void *context, const struct record *record)
{
	struct access_count *count = context;
	int64_t took_ms, seen_ms;
	size_t bucket = 0;

	if (record->action->state != ACTION_DONE) {
		count->waiting += record->action->state == ACTION_HELD;
		return;
	}
	seen_ms = find_seen(count->report, record);
	count->left++;
	if (seen_ms == 0)
		return;
	took_ms = record->action->at_ms - seen_ms;
	while (took_ms >= buckets[bucket].below_ms)
		bucket++;
	count->times[bucket]++;
	count->within_hour += took_ms <= TIME_HOUR_MS;
	if (took_ms > count->longest_ms)
		count->longest_ms = took_ms;
}

static struct record_query leavers_of(const struct report *report)
{
	return (struct record_query) { .since_ms = report->input->period.since_ms,
		.until_ms = report->input->period.until_ms,
		.kinds = UINT32_C(1) << ACTION_DEACTIVATE };
}

static void write_facts(struct report *report, const struct access_count *count)
{
	const struct report_fact facts[] = {
		{ "active", "Active people", CELL_NUMBER, report_count(count->active), false },
		{ "inactive", "Deactivated accounts", CELL_NUMBER,
		    report_count(count->people - count->active), false },
		{ "workspaces", "Workspaces", CELL_NUMBER, report_count(count->count), false },
		{ "grants", "Grants to active people", CELL_NUMBER, report_count(count->grants),
		    false },
		{ "leavers", "Leavers in the period", CELL_NUMBER, report_count(count->left),
		    false },
		{ "withinAnHour", "Of them within an hour", CELL_NUMBER,
		    report_count(count->within_hour), count->within_hour < count->left },
		{ "longestSeconds", "Longest time to deprovision", CELL_SECONDS,
		    count->left > 0 ? report_number(count->longest_ms / TIME_SECOND_MS)
				    : report_none(),
		    false },
		{ "waiting", "Leavers held for a person", CELL_NUMBER, report_count(count->waiting),
		    count->waiting > 0 },
	};

	report_writer_facts(report->writer, facts, sizeof(facts) / sizeof(facts[0]));
}

/* ---- charts ---- */

static int compare_bars(const void *a, const void *b)
{
	const struct report_bar *one = a, *other = b;

	if (one->value[0] != other->value[0])
		return one->value[0] < other->value[0] ? 1 : -1;
	return span_compare(one->label, other->label);
}

static void write_charts(struct report *report, struct access_count *count)
{
	struct report_bar times[BUCKET_COUNT] = { 0 };
	struct report_chart workspaces = { .title = "Access by workspace",
		.unit = "people",
		.series = { "active", "deactivated" },
		.bars = count->workspaces,
		.count = count->count };
	const struct report_chart took = { .title = "Time to deprovision",
		.unit = "leavers",
		.series = { "leavers", NULL },
		.bars = times,
		.count = count->left > 0 ? BUCKET_COUNT : 0 };

	if (count->count > 0)
		qsort(count->workspaces, count->count, sizeof(*count->workspaces), compare_bars);
	if (workspaces.count > WORKSPACES_SHOWN) {
		struct report_bar *rest = &count->workspaces[WORKSPACES_SHOWN - 1];

		rest->label = SPAN("all others");
		for (size_t i = WORKSPACES_SHOWN; i < count->count; i++) {
			rest->value[0] += count->workspaces[i].value[0];
			rest->value[1] += count->workspaces[i].value[1];
		}
		workspaces.count = WORKSPACES_SHOWN;
	}
	for (size_t i = 0; i < BUCKET_COUNT; i++)
		times[i] =
		    (struct report_bar) { span_of(buckets[i].label), { count->times[i], 0 } };
	report_writer_chart(report->writer, &workspaces);
	report_writer_chart(report->writer, &took);
}

/* ---- rows ---- */

static struct span full_name(struct report *report, const struct account *account)
{
	struct span given = account->text[ACCOUNT_GIVEN_NAME];
	struct span family = account->text[ACCOUNT_FAMILY_NAME];

	if (account->text[ACCOUNT_DISPLAY_NAME].at != NULL)
		return account->text[ACCOUNT_DISPLAY_NAME];
	if (given.at == NULL || family.at == NULL)
		return given.at != NULL ? given : family;
	return arena_format(report->arena, "%.*s %.*s", SPAN_ARG(given), SPAN_ARG(family));
}

static void write_person(void *context, const struct link *link)
{
	struct report *report = context;
	struct account account = { 0 };
	struct origins origins;

	arena_reset(report->arena);
	(void)decode(report, link->acknowledged, &account);
	origins = find_origins(report, &link->key, account.workspaces, account.workspace_count);
	report_writer_row(report->writer,
	    (const struct report_cell[]) {
		report_text(link->user_name),
		report_bool(link->is_active),
		report_text(full_name(report, &account)),
		(struct report_cell) { .items = origins.items, .count = origins.count },
		report_time(link->changed_ms),
		report_time(link->missing_since_ms),
		report_text(account.text[ACCOUNT_EXTERNAL_ID]),
		report_text(link->dn),
		report_key(report, &link->key),
		report_text(link->account_id),
	    });
}

static void write_grant(void *context, struct span workspace, const struct link *link)
{
	struct report *report = context;
	struct origins origins;

	arena_reset(report->arena);
	origins = find_origins(report, &link->key, &workspace, 1);
	report_writer_row(report->writer, (const struct report_cell[]) {
					      report_text(origins.items[0].b),
					      report_text(link->user_name),
					      report_bool(link->is_active),
					      report_time(origins.since_ms[0]),
					      report_text(origins.items[0].c),
					      report_number_or_none(origins.run_id[0]),
					      report_text(link->dn),
					      report_key(report, &link->key),
					      report_text(link->account_id),
					      report_text(workspace),
					  });
}

static void write_leaver(void *context, const struct record *record)
{
	struct report *report = context;
	const struct action *action = record->action;
	bool is_done = action->state == ACTION_DONE;
	int64_t seen_ms;

	arena_reset(report->arena);
	seen_ms = find_seen(report, record);
	report_writer_row(report->writer,
	    (const struct report_cell[]) {
		report_time(seen_ms),
		is_done ? report_time(action->at_ms) : report_none(),
		is_done && seen_ms != 0 ? report_number((action->at_ms - seen_ms) / TIME_SECOND_MS)
					: report_none(),
		report_text_c(action_state_name(action->state)),
		report_text_c(reason_code_name(action->reason)),
		report_text(action->user_name),
		report_text(action->detail),
		report_number_or_none(action->hold_id),
		report_decision(record),
		report_text(record->decided_by),
		report_text(action->answer),
		report_number(action->run_id),
		report_text(action->dn),
		report_key(report, &action->key),
		report_text(action->account_id),
	    });
}

static enum status list_all(struct report *report, struct err *reterr)
{
	const struct record_query leavers = leavers_of(report);
	struct store *store = report->input->store;
	enum status status;

	report_writer_begin_table(report->writer, &person_table);
	status = store_record_each_link(store, write_person, report, reterr);
	report_writer_end_table(report->writer);
	report_writer_begin_table(report->writer, &grant_table);
	if (status == STATUS_OK)
		status = store_record_each_grant(store, write_grant, report, reterr);
	report_writer_end_table(report->writer);
	report_writer_begin_table(report->writer, &leaver_table);
	if (status == STATUS_OK)
		status = store_record_each(store, &leavers, write_leaver, report, reterr);
	report_writer_end_table(report->writer);
	return status;
}

static enum status make(struct report *report, struct err *reterr)
{
	const struct record_query leavers = leavers_of(report);
	struct store *store = report->input->store;
	struct access_count count = { .report = report };
	enum status status = store_record_each_link(store, count_link, &count, reterr);

	if (status == STATUS_OK)
		status = store_record_each_grant(store, count_grant, &count, reterr);
	if (status == STATUS_OK)
		status = store_record_each(store, &leavers, count_leaver, &count, reterr);
	if (status == STATUS_OK) {
		report_begin(report);
		write_facts(report, &count);
		write_charts(report, &count);
		status = list_all(report, reterr);
	}
	free(count.workspaces);
	return status;
}

const struct report_plan report_access = {
	.title = "Access",
	.tables = tables,
	.table_count = sizeof(tables) / sizeof(tables[0]),
	.about_now = "now; leavers ",
	.make = make,
};
