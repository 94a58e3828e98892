/* SPDX-License-Identifier: ISC */
#include "tests/unit/directory/tests.h"

#include <stdlib.h>

#define RUN(name) _cmocka_run_group_tests(#name, name##_tests, name##_test_count, NULL, NULL)

int main(void)
{
	int failures = RUN(entry_builder) + RUN(group_table) + RUN(kind);

	failures += RUN(ldif) + RUN(ldif_parse) + RUN(primary_group) + RUN(session_urls) +
		    RUN(settings) + RUN(srv) + RUN(text);
	failures += RUN(cursor) + RUN(dirsync_codec) + RUN(sync_codec) + RUN(kept_groups);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
