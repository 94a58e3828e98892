/* SPDX-License-Identifier: ISC */
/*
 * What a server is, as its root DSE tells (RFC 4512 5.1): kind, naming contexts, what it offers.
 *
 * Pure: the values are noted one by one, then asked for.
 */
#ifndef DIRECTORY_KIND_H
#define DIRECTORY_KIND_H

#include "base/arena.h"
#include "base/str.h"
#include "base/uuid.h"
#include "directory/directory.h"
#include <stdbool.h>
#include <stddef.h>

struct server_facts {
	bool is_active_directory, is_openldap, is_389ds; /* signs that were seen */
	bool has_paging;                                 /* RFC 2696 */
	bool has_who_am_i;                               /* RFC 4532 */
	bool has_sync;                                   /* RFC 4533 */
	bool has_dirsync;                                /* MS-ADTS 3.1.1.3.4.1.3 */
	bool has_notification;                           /* MS-ADTS 3.1.1.3.4.1.9 */
	bool has_clock;                                  /* it told its time */
	int64_t clock_ms;                                /* wall time of its clock, to a second */
	struct span default_context;                     /* of the arena; absent: it does not say */
	struct arena *arena;                             /* owned; holds the naming contexts */
	struct span *naming_contexts;                    /* owned */
	size_t naming_context_count, naming_context_cap;
};

/** The attributes of the root DSE that tell something; ends in NULL. */
extern const char *const server_facts_attributes[];

/** Forgets all; also the first call on a struct of zeros. */
void server_facts_reset(struct server_facts *facts);

/** Frees what it holds. */
void server_facts_done(struct server_facts *facts);

/** Notes one value of the root DSE. */
void server_facts_note(struct server_facts *facts, struct span attribute, struct span value);

/** The kind that the signs speak for; DIRECTORY_GENERIC when there is none. */
enum directory_kind server_facts_kind(const struct server_facts *facts);

/**
 * The naming context that holds a DN: the longest one.
 *
 * @return its index, or naming_context_count when none does
 */
size_t server_facts_context_of(const struct server_facts *facts, struct span dn);

/**
 * Whether a continuation reference leads where no people are: Active Directory answers every search
 * from the root of a domain with references to its configuration and to DNS zones.
 *
 * @param url  of the reference, RFC 4516
 */
bool server_facts_expects_reference(const struct server_facts *facts, struct span url);

/** The filter for users when none is configured. */
const char *kind_user_filter(enum directory_kind kind);

/** Appends what finds an entry by key: "(objectGUID=…)"; more than one term where the key may be in
 * several attributes, so it belongs inside an OR. */
void kind_add_key_filter(enum directory_kind kind, const struct uuid *key, struct str *out);

/** The attribute that is the key, for people. */
const char *kind_key_attribute(enum directory_kind kind);

#endif
