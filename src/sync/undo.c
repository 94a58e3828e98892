/* SPDX-License-Identifier: ISC */
/*
 * The undo phase: what a run did is taken back, account by account.
 *
 * The rows of the run say what each account was before and became; later runs say what they did to
 * the same accounts since; the tenant says what each is now.  What the run made goes back, all else
 * stays and is named.  What comes of it is a plan like any other: rows, the guard, the applier.
 *
 * The directory still asks for what is taken back.  So that no cycle does the same again, it is
 * written down as a hold that is rejected already; the link gets a digest that no entry has, so
 * that each scan asks for it and is told so.  The hold lapses, as others do, when a whole scan does
 * not ask any more, and approving it lets all of it go after all.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/vec.h"
#include "core/differ.h"
#include "core/reversal.h"
#include "sync/outcome.h"
#include <limits.h>
#include <stdlib.h>

enum { BATCH = 256 };

/* An account that the run changed. */
struct item {
	struct cycle *cycle;
	struct span account_id;
	struct span dn;              /* of a person with two accounts only */
	int64_t first_id, last_id;   /* the run's actions about it; mostly one */
	bool is_half;                /* the account that a person had before, or has now */
	struct item *partner;        /* the other one; NULL: none */
	struct later_changes *later; /* NULL: there are none */
};

/* What the directory asks for, and is taken back. */
struct memory {
	int64_t id, undo_id; /* of the action that is taken back, and of the one that does it */
	struct uuid key;
	struct digest digest;
	enum action_kind kind;
};

struct undoing {
	int64_t run_id;
	struct item *items; /* by account id */
	size_t count, cap, at, in_flight;
	uint64_t had_no_effect, adopted,
	    unknown;   /* actions that need no undo, or cannot have one */
	int64_t *runs; /* later ones, ascending; while they are read */
	size_t run_count, run_cap;
	struct memory *memories;
	size_t memory_count, memory_cap;
	struct arena *arena;
	uint64_t done;
};

void undo_free(struct undoing **undoing)
{
	struct undoing *old = *undoing;

	if (old == NULL)
		return;
	*undoing = NULL;
	for (size_t i = 0; i < old->count; i++) {
		if (old->items[i].later != NULL)
			later_changes_done(old->items[i].later);
	}
	free(old->items);
	free(old->runs);
	free(old->memories);
	arena_free(&old->arena);
	free(old);
}

/* ---- which run ---- */

static void on_run(void *context, const struct run *run)
{
	struct undoing *undoing = context;

	*(int64_t *)vec_push((void **)&undoing->runs, &undoing->run_count, &undoing->run_cap,
	    sizeof(*undoing->runs)) = run->id;
}

/* Whether the tenant may be another because of it. */
static bool may_have_changed(const struct action *action)
{
	bool was_in_part = action->state == ACTION_FAILED && action->http_status / 100 == 2;

	return action_has_request(action->kind) && (action->state == ACTION_DONE || was_in_part);
}

static void on_any(void *context, const struct action *action)
{
	*(bool *)context |= may_have_changed(action);
}

/* The newest run that changed something. The runs are newest first. */
static bool find_last(struct cycle *cycle)
{
	struct undoing *undoing = cycle->undoing;
	struct err err;

	for (size_t i = 0; i < undoing->run_count; i++) {
		struct action_query query = { .run_id = undoing->runs[i],
			.states = 1U << ACTION_DONE | 1U << ACTION_FAILED };
		bool has_changed = false;

		if (!cycle_store_ok(cycle,
			store_action_each(cycle->in.store, &query, on_any, &has_changed, &err),
			&err))
			return false;
		if (!has_changed)
			continue;
		undoing->run_id = undoing->runs[i];
		return true;
	}
	return true;
}

static bool is_known(const struct undoing *undoing, int64_t id)
{
	for (size_t i = 0; i < undoing->run_count; i++) {
		if (undoing->runs[i] == id)
			return true;
	}
	return false;
}

static void refuse(struct cycle *cycle)
{
	cycle->is_run_unknown = true;
	cycle->exit = CYCLE_FAILED;
	if (cycle->in.undo_run != 0)
		err_set(&cycle->err,
		    "there is no run %lld; \"scimward report runs --since 7d\" shows those there "
		    "are",
		    (long long)cycle->in.undo_run);
	else
		err_set(&cycle->err, "no run has changed anything yet: there is nothing to undo");
}

