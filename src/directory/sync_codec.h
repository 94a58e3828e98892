/* SPDX-License-Identifier: ISC */
/*
 * The values of content synchronization (RFC 4533): what is asked, and what a server says with an
 * entry, between entries and at the end.  Pure; spans point into what was given.
 */
#ifndef DIRECTORY_SYNC_CODEC_H
#define DIRECTORY_SYNC_CODEC_H

#include "base/str.h"
#include "base/uuid.h"
#include <stdbool.h>

enum sync_mode { SYNC_REFRESH_ONLY = 1, SYNC_REFRESH_AND_PERSIST = 3 };

/* The control of an entry (RFC 4533 2.3). */
struct sync_state {
	enum { SYNC_PRESENT, SYNC_ADD, SYNC_MODIFY, SYNC_DELETE } state;
	struct uuid key;
	struct span cookie; /* absent: none */
};

/* The control of the end (2.4). */
struct sync_done {
	struct span cookie;
	bool has_deletes; /* those that are gone were told; else who was not told is gone */
};

/* A message between entries (2.5). */
struct sync_info {
	enum {
		SYNC_INFO_COOKIE,
		SYNC_INFO_DELETES_END,  /* a delete phase is over */
		SYNC_INFO_PRESENTS_END, /* a present phase is over */
		SYNC_INFO_IDS,          /* of entries that are gone, or still there */
	} kind;
	struct span cookie;
	bool is_refresh_done; /* after the end of a phase: now what happens is told */
	bool has_deletes;     /* the ids are of entries that are gone */
	struct span ids;      /* for sync_next_id */
};

/** Appends the value of a request. @param cookie absent: none, for all entries */
void sync_request_encode(enum sync_mode mode, struct span cookie, struct str *out);

/** Reads the control of an entry. @return false: it is none */
bool sync_state_decode(struct span value, struct sync_state *ret_state);

/** Reads the control of the end. @return false: it is none */
bool sync_done_decode(struct span value, struct sync_done *ret_done);

/** Reads a message between entries. @return false: it is none */
bool sync_info_decode(struct span value, struct sync_info *ret_info);

/** Takes the next id off `ids`. @return false: none is left */
bool sync_next_id(struct span *ids, struct uuid *ret_key);

#endif
