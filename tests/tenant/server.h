// SPDX-License-Identifier: ISC

// The HTTP server: collects a request, has it handled, delivers the answer.
// One thread waits on all connections with epoll.

#ifndef TENANT_SERVER_H
#define TENANT_SERVER_H

#include "simulator.h"

struct server;

/**
 * Listens and serves.
 * @param simulator borrowed until server_stop().
 * @return owned; NULL on failure, which was said on stderr.
 */
struct server *server_start(struct simulator *simulator);

/** Tells the port it listens on. */
unsigned server_port(const struct server *server);

/** Answers what waits, closes all connections and frees the server; NULL is welcome. */
void server_stop(struct server **server);

#endif
