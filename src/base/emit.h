/* SPDX-License-Identifier: ISC */
/*
 * A writer of JSON that streams into a str: no tree, no allocation beyond the str.
 *
 * Commas and nesting are kept by the writer.  Strings are escaped minimally (RFC 8259: quote,
 * backslash, controls below 0x20 as \b \t \n \f \r or \u00xx, all else as it is); bytes that are
 * not UTF-8 become U+FFFD.  Without indent, and with members written in byte order of their keys,
 * what comes out is the canonical form that digests and the audit trail are made of.
 */
#ifndef BASE_EMIT_H
#define BASE_EMIT_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

enum { EMIT_DEPTH = 31 };

struct emitter {
	struct str *out;      /* borrowed */
	unsigned indent;      /* spaces a level; 0 writes everything on one line without spaces */
	unsigned depth;       /* 0 outside */
	uint32_t has_members; /* a bit a level */
	bool after_key;
};

/** Starts writing into `out` (borrowed until the last call). */
void emit_init(struct emitter *writer, struct str *out, unsigned indent);

void emit_object_open(struct emitter *writer);  /**< `{` */
void emit_object_close(struct emitter *writer); /**< `}` */
void emit_array_open(struct emitter *writer);   /**< `[` */
void emit_array_close(struct emitter *writer);  /**< `]` */

/** The key of the next value. */
void emit_key(struct emitter *writer, const char *key);
void emit_key_span(struct emitter *writer, struct span key); /**< likewise */

void emit_string(struct emitter *writer, struct span text);   /**< absent gives null */
void emit_string_c(struct emitter *writer, const char *text); /**< NULL gives null */
void emit_int(struct emitter *writer, int64_t number);        /**< a whole number */
void emit_bool(struct emitter *writer, bool value);           /**< true or false */
void emit_null(struct emitter *writer);                       /**< null */

/* Key and value in one. */
void emit_member_string(struct emitter *writer, const char *key, struct span text); /**< likewise */
void emit_member_int(struct emitter *writer, const char *key, int64_t number);      /**< likewise */
void emit_member_bool(struct emitter *writer, const char *key, bool value);         /**< likewise */

/** Puts a value that is JSON already; the caller vouches for it. */
void emit_raw(struct emitter *writer, struct span json);

/** Appends one escaped string with its quotes. */
void emit_escape(struct span text, struct str *out);

#endif
