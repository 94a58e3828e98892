/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/guard.h"

static bool is_over(uint64_t count, uint64_t percent, uint64_t planned, uint64_t recent,
    uint64_t linked, uint64_t *ret_limit)
{
	struct policy_limit limit = { count, percent, 1000 };
	struct guard_load load = { planned, recent, linked };
	struct guard_verdict verdict = guard_judge(&limit, &load);

	assert_int_equal(verdict.count, planned + recent);
	*ret_limit = verdict.limit;
	return verdict.is_over;
}

static void test_exactly_the_limit_is_allowed(void **state)
{
	uint64_t limit;

	(void)state;
	assert_false(is_over(50, 0, 50, 0, 1000, &limit));
	assert_int_equal(limit, 50);
	assert_true(is_over(50, 0, 51, 0, 1000, &limit));
	assert_false(is_over(0, 10, 100, 0, 1000, &limit));
	assert_int_equal(limit, 100);
	assert_true(is_over(0, 10, 101, 0, 1000, &limit));
	assert_true(is_over(0, 10, 1, 0, 9, &limit)); /* a tenth of nine is nobody */
	assert_int_equal(limit, 0);
	assert_false(is_over(0, 100, 9, 0, 9, &limit));
}

static void test_either_trips(void **state)
{
	uint64_t limit;

	(void)state;
	assert_true(is_over(50, 10, 11, 0, 100, &limit));
	assert_int_equal(limit, 10);
	assert_true(is_over(5, 10, 6, 0, 100, &limit));
	assert_int_equal(limit, 5);
	assert_false(is_over(50, 10, 10, 0, 100, &limit));
}

static void test_zero_switches_off(void **state)
{
	uint64_t limit;

	(void)state;
	assert_false(is_over(0, 0, 1000000, 5, 10, &limit));
	assert_int_equal(limit, UINT64_MAX);
}

/* A slow bleed passes every limit that looks at one plan only. */
static void test_the_window_counts(void **state)
{
	uint64_t limit;

	(void)state;
	assert_false(is_over(50, 0, 1, 49, 1000, &limit));
	assert_true(is_over(50, 0, 1, 50, 1000, &limit));
	/* What was sent before a limit was lowered holds nobody when nothing is asked for. */
	assert_false(is_over(50, 0, 0, 51, 1000, &limit));
}

static void test_a_share_of_nobody_says_nothing(void **state)
{
	uint64_t limit;

	(void)state;
	assert_false(is_over(0, 10, 500, 0, 0, &limit));
	assert_true(is_over(100, 10, 500, 0, 0, &limit));
	assert_int_equal(limit, 100);
}

static void test_a_share_does_not_overflow(void **state)
{
	uint64_t limit;

	(void)state;
	assert_false(is_over(0, 100, 7, 0, UINT64_MAX - 1, &limit));
	assert_int_equal(limit, UINT64_MAX - 1);
}

static void test_classes(void **state)
{
	static const struct span lost[] = { SPAN_INIT("w1") };
	struct change revoking = { .revoked = lost, .revoked_count = 1 };
	struct change granting = { .granted = lost, .granted_count = 1 };

	(void)state;
	assert_int_equal(guard_classes(ACTION_CREATE, NULL), guard_bit(GUARD_CREATIONS));
	assert_int_equal(
	    guard_classes(ACTION_DEACTIVATE, &granting), guard_bit(GUARD_DEACTIVATIONS));
	assert_int_equal(guard_classes(ACTION_DEACTIVATE, &revoking),
	    guard_bit(GUARD_DEACTIVATIONS) | guard_bit(GUARD_REVOCATIONS));
	assert_int_equal(guard_classes(ACTION_UPDATE, &revoking), guard_bit(GUARD_REVOCATIONS));
	assert_int_equal(guard_classes(ACTION_UPDATE, &granting), 0);
	assert_int_equal(guard_classes(ACTION_REACTIVATE, &revoking), guard_bit(GUARD_REVOCATIONS));
	assert_int_equal(guard_classes(ACTION_RENAME, &revoking), guard_bit(GUARD_REVOCATIONS));
	assert_int_equal(guard_classes(ACTION_LINK, &revoking), 0);
	assert_int_equal(guard_classes(ACTION_REJECTED, NULL), 0);
}

static void test_the_halves_of_a_new_account_go_together(void **state)
{
	struct action closing = { .kind = ACTION_DEACTIVATE,
		.reason = REASON_RENAMED,
		.classes = guard_bit(GUARD_DEACTIVATIONS) };
	struct action creating = { .kind = ACTION_CREATE,
		.reason = REASON_RENAMED,
		.classes = guard_bit(GUARD_CREATIONS) };
	struct action leaver = { .kind = ACTION_DEACTIVATE,
		.reason = REASON_DELETED,
		.classes = guard_bit(GUARD_DEACTIVATIONS) };

	(void)state;
	assert_int_equal(guard_held_with(&closing), guard_held_with(&creating));
	assert_true(guard_held_with(&closing) & guard_bit(GUARD_CREATIONS));
	assert_true(guard_held_with(&creating) & guard_bit(GUARD_DEACTIVATIONS));
	assert_int_equal(guard_held_with(&leaver), guard_bit(GUARD_DEACTIVATIONS));
}

