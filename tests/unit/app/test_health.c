/* SPDX-License-Identifier: ISC */
#include "tests/unit/app/tests.h"

#include "app/health.h"

static void note(
    struct health *health, enum cycle_kind kind, enum cycle_exit exit, const char *peer)
{
	struct cycle_result result = { .run.kind = kind, .exit = exit, .peer = peer };

	health_note(health, &result);
}

static void assert_tells(const struct health *health, bool is_ready, const char *text)
{
	struct str out = { 0 };

	assert_int_equal(health_tell(health, &out), is_ready);
	assert_string_equal(str_c(&out), text);
	str_done(&out);
}

static void it_is_ready_at_first(void **state)
{
	(void)state;
	assert_tells(&(struct health) { 0 }, true, "ready\n");
}

static void a_peer_that_is_down_is_told(void **state)
{
	struct health health = { 0 };

	(void)state;
	note(&health, CYCLE_DELTA, CYCLE_PEER_DOWN, "directory");
	note(&health, CYCLE_RECONCILE, CYCLE_PEER_DOWN, "tenant");
	assert_tells(&health, false,
	    "the last delta cycle could not use the directory\n"
	    "the last reconcile cycle could not use the tenant\n");
	note(&health, CYCLE_DELTA, CYCLE_REJECTED, NULL);
	assert_tells(&health, false, "the last reconcile cycle could not use the tenant\n");
	note(&health, CYCLE_DELTA, CYCLE_PEER_DOWN, "directory");
	note(&health, CYCLE_RECONCILE, CYCLE_HELD, NULL);
	assert_tells(&health, true, "ready\n");
}

static void a_lesser_cycle_proves_less(void **state)
{
	struct health health = { 0 };

	(void)state;
	note(&health, CYCLE_FULL, CYCLE_PEER_DOWN, "directory");
	note(&health, CYCLE_DELTA, CYCLE_DONE, NULL);
	assert_tells(&health, false, "the last full cycle could not use the directory\n");
}

static void a_stopped_cycle_says_nothing(void **state)
{
	struct health health = { 0 };
	struct cycle_result stopped = {
		.run.kind = CYCLE_FULL, .exit = CYCLE_FAILED, .is_stopped = true
	};

	(void)state;
	note(&health, CYCLE_FULL, CYCLE_PEER_DOWN, "tenant");
	health_note(&health, &stopped);
	health.is_stopping = true;
	assert_tells(&health, false,
	    "the service is stopping\nthe last full cycle could not use the tenant\n");
}

static void one_person_says_nothing(void **state)
{
	struct health health = { 0 };
	struct cycle_result result = { .run.kind = CYCLE_FULL,
		.run.who = SPAN("ada"),
		.exit = CYCLE_PEER_DOWN,
		.peer = "tenant" };

	(void)state;
	health_note(&health, &result);
	assert_tells(&health, true, "ready\n");
	note(&health, CYCLE_DELTA, CYCLE_PEER_DOWN, "tenant");
	result.exit = CYCLE_DONE;
	health_note(&health, &result);
	assert_tells(&health, false, "the last delta cycle could not use the tenant\n");
}

const struct CMUnitTest health_tests[] = {
	cmocka_unit_test(it_is_ready_at_first),
	cmocka_unit_test(a_peer_that_is_down_is_told),
	cmocka_unit_test(a_lesser_cycle_proves_less),
	cmocka_unit_test(a_stopped_cycle_says_nothing),
	cmocka_unit_test(one_person_says_nothing),
};
const size_t health_test_count = sizeof(health_tests) / sizeof(*health_tests);
