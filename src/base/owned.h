/* SPDX-License-Identifier: ISC */
/*
 * Files that root makes in another user's directory.
 *
 * `sudo scimward sync` works in the service's directory.  What it leaves there must be the
 * service's, else the service is locked out of its own state; and as the service's user may put
 * anything under any name in there, root must not be led to a file elsewhere.  So only a file that
 * was made here and now is given away, by its descriptor, to the owner of the very directory that
 * it was made in.
 */
#ifndef BASE_OWNED_H
#define BASE_OWNED_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * Makes a file that must not be there yet, and as root gives it to the user and the group that its
 * directory belongs to.
 *
 * @param mode  of the file, whatever the umask
 * @return a descriptor to read and write, which a program that is executed does not inherit; -1:
 *         it cannot be made, or not be given away (then it is gone again), and errno says why;
 *         EEXIST: the name is taken, if only by a symbolic link
 */
int owned_create(const char *path, mode_t mode);

/**
 * Whether root is at work in a directory that belongs to somebody else, who thus decides what
 * the names in there stand for.
 *
 * @return also false when the directory cannot be looked at
 */
bool owned_by_other(const char *path);

#endif
