/* SPDX-License-Identifier: ISC */
/*
 * Reads an LDIF file on the loop, a piece a turn, as often as somebody wants to go through it.
 *
 * The file stays open between passes, so all of them see the same one; whether it was changed or
 * replaced meanwhile is told at the end.
 */
#ifndef DIRECTORY_LDIF_FILE_H
#define DIRECTORY_LDIF_FILE_H

#include "base/err.h"
#include "base/status.h"
#include "directory/ldif_parse.h"
#include "loop/loop.h"
#include <stdbool.h>

struct ldif_file;

struct ldif_file_handler {
	/**
	 * A record: an entry, an unusable entry, or a bad one; `why` for the last two; false: no
	 * more, the pass ends here.
	 */
	bool (*on_record)(void *context, enum ldif_outcome outcome,
	    const struct ldif_record *record, const struct err *why);
	/** Once. `failure` when the file could not be read to its end, else NULL. */
	void (*on_end)(void *context, const struct err *failure);
};

/**
 * Opens a regular file.
 *
 * @param path  borrowed until closed
 * @return STATUS_OK; STATUS_DOWN: it is not there or cannot be read
 */
enum status ldif_file_open(
    struct loop *loop, const char *path, struct ldif_file **ret_file, struct err *reterr);

/** Closes and frees; ends a pass without on_end; sets `*file` to NULL; NULL is welcome; not in
 * on_record. */
void ldif_file_close(struct ldif_file **file);

/** Goes through the file from its beginning. No pass runs. */
void ldif_file_pass(struct ldif_file *file, const struct ldif_file_handler *handler, void *context);

/** Ends a pass without on_end, also in its on_record. */
void ldif_file_stop(struct ldif_file *file);

/** Whether the file is no longer what was opened: other size, time, or another file by this name.
 */
bool ldif_file_has_changed(const struct ldif_file *file);

/** Appends what tells this file from a changed one, and from another by this name. */
void ldif_file_add_stamp(const struct ldif_file *file, struct str *out);

/** Size, for people. */
uint64_t ldif_file_size_bytes(const struct ldif_file *file);

#endif
