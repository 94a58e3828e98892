/* SPDX-License-Identifier: ISC */
/*
 * One plan with an action of every kind, in each form, against the stored outputs in expected/.
 * With UPDATE_EXPECTED=1 in the environment the outputs are stored anew: then read the difference.
 */
#include "tests.h"

#include "base/unicode.h"
#include "core/certificate.h"
#include "report/plan_writer.h"

static bool take(void *context, struct span piece)
{
	str_add(context, piece);
	return true;
}

static struct span name_of(void *context, struct span id)
{
	(void)context;
	if (span_equal(id, SPAN("8a81b09d5e8c6f27015ece3402487d33")))
		return SPAN("Finance Planning");
	if (span_equal(id, SPAN("8a81b09d5e8c6f27015ece3402487d34")))
		return SPAN("HR");
	return SPAN_NULL;
}

/* A span in a constant. */
#define TEXT(text)                                                                                 \
	{                                                                                          \
		"" text, sizeof(text) - 1                                                          \
	}

#define ADA                                                                                        \
	"{\"active\":true,\"entitlements\":[\"8a81b09d5e8c6f27015ece3402487d34\"],"                \
	"\"externalId\":\"1042\",\"name.familyName\":\"Rai\",\"name.givenName\":\"Ada\","          \
	"\"userName\":\"ada.ray@corp.example\"}"
#define ADA_RAY                                                                                    \
	"{\"active\":true,\"displayName\":\"Ada Ray\","                                            \
	"\"entitlements\":[\"8a81b09d5e8c6f27015ece3402487d33\",\"8a82\"],"                        \
	"\"externalId\":\"1042\",\"name.familyName\":\"Ray\",\"name.givenName\":\"Ada\","          \
	"\"userName\":\"ada.ray@corp.example\"}"
#define BOB      "{\"active\":true,\"externalId\":\"7\",\"userName\":\"bob@corp.example\"}"
#define BOB_GONE "{\"active\":false,\"externalId\":\"7\",\"userName\":\"bob@corp.example\"}"
#define NEW                                                                                         \
	"{\"active\":true,\"entitlements\":[\"8a81b09d5e8c6f27015ece3402487d33\"],"                 \
	"\"externalId\":\"9\",\"name.familyName\":\"山田\",\"name.givenName\":\"J\xc3\xbcrgen\"," \
	"\"userName\":\"new@corp.example\"}"

