/* SPDX-License-Identifier: ISC */
/*
 * Opening, committing, closing.
 *
 * A writer keeps a write-ahead log and syncs it at every commit (synchronous = FULL): an intent
 * that was committed survives a power cut.  What a commit gathers is written to the log only.
 *
 * Readers take no lock of ours.  While there is a log, its writer may be running, and SQLite's own
 * locks keep the reader's view whole.  Without a log they open the file as immutable, which needs
 * no -wal and no -shm and so works in a directory that they cannot write.  A writer may start
 * then, and fold pages into the file under the reader's eyes: therefore the file's size and time
 * are noted before it is opened and compared again at every query and at the end of every reading.
 * When they differ, the answer is STATUS_RETRY, whatever was read.
 *
 * A dry run holds one read transaction from open to close, so that it sees one state of the file.
 */
#include "base/owned.h"
#include "base/vec.h"
#include "state/store_p.h"

#include <assert.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	BUSY_TIMEOUT_MS = 500,
	DECISION_TIMEOUT_MS = 30 * 1000,
	VALUE_MAX_BYTES = 64 * 1024 * 1024,
};

/* The file is not believed: no code of its schema runs. Temporary tables may grow on disk. */
static const char pragmas[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
			      "PRAGMA temp_store = FILE;";

/*
 * Each commit touches pages all over the indexes.  With 64 MB of log before it is folded into the
 * file, a page that many commits touched is folded once, and a first sync of ten thousand people
 * folds it when it ends.
 */
static const char writer_pragmas[] = "PRAGMA synchronous = FULL; PRAGMA cache_size = -8192;"
				     "PRAGMA wal_autocheckpoint = 16384;"
				     "PRAGMA journal_size_limit = 67108864;";

/*
 * Finds the real path, so that two names of one file share one lock.  A link that another user may
 * have laid for root stays one, and is refused later. @return owned
 */
static char *resolve(const char *path)
{
	char *found = owned_by_other(path) ? NULL : realpath(path, NULL), *copy, *directory;
	struct str name = { 0 };

	if (found != NULL)
		return found;
	copy = mem_strdup(path);
	directory = realpath(dirname(copy), NULL);
	free(copy);
	copy = mem_strdup(path);
	if (directory != NULL)
		str_addf(&name, "%s/%s", directory, basename(copy));
	else
		str_add_c(&name, path);
	free(copy);
	free(directory);
	return name.at;
}

/* Writes the path as a URI, in which `?`, `#` and `%` do not mean anything. */
static void add_uri(struct str *uri, const char *path, bool is_immutable)
{
	str_add_c(uri, path[0] == '/' ? "file://" : "file:");
	for (const char *at = path; *at != '\0'; at++) {
		if (*at == '?' || *at == '#' || *at == '%')
			str_addf(uri, "%%%02x", (unsigned)*at);
		else
			str_add_byte(uri, *at);
	}
	if (is_immutable)
		str_add_c(uri, "?immutable=1");
}

static enum status set_up_connection(struct store *store, struct err *reterr)
{
	static const int off[] = { SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
		SQLITE_DBCONFIG_ENABLE_FKEY, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION };

	(void)sqlite3_extended_result_codes(store->db, 1);
	(void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
	(void)sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, VALUE_MAX_BYTES);
	(void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		(void)sqlite3_db_config(store->db, off[i], 0, NULL);
	return store_execute(store, pragmas, "opening it", reterr);
}

static enum status connect(struct store *store, const char *uri, int flags, struct err *reterr)
{
	flags |= SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(uri, &store->db, flags, NULL) == SQLITE_OK)
		return set_up_connection(store, reterr);
	if (store->db == NULL)
		mem_exhausted();
	return store_fault(store, "opening it", reterr);
}

static enum status connect_file(struct store *store, int flags, struct err *reterr)
{
	struct str uri = { 0 };
	enum status status;

	add_uri(&uri, store->path, store->is_immutable);
	status = connect(store, str_c(&uri), flags, reterr);
	str_done(&uri);
	return status;
}

static enum status use_write_ahead_log(struct store *store, struct err *reterr)
{
	sqlite3_stmt *statement = NULL;
	enum status status = STATUS_OK;

	if (sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) !=
		SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW) {
		status = store_fault(store, "opening it", reterr);
	} else if (strcmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0) {
		err_set(reterr,
		    "state %s: its file system cannot do write-ahead logging; put state.path on a "
		    "local disk",
		    store->path);
		status = STATUS_CORRUPT;
	}
	(void)sqlite3_finalize(statement);
	return status;
}

