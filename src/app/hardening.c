/* SPDX-License-Identifier: ISC */
/*
 * Giving up what could leak.
 */
#include "app/hardening.h"
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum status process_harden(struct err *reterr)
{
	const struct rlimit none = { 0, 0 };
	enum status status = STATUS_OK;

	umask(077);
	if (setrlimit(RLIMIT_CORE, &none) != 0) {
		err_set(reterr, "cannot switch core dumps off: %s", strerror(errno));
		status = STATUS_REJECT;
	}
	/* Undumpable also keeps other processes of the same user from reading our memory. */
	if (prctl(PR_SET_DUMPABLE, 0) != 0) {
		err_set(reterr, "cannot make the process undumpable: %s", strerror(errno));
		status = STATUS_REJECT;
	}
	return status;
}
