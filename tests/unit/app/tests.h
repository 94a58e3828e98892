/* SPDX-License-Identifier: ISC */
/*
 * The groups of tests of the room app, one a file, and what those of the configuration share.
 */
#ifndef TESTS_UNIT_APP_TESTS_H
#define TESTS_UNIT_APP_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/config.h"

extern const struct CMUnitTest config_tests[], config_keys_tests[], config_faults_tests[],
    config_source_tests[], config_syntax_tests[], config_text_tests[], first_config_tests[],
    hardening_tests[], health_tests[], log_sinks_tests[], notices_tests[], peer_name_tests[],
    secret_store_tests[];
extern const size_t config_test_count, config_keys_test_count, config_faults_test_count,
    config_source_test_count, config_syntax_test_count, config_text_test_count,
    first_config_test_count, hardening_test_count, health_test_count, log_sinks_test_count,
    notices_test_count, peer_name_test_count, secret_store_test_count;

/* What came of reading a text. */
struct reading {
	enum status status;
	struct config *config;
	struct config_faults faults;
	struct str text; /* the faults, formatted; the file is called "x.conf" */
};

/** Reads a text. */
struct reading reading_of(const char *text);

/** Reads a file. */
struct reading reading_of_file(const char *path);

/** Frees what a reading holds. */
void reading_done(struct reading *reading);

/** Fails when anything was said. */
void assert_quiet(const struct reading *reading);

/** Fails unless reading the text gives the whole line, newline excluded, among its faults. */
void assert_says(const char *text, const char *line);

/** Fails when reading the text gives a line with that part in it. */
void assert_silent(const char *text, const char *part);

/* The parts of a configuration that works. */
#define URLS       "urls = [ \"ldaps://h\" ]; "
#define BIND       "bind = { dn = \"cn=a\"; password = \"env:P\"; }; "
#define USERS      "users = { bases = [ \"dc=x\" ]; }; "
#define DIRECTORY  "directories = ( { " URLS BIND USERS "} );\n"
#define WORKSPACES "workspaces = ( { id = \"w1\"; group = \"cn=g\"; } );\n"
#define TENANT     "tenant = { auth = { key = \"env:K\"; }; };\n"
#define SMALLEST   DIRECTORY WORKSPACES TENANT

#endif
