/* SPDX-License-Identifier: ISC */
/*
 * The tables on disk, version 1.
 *
 * `PRAGMA user_version` is the version, `application_id` is "scmw".  UUIDs and digests are BLOBs of
 * 16 bytes, times are INTEGER milliseconds since 1970, booleans 0 or 1, verbs their names as TEXT,
 * accounts canonical JSON.  For example one link, as the sqlite3 shell shows it:
 *
 *     sqlite> SELECT hex(key), account_id, is_active, acknowledged FROM link;
 *     00112233445566778899AABBCCDDEEFF|42|1|{"active":true,"userName":"ada.ray@corp.example"}
 *
 * Long texts come last in each row, so that reading the short columns touches no overflow page.
 *
 *   meta        small named texts; "directory/NAME" is the number of a directory
 *   link        the snapshot
 *   cursor      where the next delta of a directory goes on
 *   membership  who is in which group, by the member's key, so that a delta can tell who is touched
 *   quarantine  entries that were refused.  They may have no account and so no link
 *   run         one row a cycle
 *   action      the plan, the journal, and what the audit record is made of
 *   hold        batches of actions that wait for a person
 *   audit       append-only, each row carries the hash of the row before; see core/audit.h
 *
 * Links are rows in order of arrival with an index by key: entries arrive in the order of the
 * directory, and a table kept in key order costs three times as much then.  The index holds all
 * that the snapshot in memory is loaded from, so that loading never touches the rows.  It is not
 * UNIQUE because of these columns; store_link_put keeps keys apart.
 */
#include "state/store_p.h"

#include <stdio.h>

#define RUN_TABLE(schema)                                                                          \
	"CREATE TABLE " schema "run (id INTEGER PRIMARY KEY, kind TEXT NOT NULL,"                  \
	" is_dry INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"        \
	" exit_code INTEGER NOT NULL, is_certified INTEGER NOT NULL,"                              \
	" created INTEGER NOT NULL, updated INTEGER NOT NULL, renamed INTEGER NOT NULL,"           \
	" deactivated INTEGER NOT NULL, reactivated INTEGER NOT NULL, linked INTEGER NOT NULL,"    \
	" held INTEGER NOT NULL, conflict INTEGER NOT NULL, rejected INTEGER NOT NULL,"            \
	" unchanged INTEGER NOT NULL, orphan INTEGER NOT NULL, done INTEGER NOT NULL,"             \
	" failed INTEGER NOT NULL, missed INTEGER NOT NULL, config_digest TEXT, error TEXT, "      \
	"certificate TEXT);"

/*
 * `rank` is the place of the kind in the order of sending, `classes` the classes of the guard that
 * it counts in, a bit each.  `is_open` while something may be to do: planned, held, sent or
 * unknown. Each cycle looks for these, and must not read through the years of what is done.
 */
#define ACTION_TABLE(schema)                                                                       \
	"CREATE TABLE " schema "action (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL,"          \
	" rank INTEGER NOT NULL, is_open INTEGER NOT NULL, kind TEXT NOT NULL,"                    \
	" state TEXT NOT NULL, reason TEXT NOT NULL,"                                              \
	" attempts INTEGER NOT NULL, http_status INTEGER NOT NULL, at_ms INTEGER NOT NULL,"        \
	" classes INTEGER NOT NULL, hold_id INTEGER NOT NULL,"                                     \
	" key BLOB NOT NULL, digest BLOB NOT NULL, account_id TEXT, user_name TEXT,"               \
	" directory TEXT, dn TEXT, detail TEXT, method TEXT, path TEXT, request_id TEXT,"          \
	" answer TEXT, before TEXT, after TEXT, body TEXT);"                                       \
	"CREATE INDEX " schema "action_order ON action (run_id, rank, id);"                        \
	"CREATE INDEX " schema "action_open ON action (rank, id) WHERE is_open;"                   \
	"CREATE INDEX " schema "action_hold ON action (hold_id, id) WHERE hold_id <> 0;"

#define META_TABLE(schema)                                                                         \
	"CREATE TABLE " schema "meta (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)"        \
	" WITHOUT ROWID;"

