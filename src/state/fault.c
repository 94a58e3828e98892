/* SPDX-License-Identifier: ISC */
/*
 * What SQLite's error codes mean to the person who must do something about them.
 */
#include "base/vec.h"
#include "state/store_p.h"

#include <errno.h>

struct fault {
	enum status status;
	const char *why, *remedy;
};

static const struct fault disk_full = { STATUS_CORRUPT, "the disk is full",
	"make room on its file system and start again; what was committed is safe" };

static const struct fault changed = { STATUS_RETRY, "another process changed it meanwhile",
	"try again" };

static bool means_no_room(int system_error)
{
	return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

/* Whether the system refused to let a file grow for want of room. */
static bool is_out_of_room(const struct store *store, int code, int system_error)
{
	switch (code) {
	case SQLITE_IOERR_WRITE:
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_TRUNCATE:
	case SQLITE_IOERR_SHMOPEN:
	case SQLITE_IOERR_SHMSIZE:
	case SQLITE_IOERR_SHMMAP:
		return means_no_room(system_error) ||
		       means_no_room(sqlite3_system_errno(store->db));
	}
	return false;
}

static struct fault fault_of_access(int code)
{
	switch (code) {
	case SQLITE_READONLY:
		return (struct fault) { STATUS_CORRUPT, "it cannot be written",
			"check its owner and mode, those of its directory, and that the file "
			"system is not read-only" };
	case SQLITE_CANTOPEN:
		return (struct fault) { STATUS_CORRUPT,
			"it, its -wal or its -shm file cannot be opened",
			"check that the directory exists and may be used by this user" };
	}
	return (struct fault) { STATUS_CORRUPT, "access is refused",
		"check the owner and mode of the file and of its directory" };
}

static struct fault fault_of(const struct store *store, int code, int system_error)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return disk_full;
	case SQLITE_IOERR:
		if (is_out_of_room(store, code, system_error))
			return disk_full;
		return (struct fault) { STATUS_CORRUPT, "the disk failed",
			"check the disk and the system's log, then start again" };
	case SQLITE_NOTADB:
		return (struct fault) { STATUS_CORRUPT, "it is not a state database",
			"check state.path, or move the file away to begin anew" };
	case SQLITE_CORRUPT:
		return (struct fault) { STATUS_CORRUPT, "the file is damaged",
			"restore it from a backup, or move it away and run a reconcile" };
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return (
		    struct fault) { STATUS_RETRY, "another process is writing to it", "try again" };
	case SQLITE_TOOBIG:
		return (struct fault) { STATUS_REJECT, "a value is too large", "shorten it" };
	case SQLITE_CONSTRAINT:
		if (code == SQLITE_CONSTRAINT_UNIQUE)
			return (
			    struct fault) { STATUS_REJECT, "the value is taken", "use another" };
		break;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return fault_of_access(code & 0xff);
	}
	return (struct fault) { STATUS_CORRUPT, "its tables are not those of this version",
		"restore it from a backup, or move it away and run a reconcile" };
}

/* What was written so far must not be committed without what failed. */
static void give_up(struct store *store, const struct err *err)
{
	store->broken = *err;
	if (sqlite3_get_autocommit(store->db) == 0)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->transaction = TRANSACTION_NONE;
}

enum status store_fault(struct store *store, const char *what, struct err *reterr)
{
	/* SQLite tells a full quota from a failing disk by errno only, and keeps it not always. */
	int system_error = errno;
	int code = sqlite3_extended_errcode(store->db);
	struct fault fault = fault_of(store, code, system_error);
	struct err err = { 0 };

	if ((code & 0xff) == SQLITE_NOMEM)
		mem_exhausted();
	if (store->is_immutable && !store_file_is_unchanged(store))
		fault = changed;
	err_set(&err, "state %s: %s: %s (%s); %s", store->path, what, fault.why,
	    sqlite3_errmsg(store->db), fault.remedy);
	if (fault.status == STATUS_CORRUPT)
		give_up(store, &err);
	err_set(reterr, "%s", err.text);
	return fault.status;
}
