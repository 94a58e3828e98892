// SPDX-License-Identifier: ISC
#include "memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *memory_check(void *block)
{
	if (!block) {
		fputs("tenant-simulator: out of memory\n", stderr);
		abort();
	}
	return block;
}

void *memory_new(size_t count, size_t size_bytes)
{
	return memory_check(calloc(count ? count : 1, size_bytes));
}

void *memory_resize(void *old, size_t count, size_t size_bytes)
{
	return memory_check(reallocarray(old, count ? count : 1, size_bytes));
}

char *text_copy(const char *text)
{
	return text ? memory_check(strdup(text)) : NULL;
}

char *text_format(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = NULL;
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return memory_check(length < 0 ? NULL : text);
}

char *text_fold(const char *text)
{
	char *folded = text_copy(text);
	for (char *at = folded; at && *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	}
	return folded;
}

void text_set(char **field, const char *text)
{
	char *copy = text_copy(text);
	free(*field);
	*field = copy;
}

bool text_begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_to_number(const char *text, long *ret_number)
{
	if (!text || !*text)
		return false;
	char *end = NULL;
	errno = 0;
	long number = strtol(text, &end, 10);
	if (errno || *end)
		return false;
	*ret_number = number;
	return true;
}
