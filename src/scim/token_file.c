/* SPDX-License-Identifier: ISC */
/*
 * All names are looked up in the directory that was opened first.  Root may be at work in a
 * directory that a lesser user owns, so links are not followed, only files made here get an owner,
 * and an existing file with a second name is left alone.
 */
#include "scim/token_file.h"

#include "base/time.h"
#include "base/vec.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MODE      0600
#define SAFE_OPEN (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* Which file it was: a new one has another inode, one edited in place another time or size. */
struct identity {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct token_file {
	const char *path;
	struct str directory, name, new_name, lock_name;
	int directory_fd, lock_fd, new_fd; /* -1: not open */
	struct stat directory_info;
	struct timespec modified; /* of the token that was read; 0: none */
	struct identity seen;
	bool has_seen;
};

static void split_path(struct token_file *file)
{
	const char *slash = strrchr(file->path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - file->path);

	str_add(&file->directory, (struct span) { file->path, len });
	if (len == 0)
		str_add_c(&file->directory, slash == NULL ? "." : "/");
	str_add_c(&file->name, slash == NULL ? file->path : slash + 1);
	str_addf(&file->new_name, "%s.new", str_c(&file->name));
	str_addf(&file->lock_name, "%s.lock", str_c(&file->name));
}

struct token_file *token_file_new(const char *path)
{
	struct token_file *file = mem_new(1, sizeof(*file));

