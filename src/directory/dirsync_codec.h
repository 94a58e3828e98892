/* SPDX-License-Identifier: ISC */
/*
 * The values of Active Directory's DirSync control (MS-ADTS 3.1.1.3.4.1.3).  Pure; spans point into
 * what was given.
 */
#ifndef DIRECTORY_DIRSYNC_CODEC_H
#define DIRECTORY_DIRSYNC_CODEC_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

#define DIRSYNC_OBJECT_SECURITY    UINT32_C(0x00000001)
#define DIRSYNC_INCREMENTAL_VALUES UINT32_C(0x80000000)

/* What comes with an answer. */
struct dirsync_answer {
	bool has_more; /* to be asked for with the cookie */
	struct span cookie;
};

/** Appends the value of a question. @param cookie empty: from the beginning */
void dirsync_question_encode(uint32_t flags, struct span cookie, struct str *out);

/** Reads the value of an answer. @return false: it is none */
bool dirsync_answer_decode(struct span value, struct dirsync_answer *ret_answer);

#endif
