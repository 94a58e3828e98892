/* SPDX-License-Identifier: ISC */
#include "fake_store.h"

static enum status call(struct store *store, struct err *reterr)
{
	if (++store->calls != store->fails_at)
		return STATUS_OK;
	err_set(reterr, "busy");
	return STATUS_RETRY;
}

enum status store_record_begin(struct store *store, struct err *reterr)
{
	return call(store, reterr);
}

static bool is_wanted(const struct record_query *query, const struct action *action)
{
	return action->at_ms >= query->since_ms && action->at_ms < query->until_ms &&
	       (query->kinds == 0 || (query->kinds >> action->kind & 1) != 0) &&
	       (query->reason == NULL ||
		   strcmp(query->reason, reason_code_name(action->reason)) == 0) &&
	       (query->run_id == 0 || query->run_id == action->run_id);
}

enum status store_record_each(struct store *store, const struct record_query *query,
    void (*on_record)(void *context, const struct record *record), void *context,
    struct err *reterr)
{
	for (size_t i = 0; i < store->record_count; i++) {
		if (is_wanted(query, store->records[i].action))
			on_record(context, &store->records[i]);
	}
	return call(store, reterr);
}

enum status store_record_each_of_key(struct store *store, const struct uuid *key,
    bool (*on_record)(void *context, const struct record *record), void *context,
    struct err *reterr)
{
	for (size_t i = store->record_count; i > 0; i--) {
		if (uuid_compare(&store->records[i - 1].action->key, key) == 0 &&
		    !on_record(context, &store->records[i - 1]))
			break;
	}
	return call(store, reterr);
}

enum status store_record_each_run(struct store *store, int64_t since_ms, int64_t until_ms,
    void (*on_run)(void *context, const struct run *run), void *context, struct err *reterr)
{
	for (size_t i = 0; i < store->run_count; i++) {
		if (store->runs[i].started_ms >= since_ms && store->runs[i].started_ms < until_ms)
			on_run(context, &store->runs[i]);
	}
	return call(store, reterr);
}

enum status store_record_each_hold(struct store *store, int64_t since_ms, int64_t until_ms,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr)
{
	for (size_t i = 0; i < store->hold_count; i++) {
		if (store->holds[i].since_ms >= since_ms && store->holds[i].since_ms < until_ms)
			on_hold(context, &store->holds[i]);
	}
	return call(store, reterr);
}

enum status store_record_each_link(struct store *store,
    void (*on_link)(void *context, const struct link *link), void *context, struct err *reterr)
{
	for (size_t i = 0; i < store->link_count; i++)
		on_link(context, &store->links[i]);
	return call(store, reterr);
}

enum status store_record_each_grant(struct store *store,
    void (*on_grant)(void *context, struct span workspace, const struct link *link), void *context,
    struct err *reterr)
{
	for (size_t i = 0; i < store->grant_count; i++)
		on_grant(context, store->grants[i].workspace, &store->links[store->grants[i].link]);
	return call(store, reterr);
}

enum status store_action_each(struct store *store, const struct action_query *query,
    void (*on_action)(void *context, const struct action *action), void *context,
    struct err *reterr)
{
	for (size_t i = 0; i < store->action_count; i++) {
		if (store->actions[i].run_id == query->run_id)
			on_action(context, &store->actions[i]);
	}
	return call(store, reterr);
}

enum status store_hold_each(struct store *store,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr)
{
	for (size_t i = 0; i < store->hold_count; i++) {
		if (store->holds[i].ended_ms == 0)
			on_hold(context, &store->holds[i]);
	}
	return call(store, reterr);
}