/* @return whether there is a run to undo */
static bool find_run(struct cycle *cycle)
{
	struct undoing *undoing = cycle->undoing;
	struct err err;

	if (!cycle_store_ok(
		cycle, store_run_each(cycle->in.store, INT_MAX, on_run, undoing, &err), &err))
		return false;
	undoing->run_id = cycle->in.undo_run;
	if (undoing->run_id == 0 && !find_last(cycle))
		return false;
	if (undoing->run_id != 0 && is_known(undoing, undoing->run_id)) {
		cycle->run.undoes = undoing->run_id;
		return true;
	}
	refuse(cycle);
	return false;
}

/* ---- what it did ---- */

static int by_account(const void *a_item, const void *b_item)
{
	const struct item *a = a_item, *b = b_item;
	int order = span_compare(a->account_id, b->account_id);

	return order != 0 ? order : (a->first_id > b->first_id) - (a->first_id < b->first_id);
}

static struct item *find_item(struct undoing *undoing, struct span account_id)
{
	size_t low = 0, high = undoing->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = span_compare(undoing->items[middle].account_id, account_id);

		if (order == 0)
			return &undoing->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void on_action(void *context, const struct action *action)
{
	struct cycle *cycle = context;
	struct undoing *undoing = cycle->undoing;
	struct item *item;

	if (action->kind == ACTION_LINK)
		undoing->adopted += action->state == ACTION_DONE;
	else if (action->state == ACTION_SENT || action->state == ACTION_UNKNOWN)
		undoing->unknown++;
	else if (!may_have_changed(action) || action->account_id.at == NULL)
		undoing->had_no_effect++;
	if (!may_have_changed(action) || action->account_id.at == NULL)
		return;
	item = vec_push(
	    (void **)&undoing->items, &undoing->count, &undoing->cap, sizeof(*undoing->items));
	*item = (struct item) {
		.cycle = cycle,
		.account_id = arena_span(undoing->arena, action->account_id),
		.first_id = action->id,
		.last_id = action->id,
	};
	/* The halves of a new account for the same person, or of an undo of that. */
	if (action->reason == REASON_RENAMED || action->reason == REASON_UNDO) {
		item->is_half = true;
		item->dn = arena_span(undoing->arena, action->dn);
	}
}

/* Several actions about one account become one item. */
static void merge_items(struct undoing *undoing)
{
	size_t count = 0;

	if (undoing->count > 1)
		qsort(undoing->items, undoing->count, sizeof(*undoing->items), by_account);
	for (size_t i = 0; i < undoing->count; i++) {
		struct item *last = count > 0 ? &undoing->items[count - 1] : NULL;

		if (last != NULL && span_equal(last->account_id, undoing->items[i].account_id))
			last->last_id = undoing->items[i].last_id;
		else
			undoing->items[count++] = undoing->items[i];
	}
	undoing->count = count;
}

static int by_dn(const void *a_item, const void *b_item)
{
	const struct item *a = *(struct item *const *)a_item, *b = *(struct item *const *)b_item;

	return span_compare(a->dn, b->dn);
}

/* Two accounts of one entry: what one of them had, the other goes on with. */
static void pair_items(struct undoing *undoing)
{
	struct item **halves = mem_new(undoing->count + 1, sizeof(struct item *));
	size_t count = 0;

	for (size_t i = 0; i < undoing->count; i++) {
		if (undoing->items[i].is_half && undoing->items[i].dn.len > 0)
			halves[count++] = &undoing->items[i];
	}
	if (count > 1)
		qsort(halves, count, sizeof(struct item *), by_dn);
	for (size_t i = 1; i < count; i++) {
		if (!span_equal(halves[i - 1]->dn, halves[i]->dn))
			continue;
		halves[i - 1]->partner = halves[i];
		halves[i]->partner = halves[i - 1];
	}
	free(halves);
}

static bool gather(struct cycle *cycle)
{
	struct undoing *undoing = cycle->undoing;
	struct action_query query = { .run_id = undoing->run_id };
	struct err err;

	if (!cycle_store_ok(
		cycle, store_action_each(cycle->in.store, &query, on_action, cycle, &err), &err))
		return false;
	merge_items(undoing);
	pair_items(undoing);
	return true;
}

/* ---- what was done since ---- */

static bool decode(struct cycle *cycle, struct span canonical, struct account *ret_account)
{
	struct err err;

	return cycle_store_ok(
	    cycle, account_decode(canonical, cycle->entry_arena, ret_account, &err), &err);
}

static void on_later(void *context, const struct action *action)
{
	struct cycle *cycle = context;
	struct account before, after;
	struct item *item;

	if (cycle->has_failed || !may_have_changed(action) || action->before.at == NULL)
		return;
	item = find_item(cycle->undoing, action->account_id);
	if (item == NULL)
		return;
	arena_reset(cycle->entry_arena);
	if (item->later == NULL)
		item->later = arena_alloc(cycle->undoing->arena, sizeof(*item->later));
	if (decode(cycle, action->before, &before) && decode(cycle, action->after, &after))
		later_changes_add(item->later, &before, &after,
		    (struct later_change) { action->run_id, action->reason == REASON_UNDO },
		    cycle->undoing->arena);
}

static bool gather_later(struct cycle *cycle)
{
	struct undoing *undoing = cycle->undoing;
	struct err err;

	for (size_t i = undoing->run_count; i > 0 && undoing->count > 0; i--) {
		struct action_query query = { .run_id = undoing->runs[i - 1] };

		if (query.run_id > undoing->run_id &&
		    !cycle_store_ok(cycle,
			store_action_each(cycle->in.store, &query, on_later, cycle, &err), &err))
			return false;
	}
	return true;
}

/* ---- planning one ---- */

/* What is taken back, with the actions that did it. */
struct taking_back {
	struct item *item;
	struct action first, last;
	struct account before, after, now, wanted;
	struct str notes;
	struct digest linked; /* of what the directory asked for last, as the link has it */
	struct action action; /* the reverse */
};

/* Once: a second undo of the same finds it remembered. */
static void remember(struct cycle *cycle, const struct taking_back *back, struct memory memory)
{
	struct undoing *undoing = cycle->undoing;
	const struct action asked = {
		.key = memory.key, .kind = memory.kind, .digest = memory.digest
	};

	memory.id = back->last.id;
	memory.undo_id = back->action.id;
	if (!holds_refuse(cycle->holds, &asked))
		*(struct memory *)vec_push((void **)&undoing->memories, &undoing->memory_count,
		    &undoing->memory_cap, sizeof(*undoing->memories)) = memory;
}

/* A leaver whom no entry stands for is asked for by what the account is. */
static struct digest digest_asked(struct cycle *cycle, const struct taking_back *back)
{
	struct account left;

