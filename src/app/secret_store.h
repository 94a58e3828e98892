/* SPDX-License-Identifier: ISC */
/*
 * Where secrets that somebody typed are kept: before there is a configuration in memory that has no
 * name, then as files that only their reader can open.
 */
#ifndef APP_SECRET_STORE_H
#define APP_SECRET_STORE_H

#include "base/err.h"
#include "base/secret.h"
#include "base/status.h"
#include <stdbool.h>
#include <sys/types.h>

#define SECRET_STORE_USER "scimward" /* whom the service runs as */

/* A secret that is in no file yet. */
struct held_secret {
	int descriptor;     /* owned; -1: none is held */
	char reference[64]; /* by which this process finds it: "file:/proc/self/fd/…" */
};

/**
 * Takes a secret into memory that has a reference.
 *
 * @return STATUS_OK; STATUS_REJECT: the system gives no such memory
 */
enum status secret_hold(
    const struct secret *secret, struct held_secret *ret_held, struct err *reterr);

/** Gives it back to the system; one that is not held is welcome. */
void secret_let_go(struct held_secret *held);

/* Who is to read the files. */
struct secret_reader {
	uid_t user;
	gid_t group;
	bool is_known; /* false: as root, and the service's user is not there yet */
};

/** For root the service's user, else whoever runs this. */
struct secret_reader secret_store_reader(void);

/** Whether something is there already that a file would replace. */
bool secret_store_has(const char *folder, const char *name);

/**
 * Writes a secret to FOLDER/NAME, mode 0600, in a folder of mode 0700, both the reader's.  What was
 * there before stays as NAME.old, NAME.old.2 and so on.
 *
 * The folder is made when it is missing, but not what it lies in. One that is there already must be
 * a folder, no link, and closed to others.
 *
 * @return STATUS_OK; STATUS_REJECT: err says what is in the way; nothing was replaced
 */
enum status secret_store_write(const char *folder, const char *name, const struct secret *secret,
    const struct secret_reader *reader, struct err *reterr);

/** Makes the folder, or sees that it is fit. @return as above */
enum status secret_store_make(
    const char *folder, const struct secret_reader *reader, struct err *reterr);

/**
 * Gives what is at a path another name: PATH.old, PATH.old.2 …, the first that is free.
 *
 * @param directory  descriptor that the path starts at, or AT_FDCWD
 * @param ret_name   gets the name; NULL is welcome
 * @return STATUS_OK, also when nothing is there
 */
enum status keep_a_copy(int directory, const char *path, struct str *ret_name, struct err *reterr);

#endif
