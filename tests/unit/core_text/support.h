/* SPDX-License-Identifier: ISC */
/*
 * What the tests of names, DNs, filters and templates share: entries made from text.
 */
#ifndef TESTS_CORE_TEXT_SUPPORT_H
#define TESTS_CORE_TEXT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/attributes.h"
#include "core/entry.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

/* A span in a static table, where SPAN is no constant. */
#define S(text)                                                                                    \
	{                                                                                          \
		"" text, sizeof(text) - 1                                                          \
	}

struct test_value {
	const char *name;
	struct span value;
};

/* An entry in the making; whoever compiles against `set` before test_entry_build decides the slots.
 */
struct test_entry {
	struct entry entry;
	struct values *values;
	struct span *spans;
};

/** Builds an entry from values whose names the set has; others are left out, as an adapter does. */
void test_entry_build(struct test_entry *entry, const struct attribute_set *set, const char *dn,
    const struct test_value *values, size_t count);

/** Frees what test_entry_build made. */
void test_entry_done(struct test_entry *entry);

/** Says which row of a table failed. */
#define assert_row(condition, ...)                                                                 \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error(__VA_ARGS__);                                                  \
			print_error("\n");                                                         \
			fail();                                                                    \
		}                                                                                  \
	} while (0)

extern const struct CMUnitTest attributes_tests[];
extern const size_t attributes_test_count;
extern const struct CMUnitTest dn_tests[];
extern const size_t dn_test_count;
extern const struct CMUnitTest filter_tests[];
extern const size_t filter_test_count;
extern const struct CMUnitTest filter_evaluate_tests[];
extern const size_t filter_evaluate_test_count;
extern const struct CMUnitTest template_tests[];
extern const size_t template_test_count;

#endif
