/* SPDX-License-Identifier: ISC */
/*
 * The snapshot.
 *
 * A dry run sees the links of the file and nothing else: what it writes to them is checked and
 * then dropped, for no later step of a dry run reads it back.
 */
#include "core/account.h"
#include "core/dn.h"
#include "state/store_p.h"

#include <assert.h>

enum status store_link_count(struct store *store, uint64_t *ret_count, struct err *reterr)
{
	struct store_query query;
	int64_t count = 0;
	enum status status = store_query_open(store, STATEMENT_LINK_COUNT, &query, reterr);

	if (status == STATUS_OK)
		status = store_query_run_number(&query, &count, reterr);
	if (status == STATUS_OK)
		*ret_count = (uint64_t)count;
	return status;
}

/* The columns of STATEMENT_LINK_EACH, with which those of a whole link begin. */
static struct link_brief read_brief(struct store_query *query, int64_t *ret_missing_since_ms)
{
	struct link_brief brief;

	brief.key = store_query_uuid(query);
	brief.digest = store_query_digest(query);
	brief.directory = (uint8_t)store_query_int_within(query, 0, UINT8_MAX);
	brief.is_active = store_query_bool(query);
	*ret_missing_since_ms = store_query_int(query);
	brief.is_pending_leave = *ret_missing_since_ms != 0;
	brief.dn_mark = (uint32_t)store_query_int_within(query, 0, UINT32_MAX);
	return brief;
}

void store_link_read(struct store_query *query, struct arena *arena, struct link *ret_link)
{
	int64_t missing_since_ms;
	struct link_brief brief = read_brief(query, &missing_since_ms);

	*ret_link = (struct link) {
		.key = brief.key,
		.digest = brief.digest,
		.directory = brief.directory,
		.is_active = brief.is_active,
		.missing_since_ms = missing_since_ms,
	};
	ret_link->changed_ms = store_query_int(query);
	ret_link->account_id = store_query_span(query, arena);
	ret_link->user_name = store_query_span(query, arena);
	ret_link->dn = store_query_span(query, arena);
	ret_link->acknowledged = store_query_span(query, arena);
}

enum status store_link_each(struct store *store,
    void (*on_link)(void *context, const struct link_brief *brief), void *context,
    struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_LINK_EACH, &query, reterr);

	while (status == STATUS_OK) {
		struct link_brief brief;
		int64_t missing_since_ms;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		brief = read_brief(&query, &missing_since_ms);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_link(context, &brief);
	}
	store_query_close(&query);
	return status;
}

enum status store_link_each_dn(struct store *store,
    void (*on_dn)(void *context, const struct uuid *key, struct span dn), void *context,
    struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	enum status status = store_query_open(store, STATEMENT_LINK_DNS, &query, reterr);

	while (status == STATUS_OK) {
		struct uuid key;
		struct span dn;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		key = store_query_uuid(&query);
		dn = store_query_span(&query, NULL);
		status = store_query_check(&query, reterr);
		if (status == STATUS_OK)
			on_dn(context, &key, dn);
	}
	store_query_close(&query);
	return status;
}

/* Reads the row of a query that has at most one, and closes. */
static enum status read_one(struct store_query *query, struct arena *arena, struct link *ret_link,
    bool *ret_found, struct err *reterr)
{
	struct link link = { 0 };
	bool has_row = false;
	enum status status = store_query_next(query, &has_row, reterr);

	if (status == STATUS_OK && has_row)
		store_link_read(query, arena, &link);
	if (status == STATUS_OK)
		status = store_query_check(query, reterr);
	store_query_close(query);
	if (status != STATUS_OK)
		return status;
	*ret_found = has_row;
	if (has_row)
		*ret_link = link;
	return STATUS_OK;
}

