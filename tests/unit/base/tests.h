/* SPDX-License-Identifier: ISC */
/*
 * The groups of tests of the room base, one a file.
 */
#ifndef TESTS_UNIT_BASE_TESTS_H
#define TESTS_UNIT_BASE_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above before it. */
#include <cmocka.h>

#include "base/str.h"

#define TEST_GROUP(name)                                                                           \
	extern const struct CMUnitTest name##_tests[];                                             \
	extern const size_t name##_test_count

TEST_GROUP(arena);
TEST_GROUP(emit);
TEST_GROUP(err);
TEST_GROUP(hash);
TEST_GROUP(histogram);
TEST_GROUP(log);
TEST_GROUP(owned);
TEST_GROUP(replace);
TEST_GROUP(secret);
TEST_GROUP(str);
TEST_GROUP(time);
TEST_GROUP(unicode);
TEST_GROUP(unix_socket);
TEST_GROUP(uuid);
TEST_GROUP(vec);

#define assert_span(actual, text)                                                                  \
	do {                                                                                       \
		struct span checked = (actual);                                                    \
		assert_non_null(checked.at);                                                       \
		assert_int_equal(checked.len, sizeof(text) - 1);                                   \
		assert_memory_equal(checked.at, text, sizeof(text) - 1);                           \
	} while (0)

typedef void death(void);

/** Runs `die` in a child and fails unless it aborts and says `line` on standard error. */
void assert_aborts(death *die, const char *line);

#endif
