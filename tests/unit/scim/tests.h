/* SPDX-License-Identifier: ISC */
/*
 * The groups of tests of the room scim, one a file.
 */
#ifndef TESTS_UNIT_SCIM_TESTS_H
#define TESTS_UNIT_SCIM_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern const struct CMUnitTest auth_tests[], auth_header_tests[], certificate_tests[],
    check_tests[], client_tests[], codec_decode_tests[], codec_decode_user_tests[],
    codec_encode_tests[], http_lane_tests[], login_tests[], oauth_tests[], oauth_request_tests[],
    outcome_tests[], profile_tests[], region_tests[], settings_tests[], tenant_tests[],
    token_file_tests[], traffic_tests[];
extern const size_t auth_test_count, auth_header_test_count, certificate_test_count,
    check_test_count, client_test_count, codec_decode_test_count, codec_decode_user_test_count,
    codec_encode_test_count, http_lane_test_count, login_test_count, oauth_test_count,
    oauth_request_test_count, outcome_test_count, profile_test_count, region_test_count,
    settings_test_count, tenant_test_count, token_file_test_count, traffic_test_count;

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

#define assert_span(span, text) assert_span_is((span), (text), __FILE__, __LINE__)
#define assert_has(text, part)  assert_has_part((text), (part), __FILE__, __LINE__)
#define assert_lacks(text, part)                                                                   \
	do {                                                                                       \
		if (strstr((text), (part)) != NULL)                                                \
			fail_msg("\"%s\" is in \"%s\"", (part), (text));                           \
	} while (0)

#endif
