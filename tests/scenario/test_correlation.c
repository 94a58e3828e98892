/* SPDX-License-Identifier: ISC */
/* Entries without a link meet accounts that are there already. */
#include "scenarios.h"

static const enum cycle_kind both_ways[] = { CYCLE_FULL, CYCLE_RECONCILE };

static const char *account_of(struct world *world, const char *external_id, bool is_active)
{
	return fake_tenant_add(world->tenant, "p1@x", external_id, is_active);
}

static void fill(struct world *world)
{
	fake_tenant_set(world->tenant, "p1@x", "name.givenName", "Given1");
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Family1");
}

static void adopts(struct world *world, enum cycle_kind kind)
{
	account_of(world, "1001", true);
	given_people(world, 1, 2);
	given_member(world, 0, 1);
	expect_run(world, kind, CYCLE_DONE, 2);
	expect_request(world, 0, "PATCH /Users/1 ");
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_action(world, 1, ACTION_UPDATE, ACTION_DONE, REASON_ADOPTED, "externalId");
	assert_int_equal(fake_tenant_count(world->tenant), 2);
	expect_in_step(world);
}

static void an_account_is_adopted_by_external_id(void **state)
{
	adopts(*state, CYCLE_RECONCILE);
}

static void a_look_up_adopts_as_a_listing_does(void **state)
{
	adopts(*state, CYCLE_FULL);
}

static void an_account_is_adopted_by_user_name(void **state)
{
	struct world *world = *state;

	account_of(world, NULL, true);
	given_people(world, 1, 1);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	expect_action(world, 1, ACTION_UPDATE, ACTION_DONE, REASON_ADOPTED, "userName");
	expect_in_step(world);
}

static void an_account_that_is_as_wanted_is_linked_without_a_request(void **state)
{
	struct world *world = *state;

	account_of(world, "1001", true);
	fill(world);
	given_people(world, 1, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_action(world, 1, ACTION_LINK, ACTION_DONE, REASON_ADOPTED, NULL);
	assert_true(is_linked(world, 1));
	expect_in_step(world);
}

static void an_adopted_account_may_have_to_be_renamed(void **state)
{
	struct world *world = *state;

	account_of(world, "1001", true);
	fill(world);
	given_people(world, 1, 1);
	given(world, 1, "mail", "new@x");
	world->policy.rename = POLICY_RENAME_PATCH;
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	assert_string_equal(
	    fake_tenant_show(world->tenant, "new@x"), "new@x ext=1001 active Given1 Family1 []");
	expect_in_step(world);
}

static void another_external_id_is_a_conflict(void **state)
{
	struct world *world = *state;

	account_of(world, "77", true);
	given_people(world, 1, 2);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 1);
	expect_action(world, 1, ACTION_CONFLICT, ACTION_STATE_REJECTED, REASON_CONFLICT,
	    "another externalId");
	assert_int_equal(world->result.run.summary.conflict, 1);
	for (size_t i = 0; i < COUNT_OF(both_ways); i++)
		expect_run(world, both_ways[i], CYCLE_REJECTED, 0);
	expect_account(world, 1, "p1@x ext=77 active - - []");
	/* Settled by a person. */
	fake_tenant_set(world->tenant, "p1@x", "externalId", "1001");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_in_step(world);
}

static void two_accounts_with_one_external_id_are_a_conflict(void **state)
{
	struct world *world = *state;

	fake_tenant_add(world->tenant, "one@x", "1001", true);
	fake_tenant_add(world->tenant, "two@x", "1001", true);
	given_people(world, 1, 1);
	for (size_t i = 0; i < COUNT_OF(both_ways); i++) {
		expect_run(world, both_ways[i], CYCLE_REJECTED, 0);
		expect_action(world, 1, ACTION_CONFLICT, ACTION_STATE_REJECTED, REASON_CONFLICT,
		    "2 accounts");
	}
}

static void somebody_elses_account_is_a_conflict(void **state)
{
	struct world *world = *state;

	given_synced(world, 1);
	given_people(world, 2, 2);
	given(world, 2, "employeeNumber", "1001");
	for (size_t i = 0; i < COUNT_OF(both_ways); i++)
		expect_run(world, both_ways[i], CYCLE_REJECTED, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
}

static void a_linked_entry_keeps_its_user_name(void **state)
{
	struct world *world = *state;

	given_synced(world, 1);
	given_people(world, 2, 2);
	given(world, 2, "mail", "p1@x");
	given(world, 2, "employeeNumber", NULL);
	for (size_t i = 0; i < COUNT_OF(both_ways); i++) {
		expect_run(world, both_ways[i], CYCLE_REJECTED, 0);
		expect_action(
		    world, 2, ACTION_CONFLICT, ACTION_STATE_REJECTED, REASON_CONFLICT, "keeps it");
	}
}

static void of_two_new_entries_with_one_user_name_neither_is_sent(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 3);
	given(world, 2, "mail", "P1@x");
	for (size_t i = 0; i < COUNT_OF(both_ways); i++)
		expect_run(world, both_ways[i], CYCLE_REJECTED, i == 0 ? 1 : 0);
	expect_account(world, 1, "none");
	expect_account(world, 3, "p3@x ext=1003 active Given3 Family3 []");
	given(world, 2, "mail", "p2@x");
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 2);
	expect_in_step(world);
}