static const struct action plan[] = {
	{
	    .kind = ACTION_DEACTIVATE,
	    .reason = REASON_DELETED,
	    .key = { { 0x11, 0x22 } },
	    .dn = TEXT("CN=Bob,OU=Staff,DC=corp,DC=example"),
	    .account_id = TEXT("42"),
	    .user_name = TEXT("bob@corp.example"),
	    .before = TEXT(BOB),
	    .after = TEXT(BOB_GONE),
	    .request = { TEXT("PATCH"), TEXT("/Users/42"), TEXT("{\"Operations\":[]}") },
	},
	{
	    .kind = ACTION_RENAME,
	    .state = ACTION_HELD,
	    .reason = REASON_RENAMED,
	    .detail = TEXT("userName cannot be changed in the tenant"),
	    .account_id = TEXT("42"),
	    .user_name = TEXT("bob@corp.example"),
	    .before = TEXT(BOB),
	    .after = TEXT("{\"active\":true,\"userName\":\"bobby@corp.example\"}"),
	},
	{
	    .kind = ACTION_UPDATE,
	    .reason = REASON_GROUP_GAINED,
	    .detail = TEXT(
		"+ Finance Planning via CN=Sub; odd > CN=Anaplan Finance; + 8a82 by rule (a=b); "
		"- HR: in no group"),
	    .dn = TEXT("CN=Ada Ray,OU=A Very Long Organizational Unit,OU=Staff,DC=corp,DC=example"),
	    .account_id = TEXT("41"),
	    .user_name = TEXT("ada.ray@corp.example"),
	    .before = TEXT(ADA),
	    .after = TEXT(ADA_RAY),
	    .request = { TEXT("PATCH"), TEXT("/Users/41"), TEXT("{\"Operations\":[1]}") },
	},
	{
	    .kind = ACTION_UPDATE,
	    .state = ACTION_FAILED,
	    .reason = REASON_DRIFT,
	    .account_id = TEXT("43"),
	    .user_name = TEXT("eve\x1b[31m@corp.example"),
	    .before = TEXT("broken"),
	    .after = TEXT(BOB),
	    .http_status = 503,
	    .answer = TEXT("PATCH /Users/43: 503 busy"),
	    .request_id = TEXT("req-7"),
	},
	{
	    .kind = ACTION_REACTIVATE,
	    .reason = REASON_REHIRED,
	    .account_id = TEXT("42"),
	    .before = TEXT(BOB_GONE),
	    .after = TEXT(BOB),
	},
	{
	    .kind = ACTION_CREATE,
	    .state = ACTION_DONE,
	    .reason = REASON_JOINED,
	    .detail = TEXT("+ Finance Planning via CN=Anaplan Finance"),
	    .dn = TEXT("CN=New,DC=corp"),
	    .user_name = TEXT("new@corp.example"),
	    .after = TEXT(NEW),
	    .request = { TEXT("POST"), TEXT("/Users"), TEXT("{}") },
	},
	{
	    .kind = ACTION_LINK,
	    .reason = REASON_ADOPTED,
	    .account_id = TEXT("44"),
	    .user_name = TEXT("kim@corp.example"),
	    .before = TEXT(BOB),
	    .after = TEXT(BOB),
	},
	{
	    .kind = ACTION_CONFLICT,
	    .reason = REASON_CONFLICT,
	    .detail = TEXT("two accounts carry the externalId 7: merge them in the tenant"),
	    .user_name = TEXT("lee@corp.example"),
	    .after = TEXT(BOB),
	},
	{
	    .kind = ACTION_REJECTED,
	    .state = ACTION_STATE_REJECTED,
	    .reason = REASON_UNMAPPABLE,
	    .detail = TEXT("userName is empty: the entry has no mail"),
	    .dn = TEXT("CN=NoMail,DC=corp"),
	},
};

static struct run make_run(void)
{
	return (struct run) {
		.kind = CYCLE_RECONCILE,
		.is_dry = true,
		.is_certified = true,
		.certificate = SPAN(
		    "[{\"canaries\":1,\"certified\":true,\"complete\":true,"
		    "\"entries\":1145,\"groups\":12,"
		    "\"peer\":\"ldaps://dc1.corp.example\"},"
		    "{\"certified\":false,\"entries\":1,\"groups\":1,"
		    "\"missing\":\"the canary CN=Here was not seen\","
		    "\"peer\":\"ldaps://dc2.lab.example\",\"unknownGroup\":\"CN=X\","
		    "\"unknownGroups\":1}]"),
		.config_digest = SPAN("c0ffee"),
	};
}

static const struct plan_summary summary = {
	.create = 1,
	.update = 2,
	.rename = 1,
	.deactivate = 1,
	.reactivate = 1,
	.link = 1,
	.held = 1,
	.conflict = 1,
	.rejected = 1,
	.unchanged = 1142,
	.orphan = 3,
	.done = 1,
	.failed = 1,
};

static struct str write_plan(struct plan_writer_options options)
{
	struct str out = { 0 };
	struct run run = make_run();
	struct plan_writer *writer;

	options.write = take;
	options.write_context = &out;
	options.workspace_name = name_of;
	writer = plan_writer_new(&options);
	plan_writer_begin(writer, &run);
	for (size_t i = 0; i < sizeof(plan) / sizeof(plan[0]); i++)
		plan_writer_action(writer, &plan[i]);
	assert_true(plan_writer_end(writer, &summary));
	plan_writer_free(&writer);
	assert_null(writer);
	return out;
}

static void test_text(void **state)
{
	struct str out = write_plan((struct plan_writer_options) { 0 });

	(void)state;
	assert_stored("plan.txt", &out);
}

static void test_text_in_color(void **state)
{
	struct str out = write_plan((struct plan_writer_options) { .is_color = true });

	(void)state;
	assert_stored("plan-color.txt", &out);
}

static void test_narrow_text(void **state)
{
	struct str out = write_plan((struct plan_writer_options) { .width = 48 });

	(void)state;
	assert_stored("plan-narrow.txt", &out);
}

