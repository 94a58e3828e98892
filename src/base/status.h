/* SPDX-License-Identifier: ISC */
/*
 * The outcomes of an operation, named by what the caller does next.
 *
 * Programming errors are assertions and memory that has run out ends the process with one line;
 * everything the world can do to us is one of these.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum status {
	STATUS_OK,       /* done */
	STATUS_RETRY,    /* nothing is wrong but the moment: try the same again later */
	STATUS_REJECT,   /* this record is bad: report it and go on with the others */
	STATUS_DOWN,     /* the peer cannot be used: end the cycle, keep the state */
	STATUS_CANCELED, /* the owner asked for it to stop */
	STATUS_CORRUPT,  /* our own state cannot be used: stop */
};

/**
 * Names a status in lower case for logs and stored rows ("ok", "retry", …).
 */
const char *status_name(enum status status);

#endif
