/* SPDX-License-Identifier: ISC */
/*
 * Renewing a membership must give what a fresh walk gives, and the difference must name just those
 * whose workspaces could differ: held against the plain way on random groups.
 */
#include "tests.h"

#include "core/membership.h"
#include <stdio.h>

enum { PEOPLE = 24, GROUPS = 8, ROOTS = 3, ROUNDS = 400 };

/* Groups as a table of bits. */
struct model {
	uint32_t members[GROUPS];  /* a bit a person */
	uint32_t children[GROUPS]; /* a bit a group inside it */
	uint32_t root_group[ROOTS];
	bool is_direct_only[ROOTS];
};

static const uint8_t salt[16] = "0123456789abcdef";

static struct span dn_of(char text[32], const char *kind, unsigned number)
{
	snprintf(text, 32, "%s=%u,dc=x", kind, number);
	return span_of(text);
}

static struct model make_model(void)
{
	struct model model;

	for (unsigned i = 0; i < GROUPS; i++) {
		model.members[i] = chance(1U << 12) | chance(1U << 12) << 12;
		model.children[i] = chance(3) == 0 ? 1U << chance(GROUPS) : 0;
	}
	for (unsigned i = 0; i < ROOTS; i++) {
		model.root_group[i] = chance(GROUPS);
		model.is_direct_only[i] = chance(4) == 0;
	}
	return model;
}

static void add_content(struct membership *membership, const struct model *model, uint32_t group)
{
	char text[32];

	for (unsigned i = 0; i < PEOPLE; i++)
		if (model->members[group] & (1U << i))
			membership_add_member(membership, group, dn_of(text, "uid", i));
	for (uint32_t i = 0; i < GROUPS; i++)
		if (model->children[group] & (1U << i))
			membership_add_edge(membership, i, group);
}

static struct membership *build(const struct model *model)
{
	struct membership *membership = membership_new(salt);
	char text[32];

	for (unsigned i = 0; i < GROUPS; i++)
		assert_int_equal(membership_add_group(membership, dn_of(text, "cn", i)), i);
	for (unsigned i = 0; i < GROUPS; i++)
		add_content(membership, model, i);
	for (unsigned i = 0; i < ROOTS; i++) {
		membership_set_root(membership, i, model->root_group[i]);
		if (model->is_direct_only[i])
			membership_set_direct_only(membership, i);
	}
	membership_seal(membership);
	return membership;
}

static bool is_in(const void *context, uint32_t group)
{
	return (*(const uint32_t *)context & (1U << group)) != 0;
}

static struct membership *renew(
    const struct membership *old, const struct model *model, uint32_t changed)
{
	struct membership *renewed = membership_renew(old, is_in, &changed);

	for (uint32_t i = 0; i < GROUPS; i++)
		if (changed & (1U << i))
			add_content(renewed, model, i);
	membership_seal(renewed);
	return renewed;
}

static uint32_t roots_of(struct membership *membership, unsigned person)
{
	const uint32_t *found, *roots;
	uint32_t groups[GROUPS], bits = 0;
	uint32_t count;
	char text[32];

	count = membership_find(membership, dn_of(text, "uid", person), &found);
	for (uint32_t i = 0; i < count; i++)
		groups[i] = found[i];
	for (uint32_t i = 0; i < count; i++) {
		uint32_t root_count = membership_roots(membership, groups[i], &roots);

		for (uint32_t j = 0; j < root_count; j++)
			bits |= 1U << roots[j];
	}
	return bits;
}

struct told {
	uint32_t people;
	unsigned strangers, repeats;
};

static void on_member(void *context, const struct member_hash *hash)
{
	struct told *told = context;
	struct str scratch = { 0 };
	bool is_known = false;
	char text[32];

	for (unsigned i = 0; i < PEOPLE; i++) {
		struct member_hash other;

		member_hash(salt, dn_of(text, "uid", i), &scratch, &other);
		if (memcmp(other.byte, hash->byte, sizeof(other.byte)) != 0)
			continue;
		told->repeats += (told->people >> i) & 1;
		told->people |= 1U << i;
		is_known = true;
	}
	told->strangers += !is_known;
	str_done(&scratch);
}

static uint32_t change_some(struct model *model)
{
	uint32_t changed = 0;

	for (unsigned i = 0; i < 1 + chance(3); i++) {
		unsigned group = chance(GROUPS);

		changed |= 1U << group;
		if (chance(2) == 0)
			model->members[group] ^= 1U << chance(PEOPLE);
		if (chance(3) == 0)
			model->children[group] ^= 1U << chance(GROUPS);
		if (chance(10) == 0)
			model->members[group] = 0;
	}
	return changed;
}

static void test_against_the_plain_way(void **state)
{
	unsigned differences = 0;

	(void)state;
	chance_start("membership_renew");
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct model model = make_model();
		struct membership *old = build(&model), *renewed, *fresh;
		uint32_t changed = change_some(&model), expected = 0;
		struct told told = { 0 };

		renewed = renew(old, &model, changed);
		fresh = build(&model);
		membership_diff(old, renewed, on_member, &told);
		for (unsigned i = 0; i < PEOPLE; i++) {
			assert_int_equal(roots_of(renewed, i), roots_of(fresh, i));
			if (roots_of(old, i) != roots_of(renewed, i))
				expected |= 1U << i;
		}
		assert_int_equal(told.people, expected);
		assert_int_equal(told.strangers, 0);
		assert_int_equal(told.repeats, 0);
		assert_int_equal(membership_member_count(renewed), membership_member_count(fresh));
		differences += expected != 0;
		membership_free(&old);
		membership_free(&renewed);
		membership_free(&fresh);
	}
	assert_in_range(differences, ROUNDS / 10, ROUNDS);
}