/* However narrow: no line but the summary is wider, and nothing breaks. */
static void test_every_width(void **state)
{
	(void)state;
	for (unsigned width = 1; width < 120; width++) {
		struct str out = write_plan(
		    (struct plan_writer_options) { .width = width, .is_color = false });
		struct span rest = str_span(&out);

		assert_true(utf8_is_valid(rest));
		while (rest.len > 0) {
			struct span line = span_split(&rest, '\n');

			if (rest.len > 0)
				assert_true(utf8_columns(line) <= width);
		}
		str_done(&out);
	}
}

static void test_json(void **state)
{
	struct str out = write_plan((struct plan_writer_options) { .is_json = true });

	(void)state;
	assert_stored("plan.json", &out);
}

/* The tenant shows one of three workspaces, and has the new person's userName already. */
static struct str write_predicted(bool is_json)
{
	static const struct span shown[] = { TEXT("8a81b09d5e8c6f27015ece3402487d34") };
	static const struct prediction_claim claims[] = { { .action_id = 1,
	    .holder = TEXT("44\x1b") } };
	static const struct prediction_facts facts = {
		.traits = { .user_name_is_email = true, .needs_names = true },
		.claims = claims,
		.claim_count = 1,
		.has_workspaces = true,
		.workspaces = shown,
		.workspace_count = 1,
		.names_not_checked = TEXT("GET /Users: 503 \"busy\"\n"),
	};
	const struct forecast forecast = { .pace = { 10, 1, 8 }, .reads = 22 };
	struct plan_writer_options options = {
		.is_json = is_json, .facts = &facts, .forecast = forecast, .write = take
	};
	struct action action = { .id = 1,
		.user_name = SPAN("new@corp.example"),
		.kind = ACTION_CREATE,
		.after = span_of(NEW),
		.request = { SPAN("POST"), SPAN("/Users"), SPAN("{}") } };
	struct str out = { 0 };
	struct run run = make_run();
	struct plan_writer *writer;

	options.write_context = &out;
	writer = plan_writer_new(&options);
	plan_writer_begin(writer, &run);
	plan_writer_action(writer, &plan[0]);
	plan_writer_action(writer, &plan[1]);
	plan_writer_action(writer, &plan[2]);
	plan_writer_action(writer, &action);
	plan_writer_action(writer, &plan[8]);
	assert_true(plan_writer_end(writer, &summary));
	plan_writer_free(&writer);
	return out;
}

static void test_predictions(void **state)
{
	struct str out = write_predicted(false);

	(void)state;
	assert_stored("plan-predicted.txt", &out);
	out = write_predicted(true);
	assert_stored("plan-predicted.json", &out);
}

static struct str write_empty(bool is_json, const struct run *run)
{
	const struct plan_summary nothing = { .unchanged = 1 };
	struct str out = { 0 };
	struct plan_writer_options options = {
		.is_json = is_json, .write = take, .write_context = &out
	};
	struct plan_writer *writer = plan_writer_new(&options);

	plan_writer_begin(writer, run);
	assert_true(plan_writer_end(writer, &nothing));
	plan_writer_free(&writer);
	return out;
}

static void test_nothing_to_do(void **state)
{
	struct run run = { .kind = CYCLE_DELTA, .error = SPAN("broke\noff") };
	struct str out = write_empty(false, &run);

	(void)state;
	assert_string_equal(str_c(&out),
	    "Changes since the last cycle.\nNot certified: nobody is taken for gone.\n"
	    "Error: broke\\x0Aoff\n\nNothing was planned; 1 unchanged.\n");
	str_done(&out);
	out = write_empty(true, &run);
	assert_stored("empty.json", &out);
}

static void test_broken_certificate(void **state)
{
	struct run run = { .kind = CYCLE_FULL, .is_certified = true, .certificate = SPAN("[") };
	struct str out = write_empty(false, &run);

	(void)state;
	assert_string_equal(str_c(&out),
	    "Full scan of the directory.\nCertified.\n\nNothing to do; 1 unchanged.\n");
	str_done(&out);
}

