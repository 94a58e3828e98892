/* SPDX-License-Identifier: ISC */
/*
 * One use of a statement: bind, step, read, close.
 *
 * The kept statement serves one query at a time.  A callback that asks the same thing again while
 * the outer query is still open gets a statement of its own.
 */
#include "base/unicode.h"
#include "state/store_p.h"

#include <assert.h>

enum status store_check(const struct store *store, struct err *reterr)
{
	if (store->broken.text[0] != '\0') {
		err_set(reterr, "%s", store->broken.text);
		return STATUS_CORRUPT;
	}
	if (store->is_immutable && !store_file_is_unchanged(store)) {
		err_set(reterr, "state %s: another process changed it while it was read; try again",
		    store->path);
		return STATUS_RETRY;
	}
	return STATUS_OK;
}

enum status store_execute(
    struct store *store, const char *sql, const char *what, struct err *reterr)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_fault(store, what, reterr);
	return STATUS_OK;
}

enum status store_read_number(
    struct store *store, const char *sql, int64_t *ret_number, struct err *reterr)
{
	sqlite3_stmt *statement = NULL;
	enum status status = STATUS_OK;

	if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		status = store_fault(store, "opening it", reterr);
	else
		*ret_number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return status;
}

static int prepare(
    struct store *store, enum store_statement which, unsigned flags, sqlite3_stmt **ret_statement)
{
	return sqlite3_prepare_v3(
	    store->db, store_statement_texts[which].sql, -1, flags, ret_statement, NULL);
}

enum status store_query_open(struct store *store, enum store_statement which,
    struct store_query *ret_query, struct err *reterr)
{
	struct store_query query = { .store = store, .which = which };
	sqlite3_stmt **kept = &store->statements[which];
	int code = SQLITE_OK;

	enum status status = store_check(store, reterr);

	memset(ret_query, 0, sizeof(*ret_query));
	if (status != STATUS_OK)
		return status;
	if (*kept == NULL)
		code = prepare(store, which, SQLITE_PREPARE_PERSISTENT, kept);
	query.statement = *kept;
	if (code == SQLITE_OK && sqlite3_stmt_busy(*kept)) {
		code = prepare(store, which, 0, &query.statement);
		query.is_own = true;
	}
	if (code != SQLITE_OK)
		return store_fault(store, store_statement_texts[which].what, reterr);
	*ret_query = query;
	return STATUS_OK;
}

static void note_bind(struct store_query *query, int code)
{
	if (query->bind_code == SQLITE_OK)
		query->bind_code = code;
}

void store_query_bind_int(struct store_query *query, int64_t number)
{
	note_bind(query, sqlite3_bind_int64(query->statement, ++query->bound, number));
}

void store_query_bind_span(struct store_query *query, struct span text)
{
	int place = ++query->bound;

	if (text.at == NULL)
		note_bind(query, sqlite3_bind_null(query->statement, place));
	else
		note_bind(query, sqlite3_bind_text64(query->statement, place, text.at, text.len,
				     SQLITE_STATIC, SQLITE_UTF8));
}

void store_query_bind_bytes(struct store_query *query, const void *bytes, size_t size)
{
	note_bind(query,
	    sqlite3_bind_blob64(query->statement, ++query->bound, bytes, size, SQLITE_STATIC));
}

void store_query_bind_uuid(struct store_query *query, const struct uuid *uuid)
{
	store_query_bind_bytes(query, uuid->byte, sizeof(uuid->byte));
}

void store_query_bind_digest(struct store_query *query, const struct digest *digest)
{
	store_query_bind_bytes(query, digest->byte, sizeof(digest->byte));
}

enum status store_query_next(struct store_query *query, bool *ret_has_row, struct err *reterr)
{
	const char *what = store_statement_texts[query->which].what;
	int code;

	if (query->bind_code != SQLITE_OK) {
		err_set(reterr, "state %s: %s: a value is too large", query->store->path, what);
		return STATUS_REJECT;
	}
	code = sqlite3_step(query->statement);
	query->column = 0;
	query->wrong = NULL;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return store_fault(query->store, what, reterr);
	*ret_has_row = code == SQLITE_ROW;
	return code == SQLITE_ROW ? STATUS_OK : store_check(query->store, reterr);
}

