/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/prediction.h"

/* An action on Anaplan of which nothing is predicted; tests change it. */
struct subject {
	struct arena *arena;
	struct prediction_facts facts;
	struct action action;
	struct account before, after;
	bool has_before;
	const struct prediction *predictions;
};

static const struct span shown[] = { SPAN_INIT("8a81"), SPAN_INIT("8A82"), SPAN_INIT("8a83") };

static int set_up(void **state)
{
	struct subject *subject = test_calloc(1, sizeof(*subject));

	*subject = (struct subject) {
		.arena = arena_new(),
		.facts = { .traits = { .user_name_is_email = true, .needs_names = true },
		    .has_workspaces = true,
		    .workspaces = shown,
		    .workspace_count = COUNT(shown) },
		.action = { .id = 7, .kind = ACTION_CREATE },
	};
	subject->after.text[ACCOUNT_USER_NAME] = SPAN("ada@corp.example");
	subject->after.text[ACCOUNT_GIVEN_NAME] = SPAN("Ada");
	subject->after.text[ACCOUNT_FAMILY_NAME] = SPAN("Ray");
	subject->after.is_active = true;
	*state = subject;
	return 0;
}

static int tear_down(void **state)
{
	struct subject *subject = *state;

	arena_free(&subject->arena);
	test_free(subject);
	return 0;
}

static size_t judge(struct subject *subject)
{
	const struct account *before = subject->has_before ? &subject->before : NULL;
	struct change change = differ_compare(before, &subject->after, subject->arena);

	return prediction_judge(&subject->facts,
	    &(struct prediction_input) { &subject->action, before, &subject->after, &change },
	    subject->arena, &subject->predictions);
}

/* Fails unless just that is predicted, with that in its words. */
static void assert_predicted(struct subject *subject, enum prediction_code code, const char *part)
{
	assert_int_equal(judge(subject), 1);
	assert_int_equal(subject->predictions[0].code, code);
	assert_contains(arena_c(subject->arena, subject->predictions[0].detail), part);
}

static void want(struct subject *subject, const struct span *ids, size_t count)
{
	subject->after.workspaces = ids;
	subject->after.workspace_count = count;
}

static void test_nothing_is_predicted(void **state)
{
	static const struct span ids[] = { SPAN_INIT("8A81"), SPAN_INIT("8a82") };

	want(*state, ids, 2); /* the case of an id means nothing */
	assert_int_equal(judge(*state), 0);
}

static void test_taken_names(void **state)
{
	struct subject *subject = *state;
	struct prediction_claim claims[] = {
		{ .action_id = 9, .holder = SPAN("a9") },
		{ .action_id = 7, .is_contested = true },
		{ .action_id = 7, .holder = SPAN("a7") },
		{ .action_id = 1, .holder = SPAN("a1") },
	};

	prediction_sort_claims(claims, COUNT(claims));
	subject->facts.claims = claims;
	subject->facts.claim_count = COUNT(claims);
	/* The tenant's weighs more than the plan's. */
	assert_predicted(subject, PREDICTION_NAME_TAKEN, "account a7 ");
	subject->action.id = 9;
	assert_predicted(subject, PREDICTION_NAME_TAKEN, "account a9 ");
	subject->action.id = 1;
	assert_predicted(subject, PREDICTION_NAME_TAKEN, "account a1 ");
	for (int64_t id = 0; id < 12; id++) {
		subject->action.id = id;
		assert_int_equal(judge(subject), id == 1 || id == 7 || id == 9);
	}
	/* Whoever keeps the name asks for none. */
	subject->action = (struct action) { .id = 7, .kind = ACTION_UPDATE };
	assert_int_equal(judge(subject), 0);
}

static void test_contested_names(void **state)
{
	struct subject *subject = *state;
	struct prediction_claim claim = { .action_id = 7, .is_contested = true };

	subject->facts.claims = &claim;
	subject->facts.claim_count = 1;
	assert_predicted(subject, PREDICTION_NAME_CONTESTED, "several actions of this plan");
	claim.holder = SPAN("a7");
	assert_predicted(subject, PREDICTION_NAME_CONTESTED, "account a7 ");
}

static void test_renames(void **state)
{
	struct subject *subject = *state;

	subject->action.kind = ACTION_RENAME;
	subject->has_before = true;
	subject->before = subject->after;
	subject->after.text[ACCOUNT_USER_NAME] = SPAN("ray@corp.example");
	assert_predicted(subject, PREDICTION_NAME_READ_ONLY, "recreate");
	subject->facts.traits.can_rename = true;
	assert_int_equal(judge(subject), 0);
}

static void test_doubtful_names(void **state)
{
	struct subject *subject = *state;

	subject->after.text[ACCOUNT_USER_NAME] = SPAN("ada@corp");
	assert_predicted(subject, PREDICTION_NAME_DOUBTFUL, "no dot behind its @");
	subject->facts.traits.user_name_is_email = false;
	assert_int_equal(judge(subject), 0);
}

