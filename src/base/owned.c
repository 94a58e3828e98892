/* SPDX-License-Identifier: ISC */
#include "base/owned.h"

#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* @return of the directory that the last part of the path is in; -1: errno says why */
static int open_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str directory = { 0 };
	int fd, cause;

	if (slash == NULL)
		str_add_c(&directory, ".");
	else
		str_addf(&directory, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	fd = open(str_c(&directory), O_PATH | O_DIRECTORY | O_CLOEXEC);
	cause = errno;
	str_done(&directory);
	errno = cause;
	return fd;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Whether root works for another there. @param ret_owner  of the directory */
static bool belongs_to_other(int directory, struct stat *ret_owner)
{
	return geteuid() == 0 && fstat(directory, ret_owner) == 0 && ret_owner->st_uid != 0;
}

static bool set_up(int directory, int fd, mode_t mode)
{
	struct stat owner;

	return fchmod(fd, mode) == 0 && (!belongs_to_other(directory, &owner) ||
					    fchown(fd, owner.st_uid, owner.st_gid) == 0);
}

static int create_in(int directory, const char *name, mode_t mode)
{
	int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	int cause;

	if (fd < 0 || set_up(directory, fd, mode))
		return fd;
	cause = errno;
	(void)unlinkat(directory, name, 0);
	(void)close(fd);
	errno = cause;
	return -1;
}

int owned_create(const char *path, mode_t mode)
{
	int directory = open_directory_of(path), fd, cause;

	if (directory < 0)
		return -1;
	fd = create_in(directory, last_part(path), mode);
	cause = errno;
	(void)close(directory);
	errno = cause;
	return fd;
}

bool owned_by_other(const char *path)
{
	int directory = open_directory_of(path);
	struct stat owner;
	bool is_other;

	if (directory < 0)
		return false;
	is_other = belongs_to_other(directory, &owner);
	(void)close(directory);
	return is_other;
}
