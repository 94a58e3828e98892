/* SPDX-License-Identifier: ISC */
/*
 * What LDAP result codes and Active Directory's bind errors mean, in words.
 *
 * Pure; nothing here needs a connection.
 */
#ifndef DIRECTORY_RESULT_TEXT_H
#define DIRECTORY_RESULT_TEXT_H

#include "base/str.h"

/** Describes a result code: "size limit exceeded (4): the server gives at most …". Never NULL. */
const char *result_meaning(int code);

/**
 * Appends a result for people: meaning, code, and the server's own words when it sent some.
 *
 * @param diagnostic  as the server sent it; absent or empty: none
 */
void result_describe(int code, struct span diagnostic, struct str *out);

/**
 * Finds what Active Directory meant by `data 52e` in a bind's diagnostic message.
 *
 * @return NULL when it says nothing of the kind
 * Source: Microsoft, "LDAP bind error codes" (Win32 errors in hexadecimal after "data")
 */
const char *result_bind_meaning(struct span diagnostic);

#endif