static void test_missing_names(void **state)
{
	struct subject *subject = *state;

	subject->after.text[ACCOUNT_GIVEN_NAME] = SPAN_NULL;
	assert_predicted(subject, PREDICTION_NAME_MISSING, "no name.givenName, which");
	subject->after.text[ACCOUNT_FAMILY_NAME] = SPAN("");
	assert_predicted(
	    subject, PREDICTION_NAME_MISSING, "no name.givenName and no name.familyName, which");
	subject->after.text[ACCOUNT_GIVEN_NAME] = SPAN("Ada");
	assert_predicted(subject, PREDICTION_NAME_MISSING, "no name.familyName, which");
	/* An account that is there already keeps what it has. */
	subject->has_before = true;
	subject->before = subject->after;
	subject->action.kind = ACTION_DEACTIVATE;
	assert_int_equal(judge(subject), 0);
	subject->action.kind = ACTION_CREATE;
	subject->has_before = false;
	subject->facts.traits.needs_names = false;
	assert_int_equal(judge(subject), 0);
}

static void test_workspaces(void **state)
{
	static const struct span ids[] = { SPAN_INIT("8a8"), SPAN_INIT("8a81"),
		SPAN_INIT("8a811") };
	struct subject *subject = *state;

	want(subject, ids, 3);
	assert_predicted(subject, PREDICTION_WORKSPACE,
	    "workspaces 8a8, 8a811: the tenant does not show them to this caller");
	want(subject, ids, 1);
	assert_predicted(
	    subject, PREDICTION_WORKSPACE, "workspace 8a8: the tenant does not show it");
	/* What the account has already, the tenant knows. */
	subject->has_before = true;
	subject->before = subject->after;
	subject->action.kind = ACTION_UPDATE;
	want(subject, ids, 2);
	assert_int_equal(judge(subject), 0);
	/* Nobody said which there are: nothing is predicted of any. */
	subject->has_before = false;
	subject->facts.has_workspaces = false;
	assert_int_equal(judge(subject), 0);
	/* There are none at all. */
	subject->facts = (struct prediction_facts) { .has_workspaces = true };
	assert_predicted(subject, PREDICTION_WORKSPACE, "workspaces 8a8, 8a81:");
}

static void test_several_at_once(void **state)
{
	static const struct span ids[] = { SPAN_INIT("9") };
	struct prediction_claim claim = { .action_id = 7, .holder = SPAN("a7") };
	struct subject *subject = *state;

	subject->facts.claims = &claim;
	subject->facts.claim_count = 1;
	subject->after.text[ACCOUNT_USER_NAME] = SPAN("ada..ray@corp.example");
	subject->after.text[ACCOUNT_FAMILY_NAME] = SPAN_NULL;
	want(subject, ids, 1);
	subject->action.state = ACTION_HELD;
	assert_int_equal(judge(subject), 4);
	for (size_t i = 1; i < 4; i++)
		assert_true(subject->predictions[i - 1].code < subject->predictions[i].code);
}

static void test_what_is_not_sent(void **state)
{
	struct prediction_claim claim = { .action_id = 7, .holder = SPAN("a7") };
	struct subject *subject = *state;

	subject->facts.claims = &claim;
	subject->facts.claim_count = 1;
	for (int kind = 0; kind < ACTION_KIND_COUNT; kind++) {
		for (int state_of = 0; state_of < ACTION_STATE_COUNT; state_of++) {
			bool is_open = state_of == ACTION_PLANNED || state_of == ACTION_HELD;

			subject->action.kind = (enum action_kind)kind;
			subject->action.state = (enum action_state)state_of;
			if (!is_open || !action_has_request(subject->action.kind))
				assert_int_equal(judge(subject), 0);
		}
	}
}

static void test_names_of_codes(void **state)
{
	(void)state;
	for (int i = 0; i < PREDICTION_CODE_COUNT; i++) {
		assert_non_null(prediction_code_name((enum prediction_code)i));
		assert_non_null(
		    prediction_outcome_name(prediction_outcome_of((enum prediction_code)i)));
	}
	assert_string_equal(prediction_code_name(PREDICTION_WORKSPACE), "workspace-not-shown");
	assert_string_equal(
	    prediction_outcome_name(prediction_outcome_of(PREDICTION_WORKSPACE)), "partial");
}

#define ON_A_SUBJECT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

const struct CMUnitTest prediction_tests[] = {
	ON_A_SUBJECT(test_nothing_is_predicted),
	ON_A_SUBJECT(test_taken_names),
	ON_A_SUBJECT(test_contested_names),
	ON_A_SUBJECT(test_renames),
	ON_A_SUBJECT(test_doubtful_names),
	ON_A_SUBJECT(test_missing_names),
	ON_A_SUBJECT(test_workspaces),
	ON_A_SUBJECT(test_several_at_once),
	ON_A_SUBJECT(test_what_is_not_sent),
	cmocka_unit_test(test_names_of_codes),
};
const size_t prediction_test_count = COUNT(prediction_tests);
