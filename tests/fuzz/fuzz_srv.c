/* SPDX-License-Identifier: ISC */
/* DNS messages: the first byte says which domain was asked about. */
#include "directory/srv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t draw(void *context, uint64_t limit)
{
	uint64_t *chance = context;

	*chance = *chance * UINT64_C(6364136223846793005) + 1;
	return (*chance >> 33) % limit;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const domains[] = { "corp.example", "a", "", "example" };
	struct srv_list *list = malloc(sizeof(*list));
	uint64_t chance = size;

	if (size > 0 && list != NULL &&
	    srv_parse((struct span) { (const char *)data + 1, size - 1 },
		span_of(domains[data[0] % 4]), list)) {
		srv_order(list, draw, &chance);
		for (size_t i = 0; i < list->count; i++)
			if (!srv_is_domain(span_of(list->at[i].target)) || list->at[i].port == 0)
				abort();
	}
	free(list);
	return 0;
}
