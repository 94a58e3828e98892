/* SPDX-License-Identifier: ISC */
/*
 * Small named texts.  The numbers of the directories are among them, as "directory/NAME"; they are
 * never taken away, so the next number is how many there are, and one more.
 */
#include "state/store_p.h"

#include <stdio.h>

#define DIRECTORY_PREFIX "directory/"

enum { DIRECTORY_NUMBER_MAX = 255 };

static enum status get(struct store *store, struct span name, struct arena *arena,
    struct span *ret_value, struct err *reterr)
{
	struct store_query query;
	struct span value = SPAN_NULL;
	bool has_row = false;
	enum status status = store_query_open(store, STATEMENT_META_GET, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_span(&query, name);
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK && has_row)
		value = store_query_span(&query, arena);
	if (status == STATUS_OK)
		status = store_query_check(&query, reterr);
	store_query_close(&query);
	if (status == STATUS_OK)
		*ret_value = value;
	return status;
}

static enum status put(struct store *store, struct span name, struct span value, struct err *reterr)
{
	enum store_statement which = value.at == NULL ? STATEMENT_META_DELETE : STATEMENT_META_PUT;
	struct store_query query;
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, which, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_span(&query, name);
	if (value.at != NULL)
		store_query_bind_span(&query, value);
	return store_query_run(&query, reterr);
}

enum status store_meta_get(struct store *store, const char *name, struct arena *arena,
    struct span *ret_value, struct err *reterr)
{
	return get(store, span_of(name), arena, ret_value, reterr);
}

enum status store_meta_put(
    struct store *store, const char *name, struct span value, struct err *reterr)
{
	return put(store, span_of(name), value, reterr);
}

static enum status count_directories(struct store *store, int64_t *ret_count, struct err *reterr)
{
	struct store_query query;
	enum status status = store_query_open(store, STATEMENT_META_COUNT_PREFIX, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_span(&query, SPAN(DIRECTORY_PREFIX));
	return store_query_run_number(&query, ret_count, reterr);
}

/* Gives the next number. A store that is only read gives it without writing it down. */
static enum status number_directory(
    struct store *store, struct span meta_name, uint8_t *ret_number, struct err *reterr)
{
	enum status status;
	int64_t count = 0;
	char text[16];

	status = count_directories(store, &count, reterr);
	if (status != STATUS_OK)
		return status;
	if (count >= DIRECTORY_NUMBER_MAX) {
		err_set(reterr, "state %s: it knows %d directories already, and no more fit",
		    store->path, DIRECTORY_NUMBER_MAX);
		return STATUS_REJECT;
	}
	(void)snprintf(text, sizeof(text), "%d", (int)count + 1);
	if (store->mode != STORE_READ)
		status = put(store, meta_name, span_of(text), reterr);
	if (status == STATUS_OK)
		*ret_number = (uint8_t)(count + 1);
	return status;
}

static enum status read_number(
    const struct store *store, struct span text, uint8_t *ret_number, struct err *reterr)
{
	uint64_t number;

	if (span_to_u64(text, &number) && number >= 1 && number <= DIRECTORY_NUMBER_MAX) {
		*ret_number = (uint8_t)number;
		return STATUS_OK;
	}
	err_set(reterr,
	    "state %s: the number of a directory is \"%.*s\"; restore the file from a "
	    "backup, or move it away and run a reconcile",
	    store->path, SPAN_ARG(text));
	return STATUS_CORRUPT;
}

enum status store_directory_number(
    struct store *store, struct span name, uint8_t *ret_number, struct err *reterr)
{
	struct str meta_name = { 0 };
	struct span text = SPAN_NULL;
	enum status status;

	str_add(&meta_name, SPAN(DIRECTORY_PREFIX));
	str_add(&meta_name, name);
	arena_reset(store->arena);
	status = get(store, str_span(&meta_name), store->arena, &text, reterr);
	if (status == STATUS_OK && text.at != NULL)
		status = read_number(store, text, ret_number, reterr);
	else if (status == STATUS_OK)
		status = number_directory(store, str_span(&meta_name), ret_number, reterr);
	str_done(&meta_name);
	return status;
}
