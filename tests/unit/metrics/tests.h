/* SPDX-License-Identifier: ISC */
/*
 * The groups of tests of the room metrics, one a file.
 */
#ifndef TESTS_UNIT_METRICS_TESTS_H
#define TESTS_UNIT_METRICS_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above before it. */
#include <cmocka.h>

extern const struct CMUnitTest address_tests[], exposition_tests[], listener_tests[];
extern const size_t address_test_count, exposition_test_count, listener_test_count;

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

#endif
