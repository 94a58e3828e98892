/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/membership.h"
#include <stdio.h>
#include <string.h>

static const uint8_t salt[16] = "0123456789abcde";

static struct membership *membership;

static int setup(void **state)
{
	(void)state;
	membership = membership_new(salt);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	membership_free(&membership);
	return 0;
}

/* "CN=PREFIXn,DC=corp" in a buffer that the next call overwrites. */
static struct span dn_of(const char *prefix, uint32_t number)
{
	static char text[64];

	snprintf(text, sizeof(text), "CN=%s%u,DC=corp", prefix, (unsigned)number);
	return span_of(text);
}

static uint32_t add_group(const char *name)
{
	return membership_add_group(membership, span_of(name));
}

#define ASSERT_NUMBERS(numbers, count, ...)                                                        \
	assert_numbers(numbers, count, (const uint32_t[]) { __VA_ARGS__ },                         \
	    COUNT(((const uint32_t[]) { __VA_ARGS__ })))

static void assert_numbers(
    const uint32_t *numbers, size_t count, const uint32_t *expected, size_t expected_count)
{
	assert_int_equal(count, expected_count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(numbers[i], expected[i]);
}

static void assert_path(uint32_t group, uint32_t root, const char *expected)
{
	struct str path = { 0 };
	bool is_found = membership_path(membership, group, root, &path);

	assert_int_equal(is_found, expected != NULL);
	assert_span(str_span(&path), expected == NULL ? "" : expected);
	str_done(&path);
}

static void test_empty(void **state)
{
	const uint32_t *groups;
	struct membership *none = NULL;

	(void)state;
	membership_seal(membership);
	assert_int_equal(membership_find(membership, SPAN("CN=A"), &groups), 0);
	assert_int_equal(membership_find(membership, SPAN(""), &groups), 0);
	assert_int_equal(membership_group_count(membership), 0);
	assert_int_equal(membership_root_count(membership), 0);
	assert_int_equal(membership_member_count(membership), 0);
	assert_false(membership_has_unknown(membership, 0));
	assert_true(membership_has_unknown(membership, 1));
	membership_free(&none);
}

static void test_freed_before_it_is_sealed(void **state)
{
	struct membership *half = membership_new(salt);
	uint32_t group = membership_add_group(half, SPAN("CN=G"));

	(void)state;
	membership_add_member(half, group, SPAN("CN=A"));
	membership_add_edge(half, group, group);
	membership_set_unknown(half, 3, SPAN("why"));
	membership_free(&half);
	assert_null(half);
}

static void test_a_group_is_found_again(void **state)
{
	uint32_t first = add_group("CN=Finance,DC=corp"), second = add_group("CN=HR,DC=corp");

	(void)state;
	assert_int_equal(first, 0);
	assert_int_equal(second, 1);
	assert_int_equal(add_group("cn=finance , dc=CORP"), first);
	assert_int_equal(membership_group_count(membership), 2);
	/* As it was added first. */
	assert_span(membership_group_dn(membership, first), "CN=Finance,DC=corp");
}

static void test_many_groups(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(membership_add_group(membership, dn_of("g", i)), i);
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(membership_add_group(membership, dn_of("G", i)), i);
	assert_int_equal(membership_group_count(membership), 3000);
	assert_span(membership_group_dn(membership, 2999), "CN=g2999,DC=corp");
}

static void test_members(void **state)
{
	uint32_t finance = add_group("CN=Finance"), hr = add_group("CN=HR");
	const uint32_t *groups;
	uint32_t count;

	(void)state;
	membership_add_member(membership, hr, SPAN("CN=Ada,DC=corp"));
	membership_add_member(membership, finance, SPAN("CN=Bob,DC=corp"));
	membership_add_member(membership, finance, SPAN("cn=ada, dc=corp"));
	membership_seal(membership);
	count = membership_find(membership, SPAN("CN=ADA,DC=Corp"), &groups);
	ASSERT_NUMBERS(groups, count, finance, hr);
	count = membership_find(membership, SPAN("CN=Bob,DC=corp"), &groups);
	ASSERT_NUMBERS(groups, count, finance);
	assert_int_equal(membership_find(membership, SPAN("CN=Eve,DC=corp"), &groups), 0);
	assert_int_equal(membership_member_count(membership), 3);
	assert_int_equal(membership_group_size(membership, finance), 2);
	assert_int_equal(membership_group_size(membership, hr), 1);
}

static void test_repeats_count_once(void **state)
{
	uint32_t first = add_group("CN=1"), second = add_group("CN=2");
	const uint32_t *groups;
	uint32_t count;

	(void)state;
	/* More than any bucket of the sort takes without looking at all bytes. */
	for (int i = 0; i < 20000; i++)
		membership_add_member(membership, i % 2 == 0 ? second : first, SPAN("CN=Ada"));
	membership_seal(membership);
	assert_int_equal(membership_member_count(membership), 2);
	count = membership_find(membership, SPAN("CN=Ada"), &groups);
	ASSERT_NUMBERS(groups, count, first, second);
	assert_int_equal(membership_group_size(membership, first), 1);
	assert_int_equal(membership_group_size(membership, second), 1);
}

static void test_a_member_of_very_many_groups(void **state)
{
	enum { GROUPS = 5000 };
	const uint32_t *groups;

	(void)state;
	for (uint32_t i = 0; i < GROUPS; i++)
		membership_add_group(membership, dn_of("g", i));
	for (uint32_t i = 0; i < GROUPS; i++) {
		membership_add_member(membership, (i * 7919) % GROUPS, SPAN("CN=Ada"));
		membership_add_member(membership, 0, dn_of("p", i));
	}
	membership_seal(membership);
	assert_int_equal(membership_find(membership, SPAN("CN=Ada"), &groups), GROUPS);
	for (uint32_t i = 0; i < GROUPS; i++)
		assert_int_equal(groups[i], i);
	for (uint32_t i = 0; i < GROUPS; i++)
		assert_int_equal(membership_find(membership, dn_of("P", i), &groups), 1);
}

static void test_large_groups(void **state)
{
	enum { MEMBERS = 10000 };
	uint32_t even = add_group("CN=Even"), all = add_group("CN=All");
	const uint32_t *groups;

	(void)state;
	for (uint32_t i = 0; i < MEMBERS; i++) {
		membership_add_member(membership, all, dn_of("p", i));
		if (i % 2 == 0)
			membership_add_member(membership, even, dn_of("p", i));
	}
	membership_seal(membership);
	assert_int_equal(membership_group_size(membership, all), MEMBERS);
	assert_int_equal(membership_group_size(membership, even), MEMBERS / 2);
	for (uint32_t i = 0; i < MEMBERS; i++) {
		uint32_t count = membership_find(membership, dn_of("p", i), &groups);

		assert_int_equal(count, i % 2 == 0 ? 2 : 1);
		assert_int_equal(groups[count - 1], all);
	}
	for (uint32_t i = MEMBERS; i < MEMBERS + 1000; i++)
		assert_int_equal(membership_find(membership, dn_of("p", i), &groups), 0);
}

static void test_memory(void **state)
{
	enum { MEMBERS = 20000 };
	uint32_t group = add_group("CN=All");

	(void)state;
	for (uint32_t i = 0; i < MEMBERS; i++)
		membership_add_member(membership, group, dn_of("p", i));
	assert_true(membership_size_bytes(membership) >= MEMBERS * 16);
	membership_seal(membership);
	assert_true(membership_size_bytes(membership) >= MEMBERS * 16);
	assert_true(membership_size_bytes(membership) <= MEMBERS * 16 + 2048);
}

static void test_memory_of_groups(void **state)
{
	enum { MANY = 1024 };
	size_t before = membership_size_bytes(membership);

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		membership_set_root(membership, i, membership_add_group(membership, dn_of("g", i)));
	/* A hash, a DN and its length, two places in the table, the number as a root. */
	assert_true(membership_size_bytes(membership) - before >= MANY * (12 + 16 + 8 + 8 + 4));
	assert_true(membership_size_bytes(membership) - before <= MANY * 140);
	membership_seal(membership);
	assert_true(membership_size_bytes(membership) - before <= MANY * 170);
}

static void test_roots_of_nested_groups(void **state)
{
	uint32_t finance = add_group("CN=Finance"), team = add_group("CN=Team");
	uint32_t squad = add_group("CN=Squad"), hr = add_group("CN=HR");
	const uint32_t *roots;
	uint32_t count;

	(void)state;
	membership_set_root(membership, 1, finance);
	membership_set_root(membership, 0, hr);
	membership_set_root(membership, 2, team);
	membership_add_edge(membership, team, finance);
	membership_add_edge(membership, squad, team);
	membership_seal(membership);
	count = membership_roots(membership, finance, &roots);
	ASSERT_NUMBERS(roots, count, 1);
	count = membership_roots(membership, team, &roots);
	ASSERT_NUMBERS(roots, count, 1, 2);
	count = membership_roots(membership, squad, &roots);
	ASSERT_NUMBERS(roots, count, 1, 2);
	count = membership_roots(membership, hr, &roots);
	ASSERT_NUMBERS(roots, count, 0);
	assert_int_equal(membership_root_count(membership), 3);
	assert_int_equal(membership_root_group(membership, 0), hr);
	assert_int_equal(membership_root_group(membership, 3), MEMBERSHIP_NONE);
}

static void test_more_roots_than_groups(void **state)
{
	uint32_t group = add_group("CN=Finance");
	const uint32_t *roots;

	(void)state;
	for (uint32_t i = 0; i < 200; i++)
		membership_set_root(membership, i, group);
	membership_seal(membership);
	assert_int_equal(membership_roots(membership, group, &roots), 200);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(roots[i], i);
	assert_false(membership_has_unknown(membership, 200));
}

static void test_a_group_that_leads_nowhere(void **state)
{
	uint32_t finance = add_group("CN=Finance"), other = add_group("CN=Other");
	const uint32_t *roots;

	(void)state;
	membership_set_root(membership, 0, finance);
	membership_add_edge(membership, finance, other);
	membership_seal(membership);
	assert_int_equal(membership_roots(membership, other, &roots), 0);
	assert_path(other, 0, NULL);
	assert_path(finance, 0, "CN=Finance");
}

static void test_cycles(void **state)
{
	uint32_t a = add_group("CN=A"), b = add_group("CN=B"), c = add_group("CN=C");
	const uint32_t *roots;
	uint32_t count;

	(void)state;
	membership_add_edge(membership, a, b);
	membership_add_edge(membership, b, c);
	membership_add_edge(membership, c, a);
	membership_add_edge(membership, a, a);
	membership_add_edge(membership, a, b);
	membership_set_root(membership, 0, a);
	membership_set_root(membership, 1, c);
	membership_seal(membership);
	for (uint32_t group = 0; group < 3; group++) {
		count = membership_roots(membership, group, &roots);
		ASSERT_NUMBERS(roots, count, 0, 1);
	}
	assert_path(b, 0, "CN=B > CN=C > CN=A");
	assert_path(a, 0, "CN=A");
}

static void test_direct_members_only(void **state)
{
	uint32_t finance = add_group("CN=Finance"), team = add_group("CN=Team");
	const uint32_t *roots;
	uint32_t count;

	(void)state;
	membership_set_root(membership, 0, finance);
	membership_set_root(membership, 1, finance);
	membership_set_direct_only(membership, 1);
	membership_add_edge(membership, team, finance);
	membership_seal(membership);
	count = membership_roots(membership, finance, &roots);
	ASSERT_NUMBERS(roots, count, 0, 1);
	count = membership_roots(membership, team, &roots);
	ASSERT_NUMBERS(roots, count, 0);
	assert_path(team, 0, "CN=Team > CN=Finance");
	assert_path(team, 1, NULL);
	assert_path(finance, 1, "CN=Finance");
}

static void test_direct_only_in_a_cycle(void **state)
{
	uint32_t a = add_group("CN=A"), b = add_group("CN=B");
	const uint32_t *roots;

	(void)state;
	membership_set_direct_only(membership, 0);
	membership_set_root(membership, 0, a);
	membership_add_edge(membership, a, b);
	membership_add_edge(membership, b, a);
	membership_seal(membership);
	assert_int_equal(membership_roots(membership, a, &roots), 1);
	assert_int_equal(membership_roots(membership, b, &roots), 0);
}

static void test_path_is_the_shortest(void **state)
{
	uint32_t a = add_group("CN=A"), b = add_group("CN=B"), c = add_group("CN=C");
	uint32_t d = add_group("CN=D");

	(void)state;
	membership_add_edge(membership, a, b);
	membership_add_edge(membership, b, c);
	membership_add_edge(membership, c, d);
	membership_add_edge(membership, a, c);
	membership_set_root(membership, 0, d);
	membership_seal(membership);
	assert_path(a, 0, "CN=A > CN=C > CN=D");
	assert_path(b, 0, "CN=B > CN=C > CN=D");
}

static void test_path_appends(void **state)
{
	uint32_t a = add_group("CN=A");
	struct str path = { 0 };

	(void)state;
	membership_set_root(membership, 0, a);
	membership_seal(membership);
	str_add_c(&path, "by ");
	assert_true(membership_path(membership, a, 0, &path));
	assert_false(membership_path(membership, a, 1, &path));
	assert_string_equal(str_c(&path), "by CN=A");
	str_done(&path);
}

static void test_unknown(void **state)
{
	uint32_t group = add_group("CN=Finance");
	const uint32_t *roots;

	(void)state;
	membership_set_root(membership, 0, group);
	membership_set_root(membership, 1, group);
	membership_set_unknown(membership, 1, SPAN("CN=Finance: range cut off"));
	membership_set_unknown(membership, 1, SPAN("a later reason"));
	membership_set_unknown(membership, 3, SPAN_NULL);
	membership_seal(membership);
	assert_true(membership_is_known(membership, 0));
	assert_span(membership_unknown_reason(membership, 0), NULL);
	assert_false(membership_is_known(membership, 1));
	assert_span(membership_unknown_reason(membership, 1), "CN=Finance: range cut off");
	/* Between the others, but nobody said anything about it. */
	assert_false(membership_is_known(membership, 2));
	assert_span(membership_unknown_reason(membership, 2), "the group was not looked up");
	assert_false(membership_is_known(membership, 3));
	assert_span(membership_unknown_reason(membership, 3), "");
	assert_false(membership_is_known(membership, 99));
	assert_span(membership_unknown_reason(membership, 99), "the group was not looked up");
	/* What is known of an unknown group counts. */
	assert_int_equal(membership_roots(membership, group, &roots), 2);
	assert_false(membership_has_unknown(membership, 1));
	assert_true(membership_has_unknown(membership, 2));
}

static void test_the_reason_is_copied(void **state)
{
	char why[] = "no such object";

	(void)state;
	membership_set_unknown(membership, 0, span_of(why));
	memset(why, '#', sizeof(why) - 1);
	membership_seal(membership);
	assert_span(membership_unknown_reason(membership, 0), "no such object");
}

static void test_salt_matters(void **state)
{
	static const uint8_t other_salt[16] = { 1 };
	struct membership *other = membership_new(other_salt);
	const uint32_t *groups;

	/* The same facts under another salt are found just as well. */
	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		uint32_t group = membership_add_group(other, dn_of("g", i));

		membership_add_member(other, group, dn_of("p", i));
	}
	membership_seal(other);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(membership_find(other, dn_of("p", i), &groups), 1);
		assert_int_equal(groups[0], i);
	}
	membership_free(&other);
}

