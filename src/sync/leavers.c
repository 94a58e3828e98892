/* SPDX-License-Identifier: ISC */
/*
 * The second look.  A key that a certified scan missed is read again by key, outside base and
 * filter, before anybody is taken for gone; what cannot be told never acts.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/vec.h"
#include "sync/person.h"
#include <stdlib.h>

struct leavers {
	size_t cursor;   /* in the index */
	struct uuid key; /* being looked up */
	uint64_t looked, unreadable, reappeared;
	bool is_who; /* one person, asked for by name */
};

static void look_next(struct cycle *cycle);

static struct cycle_directory *directory_of(struct cycle *cycle, const struct index_item *item)
{
	for (size_t i = 0; i < cycle->in.source_count; i++) {
		if (cycle->directories[i].number == item->directory) {
			cycle->directory_at = i;
			return &cycle->directories[i];
		}
	}
	return NULL; /* a directory that the configuration no longer has: its people are kept */
}

static bool is_missing(const struct index_item *item)
{
	return !(item->flags & INDEX_SEEN) && cycle_may_be_open(item);
}

/* Where the filter leaves the disabled out, they are disabled before they are anything else. */
static enum reason_code reason_of(
    struct cycle *cycle, const struct look_up_answer *answer, enum reason_code reason)
{
	struct mapped mapped;
	struct err err;

	if (answer->entry == NULL ||
	    mapping_apply(cycle->in.mapping, answer->entry, answer->membership, cycle->entry_arena,
		&mapped, &err) != STATUS_OK)
		return reason;
	return mapped.account.is_active ? reason : REASON_DISABLED;
}

static void act(struct cycle *cycle, const struct look_up_answer *answer)
{
	struct leavers *leavers = cycle->leavers;
	struct index_item *item = index_find(cycle->index, &leavers->key);
	struct span detail = answer->detail;

	switch (answer->outcome) {
	case LOOK_UP_DELETED:
		item->flags |= INDEX_PROVED_ABSENT;
		planner_leaver(cycle, &leavers->key, REASON_DELETED, detail);
		break;
	case LOOK_UP_MOVED:
		planner_leaver(
		    cycle, &leavers->key, reason_of(cycle, answer, REASON_MOVED), detail);
		break;
	case LOOK_UP_LEFT_SCOPE:
		planner_leaver(
		    cycle, &leavers->key, reason_of(cycle, answer, REASON_LEFT_SCOPE), detail);
		break;
	case LOOK_UP_MATCHES:
		/* Changed between scan and look: the next scan brings it. */
		leavers->reappeared++;
		break;
	case LOOK_UP_UNREADABLE:
		leavers->unreadable++;
		break;
	}
}

static void on_looked(void *context, const struct look_up_answer *answer)
{
	struct cycle *cycle = context;

	if (answer->status == STATUS_OK) {
		cycle->leavers->looked++;
		arena_reset(cycle->entry_arena);
		act(cycle, answer);
	} else if (answer->status != STATUS_CANCELED) {
		cycle->directories[cycle->directory_at].is_down = true;
		cycle_peer_down(cycle, "directory", span_of(answer->err->text));
	}
	look_next(cycle);
}

static bool look_up(struct cycle *cycle, const struct index_item *item)
{
	struct look_up_request request = { .key = item->key };
	struct link link;
	bool found = false;
	struct err err;

	arena_reset(cycle->entry_arena);
	if (!cycle_store_ok(cycle,
		store_link_get(
		    cycle->in.store, &item->key, cycle->entry_arena, &link, &found, &err),
		&err) ||
	    !found)
		return false;
	cycle->leavers->key = item->key;
	request.dn = arena_span(cycle->arena, link.dn);
	source_look_up(cycle->directories[cycle->directory_at].source, &request, on_looked, cycle);
	return true;
}

static void finish(struct cycle *cycle)
{
	struct leavers *leavers = cycle->leavers;

	if (leavers->unreadable > 0)
		log_warning(
		    "%llu missing people cannot be told from unreadable ones; they are kept",
		    (unsigned long long)leavers->unreadable);
	if (leavers->reappeared > 0)
		log_notice("%llu people that the scan missed are there on a second look; the next "
			   "scan brings them",
		    (unsigned long long)leavers->reappeared);
	free(leavers);
	cycle->leavers = NULL;
	cycle->directory_at = 0;
	cycle_next(cycle, PHASE_CORRELATE);
}

static void look_next(struct cycle *cycle)
{
	struct leavers *leavers = cycle->leavers;
	struct index_item *item;

	while (!cycle->has_failed && !cycle->is_stopping &&
	       (item = index_next(cycle->index, &leavers->cursor)) != NULL) {
		struct cycle_directory *directory = is_missing(item) ? directory_of(cycle, item)
								     : NULL;

		if (directory == NULL || directory->is_down || !directory->certificate.is_certified)
			continue;
		if (look_up(cycle, item))
			return;
	}
	finish(cycle);
}

/* Somebody named by name who is not in scope any more: looked at as one who is missing. */
static void look_at_person(struct cycle *cycle)
{
	struct person person;
	struct index_item *item;
	struct err err;

	if (!cycle_store_ok(cycle,
		person_resolve(cycle->in.store, cycle->in.who, cycle->arena, &person, &err), &err))
		return;
	item = person.is_linked ? index_find(cycle->index, &person.link.key) : NULL;
	if (item == NULL)
		return;
	cycle->is_who_unknown = false;
	cycle->leavers->cursor = SIZE_MAX; /* nobody after this one */
	if (directory_of(cycle, item) != NULL && is_missing(item) && look_up(cycle, item))
		cycle->leavers->is_who = true;
}

void leavers_start(struct cycle *cycle)
{
	cycle->leavers = mem_new(1, sizeof(*cycle->leavers));
	if (cycle->in.who.at == NULL) {
		look_next(cycle);
		return;
	}
	if (!cycle->is_tenant_down && cycle->exit != CYCLE_PEER_DOWN)
		look_at_person(cycle);
	if (!cycle->leavers->is_who)
		finish(cycle);
}
