/* SPDX-License-Identifier: ISC */
#include "tests/unit/metrics/tests.h"

#include "metrics/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static void loopback_is_taken(void **state)
{
	struct metrics_address address;
	struct err err;
	struct sockaddr_in *in = (struct sockaddr_in *)&address.socket;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address.socket;

	(void)state;
	assert_int_equal(metrics_address_parse(SPAN("127.0.0.1:9464"), &address, &err), STATUS_OK);
	assert_int_equal(in->sin_family, AF_INET);
	assert_int_equal(ntohs(in->sin_port), 9464);
	assert_int_equal(ntohl(in->sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(address.size, sizeof(*in));
	assert_int_equal(metrics_address_parse(SPAN("127.9.9.9:1"), &address, &err), STATUS_OK);
	assert_int_equal(metrics_address_parse(SPAN("[::1]:65535"), &address, &err), STATUS_OK);
	assert_int_equal(in6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(in6->sin6_port), 65535);
	assert_true(IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr));
	assert_int_equal(address.size, sizeof(*in6));
}

static void a_path_is_taken(void **state)
{
	struct metrics_address address;
	struct sockaddr_un *un = (struct sockaddr_un *)&address.socket;
	struct err err;
	char longest[6 + sizeof(un->sun_path)] = "unix:/";

	(void)state;
	assert_int_equal(
	    metrics_address_parse(SPAN("unix:/run/x.sock"), &address, &err), STATUS_OK);
	assert_int_equal(un->sun_family, AF_UNIX);
	assert_string_equal(un->sun_path, "/run/x.sock");
	memset(longest + 6, 'a', sizeof(un->sun_path) - 2);
	assert_int_equal(metrics_address_parse(span_of(longest), &address, &err), STATUS_OK);
	assert_int_equal(strlen(un->sun_path), sizeof(un->sun_path) - 1);
}

static void the_rest_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "0.0.0.0:9464", "can be reached from other hosts" },
		{ "10.0.0.1:9464", "can be reached from other hosts" },
		{ "128.0.0.1:9464", "can be reached from other hosts" },
		{ "[::]:9464", "can be reached from other hosts" },
		{ "[2001:db8::1]:9464", "can be reached from other hosts" },
		{ "[::ffff:10.0.0.1]:9464", "can be reached from other hosts" },
		{ "localhost:9464", "is no address (a name is not looked up here)" },
		{ "::1:9464", "is no address" },
		{ "[127.0.0.1]:9464", "is no address" },
		{ "[]:9464", "is no address" },
		{ ":9464", "is no address" },
		{ "127.0.0.1", "does not end in a port" },
		{ "127.0.0.1:", "does not end in a port" },
		{ "127.0.0.1:0", "does not end in a port" },
		{ "127.0.0.1:65536", "does not end in a port" },
		{ "127.0.0.1:94x", "does not end in a port" },
		{ "9464", "does not end in a port" },
		{ "", "does not end in a port" },
		{ "unix:", "does not begin with /" },
		{ "unix:run/x.sock", "does not begin with /" },
	};
	struct metrics_address address;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(
		    metrics_address_parse(span_of(rows[i][0]), &address, &err), STATUS_REJECT);
		if (strstr(err.text, rows[i][1]) == NULL)
			fail_msg("%s: %s", rows[i][0], err.text);
	}
}

static void a_path_may_be_too_long(void **state)
{
	struct metrics_address address;
	struct err err;
	char path[256];

	(void)state;
	memset(path, 'a', sizeof(path));
	memcpy(path, "unix:/", 6);
	assert_int_equal(
	    metrics_address_parse(
		(struct span) { path, 5 + sizeof(((struct sockaddr_un *)0)->sun_path) }, &address,
		&err),
	    STATUS_REJECT);
	assert_non_null(strstr(err.text, "longer than 107 bytes"));
}

const struct CMUnitTest address_tests[] = {
	cmocka_unit_test(loopback_is_taken),
	cmocka_unit_test(a_path_is_taken),
	cmocka_unit_test(the_rest_is_refused),
	cmocka_unit_test(a_path_may_be_too_long),
};
const size_t address_test_count = COUNT_OF(address_tests);
