/* SPDX-License-Identifier: ISC */
#include "mapping_fixture.h"

#include <string.h>

static struct mapping_trace explain(void)
{
	return mapping_explain(fixture.mapping, &fixture.entry, fixture.membership, fixture.arena);
}

static void assert_rule(
    const struct rule_trace *trace, enum rule_outcome outcome, const char *value)
{
	assert_int_equal(trace->outcome, outcome);
	if (outcome == RULE_FAULT)
		assert_contains(trace->value.at, value);
	else
		assert_span(trace->value, value);
}

static void assert_grant(const struct grant_trace *trace, const char *id,
    enum grant_outcome outcome, const char *group, const char *path)
{
	assert_span(trace->id, id);
	assert_int_equal(trace->outcome, outcome);
	assert_span(trace->group, group);
	assert_span(trace->path, path);
}

static void test_rules_as_configured(void **state)
{
	struct mapping_trace trace;

	(void)state;
	RULES(RULE(ACCOUNT_TITLE, "${title}"), RULE_IF(ACCOUNT_ACTIVE, "no", "(type=ended)"),
	    RULE_IF(ACCOUNT_TITLE, "chief", "(level=9)"), RULE(ACCOUNT_TITLE, "staff"),
	    RULE_IF(ACCOUNT_TITLE, "none", "(uid=*)"));
	trace = explain();
	assert_int_equal(trace.rule_count, 6);
	assert_int_equal(trace.grant_count, 0);
	assert_rule(&trace.rules[0], RULE_EMPTY, NULL);
	assert_rule(&trace.rules[1], RULE_WHEN_FALSE, NULL);
	assert_rule(&trace.rules[2], RULE_WHEN_FALSE, NULL);
	assert_rule(&trace.rules[3], RULE_WON, "staff");
	assert_rule(&trace.rules[4], RULE_AFTER_WINNER, "none");
	assert_rule(&trace.rules[5], RULE_WON, "ada");
	assert_int_equal(trace.rules[0].to, ACCOUNT_TITLE);
	assert_int_equal(trace.rules[1].to, ACCOUNT_ACTIVE);
	assert_int_equal(trace.rules[5].to, ACCOUNT_USER_NAME);
	assert_span(trace.rules[0].from, "${title}");
	assert_span(trace.rules[0].when, NULL);
	assert_span(trace.rules[2].from, "chief");
	assert_span(trace.rules[2].when, "(level=9)");
}

static void test_a_fault_ends_its_target(void **state)
{
	struct mapping_trace trace;

	(void)state;
	RULES(RULE(ACCOUNT_ACTIVE, "${flag}"), RULE(ACCOUNT_ACTIVE, "yes"),
	    RULE(ACCOUNT_TITLE, "${title}"));
	fixture_set("flag", "maybe");
	fixture_set("title", "Dr\x07");
	trace = explain();
	assert_rule(&trace.rules[0], RULE_FAULT, "active: \"maybe\" is neither true nor false");
	assert_rule(&trace.rules[1], RULE_AFTER_WINNER, "yes");
	assert_rule(&trace.rules[2], RULE_FAULT, "title: the value holds a control character");
	assert_rule(&trace.rules[3], RULE_WON, "ada");
}

static void test_a_rule_that_comes_too_late_and_gives_nothing(void **state)
{
	struct mapping_trace trace;

	(void)state;
	RULES(RULE(ACCOUNT_TITLE, "staff"), RULE(ACCOUNT_TITLE, "${title}"),
	    RULE_IF(ACCOUNT_TITLE, "chief", "(level=9)"), RULE(ACCOUNT_TITLE, "${bad}"));
	fixture_set("bad", "Dr\x07");
	trace = explain();
	assert_rule(&trace.rules[0], RULE_WON, "staff");
	assert_rule(&trace.rules[1], RULE_EMPTY, NULL);
	assert_rule(&trace.rules[2], RULE_WHEN_FALSE, NULL);
	assert_rule(&trace.rules[3], RULE_AFTER_WINNER, NULL);
}

