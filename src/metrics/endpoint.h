/* SPDX-License-Identifier: ISC */
/*
 * HTTP for monitoring: GET and HEAD of /metrics, /healthz and /readyz, nothing else, on the loop
 * and without threads.
 *
 * Who asks is never waited for: an answer is made at once and sent as its reader takes it.  At most
 * ENDPOINT_CONNECTIONS_MAX are connected, each for one request, for ENDPOINT_LIFE_MS at most,
 * however busy it is, and with ENDPOINT_CONNECTION_BYTES of memory; more of them wait in the
 * system's queue.
 */
#ifndef METRICS_ENDPOINT_H
#define METRICS_ENDPOINT_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "loop/loop.h"
#include "metrics/address.h"

enum {
	ENDPOINT_CONNECTIONS_MAX = 32,
	ENDPOINT_LIFE_MS = 10 * 1000,
	ENDPOINT_CONNECTION_BYTES = 16 * 1024,
};

enum endpoint_page { ENDPOINT_METRICS, ENDPOINT_HEALTH, ENDPOINT_READINESS };

/**
 * Writes a page.
 *
 * @param out  empty
 * @return whether all is well: 200, else 503
 */
typedef bool endpoint_callback(void *context, enum endpoint_page page, struct str *out);

struct endpoint;

/**
 * Listens.
 *
 * @return STATUS_OK; STATUS_REJECT: it cannot; reterr says why
 */
enum status endpoint_open(struct loop *loop, const struct metrics_address *address,
    endpoint_callback *callback, void *context, struct endpoint **ret_endpoint, struct err *reterr);

/** Ends all connections and frees; sets `*endpoint` to NULL; NULL is welcome. Not from inside the
 * callback. */
void endpoint_free(struct endpoint **endpoint);

#endif
