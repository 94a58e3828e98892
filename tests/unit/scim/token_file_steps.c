/* SPDX-License-Identifier: ISC */
#include "tests/unit/scim/token_file_steps.h"

#include "base/time.h"
#include "base/vec.h"
#include "scim/token_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static struct token_file_steps none;
struct token_file_steps *token_file_steps = &none;

void token_file_steps_make(void)
{
	void *shared = mmap(NULL, sizeof(struct token_file_steps), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared != MAP_FAILED)
		token_file_steps = shared;
}

/* @return whether the step may be taken */
static bool begin_step(void)
{
	struct token_file_steps *steps = token_file_steps;

	if (steps == &none)
		return true;
	steps->count++;
	if (steps->count == steps->die_at)
		_exit(TOKEN_FILE_DIED);
	if (steps->count != steps->fail_at)
		return true;
	errno = steps->fail_with;
	return false;
}

/* @return the result */
static long end_step(const char *name, long result)
{
	struct token_file_steps *steps = token_file_steps;

	if (result >= 0 && steps->done < TOKEN_FILE_STEPS_MAX)
		steps->names[steps->done++] = name;
	return result;
}

#define STEP(name, call) (begin_step() ? end_step((name), (long)(call)) : -1L)

static int step_create(int directory, const char *name, int flags, mode_t mode)
{
	return (int)STEP("create", openat(directory, name, flags, mode));
}

static int step_open(int directory, const char *name, int flags, ...)
{
	return openat(directory, name, flags);
}

static int step_unlink(int directory, const char *name, int flags)
{
	return (int)STEP("unlink", unlinkat(directory, name, flags));
}

static int step_rename(int from, const char *old, int to, const char *new)
{
	return (int)STEP("rename", renameat(from, old, to, new));
}

static int step_allocate(int fd, int mode, off_t offset, off_t len)
{
	return (int)STEP("allocate", fallocate(fd, mode, offset, len));
}

static ssize_t step_write(int fd, const struct iovec *parts, int count, off_t offset)
{
	return STEP("write", pwritev(fd, parts, count, offset));
}

static int step_truncate(int fd, off_t len)
{
	return (int)STEP("truncate", ftruncate(fd, len));
}

static int step_sync(int fd)
{
	return (int)STEP("sync", fsync(fd));
}

static int step_chmod(int fd, mode_t mode)
{
	return (int)STEP("chmod", fchmod(fd, mode));
}

static int step_lock(int fd, int operation)
{
	return (int)STEP("lock", flock(fd, operation));
}

#define FIFTH(a, b, c, d, e, ...)    e
#define openat(...)                  FIFTH(__VA_ARGS__, step_create, step_open, 0, 0)(__VA_ARGS__)
#define unlinkat(dir, name, flags)   step_unlink(dir, name, flags)
#define renameat(from, old, to, new) step_rename(from, old, to, new)
#define fallocate(fd, mode, at, len) step_allocate(fd, mode, at, len)
#define pwritev(fd, parts, n, at)    step_write(fd, parts, n, at)
#define ftruncate(fd, len)           step_truncate(fd, len)
#define fsync(fd)                    step_sync(fd)
#define fchmod(fd, mode)             step_chmod(fd, mode)
#define flock(fd, operation)         step_lock(fd, operation)

#include "scim/token_file.c"
