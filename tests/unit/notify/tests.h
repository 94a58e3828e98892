/* SPDX-License-Identifier: ISC */
/* What the tests of the room notify share. */
#ifndef TESTS_NOTIFY_TESTS_H
#define TESTS_NOTIFY_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

extern const struct CMUnitTest mail_tests[];
extern const size_t mail_test_count;
extern const struct CMUnitTest notice_tests[];
extern const size_t notice_test_count;
extern const struct CMUnitTest outbox_tests[];
extern const size_t outbox_test_count;
extern const struct CMUnitTest url_tests[];
extern const size_t url_test_count;
extern const struct CMUnitTest webhook_tests[];
extern const size_t webhook_test_count;

#endif
