/* SPDX-License-Identifier: ISC */
/*
 * The service's side of the control socket: who has connected, one request each, and answers as
 * they are taken.
 *
 * Nobody is waited for.  At most CONTROL_VISITS_MAX are connected; whoever comes then is told so
 * and sent away.  A request has CONTROL_REQUEST_MS to arrive, all that was said has CONTROL_TAKE_MS
 * to be taken, however it is dribbled, and what waits for one visitor is a page and what is around
 * it at most.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include "control/codec.h"
#include "loop/loop.h"
#include <sys/types.h>

enum {
	CONTROL_VISITS_MAX = 16,
	CONTROL_WATCHES_MAX = 8, /* of these; the others stay free for what ends by itself */
	CONTROL_REQUEST_MS = 5 * 1000,
	CONTROL_TAKE_MS = 30 * 1000,
	CONTROL_DRAIN_MS = 2 * 1000,
};

struct control_server;

/* One connection. */
struct control_visit;

/* Who is at the other end, as the kernel says. */
struct control_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

struct control_events {
	/** What a visitor asks for.  The answers may come now or later; the last is CONTROL_DONE.
	 * The request lives until this returns. */
	void (*on_request)(
	    void *context, struct control_visit *visit, const struct control_request *request);
	/** It has left, or was cut off, before it was told that all is done: the visit is gone when
	 * this returns. */
	void (*on_left)(void *context, struct control_visit *visit);
};

/**
 * Makes a server that nobody can reach yet.
 *
 * @param events  borrowed
 * @return owned
 */
struct control_server *control_server_new(
    struct loop *loop, const struct control_events *events, void *context);

/** Takes visitors from another socket; who is there stays. @param fd  borrowed; listens, does not
 * block; -1: nobody comes any more */
void control_server_listen(struct control_server *server, int fd);

/** Ends all visits without a word and frees; on_left is not called; sets `*server` to NULL; NULL is
 * welcome. Not from inside an event. */
void control_server_free(struct control_server **server);

/** Takes no more visitors, and calls back once all that was said is taken or CONTROL_DRAIN_MS have
 * passed; never before this returns. */
void control_server_drain(struct control_server *server, loop_callback *on_drained, void *context);

/** Number of visitors. */
size_t control_server_visits(const struct control_server *server);

/** Who it is. */
const struct control_peer *control_visit_peer(const struct control_visit *visit);

/** Whether all that was said has been taken, so that there is room for what may be left out. */
bool control_visit_is_idle(const struct control_visit *visit);

/** Says something; CONTROL_DONE ends the visit as soon as it is taken. */
void control_visit_say(struct control_visit *visit, const struct control_answer *answer);

/** Says a page, in pieces; more than CONTROL_PAGE_MAX are the caller's mistake. */
void control_visit_say_page(struct control_visit *visit, struct span page);

/** Ends with an exit code and a message; absent: none. */
void control_visit_end(struct control_visit *visit, int exit, struct span message);

#endif
