/* SPDX-License-Identifier: ISC */
/*
 * Death at every step.  Each situation is played once to its end, and then again and again, dying
 * before the first step, the second, and so on.  The next process goes on, and must end in the same
 * tenant and the same snapshot, without a create that nobody looked for, and with nothing left
 * over.  The audit trail must be whole too, with one record of each action that is done.
 */
#include "scenarios.h"

#include "base/vec.h"
#include <stdio.h>
#include <stdlib.h>

struct situation {
	const char *name;
	void (*given)(struct world *world);
	enum cycle_kind kind;
	enum cycle_exit exit; /* of the last run */
	bool has_faults;      /* it takes a day and a run more until all is well */
	unsigned stride;      /* only every so many-th step is died at; 0: every */
	unsigned least, most; /* steps that are expected */
};

/* ---- situations ---- */

static void joiners(struct world *world)
{
	given_synced(world, 1);
	given_people(world, 2, 6);
	given_member(world, 0, 2);
	given_member(world, 1, 2);
	given(world, 3, "departmentNumber", "HR7");
	given(world, 4, ATTRIBUTE_ENABLED, "FALSE");
}

static void first_joiners(struct world *world)
{
	given_people(world, 1, 5);
	given_member(world, 0, 1);
}

static void many_joiners(struct world *world)
{
	given_people(world, 1, 150);
	gate_init(&world->gate, world->loop, &(struct gate_settings) { 0, 1, 8 });
}

static void changes(struct world *world)
{
	given_synced(world, 6);
	given(world, 1, "sn", "Ray");
	given_member(world, 1, 2);
	given_no_member(world, 0, 3);
	given(world, 4, "departmentNumber", "HR1");
	given_no_member(world, 0, 4);
	given(world, 5, "employeeNumber", "2005");
	given(world, 6, "givenName", "Ada");
	given(world, 6, ATTRIBUTE_ENABLED, "FALSE");
}

static void leavers(struct world *world)
{
	given_synced(world, 6);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	fake_source_remove(world->directory, 2);
	fake_source_place(world->directory, 3, FAKE_OUT_OF_BASE);
	fake_source_place(world->directory, 4, FAKE_OUT_OF_FILTER);
	fake_source_place(world->directory, 5, FAKE_UNREADABLE);
}

static void leavers_lose_their_workspaces(struct world *world)
{
	world->policy.leavers.revoke_workspaces = true;
	leavers(world);
}

static void leavers_in_grace(struct world *world)
{
	world->policy.leavers.grace_ms = TIME_DAY_MS;
	leavers(world);
}

static void returners(struct world *world)
{
	given_synced(world, 4);
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
	fake_source_remove(world->directory, 2);
	assert_int_equal(run(world, CYCLE_FULL), CYCLE_DONE);
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
	/* The same person under a new key. */
	given_people(world, 12, 12);
	given(world, 12, "mail", "p2@x");
	given(world, 12, "employeeNumber", "1002");
}

static void renames_recreate(struct world *world)
{
	world->policy.rename = POLICY_RENAME_RECREATE;
	given_synced(world, 3);
	given(world, 1, "mail", "new1@x");
	given(world, 2, "mail", "new2@x");
	given(world, 2, "sn", "Married");
}

static void renames_patch(struct world *world)
{
	world->policy.rename = POLICY_RENAME_PATCH;
	given_synced(world, 3);
	given(world, 1, "mail", "new1@x");
	given(world, 2, "mail", "new2@x");
}

static void renames_wait(struct world *world)
{
	given_synced(world, 3);
	given(world, 1, "mail", "new1@x");
	given(world, 1, "sn", "Married");
	given_people(world, 4, 4);
}

static void adoptions(struct world *world)
{
	fake_tenant_add(world->tenant, "p1@x", "1001", true);
	fake_tenant_add(world->tenant, "p2@x", NULL, true);
	fake_tenant_add(world->tenant, "p3@x", "1003", false);
	fake_tenant_add(world->tenant, "p4@x", "1004", true);
	fake_tenant_set(world->tenant, "p4@x", "name.givenName", "Given4");
	fake_tenant_set(world->tenant, "p4@x", "name.familyName", "Family4");
	fake_tenant_add(world->tenant, "orphan@x", "77", true);
	given_people(world, 1, 5);
	given_member(world, 0, 1);
}