enum status store_link_get(struct store *store, const struct uuid *key, struct arena *arena,
    struct link *ret_link, bool *ret_found, struct err *reterr)
{
	struct store_query query;
	enum status status = store_query_open(store, STATEMENT_LINK_GET, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_uuid(&query, key);
	return read_one(&query, arena, ret_link, ret_found, reterr);
}

static enum status find_by_account_id(struct store *store, struct span value, struct arena *arena,
    struct link *ret_link, bool *ret_found, struct err *reterr)
{
	struct store_query query;
	enum status status = store_query_open(store, STATEMENT_LINK_BY_ACCOUNT_ID, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_span(&query, value);
	return read_one(&query, arena, ret_link, ret_found, reterr);
}

/* By a text that several may have, regardless of case. */
static enum status find_by_name(struct store *store, enum store_statement which, struct span value,
    struct arena *arena, struct link *ret_links, size_t cap, size_t *ret_count, struct err *reterr)
{
	struct store_query query;
	bool has_row = true;
	size_t count = 0;
	enum status status = store_query_open(store, which, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_span(&query, store_fold(store, 0, value));
	store_query_bind_int(&query, (int64_t)cap);
	while (status == STATUS_OK && count < cap) {
		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		store_link_read(&query, arena, &ret_links[count++]);
		status = store_query_check(&query, reterr);
	}
	store_query_close(&query);
	if (status == STATUS_OK)
		*ret_count = count;
	return status;
}

/* DNs have no index: only people ask by them. @return STATUS_OK with the key when there is one */
static enum status find_dn(
    struct store *store, struct span dn, struct uuid *ret_key, bool *ret_found, struct err *reterr)
{
	struct str *wanted = &store->scratch[0], *normal = &store->scratch[1];
	struct store_query query;
	bool has_row = true, is_found = false;
	enum status status = store_query_open(store, STATEMENT_LINK_DNS, &query, reterr);

	str_truncate(wanted, 0);
	dn_normalize(dn, wanted);
	while (status == STATUS_OK && !is_found) {
		struct uuid key;

		status = store_query_next(&query, &has_row, reterr);
		if (status != STATUS_OK || !has_row)
			break;
		key = store_query_uuid(&query);
		str_truncate(normal, 0);
		dn_normalize(store_query_span(&query, NULL), normal);
		status = store_query_check(&query, reterr);
		is_found = status == STATUS_OK && span_equal(str_span(wanted), str_span(normal));
		if (is_found)
			*ret_key = key;
	}
	store_query_close(&query);
	if (status == STATUS_OK)
		*ret_found = is_found;
	return status;
}

static enum status find_by_dn(struct store *store, struct span dn, struct arena *arena,
    struct link *ret_link, bool *ret_found, struct err *reterr)
{
	struct uuid key;
	bool is_found = false;
	enum status status = find_dn(store, dn, &key, &is_found, reterr);

	if (status != STATUS_OK)
		return status;
	if (is_found)
		return store_link_get(store, &key, arena, ret_link, ret_found, reterr);
	*ret_found = false;
	return STATUS_OK;
}

enum status store_link_find_several(struct store *store, enum link_field field, struct span value,
    struct arena *arena, struct link *ret_links, size_t cap, size_t *ret_count, struct err *reterr)
{
	bool is_found = false;
	enum status status = STATUS_OK;

	switch (field) {
	case LINK_BY_USER_NAME:
		return find_by_name(store, STATEMENT_LINK_BY_USER_NAME, value, arena, ret_links,
		    cap, ret_count, reterr);
	case LINK_BY_EXTERNAL_ID:
		return find_by_name(store, STATEMENT_LINK_BY_EXTERNAL_ID, value, arena, ret_links,
		    cap, ret_count, reterr);
	case LINK_BY_ACCOUNT_ID:
		status = find_by_account_id(store, value, arena, ret_links, &is_found, reterr);
		break;
	case LINK_BY_DN:
		status = find_by_dn(store, value, arena, ret_links, &is_found, reterr);
		break;
	}
	if (status == STATUS_OK)
		*ret_count = is_found ? 1 : 0;
	return status;
}

enum status store_link_find(struct store *store, enum link_field field, struct span value,
    struct arena *arena, struct link *ret_link, bool *ret_found, struct err *reterr)
{
	size_t count = 0;
	enum status status = store_link_find_several(
	    store, field, value, arena, ret_link, 1, &count, reterr);

