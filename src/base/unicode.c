/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 on utf8proc.
 *
 * Nearly all directory values are ASCII and every one of them passes here, so each function looks
 * for that first, eight bytes a step.
 */
#include "base/unicode.h"

#include "base/vec.h"
#include <stdint.h>
#include <stdlib.h>
#include <utf8proc.h>

#define ONES      UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Length of the ASCII run at the start. */
static size_t ascii_run(struct span text)
{
	size_t at = 0;
	for (uint64_t word; text.len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text.at + at, sizeof(word));
		if ((word & HIGH_BITS) != 0)
			break;
	}
	while (at < text.len && (unsigned char)text.at[at] < 0x80)
		at++;
	return at;
}

static struct span span_from(struct span text, size_t at)
{
	return at == 0 ? text : (struct span) { text.at + at, text.len - at };
}

bool utf8_is_ascii(struct span text)
{
	return ascii_run(text) == text.len;
}

bool utf8_is_printable_ascii(struct span text)
{
	size_t at = 0;
	for (uint64_t word; text.len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text.at + at, sizeof(word));
		/* The high bit: of a high byte, of a control, of DEL. */
		if (((word | (word - ONES * ' ') | (word + ONES)) & HIGH_BITS) != 0)
			return false;
	}
	for (; at < text.len; at++) {
		if (text.at[at] < ' ' || text.at[at] > '~')
			return false;
	}
	return true;
}

size_t utf8_next(struct span text, uint32_t *ret_code_point)
{
	if (text.len == 0)
		return 0;
	if ((unsigned char)text.at[0] < 0x80) {
		*ret_code_point = (unsigned char)text.at[0];
		return 1;
	}
	utf8proc_int32_t code_point;
	utf8proc_ssize_t len = text.len < 4 ? (utf8proc_ssize_t)text.len : 4;
	len = utf8proc_iterate((const utf8proc_uint8_t *)text.at, len, &code_point);
	if (len <= 0)
		return 0;
	*ret_code_point = (uint32_t)code_point;
	return (size_t)len;
}

bool utf8_is_valid(struct span text)
{
	for (;;) {
		text = span_from(text, ascii_run(text));
		if (text.len == 0)
			return true;
		uint32_t code_point;
		size_t len = utf8_next(text, &code_point);
		if (len == 0)
			return false;
		text = span_from(text, len);
	}
}

size_t utf8_length(struct span text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += ((unsigned char)text.at[i] & 0xc0) != 0x80;
	return count;
}

static void add_code_point(struct str *out, uint32_t code_point)
{
	utf8proc_uint8_t bytes[4];
	utf8proc_ssize_t len = utf8proc_encode_char((utf8proc_int32_t)code_point, bytes);
	str_add(out, (struct span) { (const char *)bytes, (size_t)len });
}

/* Turns the case of the letters among eight bytes of ASCII, from `first` to the 26th. */
static uint64_t turn_case(uint64_t word, char first)
{
	uint64_t from_first = word + ONES * (uint64_t)(0x80 - first);
	uint64_t beyond_last = word + ONES * (uint64_t)(0x80 - first - 26);
	return word ^ (((from_first ^ beyond_last) & HIGH_BITS) >> 2);
}

/* The first letter of the alphabet whose case is to change decides the direction. */
static void ascii_add_case(struct span text, char first, struct str *out)
{
	size_t at = 0;
	str_reserve(out, text.len);
	char *to = out->at + out->len;
	for (uint64_t word; text.len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text.at + at, sizeof(word));
		word = turn_case(word, first);
		memcpy(to + at, &word, sizeof(word));
	}
	for (; at < text.len; at++) {
		char c = text.at[at];
		to[at] = (char)(c ^ ((unsigned char)(c - first) < 26 ? 0x20 : 0));
	}
	out->len += text.len;
	out->at[out->len] = '\0';
}

typedef void add_mapped(struct str *out, uint32_t code_point);

static void add_lower(struct str *out, uint32_t code_point)
{
	add_code_point(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)code_point));
}

/* U+00DF has no single capital in common use, and versions of utf8proc differ over it. */
static void add_upper(struct str *out, uint32_t code_point)
{
	if (code_point == 0xdf)
		str_add(out, SPAN("SS"));
	else
		add_code_point(out, (uint32_t)utf8proc_toupper((utf8proc_int32_t)code_point));
}

/* Appends the text with ASCII letters from `first` on turned, and the rest through `add`. */
static bool add_case(struct span text, char first, add_mapped *add, struct str *out)
{
	size_t before = out->len;
	for (;;) {
		size_t run = ascii_run(text);
		ascii_add_case((struct span) { text.at, run }, first, out);
		text = span_from(text, run);
		if (text.len == 0)
			return true;
		uint32_t code_point;
		size_t len = utf8_next(text, &code_point);
		if (len == 0) {
			str_truncate(out, before);
			return false;
		}
		add(out, code_point);
		text = span_from(text, len);
	}
}

bool utf8_lower(struct span text, struct str *out)
{
	return add_case(text, 'A', add_lower, out);
}

