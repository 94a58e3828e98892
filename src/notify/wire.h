/* SPDX-License-Identifier: ISC */
/*
 * One transfer now and then, on the loop: an easy handle that its owner has set up goes in, and how
 * it ended comes out.
 */
#ifndef NOTIFY_WIRE_H
#define NOTIFY_WIRE_H

#include "loop/loop.h"
#include <curl/curl.h>

/* Told once how a transfer ended; the handle is its owner's again and may be freed, the wire not.
 */
typedef void wire_callback(void *context, CURLcode code);

struct wire;

/** Makes one. @return owned */
struct wire *wire_new(struct loop *loop);

/** Frees it; nothing is under way; sets `*wire` to NULL; NULL is welcome. */
void wire_free(struct wire **wire);

/** Starts a transfer. @param easy  borrowed until the callback or wire_cancel */
void wire_start(struct wire *wire, CURL *easy, wire_callback *callback, void *context);

/** Ends it without its callback; nothing under way is welcome. */
void wire_cancel(struct wire *wire);

/** Makes an easy handle that trusts whom it is told to and asks nothing of the environment. */
CURL *wire_easy_new(const char *ca_file, const char *proxy);

#endif
