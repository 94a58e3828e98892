/* SPDX-License-Identifier: ISC */
/*
 * The scan phase: the directories one after the other, each with its certificate.  One that fails
 * voids its own absences only.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "sync/person.h"
#include <stdlib.h>

enum { PROGRESS_EVERY = 100, COMMIT_EVERY = 20000 };

static void scan_next(struct cycle *cycle);

static void on_membership(void *context, struct membership *membership)
{
	struct cycle *cycle = context;

	cycle->membership = membership;
}

static void on_entry(void *context, const struct entry *entry)
{
	struct cycle *cycle = context;

	if (cycle->has_failed)
		return;
	planner_entry(cycle, entry);
	if (cycle->entries % PROGRESS_EVERY == 0)
		cycle_progress(
		    cycle, "reading the directory", cycle->entries, cycle->entries_expected);
	/* One huge transaction would make a journal as large as the database. */
	if (cycle->entries % COMMIT_EVERY == 0)
		cycle_commit(cycle);
	if (cycle->has_failed)
		source_cancel(cycle->directories[cycle->directory_at].source);
}

static void on_unusable(void *context, struct span dn, struct span why)
{
	struct cycle *cycle = context;

	if (!cycle->has_failed)
		planner_unusable(cycle, NULL, dn, why);
}

static const char *meta_name(struct cycle *cycle, const char *what, struct span directory)
{
	return arena_format(cycle->arena, "scan.%s.%.*s", what, SPAN_ARG(directory)).at;
}

static bool read_terms(struct cycle *cycle, struct span name, struct certificate_terms *terms)
{
	struct span entries;
	struct err err;

	*terms = (struct certificate_terms) { .smallest_scan_percent =
						  cycle->in.policy->smallest_scan_percent };
	if (!cycle_store_ok(cycle,
		store_meta_get(cycle->in.store, meta_name(cycle, "entries", name), cycle->arena,
		    &entries, &err),
		&err))
		return false;
	if (entries.at != NULL)
		span_to_u64(entries, &terms->last_entries);
	return cycle_store_ok(cycle,
	    store_meta_get(cycle->in.store, meta_name(cycle, "identity", name), cycle->arena,
		&terms->expected_identity, &err),
	    &err);
}

/* As many as the last certified scan of each brought; nothing when one has none. */
static void expect_entries(struct cycle *cycle)
{
	struct certificate_terms terms;
	uint64_t sum = 0;

	for (size_t i = 0; i < cycle->in.source_count; i++) {
		if (!read_terms(cycle, cycle->directories[i].source->name, &terms))
			return;
		if (terms.last_entries == 0)
			return;
		sum += terms.last_entries;
	}
	cycle->entries_expected = sum;
}

static bool write_terms(struct cycle *cycle, struct span name, const struct certificate_terms *old,
    const struct scan_facts *facts)
{
	uint64_t usable = facts->entries - facts->unusable;
	struct err err;

	if (old->last_entries != usable &&
	    !cycle_store_ok(cycle,
		store_meta_put(cycle->in.store, meta_name(cycle, "entries", name),
		    arena_format(cycle->arena, "%llu", (unsigned long long)usable), &err),
		&err))
		return false;
	if (span_equal(old->expected_identity, facts->identity))
		return true;
	return cycle_store_ok(cycle,
	    store_meta_put(
		cycle->in.store, meta_name(cycle, "identity", name), facts->identity, &err),
	    &err);
}

static void certify(
    struct cycle *cycle, struct cycle_directory *directory, const struct scan_facts *facts)
{
	struct certificate_terms terms;
	struct str json = { 0 };

	if (!read_terms(cycle, directory->source->name, &terms))
		return;
	directory->is_scanned = true;
	directory->certificate = certificate_judge(facts, &terms, cycle->arena);
	certificate_encode(&directory->certificate, facts, &json);
	directory->certificate_json = arena_span(cycle->arena, str_span(&json));
	str_done(&json);
	if (directory->cursor.at == NULL && facts->cursor.at != NULL)
		directory->cursor = arena_span(cycle->arena, facts->cursor);
	if (directory->certificate.is_certified)
		write_terms(cycle, directory->source->name, &terms, facts);
	else
		log_warning(
		    "directory %.*s: the scan is not certified: %.*s; nobody is taken for gone",
		    SPAN_ARG(directory->source->name), SPAN_ARG(directory->certificate.missing));
	if (facts->unknown_groups > 0)
		log_warning("directory %.*s: %llu group%s could not be read whole (%.*s); nobody "
			    "loses a workspace by that",
		    SPAN_ARG(directory->source->name), (unsigned long long)facts->unknown_groups,
		    facts->unknown_groups == 1 ? "" : "s", SPAN_ARG(facts->unknown_group));
}

