/* SPDX-License-Identifier: ISC */
/*
 * What the configuration decides about joiners, movers and leavers (DESIGN: policy).
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_scope { POLICY_SCOPE_MAPPED, POLICY_SCOPE_ENTITLED };
enum policy_leaver { POLICY_LEAVER_DEACTIVATE, POLICY_LEAVER_KEEP };
enum policy_rehire { POLICY_REHIRE_REACTIVATE, POLICY_REHIRE_HOLD };
enum policy_rename { POLICY_RENAME_HOLD, POLICY_RENAME_RECREATE, POLICY_RENAME_PATCH };
enum policy_drift { POLICY_DRIFT_RESTORE, POLICY_DRIFT_REPORT };
enum policy_correlate { POLICY_CORRELATE_EXTERNAL_ID, POLICY_CORRELATE_USER_NAME };

/* 0 switches count or percent off; either trips; exactly the limit is allowed. */
struct policy_limit {
	uint64_t count;
	uint64_t percent; /* of the linked accounts */
	int64_t window_ms;
};

struct policy {
	enum policy_scope scope;
	enum policy_correlate correlate[2]; /* in order of trust */
	size_t correlate_count;
	struct {
		enum policy_leaver deleted, disabled, left_scope, moved;
		bool revoke_workspaces;
		int64_t grace_ms;
	} leavers;
	enum policy_rehire rehire;
	enum policy_rename rename;
	enum policy_drift drift;
	const struct span *protect; /* userNames; compared regardless of case */
	size_t protect_count;
	struct policy_limit deactivations, revocations, creations;
	uint64_t smallest_scan_percent;
};

/** The defaults of DESIGN section 5. */
struct policy policy_default(void);

/** Whether an account is protected. */
bool policy_protects(const struct policy *policy, struct span user_name);

#endif
