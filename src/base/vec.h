/* SPDX-License-Identifier: ISC */
/*
 * Growing arrays, and allocation that never fails.
 *
 *     struct rule *rules = NULL;
 *     size_t rule_count = 0, rule_cap = 0;
 *     *(struct rule *)vec_push((void **)&rules, &rule_count, &rule_cap, sizeof(*rules)) = rule;
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>

/** Appends one zeroed item. @return its place, borrowed until the next push */
void *vec_push(void **items, size_t *count, size_t *cap, size_t item_size);

/** calloc(3) that ends the process with one line when memory has run out. @return owned */
void *mem_new(size_t count, size_t size);

/** realloc(3) likewise. */
void *mem_grow(void *memory, size_t count, size_t size);

/** strdup(3) likewise; NULL gives NULL. */
char *mem_strdup(const char *text);

/** Ends the process with that line; for allocators of one's own. */
void mem_exhausted(void) __attribute__((noreturn));

#endif
