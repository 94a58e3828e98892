/* SPDX-License-Identifier: ISC */
/*
 * What a directory tells of changes, asked from where the last cycle left off.
 *
 * Every mechanism of every server comes down to whom a change touched; what became of them is
 * looked at by key, as for those that a scan missed (leavers.c).  A gap, whatever its cause, makes
 * a whole scan of the same cycle.  The cursor moves only when all that was told is done: else the
 * same is told again, and what is done by then is found equal.
 *
 * Before a whole scan the changes are asked for too.  What the scan comes to and they did not tell
 * is what the deltas missed: it should be nothing, and it is counted and said.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/vec.h"
#include <stdlib.h>

enum { TOUCHED_ALWAYS = 1000, TOUCHED_SHARE = 5 };

/* Somebody whose groups changed; known by a hash of the DN until a link has it. */
struct touched_member {
	struct member_hash hash;
	struct span dn; /* absent: not known any more */
	bool is_found;
};

struct changes {
	void (*go_on)(struct cycle *cycle);
	struct arena *arena; /* holds the DNs */
	struct touched_member *members;
	size_t count, cap, at;
	struct membership *membership;
	struct str scratch;
	uint64_t missed, missed_deletions; /* by the deltas, as a whole scan found */
	bool knows_deletions;
};

static void look_next(struct cycle *cycle);

static struct cycle_directory *directory_at_hand(struct cycle *cycle)
{
	return &cycle->directories[cycle->directory_at];
}

static const char *meta_name(struct cycle *cycle, const char *what)
{
	struct span name = directory_at_hand(cycle)->source->name;

	return arena_format(cycle->arena, "changes.%s.%.*s", what, SPAN_ARG(name)).at;
}

/* ---- the cursor ---- */

/* A cursor of another configuration tells nothing: who did not change may be mapped differently. */
static struct span read_cursor(struct cycle *cycle)
{
	struct span digest = SPAN_NULL, cursor = SPAN_NULL;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_meta_get(cycle->in.store, meta_name(cycle, "configuration"), cycle->arena,
		    &digest, &err),
		&err) ||
	    !span_equal(digest, cycle->in.config_digest) ||
	    !cycle_store_ok(cycle,
		store_meta_get(
		    cycle->in.store, meta_name(cycle, "cursor"), cycle->arena, &cursor, &err),
		&err))
		return SPAN_NULL;
	return cursor;
}

static bool put(struct cycle *cycle, const char *what, struct span value)
{
	struct err err;

	return cycle_store_ok(
	    cycle, store_meta_put(cycle->in.store, meta_name(cycle, what), value, &err), &err);
}

/* What was refused is in quarantine, and has a time of its own; what is held is found in any case.
 */
static bool is_all_done(const struct cycle *cycle)
{
	bool is_over = cycle->exit == CYCLE_DONE || cycle->exit == CYCLE_HELD ||
		       cycle->exit == CYCLE_REJECTED;

	return is_over && cycle->is_whole && cycle->summary.failed == 0;
}

static bool keep_missed(struct cycle *cycle)
{
	struct span text;
	uint64_t total = 0;
	struct err err;

	if (cycle->changes == NULL || cycle->changes->missed == 0)
		return true;
	if (!cycle_store_ok(cycle,
		store_meta_get(
		    cycle->in.store, "delta_missed_changes_total", cycle->arena, &text, &err),
		&err))
		return false;
	if (text.at != NULL)
		span_to_u64(text, &total);
	total += cycle->changes->missed;
	log_notice("the whole scan found %llu change%s that the deltas had not told of%s",
	    (unsigned long long)cycle->changes->missed, cycle->changes->missed == 1 ? "" : "s",
	    cycle->changes->missed_deletions == cycle->changes->missed &&
		    !cycle->changes->knows_deletions
		? ": all of them deletions, which the directory does not tell"
		: "; ask for the reason, and let schedule.full be short until it is known");
	return cycle_store_ok(cycle,
	    store_meta_put(cycle->in.store, "delta_missed_changes_total",
		arena_format(cycle->arena, "%llu", (unsigned long long)total), &err),
	    &err);
}

bool changes_keep(struct cycle *cycle)
{
	if (!keep_missed(cycle))
		return false;
	for (size_t i = 0; i < cycle->in.source_count; i++) {
		struct cycle_directory *directory = &cycle->directories[i];

		cycle->directory_at = i;
		if (directory->cursor.at == NULL || directory->is_down || !is_all_done(cycle) ||
		    !directory->certificate.is_certified)
			continue;
		if (!put(cycle, "cursor", directory->cursor) ||
		    !put(cycle, "configuration", cycle->in.config_digest))
			return false;
	}
	return true;
}

