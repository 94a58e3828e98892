/* SPDX-License-Identifier: ISC */
#include "mapping_fixture.h"

#include <stdio.h>
#include <string.h>

static void assert_applies(void)
{
	enum status status = fixture_apply();

	if (status != STATUS_OK)
		print_error("%s\n", fixture.err.text);
	assert_int_equal(status, STATUS_OK);
}

static void assert_rejects(const char *part)
{
	fixture.mapped.unknown_count = 77;
	assert_int_equal(fixture_apply(), STATUS_REJECT);
	assert_contains(fixture.err.text, part);
	assert_int_equal(fixture.mapped.unknown_count, 77);
	fixture.mapped.unknown_count = 0;
}

static struct span text(enum account_path path)
{
	return fixture.mapped.account.text[path];
}

/* ---- making ---- */

static void assert_does_not_compile(const struct mapping_input *input, const char *part)
{
	struct mapping *mapping = NULL;

	assert_int_equal(mapping_new(input, fixture.set, &mapping, &fixture.err), STATUS_REJECT);
	assert_null(mapping);
	assert_contains(fixture.err.text, part);
	assert_int_equal(mapping_new(input, fixture.set, &mapping, NULL), STATUS_REJECT);
}

static void test_rules_that_do_not_compile(void **state)
{
	static const struct mapping_rule bad_from[] = { RULE(ACCOUNT_USER_NAME, "${uid}"),
		RULE(ACCOUNT_TITLE, "${title|shout}") };
	static const struct mapping_rule bad_when[] = { RULE_IF(
	    ACCOUNT_USER_NAME, "${uid}", "(uid=") };

	(void)state;
	assert_does_not_compile(
	    &(struct mapping_input) { .rules = bad_from, .rule_count = COUNT(bad_from) },
	    "mapping rule 2 (to title): from: ");
	assert_does_not_compile(
	    &(struct mapping_input) { .rules = bad_when, .rule_count = COUNT(bad_when) },
	    "mapping rule 1 (to userName): when: ");
}

static void test_without_a_user_name(void **state)
{
	static const struct mapping_rule rules[] = { RULE(ACCOUNT_TITLE, "${title}") };

	(void)state;
	assert_does_not_compile(&(struct mapping_input) { .rules = rules, .rule_count = 1 },
	    "no mapping rule gives userName");
	assert_does_not_compile(&(struct mapping_input) { 0 }, "no mapping rule gives userName");
}

