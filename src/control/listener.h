/* SPDX-License-Identifier: ISC */
/* The socket that the service is asked through, and who may use it. */
#ifndef CONTROL_LISTENER_H
#define CONTROL_LISTENER_H

#include "base/err.h"
#include "base/status.h"
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct control_listener {
	char *path;  /* owned; NULL: the service manager made it, and removes it */
	char *group; /* owned, as given */
	int fd;      /* owned; -1: none */
	/* Of the file, so that nobody else's is removed; numbers are given again. */
	dev_t device;
	ino_t inode;
	struct timespec made;
};

#define CONTROL_LISTENER_NONE ((struct control_listener) { .fd = -1 })

/**
 * Makes a socket that listens and does not block, for its owner and a group (mode 0660).  One that
 * a process left behind is replaced, one that is in use is not.
 *
 * @param group  name of the group; NULL: none, the socket is its owner's alone
 * @param ret_group_err  why the socket could not be given to the group, so that it is the owner's
 *   alone; "" when it could
 * @return STATUS_OK; STATUS_REJECT: the system does not give it; reterr says why
 */
enum status control_listener_open(const char *path, const char *group,
    struct control_listener *ret_listener, struct err *ret_group_err, struct err *reterr);

/** Takes a socket that the service manager made. @param fd  taken; listens */
enum status control_listener_take(
    int fd, struct control_listener *ret_listener, struct err *reterr);

/** Closes it, and removes its file if it is still this one's; none is welcome. */
void control_listener_close(struct control_listener *listener);

#endif