bool utf8_upper(struct span text, struct str *out)
{
	return add_case(text, 'a', add_upper, out);
}

static bool add_map(struct span text, unsigned options, struct str *out)
{
	utf8proc_uint8_t *mapped = NULL;
	utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)text.at,
	    (utf8proc_ssize_t)text.len, &mapped, (utf8proc_option_t)options);
	if (len == UTF8PROC_ERROR_NOMEM)
		mem_exhausted();
	if (len < 0)
		return false;
	str_add(out, (struct span) { (const char *)mapped, (size_t)len });
	free(mapped);
	return true;
}

/* Nothing below U+0300 composes with what stands before it, or changes when composed. */
static bool is_below_0300(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.at[i] >= 0xcc)
			return false;
	}
	return true;
}

bool utf8_nfc(struct span text, struct str *out)
{
	if (!is_below_0300(text))
		return add_map(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE, out);
	if (!utf8_is_valid(text))
		return false;
	str_add(out, text);
	return true;
}

bool utf8_fold(struct span text, struct str *out)
{
	if (!utf8_is_ascii(text))
		return add_map(text,
		    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
			UTF8PROC_IGNORE,
		    out);
	ascii_add_case(text, 'A', out);
	return true;
}

struct spelling {
	uint32_t code_point;
	const char *ascii;
};

/* Letters and signs that do not decompose into ASCII and marks; ordered for the search. */
static const struct spelling spellings[] = {
	{ 0x00ab, "\"" }, /* « */
	{ 0x00bb, "\"" }, /* » */
	{ 0x00c6, "AE" }, /* Æ */
	{ 0x00d0, "D" },  /* Ð */
	{ 0x00d7, "x" },  /* × */
	{ 0x00d8, "O" },  /* Ø */
	{ 0x00de, "Th" }, /* Þ */
	{ 0x00df, "ss" }, /* ß */
	{ 0x00e6, "ae" }, /* æ */
	{ 0x00f0, "d" },  /* ð */
	{ 0x00f8, "o" },  /* ø */
	{ 0x00fe, "th" }, /* þ */
	{ 0x0110, "D" },  /* Đ */
	{ 0x0111, "d" },  /* đ */
	{ 0x0126, "H" },  /* Ħ */
	{ 0x0127, "h" },  /* ħ */
	{ 0x0131, "i" },  /* ı */
	{ 0x0138, "k" },  /* ĸ */
	{ 0x0141, "L" },  /* Ł */
	{ 0x0142, "l" },  /* ł */
	{ 0x014a, "N" },  /* Ŋ */
	{ 0x014b, "n" },  /* ŋ */
	{ 0x0152, "OE" }, /* Œ */
	{ 0x0153, "oe" }, /* œ */
	{ 0x0166, "T" },  /* Ŧ */
	{ 0x0167, "t" },  /* ŧ */
	{ 0x018f, "E" },  /* Ə */
	{ 0x0192, "f" },  /* ƒ */
	{ 0x0237, "j" },  /* ȷ */
	{ 0x0259, "e" },  /* ə */
	{ 0x1e9e, "SS" }, /* ẞ */
	{ 0x2010, "-" },  /* hyphen */
	{ 0x2011, "-" },  /* non-breaking hyphen */
	{ 0x2012, "-" },  /* figure dash */
	{ 0x2013, "-" },  /* en dash */
	{ 0x2014, "-" },  /* em dash */
	{ 0x2015, "-" },  /* bar */
	{ 0x2018, "'" },  /* quotes */
	{ 0x2019, "'" }, { 0x201a, "'" }, { 0x201b, "'" }, { 0x201c, "\"" }, { 0x201d, "\"" },
	{ 0x201e, "\"" }, { 0x2032, "'" },                 /* prime */
	{ 0x2039, "'" }, { 0x203a, "'" }, { 0x2044, "/" }, /* what ½ decomposes into */
	{ 0x2212, "-" },                                   /* minus */
};

static int compare_spelling(const void *key, const void *item)
{
	uint32_t code_point = *(const uint32_t *)key;
	const struct spelling *spelling = item;
	return (code_point > spelling->code_point) - (code_point < spelling->code_point);
}

static void add_ascii(struct span text, struct str *out)
{
	uint32_t code_point;
	for (size_t len; (len = utf8_next(text, &code_point)) > 0; text = span_from(text, len)) {
		if (code_point < 0x80) {
			str_add_byte(out, (char)code_point);
			continue;
		}
		const struct spelling *spelling = bsearch(&code_point, spellings,
		    sizeof(spellings) / sizeof(*spellings), sizeof(*spellings), compare_spelling);
		if (spelling != NULL)
			str_add_c(out, spelling->ascii);
	}
}

bool utf8_to_ascii(struct span text, struct str *out)
{
	if (utf8_is_ascii(text)) {
		str_add(out, text);
		return true;
	}
	struct str bare = { 0 };
	bool is_valid = add_map(text,
	    UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK, &bare);
	if (is_valid)
		add_ascii(str_span(&bare), out);
	str_done(&bare);
	return is_valid;
}

