/* SPDX-License-Identifier: ISC */
/*
 * The other side: asks a service that may be running.
 *
 *     switch (caller_connect(loop, path, &caller, &err)) …
 *     caller_ask(caller, &request, on_answer, context);
 *     loop_run(loop);
 */
#ifndef CONTROL_CALLER_H
#define CONTROL_CALLER_H

#include "base/err.h"
#include "control/codec.h"
#include "loop/loop.h"

enum {
	CALLER_FIRST_MS = 15 * 1000, /* until a service that hangs is given up */
};

/* How it went to reach a service. */
enum caller_outcome {
	CALLER_CONNECTED,
	CALLER_NOBODY,  /* there is no socket, or nobody listens: no service runs */
	CALLER_REFUSED, /* we may not use the socket */
	CALLER_FAILED,  /* anything else */
};

struct caller;

/**
 * Told of each answer; the one with CONTROL_DONE is the last.
 *
 * @param answer  NULL: the connection broke before that, and err says how; it is the last
 */
typedef void caller_callback(
    void *context, const struct control_answer *answer, const struct err *err);

/**
 * Connects.
 *
 * @param ret_caller  owned; written when connected
 * @param reterr  written otherwise: why
 */
enum caller_outcome caller_connect(
    struct loop *loop, const char *path, struct caller **ret_caller, struct err *reterr);

/** Hangs up and frees; sets `*caller` to NULL; NULL is welcome; allowed inside the callback. */
void caller_free(struct caller **caller);

/**
 * Asks, once.  The callback comes from the loop, never before this returns.  A service that says
 * nothing for CALLER_FIRST_MS at the beginning is given up; later it may be silent, as a cycle
 * takes what it takes.
 */
void caller_ask(struct caller *caller, const struct control_request *request,
    caller_callback *callback, void *context);

#endif
