/* SPDX-License-Identifier: ISC */
/*
 * The check of a tenant, one step after the other: reached, token, whose it is, role, what it can
 * do, how many accounts, its clock.
 */
#ifndef SCIM_CHECK_H
#define SCIM_CHECK_H

#include "core/port_tenant.h"
#include "loop/loop.h"
#include "scim/auth.h"
#include "scim/client.h"
#include "scim/tenant.h"

struct check_input {
	struct loop *loop;
	struct client *client; /* all borrowed until the last callback */
	struct auth *auth;
	const struct tenant_settings *settings;
	struct tenant_traits *traits;
};

/** Starts a check; ends with a callback whose is_last is set, at the first step that fails. */
void tenant_check_start(const struct check_input *input, check_callback *callback, void *context);

#endif
