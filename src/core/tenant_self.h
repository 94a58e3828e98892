/* SPDX-License-Identifier: ISC */
/*
 * Whose credential the agent uses: the account that it must never lock out (DESIGN promise 7).
 */
#ifndef CORE_TENANT_SELF_H
#define CORE_TENANT_SELF_H

#include "base/str.h"
#include <stdbool.h>

/* As far as it is known. */
struct tenant_self {
	struct span user_name;   /* absent: not known */
	struct span account_id;  /* absent: not known */
	bool is_told_by_opening; /* opening the tenant will tell more */
};

/**
 * Whether an account is the agent's own: by id or by userName, both compared regardless of case.
 *
 * @param account_id, user_name  absent: not known
 */
bool tenant_self_is(const struct tenant_self *self, struct span account_id, struct span user_name);

#endif
