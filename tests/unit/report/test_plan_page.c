/* SPDX-License-Identifier: ISC */
/*
 * The page of a plan, with a hostile person in it, against the stored one in expected/.
 */
#include "tests.h"

#include "base/unicode.h"
#include "fake_store.h"
#include "report/plan_page.h"

#define TEXT(text) SPAN_INIT(text)
#define START      INT64_C(1772352000000) /* 2026-03-01T08:00:00Z */
#define FINANCE    "8a81b09d5e8c6f27015ece3402487d33"
#define EVIL       "\"'><script>alert(1)</script>\r\n\xe2\x80\xae\xf0\x9f\x91\xbb\xff&"
#define ADA                                                                                        \
	"{\"active\":true,\"name.familyName\":\"Rai\",\"name.givenName\":\"Ada\","                 \
	"\"userName\":\"ada@corp.example\"}"
#define ADA_RAY                                                                                    \
	"{\"active\":true,\"entitlements\":[\"" FINANCE "\",\"8a82\"],\"name.familyName\":\"Ray\"" \
	",\"name.givenName\":\"Ada\",\"userName\":\"ada@corp.example\"}"

static const struct action actions[] = {
	{ .id = 1,
	    .run_id = 7,
	    .kind = ACTION_DEACTIVATE,
	    .state = ACTION_HELD,
	    .reason = REASON_DELETED,
	    .detail = TEXT("no entry has this key any more"),
	    .key = { { 0xbe } },
	    .dn = TEXT("CN=Ben,DC=corp"),
	    .account_id = TEXT("42"),
	    .user_name = TEXT("ben@corp.example"),
	    .before = TEXT("{\"active\":true,\"userName\":\"ben@corp.example\"}"),
	    .after = TEXT("{\"active\":false,\"userName\":\"ben@corp.example\"}"),
	    .request = { TEXT("PATCH"), TEXT("/Users/42"), TEXT("{\"Operations\":[1]}") } },
	{ .id = 2,
	    .run_id = 7,
	    .kind = ACTION_UPDATE,
	    .reason = REASON_ATTRIBUTE_CHANGED,
	    .detail = TEXT(
		"+ Finance Planning via CN=Sub > CN=Anaplan Finance; + 8a82 by rule (a=b)"),
	    .key = { { 0xad, 0xa0 } },
	    .directory = TEXT("corp"),
	    .dn = TEXT("CN=Ada,DC=corp"),
	    .account_id = TEXT("41"),
	    .user_name = TEXT("ada@corp.example"),
	    .before = TEXT(ADA),
	    .after = TEXT(ADA_RAY),
	    .request = { TEXT("PATCH"), TEXT("/Users/41"), TEXT("{\"Operations\":[2]}") } },
	{ .id = 3,
	    .run_id = 7,
	    .kind = ACTION_CREATE,
	    .reason = REASON_JOINED,
	    .detail = TEXT(EVIL),
	    .dn = TEXT(EVIL),
	    .directory = TEXT(EVIL),
	    .user_name = TEXT("<b>@x\xe2\x80\xae"),
	    .after = TEXT("{\"active\":true,\"entitlements\":[\"<8a83>\"],\"name.familyName\":"
			  "\"</td><script>alert(2)</script>\xf0\x9f\x91\xbb\",\"userName\":"
			  "\"<b>@x\xe2\x80\xae\"}"),
	    .request = { TEXT("POST"), TEXT("/Users"), TEXT("{\"</code>\":\"\xe2\x80\xae\"}") } },
	{ .id = 4,
	    .run_id = 7,
	    .kind = ACTION_REJECTED,
	    .state = ACTION_STATE_REJECTED,
	    .reason = REASON_UNMAPPABLE,
	    .detail = TEXT("userName is empty: the entry has no mail"),
	    .dn = TEXT("CN=NoMail,DC=corp") },
	{ .id = 5, .run_id = 7, .kind = ACTION_UPDATE, .after = TEXT("broken") },
	{ .id = 6, .run_id = 6, .kind = ACTION_CREATE, .user_name = TEXT("of another run") },
};

static const struct hold made = {
	.class = GUARD_DEACTIVATIONS, .since_ms = START, .count = 60, .limit = 50, .run_id = 7
};

static const struct hold holds[] = {
	{ .id = 3, .run_id = 5, .class = GUARD_RENAMES, .since_ms = START - 1000, .count = 1 },
	{ .id = 2, .class = GUARD_REHIRES, .ended_ms = 1 }
};

