/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "sync/gate.h"
#include "tests/fake/fake_loop.h"

static struct gate gate_of(struct loop *loop, uint64_t rate, uint64_t burst, unsigned concurrency)
{
	struct gate gate;

	gate_init(&gate, loop, &(struct gate_settings) { rate, burst, concurrency });
	return gate;
}

static void lets_a_burst_through_and_then_the_rate(void **state)
{
	struct loop *loop = loop_new();
	struct gate gate = gate_of(loop, 10, 3, 100);
	int64_t wait_ms = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(gate_enter(&gate, &wait_ms));
	assert_false(gate_enter(&gate, &wait_ms));
	assert_int_equal(wait_ms, 100);
	fake_loop_advance(loop, 99);
	assert_false(gate_enter(&gate, &wait_ms));
	assert_int_equal(wait_ms, 1);
	fake_loop_advance(loop, 1);
	assert_true(gate_enter(&gate, &wait_ms));
	assert_false(gate_enter(&gate, &wait_ms));
	loop_free(&loop);
}

static void fills_no_further_than_the_burst(void **state)
{
	struct loop *loop = loop_new();
	struct gate gate = gate_of(loop, 10, 3, 100);
	int64_t wait_ms = 0;

	(void)state;
	fake_loop_advance(loop, 3600 * 1000);
	assert_int_equal(gate_tokens(&gate), 3);
	for (int i = 0; i < 3; i++)
		assert_true(gate_enter(&gate, &wait_ms));
	assert_false(gate_enter(&gate, &wait_ms));
	loop_free(&loop);
}

static void counts_those_in_flight(void **state)
{
	struct loop *loop = loop_new();
	struct gate gate = gate_of(loop, 0, 0, 2);
	int64_t wait_ms = 0;

	(void)state;
	assert_true(gate_enter(&gate, &wait_ms));
	assert_true(gate_enter(&gate, &wait_ms));
	assert_false(gate_enter(&gate, &wait_ms));
	assert_int_equal(wait_ms, -1);
	gate_leave(&gate);
	assert_true(gate_enter(&gate, &wait_ms));
	loop_free(&loop);
}

static void takes_no_token_from_who_may_not_enter(void **state)
{
	struct loop *loop = loop_new();
	struct gate gate = gate_of(loop, 10, 2, 1);
	int64_t wait_ms = 0;

	(void)state;
	assert_true(gate_enter(&gate, &wait_ms));
	assert_false(gate_enter(&gate, &wait_ms));
	assert_int_equal(gate_tokens(&gate), 1);
	loop_free(&loop);
}

static void pauses_for_everybody(void **state)
{
	struct loop *loop = loop_new();
	struct gate gate = gate_of(loop, 0, 1, 8);
	int64_t wait_ms = 0;

	(void)state;
	gate_pause(&gate, 30000);
	gate_pause(&gate, 1000); /* never ends a longer one */
	assert_false(gate_enter(&gate, &wait_ms));
	assert_int_equal(wait_ms, 30000);
	fake_loop_advance(loop, 29999);
	assert_false(gate_enter(&gate, &wait_ms));
	fake_loop_advance(loop, 1);
	assert_true(gate_enter(&gate, &wait_ms));
	loop_free(&loop);
}

static void knows_no_rate_when_it_is_zero(void **state)
{
	struct loop *loop = loop_new();
	struct gate gate = gate_of(loop, 0, 5, 1000);
	int64_t wait_ms = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(gate_enter(&gate, &wait_ms));
	assert_int_equal(gate_tokens(&gate), 5);
	loop_free(&loop);
}

const struct CMUnitTest gate_tests[] = {
	cmocka_unit_test(lets_a_burst_through_and_then_the_rate),
	cmocka_unit_test(fills_no_further_than_the_burst),
	cmocka_unit_test(counts_those_in_flight),
	cmocka_unit_test(takes_no_token_from_who_may_not_enter),
	cmocka_unit_test(pauses_for_everybody),
	cmocka_unit_test(knows_no_rate_when_it_is_zero),
};
const size_t gate_test_count = COUNT_OF(gate_tests);
