/* SPDX-License-Identifier: ISC */
/*
 * The check of a tenant, one step after the other: reached, whom it proves to be, token, whose it
 * is, role, how many accounts, what it can do, its limits, its clock.
 *
 * It reads alone; but for logging in nothing is posted.
 */
#ifndef SCIM_CHECK_H
#define SCIM_CHECK_H

#include "core/port_tenant.h"
#include "loop/loop.h"
#include "scim/auth.h"
#include "scim/client.h"
#include "scim/http.h"
#include "scim/tenant.h"

struct check_input {
	struct loop *loop;
	struct http *http;
	struct client *client; /* all borrowed as long as the check lives */
	struct auth *auth;
	const struct tenant_settings *settings;
	struct tenant_traits *traits;
};

struct tenant_check;

/** Starts a check; the last callback gets NULL. @return owned */
struct tenant_check *tenant_check_start(
    const struct check_input *input, check_callback *callback, void *context);

/** Frees it; nothing of the client's and the transport's is under way for it any more; sets
 * `*check` to NULL; NULL is welcome. */
void tenant_check_free(struct tenant_check **check);

#endif
