/* SPDX-License-Identifier: ISC */
#include "fixture.h"

#include <unistd.h>

static struct hold add_hold(struct fixture *fixture, enum guard_class class)
{
	struct hold hold = { .run_id = 1,
		.class = class,
		.since_ms = 1000,
		.count = 2,
		.limit = 1,
		.digest = fixture_digest(7) };

	assert_ok(fixture, store_hold_add(fixture->store, &hold, &fixture->err));
	return hold;
}

static struct action add_action(struct fixture *fixture, int64_t run_id, const struct hold *hold,
    enum action_kind kind, enum action_state state)
{
	struct action action = fixture_action(fixture, run_id, kind);

	action.state = state;
	action.hold_id = hold != NULL ? hold->id : 0;
	action.classes = guard_bit(GUARD_DEACTIVATIONS);
	assert_ok(fixture, store_action_update(fixture->store, &action, &fixture->err));
	return action;
}

static struct hold get_hold(struct fixture *fixture, int64_t id)
{
	struct hold hold;
	bool is_found = false;

	assert_ok(fixture,
	    store_hold_get(fixture->store, id, fixture->arena, &hold, &is_found, &fixture->err));
	assert_true(is_found);
	return hold;
}

struct counted {
	unsigned count;
	int64_t ids[8];
	struct held_action last;
};

static void on_hold(void *context, const struct hold *hold)
{
	struct counted *counted = context;

	counted->ids[counted->count++] = hold->id;
}

static void on_held(void *context, const struct held_action *action)
{
	struct counted *counted = context;

	counted->ids[counted->count++] = action->id;
	counted->last = *action;
}

static struct counted open_holds(struct fixture *fixture)
{
	struct counted counted = { 0 };

	assert_ok(fixture, store_hold_each(fixture->store, on_hold, &counted, &fixture->err));
	return counted;
}

static struct counted held_actions(struct fixture *fixture)
{
	struct counted counted = { 0 };

	assert_ok(
	    fixture, store_hold_each_action(fixture->store, on_held, &counted, &fixture->err));
	return counted;
}

static void test_add_seal_and_read(void **state)
{
	struct fixture *fixture = *state;
	struct hold hold = add_hold(fixture, GUARD_REVOCATIONS), got;

	assert_int_equal(hold.id, 1);
	hold.count = 5;
	hold.digest = fixture_digest(9);
	assert_ok(fixture, store_hold_seal(fixture->store, &hold, &fixture->err));
	fixture_commit(fixture);
	fixture_reopen(fixture);
	got = get_hold(fixture, 1);
	assert_int_equal(got.class, GUARD_REVOCATIONS);
	assert_int_equal(got.count, 5);
	assert_int_equal(got.limit, 1);
	assert_int_equal(got.since_ms, 1000);
	assert_int_equal(got.run_id, 1);
	assert_true(digest_equal(&got.digest, &hold.digest));
	assert_int_equal(got.decision, HOLD_OPEN);
	assert_null(got.decided_by.at);
	assert_int_equal(add_hold(fixture, GUARD_CREATIONS).id, 2);
}

static void end_settled(struct fixture *fixture, int64_t now_ms)
{
	assert_ok(fixture, store_hold_end_settled(fixture->store, now_ms, &fixture->err));
}