static enum status check_writable(struct store *store, struct err *reterr)
{
	if (sqlite3_db_readonly(store->db, "main") == 0 && access(store->path, W_OK) == 0)
		return STATUS_OK;
	err_set(reterr,
	    "state %s: it cannot be written; check its owner and mode, and that the file system is "
	    "not read-only",
	    store->path);
	return STATUS_CORRUPT;
}

static enum status open_for_writing(struct store *store, struct err *reterr)
{
	enum status status = store_file_lock(store, reterr);

	if (status == STATUS_OK)
		status = store_file_prepare(store, reterr);
	if (status == STATUS_OK)
		status = connect_file(store, SQLITE_OPEN_READWRITE, reterr);
	if (status == STATUS_OK)
		status = check_writable(store, reterr);
	if (status == STATUS_OK)
		status = use_write_ahead_log(store, reterr);
	if (status == STATUS_OK)
		status = store_execute(store, writer_pragmas, "opening it", reterr);
	if (status == STATUS_OK)
		status = store_schema_migrate(store, reterr);
	store->exists = true;
	return status;
}

/* There is no snapshot yet: an empty one in memory stands for it. */
static enum status open_nothing(struct store *store, struct err *reterr)
{
	enum status status;

	(void)sqlite3_close(store->db);
	store->db = NULL;
	store->exists = false;
	store->is_immutable = false;
	status = connect(store,
	    ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, reterr);
	if (status == STATUS_OK)
		status = store_schema_migrate(store, reterr);
	return status;
}

/* Beside a writer that may be running: SQLite's own locks keep the two apart. */
static enum status open_for_decision(struct store *store, struct err *reterr)
{
	bool has_content = false, is_empty = false;
	enum status status = store_file_look(store, &has_content, reterr);

	if (status != STATUS_OK)
		return status;
	if (!has_content && !store_file_has_log(store))
		return open_nothing(store, reterr);
	store->exists = true;
	status = connect_file(store, SQLITE_OPEN_READWRITE, reterr);
	if (status == STATUS_OK)
		status = check_writable(store, reterr);
	if (status == STATUS_OK)
		status = store_execute(store, writer_pragmas, "opening it", reterr);
	if (status == STATUS_OK)
		status = store_schema_check(store, &is_empty, reterr);
	if (status == STATUS_OK && is_empty)
		status = open_nothing(store, reterr);
	if (status == STATUS_OK)
		(void)sqlite3_busy_timeout(store->db, DECISION_TIMEOUT_MS);
	return status;
}

static enum status open_for_reading(struct store *store, struct err *reterr)
{
	bool has_content = false, is_empty = false;
	enum status status = store_file_look(store, &has_content, reterr);

	if (status != STATUS_OK)
		return status;
	store->is_immutable = !store_file_has_log(store);
	if (!has_content && store->is_immutable)
		return open_nothing(store, reterr);
	store->exists = true;
	status = connect_file(store, SQLITE_OPEN_READONLY, reterr);
	if (status == STATUS_OK)
		status = store_schema_check(store, &is_empty, reterr);
	if (status == STATUS_OK && is_empty)
		status = open_nothing(store, reterr);
	return status;
}

static enum status open_in_mode(struct store *store, struct err *reterr)
{
	switch (store->mode) {
	case STORE_WRITE:
		return open_for_writing(store, reterr);
	case STORE_DECIDE:
		return open_for_decision(store, reterr);
	case STORE_DRY_RUN:
	case STORE_READ:
		break;
	}
	return open_for_reading(store, reterr);
}