/* ---- asking ---- */

static void on_membership(void *context, struct membership *membership)
{
	struct cycle *cycle = context;

	cycle->changes->membership = membership;
}

static void on_touched(void *context, const struct uuid *key)
{
	struct cycle *cycle = context;

	cycle_touch(cycle, key, directory_at_hand(cycle)->number);
}

static void on_member(void *context, const struct member_hash *hash, struct span dn)
{
	struct cycle *cycle = context;
	struct changes *changes = cycle->changes;
	struct touched_member *member = vec_push(
	    (void **)&changes->members, &changes->count, &changes->cap, sizeof(*member));

	*member = (struct touched_member) { *hash,
		dn.at == NULL ? SPAN_NULL : arena_span(changes->arena, dn), false };
}

static int compare_members(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct member_hash));
}

static void on_link_dn(void *context, const struct uuid *key, struct span dn)
{
	struct cycle *cycle = context;
	struct changes *changes = cycle->changes;
	struct member_hash hash;
	struct touched_member *member;

	member_hash(membership_salt(changes->membership), dn, &changes->scratch, &hash);
	member = bsearch(
	    &hash, changes->members, changes->count, sizeof(*changes->members), compare_members);
	if (member == NULL)
		return;
	member->is_found = true;
	on_touched(cycle, key);
}

/* Members with a link are found among the links. */
static bool find_links(struct cycle *cycle)
{
	struct changes *changes = cycle->changes;
	struct err err;

	if (changes->count == 0)
		return true;
	qsort(changes->members, changes->count, sizeof(*changes->members), compare_members);
	return cycle_store_ok(
	    cycle, store_link_each_dn(cycle->in.store, on_link_dn, cycle, &err), &err);
}

static void on_looked(void *context, const struct look_up_answer *answer)
{
	struct cycle *cycle = context;

	if (answer->status == STATUS_DOWN) {
		directory_at_hand(cycle)->is_down = true;
		cycle_peer_down(cycle, "directory", span_of(answer->err->text));
		cycle->changes->at = cycle->changes->count;
	} else if (answer->status == STATUS_OK && answer->entry != NULL) {
		on_touched(cycle, &answer->entry->key);
	}
	look_next(cycle);
}

/* The others, who have no account yet, are found by DN. */
static void look_next(struct cycle *cycle)
{
	struct changes *changes = cycle->changes;
	struct look_up_request request = { 0 };

	while (changes->at < changes->count && !cycle->is_stopping && !cycle->has_failed) {
		const struct touched_member *member = &changes->members[changes->at++];

		if (member->is_found || member->dn.at == NULL)
			continue;
		request.dn = member->dn;
		source_look_up(directory_at_hand(cycle)->source, &request, on_looked, cycle);
		return;
	}
	changes->go_on(cycle);
}

/* More than a whole scan would cost to look at. */
static bool is_too_much(struct cycle *cycle)
{
	size_t count = index_count(cycle->touched) + cycle->changes->count;

	return count > TOUCHED_ALWAYS && count > index_count(cycle->index) / TOUCHED_SHARE;
}

static void take_told(struct cycle *cycle, const struct changes_facts *told)
{
	struct cycle_directory *directory = directory_at_hand(cycle);
	struct scan_facts facts = { .is_complete = true,
		.entries = told->entries,
		.groups = told->groups,
		.identity = told->identity,
		.peer = told->peer,
		.changes_by = told->mechanism };
	struct str json = { 0 };

	directory->is_delta = directory->is_scanned = true;
	directory->membership = cycle->changes->membership;
	directory->certificate = (struct certificate) { true, SPAN_NULL };
	certificate_encode(&directory->certificate, &facts, &json);
	directory->certificate_json = arena_span(cycle->arena, str_span(&json));
	str_done(&json);
}

/* A directory that does not say who it takes us for, or says another, proves no absence. */
static bool is_as_expected(struct cycle *cycle, const struct changes_facts *told)
{
	struct span expected = SPAN_NULL;
	struct span name = directory_at_hand(cycle)->source->name;
	struct err err;

	return cycle_store_ok(cycle,
		   store_meta_get(cycle->in.store,
		       arena_format(cycle->arena, "scan.identity.%.*s", SPAN_ARG(name)).at,
		       cycle->arena, &expected, &err),
		   &err) &&
	       (told->identity.at == NULL || expected.at == NULL ||
		   span_equal(told->identity, expected));
}

