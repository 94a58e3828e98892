/* SPDX-License-Identifier: ISC */
/*
 * What a run did is taken back, and stays so although the directory asks for it.
 */
#include "scenarios.h"

#include "base/vec.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- each kind of change, and how the directory takes it back ---- */

struct kind_of_change {
	const char *name;
	void (*prepare)(struct world *world); /* before the people are in step */
	void (*change)(struct world *world);
	void (*fix)(struct world *world);  /* the directory asks no longer */
	void (*move)(struct world *world); /* the entry changes otherwise; NULL: it cannot */
	enum cycle_kind kind;
	unsigned writes;      /* that the change takes, and its undo */
	const char *made;     /* an account that is new, and stays as a closed one; NULL: none */
	const char *made_now; /* how it stays */
};

static void nothing(struct world *world)
{
	(void)world;
}

static void loses_workspaces(struct world *world)
{
	world->policy.leavers.revoke_workspaces = true;
}

static void has_grace(struct world *world)
{
	world->policy.leavers.grace_ms = TIME_HOUR_MS;
}

static void may_patch_names(struct world *world)
{
	world->policy.rename = POLICY_RENAME_PATCH;
}

static void may_make_anew(struct world *world)
{
	world->policy.rename = POLICY_RENAME_RECREATE;
}

static void joins(struct world *world)
{
	given_people(world, 4, 4);
	given_member(world, 1, 4);
}

static void joins_not(struct world *world)
{
	fake_source_remove(world->directory, 4);
}

static void joins_otherwise(struct world *world)
{
	given(world, 4, "sn", "Moved");
}

static void marries(struct world *world)
{
	given(world, 1, "sn", "Ray");
	given(world, 1, "givenName", "Ada");
}

static void marries_not(struct world *world)
{
	given(world, 1, "sn", "Family1");
	given(world, 1, "givenName", "Given1");
}

static void marries_otherwise(struct world *world)
{
	given(world, 1, "sn", "Moved");
}

static void changes_teams(struct world *world)
{
	given_no_member(world, 0, 1);
	given_member(world, 1, 1);
	given(world, 1, "departmentNumber", "HR1");
}

static void changes_teams_not(struct world *world)
{
	given_member(world, 0, 1);
	given_no_member(world, 1, 1);
	given(world, 1, "departmentNumber", NULL);
}

static void changes_teams_otherwise(struct world *world)
{
	given_no_member(world, 1, 1);
}

static void loses_all(struct world *world)
{
	given_no_member(world, 0, 1);
}

static void loses_all_not(struct world *world)
{
	given_member(world, 0, 1);
}

static void is_disabled(struct world *world)
{
	given(world, 1, ATTRIBUTE_ENABLED, "FALSE");
}

static void is_disabled_not(struct world *world)
{
	given(world, 1, ATTRIBUTE_ENABLED, "TRUE");
}

static void is_deleted(struct world *world)
{
	fake_source_remove(world->directory, 1);
}

static void is_deleted_not(struct world *world)
{
	given_people(world, 1, 1);
	given_member(world, 0, 1);
}

static void moves_out(struct world *world)
{
	fake_source_place(world->directory, 1, FAKE_OUT_OF_BASE);
}

static void moves_out_not(struct world *world)
{
	fake_source_place(world->directory, 1, FAKE_IN_SCOPE);
}

static void was_away(struct world *world)
{
	is_disabled(world);
	assert_int_equal(run(world, CYCLE_FULL), CYCLE_DONE);
	fake_tenant_forget(world->tenant);
}

static void is_renamed(struct world *world)
{
	given(world, 1, "mail", "new@x");
}

static void is_renamed_not(struct world *world)
{
	given(world, 1, "mail", "p1@x");
}

static void is_renamed_otherwise(struct world *world)
{
	given(world, 1, "mail", "newer@x");
}

