/* SPDX-License-Identifier: ISC */
/*
 * curl's multi interface on the loop: an easy handle that its owner has set up goes in, and how its
 * transfer ended comes out.
 *
 * A library of its own, beside the loop's two bodies: it runs on either.
 */
#ifndef LOOP_TRANSFERS_H
#define LOOP_TRANSFERS_H

#include "loop/loop.h"
#include <curl/curl.h>

struct transfers;

/* Who is told. Both are called from the loop, outside of curl's own callbacks. */
struct transfers_events {
	/** A transfer ended; the handle is its owner's again and may be freed. Others may be added
	 * and removed from here, but the transfers not be freed. */
	void (*on_done)(void *context, CURL *easy, CURLcode code);
	/** on_done was called for all that had ended; from here the transfers may be freed. NULL:
	 * nobody asks. */
	void (*on_rest)(void *context);
};

/**
 * Makes them; curl_global_init was called. Ends the process when there is no memory.
 *
 * @param events  borrowed
 * @return owned
 */
struct transfers *transfers_new(
    struct loop *loop, const struct transfers_events *events, void *context);

/** Closes kept connections and frees; nothing is under way; sets `*transfers` to NULL; NULL is
 * welcome. */
void transfers_free(struct transfers **transfers);

/** Starts a transfer. @param easy  borrowed until on_done or transfers_remove */
void transfers_add(struct transfers *transfers, CURL *easy);

/** Ends a transfer that is under way; on_done is not called for it. */
void transfers_remove(struct transfers *transfers, CURL *easy);

/** For curl_multi_setopt; what concerns sockets and timers is taken. @return borrowed */
CURLM *transfers_multi(struct transfers *transfers);

#endif
