/* SPDX-License-Identifier: ISC */
/*
 * One person by whatever name they are known: WHO of the commands.
 */
#ifndef SYNC_PERSON_H
#define SYNC_PERSON_H

#include "core/mapping.h"
#include "core/port_source.h"
#include "core/port_store.h"

enum { PERSON_MATCHES_MAX = 10 };

/* What a name leads to. */
struct person {
	bool is_linked;
	struct link link;               /* when linked; the first of several */
	struct look_up_request request; /* how to find the entry */
	const struct link *matches;     /* links that the name means, the first few */
	size_t match_count;             /* at most PERSON_MATCHES_MAX */
};

/**
 * Resolves a userName, DN, key, externalId or account id.
 *
 * The snapshot is asked first, as it knows people by all their names, also those who left the
 * directory; else the directory is to be asked by key, by DN, or by the naming attributes.
 *
 * @param mapping  says what userName and externalId are made of
 * @param arena  holds what the person looks at
 */
enum status person_resolve(struct store *store, const struct mapping *mapping, struct span who,
    struct arena *arena, struct person *ret_person, struct err *reterr);

/** The filter that finds people by a name: a usual one, or one that their userName or externalId is
 * made of. @return in the arena */
struct span person_naming_filter(
    const struct mapping *mapping, struct span name, struct arena *arena);

#endif
