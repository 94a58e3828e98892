/* SPDX-License-Identifier: ISC */
/*
 * Looks up the addresses of a host as the system does (DNS, /etc/hosts, …), without blocking the
 * loop.
 */
#ifndef LOOP_RESOLVER_H
#define LOOP_RESOLVER_H

#include "base/str.h"
#include "loop/loop.h"

struct resolver;

/* What came of it; borrowed until the callback returns. */
struct resolver_answer {
	struct span addresses; /* numeric, each once, ", " between; absent: there are none */
	struct span why;       /* absent when there are; else for people */
};

typedef void resolver_callback(void *context, const struct resolver_answer *answer);

/** Starts it. The callback comes once, from the loop, unless it is cancelled. @return owned */
struct resolver *resolver_start(struct loop *loop, struct span host, int64_t timeout_ms,
    resolver_callback *callback, void *context);

/** Ends it without a callback; sets `*resolver` to NULL; NULL is welcome. */
void resolver_cancel(struct resolver **resolver);

/**
 * Finds the host of a URL: what stands between "://" and the port, path or query, without a user
 * and without brackets.
 *
 * @return borrowed from the URL; absent when it has none
 */
struct span resolver_host_of(struct span url);

#endif
