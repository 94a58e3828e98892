// SPDX-License-Identifier: ISC

// PATCH of one user.
//
// Documented: add, replace and remove, done in order; `path` always required;
// no and, or, not in a path filter; userName read-only; workspaces by
// `entitlements` and `entitlements[type eq "WORKSPACE"]`.
// Chosen, where nothing is known:
// - operation names are lower case only; attribute names are in any case;
// - the user's data change all or not at all (RFC 7644, section 3.5.2), entitlements
//   apart from them;
// - `add` at `entitlements` appends (RFC), or with --add-replaces clears first, which is what
//   Anaplan's text says when it is read to the letter;
// - a path filter knows type, value and display with eq and ne; each of the three types means the
//   whole set, since they are three forms of it; no match answers 400 noTarget, for remove too;
// - `add` at a filter path removes what it matches and then adds (Anaplan's text);
// - the over-escaped path of Anaplan's own Postman collection, with backslashes, is invalidPath;
// - displayName, name.formatted and emails are accepted and not stored; id, meta, schemas and
//   userName answer mutability, even with the value that is there;
// - `active` and the names cannot be removed; externalId can, also by a null;
// - the 50 workspaces of one call are counted over all its operations.

#ifndef TENANT_PATCH_H
#define TENANT_PATCH_H

#include "resource.h"

/** What patching depends on. */
struct patch_rules {
	const struct workspaces *workspaces;
	bool add_replaces;
};

/**
 * Applies the body of a PATCH to a copy of an account.
 * @param account its names, externalId and active are changed; left half-done when refused.
 * @param ret_change the workspaces as they shall be, always written; release its entitlements.
 * @return a refusal whose scim_type is NULL when all went well.
 */
struct refusal patch_apply(const json_t *body, const struct patch_rules *rules,
    struct account *account, struct resource_change *ret_change);

#endif
