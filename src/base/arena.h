/* SPDX-License-Identifier: ISC */
/*
 * Memory for things that live and die together: one arena per snapshot, cycle, page or request.
 *
 * Allocation is a pointer bump; freeing one thing is not possible, freeing all is one call.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"
#include <stddef.h>

struct arena;

/** Makes an empty arena that grows in blocks of 8 KiB and more. @return owned */
struct arena *arena_new(void);

/** Frees the arena and all that came from it; sets `*arena` to NULL; NULL is welcome. */
void arena_free(struct arena **arena);

/** Forgets all content but keeps as much memory (to 1 MiB), so that a loop allocates nothing in the
 * end. */
void arena_reset(struct arena *arena);

/** Gives `size` zeroed bytes aligned for any type. @return owned by the arena, never NULL */
void *arena_alloc(struct arena *arena, size_t size);

/** Like arena_alloc for `count` things of `size` bytes; an overflow ends the process. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/** Copies a span into the arena with a NUL behind it; absent stays absent. */
struct span arena_span(struct arena *arena, struct span span);

/** Copies a span as a C string. @return owned by the arena, never NULL */
char *arena_c(struct arena *arena, struct span span);

/** Formats into the arena. @return owned by the arena */
struct span arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Bytes that the arena holds from the system, for tests of memory. */
size_t arena_size_bytes(const struct arena *arena);

#endif
