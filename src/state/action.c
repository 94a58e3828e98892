/* SPDX-License-Identifier: ISC */
/*
 * The plan, which is also the journal.
 *
 * Ids go up and are not given again while the store is open, so that an id which somebody still
 * holds never means another action.  In a dry run they go on behind those of the file, whose
 * actions are seen but not written: a write to one of them has no effect.
 */
#include "state/store_p.h"

#include <assert.h>
#include <limits.h>

static enum status find_last_id(struct store *store, struct err *reterr)
{
	struct store_query query;
	enum status status = store_query_open(store, STATEMENT_ACTION_LAST, &query, reterr);

	if (status != STATUS_OK)
		return status;
	return store_query_run_number(&query, &store->last_action_id, reterr);
}

static const uint32_t open_states = UINT32_C(1) << ACTION_PLANNED | UINT32_C(1) << ACTION_HELD |
				    UINT32_C(1) << ACTION_SENT | UINT32_C(1) << ACTION_UNKNOWN;

static bool is_open(enum action_state state)
{
	return (open_states >> state & 1) != 0;
}

static void bind_request(struct store_query *query, const struct action *action)
{
	store_query_bind_span(query, action->request.method);
	store_query_bind_span(query, action->request.path);
	store_query_bind_span(query, action->request_id);
	store_query_bind_span(query, action->answer);
	store_query_bind_span(query, action->before);
	store_query_bind_span(query, action->after);
	store_query_bind_span(query, action->request.body);
}

static void bind_verbs(struct store_query *query, const struct action *action)
{
	store_query_bind_int(query, action->kind);
	store_query_bind_span(query, span_of(action_kind_name(action->kind)));
	store_query_bind_span(query, span_of(action_state_name(action->state)));
	store_query_bind_span(query, span_of(reason_code_name(action->reason)));
	store_query_bind_int(query, action->attempts);
	store_query_bind_int(query, action->http_status);
	store_query_bind_int(query, action->at_ms);
	store_query_bind_int(query, action->classes);
	store_query_bind_int(query, action->hold_id);
}

static enum status insert(
    struct store *store, int64_t id, const struct action *action, struct err *reterr)
{
	struct store_query query;
	enum status status = store_query_open(store, STATEMENT_ACTION_ADD, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, id);
	store_query_bind_int(&query, action->run_id);
	bind_verbs(&query, action);
	store_query_bind_uuid(&query, &action->key);
	store_query_bind_digest(&query, &action->digest);
	store_query_bind_span(&query, action->account_id);
	store_query_bind_span(&query, action->user_name);
	store_query_bind_span(&query, action->directory);
	store_query_bind_span(&query, action->dn);
	store_query_bind_span(&query, action->detail);
	bind_request(&query, action);
	store_query_bind_int(&query, is_open(action->state));
	return store_query_run(&query, reterr);
}

enum status store_action_add(struct store *store, struct action *action, struct err *reterr)
{
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK && store->last_action_id < 0)
		status = find_last_id(store, reterr);
	if (status == STATUS_OK)
		status = insert(store, store->last_action_id + 1, action, reterr);
	if (status == STATUS_OK)
		action->id = ++store->last_action_id;
	return status;
}

/* Opens a query that changes one action. */
static enum status open_change(struct store *store, enum store_statement which, int64_t id,
    struct store_query *ret_query, struct err *reterr)
{
	enum status status = store_begin(store, reterr);

	assert(id > 0);
	if (status == STATUS_OK)
		status = store_query_open(store, which, ret_query, reterr);
	if (status == STATUS_OK)
		store_query_bind_int(ret_query, id);
	return status;
}

static enum status update(struct store *store, enum store_statement which,
    const struct action *action, struct err *reterr)
{
	struct store_query query;
	enum status status = open_change(store, which, action->id, &query, reterr);

	if (status != STATUS_OK)
		return status;
	bind_verbs(&query, action);
	store_query_bind_digest(&query, &action->digest);
	store_query_bind_span(&query, action->account_id);
	store_query_bind_span(&query, action->detail);
	bind_request(&query, action);
	store_query_bind_int(&query, is_open(action->state));
	return store_query_run(&query, reterr);
}

