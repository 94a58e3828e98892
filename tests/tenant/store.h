// SPDX-License-Identifier: ISC

// The users of the tenant, in memory.
//
// Listing goes by position, which is the order of creation, so a page costs
// its own length.  Three hash indexes answer for the id, the userName and the
// externalId; all of them compare without regard to ASCII case, as the live
// schema says (caseExact false).  userName is unique, externalId is not.
// Chosen: letters beyond ASCII are compared as bytes.

#ifndef TENANT_STORE_H
#define TENANT_STORE_H

#include "workspace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What may be written about a user: plain data that owns its texts. */
struct account {
	char *user_name;
	char *external_id; /**< NULL when there is none */
	char *given_name;
	char *family_name;
	bool is_active;
	struct entitlements entitlements;
};

/** The keys by which users are found. */
enum store_index { STORE_BY_ID, STORE_BY_USER_NAME, STORE_BY_EXTERNAL_ID, STORE_INDEX_COUNT };

/** One stored user. */
struct user {
	char id[33];
	struct account account;
	int64_t created_ms;                   /**< since 1970 */
	int64_t modified_ms;                  /**< since 1970 */
	size_t position;                      /**< in the list, from 0 */
	char *keys[STORE_INDEX_COUNT];        /**< owned, folded; NULL: not in that index */
	struct user *next[STORE_INDEX_COUNT]; /**< in the same bucket */
};

struct store;

/** Copies an account, texts and all. */
void account_copy(struct account *copy, const struct account *from);

/** Frees what an account owns. */
void account_done(struct account *account);

/** Makes an empty store.  @return owned. */
struct store *store_new(void);

/** Frees a store and its users; NULL is welcome. */
void store_free(struct store **store);

/** Forgets every user. */
void store_clear(struct store *store);

/**
 * Adds a user.
 * @param account taken on success only, and emptied then.
 * @param id borrowed; NULL makes a new one of 32 hexadecimal digits.
 * @return borrowed; NULL when the userName or the id is in use.
 */
struct user *store_insert(struct store *store, struct account *account, const char *id);

/**
 * Replaces a user's account and its time of modification.
 * @param account taken on success only, and emptied then.
 * @return false when the new userName is another user's.
 */
bool store_update(struct store *store, struct user *user, struct account *account);

/** Deletes a user.  Cost: the length of the list. */
void store_remove(struct store *store, struct user *user);

/**
 * Finds the first user with a key.
 * @param key borrowed, in any case.
 * @return borrowed, or NULL.
 */
struct user *store_find(const struct store *store, enum store_index index, const char *key);

/** Finds the next user with the same key as `user` has.  @return borrowed, or NULL. */
struct user *store_find_next(const struct user *user, enum store_index index);

/** Tells how many users there are. */
size_t store_count(const struct store *store);

/** Gives the user at a position below store_count().  @return borrowed. */
struct user *store_at(const struct store *store, size_t position);

/** Adds synthetic users user000001@corp.example and so on, each with the first workspace. */
void store_fill(struct store *store, const struct workspaces *all, size_t count);

#endif
