/* SPDX-License-Identifier: ISC */
/*
 * Questions to a person at a terminal, on standard error, answered on standard input.
 *
 * Standard input is read byte by byte, so that nothing of it stays in a buffer of the C library.
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include "base/secret.h"
#include "base/str.h"
#include <stdbool.h>

/** Whether there is somebody to be asked. */
bool prompt_is_possible(void);

/**
 * Asks "QUESTION [FALLBACK]: ".
 *
 * @param fallback  what an empty answer means; NULL: there is none, it is asked again
 * @param ret_text  gets the answer without blanks around
 * @return false: the input has ended
 */
bool prompt_text(const char *question, const char *fallback, struct str *ret_text);

/** Asks without showing what is typed. @return owned; NULL: the input has ended */
struct secret *prompt_secret(const char *question);

/** Asks "QUESTION [Y/n] ". @param ret_is_yes what was said @return false: the input has ended */
bool prompt_yes(const char *question, bool fallback, bool *ret_is_yes);

/**
 * Reads the next line of standard input as a secret, unasked; on a terminal it asks, so that
 * nothing is shown.
 *
 * @return owned; NULL: there is none or it is empty
 */
struct secret *prompt_read_secret(const char *question);

#endif