static void test_the_attributes_that_people_go_by(void **state)
{
	struct attribute_set *set = attribute_set_new();
	size_t slot;

	(void)state;
	RULES(RULE(ACCOUNT_USER_NAME, "${login|lower}@${domain}"), RULE(ACCOUNT_TITLE, "${title}"),
	    RULE(ACCOUNT_EXTERNAL_ID, "${badge}"));
	mapping_add_naming_attributes(fixture.mapping, set);
	assert_true(attribute_set_find(set, SPAN("login"), &slot));
	assert_true(attribute_set_find(set, SPAN("domain"), &slot));
	assert_true(attribute_set_find(set, SPAN("badge"), &slot));
	assert_false(attribute_set_find(set, SPAN("title"), &slot));
	attribute_set_free(&set);
}

static void test_values_outlive_the_entry(void **state)
{
	struct mapping_trace trace;
	char value[] = "Dr";
	struct span span = span_of(value);
	size_t slot = 0;

	(void)state;
	RULES(RULE(ACCOUNT_TITLE, "${title}"));
	assert_true(attribute_set_find(fixture.set, SPAN("title"), &slot));
	fixture.values[slot] = (struct values) { &span, 1 };
	trace = explain();
	memset(value, '#', sizeof(value));
	assert_rule(&trace.rules[0], RULE_WON, "Dr");
}

static void test_no_user_name_is_no_failure(void **state)
{
	struct mapping_trace trace;

	(void)state;
	RULES(RULE(ACCOUNT_USER_NAME, "${mail}"));
	fixture_set("uid", " ");
	trace = explain();
	assert_rule(&trace.rules[0], RULE_EMPTY, NULL);
	assert_rule(&trace.rules[1], RULE_EMPTY, NULL);
}

static void test_grants_by_when(void **state)
{
	struct mapping_trace trace;

	(void)state;
	WORKSPACES({ .id = SPAN("w2"),
		       .name = SPAN("HR"),
		       .when = SPAN("(uid=ada)"),
		       .root = MEMBERSHIP_NONE },
	    BY_WHEN("w1", "(uid=bob)"));
	trace = explain();
	assert_int_equal(trace.grant_count, 2);
	assert_grant(&trace.grants[0], "w2", GRANT_BY_WHEN, NULL, NULL);
	assert_span(trace.grants[0].name, "HR");
	assert_span(trace.grants[0].when, "(uid=ada)");
	assert_grant(&trace.grants[1], "w1", GRANT_NONE, NULL, NULL);
	assert_span(trace.grants[1].name, NULL);
	assert_span(trace.grants[1].when, "(uid=bob)");
}

static void test_grants_by_group(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));
	uint32_t team = membership_add_group(groups, SPAN("CN=Team"));
	uint32_t squad = membership_add_group(groups, SPAN("CN=Squad"));
	uint32_t hr = membership_add_group(groups, SPAN("CN=HR"));
	struct mapping_trace trace;

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_set_root(groups, 1, hr);
	membership_add_edge(groups, squad, team);
	membership_add_edge(groups, team, finance);
	membership_seal(groups);
	WORKSPACES(BY_GROUP("w1", 0), BY_GROUP("w2", 1));
	JOIN(squad);
	trace = explain();
	assert_grant(&trace.grants[0], "w1", GRANT_BY_GROUP, "CN=Finance",
	    "CN=Squad > CN=Team > CN=Finance");
	assert_grant(&trace.grants[1], "w2", GRANT_NONE, "CN=HR", NULL);
	/* The shortest of several ways is the one that explains. */
	JOIN(team, squad);
	trace = explain();
	assert_grant(&trace.grants[0], "w1", GRANT_BY_GROUP, "CN=Finance", "CN=Team > CN=Finance");
	JOIN(finance, squad);
	trace = explain();
	assert_grant(&trace.grants[0], "w1", GRANT_BY_GROUP, "CN=Finance", "CN=Finance");
}

static void test_grants_that_are_unknown(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));
	struct mapping_trace trace;

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_set_unknown(groups, 0, SPAN("CN=Finance: range cut off"));
	membership_set_unknown(groups, 1, SPAN("CN=HR: no such object (32)"));
	membership_seal(groups);
	WORKSPACES(BY_GROUP("w1", 0), BY_GROUP("w2", 1), BY_GROUP("w3", 2));
	trace = explain();
	assert_grant(
	    &trace.grants[0], "w1", GRANT_UNKNOWN, "CN=Finance", "CN=Finance: range cut off");
	assert_grant(&trace.grants[1], "w2", GRANT_UNKNOWN, NULL, "CN=HR: no such object (32)");
	assert_grant(&trace.grants[2], "w3", GRANT_UNKNOWN, NULL, "the group was not looked up");
	JOIN(finance);
	trace = explain();
	assert_grant(&trace.grants[0], "w1", GRANT_BY_GROUP, "CN=Finance", "CN=Finance");
}