#define QUARANTINE_TABLE(schema)                                                                   \
	"CREATE TABLE " schema "quarantine (key BLOB PRIMARY KEY NOT NULL, digest BLOB NOT NULL,"  \
	" attempts INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL,"   \
	" dn TEXT, user_name TEXT, reason TEXT) WITHOUT ROWID;"

static const char version_1[] = META_TABLE("") QUARANTINE_TABLE("") RUN_TABLE("") ACTION_TABLE(
    "") "CREATE TABLE link (id INTEGER PRIMARY KEY, key BLOB NOT NULL, digest BLOB NOT NULL,"
	" directory INTEGER NOT NULL, is_active INTEGER NOT NULL, missing_since_ms INTEGER NOT "
	"NULL,"
	" dn_mark INTEGER NOT NULL,"
	" changed_ms INTEGER NOT NULL, account_id TEXT NOT NULL, user_name_folded TEXT,"
	" external_id_folded TEXT, user_name TEXT, dn TEXT, acknowledged TEXT NOT NULL);"
	"CREATE INDEX link_key ON link (key, digest, directory, is_active, missing_since_ms,"
	" dn_mark);"
	"CREATE UNIQUE INDEX link_account_id ON link (account_id);"
	"CREATE INDEX link_user_name ON link (user_name_folded);"
	"CREATE INDEX link_external_id ON link (external_id_folded)"
	" WHERE external_id_folded IS NOT NULL;"
	"CREATE TABLE cursor (directory INTEGER NOT NULL, kind TEXT NOT NULL, peer TEXT NOT NULL,"
	" at_ms INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (directory, kind, peer))"
	" WITHOUT ROWID;"
	"CREATE TABLE membership (group_key BLOB NOT NULL, member_key BLOB NOT NULL,"
	" directory INTEGER NOT NULL, is_group INTEGER NOT NULL, PRIMARY KEY (group_key, "
	"member_key))"
	" WITHOUT ROWID;"
	"CREATE INDEX membership_member ON membership (member_key);"
	"CREATE TABLE hold (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, class TEXT NOT NULL,"
	" since_ms INTEGER NOT NULL, count INTEGER NOT NULL, limit_count INTEGER NOT NULL,"
	" digest BLOB NOT NULL, decision TEXT NOT NULL, decided_ms INTEGER NOT NULL,"
	" decided_by TEXT, ended_ms INTEGER NOT NULL, is_recorded INTEGER NOT NULL DEFAULT 1);"
	"CREATE INDEX hold_open ON hold (id) WHERE ended_ms = 0;"
	"CREATE INDEX hold_unrecorded ON hold (id) WHERE is_recorded = 0;"
	"CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, run_id INTEGER NOT NULL,"
	" body TEXT NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL);";

static enum status migrate_to_1(struct store *store, struct err *reterr)
{
	enum status status = store_execute(store, version_1, "making its tables", reterr);

	if (status != STATUS_OK)
		return status;
	return store_execute(
	    store, "PRAGMA application_id = 0x73636d77", "making its tables", reterr);
}

/* From version n to n + 1, by n. */
static enum status (*const migrations[STORE_SCHEMA_VERSION])(struct store *, struct err *) = {
	migrate_to_1,
};

static enum status not_ours(const struct store *store, struct err *reterr)
{
	err_set(reterr, "state %s: it is a database of another program; correct state.path",
	    store->path);
	return STATUS_CORRUPT;
}

static enum status too_new(const struct store *store, int64_t version, struct err *reterr)
{
	err_set(reterr,
	    "state %s: it has schema version %lld and this program knows version %d; install the "
	    "version of scimward that wrote it or a later one, or restore the file from a backup",
	    store->path, (long long)version, STORE_SCHEMA_VERSION);
	return STATUS_CORRUPT;
}

/*
 * Reads the version and whether there are tables.  A file without tables, of version 0 and of no
 * application is where ours begins.
 */
static enum status read_version(struct store *store, bool *ret_is_empty, struct err *reterr)
{
	int64_t version = 0, application = 0, tables = 0;
	enum status status = store_read_number(store, "PRAGMA user_version", &version, reterr);

