/* SPDX-License-Identifier: ISC */
/* Whom the kernel names by a number, for the record. */
#ifndef APP_PEER_NAME_H
#define APP_PEER_NAME_H

#include "base/arena.h"
#include <sys/types.h>

/**
 * Names a user.
 *
 * Whoever could write the record without us (root, and our own user) is taken at their word, which
 * tells who became root.  Of others the name is that of `accounts`, and of who is not in there the
 * number, beside what they say.  No name service is asked: it could make the service wait.
 *
 * @param claim     what the user says; absent: nothing
 * @param own       our own number
 * @param accounts  a file like /etc/passwd
 * @return in the arena
 */
struct span peer_name(
    struct arena *arena, uid_t uid, struct span claim, uid_t own, const char *accounts);

#endif
