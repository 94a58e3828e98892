/* SPDX-License-Identifier: ISC */
/*
 * A notice as a mail (RFC 5322): the sentence as subject, and the members of its JSON object below.
 */
#ifndef NOTIFY_LETTER_H
#define NOTIFY_LETTER_H

#include "notify/notice.h"
#include <stddef.h>

struct letter {
	const struct notice *notice;
	const char *from; /* addresses that passed notify_address_is_sound */
	const char *const *to;
	size_t to_count;
};

/** Appends the message with CRLF at the ends of lines. */
void letter_write(const struct letter *letter, struct str *out);

#endif