static void test_a_hold_ends_with_its_last_action(void **state)
{
	struct fixture *fixture = *state;
	struct run run = fixture_run(fixture);
	struct hold hold = add_hold(fixture, GUARD_DEACTIVATIONS);
	struct action last = add_action(fixture, run.id, &hold, ACTION_DEACTIVATE, ACTION_HELD);
	static const enum action_state live[] = { ACTION_HELD, ACTION_PLANNED, ACTION_SENT,
		ACTION_UNKNOWN, ACTION_FAILED };
	struct store_facts facts;

	add_action(fixture, run.id, &hold, ACTION_DEACTIVATE, ACTION_DONE);
	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
		last.state = live[i];
		assert_ok(fixture, store_action_update(fixture->store, &last, &fixture->err));
		end_settled(fixture, 50);
		assert_int_equal(open_holds(fixture).count, 1);
	}
	assert_ok(fixture, store_facts(fixture->store, &facts, &fixture->err));
	assert_int_equal(facts.holds, 1);
	last.state = ACTION_STATE_REJECTED;
	assert_ok(fixture, store_action_update(fixture->store, &last, &fixture->err));
	end_settled(fixture, 99);
	assert_int_equal(open_holds(fixture).count, 0);
	assert_int_equal(get_hold(fixture, 1).ended_ms, 99);
	end_settled(fixture, 100);
	assert_int_equal(get_hold(fixture, 1).ended_ms, 99);
	assert_ok(fixture, store_facts(fixture->store, &facts, &fixture->err));
	assert_int_equal(facts.holds, 0);
}

static void test_actions_of_open_holds(void **state)
{
	struct fixture *fixture = *state;
	struct run run = fixture_run(fixture);
	struct hold first = add_hold(fixture, GUARD_DEACTIVATIONS),
		    second = add_hold(fixture, GUARD_DEACTIVATIONS);
	struct action held = add_action(fixture, run.id, &first, ACTION_DEACTIVATE, ACTION_HELD);
	struct action last;
	struct counted counted;

	add_action(fixture, run.id, &first, ACTION_DEACTIVATE, ACTION_DONE);
	add_action(fixture, run.id, NULL, ACTION_DEACTIVATE, ACTION_FAILED);
	last = add_action(fixture, run.id, &second, ACTION_DEACTIVATE, ACTION_FAILED);
	assert_int_equal(held_actions(fixture).count, 2);
	last.state = ACTION_STATE_REJECTED;
	assert_ok(fixture, store_action_update(fixture->store, &last, &fixture->err));
	end_settled(fixture, 5);
	counted = held_actions(fixture);
	assert_int_equal(counted.count, 1);
	assert_int_equal(counted.ids[0], held.id);
	assert_int_equal(counted.last.hold_id, first.id);
	assert_int_equal(counted.last.kind, ACTION_DEACTIVATE);
	assert_int_equal(counted.last.classes, guard_bit(GUARD_DEACTIVATIONS));
	assert_int_equal(counted.last.decision, HOLD_OPEN);
	assert_int_equal(uuid_compare(&counted.last.key, &held.key), 0);
	assert_true(digest_equal(&counted.last.digest, &held.digest));
}

static void count_action(void *context, const struct action *action)
{
	unsigned *count = context;

	assert_int_equal(action->hold_id, 1);
	++*count;
}

static void test_actions_of_one_hold(void **state)
{
	struct fixture *fixture = *state;
	struct run run = fixture_run(fixture);
	struct hold hold = add_hold(fixture, GUARD_DEACTIVATIONS);
	struct action_query query = { .hold_id = hold.id };
	unsigned count = 0;

	add_action(fixture, run.id, &hold, ACTION_DEACTIVATE, ACTION_HELD);
	add_action(fixture, run.id, &hold, ACTION_UPDATE, ACTION_HELD);
	add_action(fixture, run.id, NULL, ACTION_UPDATE, ACTION_HELD);
	assert_ok(fixture,
	    store_action_each(fixture->store, &query, count_action, &count, &fixture->err));
	assert_int_equal(count, 2);
}

/* A decision is written while a service holds the lock. */
static void test_a_decision_needs_no_lock(void **state)
{
	struct fixture *fixture = *state;
	struct store *service = fixture->store;
	struct hold got;

	add_hold(fixture, GUARD_DEACTIVATIONS);
	fixture_commit(fixture);
	fixture->store = NULL;
	fixture_open(fixture, STORE_DECIDE);
	assert_ok(fixture,
	    store_hold_decide(fixture->store, 1, HOLD_APPROVED, SPAN("ada"), 77, &fixture->err));
	store_close(&fixture->store);
	fixture->store = service;
	got = get_hold(fixture, 1);
	assert_int_equal(got.decision, HOLD_APPROVED);
	assert_int_equal(got.decided_ms, 77);
	assert_span(got.decided_by, "ada");
	assert_int_equal(open_holds(fixture).count, 1);
}

