/* SPDX-License-Identifier: ISC */
/*
 * An error message on its way to a person.
 *
 * A message says what was tried, on what, why it failed and what to check.  Functions that can
 * fail take a `struct err *reterr` as their last parameter, may be given NULL, and write it on
 * failure only.  A secret is never formatted into one.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum { ERR_SIZE_BYTES = 1024 };

struct err {
	char text[ERR_SIZE_BYTES]; /* UTF-8 without control characters, "" when unset */
};

/**
 * Writes a message; longer ones are cut at a character and end in "…".
 *
 * Bytes that are not UTF-8 and control characters are escaped, so that what a peer sent can be put
 * into a message without harm to a terminal or a log.
 *
 * @param reterr  borrowed; NULL is welcome and means that nobody wants to know
 */
void err_set(struct err *reterr, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Puts "PREFIX: " before the message that is there.
 */
void err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