enum status store_open(
    const char *path, enum store_mode mode, struct store **ret_store, struct err *reterr)
{
	struct store *store = mem_new(1, sizeof(*store));
	enum status status;

	store->path = resolve(path);
	store->mode = mode;
	store->lock_fd = -1;
	store->last_action_id = -1;
	store->arena = arena_new();
	status = store_file_refuse_links(store, reterr);
	if (status == STATUS_OK)
		status = open_in_mode(store, reterr);
	if (status == STATUS_OK && mode == STORE_DRY_RUN) {
		status = store_execute(store, "BEGIN", "opening it", reterr);
		store->transaction = TRANSACTION_DRY_RUN;
	}
	if (status == STATUS_OK)
		status = store_schema_make_temporary(store, reterr);
	if (status == STATUS_OK)
		status = store_check(store, reterr);
	if (status == STATUS_OK)
		*ret_store = store;
	else
		store_close(&store);
	return status;
}

void store_close(struct store **store)
{
	struct store *old = *store;

	if (old == NULL)
		return;
	*store = NULL;
	for (int i = 0; i < STATEMENT_COUNT; i++)
		(void)sqlite3_finalize(old->statements[i]);
	/* Closing rolls back what is open, and folds the log into the file when nobody else reads
	 * it. */
	(void)sqlite3_close(old->db);
	if (old->lock_fd >= 0)
		(void)close(old->lock_fd);
	free(old->path);
	str_done(&old->scratch[0]);
	str_done(&old->scratch[1]);
	str_done(&old->json);
	arena_free(&old->arena);
	free(old);
}

enum status store_begin(struct store *store, struct err *reterr)
{
	enum status status = store_check(store, reterr);

	assert(store->mode != STORE_READ);
	if (status != STATUS_OK || store->transaction == TRANSACTION_DRY_RUN ||
	    store->transaction == TRANSACTION_FILE)
		return status;
	/* It may have looked at the file already, and what it saw may be old by now. */
	if (store->transaction == TRANSACTION_TEMPORARY)
		status = store_commit(store, reterr);
	if (status == STATUS_OK)
		status = store_execute(store, "BEGIN IMMEDIATE", "starting to write", reterr);
	if (status == STATUS_OK)
		store->transaction = TRANSACTION_FILE;
	return status;
}

enum status store_begin_temporary(struct store *store, struct err *reterr)
{
	enum status status = store_check(store, reterr);

	if (status != STATUS_OK || store->transaction != TRANSACTION_NONE)
		return status;
	status = store_execute(store, "BEGIN", "starting to write", reterr);
	if (status == STATUS_OK)
		store->transaction = TRANSACTION_TEMPORARY;
	return status;
}

enum status store_commit(struct store *store, struct err *reterr)
{
	enum status status = store_check(store, reterr);

	if (status != STATUS_OK || store->transaction == TRANSACTION_NONE ||
	    store->transaction == TRANSACTION_DRY_RUN)
		return status;
	status = store_execute(store, "COMMIT", "committing", reterr);
	if (status == STATUS_OK)
		store->transaction = TRANSACTION_NONE;
	return status;
}

bool store_is_writing(const struct store *store)
{
	return store->transaction == TRANSACTION_FILE;
}

enum status store_facts(struct store *store, struct store_facts *ret_facts, struct err *reterr)
{
	static const enum store_statement counts[] = { STATEMENT_LINK_COUNT,
		STATEMENT_LINK_COUNT_ACTIVE, STATEMENT_QUARANTINE_COUNT,
		STATEMENT_ACTION_COUNT_UNSETTLED, STATEMENT_HOLD_COUNT };
	enum { FACTS = sizeof(counts) / sizeof(counts[0]) };
	enum status status = STATUS_OK;
	int64_t number[FACTS] = { 0 };

	for (int i = 0; i < FACTS && status == STATUS_OK; i++) {
		struct store_query query;

		status = store_query_open(store, counts[i], &query, reterr);
		if (status == STATUS_OK)
			status = store_query_run_number(&query, &number[i], reterr);
	}
	if (status != STATUS_OK)
		return status;
	*ret_facts = (struct store_facts) {
		.links = (uint64_t)number[0],
		.active_links = (uint64_t)number[1],
		.quarantined = (uint64_t)number[2],
		.unsettled = (uint64_t)number[3],
		.holds = (uint64_t)number[4],
		.schema_version = store->schema_version,
		.exists = store->exists,
	};
	return STATUS_OK;
}
