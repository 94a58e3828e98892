/* SPDX-License-Identifier: ISC */
/*
 * Settings with their defaults filled in, checked.
 */
#ifndef SCIM_SETTINGS_H
#define SCIM_SETTINGS_H

#include "base/err.h"
#include "base/status.h"
#include "scim/tenant.h"

enum {
	SETTINGS_TIMEOUT_MS = 60000,
	SETTINGS_CONCURRENCY = 8,
	SETTINGS_ANSWER_MAX_BYTES = 16 * 1024 * 1024,
};

/** Fills in what is left out. */
struct tenant_settings settings_complete(const struct tenant_settings *settings);

/** Checks, as tenant_check_settings says. */
enum status settings_check(const struct tenant_settings *settings, struct err *reterr);

#endif