static void conflicts(struct world *world)
{
	fake_tenant_add(world->tenant, "p1@x", "77", true);
	given_people(world, 1, 3);
	given(world, 3, "mail", "p2@x");
	given_people(world, 4, 4);
}

static void drift(struct world *world)
{
	given_synced(world, 5);
	fake_tenant_set(world->tenant, "p1@x", "active", "false");
	fake_tenant_set(world->tenant, "p2@x", "name.familyName", "Changed");
	fake_tenant_set(world->tenant, "p3@x", "entitlements", "W9");
	fake_tenant_remove(world->tenant, "p4@x");
	fake_tenant_add(world->tenant, "orphan@x", NULL, true);
	given(world, 5, "sn", "Ray");
}

static void of_all_kinds(struct world *world)
{
	given_synced(world, 5);
	given_people(world, 6, 7);
	given_member(world, 1, 6);
	given(world, 1, "sn", "Ray");
	given(world, 2, ATTRIBUTE_ENABLED, "FALSE");
	fake_source_remove(world->directory, 3);
	given_member(world, 1, 4);
	gate_init(&world->gate, world->loop, &(struct gate_settings) { 0, 1, 2 });
}

static void lost_answers(struct world *world)
{
	of_all_kinds(world);
	given_fault(world, FAKE_LOST, "p6@x", 1);
	given_fault(world, FAKE_LOST_BEFORE, "p7@x", 1);
	given_fault(world, FAKE_LOST, "Ray", 2);
	given_fault(world, FAKE_LOST_BEFORE, "active", 1);
}

static void throttled(struct world *world)
{
	of_all_kinds(world);
	given_status(world, "PATCH", 429, 2000, 2);
	given_status(world, "POST", 429, -1, 2);
	given_status(world, "POST", 503, 1000, 1);
}

static void failing(struct world *world)
{
	of_all_kinds(world);
	given_status(world, NULL, 500, -1, 3);
	fake_tenant_fault(world->tenant,
	    &(struct fake_fault) { .kind = FAKE_STATUS, .match = "Ray", .http_status = 502 });
	fake_tenant_fault(world->tenant,
	    &(struct fake_fault) { .kind = FAKE_STATUS, .match = "p7@x", .http_status = 400 });
}

static void done_in_part(struct world *world)
{
	of_all_kinds(world);
	given_member(world, 1, 1);
	given_fault(world, FAKE_PARTIAL, "p6@x", 1);
	given_fault(world, FAKE_SILENT_LOSS, "Ray", 1);
	given_fault(world, FAKE_NO_BODY, NULL, 2);
}

static void accounts_that_are_gone(struct world *world)
{
	of_all_kinds(world);
	fake_tenant_remove(world->tenant, "p1@x");
	fake_tenant_remove(world->tenant, "p3@x");
	fake_tenant_remove(world->tenant, "p4@x");
}

static void taken_names(struct world *world)
{
	fake_tenant_add(world->tenant, "p1@x", NULL, true);
	fake_tenant_hide(world->tenant, "p1@x", true);
	given_people(world, 1, 2);
}

static void a_tenant_that_shuts_the_door(struct world *world)
{
	of_all_kinds(world);
	fake_tenant_fault(world->tenant,
	    &(struct fake_fault) { .kind = FAKE_STATUS, .spared = 3, .http_status = 403 });
}

static void a_scan_that_proves_nothing(struct world *world)
{
	of_all_kinds(world);
	DIRECTORY(world)->missing_canary = "cn=always here";
}

