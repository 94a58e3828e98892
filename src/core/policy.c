/* SPDX-License-Identifier: ISC */
/*
 * The policy that holds where the configuration is silent.
 */
#include "core/policy.h"
#include "base/time.h"
#include "base/unicode.h"

struct policy policy_default(void)
{
	return (struct policy) {
		.scope = POLICY_SCOPE_MAPPED,
		.correlate = { POLICY_CORRELATE_EXTERNAL_ID, POLICY_CORRELATE_USER_NAME },
		.correlate_count = 2,
		.leavers = { .deleted = POLICY_LEAVER_DEACTIVATE,
		    .disabled = POLICY_LEAVER_DEACTIVATE,
		    .left_scope = POLICY_LEAVER_DEACTIVATE,
		    .moved = POLICY_LEAVER_DEACTIVATE,
		    .revoke_workspaces = false,
		    .grace_ms = 0 },
		.rehire = POLICY_REHIRE_REACTIVATE,
		.rename = POLICY_RENAME_HOLD,
		.drift = POLICY_DRIFT_RESTORE,
		.protect = NULL,
		.protect_count = 0,
		.deactivations = { .count = 50, .percent = 10, .window_ms = TIME_DAY_MS },
		.revocations = { .count = 200, .percent = 10, .window_ms = TIME_DAY_MS },
		.creations = { .count = 1000, .percent = 0, .window_ms = TIME_DAY_MS },
		.smallest_scan_percent = 90,
	};
}

bool policy_protects(const struct policy *policy, struct span user_name)
{
	for (size_t i = 0; i < policy->protect_count; i++) {
		if (utf8_equal_fold(policy->protect[i], user_name))
			return true;
	}
	return false;
}
