// SPDX-License-Identifier: ISC

// Memory and small texts for the tenant simulator.  It is a test program: when
// memory runs out it says so and aborts, so that no caller has to look.

#ifndef TENANT_MEMORY_H
#define TENANT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Allocates `count` zeroed things of `size_bytes` each.
 * @return owned; never NULL.
 */
void *memory_new(size_t count, size_t size_bytes);

/**
 * Grows or shrinks a block to `count` things of `size_bytes` each.
 * @param old taken; may be NULL.
 * @return owned; never NULL.
 */
void *memory_resize(void *old, size_t count, size_t size_bytes);

/**
 * Copies a text.
 * @param text borrowed; NULL gives NULL.
 * @return owned.
 */
char *text_copy(const char *text);

/** Formats a text like printf.  @return owned. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Copies a text with its ASCII letters in lower case; other bytes stay.
 * @param text borrowed; NULL gives NULL.
 * @return owned.
 */
char *text_fold(const char *text);

/**
 * Replaces what a field holds with a copy of `text`.
 * @param field its old text is freed.
 * @param text borrowed; NULL empties the field.
 */
void text_set(char **field, const char *text);

/** Says whether `text` begins with `prefix`, byte by byte. */
bool text_begins(const char *text, const char *prefix);

/**
 * Reads a whole decimal number.
 * @return false when `text` is NULL, empty or holds anything else.
 */
bool text_to_number(const char *text, long *ret_number);

#endif
