/* SPDX-License-Identifier: ISC */
/*
 * Every report in every form against the stored outputs in expected/, over a small record with a
 * hostile person in it.  UPDATE_EXPECTED=1 stores them anew: then read the difference.
 */
#include "tests.h"

#include "base/time.h"
#include "base/unicode.h"
#include "fake_store.h"
#include "report/report.h"
#include <stdlib.h>

#define TEXT(text) SPAN_INIT(text)
/* 2026-03-01T08:00:00Z */
#define START    INT64_C(1772352000000)
#define FINANCE  "8a81b09d5e8c6f27015ece3402487d33"
#define HR       "8a81b09d5e8c6f27015ece3402487d34"
#define EVIL     "=cmd|' /C calc'!A0,\"<script>alert(1)</script>\r\n\xe2\x80\xae\xf0\x9f\x91\xbb\xff&"
#define ADA      "\"userName\":\"ada@corp.example\"}"
#define ADA_NONE "{\"active\":true,\"name.familyName\":\"Rai\"," ADA
#define ADA_BOTH                                                                                   \
	"{\"active\":true,\"entitlements\":[\"" FINANCE "\",\"" HR                                 \
	"\"],\"name.familyName\":\"Ray\",\"name.givenName\":\"Ada\"," ADA
#define BEN "{\"active\":true,\"entitlements\":[\"" HR "\"],\"userName\":\"ben@corp.example\"}"
#define BEN_GONE                                                                                   \
	"{\"active\":false,\"entitlements\":[\"" HR "\"],\"userName\":\"ben@corp.example\"}"

static const struct action actions[] = {
	{ .id = 1,
	    .run_id = 1,
	    .kind = ACTION_UPDATE,
	    .state = ACTION_DONE,
	    .reason = REASON_ATTRIBUTE_CHANGED,
	    .detail = TEXT("+ Finance Planning via CN=Sub > CN=Anaplan Finance; + HR by rule "
			   "(departmentNumber=HR*)"),
	    .key = { { 0xad, 0xa0 } },
	    .directory = TEXT("corp"),
	    .dn = TEXT("CN=Ada Ray,OU=Staff,DC=corp,DC=example"),
	    .account_id = TEXT("41"),
	    .user_name = TEXT("ada@corp.example"),
	    .before = TEXT(ADA_NONE),
	    .after = TEXT(ADA_BOTH),
	    .request = { TEXT("PATCH"), TEXT("/Users/41"), TEXT("{}") },
	    .attempts = 1,
	    .http_status = 200,
	    .request_id = TEXT("req-1"),
	    .at_ms = START + 2000 },
	/* A leaver: refused, held, then done. */
	{ .id = 2,
	    .run_id = 1,
	    .kind = ACTION_DEACTIVATE,
	    .state = ACTION_FAILED,
	    .reason = REASON_DELETED,
	    .key = { { 0xbe } },
	    .account_id = TEXT("42"),
	    .user_name = TEXT("ben@corp.example"),
	    .before = TEXT(BEN),
	    .after = TEXT(BEN_GONE),
	    .http_status = 503,
	    .answer = TEXT("PATCH /Users/42: 503 busy"),
	    .at_ms = START + 3000 },
	{ .id = 3,
	    .run_id = 2,
	    .kind = ACTION_DEACTIVATE,
	    .state = ACTION_DONE,
	    .reason = REASON_DELETED,
	    .detail = TEXT("the entry is gone"),
	    .key = { { 0xbe } },
	    .account_id = TEXT("42"),
	    .user_name = TEXT("ben@corp.example"),
	    .before = TEXT(BEN),
	    .after = TEXT(BEN_GONE),
	    .request = { TEXT("PATCH"), TEXT("/Users/42"), TEXT("{}") },
	    .attempts = 2,
	    .http_status = 200,
	    .at_ms = START + 2 * TIME_DAY_MS,
	    .hold_id = 1 },
	{ .id = 4,
	    .run_id = 2,
	    .kind = ACTION_UPDATE,
	    .state = ACTION_DONE,
	    .reason = REASON_DRIFT,
	    .key = { { 0xad, 0xa0 } },
	    .account_id = TEXT("41"),
	    .user_name = TEXT("ada@corp.example"),
	    .before = TEXT("{\"active\":true,\"entitlements\":[\"8a82\",\"" FINANCE "\",\"" HR
			   "\"],\"name.familyName\":\"Ray\",\"name.givenName\":\"Eve\"," ADA),
	    .after = TEXT(ADA_BOTH),
	    .request = { TEXT("PATCH"), TEXT("/Users/41"), TEXT("{}") },
	    .http_status = 200,
	    .at_ms = START + 2 * TIME_DAY_MS + 1 },
	{ .id = 5,
	    .run_id = 2,
	    .kind = ACTION_REJECTED,
	    .state = ACTION_STATE_REJECTED,
	    .reason = REASON_UNMAPPABLE,
	    .detail = TEXT(EVIL),
	    .key = { { 0xef } },
	    .dn = TEXT(EVIL),
	    .user_name = TEXT(EVIL),
	    .at_ms = START + 2 * TIME_DAY_MS + 2 },
	{ .id = 6,
	    .run_id = 2,
	    .kind = ACTION_CREATE,
	    .state = ACTION_HELD,
	    .reason = REASON_JOINED,
	    .user_name = TEXT("new@corp.example"),
	    .after = TEXT("broken"),
	    .at_ms = START + 2 * TIME_DAY_MS + 3,
	    .hold_id = 2 },
};

