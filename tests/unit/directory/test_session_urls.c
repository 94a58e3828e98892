/* SPDX-License-Identifier: ISC */
#include "base/time.h"
#include "directory/session_p.h"
#include "tests/fake/fake_loop.h"
#include "tests/unit/directory/tests.h"

#include <stdio.h>

struct fixture {
	struct loop *loop;
	struct directory_settings settings;
	struct session session;
};

static void open_fixture(struct fixture *fixture, const char *domain)
{
	static const char *const urls[] = { "ldaps://a", "ldaps://b", "ldaps://c" };

	*fixture = (struct fixture) { .loop = loop_new() };
	fixture->settings = (struct directory_settings) { .domain = domain,
		.urls = domain == NULL ? urls : NULL,
		.url_count = domain == NULL ? 3 : 0 };
	fixture->session =
	    (struct session) { .loop = fixture->loop, .settings = &fixture->settings };
}

static void close_fixture(struct fixture *fixture)
{
	session_urls_done(&fixture->session);
	loop_free(&fixture->loop);
}

/* What DNS brought, in this order: "dc1 dc2". */
static void take(struct fixture *fixture, const char *names)
{
	struct srv_list list = { 0 };
	struct span rest = span_of(names);

	while (rest.len > 0) {
		struct srv_record *record = &list.at[list.count++];
		struct span name = span_split(&rest, ' ');

		record->port = 389;
		snprintf(record->target, sizeof(record->target), "%.*s.x", SPAN_ARG(name));
	}
	session_urls_take(&fixture->session, &list);
}

static void configured_urls_keep_their_order(void **state)
{
	struct fixture fixture;
	struct session *session = &fixture.session;

	(void)state;
	open_fixture(&fixture, NULL);
	for (int i = 0; i < 2; i++) {
		session_urls_restart(session);
		assert_false(session_urls_are_due(session));
		assert_string_equal(session_url(session), "ldaps://a");
		session_urls_next(session);
		assert_string_equal(session_url(session), "ldaps://b");
		assert_false(session_urls_are_over(session));
	}
	session_urls_next(session);
	session_urls_next(session);
	assert_true(session_urls_are_over(session));
	close_fixture(&fixture);
}

static void who_answered_last_is_first(void **state)
{
	struct fixture fixture;
	struct session *session = &fixture.session;

	(void)state;
	open_fixture(&fixture, "x");
	session_urls_restart(session);
	assert_true(session_urls_are_due(session));
	assert_string_equal(session_url(session), "x");
	take(&fixture, "dc1 dc2 dc3");
	assert_string_equal(session_url(session), "ldaps://dc1.x");
	session_urls_next(session);
	session_urls_restart(session);
	assert_false(session_urls_are_due(session));
	assert_string_equal(session_url(session), "ldaps://dc2.x");
	session_urls_next(session);
	assert_string_equal(session_url(session), "ldaps://dc3.x");
	session_urls_next(session);
	assert_string_equal(session_url(session), "ldaps://dc1.x");
	session_urls_restart(session);
	assert_string_equal(session_url(session), "ldaps://dc1.x");
	close_fixture(&fixture);
}

static void dns_is_asked_again(void **state)
{
	struct fixture fixture;
	struct session *session = &fixture.session;

	(void)state;
	open_fixture(&fixture, "x");
	take(&fixture, "dc1 dc2");
	session_urls_next(session);
	session_urls_restart(session);
	fake_loop_advance(fixture.loop, 10 * TIME_MINUTE_MS - 1);
	assert_false(session_urls_are_due(session));
	fake_loop_advance(fixture.loop, 1);
	assert_true(session_urls_are_due(session));
	/* Whoever it was stays first, wherever the new order has it. */
	take(&fixture, "dc3 dc1 dc2");
	assert_string_equal(session_url(session), "ldaps://dc2.x");
	session_urls_next(session);
	assert_string_equal(session_url(session), "ldaps://dc3.x");
	assert_false(session_urls_are_due(session)); /* not in the middle */
	session_urls_next(session);
	session_urls_next(session);
	assert_true(session_urls_are_over(session));
	session_urls_restart(session);
	assert_true(session_urls_are_due(session)); /* none answered */
	take(&fixture, "dc4");
	assert_string_equal(session_url(session), "ldaps://dc4.x");
	close_fixture(&fixture);
}

static void the_scheme_follows_what_protects(void **state)
{
	struct srv_list list = { .count = 1 };
	struct fixture fixture;

	(void)state;
	snprintf(list.at[0].target, sizeof(list.at[0].target), "dc.x");
	list.at[0].port = 1389;
	open_fixture(&fixture, "x");
	session_urls_take(&fixture.session, &list);
	assert_string_equal(session_url(&fixture.session), "ldaps://dc.x");
	fixture.settings.tls.starttls = true;
	session_urls_take(&fixture.session, &list);
	assert_string_equal(session_url(&fixture.session), "ldap://dc.x:1389");
	fixture.settings.tls.starttls = false;
	fixture.settings.bind.method = DIRECTORY_BIND_GSSAPI;
	list.at[0].port = 389;
	session_urls_take(&fixture.session, &list);
	assert_string_equal(session_url(&fixture.session), "ldap://dc.x");
	assert_span(session_found(&fixture.session), "x: dc.x (priority 0, weight 0)");
	close_fixture(&fixture);
}

const struct CMUnitTest session_urls_tests[] = {
	cmocka_unit_test(configured_urls_keep_their_order),
	cmocka_unit_test(who_answered_last_is_first),
	cmocka_unit_test(dns_is_asked_again),
	cmocka_unit_test(the_scheme_follows_what_protects),
};
const size_t session_urls_test_count = sizeof(session_urls_tests) / sizeof(*session_urls_tests);
