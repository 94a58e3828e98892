/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "sync/correlate.h"

struct fixture {
	struct arena *arena;
	struct policy policy;
	struct observed observed[4];
	struct correlate_candidate candidates[4];
	size_t count;
	struct account desired;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture) { .arena = arena_new(), .policy = policy_default() };
	fixture.desired.text[ACCOUNT_USER_NAME] = SPAN("ada@x");
	fixture.desired.text[ACCOUNT_EXTERNAL_ID] = SPAN("1042");
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(&((struct fixture *)*state)->arena);
	return 0;
}

static struct correlate_candidate *add(
    struct fixture *fixture, const char *user_name, const char *external_id)
{
	static const char *const ids[] = { "a", "b", "c", "d" };
	size_t at = fixture->count++;

	fixture->observed[at].id = span_of(ids[at]);
	fixture->observed[at].account.text[ACCOUNT_USER_NAME] = span_of(user_name);
	fixture->observed[at].account.text[ACCOUNT_EXTERNAL_ID] = span_of(external_id);
	fixture->candidates[at].observed = &fixture->observed[at];
	return &fixture->candidates[at];
}

static struct correlate_decision decide(struct fixture *fixture)
{
	return correlate_decide(&fixture->policy, &fixture->desired, fixture->candidates,
	    fixture->count, fixture->arena);
}

static void assert_verdict(struct fixture *fixture, enum correlate_verdict verdict, const char *id)
{
	struct correlate_decision decision = decide(fixture);

	assert_int_equal(decision.verdict, verdict);
	if (id == NULL)
		assert_null(decision.observed);
	else
		assert_true(span_equal(decision.observed->id, span_of(id)));
	if (verdict == CORRELATE_CONFLICT)
		assert_true(decision.detail.len > 0);
}

static void finds_nobody(void **state)
{
	struct fixture *fixture = *state;

	assert_verdict(fixture, CORRELATE_NONE, NULL);
	add(fixture, "bob@x", "1");
	assert_verdict(fixture, CORRELATE_NONE, NULL);
}

static void trusts_external_id_first(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "ada@x", NULL);
	add(fixture, "a.ray@x", "1042");
	assert_verdict(fixture, CORRELATE_ADOPT, "b");
}

static void compares_regardless_of_case(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "ADA@X", NULL);
	assert_verdict(fixture, CORRELATE_ADOPT, "a");
}

static void follows_the_order_of_the_policy(void **state)
{
	struct fixture *fixture = *state;

	fixture->policy.correlate[0] = POLICY_CORRELATE_USER_NAME;
	fixture->policy.correlate[1] = POLICY_CORRELATE_EXTERNAL_ID;
	add(fixture, "ada@x", NULL);
	add(fixture, "a.ray@x", "1042");
	assert_verdict(fixture, CORRELATE_ADOPT, "a");
}

static void asks_only_what_the_policy_names(void **state)
{
	struct fixture *fixture = *state;

	fixture->policy.correlate_count = 1;
	add(fixture, "ada@x", NULL);
	assert_verdict(fixture, CORRELATE_NONE, NULL);
}

static void will_not_choose_between_two(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "one@x", "1042");
	add(fixture, "two@x", "1042");
	assert_verdict(fixture, CORRELATE_CONFLICT, NULL);
}

static void will_not_take_a_name_with_another_external_id(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "ada@x", "77");
	assert_verdict(fixture, CORRELATE_CONFLICT, NULL);
}

static void takes_a_name_when_the_entry_gives_no_external_id(void **state)
{
	struct fixture *fixture = *state;

	fixture->desired.text[ACCOUNT_EXTERNAL_ID] = SPAN_NULL;
	add(fixture, "ada@x", "77");
	assert_verdict(fixture, CORRELATE_ADOPT, "a");
}

static void an_empty_external_id_matches_nobody(void **state)
{
	struct fixture *fixture = *state;

	fixture->desired.text[ACCOUNT_EXTERNAL_ID] = SPAN("");
	add(fixture, "bob@x", "");
	assert_verdict(fixture, CORRELATE_NONE, NULL);
}

static void will_not_take_somebody_elses_account(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "ada@x", "1042")->is_linked = true;
	assert_verdict(fixture, CORRELATE_CONFLICT, NULL);
}

static void knows_a_rehire_by_external_id(void **state)
{
	struct fixture *fixture = *state;
	struct correlate_candidate *candidate = add(fixture, "ada@x", "1042");

	candidate->is_linked = candidate->is_link_missing = true;
	assert_verdict(fixture, CORRELATE_REHIRE, "a");
}

static void knows_no_rehire_by_user_name(void **state)
{
	struct fixture *fixture = *state;
	struct correlate_candidate *candidate = add(fixture, "ada@x", NULL);

	candidate->is_linked = candidate->is_link_missing = true;
	assert_verdict(fixture, CORRELATE_CONFLICT, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
const struct CMUnitTest correlate_tests[] = {
	TEST(finds_nobody),
	TEST(trusts_external_id_first),
	TEST(compares_regardless_of_case),
	TEST(follows_the_order_of_the_policy),
	TEST(asks_only_what_the_policy_names),
	TEST(will_not_choose_between_two),
	TEST(will_not_take_a_name_with_another_external_id),
	TEST(takes_a_name_when_the_entry_gives_no_external_id),
	TEST(an_empty_external_id_matches_nobody),
	TEST(will_not_take_somebody_elses_account),
	TEST(knows_a_rehire_by_external_id),
	TEST(knows_no_rehire_by_user_name),
};
const size_t correlate_test_count = COUNT_OF(correlate_tests);