static const struct kind_of_change kinds[] = {
	{ "create", nothing, joins, joins_not, joins_otherwise, CYCLE_FULL, 1, "p4@x",
	    "p4@x ext=1004 inactive Given4 Family4 [W2]" },
	{ "create, closed without workspaces", loses_workspaces, joins, joins_not, joins_otherwise,
	    CYCLE_FULL, 1, "p4@x", "p4@x ext=1004 inactive Given4 Family4 []" },
	{ "update", nothing, marries, marries_not, marries_otherwise, CYCLE_FULL, 1, NULL, NULL },
	{ "update of a delta", nothing, marries, marries_not, marries_otherwise, CYCLE_DELTA, 1,
	    NULL, NULL },
	{ "workspaces", nothing, changes_teams, changes_teams_not, changes_teams_otherwise,
	    CYCLE_FULL, 1, NULL, NULL },
	{ "the last workspace", nothing, loses_all, loses_all_not, marries_otherwise, CYCLE_FULL, 1,
	    NULL, NULL },
	{ "disabled", nothing, is_disabled, is_disabled_not, NULL, CYCLE_FULL, 1, NULL, NULL },
	{ "disabled, without workspaces", loses_workspaces, is_disabled, is_disabled_not, NULL,
	    CYCLE_FULL, 1, NULL, NULL },
	{ "disabled, after its grace", has_grace, is_disabled, is_disabled_not, NULL, CYCLE_FULL, 1,
	    NULL, NULL },
	{ "deleted", nothing, is_deleted, is_deleted_not, NULL, CYCLE_FULL, 1, NULL, NULL },
	{ "deleted, without workspaces", loses_workspaces, is_deleted, is_deleted_not, NULL,
	    CYCLE_RECONCILE, 1, NULL, NULL },
	{ "deleted, after its grace", has_grace, is_deleted, is_deleted_not, NULL, CYCLE_FULL, 1,
	    NULL, NULL },
	{ "moved", nothing, moves_out, moves_out_not, NULL, CYCLE_FULL, 1, NULL, NULL },
	{ "reactivate", nothing, is_disabled_not, is_disabled, marries_otherwise, CYCLE_FULL, 1,
	    NULL, NULL },
	{ "rename by patch", may_patch_names, is_renamed, is_renamed_not, is_renamed_otherwise,
	    CYCLE_FULL, 1, NULL, NULL },
	{ "rename by a new account", may_make_anew, is_renamed, is_renamed_not,
	    is_renamed_otherwise, CYCLE_FULL, 2, "new@x",
	    "new@x ext=1001 inactive Given1 Family1 [W1]" },
};

/* ---- playing them ---- */

/* All accounts but one, as text. @return owned */
static char *show_tenant(struct world *world, const char *without)
{
	struct str text = { 0 };
	const char *name;
	char *copy;

	for (size_t i = 0; (name = fake_tenant_name_at(world->tenant, i)) != NULL; i++)
		if (without == NULL || strcmp(name, without) != 0)
			str_addf(&text, "%s\n", fake_tenant_show(world->tenant, name));
	copy = mem_strdup(str_c(&text));
	str_done(&text);
	return copy;
}

static void expect_tenant(
    struct world *world, const struct kind_of_change *kind, const char *when, const char *wanted)
{
	char *now = show_tenant(world, kind->made);

	if (strcmp(now, wanted) != 0)
		fail_msg("%s, %s:\n%s\nwanted:\n%s", kind->name, when, now, wanted);
	if (kind->made_now != NULL)
		assert_string_equal(fake_tenant_show(world->tenant, kind->made), kind->made_now);
	free(now);
}

static struct world *begin(const struct kind_of_change *kind)
{
	void *state = NULL;
	struct world *world;

	assert_int_equal(world_set_up(&state), 0);
	world = state;
	world->is_anything_allowed = true;
	kind->prepare(world);
	given_synced(world, 3);
	if (kind->change == is_disabled_not)
		was_away(world);
	return world;
}

static void end(struct world *world)
{
	void *state = world;

	assert_int_equal(world_tear_down(&state), 0);
}

/* @return the run that did it */
static int64_t do_it(struct world *world, const struct kind_of_change *kind)
{
	kind->change(world);
	run(world, kind->kind);
	if (world->policy.leavers.grace_ms > 0) {
		pass(world, 2 * TIME_HOUR_MS);
		run(world, kind->kind);
	}
	if (world->exit != CYCLE_DONE || TENANT(world).writes != kind->writes)
		fail_msg("%s: exit %d after %u writes", kind->name, (int)world->exit,
		    TENANT(world).writes);
	fake_tenant_forget(world->tenant);
	return world->result.run.id;
}

