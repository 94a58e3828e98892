/* SPDX-License-Identifier: ISC */
/*
 * The groups of tests of the room control, one a file.
 */
#ifndef TESTS_UNIT_CONTROL_TESTS_H
#define TESTS_UNIT_CONTROL_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above before it. */
#include <cmocka.h>

extern const struct CMUnitTest codec_tests[], listener_tests[], server_tests[];
extern const size_t codec_test_count, listener_test_count, server_test_count;

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

#endif
