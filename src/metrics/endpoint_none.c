/* SPDX-License-Identifier: ISC */
/* What stands in for the endpoint in a build without libmicrohttpd. */
#include "metrics/endpoint.h"

enum status endpoint_open(struct loop *loop, const struct metrics_address *address,
    endpoint_callback *callback, void *context, struct endpoint **ret_endpoint, struct err *reterr)
{
	(void)loop, (void)address, (void)callback, (void)context, (void)ret_endpoint;
	err_set(reterr, "this build has no HTTP endpoint");
	return STATUS_REJECT;
}

void endpoint_free(struct endpoint **endpoint)
{
	*endpoint = NULL;
}
