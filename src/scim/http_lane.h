/* SPDX-License-Identifier: ISC */
/*
 * A lane of the transport: an easy handle of libcurl that is set up once and used for one request
 * after the other, with the buffers of both directions.
 */
#ifndef SCIM_HTTP_LANE_H
#define SCIM_HTTP_LANE_H

#include "base/str.h"
#include "scim/http.h"
#include "scim/http_curl.h"
#include <curl/curl.h>

enum { HTTP_LANE_HEADERS = 4 }; /* Accept, Expect, Content-Type, Authorization */

struct http_lane {
	CURL *easy;
	const struct http_curl_settings *settings; /* borrowed */
	struct str url, request_body;
	struct str lines[HTTP_LANE_HEADERS]; /* and curl's list of them */
	struct curl_slist headers[HTTP_LANE_HEADERS];
	struct str answer_body, retry_after, date, request_id;
	struct str rate_limit, rate_remaining, rate_reset;
	int request_id_rank;
	unsigned sends; /* of this request */
	bool is_repeatable, is_too_large, has_secret_answer;
	char detail[CURL_ERROR_SIZE];
};

/**
 * Prepares a lane of zeros.
 *
 * @param settings  borrowed as long as the lane lives
 * @param owner     what CURLINFO_PRIVATE gives
 */
void http_lane_init(struct http_lane *lane, const struct http_curl_settings *settings, void *owner);

/** Wipes and frees what the lane has; it is in no multi handle. */
void http_lane_done(struct http_lane *lane);

/** Makes the next request of the handle, which is in no multi handle. */
void http_lane_set_up(struct http_lane *lane, const struct http_request *request);

/** Sets on a handle what every connection has: protocols, TLS, whom to trust, the proxy. */
void http_lane_set_peer(CURL *easy, const struct http_curl_settings *settings);

/** What a code of curl's means, before anything was sent. */
enum http_failure http_lane_failure(CURLcode code);

/** Shows what came of the request; it looks at the lane until the lane is cleaned. */
void http_lane_read(struct http_lane *lane, CURLcode code, struct http_answer *ret_answer);

/** Wipes what was secret and empties the buffers. */
void http_lane_clean(struct http_lane *lane);

#endif
