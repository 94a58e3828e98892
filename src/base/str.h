/* SPDX-License-Identifier: ISC */
/*
 * Pieces of bytes: `span` looks at bytes that somebody else owns, `str` owns bytes that grow.
 *
 * A span need not end in NUL and may hold any byte.  A str always keeps a NUL behind its last byte,
 * so that `str_c` costs nothing.  Memory that has run out ends the process.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *at; /* borrowed; NULL means "absent", which differs from "" */
	size_t len;     /* bytes */
};

struct str {
	char *at;   /* owned; NULL while nothing was added */
	size_t len; /* bytes, without the NUL */
	size_t cap; /* bytes allocated */
};

#define SPAN_NULL  ((struct span) { NULL, 0 })
#define SPAN(text) ((struct span) { "" text, sizeof(text) - 1 })
/* Likewise in the initializer of a static table, where the other is no constant to the standard. */
// clang-format off
#define SPAN_INIT(text) { "" text, sizeof(text) - 1 }
// clang-format on
/* For printf("%.*s", SPAN_ARG(span)). */
#define SPAN_ARG(span) (int)(span).len, (span).at == NULL ? "" : (span).at

/** Looks at a C string; NULL gives the absent span. */
static inline struct span span_of(const char *text)
{
	return (struct span) { text, text == NULL ? 0 : strlen(text) };
}

/** Compares the bytes; two absent spans are equal, absent and "" are not. */
static inline bool span_equal(struct span a, struct span b)
{
	if ((a.at == NULL) != (b.at == NULL) || a.len != b.len)
		return false;
	return a.len == 0 || memcmp(a.at, b.at, a.len) == 0;
}

/** Compares ignoring the case of ASCII letters only (attribute names, URL schemes, keywords). */
bool span_equal_ascii_case(struct span a, struct span b);

/** Orders by bytes like memcmp, a prefix before the longer one; absent comes first. */
int span_compare(struct span a, struct span b);

/** Looks at the bytes without ASCII white space at both ends. */
struct span span_trim(struct span span);

/** Finds the first `byte`; @return its offset, or `span.len` when there is none. */
size_t span_find(struct span span, char byte);

/** Cuts off and returns what comes before the first `separator`; moves `rest` behind it. */
struct span span_split(struct span *rest, char separator);

/** Reads a whole decimal number without a sign. @return false when it is not one or overflows. */
bool span_to_u64(struct span span, uint64_t *ret_number);

/** Makes room for `extra` more bytes and a NUL. */
void str_reserve(struct str *str, size_t extra);

/** Appends bytes. */
void str_add(struct str *str, struct span span);

/** Appends one byte. */
void str_add_byte(struct str *str, char byte);

/** Appends a C string. */
void str_add_c(struct str *str, const char *text);

/** Appends formatted text. */
void str_addf(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Appends formatted text; `list` is used up. */
void str_addv(struct str *str, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));

/** Cuts back to `len` bytes and keeps the memory. */
void str_truncate(struct str *str, size_t len);

/** Looks at the whole content ("" when nothing was added). */
static inline struct span str_span(const struct str *str)
{
	return (struct span) { str->at == NULL ? "" : str->at, str->len };
}

/** The content as a C string, valid until the next change. */
static inline const char *str_c(const struct str *str)
{
	return str->at == NULL ? "" : str->at;
}

/** Frees the memory and makes the str empty again; a str of zeros is welcome. */
void str_done(struct str *str);

/** Like strdup(3) for a span; never NULL. @return owned by the caller, freed with free(3) */
char *span_dup_c(struct span span);

#endif