	if (back->last.reason != REASON_DELETED && back->last.reason != REASON_MOVED &&
	    back->last.reason != REASON_LEFT_SCOPE)
		return back->last.digest;
	left = planner_left(cycle, &back->wanted);
	return planner_digest(cycle, &left);
}

/* What the next scan would ask for, as the planner would write it: from what the account is then to
 * what it is now. An entry that changed since the run is asked for by its newer digest. */
static void remember_asked(struct cycle *cycle, const struct taking_back *back)
{
	struct change change = differ_compare(&back->wanted, &back->now, cycle->entry_arena);
	struct memory memory = { .key = back->action.key };
	enum reason_code reason;

	if (back->last.reason == REASON_UNDO)
		return; /* the directory did not ask for it */
	/* A new account for the same person: both halves of it, as they were asked for. */
	if (back->item->partner != NULL)
		remember(cycle, back,
		    (struct memory) { .key = back->last.key,
			.digest = back->last.digest,
			.kind = back->last.kind });
	if (back->item->partner != NULL && back->last.kind != ACTION_CREATE)
		return;
	plan_classify(&change, &memory.kind, &reason);
	if (change_has(&change, ACCOUNT_USER_NAME))
		memory.kind = ACTION_RENAME;
	memory.digest = digest_asked(cycle, back);
	remember(cycle, back, memory);
	if (digest_equal(&memory.digest, &back->linked) ||
	    digest_equal(&back->last.digest, &back->linked))
		return;
	memory.digest = back->linked;
	remember(cycle, back, memory);
}

static struct span directory_name(const struct cycle *cycle, uint8_t number)
{
	for (size_t i = 0; i < cycle->in.source_count; i++) {
		if (cycle->directories[i].number == number)
			return cycle->directories[i].source->name;
	}
	return SPAN_NULL;
}

/* Only linked accounts are touched. @return whether it is one, or becomes one again */
static bool find_key(struct cycle *cycle, struct taking_back *back)
{
	struct action *action = &back->action;
	const struct item *item = back->item;
	struct link link;
	bool found = false;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_link_find(cycle->in.store, LINK_BY_ACCOUNT_ID, item->account_id,
		    cycle->entry_arena, &link, &found, &err),
		&err))
		return false;
	if (!found && item->partner != NULL &&
	    !cycle_store_ok(cycle,
		store_link_find(cycle->in.store, LINK_BY_ACCOUNT_ID, item->partner->account_id,
		    cycle->entry_arena, &link, &found, &err),
		&err))
		return false;
	if (!found)
		return false;
	back->linked = link.digest;
	action->key = link.key;
	action->dn = link.dn;
	action->directory = directory_name(cycle, link.directory);
	if (action->directory.at == NULL)
		action->directory = back->last.directory;
	return true;
}