/* A model as plain as can be: tables of yes and no. */
enum { GROUPS = 14, ROOTS = 6, PEOPLE = 40 };

struct model {
	bool is_member[PEOPLE][GROUPS];
	bool leads[GROUPS][GROUPS]; /* child, parent; later: reaches */
	uint32_t root_group[ROOTS];
	bool is_direct_only[ROOTS];
};

static void make_model(struct model *model)
{
	memset(model, 0, sizeof(*model));
	for (uint32_t i = 0; i < GROUPS; i++)
		membership_add_group(membership, dn_of("g", i));
	for (uint32_t i = 0; i < ROOTS; i++) {
		model->root_group[i] = chance(4) == 0 ? MEMBERSHIP_NONE : chance(GROUPS);
		model->is_direct_only[i] = chance(4) == 0;
		if (model->root_group[i] != MEMBERSHIP_NONE)
			membership_set_root(membership, i, model->root_group[i]);
		if (model->is_direct_only[i])
			membership_set_direct_only(membership, i);
	}
	for (uint32_t i = chance(30); i > 0; i--) {
		uint32_t child = chance(GROUPS), parent = chance(GROUPS);

		model->leads[child][parent] = true;
		membership_add_edge(membership, child, parent);
	}
	for (uint32_t i = chance(200); i > 0; i--) {
		uint32_t person = chance(PEOPLE), group = chance(GROUPS);

		model->is_member[person][group] = true;
		membership_add_member(membership, group, dn_of(chance(2) ? "p" : "P", person));
	}
	membership_seal(membership);
}

