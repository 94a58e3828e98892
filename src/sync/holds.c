/* SPDX-License-Identifier: ISC */
/*
 * What waits for a person, as a cycle sees it: each action of a hold that has not ended.  Every
 * scan asks for the same again, because the link does not learn what was not sent; so each action
 * that is planned is looked for here first.
 */
#include "sync/cycle_p.h"

#include "base/vec.h"
#include <stdlib.h>

struct held {
	struct held_action action;
	bool is_asked; /* this plan asks for it again */
};

struct holds {
	struct held *items; /* in the order of (key, kind, digest) */
	size_t count, cap;
	uint64_t waiting[GUARD_CLASS_COUNT]; /* asked for again and undecided, by class */
};

static void on_held(void *context, const struct held_action *action)
{
	struct holds *holds = context;
	struct held *held = vec_push(
	    (void **)&holds->items, &holds->count, &holds->cap, sizeof(*holds->items));

	*held = (struct held) { *action, false };
}

bool holds_load(struct cycle *cycle)
{
	struct err err;

	cycle->holds = mem_new(1, sizeof(*cycle->holds));
	return cycle_store_ok(
	    cycle, store_hold_each_action(cycle->in.store, on_held, cycle->holds, &err), &err);
}

void holds_free(struct holds **holds)
{
	if (*holds != NULL)
		free((*holds)->items);
	free(*holds);
	*holds = NULL;
}

bool holds_are_none(const struct holds *holds)
{
	return holds->count == 0;
}

uint64_t holds_waiting(const struct holds *holds, enum guard_class class)
{
	return holds->waiting[class];
}

static int compare(const void *a_key, const void *b_item)
{
	const struct held_action *a = a_key, *b = &((const struct held *)b_item)->action;
	int order = uuid_compare(&a->key, &b->key);

	if (order != 0)
		return order;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return memcmp(a->digest.byte, b->digest.byte, sizeof(a->digest.byte));
}

static struct held *find(
    struct holds *holds, const struct uuid *key, enum action_kind kind, const struct digest *digest)
{
	const struct held_action wanted = { .key = *key, .digest = *digest, .kind = kind };

	if (holds->count == 0)
		return NULL;
	return bsearch(&wanted, holds->items, holds->count, sizeof(*holds->items), compare);
}

static enum hold_answer answer_of(const struct held *held)
{
	switch (held->action.decision) {
	case HOLD_OPEN:
		return HOLD_WAITS;
	case HOLD_APPROVED:
		return HOLD_RELEASED;
	case HOLD_REJECTED:
		return HOLD_REFUSED;
	}
	return HOLD_WAITS;
}

static void count(struct cycle *cycle, struct held *held)
{
	if (held->is_asked)
		return;
	held->is_asked = true;
	if (held->action.decision == HOLD_REJECTED)
		cycle->summary.unchanged++;
	if (held->action.decision != HOLD_OPEN)
		return;
	cycle->already_held++;
	for (unsigned i = 0; i < GUARD_CLASS_COUNT; i++)
		if (held->action.classes & guard_bit((enum guard_class)i))
			cycle->holds->waiting[i]++;
}

static bool remove_row(struct cycle *cycle, int64_t id)
{
	struct err err;

	return cycle_is_dry(cycle) ||
	       cycle_store_ok(cycle, store_action_delete(cycle->in.store, id, &err), &err);
}

enum hold_answer holds_ask(struct cycle *cycle, struct action *action)
{
	struct held *held = find(cycle->holds, &action->key, action->kind, &action->digest);
	enum hold_answer answer;

	if (held == NULL)
		return HOLD_NONE;
	count(cycle, held);
	answer = answer_of(held);
	if (answer != HOLD_RELEASED)
		return answer;
	/* The new row takes the place of the one that was shown. */
	action->hold_id = held->action.hold_id;
	action->state = ACTION_PLANNED;
	return remove_row(cycle, held->action.id) ? HOLD_RELEASED : HOLD_WAITS;
}

bool holds_has(struct holds *holds, const struct action *action)
{
	return find(holds, &action->key, action->kind, &action->digest) != NULL;
}

bool holds_refuse(struct holds *holds, const struct action *action)
{
	const struct held *held = find(holds, &action->key, action->kind, &action->digest);

	return held != NULL && held->action.decision == HOLD_REJECTED;
}

bool holds_keep_back(struct cycle *cycle, const struct uuid *key, const struct digest *digest)
{
	static const enum action_kind kinds[] = { ACTION_CREATE, ACTION_UPDATE, ACTION_REACTIVATE,
		ACTION_DEACTIVATE };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct held *held = find(cycle->holds, key, kinds[i], digest);

		if (held == NULL)
			continue;
		if (answer_of(held) == HOLD_RELEASED)
			return false;
		count(cycle, held);
		return true;
	}
	return false;
}

void holds_touch_released(struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->holds->count; i++) {
		const struct held_action *action = &cycle->holds->items[i].action;

		if (action->decision == HOLD_APPROVED && !action->is_undo &&
		    !uuid_is_zero(&action->key))
			cycle_touch(cycle, &action->key, 0);
	}
}

/* ---- lapsing ---- */

static void lapse(struct cycle *cycle, const struct held *held)
{
	struct action action;
	bool found = false;
	struct err err;

	arena_reset(cycle->entry_arena);
	if (!cycle_store_ok(cycle,
		store_action_get(
		    cycle->in.store, held->action.id, cycle->entry_arena, &action, &found, &err),
		&err) ||
	    !found)
		return;
	action.state = ACTION_STATE_REJECTED;
	action.answer = SPAN("lapsed: a later scan no longer asks for it");
	action.at_ms = cycle_wall_ms(cycle);
	cycle_store_ok(cycle, store_action_set_state(cycle->in.store, &action, &err), &err);
	/* What an undo remembers is of no run: the record is of the one that lets it go. */
	if (action.run_id == 0 && cycle_need_run(cycle))
		action.run_id = cycle->run.id;
	trail_action(cycle, &action);
}

void holds_lapse(struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->holds->count && !cycle->has_failed; i++) {
		const struct held *held = &cycle->holds->items[i];

		/* No scan asks for what an undo asked for. */
		if (!held->is_asked &&
		    (!held->action.is_undo || held->action.decision == HOLD_REJECTED))
			lapse(cycle, held);
	}
}