/* @return the place of the next column; a wrong type makes the query wrong */
static int next_column(struct store_query *query, int type)
{
	int place = query->column++;

	assert(place < sqlite3_column_count(query->statement));
	if (sqlite3_column_type(query->statement, place) != type)
		store_query_mark_wrong(query);
	return place;
}

void store_query_mark_wrong(struct store_query *query)
{
	if (query->wrong == NULL)
		query->wrong = sqlite3_column_name(query->statement, query->column - 1);
}

int64_t store_query_int(struct store_query *query)
{
	return sqlite3_column_int64(query->statement, next_column(query, SQLITE_INTEGER));
}

int64_t store_query_int_within(struct store_query *query, int64_t low, int64_t high)
{
	int64_t number = store_query_int(query);

	if (number >= low && number <= high)
		return number;
	store_query_mark_wrong(query);
	return low;
}

bool store_query_bool(struct store_query *query)
{
	return store_query_int_within(query, 0, 1) == 1;
}

struct span store_query_span(struct store_query *query, struct arena *arena)
{
	int place = query->column;
	struct span text;

	if (sqlite3_column_type(query->statement, place) == SQLITE_NULL) {
		query->column++;
		return SPAN_NULL;
	}
	(void)next_column(query, SQLITE_TEXT);
	text.at = (const char *)sqlite3_column_text(query->statement, place);
	text.len = (size_t)sqlite3_column_bytes(query->statement, place);
	return arena == NULL ? text : arena_span(arena, text);
}

void store_query_bytes(struct store_query *query, void *bytes, size_t size)
{
	int place = next_column(query, SQLITE_BLOB);

	if (query->wrong == NULL && sqlite3_column_bytes(query->statement, place) != (int)size)
		store_query_mark_wrong(query);
	if (query->wrong == NULL)
		memcpy(bytes, sqlite3_column_blob(query->statement, place), size);
}

struct uuid store_query_uuid(struct store_query *query)
{
	struct uuid uuid = { 0 };

	store_query_bytes(query, uuid.byte, sizeof(uuid.byte));
	return uuid;
}

struct digest store_query_digest(struct store_query *query)
{
	struct digest digest = { 0 };

	store_query_bytes(query, digest.byte, sizeof(digest.byte));
	return digest;
}

enum status store_query_check(struct store_query *query, struct err *reterr)
{
	if (query->wrong == NULL)
		return STATUS_OK;
	err_set(reterr,
	    "state %s: %s: a row has a \"%s\" that cannot be; restore the file from a backup, or "
	    "move it away and run a reconcile",
	    query->store->path, store_statement_texts[query->which].what, query->wrong);
	return STATUS_CORRUPT;
}

void store_query_close(struct store_query *query)
{
	if (query->statement != NULL && query->is_own) {
		(void)sqlite3_finalize(query->statement);
	} else if (query->statement != NULL) {
		/* The error was told by the step; parameters look at memory of the caller. */
		(void)sqlite3_reset(query->statement);
		(void)sqlite3_clear_bindings(query->statement);
	}
	query->statement = NULL;
}

enum status store_query_run(struct store_query *query, struct err *reterr)
{
	bool has_row = false;
	enum status status = store_query_next(query, &has_row, reterr);

	assert(!has_row);
	store_query_close(query);
	return status;
}

enum status store_query_run_number(
    struct store_query *query, int64_t *ret_number, struct err *reterr)
{
	bool has_row = false;
	enum status status = store_query_next(query, &has_row, reterr);
	int64_t number = 0;

	if (status == STATUS_OK && has_row)
		number = store_query_int(query);
	if (status == STATUS_OK)
		status = store_query_check(query, reterr);
	if (status == STATUS_OK)
		*ret_number = number;
	store_query_close(query);
	return status;
}

struct span store_fold(struct store *store, int scratch, struct span text)
{
	struct str *folded = &store->scratch[scratch];

	if (text.at == NULL)
		return text;
	str_truncate(folded, 0);
	if (!utf8_fold(text, folded))
		str_add(folded, text);
	return str_span(folded);
}
