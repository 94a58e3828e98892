/* SPDX-License-Identifier: ISC */
/*
 * A mapping, an entry and groups to try rules on, made afresh for each test.
 */
#ifndef TESTS_UNIT_CORE_MAPPING_FIXTURE_H
#define TESTS_UNIT_CORE_MAPPING_FIXTURE_H

#include "tests.h"

#include "core/mapping.h"

enum { FIXTURE_VALUES = 64 };

struct fixture {
	struct arena *arena;
	struct attribute_set *set;
	struct mapping *mapping;
	struct membership *membership; /* NULL until fixture_groups */
	struct values values[FIXTURE_VALUES];
	struct entry entry;
	struct mapped mapped;
	struct err err;
};

extern struct fixture fixture;

int fixture_setup(void **state);
int fixture_teardown(void **state);

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

/** Compiles rules; fails the test when they do not compile. */
void fixture_compile(const struct mapping_input *input);

/** Compiles the rules given, with `userName` from uid as one more. */
void fixture_compile_rules(const struct mapping_rule *rules, size_t count);
#define RULES(...)                                                                                 \
	fixture_compile_rules((const struct mapping_rule[]) { __VA_ARGS__ },                       \
	    COUNT(((const struct mapping_rule[]) { __VA_ARGS__ })))

/** Compiles workspace rules, and `userName` from uid. */
void fixture_compile_workspaces(const struct workspace_rule *rules, size_t count);
#define WORKSPACES(...)                                                                            \
	fixture_compile_workspaces((const struct workspace_rule[]) { __VA_ARGS__ },                \
	    COUNT(((const struct workspace_rule[]) { __VA_ARGS__ })))

#define RULE(target, template)                                                                     \
	{                                                                                          \
		.to = (target), .from = SPAN_INIT(template)                                        \
	}
#define RULE_IF(target, template, filter)                                                          \
	{                                                                                          \
		.to = (target), .from = SPAN_INIT(template), .when = SPAN_INIT(filter)             \
	}
#define BY_GROUP(workspace, number)                                                                \
	{                                                                                          \
		.id = SPAN_INIT(workspace), .root = (number)                                       \
	}
#define BY_WHEN(workspace, filter)                                                                 \
	{                                                                                          \
		.id = SPAN_INIT(workspace), .when = SPAN_INIT(filter), .root = MEMBERSHIP_NONE     \
	}

/** Gives the entry values of an attribute, after the rules were compiled. */
void fixture_set(const char *name, const char *value);
void fixture_set_spans(const char *name, const struct span *values, uint32_t count);

/** Makes an empty membership to be filled and sealed. */
struct membership *fixture_groups(void);

/** Puts the entry directly into groups, ascending. */
void fixture_join(const uint32_t *groups, uint32_t count);
#define JOIN(...)                                                                                  \
	fixture_join(                                                                              \
	    (const uint32_t[]) { __VA_ARGS__ }, COUNT(((const uint32_t[]) { __VA_ARGS__ })))

/** Maps the entry. */
enum status fixture_apply(void);

/** Fails unless the entry maps to exactly these workspaces, or these unknown ones; "a b". */
void check_ids(
    const struct span *ids, size_t count, const char *expected, const char *file, int line);
#define assert_granted(expected)                                                                   \
	check_ids(fixture.mapped.account.workspaces, fixture.mapped.account.workspace_count,       \
	    expected, __FILE__, __LINE__)
#define assert_unknown(expected)                                                                   \
	check_ids(                                                                                 \
	    fixture.mapped.unknown, fixture.mapped.unknown_count, expected, __FILE__, __LINE__)

#endif
