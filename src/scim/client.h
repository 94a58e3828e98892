/* SPDX-License-Identifier: ISC */
/*
 * Calls to the tenant: a request, the credential that it goes out with, its answer read and judged.
 *
 * A call waits for the credential if need be, is in flight, and is answered by one callback from
 * the loop.  Answered 401, it waits for a renewed credential and is sent once more.
 */
#ifndef SCIM_CLIENT_H
#define SCIM_CLIENT_H

#include "core/port_tenant.h"
#include "loop/loop.h"
#include "scim/auth.h"
#include "scim/http.h"
#include "scim/tenant.h"

struct client;

struct client_input {
	struct loop *loop;
	struct http *http;                      /* borrowed */
	struct auth *auth;                      /* borrowed */
	const struct tenant_settings *settings; /* borrowed; checked */
	struct tenant_counters *counters;       /* borrowed */
};

/* What the body of a good answer is. */
enum client_body {
	CLIENT_BODY_ANY,        /* not looked at */
	CLIENT_BODY_LIST,       /* of users */
	CLIENT_BODY_ACCOUNT,    /* one user; of a write it may be missing, but not of a POST */
	CLIENT_BODY_WORKSPACES, /* a page of workspaces */
};

struct client_request {
	struct span method; /* absent: nothing is sent, only the credential is had */
	struct span base;   /* URL that the path is below; absent: the tenant's */
	struct span path;
	struct span body;   /* absent: none */
	int64_t list_start; /* 1-based; of a listing */
	enum client_body answer;
	bool is_write;
	bool is_anonymous; /* without the credential */
	bool is_optional;  /* a refusal says nothing about other requests: STATUS_REJECT, never
			      STATUS_DOWN, unless the credential itself cannot be had */
};

/* For insiders: `http` is what the answer was made of; NULL: nothing came, or nothing was asked. */
typedef void client_watch(
    void *context, const struct tenant_answer *answer, const struct http_answer *http);

/* Whom to call: one of the two. */
struct client_owner {
	tenant_callback *callback;
	client_watch *watch;
	void *context;
};

/** Makes a client. @return owned */
struct client *client_new(const struct client_input *input);

/** Ends all calls with STATUS_CANCELED from inside, frees, sets `*client` to NULL; NULL is welcome.
 */
void client_free(struct client **client);

/** Starts a call. @param request borrowed until this returns. @return borrowed until its callback
 */
struct tenant_call *client_start(
    struct client *client, const struct client_request *request, const struct client_owner *owner);

/** Answers in the next turn without asking anybody. @param error for STATUS_REJECT; else NULL */
struct tenant_call *client_settle(
    struct client *client, enum status status, const char *error, const struct client_owner *owner);

/** Logs out, closes connections; answered STATUS_OK. */
struct tenant_call *client_close(struct client *client, const struct client_owner *owner);

/** Ends a call: it is answered STATUS_CANCELED in the next turn. */
void client_cancel(struct client *client, struct tenant_call *call);

#endif
