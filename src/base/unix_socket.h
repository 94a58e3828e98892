/* SPDX-License-Identifier: ISC */
/*
 * Unix sockets in the file system: their addresses, and taking the place of one that a process left
 * behind.
 */
#ifndef BASE_UNIX_SOCKET_H
#define BASE_UNIX_SOCKET_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include <stdbool.h>
#include <sys/un.h>

/**
 * Makes the address of a path.
 *
 * @return STATUS_OK; STATUS_REJECT: it is not absolute, or longer than the system takes
 */
enum status unix_socket_address(
    struct span path, struct sockaddr_un *ret_address, struct err *reterr);

/**
 * Binds a socket to its path.  A socket file that nobody listens on any more is replaced; one that
 * somebody listens on is not, nor is any other file.
 *
 * @return false: it cannot; errno says why
 */
bool unix_socket_bind(int fd, const struct sockaddr_un *address);

#endif