	file->path = path;
	file->directory_fd = file->lock_fd = file->new_fd = -1;
	split_path(file);
	return file;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void token_file_free(struct token_file **file)
{
	if (*file == NULL)
		return;
	token_file_unlock(*file);
	str_done(&(*file)->directory);
	str_done(&(*file)->name);
	str_done(&(*file)->new_name);
	str_done(&(*file)->lock_name);
	free(*file);
	*file = NULL;
}

static enum status fail(
    const struct token_file *file, const char *what, const char *suffix, struct err *reterr)
{
	const char *remedy = "";

	if (errno == EACCES || errno == EPERM || errno == EROFS)
		remedy = "; the directory must be one that scimward's user can write, as "
			 "/var/lib/scimward is for the service";
	err_set(reterr, "tenant.auth.refresh_token_file: cannot %s \"%s%s\": %s%s", what,
	    file->path, suffix, strerror(errno), remedy);
	return STATUS_DOWN;
}

static enum status refuse(
    const struct token_file *file, const char *suffix, const char *why, struct err *reterr)
{
	err_set(reterr, "tenant.auth.refresh_token_file: \"%s%s\" %s", file->path, suffix, why);
	return STATUS_DOWN;
}

/* --- opening ------------------------------------------------------------------------------ */

/* Of a file that was made just now. */
static bool give_owner(const struct token_file *file, int fd)
{
	const struct stat *owner = &file->directory_info;

	return geteuid() != 0 || fchown(fd, owner->st_uid, owner->st_gid) == 0;
}

/* Makes a file that is not there yet. @return -1: errno says why, EEXIST: it is there */
static int create(const struct token_file *file, const struct str *name)
{
	int fd = openat(
	    file->directory_fd, str_c(name), SAFE_OPEN | O_RDWR | O_CREAT | O_EXCL, MODE);
	int cause;

	if (fd < 0 || (fchmod(fd, MODE) == 0 && give_owner(file, fd)))
		return fd;
	cause = errno;
	(void)close(fd);
	(void)unlinkat(file->directory_fd, str_c(name), 0);
	errno = cause;
	return -1;
}

static enum status open_directory(struct token_file *file, struct err *reterr)
{
	file->directory_fd = open(
	    str_c(&file->directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	if (file->directory_fd >= 0 && fstat(file->directory_fd, &file->directory_info) == 0)
		return STATUS_OK;
	err_set(reterr,
	    "tenant.auth.refresh_token_file: cannot open the directory of \"%s\": %s; make it, "
	    "writable for scimward's user alone",
	    file->path, strerror(errno));
	return STATUS_DOWN;
}

static bool is_ours(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1;
}

static enum status open_lock(struct token_file *file, struct err *reterr)
{
	file->lock_fd = create(file, &file->lock_name);
	if (file->lock_fd < 0 && errno == EEXIST)
		file->lock_fd = openat(
		    file->directory_fd, str_c(&file->lock_name), SAFE_OPEN | O_RDWR);
	if (file->lock_fd < 0)
		return fail(file, "open", ".lock", reterr);
	if (!is_ours(file->lock_fd))
		return refuse(file, ".lock", "is not a file of its own; remove it", reterr);
	return STATUS_OK;
}

static enum status take_lock(const struct token_file *file, struct err *reterr)
{
	if (flock(file->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return STATUS_OK;
	if (errno != EWOULDBLOCK)
		return fail(file, "lock", ".lock", reterr);
	refuse(file, ".lock", "is locked by another process, which is exchanging the refresh token",
	    reterr);
	return STATUS_RETRY;
}

enum status token_file_lock(struct token_file *file, struct err *reterr)
{
	enum status status;

	if (token_file_is_locked(file))
		return STATUS_OK;
	status = open_directory(file, reterr);
	if (status == STATUS_OK)
		status = open_lock(file, reterr);
	if (status == STATUS_OK)
		status = take_lock(file, reterr);
	if (status != STATUS_OK)
		token_file_unlock(file);
	return status;
}

/* What was got ready and not used is removed while the lock is still held. */
void token_file_unlock(struct token_file *file)
{
	if (file->new_fd >= 0)
		(void)unlinkat(file->directory_fd, str_c(&file->new_name), 0);
	close_fd(&file->new_fd);
	close_fd(&file->lock_fd);
	close_fd(&file->directory_fd);
}

bool token_file_is_locked(const struct token_file *file)
{
	return file->lock_fd >= 0;
}

/* --- reading ------------------------------------------------------------------------------ */

bool token_file_allows(struct span token)
{
	for (size_t i = 0; i < token.len; i++) {
		if (token.at[i] < ' ' || token.at[i] > '~')
			return false;
	}
	return token.len > 0 && token.len <= TOKEN_FILE_MAX_BYTES;
}

static void see(struct token_file *file, const struct stat *info)
{
	file->seen = (struct identity) { info->st_dev, info->st_ino, info->st_size, info->st_ctim };
	file->has_seen = true;
	file->modified = info->st_mtim;
}

bool token_file_has_changed(const struct token_file *file)
{
	struct stat info;

	if (lstat(file->path, &info) != 0)
		return file->has_seen;
	return !file->has_seen || info.st_dev != file->seen.device ||
	       info.st_ino != file->seen.inode || info.st_size != file->seen.size ||
	       info.st_ctim.tv_sec != file->seen.changed.tv_sec ||
	       info.st_ctim.tv_nsec != file->seen.changed.tv_nsec;
}

bool token_file_modified(const struct token_file *file, int64_t *ret_wall_ms)
{
	struct stat info;

	if (lstat(file->path, &info) != 0)
		return false;
	*ret_wall_ms = info.st_mtim.tv_sec * TIME_SECOND_MS + info.st_mtim.tv_nsec / 1000000;
	return true;
}

static bool is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

/* Whether PATH.new ends as only a whole one does; secret_load_fd takes the newline away. */
static bool ends_in_newline(int fd, const struct stat *info)
{
	char last = '\0';

	return info->st_size > 0 && pread(fd, &last, 1, info->st_size - 1) == 1 && last == '\n';
}

static bool is_whole_new(const struct token_file *file, int fd)
{
	struct secret *token = NULL;
	struct stat info, old;
	bool is_whole;

	if (!is_ours(fd) || fstat(fd, &info) != 0 || !ends_in_newline(fd, &info) ||
	    secret_load_fd(fd, "", &token, NULL) != STATUS_OK)
		return false;
	is_whole = token_file_allows(secret_reveal(token));
	secret_free(&token);
	if (is_whole &&
	    fstatat(file->directory_fd, str_c(&file->name), &old, AT_SYMLINK_NOFOLLOW) == 0)
		is_whole = !is_before(
		    info.st_mtim, old.st_mtim); /* else somebody put a newer one */
	return is_whole;
}

/* Renames and sees to it that the name is on disk as well. */
static bool put_in_place(const struct token_file *file)
{
	if (renameat(file->directory_fd, str_c(&file->new_name), file->directory_fd,
		str_c(&file->name)) != 0)
		return false;
	/* Some file systems have no sync of directories, and need none. */
	return fsync(file->directory_fd) == 0 || errno == EINVAL || errno == ENOTSUP;
}

/* Ends what a process began that died. */
static enum status make_good(struct token_file *file, struct err *reterr)
{
	int fd = openat(file->directory_fd, str_c(&file->new_name), SAFE_OPEN | O_RDONLY);
	bool is_done;

	if (fd < 0 && errno == ENOENT)
		return STATUS_OK;
	if (fd >= 0 && is_whole_new(file, fd))
		is_done = fsync(fd) == 0 && put_in_place(file);
	else
		is_done = unlinkat(file->directory_fd, str_c(&file->new_name), 0) == 0;
	if (!is_done)
		fail(file, "put in place or remove", ".new", reterr);
	close_fd(&fd);
	return is_done ? STATUS_OK : STATUS_DOWN;
}

static enum status open_token(const struct token_file *file, int *ret_fd, struct err *reterr)
{
	*ret_fd = openat(file->directory_fd, str_c(&file->name), SAFE_OPEN | O_RDONLY);
	if (*ret_fd >= 0)
		return STATUS_OK;
	if (errno == ENOENT)
		return refuse(file, "", "is not there yet; log in with \"scimward login\"", reterr);
	if (errno == ELOOP)
		return refuse(file, "",
		    "is a symbolic link, which a new token would replace; name the file itself",
		    reterr);
	return fail(file, "open", "", reterr);
}

static enum status load(
    struct token_file *file, int fd, struct secret **ret_token, struct err *reterr)
{
	struct secret *token = NULL;
	struct str label = { 0 };
	struct stat info;
	enum status status;

	str_addf(&label, "\"%s\"", file->path);
	status = secret_load_fd(fd, str_c(&label), &token, reterr);
	str_done(&label);
	if (status != STATUS_OK) {
		err_prefix(reterr, "tenant.auth.refresh_token_file");
		return STATUS_DOWN;
	}
	if (!token_file_allows(secret_reveal(token)) || fstat(fd, &info) != 0) {
		secret_free(&token);
		return refuse(file, "",
		    "holds no refresh token: that is one line of printable ASCII; log in with "
		    "\"scimward login\"",
		    reterr);
	}
	see(file, &info);
	*ret_token = token;
	return STATUS_OK;
}

enum status token_file_read(struct token_file *file, struct secret **ret_token, struct err *reterr)
{
	enum status status = make_good(file, reterr);
	int fd = -1;

	if (status == STATUS_OK)
		status = open_token(file, &fd, reterr);
	if (status == STATUS_OK)
		status = load(file, fd, ret_token, reterr);
	close_fd(&fd);
	return status;
}

/* --- writing ------------------------------------------------------------------------------ */

enum status token_file_prepare(struct token_file *file, struct err *reterr)
{
	if (file->new_fd >= 0)
		return STATUS_OK;
	/* It may be the only one that is good: what was written and not put in place. */
	if (make_good(file, reterr) != STATUS_OK)
		return STATUS_DOWN;
	file->new_fd = create(file, &file->new_name);
	if (file->new_fd < 0)
		return fail(file, "create", ".new", reterr);
	/* The size stays 0. Where the file system cannot do that, writing must do. */
	if (fallocate(file->new_fd, FALLOC_FL_KEEP_SIZE, 0, TOKEN_FILE_MAX_BYTES + 1) == 0 ||
	    errno == EOPNOTSUPP || errno == ENOSYS)
		return STATUS_OK;
	fail(file, "get room for", ".new", reterr);
	(void)unlinkat(file->directory_fd, str_c(&file->new_name), 0);
	close_fd(&file->new_fd);
	return STATUS_DOWN;
}

static bool write_whole(int fd, struct span token)
{
	struct iovec parts[] = { { (void *)(uintptr_t)token.at, token.len },
		{ (void *)(uintptr_t) "\n", 1 } };
	ssize_t written = pwritev(fd, parts, 2, 0);

	if (written >= 0 && (size_t)written != token.len + 1)
		errno = ENOSPC;
	return written >= 0 && (size_t)written == token.len + 1;
}

enum status token_file_store(struct token_file *file, struct span token, struct err *reterr)
{
	enum status status = token_file_prepare(file, reterr);
	struct stat info;
	bool is_done;

	if (status != STATUS_OK)
		return status;
	is_done = write_whole(file->new_fd, token) &&
		  ftruncate(file->new_fd, (off_t)token.len + 1) == 0 && fsync(file->new_fd) == 0 &&
		  fstat(file->new_fd, &info) == 0;
	if (!is_done)
		return fail(file, "write", ".new", reterr);
	if (!put_in_place(file)) {
		status = fail(file, "put in place", "", reterr);
		/* It stays where it is, whole: whoever reads next makes it good. */
		close_fd(&file->new_fd);
		return status;
	}
	/* The rename changed its time. */
	if (fstat(file->new_fd, &info) == 0)
		see(file, &info);
	close_fd(&file->new_fd);
	return STATUS_OK;
}

/* --- what became of the last exchange ------------------------------------------------------ */

void token_file_note_exchange(struct token_file *file, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];
	struct stat info;

	if (wall_ms == 0 && fstat(file->lock_fd, &info) == 0 && info.st_size == 0)
		return;
	time_format(wall_ms, false, text);
	if (ftruncate(file->lock_fd, 0) == 0 && wall_ms != 0 &&
	    pwrite(file->lock_fd, text, strlen(text), 0) < 0)
		return;
	(void)fdatasync(file->lock_fd);
}

bool token_file_has_open_exchange(const struct token_file *file, int64_t *ret_wall_ms)
{
	char text[TIME_TEXT_SIZE];
	ssize_t len = pread(file->lock_fd, text, sizeof(text), 0);
	struct stat info;

	/* A token that is newer than the note was put there by a person. */
	return len > 0 && fstat(file->lock_fd, &info) == 0 &&
	       !is_before(info.st_mtim, file->modified) &&
	       time_parse_iso((struct span) { text, (size_t)len }, ret_wall_ms);
}

/* --- looking ------------------------------------------------------------------------------ */

static bool check_directory(const struct token_file *file, struct str *detail)
{
	if (faccessat(AT_FDCWD, str_c(&file->directory), W_OK | X_OK, AT_EACCESS) == 0)
		return true;
	str_addf(detail,
	    "the directory %s cannot be written (%s), so that a new token could not be kept; name "
	    "a file in a directory of scimward's user, such as /var/lib/scimward/refresh-token",
	    str_c(&file->directory), strerror(errno));
	return false;
}

static bool check_file(const struct token_file *file, struct str *detail)
{
	struct stat info;

	if (lstat(file->path, &info) != 0) {
		str_addf(detail, "%s: %s", file->path,
		    errno == ENOENT ? "not there yet; log in with \"scimward login\""
				    : strerror(errno));
		return false;
	}
	if (!S_ISREG(info.st_mode)) {
		str_addf(detail, "%s is not a regular file", file->path);
		return false;
	}
	if ((info.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
		str_addf(detail, "%s has mode %04o, so that others can use it; chmod it to 0600",
		    file->path, (unsigned)(info.st_mode & 07777));
		return false;
	}
	str_addf(detail, "%s, and its directory can be written", file->path);
	return true;
}

bool token_file_check(const char *path, struct str *detail)
{
	struct token_file *file = token_file_new(path);
	bool is_well = check_directory(file, detail) && check_file(file, detail);

	token_file_free(&file);
	return is_well;
}
