/* SPDX-License-Identifier: ISC */
/*
 * Looking by key, a directory's in batches, outside base and filter.
 *
 * After a whole scan it is the second look at those it missed, before anybody is taken for gone.
 * After changes it is the look at everybody they touched, whatever became of them.  What cannot be
 * told never acts.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/vec.h"
#include "sync/person.h"
#include <stdlib.h>

struct leavers {
	size_t cursor; /* in the index; cycle->directory_at is the directory whose keys are meant */
	struct look_up_request requests[LOOK_UP_BATCH_MAX];
	size_t request_count;
	struct arena *arena; /* of the batch */
	uint64_t unreadable, reappeared;
};

static void look_next(struct cycle *cycle);

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
	if (mapped.account.is_active)
		return reason;
	return answer->entry->is_expired ? REASON_EXPIRED : REASON_DISABLED;
}

static void mark_absent(struct cycle *cycle, const struct uuid *key)
{
	struct index_item *item = index_find(cycle->index, key);

	if (item != NULL)
		index_flag(cycle->index, item, INDEX_PROVED_ABSENT | INDEX_ABSENT);
}

static void act(struct cycle *cycle, const struct uuid *key, const struct look_up_answer *answer)
{
	struct leavers *leavers = cycle->leavers;
	struct span detail = answer->detail;

	arena_reset(cycle->entry_arena);
	switch (answer->outcome) {
	case LOOK_UP_DELETED:
		mark_absent(cycle, key);
		planner_leaver(cycle, key, REASON_DELETED, detail);
		break;
	case LOOK_UP_MOVED:
		planner_leaver(cycle, key, reason_of(cycle, answer, REASON_MOVED), detail);
		break;
	case LOOK_UP_LEFT_SCOPE:
		planner_leaver(cycle, key, reason_of(cycle, answer, REASON_LEFT_SCOPE), detail);
		break;
	case LOOK_UP_MATCHES:
		leavers->reappeared++; /* changed between scan and look: the next scan brings it */
		break;
	case LOOK_UP_UNREADABLE:
		leavers->unreadable++;
		break;
	}
}

static void on_down(struct cycle *cycle, const struct err *err)
{
	cycle->directories[cycle->directory_at].is_down = true;
	cycle_peer_down(cycle, "directory", span_of(err->text));
}

/* Who is not active and was not there: an account that a new key may take over. */
static void note_absent(struct cycle *cycle, const struct cycle_directory *directory)
{
	size_t cursor = 0;
	struct index_item *item;

	if (directory->is_delta || !directory->is_scanned || !directory->certificate.is_certified)
		return;
	while ((item = index_next_flagged(cycle->index, INDEX_INACTIVE, &cursor)) != NULL)
		if (item->directory == directory->number && !(item->flags & INDEX_SEEN))
			index_flag(cycle->index, item, INDEX_ABSENT);
}

static void finish(struct cycle *cycle)
{
	struct leavers *leavers = cycle->leavers;

	for (size_t i = 0; i < cycle->in.source_count && cycle->in.who.at == NULL; i++)
		note_absent(cycle, &cycle->directories[i]);

	if (cycle->undecided > 0)
		log_warning("%llu left without access, as only a group that is unknown could "
			    "entitle them (policy.scope = \"entitled\")",
		    (unsigned long long)cycle->undecided);
	if (leavers->unreadable > 0)
		log_warning(
		    "%llu missing people cannot be told from unreadable ones; they are kept",
		    (unsigned long long)leavers->unreadable);
	if (leavers->reappeared > 0)
		log_notice("%llu people that the scan missed are there on a second look; the next "
			   "scan brings them",
		    (unsigned long long)leavers->reappeared);
	arena_free(&leavers->arena);
	free(leavers);
	cycle->leavers = NULL;
	cycle->directory_at = 0;
	cycle_next(cycle, PHASE_CORRELATE);
}

/* ---- everybody: batches ---- */

/* The groups under the DN that the groups may still know, and the server rewrites without a word.
 */
static void add_groups(struct cycle *cycle, struct span known_dn, struct entry *entry)
{
	struct membership *membership = cycle->membership;

	if (membership == NULL || membership_group_count(membership) == 0)
		return;
	if (known_dn.at != NULL && !span_equal(known_dn, entry->dn))
		membership_copy_member(membership, known_dn, entry->dn);
	entry->group_count = membership_find(membership, entry->dn, &entry->groups);
}

/* Somebody whom a change touched. */
static void act_on_touched(
    struct cycle *cycle, const struct look_up_request *request, const struct look_up_answer *answer)
{
	struct index_item *item = index_find(cycle->index, &request->key);
	struct entry entry;

	if (answer->outcome == LOOK_UP_MATCHES) {
		entry = *answer->entry;
		cycle->membership = cycle->directories[cycle->directory_at].membership;
		add_groups(cycle, request->dn, &entry);
		planner_entry(cycle, &entry);
		cycle->membership = NULL;
	} else if (item != NULL && !(item->flags & INDEX_UNLINKED)) {
		act(cycle, &request->key, answer);
	}
}

