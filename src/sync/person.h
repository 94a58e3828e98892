/* SPDX-License-Identifier: ISC */
/*
 * One person by whatever name they are known: WHO of the commands.
 */
#ifndef SYNC_PERSON_H
#define SYNC_PERSON_H

#include "core/port_source.h"
#include "core/port_store.h"

/* What a name leads to. */
struct person {
	bool is_linked;
	struct link link;               /* when linked */
	struct look_up_request request; /* how to find the entry */
};

/**
 * Resolves a userName, DN, key, externalId or account id.
 *
 * The snapshot is asked first, as it knows people by all their names, also those who left the
 * directory; else the directory is to be asked by key, by DN, or by the usual naming attributes.
 *
 * @param arena  holds what the person looks at
 */
enum status person_resolve(struct store *store, struct span who, struct arena *arena,
    struct person *ret_person, struct err *reterr);

#endif
