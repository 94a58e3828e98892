/* SPDX-License-Identifier: ISC */
/*
 * The audit trail on disk.
 *
 * Only the process that holds the lock appends, so it reads where the trail ends once, and knows it
 * from then on.  A row is written in the transaction of what it tells of: both are on disk, or
 * neither is.
 *
 * In front there may be a stump, kept as the named text "audit_stump":
 *
 *     {"hash":"502f…bab8","kind":"retention","removed":40,"through":900}
 *
 * The same text is the body of a row further down.
 */
#include "state/store_p.h"

#include <assert.h>

#define STUMP_NAME "audit_stump"

static enum status read_last(
    struct store *store, struct audit_head *ret_head, bool *ret_found, struct err *reterr)
{
	struct store_query query;
	struct audit_head head = { 0 };
	enum status status = store_query_open(store, STATEMENT_AUDIT_LAST, &query, reterr);

	if (status != STATUS_OK)
		return status;
	status = store_query_next(&query, ret_found, reterr);
	if (status == STATUS_OK && *ret_found) {
		head.seq = store_query_int_within(&query, INT64_MIN, INT64_MAX - 1);
		store_query_bytes(&query, head.hash.byte, sizeof(head.hash.byte));
	}
	if (status == STATUS_OK)
		status = store_query_check(&query, reterr);
	store_query_close(&query);
	if (status == STATUS_OK && *ret_found)
		*ret_head = head;
	return status;
}

/* Nothing is left of the trail but perhaps its stump. */
static enum status read_stump_as_head(
    struct store *store, struct audit_head *ret_head, struct err *reterr)
{
	struct audit_stump stump = { 0 };
	struct span body = SPAN_NULL;
	enum status status;

	arena_reset(store->arena);
	status = store_meta_get(store, STUMP_NAME, store->arena, &body, reterr);
	/* What is no stump goes unnoticed here: a walk along the trail tells. */
	if (status == STATUS_OK && body.at != NULL)
		(void)audit_stump_parse(body, &stump);
	if (status == STATUS_OK)
		*ret_head = (struct audit_head) { stump.seq, stump.hash };
	return status;
}

enum status store_audit_head(struct store *store, struct audit_head *ret_head, struct err *reterr)
{
	bool is_found = false;
	enum status status = STATUS_OK;

	if (store->has_audit_head) {
		*ret_head = store->audit;
		return STATUS_OK;
	}
	status = read_last(store, ret_head, &is_found, reterr);
	if (status == STATUS_OK && !is_found)
		status = read_stump_as_head(store, ret_head, reterr);
	return status;
}

static enum status insert(struct store *store, const struct audit_row *row, struct err *reterr)
{
	struct store_query query;
	enum status status = store_query_open(store, STATEMENT_AUDIT_ADD, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, row->seq);
	store_query_bind_int(&query, row->at_ms);
	store_query_bind_int(&query, row->run_id);
	store_query_bind_span(&query, row->body);
	store_query_bind_bytes(&query, row->prev.byte, sizeof(row->prev.byte));
	store_query_bind_bytes(&query, row->hash.byte, sizeof(row->hash.byte));
	return store_query_run(&query, reterr);
}

enum status store_audit_append(
    struct store *store, int64_t at_ms, int64_t run_id, struct span body, struct err *reterr)
{
	struct audit_row row = { .at_ms = at_ms, .run_id = run_id, .body = body };
	enum status status = store_begin(store, reterr);

	assert(store->mode == STORE_WRITE);
	if (status == STATUS_OK)
		status = store_audit_head(store, &store->audit, reterr);
	if (status != STATUS_OK)
		return status;
	store->has_audit_head = true;
	row.seq = store->audit.seq + 1;
	row.prev = store->audit.hash;
	row.hash = audit_hash_row(&row);
	status = insert(store, &row, reterr);
	if (status == STATUS_OK)
		store->audit = (struct audit_head) { row.seq, row.hash };
	return status;
}

/* ---- reading ---- */

/* Reads all but the number. */
static void read_row(struct store_query *query, struct audit_row *row)
{
	row->at_ms = store_query_int(query);
	row->run_id = store_query_int(query);
	row->body = store_query_span(query, NULL);
	store_query_bytes(query, row->prev.byte, sizeof(row->prev.byte));
	store_query_bytes(query, row->hash.byte, sizeof(row->hash.byte));
	if (row->body.at == NULL)
		store_query_mark_wrong(query);
}

enum status store_audit_each(struct store *store, int64_t since_ms,
    void (*on_row)(void *context, const struct audit_row *row), void *context, struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_AUDIT_EACH, &query, reterr);

	if (status == STATUS_OK)
		store_query_bind_int(&query, since_ms);
	while (status == STATUS_OK) {
		struct audit_row row = { 0 };

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		row.seq = store_query_int(&query);
		read_row(&query, &row);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_row(context, &row);
	}
	store_query_close(&query);
	return status;
}

static enum status walk_rows(struct store *store, struct audit_walk *walk, struct err *reterr)
{
	struct store_query query;
	bool goes_on = true;
	enum status status = store_query_open(store, STATEMENT_AUDIT_EACH, &query, reterr);

