/* SPDX-License-Identifier: ISC */
/*
 * What the service does when it is asked through its control socket: a cycle now, how it stands,
 * decisions about holds, reading the configuration again.
 *
 * Who asks is known from the kernel, and is in the log, and in the audit trail of what comes of it.
 */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/agent.h"
#include "core/port_store.h"
#include "loop/loop.h"
#include "sync/service.h"

struct commands;

/* What the service is at this moment. */
struct commands_view {
	struct agent *agent;
	struct service *service;
	bool is_reload_refused, is_stopping;
};

struct commands_input {
	struct loop *loop;
	struct store *store;     /* borrowed; decisions are written to it */
	const char *config_path; /* borrowed */
	int fd;                  /* taken: a socket of the service manager; -1: none */
	void (*look)(void *context, struct commands_view *ret_view);
	/** Reads the configuration again; appends what is wrong with it, or odd, a line each.
	 * @return whether it is taken */
	bool (*reload)(void *context, struct str *faults);
	void (*on_drained)(void *context);
	void *context;
};

/** Makes them, and listens where the configuration says. @return owned */
struct commands *commands_new(const struct commands_input *input);

/** Ends all and frees; sets `*commands` to NULL; NULL is welcome. */
void commands_free(struct commands **commands);

/** Listens where the configuration in force says; where it cannot, a warning is logged once, and
 * the next call tries again. After each cycle. */
void commands_configure(struct commands *commands);

/** The service has ended: whoever is still there is told; on_drained comes within seconds, never
 * before this returns. */
void commands_stop(struct commands *commands);

#endif