bool utf8_equal_fold(struct span a, struct span b)
{
	if (a.at == NULL || b.at == NULL || (utf8_is_ascii(a) && utf8_is_ascii(b)))
		return span_equal_ascii_case(a, b);
	struct str fold_a = { 0 }, fold_b = { 0 };
	bool is_equal = utf8_fold(a, &fold_a) && utf8_fold(b, &fold_b)
			    ? span_equal(str_span(&fold_a), str_span(&fold_b))
			    : span_equal(a, b);
	str_done(&fold_a);
	str_done(&fold_b);
	return is_equal;
}

/* Controls of C1, of direction (Unicode's Bidi_Control) and of lines. */
static bool is_control(uint32_t code_point)
{
	return (code_point >= 0x80 && code_point < 0xa0) || code_point == 0x061c ||
	       code_point == 0x200e || code_point == 0x200f ||
	       (code_point >= 0x2028 && code_point <= 0x202e) ||
	       (code_point >= 0x2066 && code_point <= 0x2069);
}

/* Nobody sees them, and two names that differ by one look the same.  Joiners (U+200C and U+200D)
 * are letters' business in Persian and Hindi, and stay. */
static bool is_hidden(uint32_t code_point)
{
	return code_point == 0x00ad || code_point == 0x034f || code_point == 0x180e ||
	       code_point == 0x200b || (code_point >= 0x2060 && code_point <= 0x2064) ||
	       (code_point >= 0x206a && code_point <= 0x206f) || code_point == 0xfeff ||
	       (code_point >= 0xfff9 && code_point <= 0xfffb) ||
	       (code_point >= 0xe0000 && code_point <= 0xe007f);
}

static bool is_plain(char byte)
{
	return byte >= 0x20 && byte < 0x7f;
}

/* Appends one character or byte. @return bytes taken */
static size_t add_printable(struct span text, struct str *out)
{
	uint32_t code_point;
	size_t len = utf8_next(text, &code_point);
	if (len <= 1) {
		str_addf(out, "\\x%02X", (unsigned char)text.at[0]);
		return 1;
	}
	if (is_control(code_point) || is_hidden(code_point))
		str_addf(out, "\\u{%04X}", (unsigned)code_point);
	else
		str_add(out, (struct span) { text.at, len });
	return len;
}

void utf8_printable(struct span text, struct str *out)
{
	while (text.len > 0) {
		size_t plain = 0;
		while (plain < text.len && is_plain(text.at[plain]))
			plain++;
		str_add(out, (struct span) { text.at, plain });
		text = span_from(text, plain);
		if (text.len > 0)
			text = span_from(text, add_printable(text, out));
	}
}

enum { EMOJI_PRESENTATION = 0xfe0f, JOINER = 0x200d };

/* Vowels and finals of Hangul are drawn into the syllable that the consonant before them opens. */
static bool is_inner_jamo(uint32_t code_point)
{
	return (code_point >= 0x1160 && code_point <= 0x11ff) ||
	       (code_point >= 0xd7b0 && code_point <= 0xd7ff);
}

/* @return the columns of the first character or byte, whose length is `*ret_len` */
static size_t first_columns(struct span text, size_t *ret_len)
{
	uint32_t code_point, next = 0;
	size_t len = utf8_next(text, &code_point);
	int columns = 1;

	*ret_len = len == 0 ? 1 : len;
	if (len > 1)
		columns = is_inner_jamo(code_point)
			      ? 0
			      : utf8proc_charwidth((utf8proc_int32_t)code_point);
	/* "❤" is narrow, but not when it is to be drawn as an emoji. */
	if (columns == 1 && len > 1 && utf8_next(span_from(text, len), &next) > 0 &&
	    next == EMOJI_PRESENTATION)
		columns = 2;
	return columns < 0 ? 0 : (size_t)columns;
}

size_t utf8_columns(struct span text)
{
	size_t columns = 0, len;
	while (text.len > 0) {
		columns += first_columns(text, &len);
		text = span_from(text, len);
	}
	return columns;
}

/* Whether the text goes on with what stands on the character before, or is joined to it. */
static bool goes_on(struct span rest, bool after_joiner)
{
	uint32_t code_point;
	size_t len;

	if (rest.len == 0)
		return false;
	return after_joiner || (utf8_next(rest, &code_point) > 0 && first_columns(rest, &len) == 0);
}

struct span utf8_fit(struct span text, size_t columns)
{
	struct span rest = text;
	size_t whole = 0; /* bytes up to where it can be parted */

	while (rest.len > 0) {
		uint32_t code_point = 0;
		size_t len, needed = first_columns(rest, &len);

		if (needed > columns)
			break;
		columns -= needed;
		(void)utf8_next(rest, &code_point);
		rest = span_from(rest, len);
		if (!goes_on(rest, code_point == JOINER))
			whole = text.len - rest.len;
	}
	text.len = whole;
	return text;
}
