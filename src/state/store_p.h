/* SPDX-License-Identifier: ISC */
/*
 * What the files of the room state share: the open store, its statements, and its faults.
 *
 * A statement is prepared at first use and kept.  Whoever uses one opens a query, binds the
 * parameters in order, steps, reads the columns in order, and closes; nothing else touches a
 * sqlite3_stmt.
 *
 *     struct store_query query;
 *
 *     status = store_query_open(store, STATEMENT_META_GET, &query, reterr);
 *     store_query_bind_span(&query, name);
 *     status = store_query_next(&query, &has_row, reterr);
 *     value = store_query_span(&query, arena);
 *     status = store_query_check(&query, reterr);
 *     store_query_close(&query);
 *
 * What a row holds is not believed: a column of the wrong type, size or range makes the query
 * wrong, and store_query_check says which column it was.
 */
#ifndef STATE_STORE_P_H
#define STATE_STORE_P_H

#include "core/port_store.h"
#include <sqlite3.h>
#include <stddef.h>
#include <sys/stat.h>

enum {
	STORE_SCHEMA_VERSION = 1,
	STORE_APPLICATION_ID = 0x73636d77, /* "scmw" */
};

/* In the order of statements.c. */
enum store_statement {
	STATEMENT_META_GET,
	STATEMENT_META_PUT,
	STATEMENT_META_DELETE,
	STATEMENT_META_COUNT_PREFIX,
	STATEMENT_LINK_COUNT,
	STATEMENT_LINK_COUNT_ACTIVE,
	STATEMENT_LINK_EACH,
	STATEMENT_LINK_GET,
	STATEMENT_LINK_BY_ACCOUNT_ID,
	STATEMENT_LINK_BY_USER_NAME,
	STATEMENT_LINK_BY_EXTERNAL_ID,
	STATEMENT_LINK_DNS,
	STATEMENT_LINK_OWNER,
	STATEMENT_LINK_NAMES,
	STATEMENT_LINK_UPDATE,
	STATEMENT_LINK_UPDATE_NAMES,
	STATEMENT_LINK_INSERT,
	STATEMENT_LINK_DELETE,
	STATEMENT_LINK_SET_MISSING,
	STATEMENT_LINK_SET_DN,
	STATEMENT_QUARANTINE_GET,
	STATEMENT_QUARANTINE_PUT,
	STATEMENT_QUARANTINE_DELETE,
	STATEMENT_QUARANTINE_EACH,
	STATEMENT_QUARANTINE_COUNT,
	STATEMENT_RUN_START,
	STATEMENT_RUN_UPDATE,
	STATEMENT_RUN_EACH,
	STATEMENT_RUN_EACH_DEAD,
	STATEMENT_RUN_END_DEAD,
	STATEMENT_RUN_FIRST_END,
	STATEMENT_RUN_REMOVE_OLD,
	STATEMENT_ACTION_LAST,
	STATEMENT_ACTION_ADD,
	STATEMENT_ACTION_UPDATE,
	STATEMENT_ACTION_UPDATE_PLACE,
	STATEMENT_ACTION_SET_STATE,
	STATEMENT_ACTION_SET_STATE_PLACE,
	STATEMENT_ACTION_GET,
	STATEMENT_ACTION_DELETE,
	STATEMENT_ACTION_REMOVE_OLD,
	STATEMENT_ACTION_EACH_OF_RUN,
	STATEMENT_ACTION_EACH_OF_KIND,
	STATEMENT_ACTION_EACH_OPEN,
	STATEMENT_ACTION_EACH_OF_HOLD,
	STATEMENT_ACTION_EACH,
	STATEMENT_ACTION_COUNT_UNSETTLED,
	STATEMENT_ACTION_SUMMARY,
	STATEMENT_ACTION_COUNT_PLANNED,
	STATEMENT_ACTION_COUNT_RECENT,
	STATEMENT_HOLD_ADD,
	STATEMENT_HOLD_SEAL,
	STATEMENT_HOLD_EACH_SETTLED,
	STATEMENT_HOLD_END_SETTLED,
	STATEMENT_HOLD_DECIDE,
	STATEMENT_HOLD_GET,
	STATEMENT_HOLD_EACH,
	STATEMENT_HOLD_EACH_UNRECORDED,
	STATEMENT_HOLD_MARK_RECORDED,
	STATEMENT_HOLD_COUNT,
	STATEMENT_HOLD_ACTIONS,
	STATEMENT_AUDIT_ADD,
	STATEMENT_AUDIT_FIRST,
	STATEMENT_AUDIT_LAST,
	STATEMENT_AUDIT_FIRST_SINCE,
	STATEMENT_AUDIT_HASH,
	STATEMENT_AUDIT_EACH,
	STATEMENT_AUDIT_REMOVE,
	STATEMENT_OBSERVED_CLEAR,
	STATEMENT_OBSERVED_PUT,
	STATEMENT_OBSERVED_COUNT,
	STATEMENT_OBSERVED_EACH,
	STATEMENT_OBSERVED_BY_ID,
	STATEMENT_OBSERVED_BY_USER_NAME,
	STATEMENT_OBSERVED_BY_EXTERNAL_ID,
	STATEMENT_OBSERVED_ORPHANS,
	STATEMENT_OBSERVED_LINKED,
	STATEMENT_OBSERVED_MISSING,
	STATEMENT_RECORD_EACH,
	STATEMENT_RECORD_EACH_OF_KEY,
	STATEMENT_RECORD_EACH_RUN,
	STATEMENT_RECORD_EACH_HOLD,
	STATEMENT_RECORD_EACH_LINK,
	STATEMENT_RECORD_EACH_GRANT,
	STATEMENT_COUNT,
};