	if (status == STATUS_OK)
		store_query_bind_int(&query, INT64_MIN);
	while (status == STATUS_OK && goes_on) {
		struct audit_row row = { 0 };

		status = store_query_next(&query, &goes_on, reterr);
		if (status != STATUS_OK || !goes_on)
			break;
		row.seq = store_query_int(&query);
		read_row(&query, &row);
		goes_on = query.wrong == NULL && audit_walk_row(walk, &row);
		if (query.wrong != NULL)
			audit_walk_unreadable(walk, row.seq);
	}
	store_query_close(&query);
	return status;
}

enum status store_audit_verify(struct store *store, const struct audit_hash *wanted,
    struct audit_walk *ret_walk, struct err *reterr)
{
	bool is_own = store->transaction == TRANSACTION_NONE;
	struct span stump = SPAN_NULL;
	struct audit_walk walk;
	/* The stump and the rows must be of one moment. */
	enum status status = store_begin_temporary(store, reterr);

	arena_reset(store->arena);
	if (status == STATUS_OK)
		status = store_meta_get(store, STUMP_NAME, store->arena, &stump, reterr);
	if (status == STATUS_OK) {
		audit_walk_start(&walk, stump, wanted);
		status = walk_rows(store, &walk, reterr);
	}
	if (status == STATUS_OK && is_own)
		status = store_commit(store, reterr);
	if (status != STATUS_OK)
		return status;
	audit_walk_end(&walk);
	walk.stump_body = SPAN_NULL;
	*ret_walk = walk;
	return STATUS_OK;
}

/* ---- retention ---- */

/* Reads the number of the first row, and its time; both stay as they are when there is none, or
 * when it cannot be read. */
static enum status read_first(
    struct store *store, int64_t *ret_seq, int64_t *ret_at_ms, struct err *reterr)
{
	struct store_query query;
	bool has_row = false;
	enum status status = store_query_open(store, STATEMENT_AUDIT_FIRST, &query, reterr);

	if (status != STATUS_OK)
		return status;
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK && has_row) {
		int64_t seq = store_query_int(&query), at_ms = store_query_int(&query);

		if (query.wrong == NULL) {
			*ret_seq = seq;
			*ret_at_ms = at_ms;
		}
	}
	store_query_close(&query);
	return status;
}

/* The number of the first row that stays for its age; that behind the last when none does. */
static enum status find_first_to_keep(
    struct store *store, int64_t before_ms, int64_t *ret_seq, struct err *reterr)
{
	struct store_query query;
	struct audit_head head;
	bool has_row = false;
	enum status status = store_audit_head(store, &head, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_AUDIT_FIRST_SINCE, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, before_ms);
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK)
		*ret_seq = has_row ? store_query_int(&query) : head.seq + 1;
	store_query_close(&query);
	return status;
}

static enum status read_hash(struct store *store, int64_t seq, struct audit_hash *ret_hash,
    bool *ret_found, struct err *reterr)
{
	struct store_query query;
	bool has_row = false;
	enum status status = store_query_open(store, STATEMENT_AUDIT_HASH, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, seq);
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK && has_row)
		store_query_bytes(&query, ret_hash->byte, sizeof(ret_hash->byte));
	*ret_found = has_row && query.wrong == NULL;
	store_query_close(&query);
	return status;
}

static enum status remove_rows(struct store *store, int64_t through, struct err *reterr)
{
	struct store_query query;
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, STATEMENT_AUDIT_REMOVE, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, through);
	return store_query_run(&query, reterr);
}

static enum status leave_stump(struct store *store, const struct audit_stump *stump,
    const struct audit_retention *retention, struct err *reterr)
{
	struct str body = { 0 };
	enum status status;

	audit_put_stump(stump, &body);
	status = store_meta_put(store, STUMP_NAME, str_span(&body), reterr);
	if (status == STATUS_OK)
		status = store_audit_append(
		    store, retention->at_ms, retention->run_id, str_span(&body), reterr);
	str_done(&body);
	return status;
}

enum status store_audit_retain(struct store *store, const struct audit_retention *retention,
    int64_t *ret_removed, struct err *reterr)
{
	struct audit_stump stump = { 0 };
	int64_t first = 0, first_at_ms = INT64_MAX, keep = 0;
	bool is_found = false;
	enum status status = read_first(store, &first, &first_at_ms, reterr);

	*ret_removed = 0;
	if (status != STATUS_OK || first < 1 ||
	    first_at_ms >= retention->before_ms - retention->slack_ms)
		return status;
	status = find_first_to_keep(store, retention->before_ms, &keep, reterr);
	if (status != STATUS_OK)
		return status;
	stump.seq = keep - first > retention->most ? first + retention->most - 1 : keep - 1;
	stump.removed = stump.seq - first + 1;
	status = read_hash(store, stump.seq, &stump.hash, &is_found, reterr);
	/* What was tampered with is left as it is, for a walk along it to find. */
	if (status != STATUS_OK || !is_found)
		return status;
	status = remove_rows(store, stump.seq, reterr);
	if (status == STATUS_OK)
		status = leave_stump(store, &stump, retention, reterr);
	if (status == STATUS_OK)
		*ret_removed = stump.removed;
	return status;
}
