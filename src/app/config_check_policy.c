/* SPDX-License-Identifier: ISC */
/*
 * Checks of the policy.
 */
#include "app/config_p.h"

/* The words of `correlate` are in the order of the enumeration. */
static void fill_correlate(struct config_reader *reader)
{
	const struct draft *draft = reader->draft;
	struct policy *policy = &reader->draft->config.policy;

	if (draft->correlate_count == 0)
		config_refuse(reader, reader->root, "policy.correlate",
		    "leave it out for [ \"externalId\", \"userName\" ]",
		    "without any, accounts that exist would never be recognised");
	for (size_t i = 0; i < draft->correlate_count; i++)
		policy->correlate[policy->correlate_count++] =
		    strcmp(draft->correlate[i], "userName") == 0 ? POLICY_CORRELATE_USER_NAME
								 : POLICY_CORRELATE_EXTERNAL_ID;
}

static void check_limit(
    struct config_reader *reader, const char *member, const struct policy_limit *limit)
{
	if (limit->count == 0 && limit->percent == 0)
		config_warn(reader, reader->root, member, "set its count or its percent",
		    "nothing limits it: a mistake in the directory goes through whole");
}

void config_check_policy(struct config_reader *reader)
{
	const struct policy *policy = &reader->draft->config.policy;

	fill_correlate(reader);
	check_limit(reader, "policy.limits.deactivations", &policy->deactivations);
	check_limit(reader, "policy.limits.revocations", &policy->revocations);
	if (policy->smallest_scan_percent == 0)
		config_warn(reader, reader->root, "policy.limits.smallest_scan_percent", NULL,
		    "a scan of any size is taken as whole");
	if (policy->rename == POLICY_RENAME_PATCH &&
	    reader->draft->config.tenant.profile == TENANT_ANAPLAN)
		config_warn(reader, reader->root, "policy.rename", "\"hold\" asks a person",
		    "Anaplan documents userName as read-only: a patch may be refused or lost");
}
