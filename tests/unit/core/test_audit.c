/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/audit.h"
#include "core/port_store.h"

#define BEFORE "{\"active\":true,\"userName\":\"ada@corp.example\"}"
#define AFTER                                                                                      \
	"{\"active\":false,\"entitlements\":[\"w1\",\"w2\"],\"userName\":\"ada@corp.example\"}"
#define KEY "07070707-0707-0707-0707-070707070707"

static struct arena *arena;
static struct str body;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	str_done(&body);
	return 0;
}

static struct action whole_action(void)
{
	struct action action = {
		.id = 12,
		.run_id = 3,
		.kind = ACTION_DEACTIVATE,
		.state = ACTION_DONE,
		.reason = REASON_DELETED,
		.detail = SPAN("a tombstone"),
		.directory = SPAN("corp"),
		.dn = SPAN("CN=Ada,DC=corp"),
		.account_id = SPAN("a7"),
		.user_name = SPAN("ada@corp.example"),
		.before = SPAN(BEFORE),
		.after = SPAN(AFTER),
		.request = { SPAN("PATCH"), SPAN("/Users/a7"), SPAN("{\"a\":1}") },
		.attempts = 2,
		.http_status = 200,
		.answer = SPAN("busy before"),
		.request_id = SPAN("r-1"),
		.hold_id = 5,
	};

	memset(action.key.byte, 7, sizeof(action.key.byte));
	return action;
}

static const char *put_action(const struct action *action, struct span approved_by)
{
	str_truncate(&body, 0);
	audit_put_action(action, approved_by, arena, &body);
	assert_true(audit_body_is_json(str_span(&body)));
	return str_c(&body);
}

static void test_an_action_says_everything(void **state)
{
	struct action action = whole_action();

	(void)state;
	assert_string_equal(put_action(&action, SPAN("grace")),
	    "{\"accountId\":\"a7\",\"action\":\"deactivate\",\"after\":" AFTER
	    ",\"answer\":\"busy before\",\"approvedBy\":\"grace\",\"attempts\":2,\"before\":" BEFORE
	    ",\"directory\":\"corp\",\"dn\":\"CN=Ada,DC=corp\",\"hold\":5,\"id\":12,\"key\":\"" KEY
	    "\",\"kind\":\"action\",\"reason\":{\"code\":\"deleted\",\"detail\":\"a tombstone\"},"
	    "\"request\":{\"body\":\"{\\\"a\\\":1}\",\"method\":\"PATCH\",\"path\":\"/Users/a7\"},"
	    "\"requestId\":\"r-1\",\"state\":\"done\",\"status\":200,"
	    "\"userName\":\"ada@corp.example\"}");
}

static void test_what_is_absent_is_left_out(void **state)
{
	struct action action = { .id = 1, .kind = ACTION_LINK, .reason = REASON_ADOPTED };

	(void)state;
	assert_string_equal(put_action(&action, SPAN_NULL),
	    "{\"action\":\"link\",\"id\":1,\"kind\":\"action\",\"reason\":{\"code\":\"adopted\"},"
	    "\"state\":\"planned\"}");
}

/* An account in another order or with spaces comes out in the canonical one. */
static void test_accounts_become_canonical(void **state)
{
	struct action action = { .id = 1,
		.after = SPAN("{ \"userName\" : \"a\",\n \"entitlements\":[\"w2\",\"w1\",\"w1\"],"
			      " \"active\":true }") };

	(void)state;
	assert_contains(put_action(&action, SPAN_NULL),
	    ",\"after\":{\"active\":true,\"entitlements\":[\"w1\",\"w2\"],\"userName\":\"a\"},");
}

static void test_what_is_no_account_is_a_text(void **state)
{
	static const char *const wrong[] = { "", "{", "null", "{\"active\":1}",
		"{\"active\":true,\"kind\":\"x\"}", "\"},\"state\":\"done\"",
		"{\"active\":true}\xff" };
	struct action action = whole_action();

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		action.before = span_of(wrong[i]);
		assert_contains(put_action(&action, SPAN_NULL), ",\"before\":\"");
	}
}

/* Quotes, controls, NUL, bytes that are not UTF-8, 4-byte and right-to-left characters. */
static void test_hostile_values_stay_values(void **state)
{
	static const struct span hostile[] = { SPAN_INIT("\",\"state\":\"done\"}"),
		SPAN_INIT("a\0b\n\r\t\x1b[31m"), SPAN_INIT("\xff\xfe\xc0\xaf\xed\xa0\x80"),
		SPAN_INIT("\xf0\x9f\x98\x80 \xe2\x80\xae"), SPAN_INIT("=cmd|' /C calc'!A0"),
		SPAN_INIT("</script><script>alert(1)</script>"), SPAN_INIT("\\") };
	struct action action = whole_action();

	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct span *const places[] = { &action.dn, &action.user_name, &action.detail,
			&action.answer, &action.request_id, &action.account_id, &action.directory,
			&action.request.method, &action.request.path, &action.request.body,
			&action.before, &action.after };

		for (size_t j = 0; j < COUNT(places); j++)
			*places[j] = hostile[i];
		put_action(&action, hostile[i]);
		assert_null(strstr(str_c(&body), "\"state\":\"done\",\"state\""));
		assert_contains(str_c(&body), ",\"state\":\"done\",\"status\":200,\"userName\":");
		assert_int_equal(strlen(str_c(&body)), body.len);
	}
	action.dn = SPAN("a\0\xff");
	assert_contains(put_action(&action, SPAN_NULL), "\"dn\":\"a\\u0000\xef\xbf\xbd\"");
}

