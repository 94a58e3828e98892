/* SPDX-License-Identifier: ISC */
/*
 * Explanations of people in every situation, in each form, against the stored outputs in expected/.
 */
#include "tests.h"

#include "base/time.h"
#include "base/unicode.h"
#include "report/explanation.h"
#include "report/lines.h"

#define NOW         INT64_C(1772366400000) /* 2026-03-01T12:00:00Z */
#define FINANCE     "8a81b09d5e8c6f27015ece3402487d33"
#define COUNT(list) (sizeof(list) / sizeof(*(list)))
/* Controls, a change of direction, a line separator, and bytes that are not UTF-8. */
#define HOSTILE "\x1b[31m\xe2\x80\xae\r\n\xe2\x80\xa8\x07\xff"

static bool take(void *context, struct span piece)
{
	str_add(context, piece);
	return true;
}

static bool refuse(void *context, struct span piece)
{
	(void)context, (void)piece;
	return false;
}

static struct span name_of(void *context, struct span id)
{
	(void)context;
	return span_equal(id, SPAN(FINANCE)) ? SPAN("Finance Planning") : SPAN_NULL;
}

static struct str written(const struct explanation *told, bool is_json, unsigned width)
{
	struct str out = { 0 };
	struct plan_writer_options options = { .is_json = is_json,
		.width = width,
		.write = take,
		.write_context = &out,
		.workspace_name = name_of };

	assert_true(explanation_write(told, &options));
	return out;
}

static void assert_written(const struct explanation *told, const char *text, const char *json)
{
	struct str out = written(told, false, 0);

	assert_stored(text, &out);
	out = written(told, true, 0);
	assert_stored(json, &out);
}

/* ---- somebody with everything ---- */

static const char *const bases[] = { "OU=Staff,DC=corp,DC=example", "OU=More,DC=corp,DC=example" };
static const struct explained_scope scope = { bases, COUNT(bases), "subtree", "(mail=*)" };
static const struct uuid key = { { 0x11, 0x22 } };

static const struct explained_directory directories[] = {
	{ .name = SPAN_INIT("corp"),
	    .scope = scope,
	    .place = PLACE_IN_SCOPE,
	    .base = SPAN_INIT("OU=Staff,DC=corp,DC=example"),
	    .key = { { 0x11, 0x22 } },
	    .dn = SPAN_INIT("CN=Ada Ray,OU=Staff,DC=corp,DC=example"),
	    .user_name = SPAN_INIT("ada.ray@corp.example"),
	    .is_chosen = true },
	{ .name = SPAN_INIT("agency"),
	    .scope = { bases, COUNT(bases), "one", NULL },
	    .place = PLACE_IN_SCOPE,
	    .key = { { 0x33 } },
	    .dn = SPAN_INIT("CN=Ada,O=Agency"),
	    .user_name = SPAN_INIT("ada.ray@corp.example") },
	{ .name = SPAN_INIT("left"),
	    .scope = scope,
	    .place = PLACE_LEFT_OUT,
	    .why = SPAN_INIT("(mail=*)") },
	{ .name = SPAN_INIT("elsewhere"), .scope = scope, .place = PLACE_ELSEWHERE },
	{ .name = SPAN_INIT("unentitled"), .scope = scope, .place = PLACE_NOT_ENTITLED },
	{ .name = SPAN_INIT("unreadable"),
	    .scope = scope,
	    .place = PLACE_UNREADABLE,
	    .why = SPAN_INIT("access denied") },
	{ .name = SPAN_INIT("a-directory-with-a-long-name"),
	    .scope = scope,
	    .place = PLACE_DOWN,
	    .why = SPAN_INIT("connection refused") },
};

static const struct explained_rival rivals[] = {
	{ SPAN_INIT("agency"), SPAN_INIT("CN=Ada,O=Agency"), { { 0x33 } }, RIVAL_LOSES },
	{ SPAN_INIT("corp"), SPAN_INIT("CN=A,OU=Staff"), { { 0x34 } }, RIVAL_KEEPS },
	{ SPAN_INIT("corp"), SPAN_INIT("CN=B,OU=Staff"), { { 0x35 } }, RIVAL_BOTH },
};