static void test_workspace_rules_that_do_not_compile(void **state)
{
	static const struct mapping_rule rules[] = { RULE(ACCOUNT_USER_NAME, "${uid}") };
	static const struct {
		struct workspace_rule workspaces[2];
		const char *part;
	} cases[] = {
		{ { BY_GROUP("w1", 0), BY_GROUP("", 0) }, "workspace rule 2 has no id" },
		{ { BY_GROUP("w1", 0), BY_GROUP("w2", MEMBERSHIP_NONE) },
		    "workspace rule 2 (w2) has neither a group nor a when" },
		{ { BY_WHEN("w9", "(uid=ada)"), BY_WHEN("w1", "") },
		    "workspace rule 2 (w1) has neither a group nor a when" },
		{ { BY_WHEN("w9", "(uid=ada)"), BY_WHEN("w1", "uid=)") },
		    "workspace rule 2 (w1): when: " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_does_not_compile(&(struct mapping_input) { .rules = rules,
					    .rule_count = 1,
					    .workspaces = cases[i].workspaces,
					    .workspace_count = 2 },
		    cases[i].part);
}

static void test_free_nothing(void **state)
{
	struct mapping *mapping = NULL;

	(void)state;
	mapping_free(&mapping);
	assert_null(mapping);
}

/* ---- texts ---- */

static void test_each_target(void **state)
{
	(void)state;
	RULES(RULE(ACCOUNT_TITLE, "${title}"), RULE(ACCOUNT_DISPLAY_NAME, "${cn}"),
	    RULE(ACCOUNT_EMAIL, "${mail}"), RULE(ACCOUNT_EXTERNAL_ID, "${no}"),
	    RULE(ACCOUNT_LOCALE, "en-GB"), RULE(ACCOUNT_FAMILY_NAME, "${sn}"),
	    RULE(ACCOUNT_GIVEN_NAME, "${givenName}"), RULE(ACCOUNT_NICK_NAME, "${nick}"),
	    RULE(ACCOUNT_PREFERRED_LANGUAGE, "${lang}"), RULE(ACCOUNT_TIMEZONE, "UTC"),
	    RULE(ACCOUNT_USER_TYPE, "${type}"));
	fixture_set("title", "Dr");
	fixture_set("cn", "Ada Ray");
	fixture_set("mail", "a@b.c");
	fixture_set("no", "1042");
	fixture_set("sn", "Ray");
	fixture_set("givenName", "Ada");
	fixture_set("nick", "Addy");
	fixture_set("lang", "en");
	fixture_set("type", "Employee");
	assert_applies();
	assert_span(text(ACCOUNT_TITLE), "Dr");
	assert_span(text(ACCOUNT_DISPLAY_NAME), "Ada Ray");
	assert_span(text(ACCOUNT_EMAIL), "a@b.c");
	assert_span(text(ACCOUNT_EXTERNAL_ID), "1042");
	assert_span(text(ACCOUNT_LOCALE), "en-GB");
	assert_span(text(ACCOUNT_FAMILY_NAME), "Ray");
	assert_span(text(ACCOUNT_GIVEN_NAME), "Ada");
	assert_span(text(ACCOUNT_NICK_NAME), "Addy");
	assert_span(text(ACCOUNT_PREFERRED_LANGUAGE), "en");
	assert_span(text(ACCOUNT_TIMEZONE), "UTC");
	assert_span(text(ACCOUNT_USER_NAME), "ada");
	assert_span(text(ACCOUNT_USER_TYPE), "Employee");
	assert_true(fixture.mapped.account.is_active);
	assert_granted("");
	assert_unknown("");
}

static void test_without_a_rule_or_value_a_text_is_absent(void **state)
{
	(void)state;
	RULES(RULE(ACCOUNT_TITLE, "${title}"));
	assert_applies();
	assert_span(text(ACCOUNT_TITLE), NULL);
	assert_span(text(ACCOUNT_LOCALE), NULL);
	fixture_set("title", "");
	assert_applies();
	assert_span(text(ACCOUNT_TITLE), NULL);
}

static void test_first_rule_with_a_value_wins(void **state)
{
	(void)state;
	RULES(RULE_IF(ACCOUNT_TITLE, "chief", "(level=9)"), RULE(ACCOUNT_LOCALE, "en"),
	    RULE(ACCOUNT_TITLE, "${title}"), RULE(ACCOUNT_TITLE, "staff"));
	assert_applies();
	assert_span(text(ACCOUNT_TITLE), "staff");
	fixture_set("title", "Dr");
	assert_applies();
	assert_span(text(ACCOUNT_TITLE), "Dr");
	fixture_set("level", "9");
	assert_applies();
	assert_span(text(ACCOUNT_TITLE), "chief");
	fixture_set("level", "8");
	assert_applies();
	assert_span(text(ACCOUNT_TITLE), "Dr");
}

static void test_an_empty_when_always_holds(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_seal(groups);
	RULES(RULE_IF(ACCOUNT_TITLE, "staff", ""));
	assert_applies();
	assert_span(text(ACCOUNT_TITLE), "staff");
	WORKSPACES({ .id = SPAN("w1"), .when = SPAN(""), .root = 0 });
	JOIN(finance);
	assert_applies();
	assert_granted("w1");
}

static void test_faults_name_their_target(void **state)
{
	(void)state;
	RULES(RULE(ACCOUNT_FAMILY_NAME, "${sn}"));
	fixture_set("sn", "R\ny");
	assert_rejects("name.familyName: the value holds a control character");
	fixture_set("sn", "R\xffy");
	assert_rejects("name.familyName: ");
	assert_contains(fixture.err.text, "UTF-8");
	fixture_set("sn", "Ray");
	assert_applies();
}

static void test_a_later_rule_does_not_hide_a_fault(void **state)
{
	(void)state;
	RULES(RULE(ACCOUNT_TITLE, "${title}"), RULE(ACCOUNT_TITLE, "staff"));
	fixture_set("title", "a\x01");
	assert_rejects("title: ");
}

static void test_white_space_stays_but_in_the_user_name(void **state)
{
	(void)state;
	RULES(RULE(ACCOUNT_FAMILY_NAME, "${sn}"));
	fixture_set("sn", " Ray ");
	fixture_set("uid", " ada\t\n");
	assert_applies();
	assert_span(text(ACCOUNT_FAMILY_NAME), " Ray ");
	assert_span(text(ACCOUNT_USER_NAME), "ada");
}

static void test_no_user_name(void **state)
{
	(void)state;
	RULES(RULE(ACCOUNT_USER_NAME, "${mail|lower}"));
	fixture_set("uid", NULL);
	assert_rejects("no userName: none of its 2 rules gives a value (${mail|lower}, ${uid})");
	fixture_set("uid", "  ");
	assert_rejects("no userName");
	fixture_set("mail", "A@B");
	assert_applies();
	assert_span(text(ACCOUNT_USER_NAME), "a@b");
}

static void test_user_name_as_email(void **state)
{
	static const struct mapping_rule rules[] = { RULE(ACCOUNT_USER_NAME, "${uid}") };
	struct mapping_input input = { .rules = rules, .rule_count = 1 };

	(void)state;
	fixture_compile(&input);
	fixture_set("uid", "ada");
	assert_applies();
	input.user_name_is_email = true;
	fixture_compile(&input);
	assert_rejects("userName: \"ada\" is not an email address");
	fixture_set("uid", " ada@corp.example ");
	assert_applies();
	assert_span(text(ACCOUNT_USER_NAME), "ada@corp.example");
	fixture_set("uid", "_ada@corp.example");
	assert_rejects("begins or ends with _");
}

static void test_only_the_user_name_must_be_an_email(void **state)
{
	static const struct mapping_rule rules[] = { RULE(ACCOUNT_USER_NAME, "${uid}"),
		RULE(ACCOUNT_EXTERNAL_ID, "${uid|before(\"@\")}") };

	(void)state;
	fixture_compile(&(struct mapping_input) {
	    .rules = rules, .rule_count = 2, .user_name_is_email = true });
	fixture_set("uid", "ada@corp.example");
	assert_applies();
	assert_span(text(ACCOUNT_EXTERNAL_ID), "ada");
}

static void test_active(void **state)
{
	(void)state;
	RULES(
	    RULE_IF(ACCOUNT_ACTIVE, "false", "(type=ended)"), RULE(ACCOUNT_ACTIVE, "${.enabled}"));
	assert_applies();
	assert_true(fixture.mapped.account.is_active);
	fixture_set(".enabled", "FALSE");
	assert_applies();
	assert_false(fixture.mapped.account.is_active);
	fixture_set(".enabled", "TRUE");
	assert_applies();
	assert_true(fixture.mapped.account.is_active);
	fixture_set("type", "ended");
	assert_applies();
	assert_false(fixture.mapped.account.is_active);
	fixture_set("type", NULL);
	fixture_set(".enabled", "maybe");
	assert_rejects("active: \"maybe\" is neither true nor false");
}

/* ---- workspaces ---- */

static void test_by_when(void **state)
{
	(void)state;
	WORKSPACES(
	    BY_WHEN("w2", "(dept=HR*)"), BY_WHEN("w1", "(uid=ada)"), BY_WHEN("w3", "(uid=bob)"));
	assert_applies();
	assert_granted("w1");
	fixture_set("dept", "HR-7");
	assert_applies();
	assert_granted("w1 w2");
	assert_unknown("");
}

static void test_by_group(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));
	uint32_t team = membership_add_group(groups, SPAN("CN=Team"));
	uint32_t hr = membership_add_group(groups, SPAN("CN=HR"));

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_set_root(groups, 1, hr);
	membership_add_edge(groups, team, finance);
	membership_seal(groups);
	WORKSPACES(BY_GROUP("w2", 0), BY_GROUP("w1", 1));
	assert_applies();
	assert_granted("");
	JOIN(team);
	assert_applies();
	assert_granted("w2");
	JOIN(finance, team, hr);
	assert_applies();
	assert_granted("w1 w2");
	assert_unknown("");
}