/* Nobody's digest: the run, the account and what is wanted, so that it is the same each time. */
static struct digest undo_digest(struct cycle *cycle, const struct taking_back *back)
{
	str_truncate(&cycle->scratch, 0);
	str_addf(&cycle->scratch, "undo %lld of %.*s: ", (long long)cycle->undoing->run_id,
	    SPAN_ARG(back->item->account_id));
	account_encode(&back->wanted, &cycle->scratch);
	return hash_digest(str_span(&cycle->scratch));
}

static struct span detail_of(struct cycle *cycle, struct taking_back *back)
{
	struct str detail = { 0 };
	struct span text;

	str_addf(&detail, "undoes run %lld: %s (%s)", (long long)cycle->undoing->run_id,
	    action_kind_name(back->last.kind), reason_code_name(back->last.reason));
	if (back->first.before.at == NULL)
		str_add_c(&detail, "; accounts are never deleted, so it is closed");
	if (back->notes.len > 0)
		str_addf(&detail, "; %s", str_c(&back->notes));
	text = arena_span(cycle->entry_arena, str_span(&detail));
	str_done(&detail);
	return text;
}

/* Writes down that an account stays as it is, and why. */
static void write_not_undone(struct cycle *cycle, struct taking_back *back, struct span why)
{
	struct action action = back->last;

	action.kind = ACTION_CONFLICT;
	action.state = ACTION_STATE_REJECTED;
	action.reason = REASON_UNDO;
	action.detail = arena_format(cycle->entry_arena, "not undone, of run %lld: %.*s",
	    (long long)cycle->undoing->run_id, SPAN_ARG(why));
	action.before = action.after = SPAN_NULL;
	action.request = (struct tenant_request) { SPAN_NULL, SPAN_NULL, SPAN_NULL };
	action.digest = (struct digest) { { 0 } };
	action.answer = action.request_id = SPAN_NULL;
	action.attempts = action.http_status = 0;
	action.classes = 0;
	action.hold_id = 0;
	planner_add(cycle, &action);
}

/* A rename goes back by a patch, where the policy tries that. */
static void fill(struct cycle *cycle, struct taking_back *back, const struct change *change)
{
	struct action *action = &back->action;
	bool is_rename = change_has(change, ACCOUNT_USER_NAME);

	action->kind = is_rename ? ACTION_RENAME : ACTION_UPDATE;
	action->digest = undo_digest(cycle, back);
	action->detail = detail_of(cycle, back);
	planner_fill(
	    cycle, &(struct planner_change) { action, &back->now, &back->wanted, change }, true);
	if (!action_has_request(action->kind))
		return;
	if (change->is_deactivated)
		action->classes |= guard_bit(GUARD_DEACTIVATIONS);
	if (is_rename && cycle->in.policy->rename != POLICY_RENAME_PATCH) {
		action->state = ACTION_HELD;
		action->classes = 0;
	}
}

