/* SPDX-License-Identifier: ISC */
/*
 * Looks at the certificate of a host, for the transport's `inspect`.
 */
#ifndef SCIM_HTTP_INSPECT_H
#define SCIM_HTTP_INSPECT_H

#include "loop/loop.h"
#include "scim/http.h"
#include "scim/http_curl.h"

struct inspector;

/** Makes one; curl_global_init was called. @param settings  borrowed until it is freed */
struct inspector *inspector_new(struct loop *loop, const struct http_curl_settings *settings);

/** Ends what is under way without its callback, and frees; sets `*inspector` to NULL; NULL is
 * welcome. */
void inspector_free(struct inspector **inspector);

/** As http_inspect. */
void inspector_start(struct inspector *inspector, struct span url, int64_t timeout_ms,
    http_inspect_callback *callback, void *context);

#endif