static void test_names(void **state)
{
	enum guard_class class;

	(void)state;
	for (unsigned i = 0; i < GUARD_CLASS_COUNT; i++) {
		assert_true(
		    guard_class_parse(span_of(guard_class_name((enum guard_class)i)), &class));
		assert_int_equal(class, i);
	}
	assert_false(guard_class_parse(SPAN("Deactivations"), &class));
	assert_string_equal(guard_class_noun(GUARD_REVOCATIONS, 1), "revocation");
	assert_string_equal(guard_class_noun(GUARD_UNDONE, 1), "undone change");
	assert_string_equal(guard_class_noun(GUARD_RENAMES, 0), "renames");
	assert_false(guard_class_parse(SPAN(""), &class));
	for (unsigned i = 0; i < HOLD_DECISION_COUNT; i++) {
		enum hold_decision decision;

		assert_true(hold_decision_parse(
		    span_of(hold_decision_name((enum hold_decision)i)), &decision));
		assert_int_equal(decision, i);
		assert_false(hold_decision_parse(SPAN("maybe"), &decision));
	}
}

static void test_limits_of_classes(void **state)
{
	struct policy policy = policy_default();

	(void)state;
	assert_ptr_equal(guard_limit(&policy, GUARD_DEACTIVATIONS), &policy.deactivations);
	assert_ptr_equal(guard_limit(&policy, GUARD_REVOCATIONS), &policy.revocations);
	assert_ptr_equal(guard_limit(&policy, GUARD_CREATIONS), &policy.creations);
	assert_null(guard_limit(&policy, GUARD_RENAMES));
	assert_null(guard_limit(&policy, GUARD_REHIRES));
	assert_int_equal(guard_policy_class(ACTION_RENAME), GUARD_RENAMES);
	assert_int_equal(guard_policy_class(ACTION_REACTIVATE), GUARD_REHIRES);
	assert_int_equal(guard_policy_class(ACTION_UPDATE), GUARD_REHIRES);
}

static struct digest digest_of(const struct action *first, const struct action *second)
{
	struct digest digest = { { 0 } };
	struct str scratch = { 0 };

	guard_digest_add(&digest, first, &scratch);
	guard_digest_add(&digest, second, &scratch);
	str_done(&scratch);
	return digest;
}

static void test_a_batch_is_bound_to_the_letter(void **state)
{
	struct action one = { .kind = ACTION_DEACTIVATE,
		.key = { { 1 } },
		.account_id = SPAN_INIT("a1"),
		.request = { SPAN_INIT("PATCH"), SPAN_INIT("/Users/a1"), SPAN_INIT("{}") } };
	struct action two = one, other;
	struct digest batch;

	(void)state;
	two.key.byte[0] = 2;
	batch = digest_of(&one, &two);
	assert_true(digest_equal(&batch, &(struct digest) { { 0 } }) == false);
#define differs(member, value)                                                                     \
	other = two;                                                                               \
	other.member = value;                                                                      \
	{                                                                                          \
		struct digest changed = digest_of(&one, &other);                                   \
		assert_false(digest_equal(&batch, &changed));                                      \
	}
	differs(kind, ACTION_UPDATE);
	differs(key.byte[3], 9);
	differs(digest.byte[0], 9);
	differs(account_id, SPAN("a2"));
	differs(request.method, SPAN("PUT"));
	differs(request.path, SPAN("/Users/a2"));
	differs(request.body, SPAN("{ }"));
#undef differs
	/* What is shown but not sent does not count, the order does. */
	other = two;
	other.detail = SPAN("why");
	other.at_ms = 5;
	other.state = ACTION_HELD;
	{
		struct digest same = digest_of(&one, &other), turned = digest_of(&two, &one);

		assert_true(digest_equal(&batch, &same));
		assert_false(digest_equal(&batch, &turned));
	}
}

const struct CMUnitTest guard_tests[] = {
	cmocka_unit_test(test_exactly_the_limit_is_allowed),
	cmocka_unit_test(test_either_trips),
	cmocka_unit_test(test_zero_switches_off),
	cmocka_unit_test(test_the_window_counts),
	cmocka_unit_test(test_a_share_of_nobody_says_nothing),
	cmocka_unit_test(test_a_share_does_not_overflow),
	cmocka_unit_test(test_classes),
	cmocka_unit_test(test_the_halves_of_a_new_account_go_together),
	cmocka_unit_test(test_names),
	cmocka_unit_test(test_limits_of_classes),
	cmocka_unit_test(test_a_batch_is_bound_to_the_letter),
};
const size_t guard_test_count = sizeof(guard_tests) / sizeof(guard_tests[0]);