/* Whatever runs now sends nothing, and what was taken back is still seen. */
static void expect_kept(struct world *world, const struct kind_of_change *kind, unsigned holds)
{
	static const enum cycle_kind runs[] = { CYCLE_FULL, CYCLE_RECONCILE, CYCLE_DELTA,
		CYCLE_FULL };
	unsigned writes = TENANT(world).writes;

	for (size_t i = 0; i < COUNT_OF(runs); i++) {
		if (run(world, runs[i]) != CYCLE_DONE || TENANT(world).writes != writes ||
		    count_holds(world) != holds)
			fail_msg("%s, %s: exit %d, %u writes, %u holds", kind->name,
			    cycle_kind_name(runs[i]), (int)world->exit,
			    TENANT(world).writes - writes, count_holds(world));
		pass(world, 2 * TIME_HOUR_MS);
	}
}

static void expect_undone(struct world *world, const struct kind_of_change *kind, int64_t of)
{
	if (undo(world, of) != CYCLE_DONE || TENANT(world).writes != kind->writes)
		fail_msg("%s: the undo exits %d after %u writes", kind->name, (int)world->exit,
		    TENANT(world).writes);
	assert_int_equal(count_actions(world, ACTION_PLANNED), 0);
	expect_audited(world);
}

static void it_is_as_it_was_and_stays_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct kind_of_change *kind = &kinds[i];
		struct world *world = begin(kind);
		char *before = show_tenant(world, kind->made);

		expect_undone(world, kind, do_it(world, kind));
		expect_tenant(world, kind, "undone", before);
		expect_kept(world, kind, 1);
		expect_tenant(world, kind, "after syncs", before);
		/* The directory is put right: nothing to do, and nothing is remembered. */
		kind->fix(world);
		expect_kept(world, kind, 0);
		expect_tenant(world, kind, "put right", before);
		expect_in_step(world);
		free(before);
		end(world);
	}
}

static void an_entry_that_changes_otherwise_goes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct kind_of_change *kind = &kinds[i];
		struct world *world;

		if (kind->move == NULL)
			continue;
		world = begin(kind);
		expect_undone(world, kind, do_it(world, kind));
		assert_int_equal(run(world, CYCLE_FULL), CYCLE_DONE);
		kind->move(world);
		fake_tenant_forget(world->tenant);
		assert_int_equal(run(world, CYCLE_FULL), CYCLE_DONE);
		assert_true(TENANT(world).writes > 0);
		expect_kept(world, kind, 0);
		end(world);
	}
}

static void what_is_approved_goes_after_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct kind_of_change *kind = &kinds[i];
		struct world *world = begin(kind);
		char *after;

		expect_undone(world, kind, do_it(world, kind));
		fake_tenant_forget(world->tenant);
		after = show_tenant(world, kind->made);
		assert_int_equal(run(world, CYCLE_FULL), CYCLE_DONE);
		decide(world, 1, HOLD_APPROVED);
		assert_int_equal(run(world, CYCLE_FULL), CYCLE_DONE);
		if (TENANT(world).writes == 0)
			fail_msg("%s: what was approved does not go", kind->name);
		expect_kept(world, kind, 0);
		free(after);
		end(world);
	}
}

static void an_undo_is_undone(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct kind_of_change *kind = &kinds[i];
		struct world *world = begin(kind);
		struct kind_of_change again = *kind;
		int64_t of = do_it(world, kind);
		char *done = show_tenant(world, NULL);

		again.made = NULL;
		again.made_now = NULL;
		expect_undone(world, kind, of);
		fake_tenant_forget(world->tenant);
		expect_undone(world, kind, 0);
		expect_tenant(world, &again, "done again", done);
		expect_kept(world, kind, 0);
		expect_tenant(world, &again, "done again, after syncs", done);
		expect_in_step(world);
		/* And taken back once more: the first run was not changed again, but for undos. */
		fake_tenant_forget(world->tenant);
		expect_undone(world, kind, of);
		expect_kept(world, kind, 1);
		free(done);
		end(world);
	}
}

