/* SPDX-License-Identifier: ISC */
/*
 * What a kind of tenant can do, and finding out.
 *
 * `anaplan` is known: its ServiceProviderConfig denies PATCH and filters that work, so it is not
 * asked.  `generic` is asked (RFC 7644 4); where it does not say, PATCH and filters are taken to
 * work.
 */
#ifndef SCIM_PROFILE_H
#define SCIM_PROFILE_H

#include "base/str.h"
#include "core/port_tenant.h"
#include "scim/client.h"
#include "scim/codec_decode.h"
#include "scim/tenant.h"

enum { PROFILE_PAGE_SIZE = 100, PROFILE_ANAPLAN_WORKSPACES = 50 };

/** What is held of a tenant that was not asked. */
struct tenant_traits profile_traits(enum tenant_profile profile);

/** Refines traits by what a server said. */
void profile_refine(struct tenant_traits *traits, const struct decoded_config *config);

/**
 * Opens: has the credential got, and asks where the profile is to be asked.
 *
 * @param traits  refined before the owner's callback
 */
struct tenant_call *profile_open(struct client *client, enum tenant_profile profile,
    struct tenant_traits *traits, const struct client_owner *owner);

/** Appends for people what is held of the tenant. */
void profile_describe(const struct tenant_traits *traits, struct str *out);

#endif
