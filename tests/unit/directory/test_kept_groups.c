/* SPDX-License-Identifier: ISC */
/* kept_groups.c, and renewing a group_table.c */
#include "directory/group_table.h"
#include "directory/kept_groups.h"
#include "tests/unit/directory/tests.h"

static const struct directory_group roots[] = { { { "cn=top,dc=x", 11 }, true } };
static const struct directory_settings settings = { .groups = roots, .group_count = 1 };
static const struct uuid keys[] = { { { 1 } }, { { 2 } } };

static void keep(struct kept_groups *kept, struct group_table *table)
{
	struct dn_set known = { 0 };

	group_table_seal(table);
	kept_groups_set(kept, group_table_take(table), group_table_take_keys(table), &known);
	group_table_free(&table);
}

/* top has anna and inner, inner has berta. */
static void keep_some(struct kept_groups *kept)
{
	struct group_table *table = group_table_new(&settings);
	bool is_new;

	group_table_add_root(table, 0, &is_new);
	group_table_add(table, SPAN("cn=inner,dc=x"), &is_new);
	group_table_add_edge(table, 1, 0);
	group_table_add_member(table, 0, SPAN("uid=anna,dc=x"));
	group_table_add_member(table, 1, SPAN("uid=berta,dc=x"));
	group_table_set_key(table, 0, &keys[0]);
	group_table_set_key(table, 1, &keys[1]);
	keep(kept, table);
}

static uint32_t group_count(struct kept_groups *kept, const char *dn)
{
	const uint32_t *groups;

	return membership_find(kept->membership, span_of(dn), &groups);
}

static void note_member(void *context, uint32_t group, struct span dn)
{
	struct str *out = context;

	str_addf(out, "%u %.*s;", group, SPAN_ARG(dn));
}

static void only_what_changed_is_read_again(void **state)
{
	static const bool is_changed[] = { false, true };
	struct kept_groups kept = { 0 };
	struct group_table *table;
	struct str told = { 0 };
	bool is_new;

	(void)state;
	keep_some(&kept);
	table = group_table_renew(&settings, kept.membership, kept.keys, is_changed);
	group_table_watch(table, note_member, &told);
	assert_int_equal(group_table_add(table, SPAN("cn=inner,dc=x"), &is_new), 1);
	assert_false(is_new);
	assert_span(group_table_dn(table, 1), "cn=inner,dc=x");
	group_table_add_member(table, 1, SPAN("uid=carl,dc=x"));
	group_table_remove_member(table, 0, SPAN("uid=anna,dc=x"));
	assert_span(str_span(&told), "1 uid=carl,dc=x;");
	assert_false(group_table_has_failed(table));
	group_table_fail(table, 1, SPAN("why"));
	assert_true(group_table_has_failed(table));
	keep(&kept, table);
	assert_int_equal(group_count(&kept, "uid=anna,dc=x"), 0);
	assert_int_equal(group_count(&kept, "uid=berta,dc=x"), 0);
	assert_int_equal(group_count(&kept, "uid=carl,dc=x"), 1);
	str_done(&told);
	kept_groups_done(&kept);
}

static void a_group_is_found_by_its_key(void **state)
{
	struct kept_groups kept = { 0 };
	struct uuid nobody = { { 3 } }, zero = { { 0 } };
	uint32_t group = 7;

	(void)state;
	assert_int_equal(kept_groups_find(&kept, &keys[0], &group), 0);
	keep_some(&kept);
	assert_int_equal(kept_groups_find(&kept, &keys[1], &group), 1);
	assert_int_equal(group, 1);
	assert_int_equal(kept_groups_find(&kept, &nobody, &group), 0);
	assert_int_equal(kept_groups_find(&kept, &zero, &group), 0);
	kept_groups_done(&kept);
}

static void what_was_told_last_is_told_again_from_the_cursor_before(void **state)
{
	struct kept_groups kept = { 0 };
	struct changed_member anna = { { { 1 } }, SPAN("uid=anna") },
			      berta = { { { 2 } }, SPAN_NULL };

	(void)state;
	assert_false(kept_groups_resume(&kept, SPAN("")));
	kept_groups_begin(&kept, SPAN("one"));
	assert_true(kept_groups_resume(&kept, SPAN("one")));
	assert_false(kept_groups_resume(&kept, SPAN("two")));
	kept_groups_tell(&kept, &anna);
	kept_groups_advance(&kept, SPAN("one"), SPAN("two"));
	assert_true(kept_groups_resume(&kept, SPAN("one")));
	kept_groups_tell(&kept, &berta);
	kept_groups_advance(&kept, SPAN("one"), SPAN("three"));
	assert_int_equal(kept.told_count, 2);
	assert_span(kept.told[0].dn, "uid=anna");
	assert_false(kept_groups_resume(&kept, SPAN("two")));
	assert_true(kept_groups_resume(&kept, SPAN("three")));
	assert_int_equal(kept.told_count, 0);
	kept_groups_advance(&kept, SPAN("three"), SPAN("four"));
	assert_false(kept_groups_resume(&kept, SPAN("one")));
	kept_groups_done(&kept);
}

const struct CMUnitTest kept_groups_tests[] = {
	cmocka_unit_test(only_what_changed_is_read_again),
	cmocka_unit_test(a_group_is_found_by_its_key),
	cmocka_unit_test(what_was_told_last_is_told_again_from_the_cursor_before),
};
const size_t kept_groups_test_count = sizeof(kept_groups_tests) / sizeof(*kept_groups_tests);