static const struct situation situations[] = {
	{ "joiners", joiners, CYCLE_DELTA, CYCLE_DONE, .least = 15, .most = 40 },
	{ "first joiners", first_joiners, CYCLE_RECONCILE, CYCLE_DONE, .least = 15, .most = 40 },
	{ "many joiners", many_joiners, CYCLE_RECONCILE, CYCLE_DONE, .stride = 29, .least = 300,
	    .most = 400 },
	{ "changes", changes, CYCLE_DELTA, CYCLE_DONE, .least = 15, .most = 40 },
	{ "changes, reconciled", changes, CYCLE_RECONCILE, CYCLE_DONE, .least = 15, .most = 40 },
	{ "leavers", leavers, CYCLE_FULL, CYCLE_DONE, .least = 10, .most = 40 },
	{ "leavers lose workspaces", leavers_lose_their_workspaces, CYCLE_FULL, CYCLE_DONE,
	    .least = 10, .most = 40 },
	{ "leavers in grace", leavers_in_grace, CYCLE_FULL, CYCLE_DONE, .least = 1, .most = 40 },
	{ "returners", returners, CYCLE_FULL, CYCLE_DONE, .least = 8, .most = 40 },
	{ "renames recreate", renames_recreate, CYCLE_DELTA, CYCLE_DONE, .least = 10, .most = 40 },
	{ "renames patch", renames_patch, CYCLE_DELTA, CYCLE_DONE, .least = 8, .most = 40 },
	{ "renames wait", renames_wait, CYCLE_DELTA, CYCLE_HELD, .least = 5, .most = 40 },
	{ "adoptions", adoptions, CYCLE_FULL, CYCLE_DONE, .least = 15, .most = 40 },
	{ "adoptions, reconciled", adoptions, CYCLE_RECONCILE, CYCLE_DONE, .least = 12,
	    .most = 40 },
	{ "conflicts", conflicts, CYCLE_RECONCILE, CYCLE_REJECTED, .least = 5, .most = 40 },
	{ "drift", drift, CYCLE_RECONCILE, CYCLE_DONE, .least = 15, .most = 40 },
	{ "lost answers", lost_answers, CYCLE_FULL, CYCLE_DONE, true, .least = 20, .most = 60 },
	{ "throttled", throttled, CYCLE_FULL, CYCLE_DONE, true, .least = 20, .most = 60 },
	{ "failing", failing, CYCLE_FULL, CYCLE_DONE, true, .least = 20, .most = 60 },
	{ "done in part", done_in_part, CYCLE_FULL, CYCLE_DONE, true, .least = 15, .most = 60 },
	{ "accounts that are gone", accounts_that_are_gone, CYCLE_FULL, CYCLE_DONE, .least = 15,
	    .most = 60 },
	{ "accounts that are gone, reconciled", accounts_that_are_gone, CYCLE_RECONCILE, CYCLE_DONE,
	    .least = 15, .most = 60 },
	{ "taken names", taken_names, CYCLE_RECONCILE, CYCLE_DONE, .least = 10, .most = 40 },
	{ "a shut door", a_tenant_that_shuts_the_door, CYCLE_FULL, CYCLE_DONE, true, .least = 10,
	    .most = 40 },
	{ "no certificate", a_scan_that_proves_nothing, CYCLE_FULL, CYCLE_HELD, .least = 10,
	    .most = 40 },
};

/* ---- playing them ---- */

static struct world *play(const struct situation *situation)
{
	void *state = NULL;
	struct world *world;

	assert_int_equal(world_set_up(&state), 0);
	world = state;
	world->is_anything_allowed = true;
	situation->given(world);
	fake_tenant_forget(world->tenant);
	return world;
}

static void end_play(struct world *world)
{
	void *state = world;

	assert_int_equal(world_tear_down(&state), 0);
}

/* Plays a situation on to its end. @return owned: what is there then */
static char *play_on(struct world *world, const struct situation *situation)
{
	run(world, situation->kind);
	if (situation->has_faults) {
		fake_tenant_heal(world->tenant);
		pass(world, TIME_DAY_MS);
		run(world, situation->kind);
	}
	expect_exit(world, situation->exit);
	assert_int_equal(TENANT(world).blind_creates, 0);
	assert_int_equal(count_actions(world, ACTION_SENT), 0);
	assert_int_equal(count_actions(world, ACTION_PLANNED), 0);
	assert_int_equal(count_actions(world, ACTION_UNKNOWN), 0);
	expect_audited(world);
	return show_everything(world);
}

