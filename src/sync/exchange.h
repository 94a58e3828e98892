/* SPDX-License-Identifier: ISC */
/*
 * Requests to the tenant with patience: the gate's limits, repeats with back-off, and the decision
 * when the tenant is down.
 *
 * A request is given as a function that starts one try; it is called again for each repeat.
 * - 429, and 503 with Retry-After, pause the whole tenant; they are repeated as long as the
 *   patience lasts.
 * - 5xx and transport faults are repeated with full jitter (a random wait below 1 s, 2 s, 4 s, …,
 *   60 s), five tries a request.
 * - A refused connection is tried three times within 20 s, then the tenant is down.
 * - Without a single success for `patience_ms`, or after STATUS_DOWN, the tenant is down: all
 *   requests end with STATUS_DOWN, new ones too.
 * - A write that may have happened is handed back when repeating it could harm (a create).
 */
#ifndef SYNC_EXCHANGE_H
#define SYNC_EXCHANGE_H

#include "base/err.h"
#include "core/port_tenant.h"
#include "loop/loop.h"
#include "sync/gate.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

/** Starts one try of a request and answers through the given callback. */
typedef struct tenant_call *exchange_try(
    void *context, tenant_callback *callback, void *callback_context);

struct exchange_request {
	exchange_try *start;
	/** The last answer; exactly once, never before exchange_submit returned. */
	tenant_callback *on_answer;
	void *context;             /* for both */
	bool is_harmful_to_repeat; /* a create: not repeated once it may have happened */
};

/**
 * Makes an exchange.
 *
 * @param gate         borrowed; shared by all exchanges of the tenant
 * @param patience_ms  how long a tenant that does not serve is waited for
 * @return owned
 */
struct exchange *exchange_new(struct loop *loop, struct gate *gate, int64_t patience_ms);

/** Has a function told before each request that goes out and each answer that is taken. */
void exchange_watch(struct exchange *exchange, void (*on_step)(void *context), void *context);

/** Frees it; nothing may be under way; sets `*exchange` to NULL; NULL is welcome. */
void exchange_free(struct exchange **exchange);

/** Queues a request; it goes out as soon as the gate lets it. The struct is copied. */
void exchange_submit(struct exchange *exchange, const struct exchange_request *request);

/** Ends everything: what waits is answered STATUS_CANCELED, what is in flight is awaited. */
void exchange_cancel(struct exchange *exchange);

/** Number of requests that were submitted and not yet answered. */
size_t exchange_pending(const struct exchange *exchange);

/** Number of tries that went through the gate so far. */
uint64_t exchange_tries(const struct exchange *exchange);

/** Whether the tenant is down; the message says why. */
bool exchange_is_down(const struct exchange *exchange, struct err *ret_why);

#endif