static const struct record records[] = {
	{ &actions[0], START, 0, HOLD_OPEN, 0, { NULL, 0 } },
	{ &actions[1], START, 0, HOLD_OPEN, 0, { NULL, 0 } },
	{ &actions[2], START + TIME_DAY_MS, START + TIME_HOUR_MS, HOLD_APPROVED,
	    START + TIME_DAY_MS, TEXT("root (sudo: ada)") },
	{ &actions[3], START + TIME_DAY_MS, 0, HOLD_OPEN, 0, { NULL, 0 } },
	{ &actions[4], START + TIME_DAY_MS, 0, HOLD_OPEN, 0, { NULL, 0 } },
	{ &actions[5], START + TIME_DAY_MS, START + TIME_DAY_MS, HOLD_OPEN, 0, { NULL, 0 } },
};

static const struct run runs[] = {
	{ .id = 1,
	    .kind = CYCLE_FULL,
	    .started_ms = START,
	    .ended_ms = START + 95000,
	    .exit_code = 69,
	    .config_digest = TEXT("c0ffee"),
	    .error = TEXT("directory: cannot connect"),
	    .certificate = TEXT("[{\"certified\":false,\"entries\":7,\"groups\":1,"
				"\"missing\":\"the canary CN=Here was not seen\",\"peer\":"
				"\"ldaps://dc1.corp.example\"}]"),
	    .summary = { .update = 1, .deactivate = 1, .done = 1, .failed = 1 } },
	{ .id = 2,
	    .kind = CYCLE_RECONCILE,
	    .started_ms = START + TIME_DAY_MS,
	    .ended_ms = START + TIME_DAY_MS + 5000,
	    .exit_code = 3,
	    .is_certified = true,
	    .certificate = TEXT("[{\"certified\":true,\"entries\":8,\"groups\":2,\"identity\":"
				"\"CN=agent\",\"peer\":\"ldaps://dc1.corp.example\"}]"),
	    .summary = { .done = 2, .held = 1, .rejected = 1, .unchanged = 6, .orphan = 3 } },
	{ .id = 3,
	    .kind = CYCLE_DELTA,
	    .started_ms = START + 2 * TIME_DAY_MS,
	    .exit_code = -1,
	    .certificate = TEXT("broken") },
};