static struct run whole_run(void)
{
	return (struct run) {
		.id = 3,
		.kind = CYCLE_RECONCILE,
		.started_ms = 1000,
		.ended_ms = 2500,
		.exit_code = 4,
		.is_certified = true,
		.certificate = SPAN("[{\"certified\":true}]"),
		.config_digest = SPAN("c0ffee"),
		.error = SPAN("tenant: \"gone\""),
		.summary = { .create = 1,
		    .update = 2,
		    .rename = 3,
		    .deactivate = 4,
		    .reactivate = 5,
		    .link = 6,
		    .held = 7,
		    .conflict = 8,
		    .rejected = 9,
		    .unchanged = 10,
		    .orphan = 11,
		    .done = 12,
		    .failed = 13,
		    .missed = 14 },
	};
}

static void test_runs(void **state)
{
	struct run run = whole_run();

	(void)state;
	audit_put_run_started(&run, &body);
	assert_string_equal(str_c(&body), "{\"config\":\"c0ffee\",\"cycle\":\"reconcile\","
					  "\"kind\":\"run-started\","
					  "\"started\":\"1970-01-01T00:00:01.000Z\"}");
	str_truncate(&body, 0);
	run.by = SPAN("ada");
	audit_put_run_started(&run, &body);
	assert_contains(str_c(&body), "{\"by\":\"ada\",\"config\":\"c0ffee\",");
	str_truncate(&body, 0);
	audit_put_run_ended(&run, &body);
	assert_string_equal(str_c(&body),
	    "{\"certificate\":[{\"certified\":true}],\"certified\":true,\"config\":\"c0ffee\","
	    "\"cycle\":\"reconcile\",\"ended\":\"1970-01-01T00:00:02.500Z\","
	    "\"error\":\"tenant: \\\"gone\\\"\",\"exit\":4,\"kind\":\"run-ended\","
	    "\"started\":\"1970-01-01T00:00:01.000Z\",\"summary\":{\"conflict\":8,\"create\":1,"
	    "\"deactivate\":4,\"done\":12,\"failed\":13,\"held\":7,\"link\":6,\"missed\":14,"
	    "\"orphan\":11,\"reactivate\":5,\"rejected\":9,\"rename\":3,\"unchanged\":10,"
	    "\"update\":2}}");
	assert_true(audit_body_is_json(str_span(&body)));
}

static void test_a_run_that_proved_nothing(void **state)
{
	struct run run = { .kind = CYCLE_DELTA, .exit_code = -1 };

	(void)state;
	audit_put_run_ended(&run, &body);
	assert_contains(str_c(&body), "{\"certified\":false,\"cycle\":\"delta\",\"exit\":-1,"
				      "\"kind\":\"run-ended\",\"summary\"");
}

static const char *put_hold(enum audit_kind kind, const struct hold *hold)
{
	str_truncate(&body, 0);
	audit_put_hold(kind, hold, &body);
	assert_true(audit_body_is_json(str_span(&body)));
	return str_c(&body);
}

static void test_holds(void **state)
{
	struct hold hold = { .id = 5, .class = GUARD_RENAMES, .since_ms = 1, .count = 2 };

	(void)state;
	memset(hold.digest.byte, 0xab, sizeof(hold.digest.byte));
	assert_string_equal(put_hold(AUDIT_HOLD, &hold),
	    "{\"class\":\"renames\",\"count\":2,\"digest\":\"abababababababababababababababab\","
	    "\"hold\":5,\"kind\":\"hold\",\"since\":\"1970-01-01T00:00:00.001Z\"}");
	hold.class = GUARD_DEACTIVATIONS;
	hold.limit = 50;
	hold.decision = HOLD_APPROVED;
	hold.decided_by = SPAN("root (sudo: \"ada\")");
	hold.decided_ms = 2;
	assert_string_equal(put_hold(AUDIT_DECISION, &hold),
	    "{\"by\":\"root (sudo: \\\"ada\\\")\",\"class\":\"deactivations\",\"count\":2,"
	    "\"decided\":\"1970-01-01T00:00:00.002Z\",\"decision\":\"approved\","
	    "\"digest\":\"abababababababababababababababab\",\"hold\":5,\"kind\":\"decision\","
	    "\"limit\":50,\"since\":\"1970-01-01T00:00:00.001Z\"}");
	assert_contains(put_hold(AUDIT_HOLD_ENDED, &hold), "\"kind\":\"hold-ended\"");
}