static void death_under_way_is_made_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct kind_of_change *kind = &kinds[i];
		bool has_died = true;

		for (unsigned step = 1; has_died; step++) {
			struct world *world = begin(kind);
			char *before = show_tenant(world, kind->made);
			int64_t of = do_it(world, kind);

			world->undo_run = of;
			has_died = run_until_step(world, CYCLE_UNDO, step);
			world->undo_run = 0;
			if (has_died)
				assert_int_equal(undo(world, of), CYCLE_DONE);
			expect_tenant(world, kind, "undone after a death", before);
			expect_audited(world);
			expect_kept(world, kind, 1);
			expect_tenant(world, kind, "undone after a death, after syncs", before);
			free(before);
			end(world);
		}
	}
}

/* A service that comes back after the death settles what was sent, and sends no more of it. */
static void death_is_settled_by_a_sync(void **state)
{
	bool has_died = true;

	(void)state;
	for (unsigned step = 1; has_died; step++) {
		struct world *world = begin(&kinds[2]);
		int64_t of = do_it(world, &kinds[2]);

		world->undo_run = of;
		has_died = run_until_step(world, CYCLE_UNDO, step);
		world->undo_run = 0;
		assert_int_equal(run(world, CYCLE_FULL), CYCLE_DONE);
		assert_int_equal(count_actions(world, ACTION_SENT), 0);
		assert_int_equal(count_actions(world, ACTION_UNKNOWN), 0);
		assert_in_range(TENANT(world).writes, 0, 1);
		expect_kept(world, &kinds[2],
		    strstr(fake_tenant_show(world->tenant, "p1@x"), "Ray") ? 0 : 1);
		end(world);
	}
}

/* ---- what stays ---- */

static void what_others_changed_since_stays(void **state)
{
	struct world *world = *state;
	int64_t of;

	given_synced(world, 2);
	marries(world);
	given_member(world, 1, 1);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	of = world->result.run.id;
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Other");
	fake_tenant_set(world->tenant, "p1@x", "entitlements", "W9");
	assert_int_equal(undo(world, of), CYCLE_DONE);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Other [W1 W9]");
	expect_action(world, 1, ACTION_UPDATE, ACTION_DONE, REASON_UNDO,
	    "name.familyName (changed again since, by somebody else)");
}