static void on_done(
    void *context, enum status status, const struct scan_facts *facts, const struct err *err)
{
	struct cycle *cycle = context;
	struct cycle_directory *directory = &cycle->directories[cycle->directory_at];

	cycle->membership = NULL;
	if (status == STATUS_OK && !cycle->has_failed)
		certify(cycle, directory, facts);
	if (status == STATUS_DOWN || status == STATUS_RETRY || status == STATUS_REJECT ||
	    status == STATUS_CORRUPT) {
		directory->is_down = true;
		cycle_peer_down(cycle, "directory", span_of(err->text));
	}
	cycle->directory_at++;
	scan_next(cycle);
}

static const struct source_scan_handler handler = { on_membership, on_entry, on_unusable, on_done };

/* The changes of the directory at hand were told, or could not be: then it is scanned. */
static void after_changes(struct cycle *cycle)
{
	struct cycle_directory *directory = &cycle->directories[cycle->directory_at];

	if (cycle->is_stopping || cycle->has_failed || directory->is_delta || directory->is_down) {
		cycle->directory_at++;
		scan_next(cycle);
		return;
	}
	source_scan(directory->source, &handler, cycle);
}

static void scan_next(struct cycle *cycle)
{

	if (cycle->directory_at >= cycle->in.source_count || cycle->is_stopping ||
	    cycle->has_failed) {
		if (cycle->is_turning_scan)
			turning_scanned(cycle);
		cycle->directory_at = 0;
		cycle_next(cycle, PHASE_LEAVERS);
		return;
	}
	if (!changes_ask(cycle, after_changes))
		source_scan(cycle->directories[cycle->directory_at].source, &handler, cycle);
}

/* ---- one person only ---- */

static void on_looked_up(void *context, const struct look_up_answer *answer)
{
	struct cycle *cycle = context;
	struct cycle_directory *directory = &cycle->directories[cycle->directory_at];

	if (answer->status == STATUS_DOWN) {
		directory->is_down = true;
		cycle_peer_down(cycle, "directory", span_of(answer->err->text));
	}
	if (answer->status == STATUS_OK && answer->outcome == LOOK_UP_MATCHES) {
		cycle->membership = answer->membership;
		cycle->person = answer->entry->key;
		planner_entry(cycle, answer->entry);
		cycle->membership = NULL;
		cycle_next(cycle, PHASE_CORRELATE);
		return;
	}
	cycle->directory_at++;
	if (cycle->directory_at < cycle->in.source_count && answer->status == STATUS_OK) {
		scan_phase_start(cycle);
		return;
	}
	cycle->directory_at = 0;
	cycle->is_who_unknown = answer->status == STATUS_OK;
	cycle_next(cycle, PHASE_LEAVERS);
}

static void look_up_person(struct cycle *cycle)
{
	struct person person;
	struct err err;

	if (cycle_store_ok(cycle,
		person_resolve(
		    cycle->in.store, cycle->in.mapping, cycle->in.who, cycle->arena, &person, &err),
		&err))
		source_look_up(cycle->directories[cycle->directory_at].source, &person.request,
		    on_looked_up, cycle);
	else
		cycle_next(cycle, PHASE_END);
}

void scan_phase_start(struct cycle *cycle)
{
	if (cycle->in.who.at != NULL) {
		look_up_person(cycle);
	} else if (cycle->in.only_turns) {
		turning_start(cycle);
	} else if (changes_touch_due(cycle)) {
		/* Changes tell of some people only: the times of the others stay as they are. */
		cycle->is_turning_scan = cycle->in.kind != CYCLE_DELTA || !changes_are_known(cycle);
		if (cycle->is_turning_scan)
			turning_scan(cycle);
		if (cycle->in.on_progress != NULL && cycle->in.kind != CYCLE_DELTA)
			expect_entries(cycle);
		scan_next(cycle);
	} else {
		cycle_next(cycle, PHASE_END);
	}
}
