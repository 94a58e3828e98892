/* SPDX-License-Identifier: ISC */
/*
 * Names in the order of their slots, and an open-addressing table of hashes over them.
 *
 * A directory page brings ten thousand attribute names, nearly all of which are wanted: the hash
 * takes eight bytes a step, and folds case by setting bit 5.  That also merges a few characters
 * that are no letters ('@' and '`'), which costs a comparison and nothing else.
 */
#include "core/attributes.h"
#include "base/vec.h"
#include <assert.h>
#include <stdlib.h>

enum { FIRST_BUCKET_COUNT = 32 }; /* a power of two */

struct bucket {
	uint32_t hash;
	uint32_t slot_plus_1; /* 0: free */
};

struct attribute_set {
	struct span *names; /* by slot; each owned and NUL-terminated */
	size_t count, cap;
	struct bucket *buckets; /* at most half of them are taken */
	size_t bucket_count;
};

static const char *const derived_names[] = { ATTRIBUTE_ENABLED, ATTRIBUTE_EXPIRES, ATTRIBUTE_KEY,
	ATTRIBUTE_DN, ATTRIBUTE_PARENT };

static uint32_t hash_name(struct span name)
{
	const uint64_t fold = UINT64_C(0x2020202020202020), prime = UINT64_C(0x9E3779B97F4A7C15);
	uint64_t hash = name.len * prime;
	size_t done = 0;

	while (done < name.len) {
		size_t step = name.len - done < 8 ? name.len - done : 8;
		uint64_t word = 0;

		memcpy(&word, name.at + done, step);
		hash = (hash ^ (word | fold)) * prime;
		hash ^= hash >> 29;
		done += step;
	}
	return (uint32_t)(hash >> 32);
}

/* The bucket that holds the name, or the free one where it belongs. */
static struct bucket *find_bucket(const struct attribute_set *set, struct span name, uint32_t hash)
{
	size_t mask = set->bucket_count - 1, i = hash & mask;

	for (;; i = (i + 1) & mask) {
		struct bucket *bucket = &set->buckets[i];

		if (bucket->slot_plus_1 == 0)
			return bucket;
		if (bucket->hash == hash &&
		    span_equal_ascii_case(set->names[bucket->slot_plus_1 - 1], name))
			return bucket;
	}
}

static void double_buckets(struct attribute_set *set)
{
	struct bucket *old = set->buckets;
	size_t old_count = set->bucket_count;

	set->bucket_count *= 2;
	set->buckets = mem_new(set->bucket_count, sizeof(*set->buckets));
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].slot_plus_1 > 0)
			*find_bucket(set, set->names[old[i].slot_plus_1 - 1], old[i].hash) = old[i];
	}
	free(old);
}

struct attribute_set *attribute_set_new(void)
{
	struct attribute_set *set = mem_new(1, sizeof(*set));

	set->bucket_count = FIRST_BUCKET_COUNT;
	set->buckets = mem_new(set->bucket_count, sizeof(*set->buckets));
	return set;
}

void attribute_set_free(struct attribute_set **set)
{
	if (*set == NULL)
		return;
	for (size_t i = 0; i < (*set)->count; i++)
		free((char *)(*set)->names[i].at);
	free((*set)->names);
	free((*set)->buckets);
	free(*set);
	*set = NULL;
}

size_t attribute_set_add(struct attribute_set *set, struct span name)
{
	uint32_t hash = hash_name(name);
	struct bucket *bucket = find_bucket(set, name, hash);
	struct span *copy;

	if (bucket->slot_plus_1 > 0)
		return bucket->slot_plus_1 - 1;
	assert(set->count < UINT32_MAX / 2);
	copy = vec_push((void **)&set->names, &set->count, &set->cap, sizeof(*set->names));
	*copy = (struct span) { span_dup_c(name), name.len };
	*bucket = (struct bucket) { hash, (uint32_t)set->count };
	if (set->count * 2 > set->bucket_count)
		double_buckets(set);
	return set->count - 1;
}

bool attribute_set_find(const struct attribute_set *set, struct span name, size_t *ret_slot)
{
	const struct bucket *bucket = find_bucket(set, name, hash_name(name));

	if (bucket->slot_plus_1 == 0)
		return false;
	*ret_slot = bucket->slot_plus_1 - 1;
	return true;
}

size_t attribute_set_count(const struct attribute_set *set)
{
	return set->count;
}

struct span attribute_set_name(const struct attribute_set *set, size_t slot)
{
	assert(slot < set->count);
	return set->names[slot];
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 389 Directory Server and others can be told to allow the underscore, so names with it exist. */
static bool is_key_char(char c)
{
	return is_alpha(c) || is_digit(c) || c == '-' || c == '_';
}

static bool is_key_text(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_key_char(text.at[i]))
			return false;
	}
	return text.len > 0;
}

static bool is_arc(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.at[i]))
			return false;
	}
	return text.len == 1 || (text.len > 1 && text.at[0] != '0');
}

/* Cuts off the text before the separator; says whether there was one, so that "a;" has an empty
 * end. */
static bool cut(struct span *rest, char separator, struct span *ret_piece)
{
	size_t len = span_find(*rest, separator);
	bool found = len < rest->len;

	*ret_piece = (struct span) { rest->at, len };
	*rest = (struct span) { rest->at + len + found, rest->len - len - found };
	return found;
}

static bool is_oid(struct span text)
{
	struct span arc;
	size_t arc_count = 0;
	bool has_more = true;

	while (has_more) {
		has_more = cut(&text, '.', &arc);
		if (!is_arc(arc))
			return false;
		arc_count++;
	}
	return arc_count > 1;
}

bool attribute_name_is_valid(struct span name)
{
	struct span base, option;
	bool has_option;

	if (name.len == 0)
		return false;
	if (name.at[0] == '.') {
		for (size_t i = 0; i < sizeof(derived_names) / sizeof(*derived_names); i++) {
			if (span_equal_ascii_case(name, span_of(derived_names[i])))
				return true;
		}
		return false;
	}
	has_option = cut(&name, ';', &base);
	if (!is_oid(base) && !(base.len > 0 && is_alpha(base.at[0]) && is_key_text(base)))
		return false;
	while (has_option) {
		has_option = cut(&name, ';', &option);
		if (!is_key_text(option))
			return false;
	}
	return true;
}
