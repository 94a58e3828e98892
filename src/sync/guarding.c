/* SPDX-License-Identifier: ISC */
/*
 * The guard phase: what this plan asks for is held against the limits before anything is sent.
 *
 * By now the plan is complete: entries are mapped, the missing were looked at, accounts are
 * correlated.  First each action that correlation came to meets what is held already.  Then each
 * class is counted, and when it is over, all its actions become one batch; so do the renames and
 * rehires that the policy holds.  In a dry run the same is decided, and no batch gets a number.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include <stdio.h>
#include <stdlib.h>

struct guarding {
	struct cycle *cycle;
	struct guard_verdict verdicts[GUARD_LIMITED];
	unsigned over;                          /* classes, a bit each */
	struct hold batches[GUARD_CLASS_COUNT]; /* id 0: not begun */
	int64_t *matches;                       /* rows that are held already */
	size_t match_count, match_cap;
};

/* ---- what correlation came to, and is held already ---- */

static void on_correlated(void *context, const struct action *action)
{
	struct guarding *guarding = context;

	if (action->hold_id == 0 && action_has_request(action->kind) &&
	    holds_has(guarding->cycle->holds, action))
		*(int64_t *)vec_push((void **)&guarding->matches, &guarding->match_count,
		    &guarding->match_cap, sizeof(*guarding->matches)) = action->id;
}

static bool meet(struct cycle *cycle, int64_t id)
{
	struct action action;
	bool found = false;
	struct err err;

	arena_reset(cycle->entry_arena);
	if (!cycle_store_ok(cycle,
		store_action_get(cycle->in.store, id, cycle->entry_arena, &action, &found, &err),
		&err) ||
	    !found)
		return false;
	switch (holds_ask(cycle, &action)) {
	case HOLD_NONE:
		return true;
	case HOLD_WAITS:
	case HOLD_REFUSED:
		return cycle_store_ok(cycle, store_action_delete(cycle->in.store, id, &err), &err);
	case HOLD_RELEASED:
		return cycle_store_ok(
		    cycle, store_action_update(cycle->in.store, &action, &err), &err);
	}
	return false;
}

static bool meet_holds(struct guarding *guarding)
{
	struct cycle *cycle = guarding->cycle;
	struct action_query query = { .run_id = cycle->run.id,
		.states = 1U << ACTION_PLANNED | 1U << ACTION_HELD };
	bool is_well = true;
	struct err err;

	if (holds_are_none(cycle->holds))
		return true;
	is_well = cycle_store_ok(
	    cycle, store_action_each(cycle->in.store, &query, on_correlated, guarding, &err), &err);
	for (size_t i = 0; i < guarding->match_count && is_well; i++)
		is_well = meet(cycle, guarding->matches[i]);
	free(guarding->matches);
	return is_well;
}

/* ---- the limits ---- */

/* Nothing is counted of a class that nothing is asked for: a quiet cycle reads no history. */
static bool count_class(
    struct cycle *cycle, enum guard_class class, bool is_asked, struct guard_load *load)
{
	const struct policy_limit *limit = guard_limit(cycle->in.policy, class);
	int64_t since_ms = cycle_wall_ms(cycle) - limit->window_ms;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_action_count_planned(
		    cycle->in.store, cycle->run.id, class, &load->planned, &err),
		&err))
		return false;
	if (load->planned == 0 && !is_asked)
		return true;
	return cycle_store_ok(cycle,
		   store_action_count_recent(cycle->in.store, class, since_ms, &load->recent, &err),
		   &err) &&
	       cycle_store_ok(cycle, store_link_count(cycle->in.store, &load->linked, &err), &err);
}

static bool judge_class(struct guarding *guarding, enum guard_class class)
{
	struct cycle *cycle = guarding->cycle;
	const struct policy_limit *limit = guard_limit(cycle->in.policy, class);
	struct guard_verdict *verdict = &guarding->verdicts[class];
	struct guard_load load = { 0 };

	*verdict = (struct guard_verdict) { .limit = UINT64_MAX };
	if (limit->count == 0 && limit->percent == 0)
		return true;
	if (!count_class(cycle, class, false, &load))
		return false;
	if (load.planned == 0)
		return true;
	load.planned += holds_waiting(cycle->holds, class);
	*verdict = guard_judge(limit, &load);
	if (verdict->is_over)
		guarding->over |= guard_bit(class);
	return true;
}

