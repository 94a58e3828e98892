/* SPDX-License-Identifier: ISC */
/*
 * Open addressing with linear probing, without deletion.
 *
 * The table is no power of two: growing by a quarter at four fifths keeps it sixteen twenty-fifths
 * full, which is the 62.5 bytes an item that the header promises.
 */
#include "core/index.h"
#include "base/vec.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLOTS_MIN = 16,
	NOTED_MAX = 4096, /* 64 KiB of keys, once there are that many */
	FLAGS = 8,
};

struct index {
	struct index_item *slots;
	size_t slot_count;
	size_t count;
	size_t count_max;      /* grows beyond */
	size_t flagged[FLAGS]; /* how many items have the flag of this bit */
	/* Who got a passing flag, perhaps twice, so that forgetting need not look at all items. */
	struct uuid *noted;
	size_t noted_count, noted_cap;
};

_Static_assert(sizeof(struct index_item) == 40, "an item is 40 bytes without padding");

static uint64_t mix(uint64_t word)
{
	word ^= word >> 32;
	word *= UINT64_C(0xD6E8FEB86659FD93);
	word ^= word >> 32;
	word *= UINT64_C(0xD6E8FEB86659FD93);
	word ^= word >> 32;
	return word;
}

/*
 * Where the key belongs.  Both halves count: the keys of one server may share a half.  The product
 * of a slot count and 32 bits of hash keeps the order of the hash, so no division is needed.
 */
static size_t home_slot(const struct index *index, const struct uuid *key)
{
	uint64_t half[2], hash;

	memcpy(half, key->byte, sizeof(half));
	hash = mix(mix(half[0]) ^ half[1]);
	return (size_t)(((hash >> 32) * index->slot_count) >> 32);
}

/* The slot that holds the key, or the free one where it would go. */
static struct index_item *find_slot(const struct index *index, const struct uuid *key)
{
	size_t i = home_slot(index, key);

	for (;;) {
		struct index_item *item = &index->slots[i];

		if (!item->is_used || memcmp(&item->key, key, sizeof(*key)) == 0)
			return item;
		if (++i == index->slot_count)
			i = 0;
	}
}

static void allocate_slots(struct index *index, size_t slot_count)
{
	/* Beyond that home_slot would not reach the end; it is 144 GiB of memory. */
	assert(slot_count <= UINT32_MAX);
	index->slots = mem_new(slot_count, sizeof(*index->slots));
	index->slot_count = slot_count;
	index->count_max = slot_count - (slot_count + 4) / 5;
}

static void grow(struct index *index)
{
	struct index_item *old = index->slots;
	size_t old_count = index->slot_count;

	allocate_slots(index, old_count + old_count / 4);
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].is_used)
			*find_slot(index, &old[i].key) = old[i];
	}
	free(old);
}

struct index *index_new(size_t expected)
{
	struct index *index = mem_new(1, sizeof(*index));
	size_t slot_count = expected + (expected + 3) / 4;

	allocate_slots(index, slot_count < SLOTS_MIN ? SLOTS_MIN : slot_count);
	return index;
}

void index_free(struct index **index)
{
	if (*index == NULL)
		return;
	free((*index)->slots);
	free((*index)->noted);
	free(*index);
	*index = NULL;
}

static void note(struct index *index, const struct uuid *key)
{
	if (index->noted_count == NOTED_MAX)
		return;
	*(struct uuid *)vec_push((void **)&index->noted, &index->noted_count, &index->noted_cap,
	    sizeof(*index->noted)) = *key;
}

static void set_flags(struct index *index, struct index_item *item, uint8_t flags)
{
	unsigned changed = item->flags ^ flags;

	for (unsigned bit = 0; changed >> bit != 0; bit++) {
		if ((changed >> bit & 1U) == 0)
			continue;
		if ((flags >> bit & 1U) != 0)
			index->flagged[bit]++;
		else
			index->flagged[bit]--;
	}
	if ((changed & flags & INDEX_PASSING) != 0)
		note(index, &item->key);
	item->flags = flags;
}

void index_flag(struct index *index, struct index_item *item, uint8_t flags)
{
	set_flags(index, item, item->flags | flags);
}

void index_unflag(struct index *index, struct index_item *item, uint8_t flags)
{
	set_flags(index, item, item->flags & (uint8_t)~flags);
}

void index_forget_passing(struct index *index)
{
	size_t cursor = 0;
	struct index_item *item;

	if (index->noted_count == NOTED_MAX) {
		while ((item = index_next_flagged(index, INDEX_PASSING, &cursor)) != NULL)
			index_unflag(index, item, INDEX_PASSING);
	} else {
		for (size_t i = 0; i < index->noted_count; i++)
			index_unflag(index, find_slot(index, &index->noted[i]), INDEX_PASSING);
	}
	index->noted_count = 0;
}

void index_put(struct index *index, const struct index_item *item)
{
	struct index_item *slot = find_slot(index, &item->key);
	uint8_t flags;

	if (!slot->is_used) {
		if (index->count >= index->count_max) {
			grow(index);
			slot = find_slot(index, &item->key);
		}
		index->count++;
	}
	flags = slot->flags;
	*slot = *item;
	slot->is_used = 1;
	slot->flags = flags;
	set_flags(index, slot, item->flags);
}

struct index_item *index_find(struct index *index, const struct uuid *key)
{
	struct index_item *slot = find_slot(index, key);

	return slot->is_used ? slot : NULL;
}

size_t index_count(const struct index *index)
{
	return index->count;
}

struct index_item *index_next(struct index *index, size_t *cursor)
{
	while (*cursor < index->slot_count) {
		struct index_item *slot = &index->slots[(*cursor)++];

		if (slot->is_used)
			return slot;
	}
	return NULL;
}

static bool has_flagged(const struct index *index, uint8_t flags)
{
	for (unsigned bit = 0; bit < FLAGS; bit++)
		if ((flags >> bit & 1U) != 0 && index->flagged[bit] > 0)
			return true;
	return false;
}

struct index_item *index_next_flagged(struct index *index, uint8_t flags, size_t *cursor)
{
	struct index_item *item;

	if (!has_flagged(index, flags))
		return NULL;
	while ((item = index_next(index, cursor)) != NULL)
		if ((item->flags & flags) != 0)
			return item;
	return NULL;
}

size_t index_size_bytes(const struct index *index)
{
	return sizeof(*index) + index->slot_count * sizeof(*index->slots) +
	       index->noted_cap * sizeof(*index->noted);
}