static const struct run run = {
	.id = 7,
	.kind = CYCLE_RECONCILE,
	.is_dry = true,
	.started_ms = START,
	.certificate = TEXT("[{\"certified\":false,\"entries\":7,\"groups\":1,\"missing\":"
			    "\"the canary CN=<i>Here</i> was not seen\",\"peer\":"
			    "\"ldaps://dc1.corp.example\"}]"),
	.summary = { .create = 1,
	    .update = 2,
	    .deactivate = 1,
	    .held = 1,
	    .rejected = 1,
	    .unchanged = 1142,
	    .orphan = 3 },
};

static bool take(void *context, struct span piece)
{
	str_add(context, piece);
	return true;
}

static struct span name_of(void *context, struct span id)
{
	(void)context;
	return span_equal(id, SPAN(FINANCE)) ? SPAN("Finance Planning") : SPAN_NULL;
}

static const struct prediction_facts *facts_of_tenant(void)
{
	static const struct span shown[] = { TEXT(FINANCE) };
	static const struct prediction_claim claims[] = { { .action_id = 3,
	    .holder = TEXT("<44>") } };
	static const struct prediction_facts facts = {
		.traits = { .user_name_is_email = true, .needs_names = true },
		.claims = claims,
		.claim_count = 1,
		.has_workspaces = true,
		.workspaces = shown,
		.workspace_count = 1,
		.names_not_checked = TEXT("GET /Users: <busy>"),
	};

	return &facts;
}

static struct plan_page_input make_input(struct store *store, struct str *out)
{
	*store = (struct store) { .actions = actions,
		.action_count = sizeof(actions) / sizeof(actions[0]),
		.holds = holds,
		.hold_count = 2 };
	return (struct plan_page_input) {
		.run = &run,
		.holds = &made,
		.hold_count = 1,
		.facts = facts_of_tenant(),
		.forecast = { .pace = { 10, 2, 8 }, .reads = 22 },
		.now_ms = START + 5000,
		.tenant = SPAN("https://api.anaplan.com/scim/1/0/v2"),
		.program = SPAN("scimward"),
		.store = store,
		.workspace_name = name_of,
		.output = { .format = REPORT_HTML, .write = take, .context = out },
	};
}

static struct str make(const struct plan_page_input *input, struct str *out)
{
	bool is_written = false;
	struct err err;

	if (plan_page_make(input, &is_written, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	assert_true(is_written);
	return *out;
}

static void test_page(void **state)
{
	struct store store;
	struct str out = { 0 };
	struct plan_page_input input = make_input(&store, &out);

	(void)state;
	out = make(&input, &out);
	assert_true(utf8_is_valid(str_span(&out)));
	assert_null(strstr(str_c(&out), "<script>alert"));
	assert_null(strstr(str_c(&out), "\xe2\x80\xae"));
	assert_null(strstr(str_c(&out), "of another run"));
	cut_common_parts(&out);
	assert_stored("plan-page.html", &out);
}

static void test_nothing_to_do(void **state)
{
	const struct run quiet = { .kind = CYCLE_DELTA, .is_dry = true, .is_certified = true };
	struct store store;
	struct str out = { 0 };
	struct plan_page_input input = make_input(&store, &out);

	(void)state;
	input.run = &quiet;
	input.hold_count = 0;
	store.hold_count = 0;
	out = make(&input, &out);
	assert_non_null(strstr(str_c(&out), "There is nothing to do."));
	assert_non_null(strstr(str_c(&out), "Nothing is held."));
	str_done(&out);
}

/* A run that broke off knows nothing of the tenant. */
static void test_nothing_was_asked(void **state)
{
	struct store store;
	struct str out = { 0 };
	struct plan_page_input input = make_input(&store, &out);

	(void)state;
	input.facts = NULL;
	input.forecast = (struct forecast) { .reads = 0 };
	out = make(&input, &out);
	assert_non_null(strstr(str_c(&out), "the run ended before anything was asked"));
	assert_null(strstr(str_c(&out), "user-name-taken"));
	str_done(&out);
}

static void test_a_store_that_fails(void **state)
{
	(void)state;
	for (unsigned call = 1; call <= 3; call++) {
		struct store store;
		struct str out = { 0 };
		struct plan_page_input input = make_input(&store, &out);
		bool is_written = false;
		struct err err = { "" };

		store.fails_at = call;
		assert_int_equal(plan_page_make(&input, &is_written, &err), STATUS_RETRY);
		assert_string_equal(err.text, "busy");
		assert_false(is_written);
		str_done(&out);
	}
}

const struct CMUnitTest plan_page_tests[] = {
	cmocka_unit_test(test_page),
	cmocka_unit_test(test_nothing_to_do),
	cmocka_unit_test(test_nothing_was_asked),
	cmocka_unit_test(test_a_store_that_fails),
};
const size_t plan_page_test_count = sizeof(plan_page_tests) / sizeof(plan_page_tests[0]);