	if (status == STATUS_OK)
		*ret_found = count > 0;
	return status;
}

/* Refuses an account that is linked to another key. */
static enum status check_owner(struct store *store, const struct link *link, struct err *reterr)
{
	struct store_query query;
	struct uuid owner = link->key;
	bool has_row = false;
	char text[UUID_TEXT_SIZE];
	enum status status = store_query_open(store, STATEMENT_LINK_OWNER, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_span(&query, link->account_id);
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK && has_row)
		owner = store_query_uuid(&query);
	if (status == STATUS_OK)
		status = store_query_check(&query, reterr);
	store_query_close(&query);
	if (status != STATUS_OK || uuid_compare(&owner, &link->key) == 0)
		return status;
	uuid_format(&owner, text);
	err_set(reterr, "the account %.*s is linked to the entry %s already",
	    SPAN_ARG(link->account_id), text);
	return STATUS_REJECT;
}

/* The columns that have indexes besides the one by key. */
struct names {
	struct span account_id, user_name_folded, external_id_folded;
};

static bool names_equal(const struct names *a, const struct names *b)
{
	return span_equal(a->account_id, b->account_id) &&
	       span_equal(a->user_name_folded, b->user_name_folded) &&
	       span_equal(a->external_id_folded, b->external_id_folded);
}

/* Where the text of a member begins in a canonical account: a quote in a value is escaped there. */
#define EXTERNAL_ID_MEMBER ",\"externalId\":\""

/* Takes the externalId out of a canonical account; one with an escape in it takes the long way. */
static enum status read_external_id(
    struct store *store, struct span acknowledged, struct span *ret_external_id, struct err *reterr)
{
	const struct span member = SPAN(EXTERNAL_ID_MEMBER);
	const char *at = memmem(acknowledged.at, acknowledged.len, member.at, member.len);
	struct account account;
	struct span rest;
	enum status status;

	*ret_external_id = SPAN_NULL;
	if (at == NULL)
		return STATUS_OK;
	rest.at = at + member.len;
	rest.len = (size_t)(acknowledged.at + acknowledged.len - rest.at);
	rest.len = span_find(rest, '"');
	if (span_find(rest, '\\') == rest.len) {
		*ret_external_id = rest;
		return STATUS_OK;
	}
	arena_reset(store->arena);
	status = account_decode(acknowledged, store->arena, &account, reterr);
	if (status == STATUS_OK)
		*ret_external_id = account.text[ACCOUNT_EXTERNAL_ID];
	return status;
}

static enum status make_names(
    struct store *store, const struct link *link, struct names *ret_names, struct err *reterr)
{
	struct span external_id;
	enum status status = read_external_id(store, link->acknowledged, &external_id, reterr);

	if (status != STATUS_OK)
		return status;
	ret_names->account_id = link->account_id;
	ret_names->user_name_folded = store_fold(store, 0, link->user_name);
	ret_names->external_id_folded = store_fold(store, 1, external_id);
	return STATUS_OK;
}

/*
 * Chooses how to write a link. SQLite moves the entry of every index whose columns an UPDATE names,
 * changed or not; names rarely change, and leaving them out makes the write three times as fast.
 *
 * @param ret_row  the number of the row; 0: there is none
 */
static enum status choose_write(struct store *store, const struct uuid *key,
    const struct names *names, enum store_statement *ret_which, int64_t *ret_row,
    struct err *reterr)
{
	struct store_query query;
	struct names found;
	bool has_row = false, is_same = false;
	int64_t row = 0;
	enum status status = store_query_open(store, STATEMENT_LINK_NAMES, &query, reterr);

