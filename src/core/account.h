/* SPDX-License-Identifier: ISC */
/*
 * A user of the tenant, desired or observed, and its canonical form.
 *
 * The canonical form is JSON with keys in byte order, no spaces, absent members left out:
 *
 *     {"active":true,"entitlements":["8a81…","8a82…"],"externalId":"1042","name.familyName":"Ray",
 *      "name.givenName":"Ada","userName":"ada.ray@corp.example"}
 *
 * It is what the digest is made of, what a link keeps as acknowledged, and what an action keeps as
 * before and after.  `entitlements` holds workspace ids only, ascending, without repeats, and is
 * left out when there are none.
 */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* The single-valued texts of an account, in byte order of their SCIM paths. */
enum account_path {
	ACCOUNT_DISPLAY_NAME,       /* displayName */
	ACCOUNT_EMAIL,              /* emails[type eq "work"].value */
	ACCOUNT_EXTERNAL_ID,        /* externalId */
	ACCOUNT_LOCALE,             /* locale */
	ACCOUNT_FAMILY_NAME,        /* name.familyName */
	ACCOUNT_GIVEN_NAME,         /* name.givenName */
	ACCOUNT_NICK_NAME,          /* nickName */
	ACCOUNT_PREFERRED_LANGUAGE, /* preferredLanguage */
	ACCOUNT_TIMEZONE,           /* timezone */
	ACCOUNT_TITLE,              /* title */
	ACCOUNT_USER_NAME,          /* userName */
	ACCOUNT_USER_TYPE,          /* userType */
	ACCOUNT_TEXT_COUNT,
	ACCOUNT_ACTIVE = ACCOUNT_TEXT_COUNT, /* active; a mapping target, not a text */
	ACCOUNT_PATH_COUNT,
};

enum { ACCOUNT_TEXT_MAX_BYTES = 1024 };

struct account {
	struct span text[ACCOUNT_TEXT_COUNT]; /* borrowed; absent when there is none */
	bool is_active;
	const struct span *workspaces; /* borrowed; ids, ascending by bytes, no repeats */
	size_t workspace_count;
};

/** The SCIM path of a member ("name.familyName"). */
const char *account_path_name(enum account_path path);

/** Finds a path by its SCIM name, ASCII case ignored (RFC 7643 2.1). @return whether there is one
 */
bool account_path_parse(struct span name, enum account_path *ret_path);

/** Appends the canonical form. Cost: one pass, no allocation beyond `out`. */
void account_encode(const struct account *account, struct str *out);

/**
 * Reads the canonical form back.
 *
 * @param arena  holds what `ret_account` looks at
 * @return STATUS_OK, or STATUS_CORRUPT when the text is not one account
 */
enum status account_decode(
    struct span json, struct arena *arena, struct account *ret_account, struct err *reterr);

/** The first 16 bytes of SHA-256 over the canonical form; `scratch` is overwritten. */
struct digest account_digest(const struct account *account, struct str *scratch);

/** Copies an account with all it looks at into an arena. */
struct account account_copy(const struct account *account, struct arena *arena);

/** Sorts ids by bytes and drops repeats, in place. @return how many are left */
size_t account_sort_workspaces(struct span *ids, size_t count);

/** Whether the account has that workspace. Cost: binary search. */
bool account_has_workspace(const struct account *account, struct span id);

#endif
