/* SPDX-License-Identifier: ISC */
/*
 * A heap with the farthest turn on top, which is what has to give way.  While a scan tells all
 * turns anew, the old ones wait beside it for the case that it breaks off.
 */
#include "sync/turns.h"

#include "base/vec.h"
#include <stdlib.h>

struct turn {
	int64_t at_ms;
	struct uuid key;
};

struct heap {
	struct turn *at; /* owned */
	size_t count, cap;
	int64_t horizon_ms; /* the nearest that gave way; 0: none did */
};

struct turns {
	struct heap known;
	struct heap before; /* known when the scan began */
	bool is_scanning;
	bool has_changed;
};

struct turns *turns_new(void)
{
	return mem_new(1, sizeof(struct turns));
}

void turns_free(struct turns **turns)
{
	if (*turns == NULL)
		return;
	free((*turns)->known.at);
	free((*turns)->before.at);
	free(*turns);
	*turns = NULL;
}

/* ---- the heap ---- */

static void swap(struct turn *a, struct turn *b)
{
	struct turn old = *a;

	*a = *b;
	*b = old;
}

static void lift(struct heap *heap, size_t i)
{
	while (i > 0 && heap->at[(i - 1) / 2].at_ms < heap->at[i].at_ms) {
		swap(&heap->at[(i - 1) / 2], &heap->at[i]);
		i = (i - 1) / 2;
	}
}

static void sink(struct heap *heap, size_t i)
{
	for (;;) {
		size_t largest = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap->count; child++)
			if (heap->at[child].at_ms > heap->at[largest].at_ms)
				largest = child;
		if (largest == i)
			return;
		swap(&heap->at[i], &heap->at[largest]);
		i = largest;
	}
}

static void give_way(struct heap *heap, int64_t at_ms)
{
	if (heap->horizon_ms == 0 || at_ms < heap->horizon_ms)
		heap->horizon_ms = at_ms;
}

static void add(struct heap *heap, const struct uuid *key, int64_t at_ms)
{
	struct turn *turn;

	if (heap->count == TURNS_MAX) {
		int64_t farthest_ms = heap->at[0].at_ms;

		give_way(heap, at_ms < farthest_ms ? farthest_ms : at_ms);
		if (at_ms >= farthest_ms)
			return;
		heap->at[0] = (struct turn) { at_ms, *key };
		sink(heap, 0);
		return;
	}
	turn = vec_push((void **)&heap->at, &heap->count, &heap->cap, sizeof(*turn));
	*turn = (struct turn) { at_ms, *key };
	lift(heap, heap->count - 1);
}

static size_t find(const struct heap *heap, const struct uuid *key)
{
	size_t i = 0;

	while (i < heap->count && uuid_compare(&heap->at[i].key, key) != 0)
		i++;
	return i;
}

static void take_out(struct heap *heap, size_t i)
{
	heap->at[i] = heap->at[--heap->count];
	if (i < heap->count) {
		lift(heap, i);
		sink(heap, i);
	}
}

/* Farthest first, so that what is sorted is a heap still. */
static int compare(const void *left, const void *right)
{
	const struct turn *a = left, *b = right;

	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms ? 1 : -1;
	return uuid_compare(&a->key, &b->key);
}

static void sort(struct heap *heap)
{
	if (heap->count > 0)
		qsort(heap->at, heap->count, sizeof(*heap->at), compare);
}

static bool are_equal(const struct heap *a, const struct heap *b)
{
	if (a->count != b->count || a->horizon_ms != b->horizon_ms)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (compare(&a->at[i], &b->at[i]) != 0)
			return false;
	return true;
}

/* ---- what the header promises ---- */

void turns_begin(struct turns *turns)
{
	if (turns->is_scanning)
		turns_end(turns, false, 0);
	free(turns->before.at);
	turns->before = turns->known;
	turns->known = (struct heap) { 0 };
	turns->is_scanning = true;
}

