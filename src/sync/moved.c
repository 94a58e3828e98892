/* SPDX-License-Identifier: ISC */
/*
 * What a plan was made of: the directory as it was mapped, the tenant as it was listed, the
 * snapshot.  A dry run tells it, and so does a run that is held against a saved plan; the others
 * need not look twice at all they have.
 */
#include "sync/cycle_p.h"

static bool is_wanted(const struct cycle *cycle)
{
	return (cycle_is_dry(cycle) || cycle->in.review != NULL) && !cycle->has_failed;
}

static struct span text_of(struct cycle *cycle, const struct fingerprint *print)
{
	char text[FINGERPRINT_TEXT_SIZE];

	fingerprint_format(print, text);
	return arena_span(cycle->arena, span_of(text));
}

struct sum {
	struct fingerprint print;
	struct str scratch;
};

static void add_part(struct str *out, struct span part)
{
	str_addf(out, "%zu:", part.len);
	str_add(out, part);
}

static void on_link(void *context, const struct link *link)
{
	struct sum *sum = context;
	struct digest thing;

	str_truncate(&sum->scratch, 0);
	str_add(&sum->scratch,
	    (struct span) { (const char *)link->digest.byte, sizeof(link->digest.byte) });
	add_part(&sum->scratch, link->account_id);
	add_part(&sum->scratch, link->acknowledged);
	thing = hash_digest(str_span(&sum->scratch));
	fingerprint_add(&sum->print, &link->key, &thing);
}

void moved_note_snapshot(struct cycle *cycle)
{
	struct sum sum = { 0 };
	struct err err;

	if (is_wanted(cycle) &&
	    cycle_store_ok(
		cycle, store_record_each_link(cycle->in.store, on_link, &sum, &err), &err))
		cycle->run.snapshot_digest = text_of(cycle, &sum.print);
	str_done(&sum.scratch);
}

static void on_observed(void *context, const struct observed *observed)
{
	struct sum *sum = context;
	struct digest thing;

	str_truncate(&sum->scratch, 0);
	add_part(&sum->scratch, observed->id);
	account_encode(&observed->account, &sum->scratch);
	thing = hash_digest(str_span(&sum->scratch));
	fingerprint_add_thing(&sum->print, &thing);
}

void moved_note_tenant(struct cycle *cycle)
{
	struct sum sum = { 0 };
	struct err err;

	if (is_wanted(cycle) && cycle->is_observed &&
	    cycle_store_ok(
		cycle, store_observed_each(cycle->in.store, on_observed, &sum, &err), &err))
		cycle->run.tenant_digest = text_of(cycle, &sum.print);
	str_done(&sum.scratch);
}

void moved_note_directory(struct cycle *cycle)
{
	bool is_delta = cycle->in.only_turns || cycle->entries == 0;

	for (size_t i = 0; i < cycle->in.source_count; i++)
		is_delta |= cycle->directories[i].is_delta;
	if (!is_delta && cycle->run.directory_digest.at == NULL)
		cycle->run.directory_digest = text_of(cycle, &cycle->mapped);
}