bool guarding_may_create(struct cycle *cycle)
{
	const struct policy_limit *limit = &cycle->in.policy->creations;
	struct guard_load load = { 0 };
	struct guard_verdict verdict;

	if (limit->count == 0 && limit->percent == 0)
		return true;
	if (!cycle->has_counted_creations) {
		if (!count_class(cycle, GUARD_CREATIONS, true, &load))
			return false;
		load.planned += holds_waiting(cycle->holds, GUARD_CREATIONS);
		verdict = guard_judge(limit, &load);
		cycle->creations_left =
		    verdict.count < verdict.limit ? verdict.limit - verdict.count : 0;
		cycle->has_counted_creations = true;
	}
	if (cycle->creations_left == 0)
		return false;
	cycle->creations_left--;
	return true;
}

/* ---- batches ---- */

static bool begin_batch(struct guarding *guarding, enum guard_class class)
{
	struct cycle *cycle = guarding->cycle;
	struct hold *batch = &guarding->batches[class];
	struct err err;

	*batch = (struct hold) {
		.run_id = cycle->run.id, .class = class, .since_ms = cycle_wall_ms(cycle)
	};
	if (class < GUARD_LIMITED)
		batch->limit = guarding->verdicts[class].limit;
	return cycle_is_dry(cycle) ||
	       cycle_store_ok(cycle, store_hold_add(cycle->in.store, batch, &err), &err);
}

static void put_into(struct guarding *guarding, enum guard_class class, const struct action *action)
{
	struct cycle *cycle = guarding->cycle;
	struct hold *batch = &guarding->batches[class];
	struct action held = *action;
	struct err err;

	if (cycle->has_failed || (batch->count == 0 && !begin_batch(guarding, class)))
		return;
	batch->count++;
	guard_digest_add(&batch->digest, action, &cycle->scratch);
	held.state = ACTION_HELD;
	held.hold_id = batch->id;
	held.at_ms = cycle_wall_ms(cycle);
	cycle_store_ok(cycle, store_action_update(cycle->in.store, &held, &err), &err);
	trail_action(cycle, &held);
}

static void on_policy_held(void *context, const struct action *action)
{
	if (action->hold_id == 0)
		put_into(context, guard_policy_class(action->kind), action);
}

/* @return the classes that are over and take a planned action along, a bit each */
static unsigned held_by(const struct guarding *guarding, const struct action *action)
{
	if (!action_has_request(action->kind) || action->hold_id != 0)
		return 0;
	return guard_held_with(action) & guarding->over;
}

static void on_planned(void *context, const struct action *action)
{
	struct guarding *guarding = context;
	unsigned taken = held_by(guarding, action);

	for (unsigned i = 0; i < GUARD_LIMITED; i++) {
		if (!(taken & guard_bit((enum guard_class)i)))
			continue;
		put_into(guarding, (enum guard_class)i, action);
		return;
	}
}

static bool each(struct guarding *guarding, enum action_state state,
    void (*on_action)(void *context, const struct action *action))
{
	struct cycle *cycle = guarding->cycle;
	struct action_query query = { .run_id = cycle->run.id, .states = 1U << state };
	struct err err;

	return cycle_store_ok(
	    cycle, store_action_each(cycle->in.store, &query, on_action, guarding, &err), &err);
}

/* ---- saying so ---- */

/* "1 deactivation is", "4 deactivations are". */
static struct span batch_words(const struct guarding *guarding, const struct hold *batch)
{
	return arena_format(guarding->cycle->arena, "%llu %s %s", (unsigned long long)batch->count,
	    guard_class_noun(batch->class, batch->count), batch->count == 1 ? "is" : "are");
}

static void tell_limit(const struct guarding *guarding, const struct hold *batch)
{
	const struct guard_verdict *verdict = &guarding->verdicts[batch->class];
	const struct policy_limit *limit = guard_limit(guarding->cycle->in.policy, batch->class);
	const char *class = guard_class_name(batch->class);
	struct span words = batch_words(guarding, batch);
	char window[TIME_TEXT_SIZE];

	duration_format(limit->window_ms, window);
	if (cycle_is_dry(guarding->cycle))
		log_warning("%llu %s would be held: %llu in this plan and the last %s, the limit "
			    "is %llu (policy.limits.%s)",
		    (unsigned long long)batch->count, guard_class_noun(batch->class, batch->count),
		    (unsigned long long)verdict->count, window, (unsigned long long)verdict->limit,
		    class);
	else
		log_warning("hold %lld: %.*s held: %llu in this plan and the last %s, the "
			    "limit is %llu (policy.limits.%s); look at them with \"scimward "
			    "holds\", then \"scimward approve %lld\" or \"scimward reject %lld\"; "
			    "all else goes on",
		    (long long)batch->id, SPAN_ARG(words), (unsigned long long)verdict->count,
		    window, (unsigned long long)verdict->limit, class, (long long)batch->id,
		    (long long)batch->id);
}

