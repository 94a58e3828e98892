/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/policy.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static void assert_limit(struct policy_limit limit, uint64_t count, uint64_t percent)
{
	assert_int_equal(limit.count, count);
	assert_int_equal(limit.percent, percent);
	assert_int_equal(limit.window_ms, DAY_MS);
}

static void test_default(void **state)
{
	struct policy policy = policy_default();

	(void)state;
	assert_int_equal(policy.scope, POLICY_SCOPE_MAPPED);
	assert_int_equal(policy.correlate_count, 2);
	assert_int_equal(policy.correlate[0], POLICY_CORRELATE_EXTERNAL_ID);
	assert_int_equal(policy.correlate[1], POLICY_CORRELATE_USER_NAME);
	assert_int_equal(policy.leavers.deleted, POLICY_LEAVER_DEACTIVATE);
	assert_int_equal(policy.leavers.disabled, POLICY_LEAVER_DEACTIVATE);
	assert_int_equal(policy.leavers.left_scope, POLICY_LEAVER_DEACTIVATE);
	assert_int_equal(policy.leavers.moved, POLICY_LEAVER_DEACTIVATE);
	assert_false(policy.leavers.revoke_workspaces);
	assert_int_equal(policy.leavers.grace_ms, 0);
	assert_int_equal(policy.rehire, POLICY_REHIRE_REACTIVATE);
	assert_int_equal(policy.rename, POLICY_RENAME_HOLD);
	assert_int_equal(policy.drift, POLICY_DRIFT_RESTORE);
	assert_int_equal(policy.protect_count, 0);
	assert_limit(policy.deactivations, 50, 10);
	assert_limit(policy.revocations, 200, 10);
	assert_limit(policy.creations, 1000, 0);
	assert_int_equal(policy.smallest_scan_percent, 90);
}

static void test_protects(void **state)
{
	static const struct span names[] = { SPAN_INIT("admin@corp.example"),
		SPAN_INIT("Zo\xc3\x8b@corp.example") };
	struct policy policy = policy_default();

	(void)state;
	assert_false(policy_protects(&policy, SPAN("admin@corp.example")));
	policy.protect = names;
	policy.protect_count = 2;
	assert_true(policy_protects(&policy, SPAN("admin@corp.example")));
	assert_true(policy_protects(&policy, SPAN("ADMIN@Corp.Example")));
	assert_true(policy_protects(&policy, SPAN("zo\xc3\xab@corp.example")));
	assert_false(policy_protects(&policy, SPAN("admin@corp.exampl")));
	assert_false(policy_protects(&policy, SPAN("")));
}

const struct CMUnitTest policy_tests[] = {
	cmocka_unit_test(test_default),
	cmocka_unit_test(test_protects),
};
const size_t policy_test_count = COUNT(policy_tests);