/* Origins are told only when they can be told apart. */
static void test_odd_details(void **state)
{
	static const char *const details[] = { "+ ", "+", "- x", "+ HR", "+ HR ", "+ HRx via y",
		"+ Finance Planning", "; + HR via y", "+ a;", "+ a; +", "+ a; + ", "",
		"+ HR: ; - " };
	struct str out = { 0 };
	struct plan_writer_options options = {
		.write = take, .write_context = &out, .workspace_name = name_of
	};
	struct plan_writer *writer = plan_writer_new(&options);

	(void)state;
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		struct action action = plan[2];

		action.detail = span_of(details[i]);
		plan_writer_action(writer, &action);
	}
	assert_true(utf8_is_valid(str_span(&out)));
	assert_null(strstr(str_c(&out), "(via"));
	plan_writer_free(&writer);
	str_done(&out);
}

static void write_holds(bool is_json, const char *path)
{
	static const struct hold holds[] = {
		{ .id = 3,
		    .run_id = 7,
		    .class = GUARD_DEACTIVATIONS,
		    .since_ms = 1764000000000,
		    .count = 60,
		    .limit = 50,
		    .digest = { { 0xab, 1 } } },
		{ .id = 4,
		    .run_id = 8,
		    .class = GUARD_RENAMES,
		    .since_ms = 1764000000000,
		    .count = 1,
		    .decision = HOLD_APPROVED,
		    .decided_ms = 1764000060000,
		    .decided_by = TEXT("root (sudo: ada)") },
		{ .id = 5,
		    .run_id = 8,
		    .class = GUARD_REHIRES,
		    .decision = HOLD_REJECTED,
		    .decided_by = TEXT("\033[31mred") },
	};
	struct str out = { 0 };
	struct plan_writer_options options = {
		.is_json = is_json, .write = take, .write_context = &out, .workspace_name = name_of
	};
	struct plan_writer *writer = plan_writer_new(&options);

	plan_writer_begin_holds(writer);
	for (size_t i = 0; i < sizeof(holds) / sizeof(holds[0]); i++) {
		struct action action = plan[0];

		action.state = ACTION_HELD;
		plan_writer_hold(writer, &holds[i]);
		plan_writer_action(writer, &action);
		plan_writer_end_hold(writer, &holds[i]);
	}
	assert_true(plan_writer_end_holds(writer, sizeof(holds) / sizeof(holds[0])));
	assert_null(strchr(str_c(&out), '\033'));
	assert_stored(path, &out);
	plan_writer_free(&writer);
}

static void test_holds(void **state)
{
	(void)state;
	write_holds(false, "holds.txt");
	write_holds(true, "holds.json");
}

static void test_no_holds(void **state)
{
	struct str out = { 0 };
	struct plan_writer_options options = { .write = take, .write_context = &out };
	struct plan_writer *writer = plan_writer_new(&options);

	(void)state;
	plan_writer_begin_holds(writer);
	assert_true(plan_writer_end_holds(writer, 0));
	assert_string_equal(str_c(&out), "Nothing is held.\n");
	plan_writer_free(&writer);
	str_done(&out);
}

static bool refuse(void *context, struct span piece)
{
	int *left = context;
	(void)piece;
	return (*left)-- > 1;
}

static void test_nothing_more_is_given_once_it_failed(void **state)
{
	struct run run = make_run();
	int left = 2;
	struct plan_writer_options options = { .write = refuse, .write_context = &left };
	struct plan_writer *writer = plan_writer_new(&options);

	(void)state;
	plan_writer_begin(writer, &run);
	for (int i = 0; i < 5; i++)
		plan_writer_action(writer, &plan[0]);
	assert_false(plan_writer_end(writer, &summary));
	assert_int_equal(left, 0);
	plan_writer_free(&writer);
	plan_writer_free(&writer);
}

const struct CMUnitTest plan_writer_tests[] = {
	cmocka_unit_test(test_text),
	cmocka_unit_test(test_text_in_color),
	cmocka_unit_test(test_narrow_text),
	cmocka_unit_test(test_every_width),
	cmocka_unit_test(test_json),
	cmocka_unit_test(test_predictions),
	cmocka_unit_test(test_nothing_to_do),
	cmocka_unit_test(test_broken_certificate),
	cmocka_unit_test(test_odd_details),
	cmocka_unit_test(test_holds),
	cmocka_unit_test(test_no_holds),
	cmocka_unit_test(test_nothing_more_is_given_once_it_failed),
};
const size_t plan_writer_test_count = sizeof(plan_writer_tests) / sizeof(plan_writer_tests[0]);