static void tell(const struct guarding *guarding, const struct hold *batch)
{
	struct span words = batch_words(guarding, batch);

	if (batch->class < GUARD_LIMITED)
		tell_limit(guarding, batch);
	else if (!cycle_is_dry(guarding->cycle))
		log_notice("hold %lld: %.*s held for a person; look at them with \"scimward "
			   "holds\", then \"scimward approve %lld\" or \"scimward reject %lld\"",
		    (long long)batch->id, SPAN_ARG(words), (long long)batch->id,
		    (long long)batch->id);
}

static void seal(struct guarding *guarding)
{
	struct cycle *cycle = guarding->cycle;
	struct err err;

	for (unsigned i = 0; i < GUARD_CLASS_COUNT && !cycle->has_failed; i++) {
		struct hold *batch = &guarding->batches[i];

		if (batch->count == 0)
			continue;
		if (!cycle_is_dry(cycle) &&
		    !cycle_store_ok(cycle, store_hold_seal(cycle->in.store, batch, &err), &err))
			return;
		trail_hold(cycle, batch);
		tell(guarding, batch);
		cycle->holds_made[cycle->hold_count++] = *batch;
	}
}

/* ---- the phase ---- */

static bool weigh(struct guarding *guarding)
{
	bool is_well = meet_holds(guarding);

	for (unsigned i = 0; i < GUARD_LIMITED && is_well; i++)
		is_well = judge_class(guarding, (enum guard_class)i);
	return is_well;
}

static void hold_back(struct guarding *guarding)
{
	if (!each(guarding, ACTION_HELD, on_policy_held))
		return;
	if (guarding->over != 0 && !each(guarding, ACTION_PLANNED, on_planned))
		return;
	seal(guarding);
}

/* ---- the plan that was reviewed ---- */

/* The plan as it would be shown: with what is about to be held. */
static void on_reviewed(void *context, const struct action *action)
{
	struct guarding *guarding = context;
	struct action shown = *action;

	if (action->state == ACTION_PLANNED && held_by(guarding, action) != 0)
		shown.state = ACTION_HELD;
	review_action(guarding->cycle->in.review, &shown);
}

/* Before anything is held or sent. @return whether the plan is the one that was reviewed */
static bool is_as_reviewed(struct guarding *guarding)
{
	struct cycle *cycle = guarding->cycle;
	struct action_query query = { .run_id = cycle->run.id };
	struct err err;

	if (cycle->in.review == NULL)
		return true;
	if (cycle->exit != CYCLE_DONE)
		return false; /* a directory is down: it is not made of all it should be */
	moved_note_directory(cycle);
	cycle->run.is_certified = cycle_is_certified(cycle);
	review_begin(cycle->in.review, &cycle->run);
	if (cycle->run.id != 0 &&
	    !cycle_store_ok(cycle,
		store_action_each(cycle->in.store, &query, on_reviewed, guarding, &err), &err))
		return false;
	if (review_judge(cycle->in.review, &err))
		return true;
	cycle->is_refused = true;
	cycle->exit = CYCLE_FAILED;
	cycle->err = err;
	return false;
}

static void guard(struct cycle *cycle)
{
	struct guarding guarding = { .cycle = cycle };

	if (cycle->run.id != 0 && !weigh(&guarding))
		return;
	if (!is_as_reviewed(&guarding) || cycle->run.id == 0)
		return;
	undo_remember(cycle);
	hold_back(&guarding);
}

/* Only a plan that was made of everything can say that something is not asked for any more. */
static bool is_plan_whole(const struct cycle *cycle)
{
	return !cycle_is_partial(cycle) && cycle->exit == CYCLE_DONE && !cycle->is_tenant_down &&
	       !cycle->is_stopping && cycle_is_scanned_whole(cycle);
}

void guarding_start(struct cycle *cycle)
{
	if (!cycle->has_failed && !cycle->is_stopping && !cycle->is_tenant_down) {
		guard(cycle);
		if (!cycle_is_dry(cycle) && is_plan_whole(cycle))
			holds_lapse(cycle);
	}
	cycle_next(cycle, PHASE_APPLY);
}