static void what_a_later_run_changed_stays(void **state)
{
	struct world *world = *state;
	int64_t of, later;
	char why[64];

	given_synced(world, 2);
	marries(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	of = world->result.run.id;
	given(world, 1, "sn", "Roy");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	later = world->result.run.id;
	assert_int_equal(undo(world, of), CYCLE_DONE);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Roy [W1]");
	snprintf(why, sizeof(why), "name.familyName (changed again since, by run %lld)",
	    (long long)later);
	expect_action(world, 1, ACTION_UPDATE, ACTION_DONE, REASON_UNDO, why);
	/* Once more: all that can go back did, and what cannot is named. */
	assert_int_equal(undo(world, of), CYCLE_REJECTED);
	expect_action(world, 1, ACTION_CONFLICT, ACTION_STATE_REJECTED, REASON_UNDO, why);
}

/* Closed wrongly, opened, and closed rightly: the first run's undo must not open it. */
static void a_leaver_of_a_later_run_stays_closed(void **state)
{
	struct world *world = *state;
	int64_t of;

	given_synced(world, 2);
	is_disabled(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	of = world->result.run.id;
	is_disabled_not(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	is_disabled(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	assert_int_equal(undo(world, of), CYCLE_REJECTED);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_action(world, 1, ACTION_CONFLICT, ACTION_STATE_REJECTED, REASON_UNDO,
	    "active (changed again since, by run");
}

static void an_account_that_is_gone_is_named(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	given(world, 2, "sn", "Ray");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	fake_tenant_remove(world->tenant, "p1@x");
	assert_int_equal(undo(world, 0), CYCLE_REJECTED);
	expect_account(world, 2, "p2@x ext=1002 active Given2 Family2 [W1]");
	expect_action(world, 1, ACTION_CONFLICT, ACTION_STATE_REJECTED, REASON_UNDO,
	    "the tenant has the account no longer");
}

static void what_is_protected_stays(void **state)
{
	static const struct span protected[] = { SPAN_INIT("p1@x") };
	struct world *world = *state;

	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	world->policy.protect = protected;
	world->policy.protect_count = 1;
	assert_int_equal(undo(world, 0), CYCLE_REJECTED);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Ray [W1]");
}

static void a_run_that_is_unknown_or_did_nothing(void **state)
{
	struct world *world = *state;
	int64_t last;

	assert_int_equal(undo(world, 0), CYCLE_FAILED);
	assert_non_null(strstr(world->result.err.text, "no run has changed anything yet"));
	given_synced(world, 1);
	assert_int_equal(undo(world, 99), CYCLE_FAILED);
	assert_true(world->result.is_run_unknown);
	assert_non_null(strstr(world->result.err.text, "there is no run 99"));
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	last = world->result.run.id;
	world->counted = "changed nothing in the tenant";
	assert_int_equal(undo(world, last), CYCLE_DONE);
	assert_int_equal(world->count, 1);
	expect_writes(world, 0);
}

/* The entry went on: what it asks for now is what must not be done again. */
static void an_older_run_is_undone_and_stays_so(void **state)
{
	struct world *world = *state;
	int64_t first, second;

	given_synced(world, 2);
	loses_all(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	first = world->result.run.id;
	marries(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	second = world->result.run.id;
	assert_int_equal(undo(world, first), CYCLE_DONE);
	expect_account(world, 1, "p1@x ext=1001 active Ada Ray [W1]");
	expect_kept(world, &kinds[2], 1);
	assert_int_equal(undo(world, second), CYCLE_DONE);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	expect_kept(world, &kinds[2], 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	loses_all_not(world);
	marries_not(world);
	expect_kept(world, &kinds[2], 0);
	expect_in_step(world);
}

/* Whoever left since stays closed, and what was taken back of an earlier change stays so. */
static void a_leaver_gets_a_workspace_back_and_stays_closed(void **state)
{
	struct world *world = *state;
	int64_t first;

	given_synced(world, 2);
	loses_all(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	first = world->result.run.id;
	is_disabled(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	assert_int_equal(undo(world, first), CYCLE_DONE);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
	expect_kept(world, &kinds[2], 1);
}

/* ---- the guard, dry runs, review ---- */

static void too_much_is_held_until_approved(void **state)
{
	struct world *world = *state;
	int64_t of;

	given_synced(world, 2);
	given_people(world, 3, 6);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 4);
	of = world->result.run.id;
	world->policy.deactivations.count = 3;
	expect_log(world, "deactivations");
	fake_tenant_forget(world->tenant);
	assert_int_equal(undo(world, of), CYCLE_HELD);
	assert_int_equal(undo(world, of), CYCLE_HELD);
	expect_writes(world, 0);
	assert_int_equal(count_actions(world, ACTION_HELD), 8); /* and what is remembered */
	/* Whole scans let go of what is remembered, not of what waits. */
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_int_equal(count_actions(world, ACTION_HELD), 4);
	decide(world, 2, HOLD_APPROVED);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(undo(world, of), CYCLE_DONE);
	expect_writes(world, 4);
	expect_account(world, 3, "p3@x ext=1003 inactive Given3 Family3 []");
	fake_tenant_forget(world->tenant);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_int_equal(count_holds(world), 1);
}

static void a_rename_back_is_held_where_the_policy_says_so(void **state)
{
	struct world *world = *state;
	int64_t of;

	world->policy.rename = POLICY_RENAME_PATCH;
	given_synced(world, 2);
	is_renamed(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	of = world->result.run.id;
	world->policy.rename = POLICY_RENAME_HOLD;
	assert_int_equal(undo(world, of), CYCLE_HELD);
	assert_int_equal(count_holds(world), 2);
	decide(world, 2, HOLD_APPROVED);
	fake_tenant_forget(world->tenant);
	assert_int_equal(undo(world, of), CYCLE_DONE);
	expect_writes(world, 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
}

static void a_dry_undo_sends_nothing_and_leaves_nothing(void **state)
{
	struct world *world = *state;
	unsigned runs;
	char *text;

	given_synced(world, 2);
	marries(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	runs = count_runs(world);
	text = plan(world, CYCLE_UNDO);
	expect_writes(world, 1);
	assert_int_equal(count_runs(world), runs);
	assert_int_equal(count_holds(world), 0);
	assert_non_null(strstr(text, "\"undoes\": "));
	assert_non_null(strstr(text, "\"code\": \"undo\""));
	/* What was shown is done, or nothing is. */
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Other");
	assert_int_equal(apply(world, text), CYCLE_FAILED);
	assert_true(world->result.is_refused);
	assert_int_equal(count_holds(world), 0);
	fake_tenant_set(world->tenant, "p1@x", "name.familyName", "Ray");
	assert_int_equal(apply(world, text), CYCLE_DONE);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	assert_int_equal(count_holds(world), 1);
	free(text);
}

/* ---- requests that fail ---- */

static void an_answer_that_was_lost_is_found(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	marries(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	given_fault(world, FAKE_LOST, "Family1", 1);
	undo(world, 0);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	fake_tenant_forget(world->tenant);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	expect_run(world, CYCLE_RECONCILE, CYCLE_DONE, 0);
	assert_int_equal(count_holds(world), 1);
}

/* Of two accounts of one person the link stays with the one that is open, whatever is settled when.
 */
static void the_link_goes_back_to_the_earlier_account(void **state)
{
	struct world *world = *state;

	world->is_anything_allowed = true;
	world->policy.rename = POLICY_RENAME_RECREATE;
	given_synced(world, 2);
	is_renamed(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 2);
	given_fault(world, FAKE_LOST, "/Users/3", 0);
	assert_int_equal(undo(world, 0), CYCLE_REJECTED);
	assert_int_equal(count_actions(world, ACTION_UNKNOWN), 1);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
	fake_tenant_heal(world->tenant);
	fake_tenant_forget(world->tenant);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(count_actions(world, ACTION_UNKNOWN), 0);
	/* Who leaves is closed where the person can log in. */
	is_disabled(world);
	expect_run(world, CYCLE_FULL, CYCLE_DONE, 1);
	expect_account(world, 1, "p1@x ext=1001 inactive Given1 Family1 [W1]");
}

/* Done in part, and undone: what was done goes back. */
static void a_part_that_was_done_goes_back(void **state)
{
	struct world *world = *state;
	int64_t of;

	world->is_anything_allowed = true;
	given_synced(world, 2);
	marries(world);
	given_member(world, 1, 1);
	given_fault(world, FAKE_PARTIAL, "Ray", 1);
	expect_run(world, CYCLE_FULL, CYCLE_REJECTED, 1);
	of = world->result.run.id;
	assert_null(strstr(fake_tenant_show(world->tenant, "p1@x"), "Family1"));
	assert_int_equal(undo(world, of), CYCLE_DONE);
	expect_account(world, 1, "p1@x ext=1001 active Given1 Family1 [W1]");
}

const struct CMUnitTest undo_scenarios[] = {
	cmocka_unit_test(it_is_as_it_was_and_stays_so),
	cmocka_unit_test(an_entry_that_changes_otherwise_goes),
	cmocka_unit_test(what_is_approved_goes_after_all),
	cmocka_unit_test(an_undo_is_undone),
	cmocka_unit_test(death_under_way_is_made_good),
	cmocka_unit_test(death_is_settled_by_a_sync),
	SCENARIO(what_others_changed_since_stays),
	SCENARIO(what_a_later_run_changed_stays),
	SCENARIO(a_leaver_of_a_later_run_stays_closed),
	SCENARIO(an_older_run_is_undone_and_stays_so),
	SCENARIO(a_leaver_gets_a_workspace_back_and_stays_closed),
	SCENARIO(an_account_that_is_gone_is_named),
	SCENARIO(what_is_protected_stays),
	SCENARIO(a_run_that_is_unknown_or_did_nothing),
	SCENARIO(too_much_is_held_until_approved),
	SCENARIO(a_rename_back_is_held_where_the_policy_says_so),
	SCENARIO(a_dry_undo_sends_nothing_and_leaves_nothing),
	SCENARIO(an_answer_that_was_lost_is_found),
	SCENARIO(the_link_goes_back_to_the_earlier_account),
	SCENARIO(a_part_that_was_done_goes_back),
};
const size_t undo_scenario_count = COUNT_OF(undo_scenarios);
