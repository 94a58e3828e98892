/* SPDX-License-Identifier: ISC */
/*
 * Finds the servers of a domain by DNS, without blocking the loop.
 */
#ifndef DIRECTORY_FINDER_H
#define DIRECTORY_FINDER_H

#include "base/err.h"
#include "directory/srv.h"
#include "loop/loop.h"

struct finder;

struct finder_input {
	const char *domain;           /* copied */
	bool with_domain_controllers; /* ask for these first; else, and then, for LDAP servers */
	int64_t timeout_ms;
};

/**
 * @param list  in the order in which to try them; not empty; NULL: there is none, `err` says why
 */
typedef void finder_callback(void *context, const struct srv_list *list, const struct err *err);

/** Starts the search. The callback comes once, unless it is cancelled. @return owned */
struct finder *finder_start(
    struct loop *loop, const struct finder_input *input, finder_callback *callback, void *context);

/** Ends it without a callback; sets `*finder` to NULL; NULL is welcome. */
void finder_cancel(struct finder **finder);

#endif
