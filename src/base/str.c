/* SPDX-License-Identifier: ISC */
/*
 * Pieces of bytes.
 */
#include "base/str.h"

#include "base/vec.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { STR_FIRST_CAP = 64 };

static unsigned char ascii_lower(char byte)
{
	unsigned char c = (unsigned char)byte;
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

bool span_equal_ascii_case(struct span a, struct span b)
{
	if ((a.at == NULL) != (b.at == NULL) || a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
			return false;
	}
	return true;
}

int span_compare(struct span a, struct span b)
{
	if (a.at == NULL || b.at == NULL)
		return (a.at != NULL) - (b.at != NULL);
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter == 0 ? 0 : memcmp(a.at, b.at, shorter);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static bool is_white(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct span span_trim(struct span span)
{
	while (span.len > 0 && is_white(span.at[0])) {
		span.at++;
		span.len--;
	}
	while (span.len > 0 && is_white(span.at[span.len - 1]))
		span.len--;
	return span;
}

size_t span_find(struct span span, char byte)
{
	const char *found = span.len == 0 ? NULL : memchr(span.at, byte, span.len);
	return found == NULL ? span.len : (size_t)(found - span.at);
}

struct span span_split(struct span *rest, char separator)
{
	size_t end = span_find(*rest, separator);
	struct span first = { rest->at, end };
	size_t cut = end < rest->len ? end + 1 : end;
	if (cut > 0)
		rest->at += cut;
	rest->len -= cut;
	return first;
}

bool span_to_u64(struct span span, uint64_t *ret_number)
{
	uint64_t number = 0;
	if (span.len == 0)
		return false;
	for (size_t i = 0; i < span.len; i++) {
		char digit = span.at[i];
		if (digit < '0' || digit > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(digit - '0'), &number))
			return false;
	}
	*ret_number = number;
	return true;
}

void str_reserve(struct str *str, size_t extra)
{
	size_t need;
	if (__builtin_add_overflow(str->len, extra, &need) || need >= PTRDIFF_MAX)
		mem_exhausted();
	need++;
	if (need <= str->cap)
		return;
	size_t cap = str->cap == 0 ? STR_FIRST_CAP : str->cap * 2;
	if (cap < need)
		cap = need;
	str->at = mem_grow(str->at, cap, 1);
	str->at[str->len] = '\0';
	str->cap = cap;
}

void str_add(struct str *str, struct span span)
{
	str_reserve(str, span.len);
	if (span.len > 0)
		memcpy(str->at + str->len, span.at, span.len);
	str->len += span.len;
	str->at[str->len] = '\0';
}

void str_add_byte(struct str *str, char byte)
{
	str_reserve(str, 1);
	str->at[str->len++] = byte;
	str->at[str->len] = '\0';
}

void str_add_c(struct str *str, const char *text)
{
	str_add(str, span_of(text));
}

void str_addf(struct str *str, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	str_addv(str, format, list);
	va_end(list);
}

void str_addv(struct str *str, const char *format, va_list list)
{
	va_list again;
	va_copy(again, list);
	str_reserve(str, 0);
	size_t room = str->cap - str->len;
	int written = vsnprintf(str->at + str->len, room, format, list);
	/* Only a format that is wrong can fail: no wide characters are ever printed. */
	assert(written >= 0);
	if (written < 0)
		written = 0;
	if ((size_t)written >= room) {
		str_reserve(str, (size_t)written);
		vsnprintf(str->at + str->len, (size_t)written + 1, format, again);
	}
	va_end(again);
	str->len += (size_t)written;
	str->at[str->len] = '\0';
}

void str_truncate(struct str *str, size_t len)
{
	assert(len <= str->len);
	if (str->at == NULL)
		return;
	str->len = len;
	str->at[len] = '\0';
}

void str_done(struct str *str)
{
	free(str->at);
	*str = (struct str) { 0 };
}

char *span_dup_c(struct span span)
{
	char *copy = mem_new(span.len + 1, 1);
	if (span.len > 0)
		memcpy(copy, span.at, span.len);
	return copy;
}
