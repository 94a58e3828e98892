/* SPDX-License-Identifier: ISC */
/*
 * Writes requests: paths with their queries, and the bodies of POST, PATCH and PUT.  Pure.
 *
 * Workspaces are written in three forms only, the ones that Anaplan documents (DESIGN 10).  They
 * are RFC 7644 as well, and SCIMMY 1.3.5 does with them what is meant (tests/integration), so every
 * profile uses them:
 *
 *     had none      {"op":"add","path":"entitlements","value":[…all that are wanted…]}
 *     had some      {"op":"replace","path":"entitlements[type eq \"WORKSPACE\"]","value":[…all…]}
 *     wants none    {"op":"remove","path":"entitlements[type eq \"WORKSPACE\"]"}
 *
 * A mail address likewise: `replace` at emails[type eq "work"].value where there is one, else `add`
 * at emails, since a path filter that matches nothing is noTarget (RFC 7644 3.5.2.3).
 */
#ifndef SCIM_CODEC_ENCODE_H
#define SCIM_CODEC_ENCODE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/port_tenant.h"

/** Appends "/Users?startIndex=…&count=…"; `start` is 1-based. */
void encode_list_path(struct str *out, int64_t start, size_t count);

/** Appends the path of a search; one of the two may be absent. */
void encode_find_path(
    struct str *out, struct span external_id, struct span user_name, size_t count);

/** Appends the path of the workspaces, below the API's host; `start` is 0-based. */
void encode_workspaces_path(struct str *out, int64_t start);

/** Appends "/Users/ID", the id percent-encoded. */
void encode_user_path(struct str *out, struct span id);

/**
 * Writes the request of a change, as account_encoder's encode says.
 *
 * Texts that are absent in `after` are not managed and left alone.  A deactivation and a
 * reactivation always say `active`.
 *
 * @return STATUS_OK; STATUS_REJECT: more workspaces than one request may name, or nothing to send.
 *   A deactivation is never refused for its workspaces: then they are left out of it
 * Cost: one pass; about 1 µs for a user with two workspaces.
 */
enum status encode_change(const struct tenant_traits *traits, const struct encode_input *input,
    struct arena *arena, struct tenant_request *ret_request, struct err *reterr);

#endif