static void test_nothing_changed(void **state)
{
	struct model model;
	struct membership *old, *renewed;
	struct told told = { 0 };

	(void)state;
	chance_start("membership_renew");
	model = make_model();
	old = build(&model);
	renewed = renew(old, &model, 0);
	membership_diff(old, renewed, on_member, &told);
	assert_int_equal(told.people, 0);
	assert_memory_equal(membership_salt(old), membership_salt(renewed), 16);
	membership_free(&old);
	membership_free(&renewed);
}

/* DirSync tells single values. */
static void test_one_member_less_and_one_more(void **state)
{
	struct model model = { .members = { 7 }, .root_group = { 0, 1, 2 } };
	const uint32_t nothing = 0;
	struct membership *old = build(&model), *renewed;
	struct told told = { 0 };
	char text[32];

	(void)state;
	renewed = membership_renew(old, is_in, &nothing);
	membership_remove_member(renewed, 0, SPAN("UID=1, DC=X"));
	membership_remove_member(renewed, 0, SPAN("uid=9,dc=x")); /* not in it */
	membership_remove_member(renewed, 1, SPAN("uid=0,dc=x")); /* nor in that */
	membership_add_member(renewed, 0, dn_of(text, "uid", 5));
	membership_seal(renewed);
	membership_diff(old, renewed, on_member, &told);
	assert_int_equal(told.people, 1U << 1 | 1U << 5);
	membership_free(&old);
	membership_free(&renewed);
}

static void test_a_group_that_is_new(void **state)
{
	struct model model = { .members = { 3 }, .root_group = { 0, 1, 2 } };
	const uint32_t nothing = 0;
	struct membership *old = build(&model), *renewed;
	struct told told = { 0 };
	uint32_t group;
	char text[32];

	(void)state;
	renewed = membership_renew(old, is_in, &nothing);
	group = membership_add_group(renewed, SPAN("cn=new,dc=x"));
	assert_int_equal(group, GROUPS);
	membership_add_member(renewed, group, dn_of(text, "uid", 7));
	membership_add_edge(renewed, group, 0);
	membership_seal(renewed);
	membership_diff(old, renewed, on_member, &told);
	assert_int_equal(told.people, 1U << 7);
	membership_free(&old);
	membership_free(&renewed);
}

static void test_a_renamed_member_keeps_its_groups(void **state)
{
	struct model model = { .members = { 3, 5, 1 }, .root_group = { 0, 1, 2 } };
	struct membership *membership = build(&model);
	const uint32_t *groups;
	size_t before = membership_member_count(membership);

	(void)state;
	membership_copy_member(membership, SPAN("UID=0,dc=x"), SPAN("uid=0,ou=new,dc=x"));
	assert_int_equal(membership_find(membership, SPAN("uid=0,ou=new,dc=x"), &groups), 3);
	assert_int_equal(groups[0], 0);
	assert_int_equal(groups[1], 1);
	assert_int_equal(groups[2], 2);
	assert_int_equal(membership_member_count(membership), before + 3);
	assert_int_equal(membership_group_size(membership, 0), 3);
	/* Again, and from nobody: nothing. */
	membership_copy_member(membership, SPAN("UID=0,dc=x"), SPAN("uid=0,ou=new,dc=x"));
	membership_copy_member(membership, SPAN("uid=77,dc=x"), SPAN("uid=1,dc=x"));
	assert_int_equal(membership_member_count(membership), before + 3);
	assert_int_equal(membership_find(membership, SPAN("uid=1,dc=x"), &groups), 1);
	membership_free(&membership);
}

static void test_finding_by_hash_and_by_name(void **state)
{
	struct model model = { .members = { 1, 1, 0 }, .root_group = { 0, 1, 2 } };
	struct membership *membership = build(&model);
	struct str scratch = { 0 };
	struct member_hash hash;
	uint32_t groups[1];

	(void)state;
	member_hash(salt, SPAN("uid=0,dc=x"), &scratch, &hash);
	assert_int_equal(membership_find_hash(membership, &hash, groups, 1), 2);
	assert_int_equal(groups[0], 0);
	member_hash(salt, SPAN("uid=5,dc=x"), &scratch, &hash);
	assert_int_equal(membership_find_hash(membership, &hash, groups, 1), 0);
	assert_int_equal(membership_find_group(membership, SPAN("CN=3, DC=x")), 3);
	assert_int_equal(membership_find_group(membership, SPAN("cn=99,dc=x")), MEMBERSHIP_NONE);
	str_done(&scratch);
	membership_free(&membership);
}

const struct CMUnitTest membership_renew_tests[] = {
	cmocka_unit_test(test_against_the_plain_way),
	cmocka_unit_test(test_nothing_changed),
	cmocka_unit_test(test_one_member_less_and_one_more),
	cmocka_unit_test(test_a_group_that_is_new),
	cmocka_unit_test(test_a_renamed_member_keeps_its_groups),
	cmocka_unit_test(test_finding_by_hash_and_by_name),
};
const size_t membership_renew_test_count = sizeof(membership_renew_tests) /
					   sizeof(membership_renew_tests[0]);
