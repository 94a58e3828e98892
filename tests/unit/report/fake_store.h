/* SPDX-License-Identifier: ISC */
/*
 * The part of the store's port that reports read, over lists of the test.
 */
#ifndef TESTS_UNIT_REPORT_FAKE_STORE_H
#define TESTS_UNIT_REPORT_FAKE_STORE_H

#include "core/port_store.h"

struct fake_grant {
	struct span workspace;
	size_t link; /* which of the links */
};

struct store {
	const struct record *records;
	size_t record_count;
	const struct run *runs;
	size_t run_count;
	const struct hold *holds;
	size_t hold_count;
	const struct link *links;
	size_t link_count;
	const struct fake_grant *grants;
	size_t grant_count;
	const struct action *actions; /* of a plan */
	size_t action_count;
	unsigned fails_at; /* the call, from 1 on, that answers STATUS_RETRY; 0: none */
	unsigned calls;
};

#endif
