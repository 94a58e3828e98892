/* SPDX-License-Identifier: ISC */
/* Hosts of URLs, and numbers that need no name server. */
#include "tests.h"

#include "loop/resolver.h"

#include <string.h>

static void the_host_of_a_url_is_found(void **state)
{
	static const char *const rows[][2] = {
		{ "https://api.example/scim", "api.example" },
		{ "https://api.example:8443/scim", "api.example" },
		{ "ldaps://[2001:db8::1]:636", "2001:db8::1" },
		{ "http://user:word@proxy.example:3128", "proxy.example" },
		{ "smtp://mail.example?x=y", "mail.example" },
		{ "ldap://dc1", "dc1" },
		{ "https://a@b@c.example/", "c.example" },
		{ "https:///scim", NULL },
		{ "https://", NULL },
		{ "api.example", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span host = resolver_host_of(span_of(rows[i][0]));

		if (rows[i][1] == NULL)
			assert_null(host.at);
		else
			assert_true(span_equal(host, span_of(rows[i][1])));
	}
	assert_null(resolver_host_of(SPAN_NULL).at);
}

struct heard {
	struct loop *loop;
	unsigned count;
	char addresses[64], why[256];
};

static void on_answer(void *context, const struct resolver_answer *answer)
{
	struct heard *heard = context;

	heard->count++;
	if (answer->addresses.at != NULL)
		memcpy(heard->addresses, answer->addresses.at, answer->addresses.len);
	if (answer->why.at != NULL)
		memcpy(heard->why, answer->why.at, answer->why.len);
	loop_stop(heard->loop);
}

static void ask(struct heard *heard, const char *host)
{
	*heard = (struct heard) { .loop = loop_new() };
	assert_non_null(resolver_start(heard->loop, span_of(host), 5000, on_answer, heard));
	assert_int_equal(heard->count, 0);
	loop_run(heard->loop);
	assert_int_equal(heard->count, 1);
	loop_free(&heard->loop);
}

static void an_address_is_its_own(void **state)
{
	struct heard heard;

	(void)state;
	ask(&heard, "127.0.0.1");
	assert_string_equal(heard.addresses, "127.0.0.1");
	assert_string_equal(heard.why, "");
	ask(&heard, "999.0.0.1.");
	assert_string_equal(heard.addresses, "");
	assert_int_not_equal(heard.why[0], '\0');
}

static void one_that_is_cancelled_is_silent(void **state)
{
	struct heard heard = { .loop = loop_new() };
	struct resolver *resolver = resolver_start(
	    heard.loop, SPAN("127.0.0.1"), 5000, on_answer, &heard);

	(void)state;
	resolver_cancel(&resolver);
	assert_null(resolver);
	resolver_cancel(&resolver);
	loop_run(heard.loop);
	assert_int_equal(heard.count, 0);
	loop_free(&heard.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_of_a_url_is_found),
		cmocka_unit_test(an_address_is_its_own),
		cmocka_unit_test(one_that_is_cancelled_is_silent),
	};

	return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
