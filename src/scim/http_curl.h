/* SPDX-License-Identifier: ISC */
/*
 * The transport on libcurl's multi interface, driven by the loop.
 */
#ifndef SCIM_HTTP_CURL_H
#define SCIM_HTTP_CURL_H

#include "loop/loop.h"
#include "scim/http.h"

/* All is borrowed and outlives the transport; NULL: not set. */
struct http_curl_settings {
	const char *ca_file;       /* PEM; NULL: what the system trusts */
	const char *proxy;         /* NULL: none, whatever the environment says */
	unsigned connections_max;  /* to one host */
	uint64_t answer_max_bytes; /* of a body, unpacked */
};

/**
 * Makes a transport: HTTP/1.1, or HTTP/2 where it is offered over TLS; TLS 1.2 or newer, always
 * verified; no redirects, no cookies, nothing from the environment.  Connections are kept.
 *
 * @return owned
 */
struct http *http_curl_new(struct loop *loop, const struct http_curl_settings *settings);

#endif