enum status store_action_update(
    struct store *store, const struct action *action, struct err *reterr)
{
	enum status status = update(store, STATEMENT_ACTION_UPDATE, action, reterr);

	if (status == STATUS_OK && sqlite3_changes(store->db) == 0)
		status = update(store, STATEMENT_ACTION_UPDATE_PLACE, action, reterr);
	return status;
}

static enum status set_state(struct store *store, enum store_statement which,
    const struct action *action, struct err *reterr)
{
	struct store_query query;
	enum status status = open_change(store, which, action->id, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_span(&query, span_of(action_state_name(action->state)));
	store_query_bind_int(&query, action->http_status);
	store_query_bind_span(&query, action->answer);
	store_query_bind_span(&query, action->request_id);
	store_query_bind_int(&query, action->attempts);
	store_query_bind_int(&query, action->at_ms);
	store_query_bind_int(&query, is_open(action->state));
	store_query_bind_span(&query, action->account_id);
	return store_query_run(&query, reterr);
}

enum status store_action_set_state(
    struct store *store, const struct action *action, struct err *reterr)
{
	enum status status = set_state(store, STATEMENT_ACTION_SET_STATE, action, reterr);

	if (status == STATUS_OK && sqlite3_changes(store->db) == 0)
		status = set_state(store, STATEMENT_ACTION_SET_STATE_PLACE, action, reterr);
	return status;
}

enum status store_action_delete(struct store *store, int64_t id, struct err *reterr)
{
	struct store_query query;
	enum status status = open_change(store, STATEMENT_ACTION_DELETE, id, &query, reterr);

	return status == STATUS_OK ? store_query_run(&query, reterr) : status;
}

static void read_verbs(struct store_query *query, struct action *action)
{
	int64_t rank = store_query_int(query);

	if (!action_kind_parse(store_query_span(query, NULL), &action->kind) ||
	    rank != (int64_t)action->kind)
		store_query_mark_wrong(query);
	if (!action_state_parse(store_query_span(query, NULL), &action->state))
		store_query_mark_wrong(query);
	if (!reason_code_parse(store_query_span(query, NULL), &action->reason))
		store_query_mark_wrong(query);
	action->attempts = (int)store_query_int_within(query, 0, INT_MAX);
	action->http_status = (int)store_query_int_within(query, 0, INT_MAX);
	action->at_ms = store_query_int(query);
	action->classes = (unsigned)store_query_int_within(
	    query, 0, (INT64_C(1) << GUARD_CLASS_COUNT) - 1);
	action->hold_id = store_query_int_within(query, 0, INT64_MAX);
}

struct action store_action_read(struct store_query *query, struct arena *arena)
{
	struct action action = { 0 };

	action.id = store_query_int(query);
	action.run_id = store_query_int(query);
	read_verbs(query, &action);
	action.key = store_query_uuid(query);
	action.digest = store_query_digest(query);
	action.account_id = store_query_span(query, arena);
	action.user_name = store_query_span(query, arena);
	action.directory = store_query_span(query, arena);
	action.dn = store_query_span(query, arena);
	action.detail = store_query_span(query, arena);
	action.request.method = store_query_span(query, arena);
	action.request.path = store_query_span(query, arena);
	action.request_id = store_query_span(query, arena);
	action.answer = store_query_span(query, arena);
	action.before = store_query_span(query, arena);
	action.after = store_query_span(query, arena);
	action.request.body = store_query_span(query, arena);
	return action;
}

enum status store_action_get(struct store *store, int64_t id, struct arena *arena,
    struct action *ret_action, bool *ret_found, struct err *reterr)
{
	struct store_query query;
	struct action action = { 0 };
	bool has_row = false;
	enum status status = store_query_open(store, STATEMENT_ACTION_GET, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, id);
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK && has_row)
		action = store_action_read(&query, arena);
	if (status == STATUS_OK)
		status = store_query_check(&query, reterr);
	store_query_close(&query);
	if (status != STATUS_OK)
		return status;
	*ret_found = has_row;
	if (has_row)
		*ret_action = action;
	return STATUS_OK;
}

/* Whether one kind of one run is asked for, as those do who go through a plan page by page. */
static bool is_of_one_kind(const struct action_query *wanted)
{
	bool is_one = wanted->kinds != 0 && (wanted->kinds & (wanted->kinds - 1)) == 0;

	return wanted->run_id != 0 && is_one &&
	       (wanted->after_id == 0 || wanted->kinds == UINT32_C(1) << wanted->after_kind);
}

