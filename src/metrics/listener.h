/* SPDX-License-Identifier: ISC */
/* The socket that the HTTP endpoint listens on. */
#ifndef METRICS_LISTENER_H
#define METRICS_LISTENER_H

#include "base/err.h"
#include "base/status.h"
#include "metrics/address.h"

/**
 * Makes a socket that listens and does not block. A Unix socket can be used by everybody who gets
 * into its folder; one that a process left behind is replaced, one that is in use is not.
 *
 * @param ret_fd  owned
 * @return STATUS_OK; STATUS_REJECT: the system does not give it; reterr says why
 */
enum status listener_open(const struct metrics_address *address, int *ret_fd, struct err *reterr);

/** Removes the file of a Unix socket; the socket itself was closed. */
void listener_remove(const struct metrics_address *address);

#endif