	if (status != STATUS_OK)
		return status;
	store_query_bind_uuid(&query, key);
	status = store_query_next(&query, &has_row, reterr);
	if (status == STATUS_OK && has_row) {
		row = store_query_int(&query);
		found.account_id = store_query_span(&query, NULL);
		found.user_name_folded = store_query_span(&query, NULL);
		found.external_id_folded = store_query_span(&query, NULL);
		is_same = names_equal(&found, names);
		status = store_query_check(&query, reterr);
	}
	store_query_close(&query);
	if (status != STATUS_OK)
		return status;
	*ret_row = row;
	*ret_which = !has_row  ? STATEMENT_LINK_INSERT
		     : is_same ? STATEMENT_LINK_UPDATE
			       : STATEMENT_LINK_UPDATE_NAMES;
	return STATUS_OK;
}

static enum status write_link(
    struct store *store, const struct link *link, const struct names *names, struct err *reterr)
{
	enum store_statement which = STATEMENT_LINK_INSERT;
	struct store_query query;
	int64_t row = 0;
	enum status status = choose_write(store, &link->key, names, &which, &row, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, which, &query, reterr);
	if (status != STATUS_OK)
		return status;
	if (which == STATEMENT_LINK_INSERT)
		store_query_bind_uuid(&query, &link->key);
	else
		store_query_bind_int(&query, row);
	store_query_bind_digest(&query, &link->digest);
	store_query_bind_int(&query, link->directory);
	store_query_bind_int(&query, link->is_active);
	store_query_bind_int(&query, link->missing_since_ms);
	store_query_bind_int(&query, link->changed_ms);
	store_query_bind_span(&query, link->user_name);
	store_query_bind_span(&query, link->dn);
	store_query_bind_span(&query, link->acknowledged);
	store_query_bind_int(&query, hash_mark(link->dn));
	if (which != STATEMENT_LINK_UPDATE) {
		store_query_bind_span(&query, names->account_id);
		store_query_bind_span(&query, names->user_name_folded);
		store_query_bind_span(&query, names->external_id_folded);
	}
	return store_query_run(&query, reterr);
}

enum status store_link_put(struct store *store, const struct link *link, struct err *reterr)
{
	struct names names;
	enum status status = store_begin(store, reterr);

	assert(link->account_id.at != NULL && link->acknowledged.at != NULL);
	if (status != STATUS_OK)
		return status;
	if (store->mode == STORE_DRY_RUN)
		return check_owner(store, link, reterr);
	status = make_names(store, link, &names, reterr);
	if (status == STATUS_OK)
		status = write_link(store, link, &names, reterr);
	/* Say whose account it is, when that was the reason. */
	if (status == STATUS_REJECT && check_owner(store, link, reterr) == STATUS_CORRUPT)
		status = STATUS_CORRUPT;
	return status;
}

/* Opens a query that changes one link. */
static enum status open_change(struct store *store, enum store_statement which,
    const struct uuid *key, struct store_query *ret_query, struct err *reterr)
{
	enum status status = store_begin(store, reterr);

	if (status == STATUS_OK)
		status = store_query_open(store, which, ret_query, reterr);
	if (status == STATUS_OK)
		store_query_bind_uuid(ret_query, key);
	return status;
}

enum status store_link_delete(struct store *store, const struct uuid *key, struct err *reterr)
{
	struct store_query query;
	enum status status;

	if (store->mode == STORE_DRY_RUN)
		return store_check(store, reterr);
	status = open_change(store, STATEMENT_LINK_DELETE, key, &query, reterr);
	return status == STATUS_OK ? store_query_run(&query, reterr) : status;
}

enum status store_link_set_missing(
    struct store *store, const struct uuid *key, int64_t since_ms, struct err *reterr)
{
	struct store_query query;
	enum status status;

	if (store->mode == STORE_DRY_RUN)
		return store_check(store, reterr);
	status = open_change(store, STATEMENT_LINK_SET_MISSING, key, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_int(&query, since_ms);
	return store_query_run(&query, reterr);
}

enum status store_link_set_dn(
    struct store *store, const struct uuid *key, struct span dn, struct err *reterr)
{
	struct store_query query;
	enum status status;

	if (store->mode == STORE_DRY_RUN)
		return store_check(store, reterr);
	status = open_change(store, STATEMENT_LINK_SET_DN, key, &query, reterr);
	if (status != STATUS_OK)
		return status;
	store_query_bind_span(&query, dn);
	store_query_bind_int(&query, hash_mark(dn));
	return store_query_run(&query, reterr);
}
