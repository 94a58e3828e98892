// SPDX-License-Identifier: ISC

// One request as the rooms behind the server see it: plain data, no library.
// Everything but `json` is borrowed from the server for as long as the request lives.

#ifndef TENANT_REQUEST_H
#define TENANT_REQUEST_H

#include <jansson.h>
#include <stddef.h>

struct request {
	const char *method;
	const char *path;   /**< decoded, without the query */
	const char *target; /**< as sent, with the query */
	const char *body;   /**< ends with a NUL that is not counted; never NULL */
	size_t body_size_bytes;
	json_t *json; /**< the body, or NULL when it is not JSON; owned by the server */
	const char *authorization; /**< these may be NULL */
	const char *accept;
	const char *content_type;
	const char *filter;
	const char *start_index;
	const char *count;
	const char *since;
};

#endif
