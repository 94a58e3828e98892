/* SPDX-License-Identifier: ISC */
/*
 * The words of a configuration file, as libconfig's grammar cuts them.
 *
 * libconfig reads the file; this looks at it beforehand, to put includes in their place, to refuse
 * what libconfig would quietly change, and to explain what is wrong with the syntax.
 */
#ifndef APP_CONFIG_SCAN_H
#define APP_CONFIG_SCAN_H

#include "base/str.h"
#include <stdbool.h>

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,         /* a key, true or false */
	TOKEN_NUMBER,       /* of any form */
	TOKEN_TEXT,         /* without its quotes, escapes unresolved */
	TOKEN_SIGN,         /* one of { } ( ) [ ] = : ; , */
	TOKEN_INCLUDE,      /* the path of an `@include "path"` line */
	TOKEN_OPEN_TEXT,    /* a quote that is not closed on its line */
	TOKEN_OPEN_COMMENT, /* a comment that is never closed */
	TOKEN_STRAY,        /* a character that means nothing here */
};

struct token {
	enum token_kind kind;
	struct span text;
	size_t start, end; /* bytes from the beginning, quotes and all */
	unsigned line;     /* from 1 */
};

struct scanner {
	struct span text;
	size_t at;
	unsigned line;
};

/** Starts at the beginning of a text that is borrowed. */
static inline struct scanner scanner_of(struct span text)
{
	return (struct scanner) { .text = text, .at = 0, .line = 1 };
}

/** Cuts the next word; TOKEN_END for ever at the end. */
struct token scan_next(struct scanner *scanner);

/** Whether the token is that sign. */
bool token_is_sign(const struct token *token, char sign);

#endif