static void given_new_key(struct world *world)
{
	fake_source_remove(world->directory, 1);
	given_people(world, 11, 11);
	given(world, 11, "mail", "p1@x");
	given(world, 11, "employeeNumber", "1001");
	given(world, 11, "givenName", "Given1");
	given(world, 11, "sn", "Family1");
	given_member(world, 0, 11);
}

static void who_comes_back_under_a_new_key_takes_the_account_over(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < COUNT_OF(both_ways); i++) {
		if (i == 1) {
			void *again = NULL;

			world_set_up(&again);
			world = again;
		}
		given_synced(world, 2);
		given_new_key(world);
		expect_run(world, both_ways[i], CYCLE_DONE, 0); /* he was never away */
		expect_action(world, 11, ACTION_LINK, ACTION_DONE, REASON_REHIRED, NULL);
		assert_true(is_linked(world, 11));
		assert_false(is_linked(world, 1));
		expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
		expect_in_step(world);
		if (i == 1)
			assert_int_equal(world_tear_down((void *[]) { world }), 0);
	}
}

static void who_left_long_ago_and_comes_back_is_reactivated(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	fake_source_place(world->directory, 1, FAKE_OUT_OF_BASE);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	given_new_key(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_action(world, 11, ACTION_REACTIVATE, ACTION_DONE, REASON_REHIRED, NULL);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_in_step(world);
}

static void an_inactive_account_is_a_rehire(void **state)
{
	struct world *world = *state;

	account_of(world, "1001", false);
	given_people(world, 1, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	expect_action(world, 1, ACTION_REACTIVATE, ACTION_DONE, REASON_REHIRED, NULL);
	expect_in_step(world);
}

static void the_account_of_a_disabled_entry_is_closed(void **state)
{
	struct world *world = *state;

	account_of(world, "1001", true);
	given_people(world, 1, 1);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 []");
	expect_in_step(world);
}

static void the_policy_for_the_disabled_holds_for_adopted_accounts(void **state)
{
	struct world *world = *state;

	world->policy.leavers.disabled = POLICY_LEAVER_KEEP;
	account_of(world, "1001", true);
	fill(world);
	given_people(world, 1, 1);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 []");
	expect_in_step(world);
}

static void grace_holds_for_adopted_accounts(void **state)
{
	struct world *world = *state;

	world->policy.leavers.grace_ms = TIME_DAY_MS;
	account_of(world, "1001", true);
	fill(world);
	given_people(world, 1, 1);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	pass(world, TIME_DAY_MS);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 []");
	expect_in_step(world);
}

static void many_look_ups_become_a_listing(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 50);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 50);
	assert_int_equal(TENANT(world).finds, 0);
	assert_in_range(TENANT(world).lists, 1, 2);
	fake_tenant_forget(world->tenant);
	given_people(world, 51, 52);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	assert_int_equal(TENANT(world).finds, 2);
	assert_int_equal(TENANT(world).lists, 0);
	expect_in_step(world);
}

static void a_look_up_that_fails_puts_that_person_off(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 2);
	fake_tenant_fault(world->tenant,
	    &(struct fake_fault) {
		.kind = FAKE_STATUS, .method = "FIND", .match = "p1@x", .http_status = 500 });
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 1);
	expect_account(world, 1, "none");
	fake_tenant_heal(world->tenant);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_in_step(world);
}

const struct CMUnitTest correlation_scenarios[] = {
	SCENARIO(an_account_is_adopted_by_external_id),
	SCENARIO(a_look_up_adopts_as_a_listing_does),
	SCENARIO(an_account_is_adopted_by_user_name),
	SCENARIO(an_account_that_is_as_wanted_is_linked_without_a_request),
	SCENARIO(an_adopted_account_may_have_to_be_renamed),
	SCENARIO(another_external_id_is_a_conflict),
	SCENARIO(two_accounts_with_one_external_id_are_a_conflict),
	SCENARIO(somebody_elses_account_is_a_conflict),
	SCENARIO(a_linked_entry_keeps_its_user_name),
	SCENARIO(of_two_new_entries_with_one_user_name_neither_is_sent),
	SCENARIO(who_comes_back_under_a_new_key_takes_the_account_over),
	SCENARIO(who_left_long_ago_and_comes_back_is_reactivated),
	SCENARIO(an_inactive_account_is_a_rehire),
	SCENARIO(the_account_of_a_disabled_entry_is_closed),
	SCENARIO(the_policy_for_the_disabled_holds_for_adopted_accounts),
	SCENARIO(grace_holds_for_adopted_accounts),
	SCENARIO(many_look_ups_become_a_listing),
	SCENARIO(a_look_up_that_fails_puts_that_person_off),
};
const size_t correlation_scenario_count = COUNT_OF(correlation_scenarios);
