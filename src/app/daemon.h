/* SPDX-License-Identifier: ISC */
/*
 * The service's life: signals, readiness, watchdog, reload and a calm end.
 */
#ifndef APP_DAEMON_H
#define APP_DAEMON_H

#include "app/agent.h"
#include "base/err.h"
#include "base/status.h"
#include "core/port_store.h"

struct daemon_input {
	struct loop *loop;
	struct agent *agent;     /* taken */
	struct store *store;     /* borrowed */
	const char *config_path; /* read again on SIGHUP */
};

/**
 * Runs the service until SIGTERM or SIGINT, then drains.
 *
 * SIGHUP reads the configuration again: a wrong file is refused, said in the log, and the old one
 * stays in force; a right one is in force from the next cycle on.  Under systemd (Type=notify) it
 * says READY, STATUS, RELOADING and STOPPING, and feeds the watchdog from the loop.
 *
 * @return STATUS_OK when it was asked to end; STATUS_CORRUPT when the state cannot be used any more
 */
enum status daemon_run(const struct daemon_input *input, struct err *reterr);

#endif
