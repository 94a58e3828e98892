/* SPDX-License-Identifier: ISC */
/*
 * How things stand: what the state says, and, of a service that runs, what it is doing.
 *
 * For people: a line a thing, its name in front.  For programs: one object.
 */
#ifndef REPORT_STATUS_H
#define REPORT_STATUS_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/plan.h"
#include "core/port_store.h"

/* A service that runs. Times are wall times, 0: none. */
struct status_service {
	int64_t pid, since_ms;
	const char *version, *config;  /* the latter: the path of the file */
	bool is_reload_refused;        /* the file is wrong now, and the one before is in force */
	bool is_busy;                  /* a cycle is running: */
	enum cycle_kind kind;          /* … of this kind, else the next one */
	bool is_partial;               /* … that looks at some people only */
	int64_t started_ms;            /* … since */
	const char *phase;             /* … doing this; "": not known yet */
	uint64_t done, of;             /* … so far; of 0: not known */
	int64_t next_ms;               /* when the next one begins */
	int64_t full_ms, reconcile_ms; /* when these are due */
	unsigned failures;             /* cycles in a row that ended because a peer was down */
	uint64_t waiting;              /* requests for a cycle that wait */
	bool has_limit;                /* tenant.requests_per_second is not 0: */
	uint64_t tokens, burst;     /* … requests that could go at once now, and after a rest */
	uint64_t in_flight, queued; /* requests to the tenant: under way, and waiting to go */
	uint64_t directories, watched; /* and those that tell of changes by themselves */
	uint64_t visits;               /* connections to the control socket */
};

struct status_input {
	struct store *store;
	const struct store_facts *facts; /* of it */
	const char *state_path;
	const struct status_service *service; /* NULL: none, or nobody knows */
	bool is_json;
	unsigned indent; /* of JSON; 0: on one line */
};

/**
 * Appends it.
 *
 * @return STATUS_OK, or what the store said
 */
enum status status_write(const struct status_input *input, struct str *out, struct err *reterr);

#endif