static void on_answer(void *context, size_t at, const struct look_up_answer *answer)
{
	struct cycle *cycle = context;
	const struct look_up_request *request = &cycle->leavers->requests[at];

	if (!cycle->has_failed && cycle->directories[cycle->directory_at].is_delta)
		act_on_touched(cycle, request, answer);
	else if (!cycle->has_failed)
		act(cycle, &request->key, answer);
	if (cycle->has_failed)
		source_cancel(cycle->directories[cycle->directory_at].source);
}

static void on_done(void *context, enum status status, const struct err *err)
{
	struct cycle *cycle = context;

	if (status != STATUS_OK && status != STATUS_CANCELED)
		on_down(cycle, err);
	look_next(cycle);
}

static bool add_request(struct leavers *leavers, struct cycle *cycle, const struct uuid *key)
{
	struct look_up_request *request = &leavers->requests[leavers->request_count];
	struct link link;
	bool found = false;
	struct err err;

	arena_reset(cycle->entry_arena);
	if (!cycle_store_ok(cycle,
		store_link_get(cycle->in.store, key, cycle->entry_arena, &link, &found, &err),
		&err))
		return false;
	*request = (struct look_up_request) { .key = *key };
	if (found)
		request->dn = arena_span(leavers->arena, link.dn);
	leavers->request_count++;
	return true;
}

/* @return the next whom a change touched, and who belongs here or may */
static const struct uuid *next_touched(struct cycle *cycle, const struct cycle_directory *directory)
{
	const struct index_item *item;

	while ((item = index_next(cycle->touched, &cycle->leavers->cursor)) != NULL)
		if (item->directory == directory->number || item->directory == 0)
			return &item->key;
	return NULL;
}

/* @return the next whom the scan missed */
static const struct uuid *next_missing(struct cycle *cycle, const struct cycle_directory *directory)
{
	const struct index_item *item;

	while ((item = index_next(cycle->index, &cycle->leavers->cursor)) != NULL)
		if (item->directory == directory->number && is_missing(item))
			return &item->key;
	return NULL;
}

/* @return whether there are some */
static bool gather(struct cycle *cycle, const struct cycle_directory *directory)
{
	struct leavers *leavers = cycle->leavers;
	const struct uuid *key;

	leavers->request_count = 0;
	arena_reset(leavers->arena);
	while (leavers->request_count < LOOK_UP_BATCH_MAX && !cycle->has_failed &&
	       (key = directory->is_delta ? next_touched(cycle, directory)
					  : next_missing(cycle, directory)) != NULL)
		add_request(leavers, cycle, key);
	return leavers->request_count > 0 && !cycle->has_failed;
}

/* People of a directory that the configuration no longer has are kept. */
static void look_next(struct cycle *cycle)
{
	static const struct look_up_batch_handler handler = { on_answer, on_done };
	struct leavers *leavers = cycle->leavers;

	while (cycle->directory_at < cycle->in.source_count && !cycle->has_failed &&
	       !cycle->is_stopping) {
		struct cycle_directory *directory = &cycle->directories[cycle->directory_at];

		if (!directory->is_down && directory->certificate.is_certified &&
		    gather(cycle, directory)) {
			source_look_up_batch(directory->source, leavers->requests,
			    leavers->request_count, &handler, cycle);
			return;
		}
		cycle->directory_at++;
		leavers->cursor = 0;
	}
	finish(cycle);
}

/* ---- one person ---- */

static void on_looked(void *context, const struct look_up_answer *answer)
{
	struct cycle *cycle = context;

	if (answer->status == STATUS_OK)
		act(cycle, &cycle->leavers->requests[0].key, answer);
	else if (answer->status != STATUS_CANCELED)
		on_down(cycle, answer->err);
	finish(cycle);
}

static bool find_directory(struct cycle *cycle, uint8_t number)
{
	for (size_t i = 0; i < cycle->in.source_count; i++) {
		if (cycle->directories[i].number == number) {
			cycle->directory_at = i;
			return true;
		}
	}
	return false;
}

/*
 * Somebody named by name who is not in scope any more: looked at as one who is missing.
 *
 * @return whether a look-up was started
 */
static bool look_at_person(struct cycle *cycle)
{
	struct leavers *leavers = cycle->leavers;
	struct person person;
	struct index_item *item;
	struct err err;

	if (!cycle_store_ok(cycle,
		person_resolve(
		    cycle->in.store, cycle->in.mapping, cycle->in.who, cycle->arena, &person, &err),
		&err))
		return false;
	item = person.is_linked ? index_find(cycle->index, &person.link.key) : NULL;
	if (item == NULL)
		return false;
	cycle->is_who_unknown = false;
	if (!find_directory(cycle, item->directory) || !is_missing(item) ||
	    !add_request(leavers, cycle, &item->key))
		return false;
	source_look_up(cycle->directories[cycle->directory_at].source, &leavers->requests[0],
	    on_looked, cycle);
	return true;
}

void leavers_start(struct cycle *cycle)
{
	bool is_peer_down = cycle->is_tenant_down || cycle->exit == CYCLE_PEER_DOWN;

	cycle->leavers = mem_new(1, sizeof(*cycle->leavers));
	cycle->leavers->arena = arena_new();
	if (!cycle_is_partial(cycle))
		look_next(cycle);
	else if (cycle->in.who.at == NULL || is_peer_down || !look_at_person(cycle))
		finish(cycle);
}