static void test_any_rule_of_a_workspace_grants_it(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));
	uint32_t hr = membership_add_group(groups, SPAN("CN=HR"));

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_set_root(groups, 1, hr);
	membership_seal(groups);
	WORKSPACES(
	    BY_GROUP("w1", 0), BY_GROUP("w1", 1), BY_GROUP("w2", 1), BY_WHEN("w1", "(boss=TRUE)"));
	JOIN(hr);
	assert_applies();
	assert_granted("w1 w2");
	JOIN(finance, hr);
	assert_applies();
	assert_granted("w1 w2");
	JOIN(finance);
	assert_applies();
	assert_granted("w1");
	fixture_join(NULL, 0);
	assert_applies();
	assert_granted("");
	fixture_set("boss", "TRUE");
	assert_applies();
	assert_granted("w1");
}

static void test_a_rule_with_group_and_when_needs_both(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_seal(groups);
	WORKSPACES({ .id = SPAN("w1"), .when = SPAN("(type=staff)"), .root = 0 });
	fixture_set("type", "staff");
	assert_applies();
	assert_granted("");
	JOIN(finance);
	assert_applies();
	assert_granted("w1");
	fixture_set("type", "guest");
	assert_applies();
	assert_granted("");
}

static void test_roots_that_no_rule_names(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_set_root(groups, 9, finance);
	membership_seal(groups);
	WORKSPACES(BY_GROUP("w1", 0));
	JOIN(finance);
	assert_applies();
	assert_granted("w1");
	assert_unknown("");
}

