/* SPDX-License-Identifier: ISC */
/* One person by name, and runs that only look. */
#include "scenarios.h"

#include "base/vec.h"
#include <stdio.h>
#include <stdlib.h>

static void only_the_one_that_was_named_is_synced(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	given(world, 1, "sn", "Ray");
	given(world, 2, "sn", "Roe");
	fake_source_remove(world->directory, 3);
	assert_int_equal(run_for(world, "P1@x"), CYCLE_DONE);
	expect_writes(world, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
	assert_int_equal(fake_source_counts(world->directory).scans, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	expect_in_step(world);
}

static void a_person_goes_by_many_names(void **state)
{
	struct world *world = *state;
	char key[UUID_TEXT_SIZE], id[16];
	const struct uuid uuid = fake_key(1);
	const char *const names[] = { "p1@x", key, "uid=p1,ou=people,dc=example", "1001", id };
	const char *const surnames[] = { "A", "B", "C", "D", "E" };

	given_synced(world, 3);
	uuid_format(&uuid, key);
	snprintf(id, sizeof(id), "1");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		given(world, 1, "sn", surnames[i]);
		assert_int_equal(run_for(world, names[i]), CYCLE_DONE);
		expect_writes(world, (unsigned)i + 1);
	}
	expect_in_step(world);
}

static void a_joiner_can_be_named(void **state)
{
	struct world *world = *state;
	const char *const names[] = { "p4@x", "uid=p5,ou=people,dc=example", "p6" };

	given_synced(world, 3);
	given_people(world, 4, 6);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		assert_int_equal(run_for(world, names[i]), CYCLE_DONE);
		expect_writes(world, (unsigned)i + 1);
	}
	expect_account(world, 5, "p5@x ext=1005 active Given5 Family5 []");
	expect_in_step(world);
}

static enum cycle_exit reconcile_one(struct world *world, const char *who)
{
	enum cycle_exit exit;

	world->who = who;
	exit = run(world, CYCLE_RECONCILE);
	world->who = NULL;
	return exit;
}

static void a_reconcile_of_one_asks_for_one_account(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Other");
	fake_tenant_set(world->tenant, "p2@x", "name.familyName", "Other");
	assert_int_equal(reconcile_one(world, "p1@x"), CYCLE_DONE);
	expect_writes(world, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_account(world, 2, "p2@x ext=1002 active Given2 Other [W1]");
	expect_action(world, 1, ACTION_UPDATE, ACTION_DONE, REASON_DRIFT, NULL);
	assert_int_equal(TENANT(world).lists, 0);
}

static void an_account_that_is_gone_is_made_again(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	fake_tenant_remove(world->tenant, "p1@x");
	assert_int_equal(reconcile_one(world, "p1@x"), CYCLE_DONE);
	expect_writes(world, 1);
	expect_in_step(world);
}

static void nobody_goes_by_that_name(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	assert_int_equal(run_for(world, "nobody@x"), CYCLE_FAILED);
	assert_true(world->result.is_who_unknown);
	assert_non_null(strstr(world->result.err.text, "nobody@x"));
	expect_writes(world, 0);
}

static void who_was_named_and_is_gone_is_deactivated(void **state)
{
	struct world *world = *state;

	given_synced(world, 3);
	fake_source_remove(world->directory, 1);
	fake_source_remove(world->directory, 2);
	assert_int_equal(run_for(world, "p1@x"), CYCLE_DONE);
	expect_writes(world, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1]");
	expect_action(world, 1, ACTION_DEACTIVATE, ACTION_DONE, REASON_DELETED, NULL);
	/* Again: known, and nothing to do. */
	assert_int_equal(run_for(world, "p1@x"), CYCLE_DONE);
	expect_writes(world, 1);
}

static void who_was_named_and_cannot_be_read_is_kept(void **state)
{
	struct world *world = *state;

	expect_log(world, "unreadable");
	given_synced(world, 3);
	fake_source_place(world->directory, 1, FAKE_UNREADABLE);
	assert_int_equal(run_for(world, "p1@x"), CYCLE_DONE);
	expect_writes(world, 0);
}

static void who_was_named_is_tried_in_spite_of_quarantine(void **state)
{
	struct world *world = *state;

	expect_log(world, "update of key");
	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	given_status(world, "PATCH", 400, -1, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_REJECTED, 1);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(run_for(world, "p1@x"), CYCLE_DONE);
	expect_writes(world, 2);
	expect_in_step(world);
}

static void the_directory_may_be_down_for_one_person_too(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	DIRECTORY(world)->is_down = true;
	assert_int_equal(run_for(world, "p1@x"), CYCLE_PEER_DOWN);
	assert_false(world->result.is_who_unknown);
}

/* ---- dry runs ---- */

struct bytes {
	char *at;
	size_t len;
};

static struct bytes read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct bytes bytes = { mem_new(1, 1 << 20), 0 };

	assert_non_null(file);
	bytes.len = fread(bytes.at, 1, 1 << 20, file);
	fclose(file);
	return bytes;
}