/* All is said: whatever runs now sends nothing, and leaves everything as it is. */
static void expect_quiet(struct world *world, const struct situation *situation, const char *end)
{
	const enum cycle_kind kinds[] = { situation->kind, CYCLE_RECONCILE };
	unsigned writes = TENANT(world).writes;
	char *now;

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		run(world, kinds[i]);
		assert_int_equal(TENANT(world).writes, writes);
	}
	now = show_everything(world);
	assert_string_equal(now, end);
	free(now);
}

static void expect_same(
    const struct situation *situation, unsigned step, const char *end, const char *wanted)
{
	if (strcmp(end, wanted) == 0)
		return;
	fail_msg(
	    "%s, dead before step %u:\n%s\nwithout death:\n%s", situation->name, step, end, wanted);
}

/* @return whether there was such a step */
static bool dies_at(const struct situation *situation, unsigned step, const char *wanted)
{
	struct world *world = play(situation);
	bool has_died = run_until_step(world, situation->kind, step);
	char *end = play_on(world, situation);

	expect_same(situation, step, end, wanted);
	expect_quiet(world, situation, end);
	free(end);
	end_play(world);
	return has_died;
}

static char *without_death(const struct situation *situation)
{
	struct world *world = play(situation);
	char *end = play_on(world, situation);

	expect_quiet(world, situation, end);
	end_play(world);
	return end;
}

static void death_at_every_step_changes_nothing(void **state)
{
	unsigned points = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(situations); i++) {
		const struct situation *situation = &situations[i];
		char *wanted = without_death(situation);
		unsigned step = 1;

		while (dies_at(situation, step, wanted)) {
			step += situation->stride > 0 ? situation->stride : 1;
			points++;
		}
		if (step - 1 < situation->least || step - 1 > situation->most)
			fail_msg("%s has %u steps", situation->name, step - 1);
		free(wanted);
	}
	print_message(
	    "           died at %u steps of %zu situations\n", points, COUNT_OF(situations));
}

/* The process that mends may die too, and so may the one behind it. */
static void death_may_come_again(void **state)
{
	static const struct situation mixed = { "lost answers", lost_answers, CYCLE_FULL,
		CYCLE_DONE, true, 0, 0, 0 };
	char *wanted = without_death(&mixed);
	bool has_died = true;

	(void)state;
	for (unsigned first = 2; has_died; first++) {
		for (unsigned second = 1; second < 14; second += 3) {
			struct world *world = play(&mixed);
			char *end;

			has_died = run_until_step(world, mixed.kind, first);
			run_until_step(world, mixed.kind, second);
			run_until_step(world, mixed.kind, second + 1);
			end = play_on(world, &mixed);
			expect_same(&mixed, first, end, wanted);
			expect_quiet(world, &mixed, end);
			free(end);
			end_play(world);
		}
	}
	free(wanted);
}

/* What the fake counts as blind, so that the zeros above mean something. */
static void on_answer(void *context, const struct tenant_answer *answer)
{
	(void)context;
	(void)answer;
}

static void post(struct world *world)
{
	const struct tenant_request request = { SPAN("POST"), SPAN("/Users"),
		SPAN("{\"userName\":\"p1@x\"}") };
	struct account_writer *writer = fake_tenant_writer(world->tenant);

	writer->send(writer, &request, on_answer, NULL);
	loop_run(world->loop);
}

static void a_create_without_a_look_is_blind(void **state)
{
	struct world *world = *state;
	struct account_reader *reader = fake_tenant_reader(world->tenant);

	reader->vtable->open(reader, on_answer, NULL);
	loop_run(world->loop);
	given_fault(world, FAKE_LOST_BEFORE, "p1@x", 0);
	post(world);
	assert_int_equal(TENANT(world).blind_creates, 0);
	post(world);
	assert_int_equal(TENANT(world).blind_creates, 1);
	reader->vtable->find(reader, SPAN_NULL, SPAN("p1@x"), on_answer, NULL);
	loop_run(world->loop);
	post(world);
	assert_int_equal(TENANT(world).blind_creates, 1);
}

const struct CMUnitTest death_scenarios[] = {
	SCENARIO(a_create_without_a_look_is_blind),
	cmocka_unit_test(death_at_every_step_changes_nothing),
	cmocka_unit_test(death_may_come_again),
};
const size_t death_scenario_count = COUNT_OF(death_scenarios);