static void test_unknown(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t hr = membership_add_group(groups, SPAN("CN=HR"));

	(void)state;
	membership_set_unknown(groups, 0, SPAN("no such object"));
	membership_set_root(groups, 1, hr);
	membership_seal(groups);
	WORKSPACES(BY_GROUP("w3", 0), BY_GROUP("w1", 0), BY_GROUP("w2", 1), BY_GROUP("w4", 0),
	    BY_GROUP("w4", 1), BY_WHEN("w5", "(uid=bob)"));
	assert_applies();
	assert_granted("");
	assert_unknown("w1 w3 w4");
	/* A known group settles it. */
	JOIN(hr);
	assert_applies();
	assert_granted("w2 w4");
	assert_unknown("w1 w3");
}

static void test_unknown_is_settled_by_when(void **state)
{
	struct membership *groups = fixture_groups();

	(void)state;
	membership_set_unknown(groups, 0, SPAN("unreadable"));
	membership_seal(groups);
	WORKSPACES(BY_GROUP("w1", 0), BY_WHEN("w1", "(uid=ada)"),
	    { .id = SPAN("w2"), .when = SPAN("(type=staff)"), .root = 0 });
	assert_applies();
	assert_granted("w1");
	assert_unknown(""); /* not staff: no group could give w2 */
	fixture_set("type", "staff");
	assert_applies();
	assert_granted("w1");
	assert_unknown("w2");
}

static void test_what_was_read_of_an_unknown_group_counts(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_set_unknown(groups, 0, SPAN("range cut off"));
	membership_seal(groups);
	WORKSPACES(BY_GROUP("w1", 0));
	assert_applies();
	assert_granted("");
	assert_unknown("w1");
	JOIN(finance);
	assert_applies();
	assert_granted("w1");
	assert_unknown("");
}

static void test_without_a_membership_groups_are_unknown(void **state)
{
	(void)state;
	WORKSPACES(BY_GROUP("w2", 1), BY_GROUP("w1", 0), BY_WHEN("w3", "(uid=ada)"));
	JOIN(0, 7); /* numbers of a membership that is gone */
	assert_applies();
	assert_granted("w3");
	assert_unknown("w1 w2");
	WORKSPACES(BY_WHEN("w3", "(uid=ada)"));
	assert_applies();
	assert_granted("w3");
	assert_unknown("");
}

static void test_a_root_that_was_never_set_is_unknown(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_seal(groups);
	WORKSPACES(BY_GROUP("w1", 0), BY_GROUP("w2", 1));
	assert_applies();
	assert_unknown("w2");
}

static void test_too_many_workspaces(void **state)
{
	static const struct mapping_rule rules[] = { RULE(ACCOUNT_USER_NAME, "${uid}") };
	static const struct workspace_rule workspaces[] = { BY_WHEN("w1", "(uid=*)"),
		BY_WHEN("w2", "(uid=*)"), BY_WHEN("w3", "(uid=ada)"), BY_WHEN("w3", "(uid=*)") };
	struct mapping_input input = { .rules = rules,
		.rule_count = 1,
		.workspaces = workspaces,
		.workspace_count = COUNT(workspaces) };

	(void)state;
	for (input.workspace_max = 0; input.workspace_max < 5; input.workspace_max++) {
		fixture_compile(&input);
		fixture_set("uid", "ada");
		if (input.workspace_max == 0 || input.workspace_max >= 3)
			assert_applies();
		else
			assert_rejects(
			    "workspaces: the rules give 3, and the tenant takes at most");
	}
}

