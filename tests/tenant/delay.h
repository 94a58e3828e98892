// SPDX-License-Identifier: ISC

// Answers that wait, without keeping others waiting: the connection is
// suspended, and a thread of its own resumes it when its time has come.

#ifndef TENANT_DELAY_H
#define TENANT_DELAY_H

#include <microhttpd.h>
#include <stdbool.h>

struct delays;

/** Starts the thread.  @return owned. */
struct delays *delays_start(void);

/**
 * Suspends a connection for a while.
 * @param connection borrowed.
 * @return false when delays were stopped: then it was not suspended.
 */
bool delays_add(struct delays *delays, struct MHD_Connection *connection, long delay_ms);

/** Resumes all connections now. */
void delays_release(struct delays *delays);

/** Resumes all connections, takes no more and ends the thread. */
void delays_stop(struct delays *delays);

/** Frees what delays_stop() left; NULL is welcome. */
void delays_free(struct delays **delays);

#endif