static struct counted unrecorded(struct fixture *fixture)
{
	struct counted counted = { 0 };

	assert_ok(
	    fixture, store_hold_each_unrecorded(fixture->store, on_hold, &counted, &fixture->err));
	return counted;
}

/* Each decision is to be recorded once, also one that came when the hold had ended meanwhile. */
static void test_a_decision_is_recorded_once(void **state)
{
	struct fixture *fixture = *state;

	add_hold(fixture, GUARD_DEACTIVATIONS);
	add_hold(fixture, GUARD_CREATIONS);
	assert_int_equal(unrecorded(fixture).count, 0);
	assert_ok(fixture,
	    store_hold_decide(fixture->store, 2, HOLD_APPROVED, SPAN("ada"), 7, &fixture->err));
	end_settled(fixture, 8);
	assert_int_equal(unrecorded(fixture).count, 1);
	assert_int_equal(unrecorded(fixture).ids[0], 2);
	assert_ok(fixture, store_hold_mark_recorded(fixture->store, &fixture->err));
	assert_int_equal(unrecorded(fixture).count, 0);
}

static void test_settled_holds_are_told_before_they_end(void **state)
{
	struct fixture *fixture = *state;
	struct run run = fixture_run(fixture);
	struct hold hold = add_hold(fixture, GUARD_DEACTIVATIONS);
	struct counted counted = { 0 };

	add_action(fixture, run.id, &hold, ACTION_DEACTIVATE, ACTION_HELD);
	add_hold(fixture, GUARD_CREATIONS);
	assert_ok(
	    fixture, store_hold_each_settled(fixture->store, on_hold, &counted, &fixture->err));
	assert_int_equal(counted.count, 1);
	assert_int_equal(counted.ids[0], 2);
	end_settled(fixture, 8);
	assert_ok(
	    fixture, store_hold_each_settled(fixture->store, on_hold, &counted, &fixture->err));
	assert_int_equal(counted.count, 1);
}

static void test_decisions_that_cannot_be(void **state)
{
	struct fixture *fixture = *state;

	add_hold(fixture, GUARD_DEACTIVATIONS);
	end_settled(fixture, 5); /* it has no action */
	assert_int_equal(
	    store_hold_decide(fixture->store, 1, HOLD_REJECTED, SPAN("a"), 1, &fixture->err),
	    STATUS_REJECT);
	assert_non_null(strstr(fixture->err.text, "has ended"));
	assert_int_equal(
	    store_hold_decide(fixture->store, 2, HOLD_REJECTED, SPAN("a"), 1, &fixture->err),
	    STATUS_REJECT);
	assert_non_null(strstr(fixture->err.text, "no hold 2"));
}

static void refuse_one(struct fixture *fixture)
{
	assert_int_equal(
	    store_hold_decide(fixture->store, 9, HOLD_APPROVED, SPAN("a"), 1, &fixture->err),
	    STATUS_REJECT);
}

/* The service lives on after it: nobody else could write until its next cycle. */
static void test_a_refused_decision_ends_what_it_began(void **state)
{
	struct fixture *fixture = *state;

	refuse_one(fixture);
	assert_false(store_is_writing(fixture->store));
	add_hold(fixture, GUARD_DEACTIVATIONS);
	refuse_one(fixture); /* what a cycle writes is its own to commit */
	assert_true(store_is_writing(fixture->store));
	fixture_reopen(fixture);
	assert_int_equal(open_holds(fixture).count, 0);
}

