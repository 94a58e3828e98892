// SPDX-License-Identifier: ISC

// What the simulator answers: a status, a body and a few headers.
//
// Documented: error bodies carry `schemas`, `detail` and `status` as a string;
// the sample of 403 carries status "404", RFC 7644's own misprint, and so do we.
// Chosen: scimType stands beside them where ANAPLAN.md names one.

#ifndef TENANT_ANSWER_H
#define TENANT_ANSWER_H

#include <jansson.h>
#include <stddef.h>

#define ANSWER_SCIM "application/scim+json"
#define ANSWER_JSON "application/json"

struct answer {
	unsigned status;
	const char *content_type; /**< static; NULL when there is no body */
	char *body;               /**< owned; may be NULL */
	size_t size_bytes;
	char *location;    /**< owned; NULL: no such header */
	char *retry_after; /**< owned; NULL: no such header */
};

/** Answers JSON.  @param content_type static.  @param json taken. */
void answer_json(struct answer *answer, unsigned status, const char *content_type, json_t *json);

/** Answers text as it is.  @param content_type static.  @param text borrowed. */
void answer_text(
    struct answer *answer, unsigned status, const char *content_type, const char *text);

/** Answers a SCIM error.  @param scim_type may be NULL. */
void answer_error(
    struct answer *answer, unsigned status, const char *scim_type, const char *detail);

/** Frees what an answer owns and empties it. */
void answer_done(struct answer *answer);

#endif
