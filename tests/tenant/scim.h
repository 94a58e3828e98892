// SPDX-License-Identifier: ISC

// The SCIM endpoints: /scim/1/0/v2/Users and the three of discovery.
//
// Documented: five operations on /Users, whose path is case-sensitive;
// discovery needs no credentials, the rest answers 401 without; DELETE answers
// 501; startIndex from 1, count 50 unless given, at most 100; the list's answer
// has no `schemas`; the discovery documents say patch=false and filter=false
// though both work.  An unknown workspace makes 207: the user's data stay.
// Chosen, where nothing is known:
// - count above 100 answers 400 invalidValue; below 0 it is 0; startIndex below 1 is 1;
// - workspaces are written as one: if one of them is unknown, none of this call's is stored and
//   the account keeps those it had; the body of a 207 is the user as it now is;
// - a PUT whose id or userName differs answers 400 mutability;
// - unknown query parameters (attributes, sortBy, …) are ignored;
// - a body of another type than application/scim+json or application/json answers 400, an Accept
//   that has room for neither 406, a wrong method on a known path 405, everything else 404.

#ifndef TENANT_SCIM_H
#define TENANT_SCIM_H

#include "answer.h"
#include "fault.h"
#include "options.h"
#include "request.h"
#include "store.h"

/** What the endpoints work on; all borrowed. */
struct scim {
	const struct options *options;
	struct store *store;
	struct faults *faults;
	unsigned long list_count; /**< lists answered so far; turns the order when it is unstable */
};

/** Says whether a path is one of the three of discovery, which need no credentials. */
bool scim_is_discovery(const char *path);

/**
 * Answers an authorized request whose path begins with RESOURCE_BASE.
 * @param mishap FAULT_PARTIAL and FAULT_WRONG_ENTITLEMENTS spoil the write; others are ignored.
 */
void scim_answer(struct scim *scim, const struct request *request, enum fault_kind mishap,
    struct answer *ret_answer);

/**
 * Names the account that a request is about, to find two in flight at once.
 * @return owned: "id/…" or "name/…"; NULL when it is about no single account.
 */
char *scim_account_of(const struct request *request);

#endif
