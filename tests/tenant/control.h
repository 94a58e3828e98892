// SPDX-License-Identifier: ISC

// clang-format off
//
// The endpoints for tests, all below a path that begins with an underscore;
// they need no credentials and are neither logged nor struck by faults.
//
//	POST   /_control     queues a fault or turns a switch (fault.h); 201 with the queue
//	GET    /_control     the queue and the switches
//	DELETE /_control     clears both; delayed answers go out at once
//	GET    /_log         requests, oldest first; ?since=N leaves out those up to sequence N
//	GET    /_stats       {"requests": {"POST": {"201": 7}}, "total", "users", "tokens", "inFlight",
//	                     "mostInFlight", "sameAccountInFlight"}; status "0": cut without an answer
//	POST   /_reset       everything as it was at the start
//	POST   /_device      {"userCode", "user", "allow"}: a person decides about a code (oauth.h)
//	POST   /_expire      lets all tokens be over their time, those of OAuth included
//	GET    /_users       all users in the plain form (resource.h), sorted by userName
//	POST   /_users       adds one or, from an array, several, as a person at the screen would
//	PUT    /_users/{id}  changes the members that the body has, userName too
//	DELETE /_users/{id}  deletes a user
//
// clang-format on

#ifndef TENANT_CONTROL_H
#define TENANT_CONTROL_H

#include "simulator.h"

/** Says whether a path belongs here. */
bool control_has_path(const char *path);

/** Answers a request for which control_has_path() holds. */
void control_answer(
    struct simulator *simulator, const struct request *request, struct answer *ret_answer);

/** Fills the store with the users of the state file and the synthetic ones.
 *  @return false when the state file is there but cannot be read; it was said why. */
bool control_fill(struct simulator *simulator);

/** Writes all users to the state file, if one was named.  @return false on failure, said why. */
bool control_save(const struct simulator *simulator);

#endif