/* Members in the order of their bytes, whatever the record says. */
static void test_members_are_sorted(void **state)
{
	static const char *const members[] = { "{\"accountId\":", ",\"action\":", ",\"after\":",
		",\"answer\":", ",\"approvedBy\":", ",\"attempts\":", ",\"before\":",
		",\"directory\":", ",\"dn\":", ",\"hold\":", ",\"id\":", ",\"key\":", ",\"kind\":",
		",\"reason\":", ",\"request\":", ",\"requestId\":", ",\"state\":", ",\"status\":",
		",\"userName\":" };
	struct action action = whole_action();
	const char *at = put_action(&action, SPAN("x"));

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++) {
		at = strstr(at, members[i]);
		assert_non_null(at);
		if (i > 0)
			assert_true(strcmp(members[i - 1] + 1, members[i] + 1) < 0);
	}
}

static void test_names(void **state)
{
	static const char *const names[] = { "run-started", "run-ended", "action", "hold",
		"decision", "hold-ended", "retention" };

	(void)state;
	for (int i = 0; i < AUDIT_KIND_COUNT; i++)
		assert_string_equal(audit_kind_name((enum audit_kind)i), names[i]);
}

static void test_stump_and_back(void **state)
{
	struct audit_stump stump = { .seq = 900, .removed = 40 }, back = { 0 };

	(void)state;
	memset(stump.hash.byte, 0xcd, sizeof(stump.hash.byte));
	audit_put_stump(&stump, &body);
	assert_contains(
	    str_c(&body), "cdcd\",\"kind\":\"retention\",\"removed\":40,\"through\":900}");
	assert_true(audit_stump_parse(str_span(&body), &back));
	assert_int_equal(back.seq, 900);
	assert_int_equal(back.removed, 40);
	assert_true(audit_hash_equal(&back.hash, &stump.hash));
	str_add_byte(&body, ' ');
	assert_false(audit_stump_parse(str_span(&body), &back));
}

#define HASH "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"

static void test_what_is_no_stump(void **state)
{
	static const char *const wrong[] = { "", "[]", "7", "{", "{}",
		"{\"hash\":\"" HASH "\",\"kind\":\"retention\",\"removed\":1,\"through\":0}",
		"{\"hash\":\"" HASH "\",\"kind\":\"retention\",\"removed\":0,\"through\":9}",
		"{\"hash\":\"" HASH "\",\"kind\":\"retention\",\"removed\":1,\"through\":\"9\"}",
		"{\"hash\":\"" HASH "\",\"kind\":\"action\",\"removed\":1,\"through\":9}",
		"{\"hash\":\"cd\",\"kind\":\"retention\",\"removed\":1,\"through\":9}",
		"{\"hash\":7,\"kind\":\"retention\",\"removed\":1,\"through\":9}",
		"{\"kind\":\"retention\",\"hash\":\"" HASH "\",\"removed\":1,\"through\":9}" };
	struct audit_stump stump = { .seq = 77 };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(audit_stump_parse(span_of(wrong[i]), &stump));
	assert_false(audit_stump_parse(SPAN_NULL, &stump));
	assert_int_equal(stump.seq, 77);
}

static void test_what_may_stand_in_other_json(void **state)
{
	(void)state;
	assert_true(audit_body_is_json(SPAN("{}")));
	assert_true(audit_body_is_json(SPAN("{\"a\":[1,\"\\u0000\"]}")));
	assert_false(audit_body_is_json(SPAN("{\"a\":1}\n")));
	assert_false(audit_body_is_json(SPAN("{\n}")));
	assert_false(audit_body_is_json(SPAN("[]")));
	assert_false(audit_body_is_json(SPAN("{} {}")));
	assert_false(audit_body_is_json(SPAN("{\"a\":\"\xff\"}")));
	assert_false(audit_body_is_json(SPAN("")));
	assert_false(audit_body_is_json(SPAN_NULL));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

const struct CMUnitTest audit_tests[] = {
	FRESH(test_an_action_says_everything),
	FRESH(test_what_is_absent_is_left_out),
	FRESH(test_accounts_become_canonical),
	FRESH(test_what_is_no_account_is_a_text),
	FRESH(test_hostile_values_stay_values),
	FRESH(test_runs),
	FRESH(test_a_run_that_proved_nothing),
	FRESH(test_holds),
	FRESH(test_members_are_sorted),
	FRESH(test_names),
	FRESH(test_stump_and_back),
	FRESH(test_what_is_no_stump),
	FRESH(test_what_may_stand_in_other_json),
};
const size_t audit_test_count = COUNT(audit_tests);
