/* SPDX-License-Identifier: ISC */
#include "base/str.h"
#include "directory/primary_group.h"
#include "tests/unit/directory/tests.h"

static struct primary_group noted(const char *attribute, struct span value)
{
	struct primary_group group = { 0 };

	primary_group_note(&group, span_of(attribute), value);
	return group;
}

static void the_token_is_the_rid(void **state)
{
	static const char *const bad[] = { "", "-1", "x", "4294967296", "1 " };

	(void)state;
	assert_true(noted("primaryGroupToken", SPAN("513")).has_rid);
	assert_int_equal(noted("PRIMARYGROUPTOKEN", SPAN("4294967295")).rid, UINT32_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(noted("primaryGroupToken", span_of(bad[i])).has_rid);
	assert_false(noted("cn", SPAN("513")).has_rid);
}

static void the_sid_ends_with_the_rid(void **state)
{
	static const char sid[] = "\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x11\x22\x33"
				  "\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\x01\x02\x00\x80";
	const size_t len = sizeof(sid) - 1;

	(void)state;
	assert_true(noted("objectSid", (struct span) { sid, len }).has_rid);
	assert_int_equal(noted("objectSid", (struct span) { sid, len }).rid, 0x80000201U);
	for (size_t cut = 0; cut < len; cut++)
		assert_false(noted("objectSid", (struct span) { sid, cut }).has_rid);
	assert_false(noted("objectSid", SPAN("\x01\x00\x00\x00\x00\x00\x00\x05")).has_rid);
}

static void the_token_is_believed_before_the_sid(void **state)
{
	static const char sid[] = "\x01\x01\x00\x00\x00\x00\x00\x05\x20\x02\x00\x00";
	struct primary_group group = { 0 };

	(void)state;
	primary_group_note(&group, SPAN("primaryGroupToken"), SPAN("600"));
	primary_group_note(&group, SPAN("objectSid"), (struct span) { sid, sizeof(sid) - 1 });
	assert_int_equal(group.rid, 600);
}

static void not_every_group_can_be_one(void **state)
{
	static const struct {
		const char *type;
		bool cannot_be;
	} cases[] = {
		{ "-2147483646", false }, /* global security */
		{ "-2147483640", false }, /* universal security */
		{ "-2147483644", true },  /* domain local security */
		{ "2", true },            /* global, for mail only */
		{ "2147483650", false },  /* as some servers write the sign */
		{ "nonsense", false },    /* not known: ask */
		{ "", false },
		{ "-", false },
		{ "99999999999999999999", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
		    noted("groupType", span_of(cases[i].type)).cannot_be, cases[i].cannot_be);
}

static void add(struct primary_groups *groups, uint32_t rid, uint32_t number, size_t context)
{
	primary_groups_add(
	    groups, &(struct primary_group) { .has_rid = true, .rid = rid }, number, context);
}

static void groups_share_a_search(void **state)
{
	struct primary_groups groups = { 0 };
	struct str filter = { 0 };
	size_t context = 9;

	(void)state;
	primary_groups_add(&groups, &(struct primary_group) { .has_rid = false }, 1, 0);
	primary_groups_add(
	    &groups, &(struct primary_group) { .has_rid = true, .cannot_be = true }, 2, 0);
	assert_false(primary_groups_next(&groups, &filter, &context));
	add(&groups, 513, 7, 0);
	add(&groups, 1105, 8, 0);
	add(&groups, 513, 9, 1);
	assert_true(primary_groups_next(&groups, &filter, &context));
	assert_string_equal(str_c(&filter), "(|(primaryGroupID=513)(primaryGroupID=1105))");
	assert_int_equal(context, 0);
	assert_int_equal(primary_groups_find(&groups, SPAN("513"), 0), 0);
	assert_int_equal(primary_groups_number(&groups, 0), 7);
	assert_int_equal(primary_groups_find(&groups, SPAN("513"), 1), groups.count);
	assert_int_equal(primary_groups_find(&groups, SPAN("514"), 0), groups.count);
	assert_int_equal(primary_groups_find(&groups, SPAN_NULL, 0), groups.count);
	assert_true(primary_groups_next(&groups, &filter, &context));
	assert_string_equal(str_c(&filter), "(|(primaryGroupID=513))");
	assert_int_equal(context, 1);
	assert_int_equal(primary_groups_find(&groups, SPAN("513"), 0), 2);
	assert_false(primary_groups_was_asked(&groups, 0));
	assert_false(primary_groups_next(&groups, &filter, &context));
	primary_groups_done(&groups);
	str_done(&filter);
}

static void many_groups_take_several_searches(void **state)
{
	struct primary_groups groups = { 0 };
	struct str filter = { 0 };
	size_t context, searches = 0, asked = 0;

	(void)state;
	for (uint32_t i = 0; i < 1001; i++)
		add(&groups, 1000 + i, i, 0);
	while (primary_groups_next(&groups, &filter, &context)) {
		searches++;
		assert_true(filter.len < 4096);
		for (size_t i = 0; i < groups.count; i++)
			asked += primary_groups_was_asked(&groups, i);
	}
	assert_int_equal(searches, 11);
	assert_int_equal(asked, 1001);
	primary_groups_done(&groups);
	str_done(&filter);
}

const struct CMUnitTest primary_group_tests[] = {
	cmocka_unit_test(the_token_is_the_rid),
	cmocka_unit_test(the_sid_ends_with_the_rid),
	cmocka_unit_test(the_token_is_believed_before_the_sid),
	cmocka_unit_test(not_every_group_can_be_one),
	cmocka_unit_test(groups_share_a_search),
	cmocka_unit_test(many_groups_take_several_searches),
};
const size_t primary_group_test_count = sizeof(primary_group_tests) / sizeof(*primary_group_tests);
