/* SPDX-License-Identifier: ISC */
/*
 * What may become a value of an account.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/account.h"
#include <stdbool.h>

/**
 * Checks a value for its target: UTF-8, no control characters (C0, DEL, C1), at most
 * ACCOUNT_TEXT_MAX_BYTES, for `active` a word that value_parse_active knows.
 *
 * @return STATUS_OK, or STATUS_REJECT with a message that names the target and the remedy
 */
enum status value_check(enum account_path to, struct span value, struct err *reterr);

/**
 * Checks that a userName (well-formed UTF-8) has the form of an email address that Anaplan takes:
 * one `@` with something on both sides, no white space, at most 60 characters, no `_` at the ends.
 *
 * @return as above
 */
enum status value_check_email(struct span user_name, struct err *reterr);

/**
 * Says what could make a server not take a userName that value_check_email accepts for an email
 * address: lengths and characters that RFC 5321 does not allow, letters beyond ASCII, a domain
 * without a dot.
 *
 * @return the end of a sentence that begins with the userName; NULL: nothing
 * Source: RFC 5321 4.1.2 and 4.5.3.1, RFC 1035 2.3.1, RFC 6531
 */
const char *value_doubt_email(struct span user_name);

/** Reads TRUE FALSE yes no 1 0 of either case. @return false when it is none of them */
bool value_parse_active(struct span text, bool *ret_is_active);

#endif
