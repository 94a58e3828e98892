/* SPDX-License-Identifier: ISC */
/*
 * Growing arrays, and allocation that never fails: when memory has run out the process ends, the
 * service manager starts it again, and the journal in the state database makes that safe.
 */
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VEC_FIRST_CAP = 8 };

void mem_exhausted(void)
{
	static const char line[] = "scimward: error: out of memory\n";
	/* Nothing can be done when even this fails. */
	ssize_t written = write(STDERR_FILENO, line, sizeof(line) - 1);
	(void)written;
	abort();
}

/* No object may be larger than PTRDIFF_MAX; asking for one is out of memory without asking. */
static size_t checked_size(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
		mem_exhausted();
	return bytes == 0 ? 1 : bytes;
}

void *mem_new(size_t count, size_t size)
{
	void *memory = calloc(1, checked_size(count, size));
	if (memory == NULL)
		mem_exhausted();
	return memory;
}

void *mem_grow(void *memory, size_t count, size_t size)
{
	void *grown = realloc(memory, checked_size(count, size));
	if (grown == NULL)
		mem_exhausted();
	return grown;
}

char *mem_strdup(const char *text)
{
	if (text == NULL)
		return NULL;
	size_t size = strlen(text) + 1;
	return memcpy(mem_new(size, 1), text, size);
}

void *vec_push(void **items, size_t *count, size_t *cap, size_t item_size)
{
	if (*count == *cap) {
		size_t grown;
		if (__builtin_mul_overflow(*cap, (size_t)2, &grown))
			mem_exhausted();
		if (grown == 0)
			grown = VEC_FIRST_CAP;
		*items = mem_grow(*items, grown, item_size);
		*cap = grown;
	}
	char *place = (char *)*items + *count * item_size;
	memset(place, 0, item_size);
	(*count)++;
	return place;
}
