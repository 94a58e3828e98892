/* SPDX-License-Identifier: ISC */
/*
 * What a first configuration should say, worked out from a look at some people of the directory and
 * at the accounts that the tenant has already.
 *
 *     survey_note_account (all of them) → survey_note_entry → survey_propose
 *
 * An attribute whose values are the accounts' is what somebody made them of; where none is, the one
 * that most people have.
 */
#ifndef CORE_SURVEY_H
#define CORE_SURVEY_H

#include "base/arena.h"
#include "core/attributes.h"
#include "core/entry.h"
#include "core/port_tenant.h"
#include <stdbool.h>
#include <stddef.h>

enum { SURVEY_CANARIES_MAX = 2, SURVEY_USER_NAME_MAX = 60 };

struct survey;

/* How an entry came to be looked at. */
enum survey_origin {
	SURVEY_SAMPLED, /* by chance: it stands for all */
	SURVEY_SOUGHT,  /* because an account may be its own: it only tells which attribute is which
			 */
};

/* All texts are the arena's that it was made in. */
struct survey_proposal {
	size_t entries;  /* sampled */
	size_t disabled; /* of these */
	size_t accounts; /* of the tenant that were looked at */

	struct span user_name;    /* attribute that the login is made of */
	size_t with_user_name;    /* entries that have it */
	size_t unusable_names;    /* of these, no mail address or too long for Anaplan */
	size_t user_name_matches; /* accounts whose login it is */

	struct span external_id;    /* attribute that externalId is made of */
	size_t with_external_id;    /* accounts that have one */
	size_t external_id_matches; /* of these, those that the attribute tells */
	size_t without_given_name;  /* entries */
	size_t without_family_name; /* entries */
	struct span base; /* the deepest DN that holds all who have a login; absent: nobody does */
	struct span canaries[SURVEY_CANARIES_MAX]; /* DNs of the longest there */
	size_t canary_count;
};

/** Makes an empty one. @param set gets the attributes that are wanted; borrowed @return owned */
struct survey *survey_new(struct attribute_set *set);

/** Frees it; sets `*survey` to NULL; NULL is welcome. */
void survey_free(struct survey **survey);

/** Forgets all entries, to begin again; accounts stay. */
void survey_forget_entries(struct survey *survey);

/** Notes an account; before the first entry. */
void survey_note_account(struct survey *survey, const struct observed *account);

/** Notes an entry that was read for the set. Cost: a binary search a value. */
void survey_note_entry(struct survey *survey, const struct entry *entry, enum survey_origin origin);

/**
 * Appends a filter that finds the people of the first few accounts:
 * "(|(mail=a@x)(userPrincipalName=a@x)…)".
 *
 * @return false, and appends nothing: there is no account
 */
bool survey_add_account_filter(const struct survey *survey, size_t account_max, struct str *out);

/** Draws the conclusions; may be called again after more was noted. */
void survey_propose(
    struct survey *survey, struct arena *arena, struct survey_proposal *ret_proposal);

/** Appends the filter of those who can have a login: `users` and having the attribute. */
void survey_add_user_filter(const char *users, struct span user_name, struct str *out);

#endif
