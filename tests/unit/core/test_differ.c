/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/differ.h"
#include <string.h>

static struct arena *arena;

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
	return 0;
}

/* An account with workspaces of one letter each: "acd". */
static struct account with_workspaces(const char *letters)
{
	struct account account = { .is_active = true };
	size_t count = strlen(letters);
	struct span *ids = arena_array(arena, count, sizeof(*ids));

	for (size_t i = 0; i < count; i++)
		ids[i] = (struct span) { letters + i, 1 };
	account.workspaces = ids;
	account.workspace_count = count;
	return account;
}

static void assert_ids(const struct span *ids, size_t count, const char *letters)
{
	assert_int_equal(count, strlen(letters));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(ids[i].len, 1);
		assert_int_equal(ids[i].at[0], letters[i]);
	}
}

static void test_equal(void **state)
{
	struct account a = with_workspaces("ab"), b = with_workspaces("ab");
	struct change change;

	(void)state;
	a.text[ACCOUNT_TITLE] = b.text[ACCOUNT_TITLE] = SPAN("Dr");
	change = differ_compare(&a, &b, arena);
	assert_true(change_is_empty(&change));
}

static void test_texts(void **state)
{
	struct account before = { 0 }, after = { 0 };
	struct change change;

	(void)state;
	before.text[ACCOUNT_TITLE] = SPAN("Dr");
	after.text[ACCOUNT_TITLE] = SPAN("Prof");
	before.text[ACCOUNT_GIVEN_NAME] = SPAN("Ada");
	after.text[ACCOUNT_GIVEN_NAME] = SPAN("ada");
	after.text[ACCOUNT_EXTERNAL_ID] = SPAN("1");
	change = differ_compare(&before, &after, arena);
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		assert_int_equal(change_has(&change, (enum account_path)i),
		    i == ACCOUNT_TITLE || i == ACCOUNT_GIVEN_NAME || i == ACCOUNT_EXTERNAL_ID);
	assert_false(change_is_empty(&change));
}

static void test_each_text_counts(void **state)
{
	(void)state;
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		struct account before = { 0 }, after = { 0 }, merged;
		struct change change;

		before.text[i] = SPAN("before");
		merged = differ_merge(&before, &after);
		assert_span(merged.text[i], "before");
		after.text[i] = SPAN("after");
		change = differ_compare(&before, &after, arena);
		assert_int_equal(change.texts, UINT32_C(1) << i);
		merged = differ_merge(&before, &after);
		assert_span(merged.text[i], "after");
	}
}

static void test_absent_text_is_not_managed(void **state)
{
	struct account before = { 0 }, after = { 0 };
	struct change change;

	(void)state;
	before.text[ACCOUNT_TITLE] = SPAN("Dr");
	change = differ_compare(&before, &after, arena);
	assert_true(change_is_empty(&change));
	after.text[ACCOUNT_TITLE] = SPAN("");
	change = differ_compare(&before, &after, arena);
	assert_true(change_has(&change, ACCOUNT_TITLE));
}

static void test_user_name_ignores_case(void **state)
{
	struct account before = { 0 }, after = { 0 };
	struct change change;

	(void)state;
	before.text[ACCOUNT_USER_NAME] = SPAN("Zo\xc3\x8b@corp.example");
	after.text[ACCOUNT_USER_NAME] = SPAN("zo\xc3\xab@CORP.example");
	change = differ_compare(&before, &after, arena);
	assert_true(change_is_empty(&change));
	after.text[ACCOUNT_USER_NAME] = SPAN("zoe@corp.example");
	change = differ_compare(&before, &after, arena);
	assert_true(change_has(&change, ACCOUNT_USER_NAME));
	before.text[ACCOUNT_USER_NAME] = SPAN_NULL;
	change = differ_compare(&before, &after, arena);
	assert_true(change_has(&change, ACCOUNT_USER_NAME));
}

static void test_active(void **state)
{
	struct account on = { .is_active = true }, off = { .is_active = false };
	struct change change = differ_compare(&on, &off, arena);

	(void)state;
	assert_true(change.is_deactivated && !change.is_activated && !change_is_empty(&change));
	change = differ_compare(&off, &on, arena);
	assert_true(change.is_activated && !change.is_deactivated && !change_is_empty(&change));
	change = differ_compare(&off, &off, arena);
	assert_true(change_is_empty(&change));
}

