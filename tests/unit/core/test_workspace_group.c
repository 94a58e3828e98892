/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/workspace_group.h"

static void names_are_compared_by_their_words(void **state)
{
	static const struct {
		const char *workspace, *group;
		enum group_fit fit;
	} rows[] = {
		{ "Finance Planning", "Finance Planning", GROUP_IS_NAME },
		{ "Finance Planning", "GRP_Anaplan_Finance-Planning", GROUP_IS_NAME },
		{ "Finance Planning", "planning of finance (Anaplan users)", GROUP_IS_NAME },
		{ "Finance Planning", "AnaplanFinancePlanning", GROUP_IS_NAME },
		{ "FinancePlanning", "anaplan-finance-planning", GROUP_IS_NAME },
		{ "Absatz-Übersicht", "ANAPLAN ABSATZ ÜBERSICHT", GROUP_IS_NAME },
		{ "HR", "hr", GROUP_IS_NAME },
		{ "Finance Planning", "anaplan-finance-planning-emea", GROUP_HOLDS_NAME },
		{ "HR", "Anaplan HR Berlin", GROUP_HOLDS_NAME },
		{ "HR", "Thrift", GROUP_FITS_NOT }, /* too short to be looked for inside words */
		{ "HR", "Anaplan Thrift", GROUP_HOLDS_ANAPLAN },
		{ "Finance Planning", "Anaplan Finance", GROUP_HOLDS_ANAPLAN },
		{ "Finance Planning", "Anaplan Users", GROUP_HOLDS_ANAPLAN },
		{ "Finance Planning", "Finance", GROUP_FITS_NOT },
		{ "Finance Planning", "Users", GROUP_FITS_NOT },
		{ "Finance Planning", "", GROUP_FITS_NOT },
		{ "", "Finance", GROUP_FITS_NOT },
		{ "Anaplan", "Anaplan", GROUP_HOLDS_ANAPLAN },
		{ "Access", "Anaplan Access", GROUP_HOLDS_ANAPLAN },
		{ "\xff", "\xff", GROUP_FITS_NOT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum group_fit fit = workspace_group_fit(
		    span_of(rows[i].workspace), span_of(rows[i].group));

		if (fit != rows[i].fit)
			fail_msg("\"%s\" and \"%s\": %d, not %d", rows[i].workspace, rows[i].group,
			    (int)fit, (int)rows[i].fit);
	}
}

static void one_group_is_chosen_or_none(void **state)
{
	const struct span groups[] = { SPAN("Finance"), SPAN("Anaplan HR"), SPAN("HR"),
		SPAN("Anaplan Legal"), SPAN("GRP Anaplan Legal"), SPAN("Anaplan Sales EMEA") };

	(void)state;
	assert_int_equal(workspace_group_choose(SPAN("Finance"), groups, COUNT(groups)), 0);
	assert_int_equal(workspace_group_choose(SPAN("HR"), groups, COUNT(groups)), 1);
	assert_int_equal(
	    workspace_group_choose(SPAN("Legal"), groups, COUNT(groups)), COUNT(groups));
	assert_int_equal(
	    workspace_group_choose(SPAN("Sales"), groups, COUNT(groups)), COUNT(groups));
	assert_int_equal(workspace_group_choose(SPAN("Finance"), groups, 0), 0);
}

static void the_filter_has_the_words(void **state)
{
	struct str filter = { 0 };

	(void)state;
	workspace_group_add_filter(SPAN("Finance (Planning) *"), &filter);
	assert_span(str_span(&filter), "(&(cn=*finance*)(cn=*planning*))");
	str_truncate(&filter, 0);
	workspace_group_add_filter(SPAN("*)(objectClass=*"), &filter);
	assert_span(str_span(&filter), "(&(cn=*objectclass*))");
	str_truncate(&filter, 0);
	workspace_group_add_filter(SPAN("*"), &filter);
	workspace_group_add_filter(SPAN("\xff"), &filter);
	assert_int_equal(filter.len, 0);
	str_done(&filter);
}

const struct CMUnitTest workspace_group_tests[] = {
	cmocka_unit_test(names_are_compared_by_their_words),
	cmocka_unit_test(one_group_is_chosen_or_none),
	cmocka_unit_test(the_filter_has_the_words),
};
const size_t workspace_group_test_count = COUNT(workspace_group_tests);
