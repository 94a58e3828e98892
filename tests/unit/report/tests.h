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

extern const struct CMUnitTest plan_writer_tests[];
extern const size_t plan_writer_test_count;

#endif
