// SPDX-License-Identifier: ISC

// The record of every SCIM and auth request, and what was counted.
//
// Of the credentials only the scheme is kept, never the value; bodies are kept
// as they came.  At most --log-limit requests stay, the oldest go first; the
// counters know all of them.

#ifndef TENANT_LOG_H
#define TENANT_LOG_H

#include "request.h"

#include <jansson.h>
#include <stdint.h>

struct log;

/** Makes an empty log.  @param limit how many requests stay; 0: none.  @return owned. */
struct log *log_new(long limit);

/** Frees a log; NULL is welcome. */
void log_free(struct log **log);

/** Forgets all requests and counters. */
void log_clear(struct log *log);

/**
 * Records an answered request.
 * @param status 0 when the connection was cut without an answer.
 * @param fault the fault that it met; empty: none.
 */
void log_add(struct log *log, const struct request *request, unsigned status, const char *fault);

/** Lists the requests with a sequence above `since`, oldest first.  @return owned. */
json_t *log_show(const struct log *log, uint64_t since);

/** Shows the counters: {"requests": {"POST": {"201": 7}}, "total": 7}.  @return owned. */
json_t *log_show_counts(const struct log *log);

#endif
