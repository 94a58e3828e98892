/* SPDX-License-Identifier: ISC */
/*
 * Reads the configured groups from a server, and the groups inside them, into a group table.
 *
 * When some rule wants nested groups, one paged search under each naming context that matters
 * tells which DNs are groups; then only those members are read.  What cannot be read whole becomes
 * unknown; it never becomes smaller.
 *
 * Active Directory could resolve nesting itself (LDAP_MATCHING_RULE_IN_CHAIN).  Measured on Samba
 * with 1,500 members in 34 nested groups: among 1,000 other groups this walk takes 0.2 s and
 * `(memberOf:…1941:=ROOT)` 1.1 s; among 6,000 it is 0.9 s and 3.6 s, as the rule is tried on every
 * object.  It tells no paths, and where memberOf may not be read it tells nobody without an error,
 * which would revoke.  So every server is walked.
 */
#ifndef DIRECTORY_GROUP_WALK_H
#define DIRECTORY_GROUP_WALK_H

#include "directory/dn_set.h"
#include "directory/group_table.h"
#include "directory/session.h"

struct group_walk;

/**
 * @param is_broken  the connection broke or fell silent: the walk says nothing
 * @param why  for people, when it is broken; borrowed
 */
typedef void group_walk_callback(void *context, bool is_broken, bool is_silent, struct span why);

/**
 * Starts a walk on an open session where nothing runs. The callback comes from the loop and once,
 * unless the walk is freed (and the session stopped) before.
 *
 * @param table  filled and sealed; borrowed until the callback
 * @return owned
 */
struct group_walk *group_walk_start(struct loop *loop, struct session *session,
    const struct directory_settings *settings, struct group_table *table,
    group_walk_callback *callback, void *context);

/**
 * Starts a walk that reads only these groups of a table (group_table_renew), and the groups inside
 * them that are new to it.
 *
 * @param known   the DNs of all groups, as group_walk_take_known gave them; taken
 * @param groups  numbers in the table; borrowed during the call
 * @param is_nested  by place: whether groups inside it are read too
 */
struct group_walk *group_walk_start_some(struct loop *loop, struct session *session,
    const struct directory_settings *settings, struct group_table *table, struct dn_set *known,
    const uint32_t *groups, const bool *is_nested, size_t count, group_walk_callback *callback,
    void *context);

/** Takes out the DNs of all groups, once the walk has ended. @param ret_known owned */
void group_walk_take_known(struct group_walk *walk, struct dn_set *ret_known);

/** Frees a walk; the session is stopped before, unless the callback came; NULL is welcome. */
void group_walk_free(struct group_walk **walk);

#endif
