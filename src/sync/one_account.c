/* SPDX-License-Identifier: ISC */
/*
 * A reconcile of one person: their account alone is asked for, and held against the link.
 *
 * The observed table then holds one account, or none, and does not stand for the tenant: who has no
 * link is looked up by correlation, as in any other cycle.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "sync/person.h"

struct one_account {
	struct cycle *cycle;
	struct person person;
};

static void compare(struct one_account *one, const struct observed *observed)
{
	struct cycle *cycle = one->cycle;
	struct err err;

	if (cycle_store_ok(cycle, store_observed_put(cycle->in.store, observed, &err), &err))
		listing_compare(cycle, observed, &one->person.link);
}

static void on_account(void *context, const struct tenant_answer *answer)
{
	struct one_account *one = context;
	struct cycle *cycle = one->cycle;

	if (answer->status == STATUS_OK && answer->account_count == 1) {
		compare(one, &answer->accounts[0]);
	} else if (answer->status == STATUS_REJECT && answer->http_status == 404) {
		log_notice("account %.*s is gone from the tenant; its entry is treated as a joiner",
		    SPAN_ARG(one->person.link.account_id));
		snapshot_delete(cycle, &one->person.link.key);
	} else if (answer->status != STATUS_CANCELED) {
		cycle_peer_down(cycle, "tenant", answer->error);
	}
	cycle_next(cycle, cycle->is_tenant_down ? PHASE_CLOSE : PHASE_SCAN);
}

static struct tenant_call *try_get(void *context, tenant_callback *callback, void *callback_context)
{
	struct one_account *one = context;
	struct account_reader *reader = one->cycle->in.reader;

	return reader->vtable->get(reader, one->person.link.account_id, callback, callback_context);
}

static void opened(struct cycle *cycle)
{
	struct one_account *one = arena_alloc(cycle->arena, sizeof(*one));
	struct err err;

	one->cycle = cycle;
	if (cycle->is_tenant_down)
		cycle_next(cycle, PHASE_CLOSE);
	else if (!cycle_store_ok(cycle, store_observed_clear(cycle->in.store, &err), &err) ||
		 !cycle_store_ok(cycle,
		     person_resolve(cycle->in.store, cycle->in.mapping, cycle->in.who, cycle->arena,
			 &one->person, &err),
		     &err))
		cycle_next(cycle, PHASE_END);
	else if (!one->person.is_linked)
		cycle_next(cycle, PHASE_SCAN);
	else
		exchange_submit(cycle->exchange,
		    &(struct exchange_request) { try_get, on_account, one, false });
}

void one_account_start(struct cycle *cycle)
{
	cycle_open_tenant(cycle, opened);
}
