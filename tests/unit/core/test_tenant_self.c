/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/tenant_self.h"

static void nobody_is_known(void **state)
{
	const struct tenant_self self = { .is_told_by_opening = true };

	(void)state;
	assert_false(tenant_self_is(&self, SPAN("1"), SPAN("ada@x")));
	assert_false(tenant_self_is(&self, SPAN_NULL, SPAN_NULL));
	assert_false(tenant_self_is(&self, SPAN(""), SPAN("")));
}

static void by_name_whatever_the_case(void **state)
{
	const struct tenant_self self = { .user_name = SPAN("Zoë.Agent@Corp.example") };

	(void)state;
	assert_true(tenant_self_is(&self, SPAN_NULL, SPAN("zoË.agent@corp.EXAMPLE")));
	assert_true(tenant_self_is(&self, SPAN("7"), SPAN("zoë.agent@corp.example")));
	assert_false(tenant_self_is(&self, SPAN("7"), SPAN("zoë.agent@corp.exampl")));
	assert_false(tenant_self_is(&self, SPAN_NULL, SPAN_NULL));
	assert_false(tenant_self_is(&self, SPAN("Zoë.Agent@Corp.example"), SPAN("x")));
}

static void by_id_whatever_the_case(void **state)
{
	const struct tenant_self self = { .account_id = SPAN("8A81b08e654bde3c01656e0bc7b60a93") };

	(void)state;
	assert_true(tenant_self_is(&self, SPAN("8a81b08e654bde3c01656e0bc7b60A93"), SPAN("x")));
	assert_true(tenant_self_is(&self, SPAN("8a81b08e654bde3c01656e0bc7b60A93"), SPAN_NULL));
	assert_false(tenant_self_is(&self, SPAN("8a81b08e654bde3c01656e0bc7b60a94"), SPAN("x")));
	assert_false(tenant_self_is(&self, SPAN_NULL, SPAN("x")));
}

const struct CMUnitTest tenant_self_tests[] = {
	cmocka_unit_test(nobody_is_known),
	cmocka_unit_test(by_name_whatever_the_case),
	cmocka_unit_test(by_id_whatever_the_case),
};
const size_t tenant_self_test_count = COUNT(tenant_self_tests);
