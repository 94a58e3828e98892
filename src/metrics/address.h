/* SPDX-License-Identifier: ISC */
/*
 * Where the HTTP endpoint listens: a loopback address or a Unix socket.  It asks nobody who they
 * are, so it must not be reached from other hosts.
 */
#ifndef METRICS_ADDRESS_H
#define METRICS_ADDRESS_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include <stdbool.h>
#include <sys/socket.h>

struct metrics_address {
	struct sockaddr_storage socket;
	socklen_t size;
};

/**
 * Reads "127.0.0.1:9464", "[::1]:9464" or "unix:/run/scimward/metrics.sock".
 *
 * @return STATUS_OK; STATUS_REJECT: it is none of these, or can be reached from other hosts; reterr
 *   says what is wrong
 */
enum status metrics_address_parse(
    struct span text, struct metrics_address *ret_address, struct err *reterr);

/** Whether this build has the endpoint: it needs libmicrohttpd. */
bool metrics_can_listen(void);

#endif
