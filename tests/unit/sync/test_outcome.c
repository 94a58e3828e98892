/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "base/time.h"
#include "sync/outcome.h"

static const struct span finance[] = { SPAN_INIT("W1") };
static const struct span both[] = { SPAN_INIT("W1"), SPAN_INIT("W2") };

struct fixture {
	struct arena *arena;
	struct account wanted, before;
	bool has_before;
	struct observed shown;
	struct span detail;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture) { .arena = arena_new() };
	fixture.wanted.text[ACCOUNT_USER_NAME] = SPAN("ada@x");
	fixture.wanted.text[ACCOUNT_FAMILY_NAME] = SPAN("Ray");
	fixture.wanted.is_active = true;
	fixture.wanted.workspaces = finance;
	fixture.wanted.workspace_count = 1;
	fixture.shown = (struct observed) { SPAN("7"), fixture.wanted, true, true };
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(&((struct fixture *)*state)->arena);
	return 0;
}

static bool matches(struct fixture *fixture)
{
	return outcome_matches(fixture->has_before ? &fixture->before : NULL, &fixture->wanted,
	    &fixture->shown, fixture->arena, &fixture->detail);
}

static void assert_detail(const struct fixture *fixture, const char *part)
{
	assert_non_null(strstr(fixture->detail.at, part));
}

static void believes_what_is_as_asked(void **state)
{
	assert_true(matches(*state));
}

static void takes_what_is_not_shown_as_done(void **state)
{
	struct fixture *fixture = *state;

	fixture->shown.account.text[ACCOUNT_FAMILY_NAME] = SPAN_NULL;
	fixture->shown.account.is_active = false;
	fixture->shown.has_active = false;
	assert_true(matches(fixture));
}

static void wants_to_see_workspaces(void **state)
{
	struct fixture *fixture = *state;

	fixture->shown.account.workspace_count = 0;
	fixture->shown.has_workspaces = false;
	assert_false(matches(fixture));
	assert_detail(fixture, "granted");
}

static void sees_a_workspace_that_stayed(void **state)
{
	struct fixture *fixture = *state;

	fixture->shown.account.workspaces = both;
	fixture->shown.account.workspace_count = 2;
	assert_false(matches(fixture));
	assert_detail(fixture, "still there");
}

static void sees_a_text_that_was_not_changed(void **state)
{
	struct fixture *fixture = *state;

	fixture->shown.account.text[ACCOUNT_FAMILY_NAME] = SPAN("Rai");
	assert_false(matches(fixture));
	assert_detail(fixture, "name.familyName");
}

/* Anaplan, for one, makes displayName of the names unless it is given one. */
static void overlooks_a_text_that_was_not_asked_for(void **state)
{
	struct fixture *fixture = *state;

	fixture->wanted.text[ACCOUNT_DISPLAY_NAME] = SPAN("Ada Rai");
	fixture->before = fixture->wanted;
	fixture->before.text[ACCOUNT_FAMILY_NAME] = SPAN("Rai");
	fixture->has_before = true;
	fixture->shown.account.text[ACCOUNT_DISPLAY_NAME] = SPAN("Ada Ray");
	assert_true(matches(fixture));
	fixture->shown.account.text[ACCOUNT_FAMILY_NAME] = SPAN("Rai");
	assert_false(matches(fixture));
	assert_string_equal(strrchr(fixture->detail.at, ':'), ": name.familyName");
	fixture->has_before = false;
	assert_false(matches(fixture));
	assert_detail(fixture, "displayName");
}

static void sees_an_account_that_stayed_active(void **state)
{
	struct fixture *fixture = *state;

	fixture->wanted.is_active = false;
	assert_false(matches(fixture));
	assert_detail(fixture, "active");
}

static void knows_the_answer_where_it_shows_something(void **state)
{
	struct fixture *fixture = *state;
	struct account before = fixture->wanted, known;

	before.text[ACCOUNT_GIVEN_NAME] = SPAN("Ada");
	before.text[ACCOUNT_FAMILY_NAME] = SPAN("Rai");
	before.is_active = false;
	fixture->shown.has_active = false;
	known = outcome_known(&before, &fixture->wanted, &fixture->shown);
	assert_true(span_equal(known.text[ACCOUNT_GIVEN_NAME], SPAN("Ada")));
	assert_true(span_equal(known.text[ACCOUNT_FAMILY_NAME], SPAN("Ray")));
	assert_false(known.is_active);
	known = outcome_known(NULL, &fixture->wanted, &fixture->shown);
	assert_true(known.is_active);
}

static void waits_longer_each_time(void **state)
{
	(void)state;
	assert_int_equal(outcome_quarantine_ms(1), TIME_HOUR_MS);
	assert_int_equal(outcome_quarantine_ms(2), 4 * TIME_HOUR_MS);
	assert_int_equal(outcome_quarantine_ms(3), TIME_DAY_MS);
	assert_int_equal(outcome_quarantine_ms(1000), TIME_DAY_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
const struct CMUnitTest outcome_tests[] = {
	TEST(believes_what_is_as_asked),
	TEST(takes_what_is_not_shown_as_done),
	TEST(wants_to_see_workspaces),
	TEST(sees_a_workspace_that_stayed),
	TEST(sees_a_text_that_was_not_changed),
	TEST(overlooks_a_text_that_was_not_asked_for),
	TEST(sees_an_account_that_stayed_active),
	TEST(knows_the_answer_where_it_shows_something),
	TEST(waits_longer_each_time),
};
const size_t outcome_test_count = COUNT_OF(outcome_tests);
