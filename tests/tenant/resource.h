// SPDX-License-Identifier: ISC

// A user as JSON: the SCIM resource, and the plain form of the control endpoints.
//
// Documented: the attributes of ANAPLAN.md, section 2; displayName and
// name.formatted are made of the given and the family name and never stored;
// meta has a localhost location.  userName is an e-mail address of at most 60
// characters that neither begins nor ends with an underscore (rules of the
// administration page, which we hold to be those of the API as well).
// Chosen: attribute names of a body are case-insensitive (RFC 7643, section 2.1);
// `active` may be a boolean or "True"/"False"; unknown and read-only attributes
// are ignored; a POST without `active` makes an active user; a PUT without
// `active` or `externalId` leaves them as they were; emails are accepted and ignored.
//
// The plain form, in /_users and in the state file, one user a line there:
//
//	{"id": "5f…", "userName": "ann@corp.example", "externalId": "E1", "givenName": "Ann",
//	 "familyName": "Ray", "active": true, "workspaces": ["8a81…"],
//	 "created": 1760000000000, "lastModified": 1760000000000}

#ifndef TENANT_RESOURCE_H
#define TENANT_RESOURCE_H

#include "store.h"

#include <jansson.h>

#define RESOURCE_BASE        "/scim/1/0/v2"
#define RESOURCE_SCHEMA_USER "urn:ietf:params:scim:schemas:core:2.0:User"

/** Why a body was refused. */
struct refusal {
	const char *scim_type; /**< static; NULL: not refused */
	const char *detail;    /**< static */
};

/** What a body or a patch does with the workspaces. */
struct resource_change {
	bool touches_entitlements;
	struct entitlements entitlements; /**< owned; the set as it shall be */
	size_t unknown_count;             /**< of workspaces that do not exist */
};

/** Finds a member of an object, whatever the case of its name.  @return borrowed, or NULL. */
json_t *resource_member(const json_t *object, const char *name);

/** Says whether the `schemas` of a body name a schema. */
bool resource_has_schema(const json_t *body, const char *schema);

/** Reads a boolean, or "True" and "False" in any case.  @return false when it is neither. */
bool resource_read_boolean(const json_t *value, bool *ret_truth);

/**
 * Reads the body of a POST or a PUT onto an account, workspaces aside.
 * @param account its texts are replaced; left half-done when refused.
 * @param ret_change the wish for workspaces, always written; release its entitlements.
 * @return a refusal whose scim_type is NULL when the body is good.
 */
struct refusal resource_read(const json_t *body, const struct workspaces *all,
    struct account *account, struct resource_change *ret_change);

/** Shows a user as SCIM does.  @return owned. */
json_t *resource_show(const struct user *user, const struct workspaces *all);

/** Where a user lives: http://localhost:8090/….  @return owned. */
char *resource_location(const struct user *user);

/** Shows a user in the plain form.  @return owned. */
json_t *resource_show_plain(const struct user *user, const struct workspaces *all);

/**
 * Writes the members that a plain form has onto an account.
 * @return false when it is not an object, names an unknown workspace or leaves no userName.
 */
bool resource_read_plain(
    const json_t *plain, const struct workspaces *all, struct account *account);

#endif
