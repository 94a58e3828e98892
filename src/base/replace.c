/* SPDX-License-Identifier: ISC */
/* Without the sync a crash after the rename could leave an empty file under the target's name. */
#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void remove_temporary(const struct replacement *replacement)
{
	int cause = errno;

	(void)unlink(str_c(&replacement->temporary));
	errno = cause;
}

static void forget(struct replacement *replacement)
{
	str_done(&replacement->temporary);
	*replacement = (struct replacement) { 0 };
}

/* @return absent when it cannot be opened; then the descriptor is closed and errno says why */
static FILE *open_with_mode(int fd, mode_t mode)
{
	FILE *file = fchmod(fd, mode) == 0 ? fdopen(fd, "w") : NULL;
	int cause = errno;

	if (file == NULL)
		(void)close(fd);
	errno = cause;
	return file;
}

bool replacement_begin(struct replacement *ret_replacement, const char *path, mode_t mode)
{
	struct replacement replacement = { .path = path };
	int fd;

	str_addf(&replacement.temporary, "%s.XXXXXX", path);
	fd = mkostemp(replacement.temporary.at, O_CLOEXEC);
	if (fd >= 0) {
		replacement.file = open_with_mode(fd, mode);
		if (replacement.file == NULL)
			remove_temporary(&replacement);
	}
	if (replacement.file == NULL)
		forget(&replacement);
	*ret_replacement = replacement;
	return ret_replacement->file != NULL;
}

/* @return false: some of it is not on disk */
static bool is_synced(FILE *file)
{
	if (ferror(file)) {
		errno = EIO; /* that of the write itself is long gone */
		return false;
	}
	return fflush(file) == 0 && fsync(fileno(file)) == 0;
}

bool replacement_commit(struct replacement *replacement)
{
	FILE *file = replacement->file;
	bool is_whole = is_synced(file);

	if (!is_whole) {
		replacement_abandon(replacement);
		return false;
	}
	replacement->file = NULL;
	is_whole = fclose(file) == 0 &&
		   rename(str_c(&replacement->temporary), replacement->path) == 0;
	if (!is_whole)
		remove_temporary(replacement);
	forget(replacement);
	return is_whole;
}

void replacement_abandon(struct replacement *replacement)
{
	int cause = errno;

	if (replacement->file == NULL)
		return;
	(void)fclose(replacement->file);
	errno = cause;
	remove_temporary(replacement);
	forget(replacement);
}
