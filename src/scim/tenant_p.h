/* SPDX-License-Identifier: ISC */
/*
 * For insiders and tests: a tenant on a transport that is given to it.
 */
#ifndef SCIM_TENANT_P_H
#define SCIM_TENANT_P_H

#include "scim/http.h"
#include "scim/tenant.h"

/** As tenant_new. @param http taken, also on failure */
enum status tenant_new_on(struct loop *loop, const struct tenant_settings *settings,
    struct http *http, struct tenant **ret_tenant, struct err *reterr);

#endif