void turns_end(struct turns *turns, bool is_whole, int64_t now_ms)
{
	struct heap before = turns->before;

	if (!turns->is_scanning)
		return;
	turns->is_scanning = false;
	turns->before = (struct heap) { 0 };
	for (size_t i = 0; !is_whole && i < before.count; i++)
		if (before.at[i].at_ms > now_ms &&
		    find(&turns->known, &before.at[i].key) == turns->known.count)
			add(&turns->known, &before.at[i].key, before.at[i].at_ms);
	if (!is_whole && before.horizon_ms != 0)
		give_way(&turns->known, before.horizon_ms);
	sort(&before);
	sort(&turns->known);
	turns->has_changed |= !are_equal(&before, &turns->known);
	free(before.at);
}

void turns_doubt(struct turns *turns, int64_t from_ms)
{
	int64_t before_ms = turns->known.horizon_ms;

	give_way(&turns->known, from_ms);
	turns->has_changed |= turns->known.horizon_ms != before_ms;
}

void turns_note(struct turns *turns, const struct uuid *key, int64_t at_ms)
{
	size_t i = turns->is_scanning ? turns->known.count : find(&turns->known, key);

	if (i < turns->known.count) {
		if (turns->known.at[i].at_ms == at_ms)
			return;
		turns->has_changed = true;
		take_out(&turns->known, i);
	}
	if (at_ms == 0)
		return;
	turns->has_changed |= !turns->is_scanning;
	add(&turns->known, key, at_ms);
}

int64_t turns_next_ms(const struct turns *turns)
{
	int64_t next_ms = 0;

	for (size_t i = 0; i < turns->known.count; i++)
		if (next_ms == 0 || turns->known.at[i].at_ms < next_ms)
			next_ms = turns->known.at[i].at_ms;
	return next_ms;
}

int64_t turns_horizon_ms(const struct turns *turns)
{
	return turns->known.horizon_ms;
}

size_t turns_due(const struct turns *turns, int64_t now_ms, struct uuid *ret_keys, size_t cap)
{
	size_t count = 0;

	for (size_t i = 0; i < turns->known.count; i++) {
		if (turns->known.at[i].at_ms > now_ms)
			continue;
		if (count < cap)
			ret_keys[count] = turns->known.at[i].key;
		count++;
	}
	return count;
}

bool turns_have_changed(const struct turns *turns)
{
	return turns->has_changed;
}

void turns_encode(struct turns *turns, struct str *out)
{
	char key[UUID_TEXT_SIZE];

	turns->has_changed = false;
	str_addf(out, "%lld\n", (long long)turns->known.horizon_ms);
	for (size_t i = 0; i < turns->known.count; i++) {
		uuid_format(&turns->known.at[i].key, key);
		str_addf(out, "%lld %s\n", (long long)turns->known.at[i].at_ms, key);
	}
}

static bool read_time(struct span text, int64_t *ret_ms)
{
	uint64_t number;

	if (!span_to_u64(text, &number) || number > INT64_MAX)
		return false;
	*ret_ms = (int64_t)number;
	return true;
}

static bool read_turn(struct heap *heap, struct span line)
{
	struct span at = span_split(&line, ' ');
	struct uuid key;
	int64_t at_ms;

	if (!read_time(at, &at_ms) || at_ms == 0 || !uuid_parse(line, &key))
		return false;
	add(heap, &key, at_ms);
	return true;
}

bool turns_decode(struct turns *turns, struct span text)
{
	struct heap heap = { 0 };
	bool is_read = read_time(span_split(&text, '\n'), &heap.horizon_ms);

	while (is_read && text.len > 0)
		is_read = read_turn(&heap, span_split(&text, '\n'));
	free(turns->known.at);
	if (!is_read) {
		free(heap.at);
		heap = (struct heap) { 0 };
	}
	turns->known = heap;
	turns->has_changed = !is_read;
	return is_read;
}
