/* SPDX-License-Identifier: ISC */
#include "tests/unit/app/tests.h"

#include "app/peer_name.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OURS = 990 };

static void each_is_named_by_who_knows(void **state)
{
	static const struct {
		uid_t uid;
		const char *claim, *name;
	} cases[] = {
		{ 0, "root (sudo: ada)", "root (sudo: ada)" }, { 0, NULL, "root" },
		{ OURS, "scimward", "scimward" }, { 1000, "root", "ada" }, { 1000, NULL, "ada" },
		{ 1001, "eve@corp", "uid 1001 (says: eve@corp)" }, { 1001, "", "uid 1001" },
		{ 1001, NULL, "uid 1001" },
		{ 65534, "ada", "uid 65534 (says: ada)" }, /* whom the namespace does not know */
	};
	char path[] = "/tmp/scimward-passwd.XXXXXX";
	static const char accounts[] = "root:x:0:0::/root:/bin/sh\n"
				       "broken line\n"
				       "nobody:x:65534:65534::/:/bin/false\n"
				       "ada:x:1000:1000::/home/ada:/bin/sh\n";
	struct arena *arena = arena_new();
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, accounts, sizeof(accounts) - 1), sizeof(accounts) - 1);
	close(fd);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span name = peer_name(
		    arena, cases[i].uid, span_of(cases[i].claim), OURS, path);

		if (!span_equal(name, span_of(cases[i].name)))
			fail_msg("%u \"%s\": %.*s", (unsigned)cases[i].uid,
			    cases[i].claim == NULL ? "" : cases[i].claim, SPAN_ARG(name));
	}
	unlink(path);
	assert_true(span_equal(peer_name(arena, 1000, SPAN_NULL, OURS, path), SPAN("uid 1000")));
	arena_free(&arena);
}

static void a_claim_has_a_limit(void **state)
{
	struct arena *arena = arena_new();
	char claim[1000];

	(void)state;
	memset(claim, 'x', sizeof(claim));
	assert_true(span_equal(
	    peer_name(arena, 1000, (struct span) { claim, sizeof(claim) }, OURS, "/nowhere"),
	    SPAN("uid 1000")));
	arena_free(&arena);
}

const struct CMUnitTest peer_name_tests[] = {
	cmocka_unit_test(each_is_named_by_who_knows),
	cmocka_unit_test(a_claim_has_a_limit),
};
const size_t peer_name_test_count = sizeof(peer_name_tests) / sizeof(*peer_name_tests);
