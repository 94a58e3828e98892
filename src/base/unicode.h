/* SPDX-License-Identifier: ISC */
/*
 * UTF-8: checking, case folding, normal forms, and safe printing.  The one place that knows
 * utf8proc.
 */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Whether the bytes are well-formed UTF-8 (no overlong forms, no surrogates). */
bool utf8_is_valid(struct span text);

/**
 * Reads the first character of the text.
 *
 * @return how many bytes it takes, 1 to 4; 0 when there is none or it is not well-formed
 */
size_t utf8_next(struct span text, uint32_t *ret_code_point);

/** Whether the bytes are all below 0x80. Cost: eight bytes a step. */
bool utf8_is_ascii(struct span text);

/** Whether the bytes are all printable ASCII, from space to tilde. Cost: eight bytes a step. */
bool utf8_is_printable_ascii(struct span text);

/** Number of characters (code points) of well-formed UTF-8. */
size_t utf8_length(struct span text);

/**
 * Appends the text in lower case, upper case, or normal form C.
 *
 * @return false, and appends nothing, when the text is not well-formed UTF-8
 * Cost: ASCII takes a fast path that never enters utf8proc.
 */
bool utf8_lower(struct span text, struct str *out);
bool utf8_upper(struct span text, struct str *out);
bool utf8_nfc(struct span text, struct str *out);

/** Appends the text folded for comparing without regard to case (NFKC_Casefold); else as above. */
bool utf8_fold(struct span text, struct str *out);

/**
 * Appends the text in ASCII: marks are dropped ("é" → "e"), a few letters spelled out ("ß" → "ss",
 * "ø" → "o", "æ" → "ae", "ł" → "l", "đ" → "d", "þ" → "th", …), what has no ASCII form is dropped.
 */
bool utf8_to_ascii(struct span text, struct str *out);

/** Whether two texts are the same regardless of case; malformed ones compare by bytes. */
bool utf8_equal_fold(struct span a, struct span b);

/**
 * Appends the text so that a terminal or log cannot be harmed: C0 and C1 controls, DEL,
 * bidirectional controls, line and paragraph separators, characters that nobody sees (zero-width
 * spaces, tags, soft hyphens) and bytes that are not UTF-8 come out as `\xNN` or `\u{NNNN}`. What
 * is printable already stays as it is.
 */
void utf8_printable(struct span text, struct str *out);

/**
 * Columns that a terminal gives to printable text: 0, 1 or 2 a character, 1 a malformed byte.
 *
 * Letters of ambiguous width count 1, as terminals have it outside of old East Asian ones. What is
 * joined (a family of emoji) counts as its parts: a terminal may draw it narrower, never wider.
 * Source: Unicode Standard Annex 11, by way of utf8proc
 */
size_t utf8_columns(struct span text);

/**
 * The first bytes of the text that fit into so many columns: whole characters, with the marks that
 * stand on them and what is joined to them.
 */
struct span utf8_fit(struct span text, size_t columns);

#endif