static const struct rule_trace rules[] = {
	{ ACCOUNT_USER_NAME, SPAN_INIT("${mail|lower}"), { NULL, 0 }, RULE_WON,
	    SPAN_INIT("ada.ray@corp.example") },
	{ ACCOUNT_USER_NAME, SPAN_INIT("${uid}"), { NULL, 0 }, RULE_AFTER_WINNER,
	    SPAN_INIT("ada") },
	{ ACCOUNT_EXTERNAL_ID, SPAN_INIT("${employeeNumber}"), { NULL, 0 }, RULE_EMPTY,
	    { NULL, 0 } },
	{ ACCOUNT_FAMILY_NAME, SPAN_INIT("${sn}"), SPAN_INIT("(sn=*)"), RULE_WON,
	    SPAN_INIT("R" HOSTILE) },
	{ ACCOUNT_TITLE, SPAN_INIT("${title}"), { NULL, 0 }, RULE_FAULT,
	    SPAN_INIT("title: the value holds a control character") },
	{ ACCOUNT_ACTIVE, SPAN_INIT("false"), SPAN_INIT("(type=ended)"), RULE_WHEN_FALSE,
	    { NULL, 0 } },
};

static const struct grant_trace grants[] = {
	{ SPAN_INIT(FINANCE), SPAN_INIT("Finance Planning"), { NULL, 0 }, SPAN_INIT("CN=Finance"),
	    GRANT_BY_GROUP, SPAN_INIT("CN=Team > CN=Finance"), false },
	{ SPAN_INIT("w2"), { NULL, 0 }, SPAN_INIT("(d=HR)"), { NULL, 0 }, GRANT_BY_WHEN,
	    { NULL, 0 }, false },
	{ SPAN_INIT("w3"), SPAN_INIT("Legal"), SPAN_INIT("(t=c)"), SPAN_INIT("CN=Legal"),
	    GRANT_NONE, SPAN_INIT("CN=Legal"), true },
	{ SPAN_INIT("w4"), SPAN_INIT("Sales"), { NULL, 0 }, SPAN_INIT("CN=Sales"), GRANT_NONE,
	    { NULL, 0 }, false },
	{ SPAN_INIT("w5"), SPAN_INIT("Plants"), { NULL, 0 }, SPAN_INIT("CN=Plants"), GRANT_UNKNOWN,
	    SPAN_INIT("CN=Plants: no such object (32)"), false },
};

#define BEFORE "{\"active\":true,\"name.familyName\":\"Rai\",\"userName\":\"ada.ray@corp.example\"}"
#define AFTER  "{\"active\":false,\"name.familyName\":\"Ray\",\"userName\":\"ada.ray@corp.example\"}"

static const struct action update = {
	.id = 7,
	.run_id = 12,
	.kind = ACTION_DEACTIVATE,
	.state = ACTION_DONE,
	.reason = REASON_DISABLED,
	.detail = SPAN_INIT("because of " HOSTILE),
	.key = { { 0x11, 0x22 } },
	.dn = SPAN_INIT("CN=Ada Ray,OU=Staff,DC=corp,DC=example"),
	.account_id = SPAN_INIT("42"),
	.user_name = SPAN_INIT("ada.ray@corp.example"),
	.before = SPAN_INIT(BEFORE),
	.after = SPAN_INIT(AFTER),
	.request = { SPAN_INIT("PATCH"), SPAN_INIT("/Users/42"), SPAN_INIT("{\"Operations\":[]}") },
	.http_status = 200,
	.request_id = SPAN_INIT("req-9"),
	.at_ms = NOW - TIME_DAY_MS,
	.hold_id = 3,
};

static const struct action failed = {
	.run_id = 13,
	.kind = ACTION_UPDATE,
	.state = ACTION_STATE_REJECTED,
	.reason = REASON_ATTRIBUTE_CHANGED,
	.account_id = SPAN_INIT("42"),
	.user_name = SPAN_INIT("ada.ray@corp.example"),
	.request = { SPAN_INIT("PATCH"), SPAN_INIT("/Users/42"),
	    SPAN_INIT("{\"Operations\":[1]}") },
	.http_status = 400,
	.answer = SPAN_INIT("PATCH /Users/42: 400 " HOSTILE),
	.at_ms = NOW - TIME_HOUR_MS,
};

static const struct record refused = { .action = &failed, .run_started_ms = NOW - TIME_HOUR_MS };

static const struct record history[] = {
	{ .action = &failed, .run_started_ms = NOW - TIME_HOUR_MS },
	{ .action = &update,
	    .run_started_ms = NOW - TIME_DAY_MS,
	    .hold_since_ms = NOW - 2 * TIME_DAY_MS,
	    .decision = HOLD_APPROVED,
	    .decided_ms = NOW - TIME_DAY_MS,
	    .decided_by = SPAN_INIT("boss") },
};

static struct explained_hold hold_of(int64_t id, enum hold_decision decision)
{
	return (struct explained_hold) {
		.hold = { .id = id,
		    .class = GUARD_DEACTIVATIONS,
		    .since_ms = NOW,
		    .count = 60,
		    .limit = 50,
		    .decision = decision,
		    .decided_ms = decision == HOLD_OPEN ? 0 : NOW,
		    .decided_by = decision == HOLD_OPEN ? SPAN_NULL : SPAN("boss") },
		.action = update,
	};
}

