/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/reversal.h"
#include <string.h>

struct fixture {
	struct arena *arena;
	struct str notes;
	struct account before, after, now;
	struct later_changes later;
};

/* An account in short: "+ given|family|W1 W2", "-" when it is not active, "_" for no text. */
static struct account account_of(struct arena *arena, const char *text)
{
	struct account account = { .is_active = text[0] == '+' };
	struct span rest = span_of(text + 2), given = span_split(&rest, '|');
	struct span family = span_split(&rest, '|');
	struct span *ids = arena_array(arena, 8, sizeof(*ids));

	account.text[ACCOUNT_USER_NAME] = SPAN("ada@x");
	account.text[ACCOUNT_GIVEN_NAME] = given.at[0] == '_' ? SPAN_NULL : given;
	account.text[ACCOUNT_FAMILY_NAME] = family.at[0] == '_' ? SPAN_NULL : family;
	while (rest.len > 0)
		ids[account.workspace_count++] = span_split(&rest, ' ');
	account.workspaces = ids;
	return account;
}

static int set_up(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	fixture.arena = arena_new();
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	str_done(&fixture->notes);
	later_changes_done(&fixture->later);
	arena_free(&fixture->arena);
	return 0;
}

/* A run of the agent did that since. */
static void later(
    struct fixture *fixture, const char *before, const char *after, int64_t run_id, bool is_undo)
{
	struct account from = account_of(fixture->arena, before),
		       to = account_of(fixture->arena, after);

	later_changes_add(
	    &fixture->later, &from, &to, (struct later_change) { run_id, is_undo }, fixture->arena);
}

/* @param before  NULL: the account was made */
static void expect(struct fixture *fixture, const char *before, const char *after, const char *now,
    const char *wanted, const char *notes)
{
	struct account from, to = account_of(fixture->arena, after), back;
	struct account is = account_of(fixture->arena, now);
	struct account should = account_of(fixture->arena, wanted);

	if (before != NULL)
		from = account_of(fixture->arena, before);
	str_truncate(&fixture->notes, 0);
	back = reversal_make(&(struct reversal_input) { .before = before != NULL ? &from : NULL,
				 .after = &to,
				 .now = &is,
				 .later = &fixture->later },
	    fixture->arena, &fixture->notes);
	assert_accounts_equal(&back, &should);
	assert_string_equal(str_c(&fixture->notes), notes);
}

static void takes_back_what_it_did(void **state)
{
	struct fixture *fixture = *state;

	expect(fixture, "+ Ada|Ray|A B", "- Eva|Roy|B C", "- Eva|Roy|B C", "+ Ada|Ray|A B", "");
	expect(fixture, "- Ada|Ray|", "+ Ada|Ray|A", "+ Ada|Ray|A", "- Ada|Ray|", "");
}

static void leaves_what_it_did_not_do(void **state)
{
	struct fixture *fixture = *state;

	expect(fixture, "+ Ada|Ray|A", "+ Ada|Roy|A B", "- Eva|Roy|A B Z", "- Eva|Ray|A Z", "");
}

static void has_nothing_to_do_where_it_is_back(void **state)
{
	struct fixture *fixture = *state;

	expect(fixture, "+ Ada|Ray|A", "- Ada|Roy|B", "+ Ada|Ray|A", "+ Ada|Ray|A", "");
	expect(fixture, "+ Ada|Ray|A", "+ Ada|Ray|B", "+ Ada|Ray|A", "+ Ada|Ray|A", "");
}

static void names_what_others_changed(void **state)
{
	struct fixture *fixture = *state;

	expect(fixture, "+ Ada|Ray|A", "+ Eva|Roy|A", "+ Eva|Foe|A", "+ Ada|Foe|A",
	    "not restored: name.familyName (changed again since, by somebody else)");
}

static void names_what_a_later_run_changed(void **state)
{
	struct fixture *fixture = *state;

	/* To something else, and to the same over a detour. */
	later(fixture, "+ Eva|Roy|", "+ Eva|Foe|", 7, false);
	expect(fixture, "+ Ada|Ray|", "+ Eva|Roy|", "+ Eva|Foe|", "+ Ada|Foe|",
	    "not restored: name.familyName (changed again since, by run 7)");
	later(fixture, "- A|R|A", "+ A|R|", 7, false);
	later(fixture, "+ A|R|", "- A|R|A", 8, false);
	expect(fixture, "+ Ada|Ray|", "- Ada|Ray|A", "- Ada|Ray|A", "- Ada|Ray|A",
	    "not restored: active (changed again since, by run 8), "
	    "A (changed again since, by run 8)");
}

static void overlooks_what_was_undone_since(void **state)
{
	struct fixture *fixture = *state;

	later(fixture, "- A|Roy|A", "+ A|Foe|", 7, false);
	later(fixture, "+ A|Foe|", "- A|Roy|A", 8, true);
	expect(fixture, "+ A|Ray|", "- A|Roy|A", "- A|Roy|A", "+ A|Ray|", "");
}

static void cannot_take_a_text_away(void **state)
{
	struct fixture *fixture = *state;

	expect(fixture, "+ _|Ray|", "+ Ada|Roy|", "+ Ada|Roy|", "+ Ada|Ray|",
	    "not restored: name.givenName (there was none before, and it cannot be taken away)");
	expect(fixture, "+ Ada|Ray|", "+ _|Roy|", "+ Ada|Roy|", "+ Ada|Ray|", "");
}

static void closes_what_was_made(void **state)
{
	struct fixture *fixture = *state;

	expect(fixture, NULL, "+ Ada|Ray|A", "+ Ada|Roy|A B", "- Ada|Roy|A B", "");
}

static void takes_workspaces_of_what_was_made(void **state)
{
	struct fixture *fixture = *state;
	struct account after = account_of(fixture->arena, "+ Ada|Ray|A");
	struct account now = account_of(fixture->arena, "+ Ada|Ray|A B");
	struct account back = reversal_make(
	    &(struct reversal_input) { .after = &after, .now = &now, .takes_workspaces = true },
	    fixture->arena, &fixture->notes);
	struct account should = account_of(fixture->arena, "- Ada|Ray|B");

	assert_accounts_equal(&back, &should);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
const struct CMUnitTest reversal_tests[] = {
	TEST(takes_back_what_it_did),
	TEST(leaves_what_it_did_not_do),
	TEST(has_nothing_to_do_where_it_is_back),
	TEST(names_what_others_changed),
	TEST(names_what_a_later_run_changed),
	TEST(overlooks_what_was_undone_since),
	TEST(cannot_take_a_text_away),
	TEST(closes_what_was_made),
	TEST(takes_workspaces_of_what_was_made),
};
const size_t reversal_test_count = COUNT(reversal_tests);
