/* SPDX-License-Identifier: ISC */
/*
 * Blocks in a list, the one in use first.  Under AddressSanitizer what was not handed out is
 * poisoned, so that a use after arena_reset is seen as a use after free would be.
 */
#include "base/arena.h"

#include "base/vec.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

enum {
	ARENA_FIRST_BYTES = 8 * 1024,
	ARENA_GROWN_BYTES = 256 * 1024, /* blocks double up to here */
	ARENA_KEPT_BYTES = 1024 * 1024, /* more is not kept for the next round */
};

struct block {
	struct block *next;
	size_t size; /* of the content */
	size_t used;
	max_align_t content[];
};

struct arena {
	struct block *blocks; /* owned; NULL or the one in use first */
};

struct arena *arena_new(void)
{
	return mem_new(1, sizeof(struct arena));
}

static void block_free(struct block *block)
{
	ASAN_UNPOISON_MEMORY_REGION(block->content, block->size);
	free(block);
}

static struct block *block_new(size_t size)
{
	size_t bytes;
	if (__builtin_add_overflow(size, sizeof(struct block), &bytes))
		mem_exhausted();
	struct block *block = mem_grow(NULL, bytes, 1);
	*block = (struct block) { .size = size };
	ASAN_POISON_MEMORY_REGION(block->content, size);
	return block;
}

static void blocks_free(struct arena *arena)
{
	for (struct block *block = arena->blocks, *next; block != NULL; block = next) {
		next = block->next;
		block_free(block);
	}
	arena->blocks = NULL;
}

void arena_free(struct arena **arena)
{
	if (*arena == NULL)
		return;
	blocks_free(*arena);
	free(*arena);
	*arena = NULL;
}

/* Several blocks become one of their size: the next round of the same kind fits into it. */
void arena_reset(struct arena *arena)
{
	struct block *first = arena->blocks;
	size_t total = 0;
	for (const struct block *block = first; block != NULL; block = block->next)
		total += block->size;
	if (first != NULL && first->next == NULL && total <= ARENA_KEPT_BYTES) {
		first->used = 0;
		ASAN_POISON_MEMORY_REGION(first->content, first->size);
		return;
	}
	blocks_free(arena);
	if (total > 0 && total <= ARENA_KEPT_BYTES)
		arena->blocks = block_new(total);
}

/* Something large gets a block of its own behind the one in use, whose room is not lost then. */
static struct block *block_add(struct arena *arena, size_t size)
{
	struct block *first = arena->blocks;
	size_t usual = first == NULL ? ARENA_FIRST_BYTES : first->size * 2;
	if (usual > ARENA_GROWN_BYTES)
		usual = ARENA_GROWN_BYTES;
	bool is_large = size > usual / 2;
	struct block *block = block_new(is_large ? size : usual);
	if (is_large && first != NULL) {
		block->next = first->next;
		first->next = block;
	} else {
		block->next = first;
		arena->blocks = block;
	}
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t mask = _Alignof(max_align_t) - 1;
	if (size > PTRDIFF_MAX - mask)
		mem_exhausted();
	/* Even nothing takes a place of its own, so that no two things are the same. */
	size_t taken = size == 0 ? mask + 1 : (size + mask) & ~mask;
	struct block *block = arena->blocks;
	if (block == NULL || block->size - block->used < taken)
		block = block_add(arena, taken);
	char *place = (char *)block->content + block->used;
	block->used += taken;
	ASAN_UNPOISON_MEMORY_REGION(place, size);
	return memset(place, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		mem_exhausted();
	return arena_alloc(arena, bytes);
}

char *arena_c(struct arena *arena, struct span span)
{
	char *copy = arena_alloc(arena, span.len + 1);
	if (span.len > 0)
		memcpy(copy, span.at, span.len);
	return copy;
}

struct span arena_span(struct arena *arena, struct span span)
{
	if (span.at == NULL)
		return SPAN_NULL;
	return (struct span) { arena_c(arena, span), span.len };
}

struct span arena_format(struct arena *arena, const char *format, ...)
{
	struct str text = { 0 };
	va_list list;
	va_start(list, format);
	str_addv(&text, format, list);
	va_end(list);
	struct span copy = arena_span(arena, str_span(&text));
	str_done(&text);
	return copy;
}

size_t arena_size_bytes(const struct arena *arena)
{
	size_t size = sizeof(*arena);
	for (const struct block *block = arena->blocks; block != NULL; block = block->next)
		size += sizeof(*block) + block->size;
	return size;
}
