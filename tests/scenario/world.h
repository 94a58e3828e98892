/* SPDX-License-Identifier: ISC */
/*
 * The vocabulary of the scenarios: a directory, a tenant, the agent between them, and time.
 *
 * A world has ten slots for persons p1, p2, … of which each scenario gives some.  Person N has
 * userName pN@x, externalId 100N, is called "GivenN FamilyN", and is enabled.  Group 0 gives
 * workspace W1, group 1 gives W2, departmentNumber HR gives W3.
 *
 * run() drives one cycle to its end.  Lines above notice level must be expected with expect_log;
 * tear-down fails on others.
 */
#ifndef TESTS_SCENARIO_WORLD_H
#define TESTS_SCENARIO_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "sync/cycle.h"
#include "tests/fake/fake_loop.h"
#include "tests/fake/fake_source.h"
#include "tests/fake/fake_tenant.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

struct world {
	struct loop *loop;
	struct fake_source *directory;
	struct source *source;
	struct fake_tenant *tenant;
	struct attribute_set *attributes;
	struct mapping *mapping;
	struct policy policy;
	struct gate gate;
	struct index *index;
	struct store *store;
	char folder[64], path[96];

	/* Of the cycle that ran last. */
	struct cycle *cycle; /* while it runs */
	enum cycle_exit exit;
	struct cycle_result result; /* its spans are gone */
	char certificate[2048];
	bool is_over;
	int64_t stop_after_ms;  /* cycle_stop so long after the start; -1: never */
	int64_t jump_ms;        /* the wall clock jumps so far in the middle of the next cycle */
	unsigned steps, die_at; /* steps of this cycle; the one to die before, 0: none */
	bool has_died;
	uint64_t scanned, scan_expects; /* of the last progress of a scan */
	const char *who;
	int64_t undo_run;      /* of an undo */
	struct review *review; /* what the next cycle must come to; NULL: whatever */
	const char *config_digest;
	int64_t keep_audit_ms; /* 0: for ever */
	bool is_death_feigned; /* an action that was done and recorded was made to look as sent */
	bool is_dry;
	char predicted[2048]; /* of the dry run that ran last, see expect_prediction */
	struct forecast forecast;
	char not_checked[2][128]; /* why userNames, workspaces were not; "": they were */
	bool wants_plan;          /* of the run that ends next */
	struct str plan;
	char differences[2048]; /* of the plan that was applied last */

	struct fake_source_counts forgotten; /* of the directory, see forget_directory */

	unsigned logged[8];  /* lines by level */
	const char *counted; /* lines that hold this are counted; NULL: none */
	unsigned count;
	char line[256]; /* the last of them */
	char record[8192];
	char allowed[8][128];
	unsigned allowed_count;
	bool is_anything_allowed;
	char unexpected[1024];
};

int world_set_up(void **state);    /**< for cmocka */
int world_tear_down(void **state); /**< fails when something unexpected was logged */
#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

/* ---- given ---- */

/** Puts persons `from` to `to` into the directory. */
void given_people(struct world *world, unsigned from, unsigned to);
/** Changes an attribute; NULL takes it away. */
void given(struct world *world, unsigned person, const char *attribute, const char *value);
/** Puts a person into a group. */
void given_member(struct world *world, uint32_t group, unsigned person);
/** Takes a person out of it. */
void given_no_member(struct world *world, uint32_t group, unsigned person);
/** Scripts a fault: the next `times` writes (0: all) whose text holds `match`. */
void given_fault(struct world *world, enum fake_fault_kind kind, const char *match, unsigned times);
/** Likewise an answer with a status; @param retry_after_ms  -1: without Retry-After */
void given_status(struct world *world, const char *method, int http_status, int64_t retry_after_ms,
    unsigned times);
/** Persons 1 to `count` are in group 0 and in the tenant, all is in step, nothing counted yet. */
void given_synced(struct world *world, unsigned count);
/** The tenant shows these workspaces to the caller. @param ids  NULL behind the last; borrowed */
void given_shown(struct world *world, const char *const *ids);
/** Lines at warning level and above that hold this text are expected. */
void expect_log(struct world *world, const char *text);

/** What the directory was asked so far no longer counts. */
void forget_directory(struct world *world);