static void add_to_plan(void *context, const struct action *action)
{
	struct str *plan = context;

	str_addf(plan, "%s %s %.*s %.*s | %.*s %.*s %.*s\n", action_kind_name(action->kind),
	    reason_code_name(action->reason), SPAN_ARG(action->user_name), SPAN_ARG(action->detail),
	    SPAN_ARG(action->request.method), SPAN_ARG(action->request.path),
	    SPAN_ARG(action->request.body));
}

static void add_plan(struct world *world, struct str *plan)
{
	struct action_query query = { .run_id = world->result.run.id };

	assert_int_equal(
	    store_action_each(world->store, &query, add_to_plan, plan, NULL), STATUS_OK);
	assert_true(plan->len > 0);
}

/* One of everything. */
static void given_a_busy_day(struct world *world)
{
	given_synced(world, 6);
	given_people(world, 7, 9);
	given(world, 1, "sn", "Ray");
	given(world, 2, "mail", "new@x");
	given(world, 3, ATTRIBUTE_ENABLED, "FALSE");
	fake_source_remove(world->directory, 4);
	given_no_member(world, 0, 5);
	given(world, 6, "mail", NULL);
	fake_tenant_add(world->tenant, "p7@x", "77", true);
	fake_tenant_add(world->tenant, "p8@x", NULL, true);
}

static void a_dry_run_plans_as_the_real_run_does(void **state)
{
	struct world *world = *state;
	const enum cycle_kind kinds[] = { CYCLE_FULL, CYCLE_RECONCILE };
	struct str dry[2] = { { 0 } }, real = { 0 };
	struct bytes before, after;

	given_a_busy_day(world);
	store_close(&world->store);
	before = read_file(world->path);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		run_dry(world, kinds[i]);
		expect_exit(world, CYCLE_REJECTED);
		add_plan(world, &dry[i]);
		assert_int_equal(world->result.run.summary.deactivate, 2);
		assert_int_equal(world->result.run.summary.done, 0);
		store_close(&world->store);
	}
	after = read_file(world->path);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.at, after.at, before.len);
	expect_writes(world, 0);
	die_and_restart(world);
	assert_int_equal(run(world, CYCLE_FULL), CYCLE_REJECTED);
	add_plan(world, &real);
	assert_string_equal(str_c(&dry[0]), str_c(&real));
	assert_string_equal(str_c(&dry[1]), str_c(&real));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		str_done(&dry[i]);
	str_done(&real);
	free(before.at);
	free(after.at);
}

static void a_dry_run_needs_no_state(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 3);
	store_close(&world->store);
	assert_int_equal(remove(world->path), 0);
	run_dry(world, CYCLE_RECONCILE);
	expect_exit(world, CYCLE_DONE);
	assert_int_equal(world->result.run.summary.create, 3);
	expect_writes(world, 0);
	store_close(&world->store);
	assert_null(fopen(world->path, "rb"));
}

static void a_dry_run_for_one_person_shows_only_theirs(void **state)
{
	struct world *world = *state;

	given_a_busy_day(world);
	world->who = "p1@x";
	run_dry(world, CYCLE_FULL);
	world->who = NULL;
	expect_exit(world, CYCLE_DONE);
	assert_int_equal(world->result.run.summary.update, 1);
	assert_int_equal(plan_summary_pending(&world->result.run.summary), 1);
}

const struct CMUnitTest person_scenarios[] = {
	SCENARIO(only_the_one_that_was_named_is_synced),
	SCENARIO(a_person_goes_by_many_names),
	SCENARIO(a_joiner_can_be_named),
	SCENARIO(a_reconcile_of_one_asks_for_one_account),
	SCENARIO(an_account_that_is_gone_is_made_again),
	SCENARIO(nobody_goes_by_that_name),
	SCENARIO(who_was_named_and_is_gone_is_deactivated),
	SCENARIO(who_was_named_and_cannot_be_read_is_kept),
	SCENARIO(who_was_named_is_tried_in_spite_of_quarantine),
	SCENARIO(the_directory_may_be_down_for_one_person_too),
	SCENARIO(a_dry_run_plans_as_the_real_run_does),
	SCENARIO(a_dry_run_needs_no_state),
	SCENARIO(a_dry_run_for_one_person_shows_only_theirs),
};
const size_t person_scenario_count = COUNT_OF(person_scenarios);
