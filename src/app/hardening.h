/* SPDX-License-Identifier: ISC */
/*
 * What the process gives up before it reads a secret: core dumps, being traced by others of the
 * same user, and files that anybody else can read.  The unit file takes away the rest.
 */
#ifndef APP_HARDENING_H
#define APP_HARDENING_H

#include "base/err.h"
#include "base/status.h"

/**
 * Makes the process undumpable, sets its core limit to 0 and its umask to 077. Called first in
 * main.
 *
 * @return STATUS_OK; STATUS_REJECT when the system refuses one of them (the others are still tried)
 */
enum status process_harden(struct err *reterr);

#endif