static void test_a_mind_may_be_changed(void **state)
{
	struct fixture *fixture = *state;

	add_hold(fixture, GUARD_DEACTIVATIONS);
	assert_ok(fixture,
	    store_hold_decide(fixture->store, 1, HOLD_APPROVED, SPAN("a"), 1, &fixture->err));
	assert_ok(fixture,
	    store_hold_decide(fixture->store, 1, HOLD_REJECTED, SPAN("b"), 2, &fixture->err));
	assert_int_equal(get_hold(fixture, 1).decision, HOLD_REJECTED);
	assert_span(get_hold(fixture, 1).decided_by, "b");
}

static void test_deciding_makes_no_file(void **state)
{
	struct fixture *fixture = *state;

	fixture_open(fixture, STORE_DECIDE);
	assert_int_equal(
	    store_hold_decide(fixture->store, 1, HOLD_APPROVED, SPAN("a"), 1, &fixture->err),
	    STATUS_REJECT);
	store_close(&fixture->store);
	assert_int_not_equal(access(fixture->path, F_OK), 0);
}

static uint64_t recent(struct fixture *fixture, enum guard_class class, int64_t since_ms)
{
	uint64_t count = 0;

	assert_ok(fixture,
	    store_action_count_recent(fixture->store, class, since_ms, &count, &fixture->err));
	return count;
}

static void test_counting_classes(void **state)
{
	struct fixture *fixture = *state;
	struct run run = fixture_run(fixture);
	struct hold hold = add_hold(fixture, GUARD_DEACTIVATIONS);
	int64_t at_ms = add_action(fixture, run.id, NULL, ACTION_DEACTIVATE, ACTION_DONE).at_ms;
	uint64_t count = 0;

	add_action(fixture, run.id, NULL, ACTION_DEACTIVATE, ACTION_SENT);
	add_action(fixture, run.id, NULL, ACTION_DEACTIVATE, ACTION_UNKNOWN);
	add_action(fixture, run.id, NULL, ACTION_DEACTIVATE, ACTION_FAILED);
	add_action(fixture, run.id, NULL, ACTION_DEACTIVATE, ACTION_PLANNED);
	add_action(fixture, run.id, &hold, ACTION_DEACTIVATE, ACTION_DONE); /* approved */
	assert_int_equal(recent(fixture, GUARD_DEACTIVATIONS, at_ms), 3);
	assert_int_equal(recent(fixture, GUARD_DEACTIVATIONS, at_ms + 1), 0);
	assert_int_equal(recent(fixture, GUARD_CREATIONS, at_ms), 0);
	assert_ok(fixture, store_action_count_planned(
			       fixture->store, run.id, GUARD_DEACTIVATIONS, &count, &fixture->err));
	assert_int_equal(count, 1);
	assert_ok(fixture, store_action_count_planned(
			       fixture->store, run.id, GUARD_CREATIONS, &count, &fixture->err));
	assert_int_equal(count, 0);
	assert_ok(fixture, store_action_count_planned(fixture->store, run.id + 1,
			       GUARD_DEACTIVATIONS, &count, &fixture->err));
	assert_int_equal(count, 0);
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, fixture_set_up_open, fixture_tear_down)

const struct CMUnitTest hold_tests[] = {
	OPEN(test_add_seal_and_read),
	OPEN(test_a_hold_ends_with_its_last_action),
	OPEN(test_actions_of_open_holds),
	OPEN(test_actions_of_one_hold),
	OPEN(test_a_decision_needs_no_lock),
	OPEN(test_a_decision_is_recorded_once),
	OPEN(test_settled_holds_are_told_before_they_end),
	OPEN(test_decisions_that_cannot_be),
	OPEN(test_a_refused_decision_ends_what_it_began),
	OPEN(test_a_mind_may_be_changed),
	cmocka_unit_test_setup_teardown(
	    test_deciding_makes_no_file, fixture_set_up, fixture_tear_down),
	OPEN(test_counting_classes),
};
const size_t hold_test_count = sizeof(hold_tests) / sizeof(hold_tests[0]);
