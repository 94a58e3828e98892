/* SPDX-License-Identifier: ISC */
/*
 * A file that takes the place of another in one step.
 *
 * The new content goes into a temporary file beside the target, which is renamed when it is whole:
 * who reads the target sees the old content or the new, never half of it, and a failure on the way
 * leaves the old one as it was and nothing beside it.
 *
 *     replacement_begin  →  write to `file`  →  replacement_commit
 *                                            →  replacement_abandon
 *
 * Failures leave errno set, so that the caller says what could not be written.  A target that is a
 * symbolic link is replaced itself; what it pointed to stays.
 */
#ifndef BASE_REPLACE_H
#define BASE_REPLACE_H

#include "base/str.h"
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct replacement {
	FILE *file;           /* takes the new content; NULL: none is under way */
	const char *path;     /* the target; borrowed until it is committed or abandoned */
	struct str temporary; /* the name beside it */
};

/**
 * Creates the temporary file, which a program that is executed does not inherit.
 *
 * @param ret_replacement  holds nothing when it fails
 * @param mode  of the new file, whatever the umask; 0600 for what names people
 * @return false: it cannot be created, or not be given the mode; errno says why
 */
bool replacement_begin(struct replacement *ret_replacement, const char *path, mode_t mode);

/**
 * Syncs, closes and renames. On failure the temporary file is gone, and errno is of the first step
 * that failed. A write that failed before makes it fail too.
 */
bool replacement_commit(struct replacement *replacement);

/** Closes and removes the temporary file; errno stays. What holds nothing is welcome. */
void replacement_abandon(struct replacement *replacement);

#endif
