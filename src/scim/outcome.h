/* SPDX-License-Identifier: ISC */
/*
 * What an answer of the transport means for its request, and how to say it to a person.  Pure.
 */
#ifndef SCIM_OUTCOME_H
#define SCIM_OUTCOME_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "scim/http.h"
#include "scim/tenant.h"

enum { OUTCOME_DETAIL_MAX_BYTES = 300 };

struct outcome {
	enum status status;
	int64_t retry_after_ms; /* -1: not given */
	bool is_refused;
	bool may_have_happened;
	bool is_partial;
};

/**
 * Judges an answer by its failure and status, its body aside (core/port_tenant.h has the table).
 *
 * 3xx is STATUS_DOWN: the URL is not the tenant's.  408 is a lost request, STATUS_RETRY.  A write
 * that a gateway gave up on (502, 504) may have happened.
 *
 * @param is_write  the request changes something
 * @param wall_ms   now, for a Retry-After that is a date
 */
struct outcome outcome_judge(const struct http_answer *answer, bool is_write, int64_t wall_ms);

/** Reads Retry-After, seconds or HTTP-date (RFC 9110 10.2.3). @return ms, 0 to a day; -1: neither
 */
int64_t outcome_retry_after_ms(struct span value, int64_t wall_ms);

enum { OUTCOME_SECRETS = 3 };

struct outcome_story {
	struct span method, path; /* what was tried; a query is left out */
	const struct http_answer *answer;
	struct span detail;  /* the tenant's words; absent: none */
	const char *problem; /* what is wrong with a body; NULL: nothing */
	const char *remedy;  /* what to do about a status; NULL: what the status says */
	enum tenant_profile profile;
	bool is_login; /* to the auth service */
	/** Values of Authorization headers that the tenant may repeat; absent ones are welcome. */
	struct span secrets[OUTCOME_SECRETS];
};

/** Writes what was tried, what came, the tenant's words, and what to check. */
void outcome_explain(const struct outcome_story *story, struct err *ret_text);

#endif
