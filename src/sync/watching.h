/* SPDX-License-Identifier: ISC */
/*
 * Push: directories that say when something changes.
 *
 * A watch says only that a look is worth while; what changed a delta finds out.  Polling goes on
 * beside it, so a stream that is lost costs time and nothing else; it is opened again after the
 * next cycle that went well.  Where it never tells anything the pauses
 * grow.
 */
#ifndef SYNC_WATCHING_H
#define SYNC_WATCHING_H

#include "core/port_source.h"
#include "loop/loop.h"
#include <stddef.h>

struct watching;

/** Makes a watching that watches nothing. @param on_change  something changed somewhere. @return
 * owned */
struct watching *watching_new(struct loop *loop, void (*on_change)(void *context), void *context);

/** Ends all watches and frees; sets `*watching` to NULL; NULL is welcome. */
void watching_free(struct watching **watching);

/** Watches these sources, as far as they can be: the lost ones again. */
void watching_start(struct watching *watching, struct source *const *sources, size_t count);

/** Ends all watches; before sources are freed. */
void watching_stop(struct watching *watching);

/** Number of sources that are watched. */
size_t watching_count(const struct watching *watching);

#endif