static struct span granted[] = { SPAN_INIT(FINANCE) };

static struct explanation ada(void)
{
	return (struct explanation) {
		.who = SPAN("ada.ray@corp.example"),
		.now_ms = NOW,
		.directories = directories,
		.directory_count = 1,
		.chosen = &directories[0],
		.trace = { rules, COUNT(rules), grants, COUNT(grants) },
		.has_desired = true,
		.desired = { .text = { [ACCOUNT_FAMILY_NAME] = SPAN("Ray"),
				 [ACCOUNT_USER_NAME] = SPAN("Ada.Ray@corp.example") },
		    .is_active = true,
		    .workspaces = granted,
		    .workspace_count = 1 },
		.is_linked = true,
		.link = { .key = key,
		    .account_id = SPAN("42"),
		    .user_name = SPAN("ada.ray@corp.example"),
		    .is_active = true,
		    .changed_ms = NOW - TIME_DAY_MS },
		.link_directory = SPAN("corp"),
		.linked_since_ms = NOW - 9 * TIME_DAY_MS,
		.has_acknowledged = true,
		.acknowledged = { .text = { [ACCOUNT_FAMILY_NAME] = SPAN("Ray"),
				      [ACCOUNT_EXTERNAL_ID] = SPAN("E1"),
				      [ACCOUNT_USER_NAME] = SPAN("ada.ray@corp.example") },
		    .is_active = true,
		    .workspaces = granted,
		    .workspace_count = 1 },
		.has_observed = true,
		.observed = { .has_active = true,
		    .account = { .text = { [ACCOUNT_FAMILY_NAME] = SPAN("Ray"),
				     [ACCOUNT_EXTERNAL_ID] = SPAN("E1"),
				     [ACCOUNT_USER_NAME] = SPAN("ada.ray@corp.example") },
			.is_active = true,
			.workspaces = granted,
			.workspace_count = 1 } },
		.is_planned = true,
	};
}

/* ---- tests ---- */

static void test_in_step(void **state)
{
	struct explanation told = ada();

	(void)state;
	assert_written(&told, "explain-in-step.txt", "explain-in-step.json");
}

static void test_everything_at_once(void **state)
{
	struct explanation told = ada();
	const struct explained_hold holds[] = { hold_of(3, HOLD_OPEN), hold_of(4, HOLD_APPROVED),
		hold_of(5, HOLD_REJECTED) };
	const struct explained_gap gaps[] = { { "directory", SPAN("a-directory-with-a-long-name"),
	    SPAN("connection refused " HOSTILE) } };

	(void)state;
	told.directory_count = COUNT(directories);
	told.rivals = rivals;
	told.rival_count = COUNT(rivals);
	told.gaps = gaps;
	told.gap_count = COUNT(gaps);
	told.refusal = SPAN("title: the value holds a control character");
	told.turns_ms = NOW + TIME_DAY_MS;
	told.is_expired = true;
	told.observed.account.text[ACCOUNT_FAMILY_NAME] = SPAN("Other");
	told.observed.account.text[ACCOUNT_EXTERNAL_ID] = SPAN_NULL;
	told.observed.account.workspace_count = 0;
	told.observed.account.is_active = false;
	told.is_own = told.is_protected = true;
	told.leaver_since_ms = NOW - TIME_DAY_MS;
	told.leaver_until_ms = NOW + TIME_DAY_MS;
	told.has_quarantine = true;
	told.quarantine = (struct quarantine) { .key = key,
		.attempts = 2,
		.since_ms = NOW - TIME_HOUR_MS,
		.not_before_ms = NOW + TIME_HOUR_MS,
		.reason = SPAN("400 " HOSTILE) };
	told.refused = &refused;
	told.holds = holds;
	told.hold_count = COUNT(holds);
	told.not_before_ms = NOW + TIME_HOUR_MS;
	told.actions = &update;
	told.action_count = 1;
	told.history = history;
	told.history_count = COUNT(history);
	told.history_total = 5;
	assert_written(&told, "explain-everything.txt", "explain-everything.json");
}

static void test_several(void **state)
{
	const struct explained_match matches[] = {
		{ key, SPAN("CN=Ada,OU=Staff"), SPAN("ada@corp.example"), SPAN("42") },
		{ { { 0 } }, SPAN("CN=Ada" HOSTILE), SPAN_NULL, SPAN_NULL },
	};
	const struct explanation told = { .who = SPAN("ada" HOSTILE),
		.now_ms = NOW,
		.outcome = EXPLAINED_SEVERAL,
		.matches = matches,
		.match_count = COUNT(matches) };

	(void)state;
	assert_written(&told, "explain-several.txt", "explain-several.json");
}