/* What a statement says, and what it does in words for messages ("reading a link"). */
struct store_statement_text {
	const char *sql;
	const char *what;
};

extern const struct store_statement_text store_statement_texts[STATEMENT_COUNT];

/* What the open transaction covers. */
enum store_transaction {
	TRANSACTION_NONE,
	TRANSACTION_TEMPORARY, /* temporary tables only: takes no lock on the file */
	TRANSACTION_FILE,
	TRANSACTION_DRY_RUN, /* one view of the file from open to close; never committed */
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT]; /* NULL until first used */
	char *path;                                /* owned */
	int lock_fd;                               /* -1: none */
	enum store_mode mode;
	enum store_transaction transaction;
	bool exists;             /* there is a file behind it */
	bool is_immutable;       /* read without locks: the file must not change meanwhile */
	struct stat opened;      /* how an immutable file looked */
	struct err broken;       /* the first fault that the store does not survive; "": none */
	int schema_version;      /* of the file */
	int64_t last_action_id;  /* -1: not looked up yet */
	struct audit_head audit; /* where the trail ends; only its writer appends to it */
	bool has_audit_head;     /* it was looked up */
	struct str scratch[2];   /* folded texts on their way into a statement */
	struct str json;         /* an account on its way in */
	struct arena *arena;     /* what is read and forgotten within one call */
};

/* ---- file.c: names, locks and modes ---- */

/**
 * Where root is at work in another user's directory: refuses a database that is a link there, and
 * links beside it, by which that user could have root change files elsewhere.
 *
 * @return STATUS_CORRUPT: there is such a link
 */
enum status store_file_refuse_links(const struct store *store, struct err *reterr);

/** Takes the lock beside the file. @return STATUS_OK; STATUS_RETRY: it is taken; STATUS_CORRUPT */
enum status store_file_lock(struct store *store, struct err *reterr);

/** Makes the file (mode 0600) when there is none, and takes rights of others away when there is. */
enum status store_file_prepare(struct store *store, struct err *reterr);

/** Whether there is a file with content; notes how it looks. @return STATUS_CORRUPT: it cannot be
 * told */
enum status store_file_look(struct store *store, bool *ret_has_content, struct err *reterr);

/** Whether a writer runs, or ended without folding its write-ahead log into the file. */
bool store_file_has_log(const struct store *store);

/** Whether the file still looks as it did when it was opened. */
bool store_file_is_unchanged(const struct store *store);

/* ---- schema.c ---- */

/** Brings the file to our version in one transaction. @return STATUS_CORRUPT: newer, or not ours */
enum status store_schema_migrate(struct store *store, struct err *reterr);

/** Checks that a file that is only read has our version; `*ret_is_empty`: it has no tables yet. */
enum status store_schema_check(struct store *store, bool *ret_is_empty, struct err *reterr);

/** Makes the temporary tables of an open store, for a dry run those that hide the file's too. */
enum status store_schema_make_temporary(struct store *store, struct err *reterr);

/* ---- store.c ---- */

/** Opens the transaction of a write to the file. @return STATUS_RETRY: another process is writing
 */
