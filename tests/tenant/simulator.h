// SPDX-License-Identifier: ISC

// Everything that one running simulator consists of.
//
// One thread serves all requests, so nothing here is locked: a request is
// handled in one go, and what is slow about it is only the delivery of its answer.

#ifndef TENANT_SIMULATOR_H
#define TENANT_SIMULATOR_H

#include "auth.h"
#include "fault.h"
#include "log.h"
#include "options.h"
#include "scim.h"
#include "store.h"
#include "traffic.h"

struct simulator {
	const struct options *options; /**< borrowed */
	struct store *store;
	struct faults *faults;
	struct auth *auth;
	struct log *log;
	struct traffic traffic;
	struct scim scim;
};

#endif