static void test_grants_without_a_membership(void **state)
{
	struct mapping_trace trace;

	(void)state;
	WORKSPACES(BY_GROUP("w1", 0));
	JOIN(3);
	trace = explain();
	assert_grant(&trace.grants[0], "w1", GRANT_UNKNOWN, NULL, "no group was looked up");
}

static void test_grants_by_group_and_when(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));
	struct mapping_trace trace;

	(void)state;
	membership_set_root(groups, 0, finance);
	membership_seal(groups);
	WORKSPACES({ .id = SPAN("w1"), .when = SPAN("(type=staff)"), .root = 0 });
	JOIN(finance);
	trace = explain();
	assert_grant(&trace.grants[0], "w1", GRANT_NONE, "CN=Finance", "CN=Finance");
	assert_true(trace.grants[0].is_when_false);
	fixture_set("type", "staff");
	trace = explain();
	assert_false(trace.grants[0].is_when_false);
	assert_grant(&trace.grants[0], "w1", GRANT_BY_GROUP, "CN=Finance", "CN=Finance");
}

/* What explaining says is what applying does. */
static void test_explaining_agrees_with_applying(void **state)
{
	struct membership *groups = fixture_groups();
	uint32_t finance = membership_add_group(groups, SPAN("CN=Finance"));
	uint32_t hr = membership_add_group(groups, SPAN("CN=HR"));

	(void)state;
	chance_start(__func__);
	membership_set_root(groups, 0, finance);
	membership_set_root(groups, 1, hr);
	membership_set_unknown(groups, 2, SPAN("gone"));
	membership_seal(groups);
	WORKSPACES(BY_GROUP("w1", 0), BY_GROUP("w2", 1), BY_GROUP("w3", 2), BY_GROUP("w3", 0),
	    BY_WHEN("w4", "(level=1)"), BY_WHEN("w2", "(level=2)"));
	for (int i = 0; i < 50; i++) {
		struct mapping_trace trace;
		struct account explained = { 0 };
		struct span ids[6];
		uint32_t joined[2], count = 0;

		if (chance(2) == 0)
			joined[count++] = finance;
		if (chance(2) == 0)
			joined[count++] = hr;
		fixture_join(joined, count);
		fixture_set("level", chance(2) == 0 ? "1" : "2");
		assert_int_equal(fixture_apply(), STATUS_OK);
		trace = explain();
		count = 0;
		for (size_t j = 0; j < trace.grant_count; j++) {
			if (trace.grants[j].outcome == GRANT_BY_WHEN ||
			    trace.grants[j].outcome == GRANT_BY_GROUP)
				ids[count++] = trace.grants[j].id;
		}
		explained = fixture.mapped.account;
		explained.workspaces = ids;
		explained.workspace_count = account_sort_workspaces(ids, count);
		assert_accounts_equal(&explained, &fixture.mapped.account);
	}
}

const struct CMUnitTest mapping_explain_tests[] = {
	WITH_FIXTURE(test_rules_as_configured),
	WITH_FIXTURE(test_a_fault_ends_its_target),
	WITH_FIXTURE(test_a_rule_that_comes_too_late_and_gives_nothing),
	WITH_FIXTURE(test_the_attributes_that_people_go_by),
	WITH_FIXTURE(test_values_outlive_the_entry),
	WITH_FIXTURE(test_no_user_name_is_no_failure),
	WITH_FIXTURE(test_grants_by_when),
	WITH_FIXTURE(test_grants_by_group),
	WITH_FIXTURE(test_grants_that_are_unknown),
	WITH_FIXTURE(test_grants_without_a_membership),
	WITH_FIXTURE(test_grants_by_group_and_when),
	WITH_FIXTURE(test_explaining_agrees_with_applying),
};
const size_t mapping_explain_test_count = COUNT(mapping_explain_tests);
