/* SPDX-License-Identifier: ISC */
/*
 * The transport's other body (scim/http.h): it answers from a script and remembers what was asked.
 *
 * Answers are given in the order of their requests.  A request that the script has nothing for gets
 * no answer until its time is over.  Texts of answers lie in memory of just their size that is
 * freed right behind the callback, so that AddressSanitizer sees who looks at them too long.
 */
#ifndef TESTS_FAKE_HTTP_H
#define TESTS_FAKE_HTTP_H

#include "loop/loop.h"
#include "scim/http.h"
#include <stddef.h>

/* One answer; C strings, NULL: not there. */
struct fake_http_answer {
	enum http_failure failure;
	const char *failure_detail;
	bool was_not_sent; /* of a failure */
	int status;
	const char *body, *retry_after, *date, *request_id;
	const char *rate_limit, *rate_remaining, *rate_reset;
	size_t body_bytes; /* 0: to the NUL */
	int64_t delay_ms;
};

/* One request as it came; absent texts are NULL. */
struct fake_http_request {
	char *method, *url, *authorization, *accept, *content_type, *body;
	int64_t timeout_ms, at_ms; /* loop time of the start */
	bool has_secret_answer, is_repeatable;
};

/** Makes a transport without answers. @return owned; freed with http_free */
struct http *fake_http_new(struct loop *loop);

/** Adds an answer to the script; copied. */
void fake_http_script(struct http *http, const struct fake_http_answer *answer);

/** Adds an answer with a status and a body. */
void fake_http_reply(struct http *http, int status, const char *body);

/**
 * Says what inspections find from now on; before, they find a certificate that is trusted and
 * cannot be read.
 *
 * @param peer  copied; NULL: unknown
 */
void fake_http_inspection(struct http *http, enum http_failure failure, enum x509_trouble trouble,
    const struct x509_summary *peer);

/** URLs that were inspected so far, each with a space behind it. @return borrowed */
const char *fake_http_inspected(const struct http *http);

/** Requests so far. */
size_t fake_http_count(const struct http *http);

/** One of them, 0 the first; ends the process when there is none. @return borrowed */
const struct fake_http_request *fake_http_request(const struct http *http, size_t at);

/** Requests under way, the most that ever were, answers that nobody asked for yet, requests that
 * were canceled, and calls of rest. */
struct fake_http_counts {
	size_t running, running_max, unused, canceled, closed;
};
struct fake_http_counts fake_http_counts(const struct http *http);

#endif
