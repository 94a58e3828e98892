// SPDX-License-Identifier: ISC
#include "store.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct store {
	struct user **users;
	size_t count;
	size_t room;
	size_t bucket_count; /* a power of two */
	struct user **buckets[STORE_INDEX_COUNT];
	uint64_t next_id;
};

void account_copy(struct account *copy, const struct account *from)
{
	*copy = (struct account) {
		.user_name = text_copy(from->user_name),
		.external_id = text_copy(from->external_id),
		.given_name = text_copy(from->given_name),
		.family_name = text_copy(from->family_name),
		.is_active = from->is_active,
	};
	entitlements_copy(&copy->entitlements, &from->entitlements);
}

void account_done(struct account *account)
{
	free(account->user_name);
	free(account->external_id);
	free(account->given_name);
	free(account->family_name);
	entitlements_done(&account->entitlements);
	*account = (struct account) { 0 };
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* FNV-1a */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

static struct user **bucket_of(const struct store *store, enum store_index index, const char *key)
{
	return &store->buckets[index][hash_text(key) & (store->bucket_count - 1)];
}

static void index_add(struct store *store, enum store_index index, struct user *user)
{
	if (!user->keys[index])
		return;
	struct user **bucket = bucket_of(store, index, user->keys[index]);
	user->next[index] = *bucket;
	*bucket = user;
}

static void index_drop(struct store *store, enum store_index index, struct user *user)
{
	if (!user->keys[index])
		return;
	struct user **link = bucket_of(store, index, user->keys[index]);
	while (*link != user)
		link = &(*link)->next[index];
	*link = user->next[index];
	user->next[index] = NULL;
}

static void index_all(struct store *store, size_t bucket_count)
{
	store->bucket_count = bucket_count;
	for (int index = 0; index < STORE_INDEX_COUNT; index++) {
		free(store->buckets[index]);
		store->buckets[index] = memory_new(bucket_count, sizeof(struct user *));
		for (size_t i = 0; i < store->count; i++)
			index_add(store, (enum store_index)index, store->users[i]);
	}
}

struct store *store_new(void)
{
	struct store *store = memory_new(1, sizeof(*store));
	index_all(store, 1024);
	return store;
}

static void user_free(struct user *user)
{
	for (int index = 0; index < STORE_INDEX_COUNT; index++)
		free(user->keys[index]);
	account_done(&user->account);
	free(user);
}

void store_clear(struct store *store)
{
	for (size_t i = 0; i < store->count; i++)
		user_free(store->users[i]);
	store->count = 0;
	index_all(store, 1024);
}

void store_free(struct store **store)
{
	if (!*store)
		return;
	store_clear(*store);
	for (int index = 0; index < STORE_INDEX_COUNT; index++)
		free((*store)->buckets[index]);
	free((*store)->users);
	free(*store);
	*store = NULL;
}

/* Mixes a counter so that ids look random, yet are the same in every run. */
static uint64_t mix(uint64_t number)
{
	number += 0x9e3779b97f4a7c15u;
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
	number = (number ^ number >> 27) * 0x94d049bb133111ebu;
	return number ^ number >> 31;
}

static void user_name_id(struct store *store, struct user *user, const char *id)
{
	if (id) {
		snprintf(user->id, sizeof(user->id), "%s", id);
		return;
	}
	do {
		uint64_t number = 2 * store->next_id++;
		snprintf(user->id, sizeof(user->id), "%016llx%016llx",
		    (unsigned long long)mix(number), (unsigned long long)mix(number + 1));
	} while (store_find(store, STORE_BY_ID, user->id));
}

static void user_take_account(struct store *store, struct user *user, struct account *account)
{
	account_done(&user->account);
	user->account = *account;
	*account = (struct account) { 0 };
	user->modified_ms = now_ms();
	free(user->keys[STORE_BY_USER_NAME]);
	user->keys[STORE_BY_USER_NAME] = text_fold(user->account.user_name);
	index_add(store, STORE_BY_USER_NAME, user);
	free(user->keys[STORE_BY_EXTERNAL_ID]);
	user->keys[STORE_BY_EXTERNAL_ID] = text_fold(user->account.external_id);
	index_add(store, STORE_BY_EXTERNAL_ID, user);
}

struct user *store_insert(struct store *store, struct account *account, const char *id)
{
	if (store_find(store, STORE_BY_USER_NAME, account->user_name) ||
	    (id && store_find(store, STORE_BY_ID, id)))
		return NULL;
	if (store->count == store->room) {
		store->room = store->room ? 2 * store->room : 1024;
		store->users = memory_resize(store->users, store->room, sizeof(struct user *));
	}
	if (store->count >= store->bucket_count)
		index_all(store, 4 * store->bucket_count);
	struct user *user = memory_new(1, sizeof(*user));
	user_name_id(store, user, id);
	user->keys[STORE_BY_ID] = text_fold(user->id);
	index_add(store, STORE_BY_ID, user);
	user_take_account(store, user, account);
	user->created_ms = user->modified_ms;
	user->position = store->count;
	store->users[store->count++] = user;
	return user;
}

bool store_update(struct store *store, struct user *user, struct account *account)
{
	struct user *namesake = store_find(store, STORE_BY_USER_NAME, account->user_name);
	if (namesake && namesake != user)
		return false;
	index_drop(store, STORE_BY_USER_NAME, user);
	index_drop(store, STORE_BY_EXTERNAL_ID, user);
	user_take_account(store, user, account);
	return true;
}

void store_remove(struct store *store, struct user *user)
{
	for (int index = 0; index < STORE_INDEX_COUNT; index++)
		index_drop(store, (enum store_index)index, user);
	store->count--;
	for (size_t i = user->position; i < store->count; i++) {
		store->users[i] = store->users[i + 1];
		store->users[i]->position = i;
	}
	user_free(user);
}

static struct user *chain_find(struct user *user, enum store_index index, const char *folded)
{
	while (user && strcmp(user->keys[index], folded) != 0)
		user = user->next[index];
	return user;
}

struct user *store_find(const struct store *store, enum store_index index, const char *key)
{
	char *folded = text_fold(key);
	struct user *user = chain_find(*bucket_of(store, index, folded), index, folded);
	free(folded);
	return user;
}

struct user *store_find_next(const struct user *user, enum store_index index)
{
	return chain_find(user->next[index], index, user->keys[index]);
}

size_t store_count(const struct store *store)
{
	return store->count;
}

struct user *store_at(const struct store *store, size_t position)
{
	return store->users[position];
}

void store_fill(struct store *store, const struct workspaces *all, size_t count)
{
	for (size_t i = 1; i <= count; i++) {
		struct account account = {
			.user_name = text_format("user%06zu@corp.example", i),
			.external_id = text_format("E%06zu", i),
			.given_name = text_format("Given%zu", i),
			.family_name = text_format("Family%zu", i),
			.is_active = true,
		};
		if (all->count)
			entitlements_add(&account.entitlements, 0);
		store_insert(store, &account, NULL);
		account_done(&account);
	}
}