static const struct hold holds[] = {
	{ .id = 1,
	    .run_id = 1,
	    .class = GUARD_DEACTIVATIONS,
	    .since_ms = START + TIME_HOUR_MS,
	    .count = 60,
	    .limit = 50,
	    .decision = HOLD_APPROVED,
	    .decided_ms = START + TIME_DAY_MS,
	    .decided_by = TEXT("root (sudo: ada)"),
	    .ended_ms = START + 2 * TIME_DAY_MS },
	{ .id = 2,
	    .run_id = 2,
	    .class = GUARD_RENAMES,
	    .since_ms = START + TIME_DAY_MS,
	    .count = 1 },
};

static const struct link links[] = {
	{ .key = { { 0xef } },
	    .dn = TEXT(EVIL),
	    .account_id = TEXT("+43"),
	    .user_name = TEXT(EVIL),
	    .acknowledged = TEXT("{\"active\":true,\"entitlements\":[\"8a82\"],\"name.familyName\":"
				 "\"@SUM(1)\",\"userName\":\"x\"}"),
	    .is_active = true,
	    .changed_ms = START },
	{ .key = { { 0xad, 0xa0 } },
	    .dn = TEXT("CN=Ada Ray,OU=Staff,DC=corp,DC=example"),
	    .account_id = TEXT("41"),
	    .user_name = TEXT("ada@corp.example"),
	    .acknowledged = TEXT(ADA_BOTH),
	    .is_active = true,
	    .changed_ms = START + 2000 },
	{ .key = { { 0xbe } },
	    .dn = TEXT("CN=Ben,DC=corp"),
	    .account_id = TEXT("42"),
	    .user_name = TEXT("ben@corp.example"),
	    .acknowledged = TEXT(BEN_GONE),
	    .changed_ms = START + 2 * TIME_DAY_MS },
};

static const struct fake_grant grants[] = {
	{ TEXT("8a82"), 0 },
	{ TEXT(FINANCE), 1 },
	{ TEXT(HR), 1 },
	{ TEXT(HR), 2 },
};

static struct store full_store(void)
{
	return (struct store) {
		.records = records,
		.record_count = sizeof(records) / sizeof(records[0]),
		.runs = runs,
		.run_count = sizeof(runs) / sizeof(runs[0]),
		.holds = holds,
		.hold_count = sizeof(holds) / sizeof(holds[0]),
		.links = links,
		.link_count = sizeof(links) / sizeof(links[0]),
		.grants = grants,
		.grant_count = sizeof(grants) / sizeof(grants[0]),
	};
}

static struct span name_of(void *context, struct span id)
{
	(void)context;
	if (span_equal(id, SPAN(FINANCE)))
		return SPAN("Finance Planning");
	return span_equal(id, SPAN(HR)) ? SPAN("HR") : SPAN_NULL;
}

static bool take(void *context, struct span piece)
{
	str_add(context, piece);
	return true;
}

static struct str make_for(struct store *store, enum report_kind kind, enum report_format format,
    struct report_period period, size_t width)
{
	struct str out = { 0 };
	const struct report_input input = {
		.kind = kind,
		.period = period,
		.now_ms = START + 7 * TIME_DAY_MS,
		.tenant = SPAN("https://api.anaplan.com/scim/1/0/v2"),
		.program = SPAN("scimward"),
		.store = store,
		.workspace_name = name_of,
		.output = { .format = format, .write = take, .context = &out, .width = width },
	};
	bool is_written = false;
	struct err err;