static void plan_back(struct cycle *cycle, struct taking_back *back)
{
	struct change change;

	back->wanted = reversal_make(
	    &(struct reversal_input) {
		.before = back->first.before.at != NULL ? &back->before : NULL,
		.after = &back->after,
		.now = &back->now,
		.later = back->item->later,
		.takes_workspaces = cycle->in.policy->leavers.revoke_workspaces,
	    },
	    cycle->entry_arena, &back->notes);
	change = differ_compare(&back->now, &back->wanted, cycle->entry_arena);
	if (change_is_empty(&change)) {
		if (back->notes.len > 0)
			write_not_undone(cycle, back, str_span(&back->notes));
		else
			cycle->summary.unchanged++;
		return;
	}
	if (!find_key(cycle, back)) {
		write_not_undone(cycle, back,
		    SPAN("the account is linked with nobody any more, and only linked ones are "
			 "touched"));
		return;
	}
	fill(cycle, back, &change);
	if (!planner_add(cycle, &back->action) || !action_has_request(back->action.kind))
		return;
	if (back->action.id != 0) /* else it waits for a person, or was rejected by one */
		remember_asked(cycle, back);
}

static bool get_action(struct cycle *cycle, int64_t id, struct action *ret_action)
{
	bool found = false;
	struct err err;

	return cycle_store_ok(cycle,
		   store_action_get(
		       cycle->in.store, id, cycle->entry_arena, ret_action, &found, &err),
		   &err) &&
	       found;
}

static bool load(struct cycle *cycle, struct item *item, struct taking_back *back)
{
	*back = (struct taking_back) { .item = item };
	if (!get_action(cycle, item->first_id, &back->first) ||
	    !get_action(cycle, item->last_id, &back->last) ||
	    !decode(cycle, back->last.after, &back->after) ||
	    (back->first.before.at != NULL && !decode(cycle, back->first.before, &back->before)))
		return false;
	back->action = (struct action) {
		.state = ACTION_PLANNED,
		.reason = REASON_UNDO,
		.account_id = item->account_id,
	};
	return true;
}

/* ---- asking the tenant what each account is now ---- */

static void undo_next(struct cycle *cycle);

static void take(struct cycle *cycle, struct item *item, const struct tenant_answer *answer)
{
	struct taking_back back;

	if (!load(cycle, item, &back))
		return;
	if (answer->status == STATUS_OK && answer->account_count == 1) {
		back.now = outcome_known(&back.after, &back.after, &answer->accounts[0]);
		plan_back(cycle, &back);
	} else if (answer->status == STATUS_REJECT && answer->http_status == 404) {
		write_not_undone(cycle, &back, SPAN("the tenant has the account no longer"));
	} else {
		write_not_undone(cycle, &back,
		    arena_format(cycle->entry_arena, "the tenant does not show the account: %.*s",
			SPAN_ARG(answer->error)));
	}
	str_done(&back.notes);
}

static void on_answer(void *context, const struct tenant_answer *answer)
{
	struct item *item = context;
	struct cycle *cycle = item->cycle;
	struct undoing *undoing = cycle->undoing;

	arena_reset(cycle->entry_arena);
	if (answer->status == STATUS_DOWN)
		cycle_peer_down(cycle, "tenant", answer->error);
	else if (answer->status != STATUS_CANCELED && !cycle->has_failed)
		take(cycle, item, answer);
	cycle_progress(cycle, "looking at accounts", ++undoing->done, undoing->count);
	if (--undoing->in_flight == 0)
		undo_next(cycle);
}

static struct tenant_call *try_get(void *context, tenant_callback *callback, void *callback_context)
{
	struct item *item = context;
	struct account_reader *reader = item->cycle->in.reader;

	return reader->vtable->get(reader, item->account_id, callback, callback_context);
}

static void tell(const struct undoing *undoing)
{
	long long run = (long long)undoing->run_id;

	if (undoing->adopted > 0)
		log_notice("accounts that run %lld recognised as they must be stay linked: %llu; "
			   "nothing was sent for them",
		    run, (unsigned long long)undoing->adopted);
	if (undoing->had_no_effect > 0)
		log_notice("held, rejected, failed or never sent in run %lld: %llu; there is "
			   "nothing of that to undo",
		    run, (unsigned long long)undoing->had_no_effect);
	if (undoing->unknown > 0)
		log_notice("not known yet what became of it, in run %lld: %llu; the undo finds out "
			   "before it plans",
		    run, (unsigned long long)undoing->unknown);
	if (undoing->count + undoing->unknown == 0)
		log_notice("run %lld changed nothing in the tenant: there is nothing to undo", run);
}