	if (status == STATUS_OK)
		status = store_read_number(store, "PRAGMA application_id", &application, reterr);
	if (status == STATUS_OK)
		status = store_read_number(
		    store, "SELECT count(*) FROM sqlite_master", &tables, reterr);
	if (status != STATUS_OK)
		return status;
	*ret_is_empty = version == 0 && tables == 0 && application == 0;
	if (!*ret_is_empty && application != STORE_APPLICATION_ID)
		return not_ours(store, reterr);
	if (version < 0 || version > STORE_SCHEMA_VERSION)
		return too_new(store, version, reterr);
	store->schema_version = (int)version;
	return STATUS_OK;
}

static enum status run_migrations(struct store *store, struct err *reterr)
{
	enum status status = STATUS_OK;
	char sql[64];

	for (int i = store->schema_version; i < STORE_SCHEMA_VERSION && status == STATUS_OK; i++)
		status = migrations[i](store, reterr);
	if (status != STATUS_OK)
		return status;
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", STORE_SCHEMA_VERSION);
	return store_execute(store, sql, "migrating it", reterr);
}

enum status store_schema_migrate(struct store *store, struct err *reterr)
{
	bool is_empty = false;
	enum status status = read_version(store, &is_empty, reterr);

	if (status != STATUS_OK || store->schema_version == STORE_SCHEMA_VERSION)
		return status;
	status = store_execute(store, "BEGIN IMMEDIATE", "migrating it", reterr);
	if (status == STATUS_OK)
		status = run_migrations(store, reterr);
	if (status == STATUS_OK)
		status = store_execute(store, "COMMIT", "migrating it", reterr);
	if (status == STATUS_OK)
		store->schema_version = STORE_SCHEMA_VERSION;
	return status;
}

enum status store_schema_check(struct store *store, bool *ret_is_empty, struct err *reterr)
{
	enum status status = read_version(store, ret_is_empty, reterr);

	if (status != STATUS_OK || *ret_is_empty || store->schema_version == STORE_SCHEMA_VERSION)
		return status;
	err_set(reterr,
	    "state %s: it has schema version %d and this program needs version %d; start the "
	    "service once, which migrates it",
	    store->path, store->schema_version, STORE_SCHEMA_VERSION);
	return STATUS_CORRUPT;
}

static const char observed_table[] =
    "CREATE TEMP TABLE observed (id INTEGER PRIMARY KEY, account_id TEXT NOT NULL,"
    " has_active INTEGER NOT NULL, has_workspaces INTEGER NOT NULL, user_name_folded TEXT,"
    " external_id_folded TEXT, account TEXT NOT NULL);"
    "CREATE UNIQUE INDEX temp.observed_account_id ON observed (account_id);"
    "CREATE INDEX temp.observed_user_name ON observed (user_name_folded);"
    "CREATE INDEX temp.observed_external_id ON observed (external_id_folded)"
    " WHERE external_id_folded IS NOT NULL;";

/* What reads see: in a dry run, the file's rows and the temporary ones. */
static const char file_views[] = "CREATE TEMP VIEW run_seen AS SELECT * FROM main.run;"
				 "CREATE TEMP VIEW action_seen AS SELECT * FROM main.action;";

static const char dry_run_tables[] = META_TABLE("temp.") QUARANTINE_TABLE("temp.")
    RUN_TABLE("temp.")
	ACTION_TABLE("temp.") "INSERT INTO temp.meta SELECT * FROM main.meta;"
			      "INSERT INTO temp.quarantine SELECT * FROM main.quarantine;"
			      "CREATE TEMP VIEW run_seen AS SELECT * FROM main.run UNION ALL "
			      "SELECT * FROM temp.run;"
			      "CREATE TEMP VIEW action_seen AS"
			      " SELECT * FROM main.action UNION ALL SELECT * FROM temp.action;";

enum status store_schema_make_temporary(struct store *store, struct err *reterr)
{
	const char *views = store->mode == STORE_DRY_RUN ? dry_run_tables : file_views;
	enum status status = store_execute(
	    store, observed_table, "making temporary tables", reterr);

	if (status == STATUS_OK)
		status = store_execute(store, views, "making temporary tables", reterr);
	return status;
}
