/* SPDX-License-Identifier: ISC */
/*
 * Holds.  A dry run reads those of the file and writes none.
 *
 * A decision is written beside a service that runs, without its lock: it changes columns of `hold`
 * that nobody else writes, and the next cycle reads them at its start.  Whoever decides takes back
 * that a record tells of it, and the cycle that wrote the record gives that again.
 */
#include "state/store_p.h"

#include <assert.h>

static enum hold_decision read_decision(struct store_query *query)
{
	enum hold_decision decision = HOLD_OPEN;

	if (!hold_decision_parse(store_query_span(query, NULL), &decision))
		store_query_mark_wrong(query);
	return decision;
}

struct hold store_hold_read(struct store_query *query, struct arena *arena)
{
	struct hold hold = { 0 };

	hold.id = store_query_int(query);
	hold.run_id = store_query_int(query);
	if (!guard_class_parse(store_query_span(query, NULL), &hold.class))
		store_query_mark_wrong(query);
	hold.since_ms = store_query_int(query);
	hold.count = (uint64_t)store_query_int_within(query, 0, INT64_MAX);
	hold.limit = (uint64_t)store_query_int_within(query, 0, INT64_MAX);
	hold.digest = store_query_digest(query);
	hold.decision = read_decision(query);
	hold.decided_ms = store_query_int(query);
	hold.decided_by = store_query_span(query, arena);
	hold.ended_ms = store_query_int(query);
	return hold;
}

enum status store_hold_add(struct store *store, struct hold *hold, struct err *reterr)
{
	struct store_query query;
	enum status status = store_begin(store, reterr);

	assert(store->mode == STORE_WRITE);
	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_HOLD_ADD, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, hold->run_id);
	store_query_bind_span(&query, span_of(guard_class_name(hold->class)));
	store_query_bind_int(&query, hold->since_ms);
	store_query_bind_int(&query, (int64_t)hold->count);
	store_query_bind_int(&query, (int64_t)hold->limit);
	store_query_bind_digest(&query, &hold->digest);
	store_query_bind_span(&query, span_of(hold_decision_name(hold->decision)));
	store_query_bind_int(&query, hold->decided_ms);
	store_query_bind_span(&query, hold->decided_by);
	store_query_bind_int(&query, hold->ended_ms);
	status = store_query_run(&query, reterr);
	if (status == STATUS_OK)
		hold->id = sqlite3_last_insert_rowid(store->db);
	return status;
}

/* Opens a query that changes holds. */
static enum status open_change(struct store *store, enum store_statement which, int64_t first,
    struct store_query *ret_query, struct err *reterr)
{
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, which, ret_query, reterr);
	if (status == STATUS_OK)
		store_query_bind_int(ret_query, first);
	return status;
}

enum status store_hold_seal(struct store *store, const struct hold *hold, struct err *reterr)
{
	struct store_query query;
	enum status status = open_change(store, STATEMENT_HOLD_SEAL, hold->id, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, (int64_t)hold->count);
	store_query_bind_digest(&query, &hold->digest);
	return store_query_run(&query, reterr);
}

enum status store_hold_end_settled(struct store *store, int64_t now_ms, struct err *reterr)
{
	struct store_query query;
	enum status status = open_change(store, STATEMENT_HOLD_END_SETTLED, now_ms, &query, reterr);

	return status == STATUS_OK ? store_query_run(&query, reterr) : status;
}

static enum status each(struct store *store, enum store_statement which,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, which, &query, reterr);

	while (status == STATUS_OK) {
		struct hold hold;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		hold = store_hold_read(&query, NULL);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_hold(context, &hold);
	}
	store_query_close(&query);
	return status;
}

enum status store_hold_each(struct store *store,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr)
{
	return each(store, STATEMENT_HOLD_EACH, on_hold, context, reterr);
}

enum status store_hold_each_settled(struct store *store,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr)
{
	return each(store, STATEMENT_HOLD_EACH_SETTLED, on_hold, context, reterr);
}

