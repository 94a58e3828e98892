/* SPDX-License-Identifier: ISC */
/* Counting what goes to the tenant and what comes of it. */
#ifndef SCIM_TRAFFIC_H
#define SCIM_TRAFFIC_H

#include "scim/http.h"
#include "scim/tenant.h"

/** Counts a request that goes out. */
void traffic_note_request(struct tenant_counters *counters, enum tenant_operation operation);

/** Counts how a request ended. @param duration_ms  since it went out */
void traffic_note_answer(struct tenant_counters *counters, enum tenant_operation operation,
    const struct http_answer *answer, int64_t duration_ms);

/** The operation that a method stands for, outside of logging in. */
enum tenant_operation traffic_operation(struct span method, bool is_write);

#endif
