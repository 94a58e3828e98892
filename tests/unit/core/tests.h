/* SPDX-License-Identifier: ISC */
/*
 * What the unit tests of core share: cmocka, spans that can be asserted, numbers by chance.
 */
#ifndef TESTS_UNIT_CORE_TESTS_H
#define TESTS_UNIT_CORE_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "core/account.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Fails unless the span holds exactly that text; NULL means absent. */
void check_span(struct span actual, const char *expected, const char *file, int line);
#define assert_span(actual, expected) check_span(actual, expected, __FILE__, __LINE__)

/** Fails unless the text contains the other. */
void check_contains(const char *text, const char *part, const char *file, int line);
#define assert_contains(text, part) check_contains(text, part, __FILE__, __LINE__)

/** Starts a row of numbers by chance; the seed is $TEST_SEED or new, and is printed. */
void chance_start(const char *test);

/** A number from 0 to before `end`. */
uint32_t chance(uint32_t end);

/** An account of few members and workspaces, so that two of them often have some in common. */
struct account chance_account(struct arena *arena);

/** Fails unless two accounts are the same, member by member. */
void check_accounts_equal(
    const struct account *a, const struct account *b, const char *file, int line);
#define assert_accounts_equal(a, b) check_accounts_equal(a, b, __FILE__, __LINE__)

#define TEST_GROUP(name)                                                                           \
	extern const struct CMUnitTest name##_tests[];                                             \
	extern const size_t name##_test_count

TEST_GROUP(account);
TEST_GROUP(audit);
TEST_GROUP(audit_chain);
TEST_GROUP(certificate);
TEST_GROUP(check);
TEST_GROUP(differ);
TEST_GROUP(forecast);
TEST_GROUP(graph);
TEST_GROUP(guard);
TEST_GROUP(index);
TEST_GROUP(mapping);
TEST_GROUP(mapping_explain);
TEST_GROUP(membership);
TEST_GROUP(membership_renew);
TEST_GROUP(plan);
TEST_GROUP(plan_reader);
TEST_GROUP(policy);
TEST_GROUP(prediction);
TEST_GROUP(reversal);
TEST_GROUP(survey);
TEST_GROUP(tenant_self);
TEST_GROUP(value);
TEST_GROUP(workspace_group);
TEST_GROUP(x509);

#endif