static void close_model(struct model *model)
{
	for (int i = 0; i < GROUPS; i++)
		model->leads[i][i] = true;
	for (int k = 0; k < GROUPS; k++) {
		for (int i = 0; i < GROUPS; i++) {
			for (int j = 0; j < GROUPS; j++)
				model->leads[i][j] |= model->leads[i][k] && model->leads[k][j];
		}
	}
}

static void check_members(const struct model *model)
{
	size_t sizes[GROUPS] = { 0 }, sum = 0;

	for (uint32_t person = 0; person < PEOPLE; person++) {
		const uint32_t *groups;
		uint32_t count = membership_find(membership, dn_of("p", person), &groups), at = 0;

		for (uint32_t group = 0; group < GROUPS; group++) {
			if (!model->is_member[person][group])
				continue;
			assert_true(at < count);
			assert_int_equal(groups[at++], group);
			sizes[group]++;
		}
		assert_int_equal(at, count);
	}
	for (uint32_t group = 0; group < GROUPS; group++) {
		assert_int_equal(membership_group_size(membership, group), sizes[group]);
		sum += sizes[group];
	}
	assert_int_equal(membership_member_count(membership), sum);
}

static bool leads_to_root(const struct model *model, uint32_t group, uint32_t root)
{
	uint32_t goal = model->root_group[root];

	if (goal == MEMBERSHIP_NONE)
		return false;
	return model->is_direct_only[root] ? group == goal : model->leads[group][goal];
}

