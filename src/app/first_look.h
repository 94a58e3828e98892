/* SPDX-License-Identifier: ISC */
/*
 * A look at a directory and a tenant before there is a configuration: what they are, who is in
 * them, which groups look like the workspaces.
 *
 *     first_look_tenant      accounts, workspaces, whose the credential is
 *     first_look_server      kind, naming contexts, clock           (not for LDIF)
 *     first_look_people      a sample, and those who have an account
 *     first_look_groups      groups by name, with their sizes
 *
 * in this order; each runs the loop until it is done.  It reads and nothing else: of the tenant it
 * has no more than the reader port, and no writer comes into being.
 */
#ifndef APP_FIRST_LOOK_H
#define APP_FIRST_LOOK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/status.h"
#include "core/survey.h"
#include "directory/facts.h"
#include "loop/loop.h"
#include "scim/tenant.h"

enum {
	FIRST_LOOK_SAMPLE_MAX = 1000, /* entries */
	FIRST_LOOK_ACCOUNTS_MAX = 2000,
	FIRST_LOOK_SOUGHT_MAX = 100, /* accounts whose entry is looked for */
	FIRST_LOOK_GROUPS_MAX = 50,
	FIRST_LOOK_OWNERS_MAX = 5,
	FIRST_LOOK_NO_GROUP = -1,
};

/* A group whose name says something. */
struct first_look_group {
	struct span dn, name;
	size_t members;      /* that are named directly, in it and in the groups inside */
	size_t groups;       /* inside */
	struct span unknown; /* why its size is not known; absent: it is */
};

struct first_look_workspace {
	struct span id, name; /* name absent: not told */
	size_t accounts;      /* that have it, of those that were looked at */
	int group;            /* index of the group that is named like it; FIRST_LOOK_NO_GROUP */
};

/* All texts are the arena's. */
struct first_look {
	struct loop *loop;   /* borrowed */
	struct arena *arena; /* owned */
	struct attribute_set *set;
	struct survey *survey;

	bool has_tenant;
	int64_t account_total;                   /* -1: not told */
	struct first_look_workspace *workspaces; /* owned */
	size_t workspace_count, workspace_cap;
	struct span workspaces_why; /* why the tenant's list could not be read; absent: it was */
	struct span own_user;       /* whose the credential is; absent: not known */
	struct span owners[FIRST_LOOK_OWNERS_MAX]; /* accounts that do not sound like a person */
	size_t owner_count;

	bool has_server; /* kind to clock_ms are known */
	enum directory_kind kind;
	struct span peer, identity, default_context, key_attribute;
	struct span *contexts;
	size_t context_count;
	bool has_paging, has_clock;
	int64_t clock_ms; /* the server's minus ours */

	bool has_people;
	bool is_whole;                   /* the sample is everybody */
	size_t unusable;                 /* entries of the sample without key or DN */
	struct span unusable_why;        /* of the first */
	struct survey_proposal proposal; /* valid from the start */

	bool has_groups;
	struct first_look_group *groups; /* owned */
	size_t group_count, group_cap;
	bool are_groups_cut; /* there are more */
};

/** Makes one that saw nothing. @return owned */
struct first_look *first_look_new(struct loop *loop);

/** Frees it; sets `*look` to NULL; NULL is welcome. */
void first_look_free(struct first_look **look);

/**
 * Looks at the tenant.
 *
 * @return STATUS_OK; else err says why and what to do. A list of workspaces that cannot be read is
 * no failure: those that the accounts have stand in for it
 */
enum status first_look_tenant(
    struct first_look *look, const struct tenant_settings *settings, struct err *reterr);

/** Looks at an LDAP server; settings need no base. @return as above */
enum status first_look_server(
    struct first_look *look, const struct directory_settings *settings, struct err *reterr);

/** Looks at people below the bases, by the kind's own filter when none is set. @return as above */
enum status first_look_people(
    struct first_look *look, const struct directory_settings *settings, struct err *reterr);

/** Looks for groups, and chooses one for each workspace where that is clear. @return as above */
enum status first_look_groups(
    struct first_look *look, const struct directory_settings *settings, struct err *reterr);

#endif
