/* SPDX-License-Identifier: ISC */
/*
 * What the tests of the room report share.
 */
#ifndef TESTS_UNIT_REPORT_TESTS_H
#define TESTS_UNIT_REPORT_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

/** Holds a text against the one in expected/, or stores it there; frees it. */
void assert_stored(const char *name, struct str *actual);

/** Takes style, script and their hashes out of an HTML page: they are the same in each, and change
 * with every word. */
void cut_common_parts(struct str *page);

extern const struct CMUnitTest check_writer_tests[], explanation_tests[], lines_tests[],
    pace_tests[], plan_page_tests[], plan_writer_tests[], report_tests[];
extern const size_t check_writer_test_count, explanation_test_count, lines_test_count,
    pace_test_count, plan_page_test_count, plan_writer_test_count, report_test_count;

#endif
