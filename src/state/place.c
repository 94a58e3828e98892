/* SPDX-License-Identifier: ISC */
/*
 * The state's place, looked at from outside.
 *
 * Who holds the lock is read from the system's table (/proc/locks): to try the lock would be to
 * hold it for a moment, in which a service that starts would find it taken.
 */
#include "core/port_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Appends the folder of a path. */
static void add_folder(const char *path, struct str *out)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		str_add_byte(out, '.');
	else if (slash == path)
		str_add_byte(out, '/');
	else
		str_add(out, (struct span) { path, (size_t)(slash - path) });
}

static uint64_t size_of(const char *path, const char *suffix)
{
	struct str name = { 0 };
	struct stat found;
	uint64_t size_bytes = 0;

	str_addf(&name, "%s%s", path, suffix);
	if (stat(str_c(&name), &found) == 0)
		size_bytes = (uint64_t)found.st_size;
	str_done(&name);
	return size_bytes;
}

/* ---- the lock ---- */

/* One row: "7: FLOCK  ADVISORY  WRITE 4711 08:02:1312345 0 EOF". */
static bool is_row_of(const char *row, const struct stat *file, long *ret_pid)
{
	unsigned major_number, minor_number;
	unsigned long long inode;

	if (sscanf(row, "%*d: FLOCK ADVISORY %*s %ld %x:%x:%llu", ret_pid, &major_number,
		&minor_number, &inode) != 4)
		return false;
	return inode == file->st_ino && makedev(major_number, minor_number) == file->st_dev;
}

static void name_holder(long pid, struct store_place *place)
{
	char path[64];
	FILE *file;

	/* Outside of this namespace of processes it is 0. */
	place->holder_pid = pid > 0 ? pid : 0;
	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	file = pid > 0 ? fopen(path, "re") : NULL;
	if (file == NULL)
		return;
	if (fgets(place->holder, sizeof(place->holder), file) != NULL)
		place->holder[strcspn(place->holder, "\n")] = '\0';
	(void)fclose(file);
}

static void look_at_lock(const char *path, struct store_place *place)
{
	struct str name = { 0 };
	struct stat found;
	char row[256];
	FILE *table;
	long pid;

	str_addf(&name, "%s.lock", path);
	table = stat(str_c(&name), &found) == 0 ? fopen("/proc/locks", "re") : NULL;
	while (table != NULL && !place->is_locked && fgets(row, sizeof(row), table) != NULL) {
		place->is_locked = is_row_of(row, &found, &pid);
		if (place->is_locked)
			name_holder(pid, place);
	}
	if (table != NULL)
		(void)fclose(table);
	str_done(&name);
}

/* ---- the file and its folder ---- */

static void look_at_rights(const char *path, const char *folder, struct store_place *place)
{
	if (place->exists && access(path, R_OK | W_OK) != 0)
		err_set(&place->cannot_write, "%s: %s", path, strerror(errno));
	else if (access(folder, W_OK | X_OK) != 0) /* for the log and the lock beside it */
		err_set(&place->cannot_write, "%s: %s", folder, strerror(errno));
}

enum status store_look(const char *path, struct store_place *ret_place, struct err *reterr)
{
	struct store_place place = { 0 };
	enum status status = STATUS_OK;
	struct str folder = { 0 };
	struct statvfs system;
	struct stat found;

	add_folder(path, &folder);
	place.exists = stat(path, &found) == 0;
	place.size_bytes = size_of(path, "") + size_of(path, "-wal");
	if (statvfs(str_c(&folder), &system) != 0) {
		err_set(reterr,
		    "%s cannot be looked at: %s; make it, and give it to the user that the "
		    "service runs as, or correct state.path",
		    str_c(&folder), strerror(errno));
		status = STATUS_CORRUPT;
	} else {
		place.free_bytes = (uint64_t)system.f_bavail * system.f_frsize;
		place.total_bytes = (uint64_t)system.f_blocks * system.f_frsize;
		look_at_rights(path, str_c(&folder), &place);
		look_at_lock(path, &place);
		*ret_place = place;
	}
	str_done(&folder);
	return status;
}
