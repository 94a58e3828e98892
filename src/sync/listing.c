/* SPDX-License-Identifier: ISC */
/*
 * Listing the tenant into the observed table.
 *
 * The order of pages is not promised and pages may be short: accounts are kept by id, the next page
 * starts behind as many as came, and when fewer than totalResults were seen the listing is read
 * again, three times in all.  In a reconcile the links are then held against what was seen.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/vec.h"
#include "core/differ.h"
#include "sync/outcome.h"
#include <stdlib.h>

enum { PASSES_MAX = 3 };

struct listing {
	void (*go_on)(struct cycle *cycle);
	int64_t start; /* 1-based, of the next page */
	int64_t total;
	int passes;
	struct arena *arena;
	struct uuid *lost; /* keys whose account was not listed */
	struct span *lost_ids;
	size_t lost_count, lost_cap, lost_id_count, lost_id_cap, lost_at;
};

static void next_page(struct cycle *cycle);

static void finish(struct cycle *cycle, bool is_whole)
{
	struct listing *listing = cycle->listing;
	void (*go_on)(struct cycle *) = listing->go_on;

	cycle->is_observed = is_whole;
	cycle->tenant_total = listing->total;
	arena_free(&listing->arena);
	free(listing->lost);
	free(listing->lost_ids);
	free(listing);
	cycle->listing = NULL;
	go_on(cycle);
}

/* @return whether all that the tenant counts was seen */
static bool is_whole(struct cycle *cycle, bool *ret_failed)
{
	uint64_t seen = 0;
	struct err err;

	*ret_failed = !cycle_store_ok(
	    cycle, store_observed_count(cycle->in.store, &seen, &err), &err);
	cycle_progress(cycle, "listing the tenant", seen, (uint64_t)cycle->listing->total);
	return (int64_t)seen >= cycle->listing->total;
}

static bool keep_page(struct cycle *cycle, const struct tenant_answer *answer)
{
	struct err err;

	for (size_t i = 0; i < answer->account_count; i++) {
		if (!cycle_store_ok(cycle,
			store_observed_put(cycle->in.store, &answer->accounts[i], &err), &err))
			return false;
	}
	return true;
}

static void end_of_pass(struct cycle *cycle)
{
	struct listing *listing = cycle->listing;
	bool has_failed;

	if (is_whole(cycle, &has_failed) || has_failed) {
		finish(cycle, !has_failed);
		return;
	}
	if (++listing->passes >= PASSES_MAX) {
		log_warning(
		    "the tenant counts %lld accounts but lists fewer, also when asked %d times; "
		    "accounts that were not listed are not taken for gone",
		    (long long)listing->total, PASSES_MAX);
		finish(cycle, true);
		return;
	}
	listing->start = 1;
	next_page(cycle);
}

static void on_page(void *context, const struct tenant_answer *answer)
{
	struct cycle *cycle = context;
	struct listing *listing = cycle->listing;

	if (answer->status != STATUS_OK) {
		if (answer->status != STATUS_CANCELED)
			cycle_peer_down(cycle, "tenant", answer->error);
		finish(cycle, false);
		return;
	}
	if (answer->total >= 0)
		listing->total = answer->total;
	if (!keep_page(cycle, answer)) {
		finish(cycle, false);
		return;
	}
	listing->start += (int64_t)answer->account_count;
	if (answer->account_count == 0 || listing->start > listing->total)
		end_of_pass(cycle);
	else
		next_page(cycle);
}

static struct tenant_call *try_page(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct cycle *cycle = context;

	return cycle->in.reader->vtable->list(
	    cycle->in.reader, cycle->listing->start, callback, callback_context);
}

static void next_page(struct cycle *cycle)
{
	exchange_submit(
	    cycle->exchange, &(struct exchange_request) { try_page, on_page, cycle, false });
}

static void opened(struct cycle *cycle)
{
	struct err err;

	if (cycle->is_tenant_down ||
	    !cycle_store_ok(cycle, store_observed_clear(cycle->in.store, &err), &err)) {
		finish(cycle, false);
		return;
	}
	next_page(cycle);
}

void listing_run(struct cycle *cycle, void (*go_on)(struct cycle *cycle))
{
	struct listing *listing = mem_new(1, sizeof(*listing));

	listing->go_on = go_on;
	listing->start = 1;
	listing->arena = arena_new();
	cycle->listing = listing;
	cycle_open_tenant(cycle, opened);
}