static void assert_says(const struct explanation *told, const char *text)
{
	struct str out = written(told, false, 0);

	if (strstr(str_c(&out), text) == NULL)
		fail_msg("\"%s\" is not in:\n%s", text, str_c(&out));
	str_done(&out);
}

/* What nothing to do means depends on who it is. */
static void test_why_nothing_happens(void **state)
{
	struct explanation told = ada();
	const struct explained_directory gone = { .name = SPAN("corp"), .place = PLACE_NOT_THERE };
	const struct explained_directory hidden = { .name = SPAN("corp"),
		.place = PLACE_UNREADABLE };

	(void)state;
	told.chosen = NULL;
	told.directories = &gone;
	assert_says(&told, "The account stays: policy.leavers keeps it.");
	told.directories = &hidden;
	assert_says(&told, "The account stays: that the person is gone is not proved.");
	assert_says(&told, ": scope not known; active account; the next cycle changes nothing");
	told.would_begin_grace = true;
	told.leaver_until_ms = NOW;
	assert_says(&told, "The grace period begins; until 2026-03-01T12:00:00Z the account stays");
	told = ada();
	told.is_linked = false;
	told.desired.is_active = false;
	assert_says(&told, "Who may not log in gets no account.");
	told.chosen = NULL;
	assert_says(&told, "Who is not in scope gets no account.");
	told.is_planned = false;
	assert_says(&told, "what would change cannot be told");
}

static void test_an_account_that_the_tenant_lost_or_does_not_show(void **state)
{
	struct explanation told = ada();

	(void)state;
	told.has_observed = false;
	assert_says(&told, "could not be asked how the account is now");
	told.is_account_gone = true;
	assert_says(&told, "the account is not there any more");
	told.has_observed = true;
	told.is_account_gone = false;
	told.observed.has_active = false;
	told.observed.account.is_active = false;
	assert_says(&told, "the account is as it was acknowledged");
}

static void test_what_cannot_be_written_is_told(void **state)
{
	const struct explanation told = ada();
	const struct plan_writer_options options = { .write = refuse };

	(void)state;
	assert_false(explanation_write(&told, &options));
}

/* Every line fits, down to a terminal that nobody has; nothing is lost on the way. */
static void test_it_fits(void **state)
{
	struct explanation told = ada();

	(void)state;
	told.directory_count = COUNT(directories);
	told.history = history;
	told.history_count = told.history_total = COUNT(history);
	for (unsigned width = 24; width <= 120; width++) {
		struct str out = written(&told, false, width);
		struct span rest = str_span(&out);

		while (rest.len > 0) {
			struct span line = span_split(&rest, '\n');

			if (utf8_columns(line) > width)
				fail_msg("%u: %.*s", width, SPAN_ARG(line));
		}
		str_done(&out);
	}
}

static void assert_line(size_t width, const char *label, const char *text, const char *expected)
{
	struct str out = { 0 };
	struct lines lines = { .out = &out, .width = width };

	lines_put(&lines, label, 10, LINE_PLAIN, span_of(text));
	assert_string_equal(str_c(&out), expected);
	lines_done(&lines);
	str_done(&out);
}

static void test_lines(void **state)
{
	(void)state;
	assert_line(0, "label", "a text that is long", "  label   a text that is long\n");
	assert_line(50, "label", "text", "  label   text\n");
	assert_line(50, "a long label", "text", "  a long label\n          text\n");
	assert_line(50, NULL, "text", "          text\n");
	assert_line(50, "label", "", "  label\n");
	assert_line(40, "l", "a text that goes on in the next line",
	    "  l       a text that goes on in the\n          next line\n");
	assert_line(20, "l", "aaaaaaaaaaaaaaaaaaaa b", "  l aaaaaaaaaaaaaaaa\n    aaaa b\n");
	assert_line(20, "l", "山田山田山田山田山", "  l 山田山田山田山田\n    山\n");
	assert_line(3, "l", "ab", "  l\n  a\n  b\n");
	assert_line(50, "l", "a\x1b\nb", "  l       a\\x1B\\x0Ab\n");
}

const struct CMUnitTest explanation_tests[] = {
	cmocka_unit_test(test_in_step),
	cmocka_unit_test(test_everything_at_once),
	cmocka_unit_test(test_several),
	cmocka_unit_test(test_why_nothing_happens),
	cmocka_unit_test(test_an_account_that_the_tenant_lost_or_does_not_show),
	cmocka_unit_test(test_what_cannot_be_written_is_told),
	cmocka_unit_test(test_it_fits),
	cmocka_unit_test(test_lines),
};
const size_t explanation_test_count = COUNT(explanation_tests);