static void check_roots(const struct model *model)
{
	for (uint32_t group = 0; group < GROUPS; group++) {
		const uint32_t *roots;
		uint32_t count = membership_roots(membership, group, &roots), at = 0;

		for (uint32_t root = 0; root < ROOTS; root++) {
			struct str path = { 0 };
			bool leads = leads_to_root(model, group, root);

			assert_int_equal(membership_path(membership, group, root, &path), leads);
			str_done(&path);
			if (!leads)
				continue;
			assert_true(at < count);
			assert_int_equal(roots[at++], root);
		}
		assert_int_equal(at, count);
	}
}

static void test_against_a_model_by_chance(void **state)
{
	(void)state;
	chance_start(__func__);
	for (int i = 0; i < 150; i++) {
		struct model model;

		membership_free(&membership);
		membership = membership_new(salt);
		make_model(&model);
		close_model(&model);
		check_members(&model);
		check_roots(&model);
	}
}

#define WITH_MEMBERSHIP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

const struct CMUnitTest membership_tests[] = {
	WITH_MEMBERSHIP(test_empty),
	WITH_MEMBERSHIP(test_freed_before_it_is_sealed),
	WITH_MEMBERSHIP(test_a_group_is_found_again),
	WITH_MEMBERSHIP(test_many_groups),
	WITH_MEMBERSHIP(test_members),
	WITH_MEMBERSHIP(test_repeats_count_once),
	WITH_MEMBERSHIP(test_a_member_of_very_many_groups),
	WITH_MEMBERSHIP(test_large_groups),
	WITH_MEMBERSHIP(test_memory),
	WITH_MEMBERSHIP(test_memory_of_groups),
	WITH_MEMBERSHIP(test_roots_of_nested_groups),
	WITH_MEMBERSHIP(test_more_roots_than_groups),
	WITH_MEMBERSHIP(test_a_group_that_leads_nowhere),
	WITH_MEMBERSHIP(test_cycles),
	WITH_MEMBERSHIP(test_direct_members_only),
	WITH_MEMBERSHIP(test_direct_only_in_a_cycle),
	WITH_MEMBERSHIP(test_path_is_the_shortest),
	WITH_MEMBERSHIP(test_path_appends),
	WITH_MEMBERSHIP(test_unknown),
	WITH_MEMBERSHIP(test_the_reason_is_copied),
	WITH_MEMBERSHIP(test_salt_matters),
	WITH_MEMBERSHIP(test_against_a_model_by_chance),
};
const size_t membership_test_count = COUNT(membership_tests);
