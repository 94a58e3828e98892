/* SPDX-License-Identifier: ISC */
#include "core/tenant_self.h"

#include "base/unicode.h"

bool tenant_self_is(const struct tenant_self *self, struct span account_id, struct span user_name)
{
	if (self->account_id.len > 0 && span_equal_ascii_case(self->account_id, account_id))
		return true;
	return self->user_name.len > 0 && utf8_equal_fold(self->user_name, user_name);
}
