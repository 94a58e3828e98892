/* SPDX-License-Identifier: ISC */
/*
 * The transport below the SCIM client: one request, one answer.  Its real body is http_curl.c; the
 * tests have one that answers from a script (tests/fake/fake_http.h).
 *
 * A start is answered by exactly one callback, never before the start returned; after http_cancel
 * there is none.  What the answer shows is borrowed until the callback returns.  Callbacks may
 * start and cancel, but not free the transport.
 */
#ifndef SCIM_HTTP_H
#define SCIM_HTTP_H

#include "base/str.h"
#include "core/x509.h"
#include <stdbool.h>
#include <stdint.h>

struct http_request {
	struct span method;        /* GET, POST, PATCH, PUT */
	struct span url;           /* whole, percent-encoded */
	struct span authorization; /* value of the header: a secret; absent: none */
	struct span accept;        /* media type */
	struct span content_type;  /* absent: no such header */
	struct span body;          /* absent: none */
	int64_t timeout_ms;        /* from start to the last byte of the answer */
	bool has_secret_answer;    /* the body is wiped after the callback */
	bool is_repeatable;        /* may be sent again when a kept connection breaks under it */
};

enum http_failure {
	HTTP_NO_FAILURE,   /* a whole answer came */
	HTTP_NAME_UNKNOWN, /* the name of the host or the proxy cannot be resolved */
	HTTP_REFUSED,      /* no connection can be made */
	HTTP_TIMED_OUT,    /* the deadline passed */
	HTTP_NOT_TRUSTED,  /* the certificate does not verify, or ours cannot be read */
	HTTP_TLS_FAILED,   /* the handshake failed otherwise */
	HTTP_BROKEN,       /* reset, closed or cut, before or within the answer */
	HTTP_TOO_LARGE,    /* the answer's body is over the limit */
	HTTP_MALFORMED,    /* what came is not HTTP, or cannot be unpacked */
};

struct http_answer {
	enum http_failure failure;
	struct span failure_detail; /* for people, in the transport's words; "": none */
	bool was_sent;              /* bytes of the request may have gone out */
	int status;                 /* 0: no status line came; may be set beside a failure */
	struct span body;           /* unpacked; what came of it */
	struct span retry_after;    /* headers; absent: not there */
	struct span date;
	struct span rate_limit, rate_remaining,
	    rate_reset;         /* x-ratelimit-limit, -remaining, -reset, or without the x- */
	struct span request_id; /* x-request-id, x-correlation-id or traceparent */
};

typedef void http_callback(void *context, const struct http_answer *answer);

/* Who the peer is by TLS; borrowed until the callback returns. */
struct http_inspection {
	enum http_failure failure;  /* HTTP_NO_FAILURE: the certificate is trusted */
	struct span failure_detail; /* as in an answer */
	enum x509_trouble trouble;  /* of HTTP_NOT_TRUSTED: what is wrong, where that is known */
	const struct x509_summary *peer; /* its certificate */
};

typedef void http_inspect_callback(void *context, const struct http_inspection *inspection);

struct http;
struct http_call;

struct http_vtable {
	struct http_call *(*start)(struct http *http, const struct http_request *request,
	    http_callback *callback, void *context);
	void (*cancel)(struct http *http, struct http_call *call);
	void (*inspect)(struct http *http, struct span url, int64_t timeout_ms,
	    http_inspect_callback *callback, void *context);
	void (*rest)(struct http *http);
	void (*free)(struct http *http);
};

/* First member of every implementation. */
struct http {
	const struct http_vtable *vtable;
};

/**
 * Sends a request.
 *
 * @param request  borrowed until the start returns, the spans in it too
 * @return borrowed; gone when its callback returns
 */
static inline struct http_call *http_start(
    struct http *http, const struct http_request *request, http_callback *callback, void *context)
{
	return http->vtable->start(http, request, callback, context);
}

/** Ends a call without its callback. */
static inline void http_cancel(struct http *http, struct http_call *call)
{
	http->vtable->cancel(http, call);
}

/**
 * Looks at the certificate of a URL's host over a connection of its own, on which nothing is sent.
 * One at a time; never answered before this returned, and not at all once the transport is freed.
 *
 * @param url  https; borrowed until the callback
 */
static inline void http_inspect(struct http *http, struct span url, int64_t timeout_ms,
    http_inspect_callback *callback, void *context)
{
	http->vtable->inspect(http, url, timeout_ms, callback, context);
}

/** Says that nothing is left to ask for now: connections that nothing runs on may be closed after a
 * while. */
static inline void http_rest(struct http *http)
{
	http->vtable->rest(http);
}

/** Ends all calls without their callbacks and frees; sets `*http` to NULL; NULL is welcome. */
static inline void http_free(struct http **http)
{
	if (*http != NULL)
		(*http)->vtable->free(*http);
	*http = NULL;
}

#endif