/* ---- when ---- */

/** Runs a cycle. @return its exit */
enum cycle_exit run(struct world *world, enum cycle_kind kind);
/** Runs a full cycle for one person. */
enum cycle_exit run_for(struct world *world, const char *who);
/** Runs a dry cycle with a read-only store. */
enum cycle_exit run_dry(struct world *world, enum cycle_kind kind);
/** Runs a dry cycle, and forgets it. @return owned: its plan as it is saved */
char *plan(struct world *world, enum cycle_kind kind);
/** Takes back what a run did; 0: the last that changed something. */
enum cycle_exit undo(struct world *world, int64_t run);
/** Runs a cycle that must come to a plan. */
enum cycle_exit apply(struct world *world, const char *plan);
/**
 * Runs a cycle and has the process die `at_ms` after its start: the state is what was on disk by
 * then, the tenant has what had arrived by then.
 *
 * @return whether the cycle was still running
 */
bool run_until_death(struct world *world, enum cycle_kind kind, int64_t at_ms);
/**
 * Runs a cycle and has the process die before its `step`-th step (see cycle_input).
 *
 * @return whether there were so many
 */
bool run_until_step(struct world *world, enum cycle_kind kind, unsigned step);
/** After a cycle that died (has_died): the next process finds what the dead one left. */
void come_back(struct world *world);
/** Lets time pass. */
void pass(struct world *world, int64_t ms);
/** A person decides about a hold, beside the service. */
void decide(struct world *world, int64_t hold, enum hold_decision decision);
/** Likewise, and it must be refused. */
void decide_in_vain(struct world *world, int64_t hold, enum hold_decision decision);
/** The process dies: what was not committed is gone, memory is empty. */
void die_and_restart(struct world *world);
/** The state database is lost; the next run begins with an empty one. */
void lose_state(struct world *world);

/* ---- then ---- */

/** Runs a cycle and wants that exit, and that number of writes. */
void expect_run(struct world *world, enum cycle_kind kind, enum cycle_exit exit, unsigned writes);
#define expect_exit(world, wanted) assert_int_equal((world)->exit, wanted)
/** Wants the `at`-th write since the last count to hold all of a text. */
void expect_request(struct world *world, size_t at, const char *text);
/** Wants so many writes since the last count. */
void expect_writes(struct world *world, unsigned count);
/** Wants the account to be so: see fake_tenant_show. */
void expect_account(struct world *world, unsigned person, const char *text);
/** Wants full and delta cycles to send and look up nothing, and the delta to leave no row. */
void expect_in_step(struct world *world);
/** Wants the newest action of that person to have this kind and state, and that in its detail or
 * answer; NULL: any */
void expect_action(struct world *world, unsigned person, enum action_kind kind,
    enum action_state state, enum reason_code reason, const char *text);
/** Wants just that to be predicted of the actions for a userName in the dry run that ran last:
 * "workspace-not-shown"; "": nothing. Several stand with a space between. */
void expect_prediction(struct world *world, const char *user_name, const char *codes);
/** Number of runs, of actions in a state (all runs). */
unsigned count_runs(struct world *world);
unsigned count_actions(struct world *world, enum action_state state);
/** What the directory was asked since forget_directory. */
struct fake_source_counts counted(struct world *world);
/** A named text of the state; "" when there is none. */
const char *meta_of(struct world *world, const char *name);
/** Number of holds that have not ended. */
unsigned count_holds(struct world *world);
/** Accounts and links as text, without ids and times. @return owned */
char *show_everything(struct world *world);
/** Wants a sound audit trail with a record of each run's start and end, one of each action that is
 * done, and some of each that is held, rejected or failed. */
void expect_audited(struct world *world);
/** Number of audit records whose body holds the text. */
unsigned count_records(struct world *world, const char *text);
/** The body of the newest record that holds the text; "" when there is none. */
const char *newest_record(struct world *world, const char *text);
/** Whether the person is linked, in quarantine. */
bool is_linked(struct world *world, unsigned person);
bool is_quarantined(struct world *world, unsigned person);

#define TENANT(world)    fake_tenant_counts((world)->tenant)
#define DIRECTORY(world) fake_source_switches((world)->directory)

#endif