/* The statement whose index fits. */
static enum store_statement choose_each(const struct action_query *wanted)
{
	if (wanted->hold_id != 0)
		return STATEMENT_ACTION_EACH_OF_HOLD;
	if (is_of_one_kind(wanted))
		return STATEMENT_ACTION_EACH_OF_KIND;
	if (wanted->states != 0 && (wanted->states & ~open_states) == 0)
		return STATEMENT_ACTION_EACH_OPEN;
	return wanted->run_id != 0 ? STATEMENT_ACTION_EACH_OF_RUN : STATEMENT_ACTION_EACH;
}

static void bind_wanted(struct store_query *query, const struct action_query *wanted)
{
	const uint32_t any = (UINT32_C(1) << 31) - 1;
	int64_t rank = wanted->after_id != 0 ? (int64_t)wanted->after_kind : -1;

	if (query->which == STATEMENT_ACTION_EACH_OF_KIND)
		rank = __builtin_ctz(wanted->kinds);
	store_query_bind_int(query, wanted->run_id);
	store_query_bind_int(query, rank);
	store_query_bind_int(query, wanted->after_id);
	store_query_bind_int(query, wanted->states != 0 ? wanted->states : any);
	store_query_bind_int(query, wanted->kinds != 0 ? wanted->kinds : any);
	store_query_bind_int(query, wanted->limit > 0 ? wanted->limit : -1);
	if (wanted->hold_id != 0)
		store_query_bind_int(query, wanted->hold_id);
}

enum status store_action_each(struct store *store, const struct action_query *wanted,
    void (*on_action)(void *context, const struct action *action), void *context,
    struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, choose_each(wanted), &query, reterr);

	if (status == STATUS_OK)
		bind_wanted(&query, wanted);
	while (status == STATUS_OK) {
		struct action action;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		action = store_action_read(&query, NULL);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_action(context, &action);
	}
	store_query_close(&query);
	return status;
}

static enum status count_class(struct store *store, enum store_statement which, int64_t first,
    enum guard_class class, uint64_t *ret_count, struct err *reterr)
{
	struct store_query query;
	int64_t count = 0;
	enum status status = store_query_open(store, which, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, first);
	store_query_bind_int(&query, guard_bit(class));
	status = store_query_run_number(&query, &count, reterr);
	if (status == STATUS_OK)
		*ret_count = (uint64_t)count;
	return status;
}

enum status store_action_count_planned(struct store *store, int64_t run_id, enum guard_class class,
    uint64_t *ret_count, struct err *reterr)
{
	return count_class(store, STATEMENT_ACTION_COUNT_PLANNED, run_id, class, ret_count, reterr);
}

enum status store_action_count_recent(struct store *store, enum guard_class class, int64_t since_ms,
    uint64_t *ret_count, struct err *reterr)
{
	return count_class(
	    store, STATEMENT_ACTION_COUNT_RECENT, since_ms, class, ret_count, reterr);
}

static void add_to_summary(struct store_query *query, struct plan_summary *summary)
{
	enum action_kind kind = ACTION_KIND_COUNT;
	enum action_state state = ACTION_STATE_COUNT;
	int64_t count;

	if (!action_kind_parse(store_query_span(query, NULL), &kind))
		store_query_mark_wrong(query);
	if (!action_state_parse(store_query_span(query, NULL), &state))
		store_query_mark_wrong(query);
	count = store_query_int(query);
	if (query->wrong == NULL)
		plan_summary_add(summary, kind, state, (uint64_t)count);
}

enum status store_action_summary(
    struct store *store, int64_t run_id, struct plan_summary *ret_summary, struct err *reterr)
{
	struct plan_summary summary = { 0 };
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_ACTION_SUMMARY, &query, reterr);

	if (status == STATUS_OK)
		store_query_bind_int(&query, run_id);
	while (status == STATUS_OK) {
		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		add_to_summary(&query, &summary);
		status = store_query_check(&query, reterr);
	}
	store_query_close(&query);
	if (status == STATUS_OK)
		*ret_summary = summary;
	return status;
}
