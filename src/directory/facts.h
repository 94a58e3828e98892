/* SPDX-License-Identifier: ISC */
/*
 * A first look at a directory: what kind of server it is and where it keeps things, before anybody
 * knows a base.  Nothing but the root DSE and "who am I?" is asked.
 */
#ifndef DIRECTORY_FACTS_H
#define DIRECTORY_FACTS_H

#include "base/err.h"
#include "base/status.h"
#include "directory/directory.h"
#include "loop/loop.h"
#include <stdbool.h>
#include <stdint.h>

struct directory_facts {
	enum directory_kind kind;    /* by its signs; DIRECTORY_GENERIC when there is none */
	struct span peer;            /* URL of the server that answered */
	struct span identity;        /* who we are to it; "": anonymous; absent: it does not say */
	const struct span *contexts; /* naming contexts */
	size_t context_count;
	struct span default_context; /* where people are likely; absent: it does not say */
	struct span key_attribute;   /* objectGUID, entryUUID … */
	bool has_paging;             /* lists of any length can be read */
	bool has_clock;              /* it tells the time, as only some do */
	int64_t clock_ms;            /* its clock minus ours */
};

struct directory_look;

/** STATUS_OK with facts; STATUS_DOWN with err. All is borrowed until the callback returns. */
typedef void directory_facts_callback(
    void *context, enum status status, const struct directory_facts *facts, const struct err *err);

/**
 * Starts a look; the callback comes once, from the loop, and may free it.
 *
 * @param settings  of an LDAP server; only what connecting and binding needs; borrowed until freed
 * @return STATUS_OK; STATUS_REJECT: nothing can be connected with these settings
 */
enum status directory_look_start(struct loop *loop, const struct directory_settings *settings,
    directory_facts_callback *callback, void *context, struct directory_look **ret_look,
    struct err *reterr);

/** Ends it without a callback and closes the connection; sets `*look` to NULL; NULL is welcome. */
void directory_look_free(struct directory_look **look);

/** The filter for users that a kind has when none is configured. */
const char *directory_user_filter(enum directory_kind kind);

#endif
