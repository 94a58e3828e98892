/* SPDX-License-Identifier: ISC */
/*
 * Writing a configuration so that no value can become anything but a value.
 *
 * What a directory or tenant holds is anybody's bytes.  In a text they are escaped, in a comment
 * made printable, which leaves no way to end the line.
 */
#ifndef APP_CONFIG_TEXT_H
#define APP_CONFIG_TEXT_H

#include "base/str.h"
#include <stdbool.h>

/** Whether the configuration takes the text at all: UTF-8 without control characters. */
bool config_text_allows(struct span text);

/** Appends a text with its quotes; what could harm a terminal is written as \xNN, and read back as
 * it was. */
void config_text_quote(struct span text, struct str *out);

/** Appends `name = "text";`. */
void config_text_member(const char *name, struct span text, struct str *out);

/** Appends `[ "a", "b" ]`. */
void config_text_list(const struct span *texts, size_t count, struct str *out);

/** Appends a comment as lines of at most 98 columns: blanks, "# ", words. */
void config_text_note(struct str *out, unsigned indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Appends one line of configuration that is commented out, however long. */
void config_text_out(struct str *out, unsigned indent, struct span line);

#endif
