/* SPDX-License-Identifier: ISC */
/*
 * A directory in memory behind core/port_source.h, on whatever loop it is given.
 *
 * Entries are attribute maps that a test puts in and changes between scans.  What goes wrong is
 * said by switches.  Scans bring a page of entries a turn, `delay_ms` apart.
 */
#ifndef TESTS_FAKE_SOURCE_H
#define TESTS_FAKE_SOURCE_H

#include "core/attributes.h"
#include "core/port_source.h"
#include "loop/loop.h"

struct fake_source;

/* Where an entry is, seen from base and filter. */
enum fake_place {
	FAKE_IN_SCOPE,
	FAKE_OUT_OF_FILTER,
	FAKE_OUT_OF_BASE,
	FAKE_UNREADABLE, /* there is one, but nobody may say so */
	FAKE_FLICKERING, /* scans miss it, a look-up finds it */
};

/* All zero: nothing goes wrong. */
struct fake_source_switches {
	int64_t delay_ms;              /* before each step */
	bool is_down;                  /* the next scan or look-up ends with STATUS_DOWN */
	bool is_look_up_down;          /* look-ups only */
	unsigned look_up_breaks_after; /* a batch breaks off behind so many answers; 0: it does not
					*/
	unsigned breaks_after;      /* the scan breaks off behind so many entries; 0: it does not */
	bool is_incomplete;         /* a search ended early: not every entry comes */
	unsigned shows_only;        /* the scan succeeds with so many entries; 0: all */
	bool shows_nothing;         /* success, and not one entry */
	const char *missing_canary; /* NULL: all were seen */
	const char *identity;       /* who the directory says we are; NULL: it does not say */
	unsigned unusable;          /* entries without a key besides */
	bool tells_changes;         /* scans and changes give a cursor */
	bool has_gap;               /* but what changed cannot be told */
	bool forgets_deletions;     /* changes do not tell who was removed */
	bool forgets_groups;        /* nor whose groups changed */
	bool can_watch;             /* says when something changes */
	bool keeps_groups;          /* no group is read again, whatever became of DNs */
};

/* What was asked for. */
struct fake_source_counts {
	unsigned changes, watches;
	unsigned scans, look_ups, batches;
	unsigned keys; /* that look-ups and batches asked for */
};

/** Makes an empty directory. @param name, set  borrowed. @return owned */
struct fake_source *fake_source_new(
    struct loop *loop, const char *name, const struct attribute_set *set);

/** The port; freeing the port frees the fake. */
struct source *fake_source_port(struct fake_source *fake);

struct fake_source_switches *fake_source_switches(struct fake_source *fake);  /**< to be set */
struct fake_source_counts fake_source_counts(const struct fake_source *fake); /**< so far */

/** Whether somebody waits to be told of changes. */
bool fake_source_is_watched(const struct fake_source *fake);

/** Breaks the stream that tells of changes. */
void fake_source_lose_watch(struct fake_source *fake);

/** The key of the `number`-th person: the number in the last bytes. */
struct uuid fake_key(unsigned number);

/** Adds an entry "uid=pNUMBER,ou=people,dc=example" with that key unless there is one. */
void fake_source_add(struct fake_source *fake, unsigned number);

/** Takes an entry away: deleted, unless it is put back. */
void fake_source_remove(struct fake_source *fake, unsigned number);

/** Sets an attribute to one value; NULL takes it away. */
void fake_source_set(
    struct fake_source *fake, unsigned number, const char *attribute, const char *value);

/** Has an account begin and end at wall times, 0: not; `.enabled` follows. */
void fake_source_time(struct fake_source *fake, unsigned number, int64_t from_ms, int64_t until_ms);

/** Moves an entry in or out of scope. */
void fake_source_place(struct fake_source *fake, unsigned number, enum fake_place place);

/** Gives an entry another DN. */
void fake_source_rename(struct fake_source *fake, unsigned number, const char *dn);

/** Makes a group the `root`-th root; "cn=gROOT,ou=groups,dc=example". */
void fake_source_group(struct fake_source *fake, uint32_t root);

/** Puts a person into a group, or takes them out. */
void fake_source_member(struct fake_source *fake, uint32_t root, unsigned number, bool is_member);

/** Makes a group unreadable, or readable again. */
void fake_source_unknown(struct fake_source *fake, uint32_t root, bool is_unknown);

#endif