static void test_workspaces_by_name(void **state)
{
	(void)state;
	WORKSPACES({ .id = SPAN("w2"), .root = 0 },
	    { .id = SPAN("w1"), .name = SPAN("HR"), .root = 0 },
	    { .id = SPAN("w2"), .name = SPAN("Finance"), .root = 1 },
	    { .id = SPAN("w2"), .name = SPAN("Other"), .root = 2 },
	    { .id = SPAN("w3"), .root = 1 });
	assert_span(mapping_workspace_name(fixture.mapping, SPAN("w1")), "HR");
	assert_span(mapping_workspace_name(fixture.mapping, SPAN("w2")), "Finance");
	assert_span(mapping_workspace_name(fixture.mapping, SPAN("w3")), NULL);
	assert_span(mapping_workspace_name(fixture.mapping, SPAN("w4")), NULL);
	assert_true(mapping_manages_workspace(fixture.mapping, SPAN("w1")));
	assert_true(mapping_manages_workspace(fixture.mapping, SPAN("w2")));
	assert_true(mapping_manages_workspace(fixture.mapping, SPAN("w3")));
	assert_false(mapping_manages_workspace(fixture.mapping, SPAN("w")));
	assert_false(mapping_manages_workspace(fixture.mapping, SPAN("w4")));
	assert_false(mapping_manages_workspace(fixture.mapping, SPAN_NULL));
}

static void test_without_workspaces(void **state)
{
	(void)state;
	RULES(RULE(ACCOUNT_LOCALE, "en"));
	assert_false(mapping_manages_workspace(fixture.mapping, SPAN("w1")));
	assert_span(mapping_workspace_name(fixture.mapping, SPAN("w1")), NULL);
	assert_applies();
	assert_granted("");
}

static void test_rules_are_copied(void **state)
{
	char id[] = "w1", name[] = "HR", when[] = "(uid=ada)";
	struct workspace_rule rule = { .id = span_of(id),
		.name = span_of(name),
		.when = span_of(when),
		.root = MEMBERSHIP_NONE };

	(void)state;
	fixture_compile_workspaces(&rule, 1);
	memset(id, '#', sizeof(id));
	memset(name, '#', sizeof(name));
	memset(when, '#', sizeof(when));
	assert_applies();
	assert_granted("w1");
	assert_span(mapping_workspace_name(fixture.mapping, SPAN("w1")), "HR");
}

/* ---- workspaces against plain loops ---- */

enum { ROOTS = 5, GROUPS = 8, RULE_COUNT_MAX = 250, IDS = 200 };

struct plain_rule {
	uint32_t workspace, root;
	int when; /* -1: none, else whether it holds */
};

static void make_rules(struct plain_rule *plain, struct workspace_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		plain[i].workspace = chance(IDS);
		plain[i].root = chance(3) == 0 ? MEMBERSHIP_NONE : chance(ROOTS);
		plain[i].when = (int)chance(3) - 1;
		if (plain[i].root == MEMBERSHIP_NONE && plain[i].when < 0)
			plain[i].when = 1;
		rules[i] = (struct workspace_rule) {
			.id = arena_format(fixture.arena, "w%03u", plain[i].workspace),
			.root = plain[i].root,
		};
		if (plain[i].when >= 0)
			rules[i].when = plain[i].when ? SPAN("(uid=ada)") : SPAN("(uid=bob)");
	}
}

/* Which roots each group leads to, and which roots are known. */
struct plain_groups {
	bool leads[GROUPS][ROOTS], is_known[ROOTS];
};

static void make_groups(struct plain_groups *plain)
{
	struct membership *groups = fixture_groups();

	memset(plain, 0, sizeof(*plain));
	for (uint32_t i = 0; i < GROUPS; i++)
		membership_add_group(groups, arena_format(fixture.arena, "CN=g%u", i));
	for (uint32_t i = 0; i < ROOTS; i++) {
		/* Each root has a group of its own that others are in: no nesting deeper than 1. */
		plain->leads[i][i] = true;
		plain->is_known[i] = chance(3) != 0;
		membership_set_root(groups, i, i);
		if (!plain->is_known[i])
			membership_set_unknown(groups, i, SPAN("why"));
	}
	for (uint32_t i = ROOTS; i < GROUPS; i++) {
		uint32_t root = chance(ROOTS);

		plain->leads[i][root] = true;
		membership_add_edge(groups, i, root);
	}
	membership_seal(groups);
}

