/* SPDX-License-Identifier: ISC */
/*
 * The files behind the store: PATH, SQLite's PATH-wal and PATH-shm, and PATH.lock.
 *
 * The lock is an flock on a file of its own that is never written nor removed.  On the database it
 * would not do: SQLite's POSIX locks there are lost as soon as any descriptor of it is closed in
 * this process, which is also why nothing here opens an existing database but with O_PATH.
 *
 * Root may be at work in a directory of the service's user.  What is made there becomes that user's
 * (SQLite does the same for its -wal and -shm), and names that lead elsewhere are refused: by a
 * symbolic or a hard link that user could have root change a file that is none of theirs.
 */
#include "base/owned.h"
#include "state/store_p.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum { OWNER_ONLY = S_IRUSR | S_IWUSR };

static const char *remedy_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "make the directory, or correct state.path";
	case EACCES:
	case EPERM:
		return "check the owner and mode of the file and of its directory";
	case EROFS:
		return "the file system is read-only: remount it, or correct state.path";
	case ENOSPC:
	case EDQUOT:
		return "make room on its file system";
	}
	return "check state.path";
}

/* Says in words why the system refused. Always STATUS_CORRUPT. */
static enum status refuse(
    const struct store *store, const char *what, int error, struct err *reterr)
{
	err_set(
	    reterr, "state %s: %s: %s; %s", store->path, what, strerror(error), remedy_of(error));
	return STATUS_CORRUPT;
}

/* Opens the lock file, and makes it when there is none. @return -1: errno says why */
static int open_lock(const char *path)
{
	int fd = owned_create(path, OWNER_ONLY);

	return fd >= 0 || errno != EEXIST
		   ? fd
		   : open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

enum status store_file_lock(struct store *store, struct err *reterr)
{
	struct str path = { 0 };
	enum status status = STATUS_OK;

	str_addf(&path, "%s.lock", store->path);
	store->lock_fd = open_lock(str_c(&path));
	if (store->lock_fd < 0) {
		status = refuse(store, "opening its lock file", errno, reterr);
	} else if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		status = errno == EWOULDBLOCK ? STATUS_RETRY
					      : refuse(store, "locking it", errno, reterr);
	}
	if (status == STATUS_RETRY)
		err_set(reterr,
		    "state %s: another process holds it (lock file %s); try again when that has "
		    "ended",
		    store->path, str_c(&path));
	str_done(&path);
	return status;
}

/* Makes an empty file that only its owner can read, whatever the umask is. */
static enum status make_file(const struct store *store, struct err *reterr)
{
	int fd = owned_create(store->path, OWNER_ONLY);

	if (fd < 0)
		return refuse(store, "making it", errno, reterr);
	(void)close(fd);
	return STATUS_OK;
}

/* In a directory of another user: refuses a name that may stand for a file elsewhere. */
static enum status refuse_link(const struct store *store, const char *suffix, struct err *reterr)
{
	struct str name = { 0 };
	struct stat found;
	enum status status = STATUS_OK;

	str_addf(&name, "%s%s", store->path, suffix);
	if (lstat(str_c(&name), &found) == 0 &&
	    (S_ISLNK(found.st_mode) || (S_ISREG(found.st_mode) && found.st_nlink > 1))) {
		err_set(reterr,
		    "state %s: %s is a link in a directory of another user, which root does not "
		    "follow; put the file itself there, or run as that user",
		    store->path, str_c(&name));
		status = STATUS_CORRUPT;
	}
	str_done(&name);
	return status;
}

enum status store_file_refuse_links(const struct store *store, struct err *reterr)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	enum status status = STATUS_OK;

	if (!owned_by_other(store->path))
		return STATUS_OK;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && status == STATUS_OK; i++)
		status = refuse_link(store, suffixes[i], reterr);
	return status;
}

/* Looks once more at the very file whose mode is changed. @return false: errno says why */
static bool restrict_mode(const struct store *store)
{
	bool is_other = owned_by_other(store->path);
	int fd = open(store->path, O_PATH | O_CLOEXEC | (is_other ? O_NOFOLLOW : 0)), cause;
	struct str self = { 0 };
	struct stat found;
	bool is_done;

	if (fd < 0)
		return false;
	str_addf(&self, "/proc/self/fd/%d", fd);
	errno = ELOOP;
	is_done = fstat(fd, &found) == 0 && S_ISREG(found.st_mode) &&
		  (!is_other || found.st_nlink == 1) && chmod(str_c(&self), OWNER_ONLY) == 0;
	cause = errno;
	str_done(&self);
	(void)close(fd);
	errno = cause;
	return is_done;
}

enum status store_file_prepare(struct store *store, struct err *reterr)
{
	struct stat found;

	if (stat(store->path, &found) != 0)
		return errno == ENOENT ? make_file(store, reterr)
				       : refuse(store, "looking for it", errno, reterr);
	if (!S_ISREG(found.st_mode)) {
		err_set(reterr, "state %s: it is not a file; correct state.path", store->path);
		return STATUS_CORRUPT;
	}
	/* SQLite gives -wal and -shm the mode of the database. */
	if ((found.st_mode & 07777) != OWNER_ONLY && !restrict_mode(store))
		return refuse(store, "setting its mode to 0600", errno, reterr);
	return STATUS_OK;
}

enum status store_file_look(struct store *store, bool *ret_has_content, struct err *reterr)
{
	if (stat(store->path, &store->opened) != 0) {
		*ret_has_content = false;
		return errno == ENOENT ? STATUS_OK : refuse(store, "looking for it", errno, reterr);
	}
	if (!S_ISREG(store->opened.st_mode)) {
		err_set(reterr, "state %s: it is not a file; correct state.path", store->path);
		return STATUS_CORRUPT;
	}
	if (access(store->path, R_OK) != 0)
		return refuse(store, "reading it", errno, reterr);
	*ret_has_content = store->opened.st_size > 0;
	return STATUS_OK;
}

/* @return the size of the file beside the database; -1: there is none */
static off_t size_beside(const struct store *store, const char *suffix)
{
	struct str name = { 0 };
	struct stat found;
	off_t size = -1;

	str_addf(&name, "%s%s", store->path, suffix);
	if (stat(str_c(&name), &found) == 0)
		size = found.st_size;
	str_done(&name);
	return size;
}

bool store_file_has_log(const struct store *store)
{
	off_t log = size_beside(store, "-wal");

	return log > 0 || (log == 0 && size_beside(store, "-shm") >= 0);
}

bool store_file_is_unchanged(const struct store *store)
{
	const struct stat *was = &store->opened;
	struct stat now;

	return stat(store->path, &now) == 0 && now.st_dev == was->st_dev &&
	       now.st_ino == was->st_ino && now.st_size == was->st_size &&
	       now.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}
