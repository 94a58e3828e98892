// SPDX-License-Identifier: ISC

// How many requests are in flight, and whether two of them meet on one account.
//
// A request is in flight from its headers to the end of its answer.  With
// answers made at once little ever overlaps; let `slow` stand in for a network.

#ifndef TENANT_TRAFFIC_H
#define TENANT_TRAFFIC_H

#include <stddef.h>

/** One request in flight; lives in the server's own structure. */
struct flight {
	char *account; /**< owned; NULL until known, or when it is about none */
	struct flight *next;
	struct flight *previous;
};

struct traffic {
	struct flight *first; /**< borrowed */
	size_t count;
	size_t most;     /**< the highest `count` so far */
	size_t overlaps; /**< requests that began while another was in flight for their account */
};

/** Adds a flight. */
void traffic_enter(struct traffic *traffic, struct flight *flight);

/** Says which account a flight is about, and counts an overlap.  @param account taken. */
void traffic_name(struct traffic *traffic, struct flight *flight, char *account);

/** Takes a flight out and frees what it owns. */
void traffic_leave(struct traffic *traffic, struct flight *flight);

/** Sets the counters back; flights go on. */
void traffic_reset(struct traffic *traffic);

#endif
