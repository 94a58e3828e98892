/* SPDX-License-Identifier: ISC */
/* What the tests of the room sync share. */
#ifndef TESTS_SYNC_SUPPORT_H
#define TESTS_SYNC_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

extern const struct CMUnitTest correlate_tests[];
extern const size_t correlate_test_count;
extern const struct CMUnitTest exchange_tests[];
extern const size_t exchange_test_count;
extern const struct CMUnitTest fingerprint_tests[];
extern const size_t fingerprint_test_count;
extern const struct CMUnitTest gate_tests[];
extern const size_t gate_test_count;
extern const struct CMUnitTest outcome_tests[];
extern const size_t outcome_test_count;
extern const struct CMUnitTest schedule_tests[];
extern const size_t schedule_test_count;
extern const struct CMUnitTest scan_check_tests[];
extern const size_t scan_check_test_count;
extern const struct CMUnitTest turns_tests[];
extern const size_t turns_test_count;

#endif
