/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/plan.h"

static void test_cycle_kinds(void **state)
{
	static const char *const names[] = { "delta", "full", "reconcile" };
	enum cycle_kind kind = CYCLE_DELTA;

	(void)state;
	for (int i = 0; i <= CYCLE_RECONCILE; i++) {
		assert_string_equal(cycle_kind_name((enum cycle_kind)i), names[i]);
		assert_true(cycle_kind_parse(span_of(names[i]), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(cycle_kind_parse(SPAN("Delta"), &kind));
	assert_false(cycle_kind_parse(SPAN(""), &kind));
	assert_int_equal(kind, CYCLE_RECONCILE);
}

static void test_action_kinds(void **state)
{
	static const char *const names[ACTION_KIND_COUNT] = { "deactivate", "rename", "update",
		"reactivate", "create", "link", "conflict", "rejected" };
	enum action_kind kind = ACTION_LINK;

	(void)state;
	for (int i = 0; i < ACTION_KIND_COUNT; i++) {
		assert_string_equal(action_kind_name((enum action_kind)i), names[i]);
		assert_true(action_kind_parse(span_of(names[i]), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(action_kind_parse(SPAN("creat"), &kind));
	assert_false(action_kind_parse(SPAN_NULL, &kind));
	assert_int_equal(kind, ACTION_REJECTED);
}

static void test_action_states(void **state)
{
	static const char *const names[ACTION_STATE_COUNT] = { "planned", "held", "sent", "done",
		"rejected", "failed", "unknown" };
	enum action_state action_state = ACTION_PLANNED;

	(void)state;
	for (int i = 0; i < ACTION_STATE_COUNT; i++) {
		assert_string_equal(action_state_name((enum action_state)i), names[i]);
		assert_true(action_state_parse(span_of(names[i]), &action_state));
		assert_int_equal(action_state, i);
	}
	assert_false(action_state_parse(SPAN("done "), &action_state));
	assert_int_equal(action_state, ACTION_UNKNOWN);
}

static void test_reason_codes(void **state)
{
	static const char *const names[REASON_COUNT] = { "joined", "attribute-changed",
		"group-gained", "group-lost", "disabled", "expired", "left-scope", "moved",
		"deleted", "rehired", "renamed", "drift", "undo", "adopted", "conflict",
		"unmappable" };
	enum reason_code reason = REASON_JOINED;

	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		assert_string_equal(reason_code_name((enum reason_code)i), names[i]);
		assert_true(reason_code_parse(span_of(names[i]), &reason));
		assert_int_equal(reason, i);
	}
	assert_false(reason_code_parse(SPAN("fired"), &reason));
	assert_int_equal(reason, REASON_UNMAPPABLE);
}

static void test_which_kinds_are_sent(void **state)
{
	(void)state;
	assert_true(action_has_request(ACTION_DEACTIVATE));
	assert_true(action_has_request(ACTION_RENAME));
	assert_true(action_has_request(ACTION_UPDATE));
	assert_true(action_has_request(ACTION_REACTIVATE));
	assert_true(action_has_request(ACTION_CREATE));
	assert_false(action_has_request(ACTION_LINK));
	assert_false(action_has_request(ACTION_CONFLICT));
	assert_false(action_has_request(ACTION_REJECTED));
}

static void test_summary_by_kind(void **state)
{
	struct plan_summary summary = { 0 };

	(void)state;
	for (int i = 0; i < ACTION_KIND_COUNT; i++)
		plan_summary_add(
		    &summary, (enum action_kind)i, ACTION_PLANNED, UINT64_C(1) << (4 * i));
	assert_int_equal(summary.deactivate, 0x1);
	assert_int_equal(summary.rename, 0x10);
	assert_int_equal(summary.update, 0x100);
	assert_int_equal(summary.reactivate, 0x1000);
	assert_int_equal(summary.create, 0x10000);
	assert_int_equal(summary.link, 0x100000);
	assert_int_equal(summary.conflict, 0x1000000);
	assert_int_equal(summary.rejected, 0x10000000);
	assert_int_equal(summary.held + summary.done + summary.failed, 0);
	assert_int_equal(summary.unchanged + summary.orphan, 0);
	assert_int_equal(plan_summary_pending(&summary), 0x11111);
}

static void test_summary_by_state(void **state)
{
	struct plan_summary summary = { 0 };

	(void)state;
	for (int i = 0; i < ACTION_STATE_COUNT; i++)
		plan_summary_add(
		    &summary, ACTION_UPDATE, (enum action_state)i, UINT64_C(1) << (4 * i));
	assert_int_equal(summary.update, 0x1111111);
	assert_int_equal(summary.held, 0x10);
	assert_int_equal(summary.done, 0x1000);
	assert_int_equal(summary.rejected, 0x10000);
	assert_int_equal(summary.failed, 0x1100000); /* failed, and lost on the way */
	assert_int_equal(plan_summary_pending(&summary), 0x1111111);
}

static void test_summary_counts_faults_once(void **state)
{
	struct plan_summary summary = { 0 };

	(void)state;
	plan_summary_add(&summary, ACTION_REJECTED, ACTION_STATE_REJECTED, 2);
	plan_summary_add(&summary, ACTION_CONFLICT, ACTION_FAILED, 3);
	assert_int_equal(summary.rejected, 2);
	assert_int_equal(summary.conflict, 3);
	assert_int_equal(summary.failed, 0);
	assert_int_equal(plan_summary_pending(&summary), 0);
}

static void assert_classified(struct change change, enum action_kind kind, enum reason_code reason)
{
	enum action_kind actual_kind = ACTION_KIND_COUNT;
	enum reason_code actual_reason = REASON_COUNT;

	plan_classify(&change, &actual_kind, &actual_reason);
	assert_int_equal(actual_kind, kind);
	assert_int_equal(actual_reason, reason);
}

#define TITLE     (UINT32_C(1) << ACCOUNT_TITLE)
#define USER_NAME (UINT32_C(1) << ACCOUNT_USER_NAME)

static void test_classify(void **state)
{
	(void)state;
	assert_classified(
	    (struct change) { .texts = TITLE }, ACTION_UPDATE, REASON_ATTRIBUTE_CHANGED);
	assert_classified(
	    (struct change) { .granted_count = 1 }, ACTION_UPDATE, REASON_GROUP_GAINED);
	assert_classified((struct change) { .revoked_count = 1 }, ACTION_UPDATE, REASON_GROUP_LOST);
	assert_classified(
	    (struct change) { .is_deactivated = true }, ACTION_DEACTIVATE, REASON_DISABLED);
	assert_classified(
	    (struct change) { .is_activated = true }, ACTION_REACTIVATE, REASON_REHIRED);
}

static void test_classify_mixtures(void **state)
{
	(void)state;
	assert_classified((struct change) { .granted_count = 1, .revoked_count = 1 }, ACTION_UPDATE,
	    REASON_GROUP_LOST);
	assert_classified((struct change) { .texts = TITLE, .revoked_count = 1 }, ACTION_UPDATE,
	    REASON_ATTRIBUTE_CHANGED);
	assert_classified(
	    (struct change) { .texts = TITLE, .is_deactivated = true, .revoked_count = 1 },
	    ACTION_DEACTIVATE, REASON_DISABLED);
	assert_classified(
	    (struct change) { .texts = TITLE, .is_activated = true, .granted_count = 2 },
	    ACTION_REACTIVATE, REASON_REHIRED);
}

static void test_classify_leaves_out_the_user_name(void **state)
{
	(void)state;
	assert_classified((struct change) { .texts = USER_NAME, .granted_count = 1 }, ACTION_UPDATE,
	    REASON_GROUP_GAINED);
	assert_classified((struct change) { .texts = USER_NAME | TITLE, .granted_count = 1 },
	    ACTION_UPDATE, REASON_ATTRIBUTE_CHANGED);
	assert_classified(
	    (struct change) { .texts = USER_NAME }, ACTION_UPDATE, REASON_ATTRIBUTE_CHANGED);
}

const struct CMUnitTest plan_tests[] = {
	cmocka_unit_test(test_cycle_kinds),
	cmocka_unit_test(test_action_kinds),
	cmocka_unit_test(test_action_states),
	cmocka_unit_test(test_reason_codes),
	cmocka_unit_test(test_which_kinds_are_sent),
	cmocka_unit_test(test_summary_by_kind),
	cmocka_unit_test(test_summary_by_state),
	cmocka_unit_test(test_summary_counts_faults_once),
	cmocka_unit_test(test_classify),
	cmocka_unit_test(test_classify_mixtures),
	cmocka_unit_test(test_classify_leaves_out_the_user_name),
};
const size_t plan_test_count = COUNT(plan_tests);