enum status store_hold_each_unrecorded(struct store *store,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr)
{
	return each(store, STATEMENT_HOLD_EACH_UNRECORDED, on_hold, context, reterr);
}

enum status store_hold_mark_recorded(struct store *store, struct err *reterr)
{
	struct store_query query;
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_HOLD_MARK_RECORDED, &query, reterr);
	return status == STATUS_OK ? store_query_run(&query, reterr) : status;
}

enum status store_hold_get(struct store *store, int64_t id, struct arena *arena,
    struct hold *ret_hold, bool *ret_found, struct err *reterr)
{
	struct store_query query;
	struct hold hold = { 0 };
	bool has_row = false;
	enum status status = store_query_open(store, STATEMENT_HOLD_GET, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, id);
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK && has_row)
		hold = store_hold_read(&query, arena);
	if (status == STATUS_OK)
		status = store_query_check(&query, reterr);
	store_query_close(&query);
	if (status != STATUS_OK)
		return status;
	*ret_found = has_row;
	if (has_row)
		*ret_hold = hold;
	return STATUS_OK;
}

/* What a decision needs to be allowed. */
static enum status check_open(struct store *store, int64_t id, struct err *reterr)
{
	struct hold hold;
	bool is_found = false;
	enum status status;

	arena_reset(store->arena);
	status = store_hold_get(store, id, store->arena, &hold, &is_found, reterr);
	if (status != STATUS_OK)
		return status;
	if (is_found && hold.ended_ms == 0)
		return STATUS_OK;
	err_set(reterr,
	    is_found ? "hold %lld has ended: nothing of it is left to decide; "
		       "\"scimward holds\" shows what is"
		     : "there is no hold %lld; \"scimward holds\" shows those there are",
	    (long long)id);
	return STATUS_REJECT;
}

static enum status decide(struct store *store, int64_t id, enum hold_decision decision,
    struct span by, int64_t now_ms, struct err *reterr)
{
	struct store_query query;
	enum status status = check_open(store, id, reterr);

	if (status == STATUS_OK)
		status = open_change(store, STATEMENT_HOLD_DECIDE, id, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_span(&query, span_of(hold_decision_name(decision)));
	store_query_bind_int(&query, now_ms);
	store_query_bind_span(&query, by);
	return store_query_run(&query, reterr);
}

enum status store_hold_decide(struct store *store, int64_t id, enum hold_decision decision,
    struct span by, int64_t now_ms, struct err *reterr)
{
	bool was_writing = store_is_writing(store);
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = decide(store, id, decision, by, now_ms, reterr);
	if (status == STATUS_OK)
		return store_commit(store, reterr);
	/* Nothing was written, and a service that lives on must not keep others from writing. */
	if (status == STATUS_REJECT && !was_writing && store_commit(store, reterr) != STATUS_OK)
		return STATUS_CORRUPT;
	return status;
}

static struct held_action read_held(struct store_query *query)
{
	struct held_action held = { 0 };

	held.key = store_query_uuid(query);
	held.digest = store_query_digest(query);
	held.kind = (enum action_kind)store_query_int_within(query, 0, ACTION_KIND_COUNT - 1);
	held.classes = (unsigned)store_query_int_within(
	    query, 0, (INT64_C(1) << GUARD_CLASS_COUNT) - 1);
	held.id = store_query_int(query);
	held.hold_id = store_query_int(query);
	held.decision = read_decision(query);
	held.is_undo = store_query_bool(query);
	return held;
}

enum status store_hold_each_action(struct store *store,
    void (*on_action)(void *context, const struct held_action *action), void *context,
    struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_HOLD_ACTIONS, &query, reterr);

	while (status == STATUS_OK) {
		struct held_action held;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		held = read_held(&query);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_action(context, &held);
	}
	store_query_close(&query);
	return status;
}
