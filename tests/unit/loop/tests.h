/* SPDX-License-Identifier: ISC */
/*
 * The contract of the loop is tested once and holds for both bodies:
 * test_contract.c is linked with each of them, and what only one of them has is
 * in a file of its own.
 */
#ifndef TESTS_UNIT_LOOP_TESTS_H
#define TESTS_UNIT_LOOP_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above before it. */
#include <cmocka.h>

extern const struct CMUnitTest contract_tests[];
extern const size_t contract_test_count;

/* Of the body that is linked. */
extern const struct CMUnitTest body_tests[];
extern const size_t body_test_count;

#endif
