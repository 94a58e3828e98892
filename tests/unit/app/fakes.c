/* SPDX-License-Identifier: ISC */
/*
 * The last word that the rooms of the peers have on their settings, so that the tests of the
 * configuration link neither LDAP nor HTTP.  A name that begins with "refused" is refused.
 */
#include "directory/directory.h"
#include "scim/tenant.h"

enum status directory_check_settings(const struct directory_settings *settings, struct err *reterr)
{
	if (settings->name.len < 7 || memcmp(settings->name.at, "refused", 7) != 0)
		return STATUS_OK;
	err_set(reterr, "the directory cannot be");
	return STATUS_REJECT;
}

enum status tenant_check_settings(const struct tenant_settings *settings, struct err *reterr)
{
	if (strstr(settings->url, "//refused") == NULL)
		return STATUS_OK;
	err_set(reterr, "the tenant cannot be");
	return STATUS_REJECT;
}
