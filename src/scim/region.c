/* SPDX-License-Identifier: ISC */
#include "scim/region.h"

#include <stdio.h>

#define SCIM_PATH "/scim/1/0/v2"

const char region_names[] =
    "us1 us2 us5 us7 us9 ca1 eu1 eu2 eu3 eu4 eu5 gb1 ap1 au1 sg1 ae1 in1 id1 me1";

static const struct {
	struct span name;
	const char *api, *auth, *app; /* NULL: NAME.api.anaplan.com and so on */
} regions[] = {
	{ SPAN_INIT("us"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("us1"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("us2"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("us5"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("us7"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("us9"), NULL, NULL, NULL },
	{ SPAN_INIT("ca1"), "ca1a.api.anaplan.com", "ca1a.auth.anaplan.com",
	    "ca1a.app.anaplan.com" },
	{ SPAN_INIT("eu"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("eu1"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("eu2"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("eu3"), NULL, NULL, NULL },
	{ SPAN_INIT("eu4"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("eu5"), NULL, NULL, NULL },
	{ SPAN_INIT("gb1"), NULL, NULL, NULL },
	{ SPAN_INIT("ap"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("ap1"), "api.anaplan.com", "auth.anaplan.com", "us1a.app.anaplan.com" },
	{ SPAN_INIT("au1"), "api.au1a.app2.anaplan.com", "au1a.app2.anaplan.com",
	    "au1a.app2.anaplan.com" },
	{ SPAN_INIT("sg1"), NULL, NULL, NULL },
	{ SPAN_INIT("ae1"), NULL, NULL, NULL },
	{ SPAN_INIT("in1"), NULL, NULL, NULL },
	{ SPAN_INIT("id1"), NULL, NULL, NULL },
	{ SPAN_INIT("me1"), NULL, NULL, NULL },
};

static void write_url(
    char url[96], const char *host, struct span region, const char *service, const char *path)
{
	if (host != NULL)
		(void)snprintf(url, 96, "https://%s%s", host, path);
	else
		(void)snprintf(
		    url, 96, "https://%.*s.%s.anaplan.com%s", SPAN_ARG(region), service, path);
}

bool region_find(struct span name, struct region_hosts *ret_hosts)
{
	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
		if (!span_equal_ascii_case(name, regions[i].name))
			continue;
		write_url(ret_hosts->scim_url, regions[i].api, regions[i].name, "api", SCIM_PATH);
		write_url(ret_hosts->auth_url, regions[i].auth, regions[i].name, "auth", "");
		write_url(ret_hosts->oauth_url, regions[i].app, regions[i].name, "app", "");
		return true;
	}
	return false;
}
