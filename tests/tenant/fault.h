// SPDX-License-Identifier: ISC

// clang-format off
//
// Faults on request: what goes wrong, for which requests, how often.
//
// A fault waits in a queue.  A request takes the first one that matches its
// method and path, whose `after` is used up, and that has some `count` left;
// each match until then uses up one of `after`.  `slow` is looked up on its own,
// so one request may be slow and fail as well.  Two switches are not queued:
// unstable-order and short-pages.
//
//	{"fault": "429", "count": 3, "after": 10, "method": "POST", "path": "/Users",
//	 "retryAfter": "2"}
//
//	fault        what happens
//	"400"…"599"  that status, and nothing is done; bodies of 502, 503 and 504 are HTML
//	             (a gateway's), the others SCIM errors, or the auth service's JSON on its paths
//	reset        nothing is done; the connection is reset
//	lost         the request is done; the connection is closed without an answer
//	never        nothing is done (with "write": true it is); no answer, until "ms" (10 min) are over
//	slow         the request is done; the answer waits for "ms" (1000)
//	cut          the request is done; the connection closes in the middle of the body
//	207          the user's data are stored, the workspaces are not, and the answer is 207
//	wrong-entitlements  200, but the last wanted workspace is not stored; where none is wanted
//	             the old ones stay
//	expire-tokens  all tokens die, then the request is handled as usual
//	not-json     the request is done; the body is HTML with the status of success
//	too-large    the request is done; the body does not end, or is "bytes" long
//	slow_down, authorization_pending, access_denied, expired_token, invalid_grant, invalid_client
//	             nothing is done; OAuth's error of that name (400)
//	wrong-shape  the request is done; the body is JSON whose members have impossible types
//
// `count` is 1 unless given, -1 is for ever.  `path` is a prefix of the whole
// path or of the part after the SCIM base.  `retryAfter` is sent as it is (a
// number too); `retryAfterDate` makes an HTTP date so many seconds from now.
//
// clang-format on

#ifndef TENANT_FAULT_H
#define TENANT_FAULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_STATUS,
	FAULT_RESET,
	FAULT_LOST,
	FAULT_NEVER,
	FAULT_SLOW,
	FAULT_CUT,
	FAULT_PARTIAL,
	FAULT_WRONG_ENTITLEMENTS,
	FAULT_EXPIRE_TOKENS,
	FAULT_NOT_JSON,
	FAULT_TOO_LARGE,
	FAULT_WRONG_SHAPE,
	FAULT_OAUTH_ERROR
};

/** What one request met. */
struct fault_hit {
	enum fault_kind kind; /**< never FAULT_SLOW */
	char name[24];        /**< as it was asked for; empty: none */
	unsigned status;      /**< of FAULT_STATUS */
	char *retry_after;    /**< owned; NULL: no such header */
	long delay_ms;        /**< how long the answer waits */
	long size_bytes;      /**< of FAULT_TOO_LARGE; 0: endless */
	bool writes;          /**< of FAULT_NEVER */
};

struct faults;

/** Makes an empty queue.  @return owned. */
struct faults *faults_new(bool is_order_unstable);

/** Frees the queue; NULL is welcome. */
void faults_free(struct faults **faults);

/** Empties the queue and sets the switches as they were at the start. */
void faults_clear(struct faults *faults);

/**
 * Queues a fault or turns a switch.
 * @param asked borrowed; the object described above.
 * @return NULL, or what is wrong with it (static).
 */
const char *faults_ask(struct faults *faults, const json_t *asked);

/** Lists what is queued and switched on.  @return owned. */
json_t *faults_list(const struct faults *faults);

/**
 * Takes what a request meets.
 * @param ret_hit written always; release with fault_hit_done().
 */
void faults_take(
    struct faults *faults, const char *method, const char *path, struct fault_hit *ret_hit);

/** Frees what a hit owns. */
void fault_hit_done(struct fault_hit *hit);

/** Says whether the order of the list changes from page to page. */
bool faults_order_is_unstable(const struct faults *faults);

/** Tells how many users a page may hold at most; 0: as many as asked for. */
long faults_page_size(const struct faults *faults);

#endif