	if (report_make(&input, &is_written, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	assert_true(is_written);
	return out;
}

static struct str make(struct store *store, enum report_kind kind, enum report_format format,
    struct report_period period)
{
	return make_for(store, kind, format, period, 0);
}

static const struct report_period always = { INT64_MIN, INT64_MAX };
static const char *const endings[] = { "txt", "json", "csv", "html" };

static void test_stored(void **state)
{
	(void)state;
	for (int kind = 0; kind < REPORT_KIND_COUNT; kind++) {
		for (int format = REPORT_TEXT; format <= REPORT_HTML; format++) {
			struct store store = full_store();
			struct str name = { 0 };
			struct str out = make(
			    &store, (enum report_kind)kind, (enum report_format)format, always);

			if (format == REPORT_HTML)
				cut_common_parts(&out);
			assert_true(utf8_is_valid(str_span(&out)));
			str_addf(&name, "report-%s.%s", report_kind_name((enum report_kind)kind),
			    endings[format]);
			assert_stored(str_c(&name), &out);
			str_done(&name);
		}
	}
}

/* Of what belongs to a row: the sentences about all of it are left to the terminal. */
static void test_rows_fit(void **state)
{
	static const size_t widths[] = { 30, 50, 80, 120 };

	(void)state;
	for (int kind = 0; kind < REPORT_KIND_COUNT; kind++) {
		for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
			struct store store = full_store();
			struct str out = make_for(
			    &store, (enum report_kind)kind, REPORT_TEXT, always, widths[i]);
			struct span rest = str_span(&out);

			while (rest.len > 0) {
				struct span line = span_split(&rest, '\n');

				if (line.len > 2 && line.at[0] == ' ' &&
				    utf8_columns(line) > widths[i])
					fail_msg("%zu: %.*s", widths[i], SPAN_ARG(line));
			}
			str_done(&out);
		}
	}
}

/* Nothing that a person wrote stands in a form where it means something. */
static void test_hostile_values_are_tame(void **state)
{
	(void)state;
	for (int kind = 0; kind < REPORT_KIND_COUNT; kind++) {
		struct store store = full_store();
		struct str text = make(&store, (enum report_kind)kind, REPORT_TEXT, always);
		struct str csv = make(&store, (enum report_kind)kind, REPORT_CSV, always);
		struct str html = make(&store, (enum report_kind)kind, REPORT_HTML, always);

		assert_null(strchr(str_c(&text), '\r'));
		assert_null(strstr(str_c(&text), "\xe2\x80\xae"));
		assert_null(strstr(str_c(&csv), ",="));
		assert_null(strstr(str_c(&csv), ",\"="));
		assert_null(strstr(str_c(&csv), ",+"));
		assert_null(strstr(str_c(&csv), ",@"));
		assert_null(strstr(str_c(&html), "<script>alert"));
		assert_null(strstr(str_c(&html), "\xe2\x80\xae"));
		str_done(&text);
		str_done(&csv);
		str_done(&html);
	}
}

static void test_formulas(void **state)
{
	static const char *const hostile[] = { "=1", "+1", "-1", "@A1", " =1", "\t=1", "\r=1",
		"\n=1", "＝1", "'=1" };
	struct store store = full_store();
	struct action action = actions[4];
	struct record record = { .action = &action };

	(void)state;
	store.records = &record;
	store.record_count = 1;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct str out;
		const char *at;

		action.user_name = span_of(hostile[i]);
		out = make(&store, REPORT_CHANGES, REPORT_CSV, always);
		at = strstr(str_c(&out), ",unmappable,");
		assert_non_null(at);
		at += strlen(",unmappable,");
		at += *at == '"';
		/* Controls are escaped, and begin with a backslash then. */
		assert_true(*at == '\'' || *at == '\\');
		str_done(&out);
	}
}

