/* SPDX-License-Identifier: ISC */
/*
 * Collects the configured groups of an LDIF file, and the groups inside them.
 *
 *     names    which entries are groups                     only when nesting is wanted
 *     edges    which groups are members of which            likewise
 *     nested   members of all groups that nested roots lead to
 *     direct   members of the other roots
 *
 * Each is a pass over the file, left out when nothing needs it.
 */
#ifndef DIRECTORY_LDIF_GROUPS_H
#define DIRECTORY_LDIF_GROUPS_H

#include "directory/group_table.h"
#include "directory/ldif_file.h"

struct ldif_groups;

/** @param failure  the file could not be read; NULL: the table is sealed */
typedef void ldif_groups_callback(void *context, const struct err *failure);

/**
 * Starts. The callback comes once and not from this call when there are groups; without any it
 * comes at once.
 *
 * @param table  filled and sealed; borrowed until the callback
 * @return owned
 */
struct ldif_groups *ldif_groups_new(const struct directory_settings *settings,
    struct ldif_file *file, struct group_table *table, ldif_groups_callback *callback,
    void *context);

/** Begins the first pass. */
void ldif_groups_start(struct ldif_groups *groups);

/** Frees; the file's pass was stopped before, or the callback came; NULL is welcome. */
void ldif_groups_free(struct ldif_groups **groups);

#endif