static void undo_next(struct cycle *cycle)
{
	struct undoing *undoing = cycle->undoing;
	size_t end = undoing->at + BATCH < undoing->count ? undoing->at + BATCH : undoing->count;
	size_t from = undoing->at;

	if (cycle->has_failed || cycle->is_tenant_down || cycle->is_stopping) {
		cycle_next(cycle, PHASE_CLOSE);
		return;
	}
	if (from == undoing->count) {
		tell(undoing);
		cycle_next(cycle, PHASE_GUARD);
		return;
	}
	undoing->at = end;
	undoing->in_flight = end - from;
	for (size_t i = from; i < end; i++)
		exchange_submit(cycle->exchange,
		    &(struct exchange_request) { try_get, on_answer, &undoing->items[i], false });
}

void undo_start(struct cycle *cycle)
{
	cycle->undoing = mem_new(1, sizeof(*cycle->undoing));
	cycle->undoing->arena = arena_new();
	if (!find_run(cycle) || !gather(cycle) || !gather_later(cycle))
		cycle_next(cycle, PHASE_CLOSE);
	else if (cycle->undoing->count == 0)
		undo_next(cycle);
	else
		cycle_open_tenant(cycle, undo_next);
}

/* ---- remembering what the directory asks for ---- */

static bool add_memory(struct cycle *cycle, const struct memory *memory, struct hold *hold)
{
	struct action action, undo;
	struct err err;

	arena_reset(cycle->entry_arena);
	if (!get_action(cycle, memory->id, &action) || !get_action(cycle, memory->undo_id, &undo))
		return false;
	/* What it would be from what the account is then. */
	if (action.kind != memory->kind) {
		action.before = undo.after;
		action.request = (struct tenant_request) { SPAN_NULL, SPAN_NULL, SPAN_NULL };
	}
	action.run_id = 0;
	action.key = memory->key;
	action.digest = memory->digest;
	action.kind = memory->kind;
	action.state = ACTION_HELD;
	action.hold_id = hold->id;
	action.at_ms = cycle_wall_ms(cycle);
	action.answer = arena_format(cycle->entry_arena,
	    "taken back by run %lld: not done again unless hold %lld is approved or it changes",
	    (long long)cycle->run.id, (long long)hold->id);
	action.request_id = SPAN_NULL;
	action.attempts = action.http_status = 0;
	hold->count++;
	guard_digest_add(&hold->digest, &action, &cycle->scratch);
	if (!cycle_store_ok(cycle, store_action_add(cycle->in.store, &action, &err), &err))
		return false;
	action.run_id = cycle->run.id;
	trail_action(cycle, &action);
	return !cycle->has_failed;
}

void undo_remember(struct cycle *cycle)
{
	struct undoing *undoing = cycle->undoing;
	struct hold hold = { .run_id = cycle->run.id,
		.class = GUARD_UNDONE,
		.since_ms = cycle_wall_ms(cycle),
		.decision = HOLD_REJECTED,
		.decided_ms = cycle_wall_ms(cycle),
		.decided_by = cycle->in.by };
	struct err err;

	if (undoing == NULL || undoing->memory_count == 0 || cycle_is_dry(cycle) ||
	    !cycle_store_ok(cycle, store_hold_add(cycle->in.store, &hold, &err), &err))
		return;
	for (size_t i = 0; i < undoing->memory_count; i++) {
		if (!add_memory(cycle, &undoing->memories[i], &hold))
			return;
	}
	if (!cycle_store_ok(cycle, store_hold_seal(cycle->in.store, &hold, &err), &err))
		return;
	trail_decided(cycle, &hold);
	log_notice(
	    "hold %lld remembers what is taken back, so that no cycle does it again while the "
	    "directory asks for it; \"scimward approve %lld\" lets it go after all",
	    (long long)hold.id, (long long)hold.id);
}