static void test_a_period(void **state)
{
	struct store store = full_store();
	const struct report_period first = { START, START + TIME_DAY_MS };
	const struct report_period none = { 0, 1 };
	struct str out = make(&store, REPORT_CHANGES, REPORT_TEXT, first);

	(void)state;
	assert_non_null(
	    strstr(str_c(&out), "Changes from 2026-03-01T08:00:00Z until 2026-03-02T08:00:00Z\n"));
	assert_non_null(strstr(str_c(&out), "503 busy"));
	assert_null(strstr(str_c(&out), "gone"));
	str_done(&out);
	for (int kind = 0; kind < REPORT_KIND_COUNT; kind++) {
		for (int format = REPORT_TEXT; format <= REPORT_HTML; format++) {
			out = make(
			    &store, (enum report_kind)kind, (enum report_format)format, none);
			assert_true(out.len > 0);
			str_done(&out);
		}
	}
	out = make(&store, REPORT_RUNS, REPORT_TEXT, none);
	assert_non_null(strstr(str_c(&out), "There was no run in this period."));
	str_done(&out);
}

static bool refuse(void *context, struct span piece)
{
	(void)context;
	(void)piece;
	return false;
}

/* Whatever cannot be read or written is said. */
static void test_faults(void **state)
{
	(void)state;
	for (int kind = 0; kind < REPORT_KIND_COUNT; kind++) {
		struct store store = full_store();
		struct report_input input = { .kind = (enum report_kind)kind,
			.period = always,
			.store = &store,
			.output = { .format = REPORT_JSON, .write = refuse } };
		bool is_written = true;
		unsigned calls;

		assert_int_equal(report_make(&input, &is_written, NULL), STATUS_OK);
		assert_false(is_written);
		calls = store.calls;
		for (unsigned i = 1; i <= calls; i++) {
			struct err err = { "" };

			store = full_store();
			store.fails_at = i;
			assert_int_equal(report_make(&input, &is_written, &err), STATUS_RETRY);
			assert_string_equal(err.text, "busy");
		}
	}
}

/* Days are put together until the chart has some sixty bars. */
static void test_many_days(void **state)
{
	enum { DAYS = 400 };
	struct action *many = calloc(DAYS, sizeof(*many));
	struct record *list = calloc(DAYS, sizeof(*list));
	struct store store = { .records = list, .record_count = DAYS };
	struct str out;
	size_t bars = 0;

	(void)state;
	for (int i = 0; i < DAYS; i++) {
		many[i] = actions[0];
		many[i].at_ms = START + i * TIME_DAY_MS;
		list[i] = (struct record) { .action = &many[i] };
	}
	out = make(&store, REPORT_CHANGES, REPORT_HTML, always);
	for (const char *at = str_c(&out); (at = strstr(at, "<rect class=\"s0\" x=")) != NULL; at++)
		bars++;
	assert_in_range(bars, 50, 62);
	str_done(&out);
	free(many);
	free(list);
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		bool is_end;
		int64_t expected;
	} times[] = {
		{ "2026-03-01", false, START - 8 * TIME_HOUR_MS },
		{ "2026-03-01", true, START + 16 * TIME_HOUR_MS },
		{ "2026-03-01T08:00:00Z", true, START },
		{ "2026-03-01T10:00:00+02:00", false, START },
		{ "7d", false, START - 7 * TIME_DAY_MS },
		{ "90m", true, START - 90 * TIME_MINUTE_MS },
	};
	static const char *const wrong[] = { "", "yesterday", "2026-02-30", "7", "-7d", "7w" };
	int64_t got;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_int_equal(
		    report_time_parse(span_of(times[i].text), START, times[i].is_end, &got, &err),
		    STATUS_OK);
		assert_int_equal(got, times[i].expected);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(
		    report_time_parse(span_of(wrong[i]), START, false, &got, &err), STATUS_REJECT);
		assert_non_null(strstr(err.text, "is no time"));
	}
}

const struct CMUnitTest report_tests[] = {
	cmocka_unit_test(test_stored),
	cmocka_unit_test(test_rows_fit),
	cmocka_unit_test(test_hostile_values_are_tame),
	cmocka_unit_test(test_formulas),
	cmocka_unit_test(test_a_period),
	cmocka_unit_test(test_faults),
	cmocka_unit_test(test_many_days),
	cmocka_unit_test(test_times),
};
const size_t report_test_count = sizeof(report_tests) / sizeof(report_tests[0]);
