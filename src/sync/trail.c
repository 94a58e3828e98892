/* SPDX-License-Identifier: ISC */
/*
 * What a cycle writes into the audit trail, always in the transaction of what it tells of.
 *
 * An action gets a record when something became of it: it is held, done, rejected, failed, or its
 * answer was lost.  One whose answer was lost gets a second one when it is found out, so that each
 * action that was done has exactly one record that says so, whenever the process dies: what was not
 * committed is asked about again, and recorded then.  What was planned and never sent, a conflict,
 * and an entry that cannot be mapped change nothing and come again with each scan; they are counted
 * in the record of the run's end.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/time.h"

enum { RETAIN_MOST = 20000 };

static void append(struct cycle *cycle, int64_t run_id)
{
	struct trail *trail = &cycle->trail;
	struct err err;

	if (cycle->has_failed || !cycle_store_ok(cycle,
				     store_audit_append(cycle->in.store, cycle_wall_ms(cycle),
					 run_id, str_span(&trail->body), &err),
				     &err))
		return;
	trail->has_written = true;
}

static bool begin(struct cycle *cycle)
{
	str_truncate(&cycle->trail.body, 0);
	return !cycle_is_dry(cycle) && !cycle->has_failed;
}

/* ---- runs ---- */

void trail_run_started(struct cycle *cycle)
{
	if (!begin(cycle))
		return;
	audit_put_run_started(&cycle->run, &cycle->trail.body);
	append(cycle, cycle->run.id);
}

static void run_ended(struct cycle *cycle, const struct run *run)
{
	if (!begin(cycle))
		return;
	audit_put_run_ended(run, &cycle->trail.body);
	append(cycle, run->id);
}

void trail_run_ended(struct cycle *cycle)
{
	run_ended(cycle, &cycle->run);
}

static void on_dead(void *context, const struct run *run)
{
	struct cycle *cycle = context;
	struct run dead = *run;

	dead.ended_ms = cycle_wall_ms(cycle);
	dead.exit_code = CYCLE_FAILED;
	dead.error = SPAN(STORE_DEAD_RUN_ERROR);
	dead.certificate = SPAN_NULL; /* a run that died had none yet */
	run_ended(cycle, &dead);
}

void trail_dead_runs(struct cycle *cycle)
{
	struct err err;

	cycle_store_ok(cycle, store_run_each_dead(cycle->in.store, 0, on_dead, cycle, &err), &err);
}

/* ---- actions ---- */

/* Who approved the hold; many actions of one come behind each other. */
static struct span approver_of(struct cycle *cycle, const struct action *action)
{
	struct trail *trail = &cycle->trail;
	struct hold hold;
	bool found = false;
	struct err err;

	if (action->hold_id == 0 || action->hold_id == trail->approved_hold)
		return action->hold_id == 0 ? SPAN_NULL : trail->approver;
	trail->approved_hold = action->hold_id;
	trail->approver = SPAN_NULL;
	if (cycle_store_ok(cycle,
		store_hold_get(cycle->in.store, action->hold_id, cycle->arena, &hold, &found, &err),
		&err) &&
	    found && hold.decision == HOLD_APPROVED)
		trail->approver = hold.decided_by;
	return trail->approver;
}

void trail_action(struct cycle *cycle, const struct action *action)
{
	struct trail *trail = &cycle->trail;
	struct span approver;

	if (!begin(cycle))
		return;
	approver = approver_of(cycle, action);
	arena_reset(trail->arena);
	audit_put_action(action, approver, trail->arena, &trail->body);
	append(cycle, action->run_id);
}

/* ---- holds ---- */

static void put_hold(struct cycle *cycle, enum audit_kind kind, const struct hold *hold)
{
	if (!begin(cycle))
		return;
	audit_put_hold(kind, hold, &cycle->trail.body);
	append(cycle, hold->run_id);
}

void trail_hold(struct cycle *cycle, const struct hold *hold)
{
	put_hold(cycle, AUDIT_HOLD, hold);
}

void trail_decided(struct cycle *cycle, const struct hold *hold)
{
	put_hold(cycle, AUDIT_HOLD, hold);
	put_hold(cycle, AUDIT_DECISION, hold);
}

static void on_decision(void *context, const struct hold *hold)
{
	put_hold(context, AUDIT_DECISION, hold);
}

void trail_decisions(struct cycle *cycle)
{
	bool had_written = cycle->trail.has_written;
	struct err err;

	cycle->trail.has_written = false;
	cycle_store_ok(
	    cycle, store_hold_each_unrecorded(cycle->in.store, on_decision, cycle, &err), &err);
	if (cycle->trail.has_written && !cycle->has_failed)
		cycle_store_ok(cycle, store_hold_mark_recorded(cycle->in.store, &err), &err);
	cycle->trail.has_written |= had_written;
}

static void on_settled(void *context, const struct hold *hold)
{
	put_hold(context, AUDIT_HOLD_ENDED, hold);
}

void trail_holds_ended(struct cycle *cycle)
{
	struct err err;

	cycle_store_ok(
	    cycle, store_hold_each_settled(cycle->in.store, on_settled, cycle, &err), &err);
}

/* ---- the end ---- */

/* The guard counts the actions of its windows. */
static int64_t longest_window_ms(const struct policy *policy)
{
	int64_t longest_ms = policy->deactivations.window_ms;

	if (policy->revocations.window_ms > longest_ms)
		longest_ms = policy->revocations.window_ms;
	if (policy->creations.window_ms > longest_ms)
		longest_ms = policy->creations.window_ms;
	return longest_ms;
}

static void retain_journal(struct cycle *cycle, struct audit_retention retention)
{
	int64_t window_ms = longest_window_ms(cycle->in.policy);
	int64_t removed = 0;
	struct err err;

	if (window_ms > cycle->in.keep_audit_ms)
		retention.before_ms = retention.at_ms - window_ms;
	if (cycle_store_ok(
		cycle, store_journal_retain(cycle->in.store, &retention, &removed, &err), &err) &&
	    removed > 0)
		log_info(
		    "journal: %lld old actions removed (state.keep_audit)", (long long)removed);
}

void trail_retain(struct cycle *cycle)
{
	const struct audit_retention retention = {
		.before_ms = cycle_wall_ms(cycle) - cycle->in.keep_audit_ms,
		.slack_ms = TIME_DAY_MS, /* once a day, not with each run */
		.most = RETAIN_MOST,
		.at_ms = cycle_wall_ms(cycle),
		.run_id = cycle->run.id,
	};
	int64_t removed = 0;
	struct err err;

	if (cycle->in.keep_audit_ms == 0 || !begin(cycle))
		return;
	retain_journal(cycle, retention);
	if (cycle->has_failed ||
	    !cycle_store_ok(
		cycle, store_audit_retain(cycle->in.store, &retention, &removed, &err), &err) ||
	    removed == 0)
		return;
	log_notice("audit: %lld old records removed (state.keep_audit)", (long long)removed);
}

void trail_tell(struct cycle *cycle)
{
	char hash[AUDIT_HASH_TEXT_SIZE];
	struct audit_head head;

	if (!cycle->trail.has_written || cycle->has_failed ||
	    store_audit_head(cycle->in.store, &head, NULL) != STATUS_OK)
		return;
	audit_hash_format(&head.hash, hash);
	log_notice("audit: record %lld, head %s", (long long)head.seq, hash);
}
