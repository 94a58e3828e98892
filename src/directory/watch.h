/* SPDX-License-Identifier: ISC */
/*
 * Being told that something changes, as it changes: a connection of its own for each naming
 * context, on which one search never ends.
 *
 * Active Directory has its notification control for that, others content synchronization
 * (refreshAndPersist, RFC 4533).  What comes is only counted as "something": who was touched is for
 * the feeds to tell.
 */
#ifndef DIRECTORY_WATCH_H
#define DIRECTORY_WATCH_H

#include "core/port_source.h"

struct watch;

/** Starts to watch, instead of what watched before; @param callback NULL: only ends that. */
bool watch_start(struct source *base, source_watch_callback *callback, void *context);

/** Ends it without a callback; sets `*watch` to NULL; NULL is welcome. */
void watch_free(struct watch **watch);

#endif
