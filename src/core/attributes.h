/* SPDX-License-Identifier: ISC */
/*
 * The directory attributes that somebody wants, each with a slot.
 *
 * Filters and templates add names while they are compiled; the directory adapter asks the server
 * for exactly these and puts each value into its slot, so that evaluating costs no name look-up.
 * Names are compared without regard to ASCII case (RFC 4512 2.5).  A name that begins with a dot
 * (".enabled") is derived by the adapter and never asked for.
 */
#ifndef CORE_ATTRIBUTES_H
#define CORE_ATTRIBUTES_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

struct attribute_set;

/* The derived attributes. The adapter fills those of them that the set contains. */
#define ATTRIBUTE_ENABLED ".enabled" /* TRUE or FALSE */
#define ATTRIBUTE_EXPIRES ".expires" /* ISO 8601, empty when never */
#define ATTRIBUTE_KEY     ".key"     /* the UUID as text */
#define ATTRIBUTE_DN      ".dn"
#define ATTRIBUTE_PARENT  ".parent" /* the DN without its first RDN */

/** Makes an empty set. @return owned */
struct attribute_set *attribute_set_new(void);

/** Frees the set; sets `*set` to NULL; NULL is welcome. */
void attribute_set_free(struct attribute_set **set);

/** Adds a name (copied) if it is new. @return its slot, counted from 0 */
size_t attribute_set_add(struct attribute_set *set, struct span name);

/** Finds a name. @return whether it is there. Cost: one hash and one comparison. */
bool attribute_set_find(const struct attribute_set *set, struct span name, size_t *ret_slot);

/** Number of slots. */
size_t attribute_set_count(const struct attribute_set *set);

/** The name of a slot as it was first added; NUL-terminated, borrowed. */
struct span attribute_set_name(const struct attribute_set *set, size_t slot);

/** Whether the text can be an attribute description: a keystring or OID, options allowed, or a
 * known dot name. */
bool attribute_name_is_valid(struct span name);

#endif