static void test_workspaces(void **state)
{
	static const struct {
		const char *before, *after, *granted, *revoked;
	} cases[] = {
		{ "", "", "", "" },
		{ "", "a", "a", "" },
		{ "a", "", "", "a" },
		{ "abc", "abc", "", "" },
		{ "abc", "abd", "d", "c" },
		{ "bd", "abcde", "ace", "" },
		{ "abcde", "bd", "", "ace" },
		{ "ab", "cd", "cd", "ab" },
		{ "cd", "ab", "ab", "cd" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account before = with_workspaces(cases[i].before);
		struct account after = with_workspaces(cases[i].after);
		struct change change = differ_compare(&before, &after, arena);

		assert_ids(change.granted, change.granted_count, cases[i].granted);
		assert_ids(change.revoked, change.revoked_count, cases[i].revoked);
		assert_int_equal(change_is_empty(&change),
		    cases[i].granted[0] == '\0' && cases[i].revoked[0] == '\0');
	}
}

static void test_no_account_before(void **state)
{
	struct account after = with_workspaces("ab");
	struct change change;

	(void)state;
	after.text[ACCOUNT_USER_NAME] = SPAN("a@b.c");
	change = differ_compare(NULL, &after, arena);
	assert_true(change_has(&change, ACCOUNT_USER_NAME));
	assert_false(change_has(&change, ACCOUNT_TITLE));
	assert_false(change.is_activated || change.is_deactivated);
	assert_ids(change.granted, change.granted_count, "ab");
	assert_int_equal(change.revoked_count, 0);
}

static void test_merge(void **state)
{
	struct account before = with_workspaces("ab"), desired = with_workspaces("c"), merged;

	(void)state;
	before.text[ACCOUNT_TITLE] = SPAN("Dr");
	before.text[ACCOUNT_LOCALE] = SPAN("en");
	desired.text[ACCOUNT_TITLE] = SPAN("Prof");
	desired.text[ACCOUNT_NICK_NAME] = SPAN("");
	desired.is_active = false;
	merged = differ_merge(&before, &desired);
	assert_span(merged.text[ACCOUNT_TITLE], "Prof");
	assert_span(merged.text[ACCOUNT_LOCALE], "en");
	assert_span(merged.text[ACCOUNT_NICK_NAME], "");
	assert_span(merged.text[ACCOUNT_TIMEZONE], NULL);
	assert_false(merged.is_active);
	assert_ids(merged.workspaces, merged.workspace_count, "c");
	merged = differ_merge(NULL, &desired);
	assert_accounts_equal(&merged, &desired);
}

static void test_keep_workspaces(void **state)
{
	static const struct {
		const char *before, *desired, *keep, *result;
	} cases[] = {
		{ "", "", "", "" },
		{ "", "a", "b", "a" },  /* what it never had is not given */
		{ "ab", "", "b", "b" }, /* what it had and is unknown stays */
		{ "ab", "a", "b", "ab" },
		{ "ab", "a", "", "a" }, /* what is known to be lost goes */
		{ "bdf", "ace", "bf", "abcef" },
		{ "b", "b", "b", "b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account before = with_workspaces(cases[i].before);
		struct account desired = with_workspaces(cases[i].desired);
		struct account keep = with_workspaces(cases[i].keep);

		differ_keep_workspaces(
		    &desired, &before, keep.workspaces, keep.workspace_count, arena);
		assert_ids(desired.workspaces, desired.workspace_count, cases[i].result);
	}
}

static void test_keep_workspaces_of_nobody(void **state)
{
	struct account desired = with_workspaces("a"), keep = with_workspaces("b");

	(void)state;
	differ_keep_workspaces(&desired, NULL, keep.workspaces, 1, arena);
	assert_ids(desired.workspaces, desired.workspace_count, "a");
}

/* What a change says, done to `before`, must give `after` again. */
static void test_a_change_leads_to_its_end_by_chance(void **state)
{
	(void)state;
	chance_start(__func__);
	for (int i = 0; i < 3000; i++) {
		struct account before, after, merged;
		struct change change;
		size_t common = 0;

		arena_reset(arena);
		before = chance_account(arena);
		after = chance_account(arena);
		change = differ_compare(&before, &before, arena);
		assert_true(change_is_empty(&change));
		change = differ_compare(&before, &after, arena);
		for (size_t j = 0; j < change.granted_count; j++) {
			assert_false(account_has_workspace(&before, change.granted[j]));
			assert_true(account_has_workspace(&after, change.granted[j]));
		}
		for (size_t j = 0; j < change.revoked_count; j++) {
			assert_true(account_has_workspace(&before, change.revoked[j]));
			assert_false(account_has_workspace(&after, change.revoked[j]));
		}
		for (size_t j = 0; j < before.workspace_count; j++)
			common += account_has_workspace(&after, before.workspaces[j]) ? 1 : 0;
		assert_int_equal(common + change.granted_count, after.workspace_count);
		assert_int_equal(common + change.revoked_count, before.workspace_count);
		merged = differ_merge(&before, &after);
		change = differ_compare(&merged, &after, arena);
		assert_true(change_is_empty(&change));
	}
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

const struct CMUnitTest differ_tests[] = {
	WITH_ARENA(test_equal),
	WITH_ARENA(test_texts),
	WITH_ARENA(test_each_text_counts),
	WITH_ARENA(test_absent_text_is_not_managed),
	WITH_ARENA(test_user_name_ignores_case),
	WITH_ARENA(test_active),
	WITH_ARENA(test_workspaces),
	WITH_ARENA(test_no_account_before),
	WITH_ARENA(test_merge),
	WITH_ARENA(test_keep_workspaces),
	WITH_ARENA(test_keep_workspaces_of_nobody),
	WITH_ARENA(test_a_change_leads_to_its_end_by_chance),
};
const size_t differ_test_count = COUNT(differ_tests);
