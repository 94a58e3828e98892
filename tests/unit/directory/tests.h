/* SPDX-License-Identifier: ISC */
/*
 * The groups of tests of the room directory, one a file.
 */
#ifndef TESTS_UNIT_DIRECTORY_TESTS_H
#define TESTS_UNIT_DIRECTORY_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern const struct CMUnitTest entry_builder_tests[], group_table_tests[], kind_tests[],
    ldif_tests[], ldif_parse_tests[], primary_group_tests[], session_urls_tests[], settings_tests[],
    srv_tests[], text_tests[], cursor_tests[], sync_codec_tests[], kept_groups_tests[],
    dirsync_codec_tests[];
extern const size_t entry_builder_test_count, group_table_test_count, kind_test_count,
    ldif_test_count, ldif_parse_test_count, primary_group_test_count, session_urls_test_count,
    settings_test_count, srv_test_count, text_test_count, cursor_test_count, sync_codec_test_count,
    kept_groups_test_count, dirsync_codec_test_count;

#define assert_span(span, text) assert_true(span_equal((span), span_of(text)))

#endif
