/* SPDX-License-Identifier: ISC */
/* One person explained, with peers that fail, in virtual time. */
#include "scenarios.h"

#include "sync/explain.h"
#include <stdio.h>

/* What was told, as a line, because it is gone with the callback. */
struct telling {
	char text[1024];
	bool is_told;
};

static void on_told(
    void *context, enum status status, const struct explanation *told, const struct err *err)
{
	struct telling *telling = context;
	struct str text = { 0 };

	(void)err;
	assert_false(telling->is_told);
	assert_int_equal(status, STATUS_OK);
	for (size_t i = 0; i < told->directory_count; i++)
		str_addf(&text, "%s;", explained_place_name(told->directories[i].place));
	for (size_t i = 0; i < told->gap_count; i++)
		str_addf(&text, " no %s", told->gaps[i].part);
	for (size_t i = 0; i < told->match_count; i++)
		str_addf(&text, " match %.*s", SPAN_ARG(told->matches[i].dn));
	str_add_c(&text, told->is_linked ? " linked" : " unlinked");
	str_add_c(&text, told->has_observed ? " observed" : "");
	str_add_c(&text, told->would_begin_grace ? " grace" : "");
	for (size_t i = 0; i < told->action_count; i++)
		str_addf(&text, " %s:%s", action_kind_name(told->actions[i].kind),
		    reason_code_name(told->actions[i].reason));
	str_addf(&text, " history %zu", told->history_total);
	snprintf(telling->text, sizeof(telling->text), "%s", str_c(&text));
	telling->is_told = true;
	str_done(&text);
}

static void explain(struct world *world, const char *who, const char *expected)
{
	static const struct explained_scope scope = { .depth = "subtree" };
	struct telling telling = { .is_told = false };
	struct cycle_input cycle = {
		.loop = world->loop,
		.store = world->store,
		.sources = &world->source,
		.source_count = 1,
		.mapping = world->mapping,
		.policy = &world->policy,
		.reader = fake_tenant_reader(world->tenant),
		.encoder = fake_tenant_encoder(world->tenant),
		.gate = &world->gate,
	};
	struct explain_input input = {
		.cycle = &cycle, .who = span_of(who), .scopes = &scope, .history_max = 10
	};
	struct err err;

	assert_int_equal(store_commit(world->store, &err), STATUS_OK);
	store_close(&world->store);
	assert_int_equal(store_open(world->path, STORE_DRY_RUN, &world->store, &err), STATUS_OK);
	cycle.store = world->store;
	explain_start(&input, on_told, &telling);
	assert_false(telling.is_told);
	loop_run(world->loop);
	assert_true(telling.is_told);
	assert_string_equal(telling.text, expected);
	expect_writes(world, 0);
}

static void who_is_in_step(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	explain(world, "p1@x", "in-scope; linked observed history 1");
	assert_int_equal(TENANT(world).gets, 1);
	assert_int_equal(TENANT(world).lists, 0);
}

static void who_would_join(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 1);
	assert_int_equal(run_dry(world, CYCLE_FULL), CYCLE_DONE);
	explain(world, "p1@x", "in-scope; unlinked create:joined history 0");
}

static void who_was_changed_on_both_sides(void **state)
{
	struct world *world = *state;

	given_synced(world, 1);
	given(world, 1, "sn", "Ray");
	fake_tenant_set(world->tenant, "p1@x", "name.givenName", "Other");
	explain(world, "p1@x", "in-scope; linked observed update:attribute-changed history 1");
}

static void who_is_unreadable_stays(void **state)
{
	struct world *world = *state;

	expect_log(world, "unreadable");
	given_synced(world, 2);
	fake_source_place(world->directory, 1, FAKE_UNREADABLE);
	explain(world, "p1@x", "unreadable; linked observed history 1");
}

static void who_is_missing_would_have_grace(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	world->policy.leavers.grace_ms = TIME_DAY_MS;
	fake_source_remove(world->directory, 1);
	explain(world, "p1@x", "not-there; linked observed grace history 1");
}

static void the_directory_is_down(void **state)
{
	struct world *world = *state;

	given_synced(world, 2);
	DIRECTORY(world)->is_down = true;
	explain(world, "p1@x", "down; no directory no plan linked observed history 1");
	explain(world, "p7@x", "down; no directory unlinked history 0");
}

/* A tenant that answers but does not serve is waited for, but not as long as a sync waits. */
static void the_tenant_does_not_serve(void **state)
{
	struct world *world = *state;
	int64_t start_ms = loop_now_ms(world->loop);

	given_synced(world, 2);
	given(world, 1, "sn", "Ray");
	given_status(world, "GET", 503, -1, 0);
	explain(world, "p1@x", "in-scope; no tenant linked update:attribute-changed history 1");
	assert_true(loop_now_ms(world->loop) - start_ms < 2 * TIME_MINUTE_MS);
}

static void the_tenant_is_down_for_a_joiner(void **state)
{
	struct world *world = *state;

	given_synced(world, 1);
	given_people(world, 2, 2);
	given_status(world, "FIND", 503, -1, 0);
	explain(world, "p2@x", "in-scope; no tenant no plan unlinked history 0");
}

static void several_go_by_the_name(void **state)
{
	struct world *world = *state;

	given_people(world, 1, 2);
	given(world, 2, "mail", "p1@x");
	explain(world, "p1@x",
	    " match uid=p1,ou=people,dc=example match uid=p2,ou=people,dc=example unlinked "
	    "history 0");
}

const struct CMUnitTest explain_scenarios[] = {
	SCENARIO(who_is_in_step),
	SCENARIO(who_would_join),
	SCENARIO(who_was_changed_on_both_sides),
	SCENARIO(who_is_unreadable_stays),
	SCENARIO(who_is_missing_would_have_grace),
	SCENARIO(the_directory_is_down),
	SCENARIO(the_tenant_does_not_serve),
	SCENARIO(the_tenant_is_down_for_a_joiner),
	SCENARIO(several_go_by_the_name),
};
const size_t explain_scenario_count = COUNT_OF(explain_scenarios);
