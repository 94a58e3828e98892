/* SPDX-License-Identifier: ISC */
/* group_table.c and dn_set.c */
#include "directory/dn_set.h"
#include "directory/group_table.h"
#include "tests/unit/directory/tests.h"

static const struct directory_group groups[] = {
	{ { "cn=top,dc=x", 11 }, true },
	{ { "cn=other,dc=x", 13 }, true },
	{ { "cn=top,dc=x", 11 }, false },
};
static const struct directory_settings settings = { .groups = groups, .group_count = 3 };

/* top and other lead to mid, mid to low, low back to top. */
static struct group_table *make_ring(uint32_t ret_groups[4])
{
	struct group_table *table = group_table_new(&settings);
	bool is_new;

	ret_groups[0] = group_table_add_root(table, 0, &is_new);
	assert_true(is_new);
	ret_groups[1] = group_table_add_root(table, 1, &is_new);
	ret_groups[2] = group_table_add(table, SPAN("cn=mid,dc=x"), &is_new);
	ret_groups[3] = group_table_add(table, SPAN("cn=low,dc=x"), &is_new);
	assert_true(is_new);
	group_table_add(table, SPAN("CN=Low, dc=x"), &is_new);
	assert_false(is_new);
	group_table_add_edge(table, ret_groups[2], ret_groups[0]);
	group_table_add_edge(table, ret_groups[2], ret_groups[1]);
	group_table_add_edge(table, ret_groups[3], ret_groups[2]);
	group_table_add_edge(table, ret_groups[0], ret_groups[3]);
	group_table_add_member(table, ret_groups[3], SPAN("uid=anna,dc=x"));
	return table;
}

static bool is_in(struct membership *membership, const char *dn, uint32_t root)
{
	const uint32_t *found, *roots;
	uint32_t count = membership_find(membership, span_of(dn), &found), root_count;

	for (uint32_t i = 0; i < count; i++) {
		root_count = membership_roots(membership, found[i], &roots);
		for (uint32_t j = 0; j < root_count; j++)
			if (roots[j] == root)
				return true;
	}
	return false;
}

static void direct_members_of_a_nested_group_stay_apart(void **state)
{
	uint32_t ring[4], direct;
	struct group_table *table = make_ring(ring);
	struct membership *membership;
	bool is_new;

	(void)state;
	direct = group_table_add_root(table, 2, &is_new);
	assert_true(is_new);
	assert_int_not_equal(direct, ring[0]);
	group_table_add_member(table, direct, SPAN("uid=berta,dc=x"));
	group_table_seal(table);
	assert_int_equal(group_table_unknown_count(table), 0);
	membership = group_table_take(table);
	assert_true(is_in(membership, "uid=anna,dc=x", 0));
	assert_true(is_in(membership, "uid=anna,dc=x", 1));
	assert_false(is_in(membership, "uid=anna,dc=x", 2));
	assert_true(is_in(membership, "uid=berta,dc=x", 2));
	assert_false(is_in(membership, "uid=berta,dc=x", 0));
	membership_free(&membership);
	group_table_free(&table);
}

static void a_failure_climbs_to_every_root_above(void **state)
{
	uint32_t ring[4];
	struct group_table *table = make_ring(ring);
	struct membership *membership;
	bool is_new;

	(void)state;
	group_table_add_root(table, 2, &is_new);
	group_table_fail(table, ring[3], SPAN("the cat ate it"));
	group_table_fail(table, ring[3], SPAN("another reason"));
	group_table_seal(table);
	assert_int_equal(group_table_unknown_count(table), 2);
	assert_span(group_table_first_unknown(table), "cn=top,dc=x: the cat ate it");
	membership = group_table_take(table);
	assert_false(membership_is_known(membership, 0));
	assert_false(membership_is_known(membership, 1));
	assert_true(membership_is_known(membership, 2));
	assert_span(membership_unknown_reason(membership, 1), "the cat ate it");
	membership_free(&membership);
	group_table_free(&table);
}

static void a_failure_above_leaves_what_is_below(void **state)
{
	struct group_table *table = group_table_new(&settings);
	uint32_t top, other;
	bool is_new;

	(void)state;
	top = group_table_add_root(table, 0, &is_new);
	other = group_table_add_root(table, 1, &is_new);
	group_table_add_root(table, 2, &is_new);
	group_table_add_edge(table, other, top);
	group_table_fail(table, top, SPAN("no"));
	group_table_seal(table);
	assert_int_equal(group_table_unknown_count(table), 2);
	group_table_free(&table);
}

static void roots_that_were_not_read_are_unknown(void **state)
{
	struct group_table *table = group_table_new(&settings);
	struct membership *membership;

	(void)state;
	group_table_seal(table);
	assert_int_equal(group_table_unknown_count(table), 3);
	membership = group_table_take(table);
	assert_int_equal(membership_root_count(membership), 3);
	assert_false(membership_is_known(membership, 2));
	membership_free(&membership);
	group_table_free(&table);
}

static void only_nested_roots_can_fail_together(void **state)
{
	uint32_t ring[4];
	struct group_table *table = make_ring(ring);
	bool is_new;

	(void)state;
	group_table_add_root(table, 2, &is_new);
	group_table_fail_roots(table, true, SPAN("no list"));
	group_table_seal(table);
	assert_int_equal(group_table_unknown_count(table), 2);
	assert_int_equal(group_table_group_count(table), 5);
	group_table_free(&table);
	group_table_free(&table);
}

static void a_set_of_dns_finds_by_normal_form(void **state)
{
	struct dn_set set = { 0 };

	(void)state;
	assert_false(dn_set_has(&set, SPAN("cn=a,dc=x")));
	dn_set_add(&set, SPAN("cn=a,dc=x"));
	dn_set_add(&set, SPAN("CN=B, dc=x"));
	dn_set_add(&set, SPAN("cn=b,dc=x"));
	dn_set_add(&set, SPAN("cn=c,dc=x"));
	dn_set_seal(&set);
	assert_int_equal(set.count, 3);
	assert_true(dn_set_has(&set, SPAN("CN=A,DC=X")));
	assert_true(dn_set_has(&set, SPAN("cn=b,dc=x")));
	assert_false(dn_set_has(&set, SPAN("cn=d,dc=x")));
	assert_int_equal(dn_set_find(&set, SPAN("cn=d,dc=x")), 3);
	assert_true(dn_set_find(&set, SPAN("cn=c,dc=x")) < 3);
	dn_set_done(&set);
}

const struct CMUnitTest group_table_tests[] = {
	cmocka_unit_test(direct_members_of_a_nested_group_stay_apart),
	cmocka_unit_test(a_failure_climbs_to_every_root_above),
	cmocka_unit_test(a_failure_above_leaves_what_is_below),
	cmocka_unit_test(roots_that_were_not_read_are_unknown),
	cmocka_unit_test(only_nested_roots_can_fail_together),
	cmocka_unit_test(a_set_of_dns_finds_by_normal_form),
};
const size_t group_table_test_count = sizeof(group_table_tests) / sizeof(*group_table_tests);