enum status store_begin(struct store *store, struct err *reterr);

/** Opens the transaction of a write to temporary tables alone. */
enum status store_begin_temporary(struct store *store, struct err *reterr);

/* ---- fault.c ---- */

/**
 * Turns SQLite's last error into a status and words.
 *
 * A fault that the store does not survive rolls back what is not committed, and every later write
 * and commit answers with it again.
 *
 * @param what  what was tried ("writing a link")
 * @return STATUS_RETRY: busy, or changed while it was read; STATUS_REJECT: one value is too large,
 * or taken; STATUS_CORRUPT
 */
enum status store_fault(struct store *store, const char *what, struct err *reterr);

/* ---- query.c ---- */

struct store_query {
	struct store *store;
	enum store_statement which;
	sqlite3_stmt *statement;
	bool is_own;   /* the kept one was in use: this one goes with the query */
	int bound;     /* parameters bound so far */
	int column;    /* columns read of this row */
	int bind_code; /* of the first parameter that could not be bound: too large; or SQLITE_OK */
	const char *wrong; /* first column that is not what it must be; NULL: none */
};

/**
 * Whether the store can still be used.
 *
 * @return STATUS_OK; STATUS_CORRUPT: it broke before; STATUS_RETRY: an immutable file changed
 */
enum status store_check(const struct store *store, struct err *reterr);

/** Runs SQL that gives no rows. @param what  as in store_fault */
enum status store_execute(
    struct store *store, const char *sql, const char *what, struct err *reterr);

/** Reads one number that SQL gives. */
enum status store_read_number(
    struct store *store, const char *sql, int64_t *ret_number, struct err *reterr);

/** Starts a use of a statement. After STATUS_OK the query must be closed. */
enum status store_query_open(struct store *store, enum store_statement which,
    struct store_query *ret_query, struct err *reterr);

void store_query_bind_int(struct store_query *query, int64_t number); /**< the next parameter */
void store_query_bind_span(
    struct store_query *query, struct span text); /**< borrowed until closed */
void store_query_bind_uuid(struct store_query *query, const struct uuid *uuid); /**< likewise */
void store_query_bind_digest(
    struct store_query *query, const struct digest *digest); /**< likewise */
void store_query_bind_bytes(
    struct store_query *query, const void *bytes, size_t size); /**< likewise */

/** Steps to the next row. `*ret_has_row` is false at the end. */
enum status store_query_next(struct store_query *query, bool *ret_has_row, struct err *reterr);

int64_t store_query_int(struct store_query *query); /**< the next column */
/** The next column, from `low` to `high`; another number makes the query wrong. */
int64_t store_query_int_within(struct store_query *query, int64_t low, int64_t high);
bool store_query_bool(struct store_query *query); /**< the next column */
/** The next column. @param arena  holds the text; NULL: it lives until the next step */
struct span store_query_span(struct store_query *query, struct arena *arena);
struct uuid store_query_uuid(struct store_query *query);     /**< the next column */
struct digest store_query_digest(struct store_query *query); /**< the next column */
void store_query_bytes(
    struct store_query *query, void *bytes, size_t size); /**< the next column, of that size */
/** Makes the query wrong because of the column read last. */
void store_query_mark_wrong(struct store_query *query);

/** Says STATUS_CORRUPT when a column of the row was not what it must be. */
enum status store_query_check(struct store_query *query, struct err *reterr);

/** Ends the use; a query of zeros is welcome. */
void store_query_close(struct store_query *query);

/** Runs a statement that gives no rows, and closes. */
enum status store_query_run(struct store_query *query, struct err *reterr);

/** Reads one number and closes. */
enum status store_query_run_number(
    struct store_query *query, int64_t *ret_number, struct err *reterr);

/** Folds a text into one of the store's scratches; malformed UTF-8 stays as it is; absent stays
 * absent. */
struct span store_fold(struct store *store, int scratch, struct span text);

/* ---- link.c ---- */

/** Reads a link from the next columns of a row. @param arena  as in store_query_span */
void store_link_read(struct store_query *query, struct arena *arena, struct link *ret_link);

/* ---- action.c, hold.c, run.c: as store_link_read ---- */

struct action store_action_read(struct store_query *query, struct arena *arena); /**< an action */
struct hold store_hold_read(struct store_query *query, struct arena *arena);     /**< a hold */
struct run store_run_read(struct store_query *query); /**< a run; its texts live until the next step
						       */

#endif
