/* SPDX-License-Identifier: ISC */
/*
 * Messages are put together on the heap first, so that an argument may come from the message that
 * is written over.
 */
#include "base/err.h"

#include "base/str.h"
#include "base/unicode.h"
#include <stdarg.h>

#define CUT_MARK "…"

/* Stores the text, cut at a character when it is too long. */
static void err_store(struct err *err, struct span text)
{
	struct str printable = { 0 };
	utf8_printable(text, &printable);
	if (printable.len >= ERR_SIZE_BYTES) {
		size_t len = ERR_SIZE_BYTES - sizeof(CUT_MARK);
		while (len > 0 && ((unsigned char)printable.at[len] & 0xc0) == 0x80)
			len--;
		str_truncate(&printable, len);
		str_add(&printable, SPAN(CUT_MARK));
	}
	memcpy(err->text, str_c(&printable), printable.len + 1);
	str_done(&printable);
}

void err_set(struct err *reterr, const char *format, ...)
{
	struct str text = { 0 };
	va_list list;

	if (reterr == NULL)
		return;
	va_start(list, format);
	str_addv(&text, format, list);
	va_end(list);
	err_store(reterr, str_span(&text));
	str_done(&text);
}

void err_prefix(struct err *err, const char *format, ...)
{
	struct str text = { 0 };
	va_list list;

	if (err == NULL)
		return;
	va_start(list, format);
	str_addv(&text, format, list);
	va_end(list);
	str_add(&text, SPAN(": "));
	str_add_c(&text, err->text);
	err_store(err, str_span(&text));
	str_done(&text);
}