static struct span gap_of(struct cycle *cycle, const struct changes_facts *told)
{
	if (told->gap.at != NULL)
		return told->gap;
	if (!is_as_expected(cycle, told))
		return SPAN("the directory takes us for somebody else than at the last scan");
	return is_too_much(cycle) ? SPAN("more changed than is worth looking at one by one")
				  : SPAN_NULL;
}

static void on_done(
    void *context, enum status status, const struct changes_facts *told, const struct err *err)
{
	struct cycle *cycle = context;
	struct changes *changes = cycle->changes;
	struct cycle_directory *directory = directory_at_hand(cycle);
	struct span gap;

	if (status != STATUS_OK) {
		if (status != STATUS_CANCELED) {
			directory->is_down = true;
			cycle_peer_down(cycle, "directory", span_of(err->text));
		}
		changes->go_on(cycle);
		return;
	}
	gap = gap_of(cycle, told);
	changes->knows_deletions = told->knows_deletions;
	if (gap.at != NULL) {
		log_info("directory %.*s: changes cannot be told: %.*s; scanning all of it",
		    SPAN_ARG(directory->source->name), SPAN_ARG(gap));
		changes->go_on(cycle);
		return;
	}
	if (told->cursor.at != NULL)
		directory->cursor = arena_span(cycle->arena, told->cursor);
	if (cycle->in.kind == CYCLE_DELTA)
		take_told(cycle, told);
	else
		directory->is_compared = true;
	if (find_links(cycle))
		look_next(cycle);
	else
		changes->go_on(cycle);
}

static void begin(struct cycle *cycle, void (*go_on)(struct cycle *cycle))
{
	if (cycle->changes == NULL) {
		cycle->changes = mem_new(1, sizeof(*cycle->changes));
		cycle->changes->arena = arena_new();
	}
	arena_reset(cycle->changes->arena);
	cycle->changes->count = cycle->changes->at = 0;
	cycle->changes->membership = NULL;
	cycle->changes->go_on = go_on;
}

bool changes_are_known(struct cycle *cycle)
{
	bool is_known = false;

	for (size_t i = 0; i < cycle->in.source_count && !is_known; i++) {
		cycle->directory_at = i;
		is_known = cycle->directories[i].source->vtable->changes != NULL &&
			   read_cursor(cycle).at != NULL;
	}
	cycle->directory_at = 0;
	return is_known;
}

bool changes_ask(struct cycle *cycle, void (*go_on)(struct cycle *cycle))
{
	static const struct source_changes_handler handler = { on_membership, on_touched, on_member,
		on_done };
	struct span cursor;

	/* A first whole scan has no deltas before it to look at. */
	if (directory_at_hand(cycle)->source->vtable->changes == NULL ||
	    (cycle->in.kind != CYCLE_DELTA && cycle->is_first))
		return false;
	cursor = read_cursor(cycle);
	if (cursor.at == NULL)
		return false;
	begin(cycle, go_on);
	return source_changes(directory_at_hand(cycle)->source, cursor, &handler, cycle);
}

void changes_free(struct changes **changes)
{
	if (*changes == NULL)
		return;
	arena_free(&(*changes)->arena);
	str_done(&(*changes)->scratch);
	free((*changes)->members);
	free(*changes);
	*changes = NULL;
}

/* ---- whose time has come ---- */

static void on_quarantine(void *context, const struct quarantine *quarantine)
{
	struct cycle *cycle = context;

	if (quarantine->not_before_ms <= cycle_wall_ms(cycle))
		cycle_touch(cycle, &quarantine->key, 0);
}

bool changes_touch_due(struct cycle *cycle)
{
	const struct index_item *item;
	size_t cursor = 0;
	struct err err;

	holds_touch_released(cycle);
	while ((item = index_next_flagged(cycle->index, INDEX_PENDING_LEAVE, &cursor)) != NULL)
		cycle_touch(cycle, &item->key, item->directory);
	return cycle_store_ok(
	    cycle, store_quarantine_each(cycle->in.store, on_quarantine, cycle, &err), &err);
}

/* ---- what the deltas missed ---- */

void changes_compare(struct cycle *cycle, const struct action *action)
{
	/* What cannot be mapped, or waits for a person, is planned by each scan anew. */
	if (!directory_at_hand(cycle)->is_compared || uuid_is_zero(&action->key) ||
	    !(action_has_request(action->kind) || action->kind == ACTION_LINK) ||
	    action->reason == REASON_DRIFT || index_find(cycle->touched, &action->key) != NULL)
		return;
	cycle->changes->missed++;
	cycle->changes->missed_deletions += action->reason == REASON_DELETED;
}

uint64_t changes_missed(const struct changes *changes)
{
	return changes == NULL ? 0 : changes->missed;
}
