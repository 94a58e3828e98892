/* SPDX-License-Identifier: ISC */
#include "tests/unit/scim/keys.h"
#include "tests/unit/scim/support.h"
#include "tests/unit/scim/token_file_steps.h"

#include <stdlib.h>

#define RUN(name) _cmocka_run_group_tests(#name, name##_tests, name##_test_count, NULL, NULL)

int main(void)
{
	int failures;

	keys_make();
	token_file_steps_make();
	log_watch_start();
	failures = RUN(auth) + RUN(auth_header) + RUN(certificate) + RUN(check) + RUN(client);
	failures += RUN(codec_decode) + RUN(codec_decode_user) + RUN(codec_encode) + RUN(http_lane);
	failures += RUN(login) + RUN(oauth) + RUN(oauth_request) + RUN(token_file);
	failures += RUN(outcome) + RUN(profile) + RUN(region) + RUN(settings) + RUN(tenant);
	failures += RUN(traffic);
	failures += log_watch_end();
	keys_remove();
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
