/* SPDX-License-Identifier: ISC */
/* Where notices may go to, and that no message repeats it. */
#include "tests/unit/notify/tests.h"

#include "notify/url.h"

static void allows(void **state)
{
	static const char *const urls[] = {
		"https://hooks.corp.example/services/T0/B0/x",
		"HTTPS://h",
		"https://h:8443?token=x",
		"https://me:word@h/",
		"http://localhost",
		"http://LocalHost:80/x",
		"http://127.0.0.1:8080/hook?x=1",
		"http://127.255.0.9/",
		"http://[::1]:8080/",
		"http://[::1]",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct err err = { "" };

		if (notify_url_check(span_of(urls[i]), &err) != STATUS_OK)
			fail_msg("%s: %s", urls[i], err.text);
		assert_int_equal(notify_url_is_cleartext(span_of(urls[i])), i >= 4);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *url, *why;
	} cases[] = {
		{ "", "does not begin with https://" },
		{ "hunter2", "does not begin with https://" },
		{ "https:/hunter2", "does not begin with https://" },
		{ "ftp://hunter2/", "does not begin with https://" },
		{ "file:///hunter2", "does not begin with https://" },
		{ "https://", "names no host" },
		{ "https:///hunter2", "names no host" },
		{ "https://?hunter2", "names no host" },
		{ "https://h/hunter2 x", "holds spaces" },
		{ "https://h/hunter2\n", "holds spaces" },
		{ "https://h\\hunter2", "holds spaces" },
		{ "https://h/\xc3\xa4hunter2", "holds spaces" },
		{ "http://hunter2/", "this host only" },
		{ "http://127.0.0.1.hunter2/", "this host only" },
		{ "http://127.0.0.1.5/hunter2", "this host only" },
		{ "http://127.1/hunter2", "this host only" },
		{ "http://128.0.0.1/hunter2", "this host only" },
		{ "http://localhost.hunter2/", "this host only" },
		{ "http://localhost@hunter2/", "this host only" },
		{ "http://hunter2@localhost/", "this host only" },
		{ "http://localhost:80@hunter2/", "this host only" },
		{ "http://localhost:hunter2/", "this host only" },
		{ "http://localhost:/hunter2", "this host only" },
		{ "http://localhost:65536/hunter2", "this host only" },
		{ "http://[::1]hunter2/", "this host only" },
		{ "http://[::2]/hunter2", "this host only" },
		{ "http://0.0.0.0/hunter2", "this host only" },
		{ "http:///hunter2", "names no host" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct err err = { "" };

		if (notify_url_check(span_of(cases[i].url), &err) != STATUS_REJECT)
			fail_msg("%s is allowed", cases[i].url);
		if (strstr(err.text, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].url, err.text);
		assert_null(strstr(err.text, "hunter2"));
	}
}

const struct CMUnitTest url_tests[] = {
	cmocka_unit_test(allows),
	cmocka_unit_test(refuses),
};
const size_t url_test_count = COUNT_OF(url_tests);