/* ---- reconcile: the links held against the listing ---- */

void listing_compare(void *context, const struct observed *observed, const struct link *link)
{
	struct cycle *cycle = context;
	struct index_item *item = index_find(cycle->index, &link->key);
	struct account acknowledged, known;
	struct change change;
	struct err err;

	if (item == NULL || cycle->has_failed)
		return;
	arena_reset(cycle->entry_arena);
	if (!cycle_store_ok(cycle,
		account_decode(link->acknowledged, cycle->entry_arena, &acknowledged, &err), &err))
		return;
	known = outcome_known(&acknowledged, &acknowledged, observed);
	known.text[ACCOUNT_EXTERNAL_ID] = observed->account.text[ACCOUNT_EXTERNAL_ID];
	change = differ_compare(&known, &acknowledged, cycle->entry_arena);
	if (change_is_empty(&change))
		return;
	index_flag(cycle->index, item, INDEX_DRIFTED);
	cycle->drifted++;
}

static void on_unobserved(void *context, const struct link *link)
{
	struct listing *listing = ((struct cycle *)context)->listing;

	*(struct uuid *)vec_push((void **)&listing->lost, &listing->lost_count, &listing->lost_cap,
	    sizeof(*listing->lost)) = link->key;
	*(struct span *)vec_push((void **)&listing->lost_ids, &listing->lost_id_count,
	    &listing->lost_id_cap,
	    sizeof(*listing->lost_ids)) = arena_span(listing->arena, link->account_id);
}

static void next_lost(struct cycle *cycle);

static void on_lost(void *context, const struct tenant_answer *answer)
{
	struct cycle *cycle = context;
	struct listing *listing = cycle->listing;
	struct err err;

	if (answer->status == STATUS_REJECT && answer->http_status == 404) {
		log_notice("account %.*s is gone from the tenant; its entry is treated as a joiner",
		    SPAN_ARG(listing->lost_ids[listing->lost_at]));
		snapshot_delete(cycle, &listing->lost[listing->lost_at]);
		cycle->drifted++;
	} else if (answer->status == STATUS_OK && answer->account_count == 1) {
		cycle_store_ok(
		    cycle, store_observed_put(cycle->in.store, &answer->accounts[0], &err), &err);
	} else if (answer->status == STATUS_DOWN) {
		cycle_peer_down(cycle, "tenant", answer->error);
	}
	listing->lost_at++;
	next_lost(cycle);
}

static struct tenant_call *try_lost(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct cycle *cycle = context;
	struct listing *listing = cycle->listing;

	return cycle->in.reader->vtable->get(
	    cycle->in.reader, listing->lost_ids[listing->lost_at], callback, callback_context);
}

static void compared(struct cycle *cycle)
{
	if (cycle->is_tenant_down || cycle->has_failed)
		cycle_next(cycle, cycle->has_failed ? PHASE_END : PHASE_CLOSE);
	else
		cycle_next(cycle, PHASE_SCAN);
}

static void next_lost(struct cycle *cycle)
{
	struct listing *listing = cycle->listing;
	struct err err;

	if (listing->lost_at < listing->lost_count && !cycle->is_tenant_down &&
	    !cycle->has_failed && !cycle->is_stopping) {
		exchange_submit(cycle->exchange,
		    &(struct exchange_request) { try_lost, on_lost, cycle, false });
		return;
	}
	if (!cycle->has_failed)
		cycle_store_ok(cycle,
		    store_observed_each_linked(cycle->in.store, listing_compare, cycle, &err),
		    &err);
	moved_note_tenant(cycle);
	listing->go_on = compared;
	finish(cycle, true);
}

/* A listing may miss accounts; only the tenant's 404 says that one is gone. */
static void listed(struct cycle *cycle)
{
	struct err err;

	if (!cycle->is_observed) {
		compared(cycle);
		return;
	}
	cycle->listing = mem_new(1, sizeof(*cycle->listing));
	cycle->listing->arena = arena_new();
	cycle->listing->total = cycle->tenant_total;
	cycle_store_ok(
	    cycle, store_link_each_unobserved(cycle->in.store, on_unobserved, cycle, &err), &err);
	next_lost(cycle);
}

void listing_start(struct cycle *cycle)
{
	if (cycle->in.who.at != NULL)
		one_account_start(cycle);
	else
		listing_run(cycle, listed);
}
