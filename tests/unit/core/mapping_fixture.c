/* SPDX-License-Identifier: ISC */
/*
 * A mapping, an entry and groups to try rules on.
 */
#include "mapping_fixture.h"

#include "base/hash.h"
#include <string.h>

struct fixture fixture;

static const struct mapping_rule user_name_rule = RULE(ACCOUNT_USER_NAME, "${uid}");

int fixture_setup(void **state)
{
	(void)state;
	fixture = (struct fixture) { .arena = arena_new(), .set = attribute_set_new() };
	fixture.entry.dn = SPAN("CN=Ada,DC=corp");
	fixture.entry.values = fixture.values;
	fixture.entry.slot_count = FIXTURE_VALUES;
	return 0;
}

int fixture_teardown(void **state)
{
	(void)state;
	mapping_free(&fixture.mapping);
	attribute_set_free(&fixture.set);
	membership_free(&fixture.membership);
	arena_free(&fixture.arena);
	return 0;
}

void fixture_compile(const struct mapping_input *input)
{
	enum status status;

	mapping_free(&fixture.mapping);
	status = mapping_new(input, fixture.set, &fixture.mapping, &fixture.err);
	if (status != STATUS_OK)
		print_error("%s\n", fixture.err.text);
	assert_int_equal(status, STATUS_OK);
}

void fixture_compile_rules(const struct mapping_rule *rules, size_t count)
{
	struct mapping_rule *all = arena_array(fixture.arena, count + 1, sizeof(*all));

	memcpy(all, rules, count * sizeof(*all));
	all[count] = user_name_rule;
	fixture_compile(&(struct mapping_input) { .rules = all, .rule_count = count + 1 });
	fixture_set("uid", "ada");
}

void fixture_compile_workspaces(const struct workspace_rule *rules, size_t count)
{
	fixture_compile(&(struct mapping_input) { .rules = &user_name_rule,
	    .rule_count = 1,
	    .workspaces = rules,
	    .workspace_count = count });
	fixture_set("uid", "ada");
}

void fixture_set_spans(const char *name, const struct span *values, uint32_t count)
{
	struct span *copies = arena_array(fixture.arena, count, sizeof(*copies));
	size_t slot = 0;

	assert_true(attribute_set_find(fixture.set, span_of(name), &slot));
	assert_true(slot < FIXTURE_VALUES);
	for (uint32_t i = 0; i < count; i++)
		copies[i] = arena_span(fixture.arena, values[i]);
	fixture.values[slot] = (struct values) { copies, count };
}

void fixture_set(const char *name, const char *value)
{
	struct span span = span_of(value);

	fixture_set_spans(name, &span, value == NULL ? 0 : 1);
}

struct membership *fixture_groups(void)
{
	static const uint8_t salt[16] = { 7 };

	membership_free(&fixture.membership);
	fixture.membership = membership_new(salt);
	return fixture.membership;
}

void fixture_join(const uint32_t *groups, uint32_t count)
{
	uint32_t *copies = arena_array(fixture.arena, count, sizeof(*copies));

	for (uint32_t i = 0; i < count; i++)
		copies[i] = groups[i];
	fixture.entry.groups = copies;
	fixture.entry.group_count = count;
}

enum status fixture_apply(void)
{
	return mapping_apply(fixture.mapping, &fixture.entry, fixture.membership, fixture.arena,
	    &fixture.mapped, &fixture.err);
}

void check_ids(
    const struct span *ids, size_t count, const char *expected, const char *file, int line)
{
	struct str list = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add_byte(&list, ' ');
		str_add(&list, ids[i]);
	}
	check_span(arena_span(fixture.arena, str_span(&list)), expected, file, line);
	str_done(&list);
}
