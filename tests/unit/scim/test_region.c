/* SPDX-License-Identifier: ISC */
#include "scim/region.h"
#include "tests/unit/scim/support.h"

static void a_region_has_its_hosts(void **state)
{
	static const struct {
		const char *name, *scim, *auth, *oauth;
	} rows[] = {
		{ "us1", "https://api.anaplan.com/scim/1/0/v2", "https://auth.anaplan.com",
		    "https://us1a.app.anaplan.com" },
		{ "eu", "https://api.anaplan.com/scim/1/0/v2", "https://auth.anaplan.com",
		    "https://us1a.app.anaplan.com" },
		{ "us9", "https://us9.api.anaplan.com/scim/1/0/v2", "https://us9.auth.anaplan.com",
		    "https://us9.app.anaplan.com" },
		{ "EU3", "https://eu3.api.anaplan.com/scim/1/0/v2", "https://eu3.auth.anaplan.com",
		    "https://eu3.app.anaplan.com" },
		{ "ca1", "https://ca1a.api.anaplan.com/scim/1/0/v2",
		    "https://ca1a.auth.anaplan.com", "https://ca1a.app.anaplan.com" },
		{ "au1", "https://api.au1a.app2.anaplan.com/scim/1/0/v2",
		    "https://au1a.app2.anaplan.com", "https://au1a.app2.anaplan.com" },
	};
	struct region_hosts hosts;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_true(region_find(span_of(rows[i].name), &hosts));
		assert_string_equal(hosts.scim_url, rows[i].scim);
		assert_string_equal(hosts.auth_url, rows[i].auth);
		assert_string_equal(hosts.oauth_url, rows[i].oauth);
	}
}

static void no_hosts_are_guessed(void **state)
{
	struct region_hosts hosts;

	(void)state;
	assert_false(region_find(SPAN("eu6"), &hosts));
	assert_false(region_find(SPAN(""), &hosts));
	assert_false(region_find(SPAN("evil.example/"), &hosts));
}

static void all_names_that_are_told_are_known(void **state)
{
	struct span rest = span_of(region_names);
	struct region_hosts hosts;
	size_t count = 0;

	(void)state;
	for (; rest.len > 0; count++)
		assert_true(region_find(span_split(&rest, ' '), &hosts));
	assert_int_equal(count, 19);
}

const struct CMUnitTest region_tests[] = {
	cmocka_unit_test(a_region_has_its_hosts),
	cmocka_unit_test(no_hosts_are_guessed),
	cmocka_unit_test(all_names_that_are_told_are_known),
};
const size_t region_test_count = COUNT_OF(region_tests);
