/* SPDX-License-Identifier: ISC */
#include "scim/profile.h"
#include "tests/unit/scim/support.h"

static void traits_are_those_of_the_profile(void **state)
{
	struct tenant_traits anaplan = profile_traits(TENANT_ANAPLAN);
	struct tenant_traits generic = profile_traits(TENANT_GENERIC);

	(void)state;
	assert_int_equal(anaplan.page_size, 100);
	assert_int_equal(anaplan.workspace_max, 50);
	assert_true(anaplan.can_filter && anaplan.can_patch && anaplan.user_name_is_email);
	assert_false(anaplan.can_rename);
	assert_int_equal(generic.page_size, 100);
	assert_int_equal(generic.workspace_max, 0);
	assert_true(generic.can_filter && generic.can_patch && generic.can_rename);
	assert_false(generic.user_name_is_email);
}

static void a_server_refines_what_it_says(void **state)
{
	struct tenant_traits traits = profile_traits(TENANT_GENERIC);
	struct decoded_config config = { 0 };

	(void)state;
	profile_refine(&traits, &config);
	assert_true(traits.can_patch && traits.can_filter);
	assert_int_equal(traits.page_size, 100);
	config = (struct decoded_config) {
		.has_patch = true, .has_filter = true, .filter_max_results = 20
	};
	profile_refine(&traits, &config);
	assert_false(traits.can_patch || traits.can_filter);
	assert_int_equal(traits.page_size, 20);
	traits = profile_traits(TENANT_GENERIC);
	config = (struct decoded_config) { .filter_max_results = 200 };
	profile_refine(&traits, &config);
	assert_int_equal(traits.page_size, 100);
	config.filter_max_results = UINT64_MAX;
	profile_refine(&traits, &config);
	assert_int_equal(traits.page_size, 100);
}

struct opened {
	struct heard heard;
	struct tenant_traits traits;
	size_t requests;
};

static struct opened open_on(enum tenant_profile profile, const struct fake_http_answer *answer)
{
	struct tenant_settings settings = api_key_settings();
	struct opened opened = { 0 };
	struct world world;

	settings.profile = profile;
	world_open(&world, &settings);
	if (answer != NULL)
		fake_http_script(world.http, answer);
	profile_open(world.client, profile, &opened.traits,
	    &(struct client_owner) { .callback = hear, .context = &opened.heard });
	assert_int_equal(opened.heard.count, 0);
	fake_loop_advance(world.loop, 60000);
	assert_int_equal(opened.heard.count, 1);
	opened.requests = fake_http_count(world.http);
	if (opened.requests > 0)
		assert_has(fake_http_request(world.http, 0)->url, "/v2/ServiceProviderConfig");
	world_close(&world);
	return opened;
}

static struct opened open_generic(int status, const char *body)
{
	return open_on(
	    TENANT_GENERIC, &(struct fake_http_answer) { .status = status, .body = body });
}

/* Its ServiceProviderConfig denies what works. */
static void anaplan_is_known_and_not_asked(void **state)
{
	struct opened opened = open_on(TENANT_ANAPLAN, NULL);

	(void)state;
	assert_int_equal(opened.heard.status, STATUS_OK);
	assert_int_equal(opened.requests, 0);
	assert_true(opened.traits.can_patch && opened.traits.can_filter);
	assert_int_equal(opened.traits.workspace_max, 50);
}

static void others_are_asked(void **state)
{
	struct opened opened = open_generic(200,
	    "{\"patch\":{\"supported\":false},\"filter\":{\"supported\":true,\"maxResults\":25}}");

	(void)state;
	assert_int_equal(opened.heard.status, STATUS_OK);
	assert_int_equal(opened.requests, 1);
	assert_false(opened.traits.can_patch);
	assert_true(opened.traits.can_filter);
	assert_int_equal(opened.traits.page_size, 25);
}

static void who_does_not_say_is_taken_to_be_able(void **state)
{
	static const struct {
		int status;
		const char *body;
	} cases[] = { { 404, "" }, { 400, "<html>" }, { 405, "" }, { 200, "<html>" }, { 200, "" },
		{ 200, "{}" }, { 200, "[]" }, { 204, "" }, { 501, "" } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct opened opened = open_generic(cases[i].status, cases[i].body);
		if (opened.heard.status != STATUS_OK)
			fail_msg("%d: %s", cases[i].status, opened.heard.error);
		assert_true(opened.traits.can_patch && opened.traits.can_filter);
		assert_int_equal(opened.traits.page_size, 100);
	}
}

static void what_keeps_us_out_is_told(void **state)
{
	struct opened opened = open_generic(403, "");

	(void)state;
	assert_int_equal(opened.heard.status, STATUS_DOWN);
	assert_int_equal(opened.heard.http_status, 403);
	assert_int_equal(open_generic(302, "").heard.status, STATUS_DOWN);
	assert_int_equal(open_generic(503, "").heard.status, STATUS_RETRY);
	assert_int_equal(open_on(TENANT_GENERIC, NULL).heard.status, STATUS_RETRY);
}

static void traits_can_be_told(void **state)
{
	struct tenant_traits traits = profile_traits(TENANT_ANAPLAN);
	struct str text = { 0 };

	(void)state;
	profile_describe(&traits, &text);
	assert_span(
	    str_span(&text), "PATCH, filters, pages of 100, at most 50 workspaces an account");
	traits = (struct tenant_traits) { .page_size = 7 };
	str_truncate(&text, 0);
	profile_describe(&traits, &text);
	assert_span(str_span(&text), "PUT instead of PATCH, no filters, pages of 7");
	str_done(&text);
}

const struct CMUnitTest profile_tests[] = {
	cmocka_unit_test(traits_are_those_of_the_profile),
	cmocka_unit_test(a_server_refines_what_it_says),
	cmocka_unit_test(anaplan_is_known_and_not_asked),
	cmocka_unit_test(others_are_asked),
	cmocka_unit_test(who_does_not_say_is_taken_to_be_able),
	cmocka_unit_test(what_keeps_us_out_is_told),
	cmocka_unit_test(traits_can_be_told),
};
const size_t profile_test_count = COUNT_OF(profile_tests);
