// SPDX-License-Identifier: ISC

// The three documents of discovery.
//
// Documented: patch and filter "false" with maxResults 200, bulk 1000 and
// 1048576 "false", which contradicts what the service does; documentationUrl and
// specUrl where RFC 7643 has …Uri; one resource type.  Live: the attributes and
// their characteristics as in ANAPLAN.md, section 2.

#ifndef TENANT_DISCOVERY_H
#define TENANT_DISCOVERY_H

#include <jansson.h>

/**
 * Makes the document that stands at a path after the SCIM base.
 * @return owned; NULL when there is none.
 */
json_t *discovery_document(const char *path);

#endif