static void check_one(const struct plain_rule *rules, size_t count,
    const struct plain_groups *groups, const bool *joined)
{
	struct str granted = { 0 }, unknown = { 0 };

	for (uint32_t id = 0; id < IDS; id++) {
		bool is_granted = false, is_unknown = false;

		for (size_t i = 0; i < count; i++) {
			bool is_in = rules[i].root == MEMBERSHIP_NONE;

			if (rules[i].workspace != id || rules[i].when == 0)
				continue;
			for (uint32_t g = 0; !is_in && g < GROUPS; g++)
				is_in = joined[g] && groups->leads[g][rules[i].root];
			is_granted |= is_in;
			is_unknown |= !is_in && !groups->is_known[rules[i].root];
		}
		if (is_granted)
			str_addf(&granted, " w%03u", id);
		else if (is_unknown)
			str_addf(&unknown, " w%03u", id);
	}
	assert_granted(granted.len == 0 ? "" : str_c(&granted) + 1);
	assert_unknown(unknown.len == 0 ? "" : str_c(&unknown) + 1);
	str_done(&granted);
	str_done(&unknown);
}

static void test_against_plain_loops_by_chance(void **state)
{
	(void)state;
	chance_start(__func__);
	for (int round = 0; round < 60; round++) {
		struct plain_rule plain[RULE_COUNT_MAX];
		struct workspace_rule rules[RULE_COUNT_MAX];
		struct plain_groups groups;
		size_t count = chance(RULE_COUNT_MAX);

		make_rules(plain, rules, count);
		make_groups(&groups);
		fixture_compile_workspaces(rules, count);
		for (int person = 0; person < 5; person++) {
			bool joined[GROUPS] = { false };
			uint32_t list[GROUPS], list_count = 0;

			for (uint32_t i = 0; i < GROUPS; i++) {
				joined[i] = chance(4) == 0;
				if (joined[i])
					list[list_count++] = i;
			}
			fixture_join(list, list_count);
			assert_applies();
			check_one(plain, count, &groups, joined);
		}
	}
}

const struct CMUnitTest mapping_tests[] = {
	WITH_FIXTURE(test_rules_that_do_not_compile),
	WITH_FIXTURE(test_without_a_user_name),
	WITH_FIXTURE(test_workspace_rules_that_do_not_compile),
	WITH_FIXTURE(test_free_nothing),
	WITH_FIXTURE(test_each_target),
	WITH_FIXTURE(test_without_a_rule_or_value_a_text_is_absent),
	WITH_FIXTURE(test_first_rule_with_a_value_wins),
	WITH_FIXTURE(test_an_empty_when_always_holds),
	WITH_FIXTURE(test_faults_name_their_target),
	WITH_FIXTURE(test_a_later_rule_does_not_hide_a_fault),
	WITH_FIXTURE(test_white_space_stays_but_in_the_user_name),
	WITH_FIXTURE(test_no_user_name),
	WITH_FIXTURE(test_user_name_as_email),
	WITH_FIXTURE(test_only_the_user_name_must_be_an_email),
	WITH_FIXTURE(test_active),
	WITH_FIXTURE(test_by_when),
	WITH_FIXTURE(test_by_group),
	WITH_FIXTURE(test_any_rule_of_a_workspace_grants_it),
	WITH_FIXTURE(test_a_rule_with_group_and_when_needs_both),
	WITH_FIXTURE(test_roots_that_no_rule_names),
	WITH_FIXTURE(test_unknown),
	WITH_FIXTURE(test_unknown_is_settled_by_when),
	WITH_FIXTURE(test_what_was_read_of_an_unknown_group_counts),
	WITH_FIXTURE(test_without_a_membership_groups_are_unknown),
	WITH_FIXTURE(test_a_root_that_was_never_set_is_unknown),
	WITH_FIXTURE(test_too_many_workspaces),
	WITH_FIXTURE(test_workspaces_by_name),
	WITH_FIXTURE(test_without_workspaces),
	WITH_FIXTURE(test_rules_are_copied),
	WITH_FIXTURE(test_against_plain_loops_by_chance),
};
const size_t mapping_test_count = COUNT(mapping_tests);
