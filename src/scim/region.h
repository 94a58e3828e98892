/* SPDX-License-Identifier: ISC */
/*
 * Which hosts a region of Anaplan has.  Pure.
 *
 * Source: Anaplan, allowlist of domains, 2026-05-22.
 */
#ifndef SCIM_REGION_H
#define SCIM_REGION_H

#include "base/str.h"
#include <stdbool.h>

struct region_hosts {
	char scim_url[96];  /* for tenant.url */
	char auth_url[96];  /* for tenant.auth.url */
	char oauth_url[96]; /* likewise, with method "oauth-device" */
};

/**
 * Finds the hosts of a region: "us1" "eu3" "ca1" …, in any case.  "us", "eu" and "ap" are the hosts
 * that the first regions share.
 *
 * @return false: no such region is known, and its hosts would be guessed
 */
bool region_find(struct span name, struct region_hosts *ret_hosts);

/** All names, with blanks between, for people. */
extern const char region_names[];

#endif
