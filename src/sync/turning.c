/* SPDX-License-Identifier: ISC */
/*
 * Looking at accounts whose time has come: each is read by its key, and planned like any entry.
 *
 * Only those that still match act.  Whoever moved or left the scope or is gone is left to the ways
 * that prove such things; who cannot be read is tried again later.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include <stdlib.h>

enum { UNREADABLE_PAUSE_MS = 15 * 60 * 1000, IN_VAIN_PAUSE_MS = 60 * 1000 };

static const char meta_name[] = "turns";

struct turning {
	struct uuid keys[TURNS_LOOKED_UP_MAX];
	size_t count, at;
	size_t asked; /* directories that were asked for this key */
};

static void look_next(struct cycle *cycle);

bool turning_load(struct cycle *cycle)
{
	struct span text;
	struct err err;

	if (cycle->in.turns == NULL || *cycle->in.turns != NULL)
		return true;
	*cycle->in.turns = turns_new();
	if (!cycle_store_ok(
		cycle, store_meta_get(cycle->in.store, meta_name, cycle->arena, &text, &err), &err))
		return false;
	if (text.at != NULL && !turns_decode(*cycle->in.turns, text))
		log_warning("the times at which accounts expire cannot be read from the state; the "
			    "next full scan brings them");
	return true;
}

/* ---- whole scans ---- */

void turning_scan(struct cycle *cycle)
{
	if (cycle->in.turns != NULL)
		turns_begin(*cycle->in.turns);
}

static bool is_any_down(const struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->in.source_count; i++)
		if (!cycle->directories[i].is_scanned)
			return true;
	return false;
}

void turning_scanned(struct cycle *cycle)
{
	if (cycle->in.turns != NULL)
		turns_end(*cycle->in.turns, cycle_is_certified(cycle),
		    is_any_down(cycle) ? 0 : cycle_wall_ms(cycle));
}

/* ---- one key ---- */

/* The directory that has it; one that is not linked may be in any. */
static bool aim(struct cycle *cycle)
{
	struct turning *turning = cycle->turning;
	struct index_item *item = index_find(cycle->index, &turning->keys[turning->at]);

	if (item == NULL) {
		cycle->directory_at = turning->asked;
		return turning->asked < cycle->in.source_count;
	}
	for (size_t i = 0; i < cycle->in.source_count && turning->asked == 0; i++)
		if (cycle->directories[i].number == item->directory) {
			cycle->directory_at = i;
			return true;
		}
	return false;
}

static void note(struct cycle *cycle, int64_t at_ms)
{
	struct turning *turning = cycle->turning;

	turns_note(*cycle->in.turns, &turning->keys[turning->at], at_ms);
}

static void go_on(struct cycle *cycle, bool is_settled)
{
	struct turning *turning = cycle->turning;

	if (is_settled) {
		turning->at++;
		turning->asked = 0;
	} else {
		turning->asked++;
	}
	look_next(cycle);
}

static void act(struct cycle *cycle, const struct look_up_answer *answer)
{
	bool is_last = cycle->turning->asked + 1 >= cycle->in.source_count;

	switch (answer->outcome) {
	case LOOK_UP_MATCHES:
		cycle->membership = answer->membership;
		planner_entry(cycle, answer->entry);
		cycle->membership = NULL;
		go_on(cycle, true);
		return;
	case LOOK_UP_LEFT_SCOPE:
	case LOOK_UP_MOVED:
		note(cycle, 0);
		go_on(cycle, true);
		return;
	case LOOK_UP_DELETED:
		note(cycle, 0);
		go_on(cycle, false);
		return;
	case LOOK_UP_UNREADABLE:
		if (is_last)
			note(cycle, cycle_wall_ms(cycle) + UNREADABLE_PAUSE_MS);
		go_on(cycle, false);
		return;
	}
}

static void on_looked(void *context, const struct look_up_answer *answer)
{
	struct cycle *cycle = context;

	if (answer->status == STATUS_OK) {
		act(cycle, answer);
		return;
	}
	if (answer->status != STATUS_CANCELED)
		cycle_peer_down(cycle, "directory", span_of(answer->err->text));
	cycle->directory_at = 0;
	cycle_next(cycle, PHASE_LEAVERS);
}

/* @return the last DN of somebody linked; absent: none is known */
static struct span last_dn(struct cycle *cycle, const struct uuid *key)
{
	struct link link;
	bool found = false;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_link_get(cycle->in.store, key, cycle->arena, &link, &found, &err), &err))
		return SPAN_NULL;
	return found ? link.dn : SPAN_NULL;
}

static void look_next(struct cycle *cycle)
{
	struct turning *turning = cycle->turning;
	struct look_up_request request = { 0 };

	while (turning->at < turning->count && !aim(cycle)) {
		turning->at++;
		turning->asked = 0;
	}
	if (turning->at < turning->count && !cycle->is_stopping && !cycle->has_failed) {
		request.key = turning->keys[turning->at];
		request.dn = last_dn(cycle, &request.key);
		source_look_up(
		    cycle->directories[cycle->directory_at].source, &request, on_looked, cycle);
		return;
	}
	cycle->directory_at = 0;
	cycle_next(cycle, PHASE_LEAVERS);
}

/* ---- begin and end ---- */

void turning_start(struct cycle *cycle)
{
	struct turning *turning = mem_new(1, sizeof(*turning));

	cycle->turning = turning;
	turning->count = turns_due(
	    *cycle->in.turns, cycle_wall_ms(cycle), turning->keys, TURNS_LOOKED_UP_MAX);
	if (turning->count > TURNS_LOOKED_UP_MAX)
		turning->count = TURNS_LOOKED_UP_MAX;
	look_next(cycle);
}

/* What was planned but not sent is not in step, and no directory will report it again. */
static void take_back(struct cycle *cycle)
{
	struct turning *turning = cycle->turning;
	int64_t now_ms = cycle_wall_ms(cycle);

	/* A look at one person touched nobody else's time. */
	if (!uuid_is_zero(&cycle->person))
		turns_note(*cycle->in.turns, &cycle->person, now_ms + IN_VAIN_PAUSE_MS);
	else if (!cycle->in.only_turns && cycle->in.who.at == NULL)
		turns_doubt(*cycle->in.turns, now_ms);
	for (size_t i = 0; turning != NULL && i < turning->count; i++)
		turns_note(*cycle->in.turns, &turning->keys[i], now_ms);
}

void turning_finish(struct cycle *cycle)
{
	bool is_in_vain = cycle->exit == CYCLE_PEER_DOWN || cycle->has_failed ||
			  cycle->is_refused || (cycle->is_stopping && !cycle->is_whole);
	bool is_known = cycle->in.turns != NULL && *cycle->in.turns != NULL;
	struct str text = { 0 };
	struct err err;

	if (is_known && is_in_vain)
		take_back(cycle);
	free(cycle->turning);
	cycle->turning = NULL;
	if (!is_known || cycle_is_dry(cycle) || cycle->has_failed ||
	    !turns_have_changed(*cycle->in.turns))
		return;
	turns_encode(*cycle->in.turns, &text);
	cycle_store_ok(
	    cycle, store_meta_put(cycle->in.store, meta_name, str_span(&text), &err), &err);
	str_done(&text);
}
