/* SPDX-License-Identifier: ISC */
/*
 * One reader of RFC 4514 that writes the normal form as it goes.
 *
 * In the normal form every special character of a value is `\xx` in lower-case hex, `=` aside, so
 * that a bare `,` or `+` is always a separator.  `CN=Ray\, Ada + UID=7 , DC=corp` becomes
 * `cn=ray\2c ada+uid=7,dc=corp`.  Bytes that are not UTF-8, legal only behind a backslash, stay
 * hex.  A value in `#hex` form is not decoded: without a schema nobody knows what it means.
 */
#include "core/dn.h"
#include "base/unicode.h"
#include "core/attributes.h"

enum { RDN_PARTS_MAX = 64 }; /* of one RDN; more is an attack, and no DN to us */

/* What a raw byte of a value is. */
enum byte_class { PLAIN, UPPER, BLANK, SEPARATOR, BACKSLASH, ILLEGAL, HIGH };

struct reader {
	const char *at, *end;
};

static enum byte_class classify(uint8_t byte)
{
	switch (byte) {
	case ' ':
		return BLANK;
	case ',':
	case '+':
		return SEPARATOR;
	case '\\':
		return BACKSLASH;
	case '\0':
	case '"':
	case ';':
	case '<':
	case '>':
		return ILLEGAL;
	}
	if (byte >= 0x80)
		return HIGH;
	return byte >= 'A' && byte <= 'Z' ? UPPER : PLAIN;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool read_hex_pair(struct reader *in, uint8_t *ret_byte)
{
	int high, low;

	if (in->end - in->at < 2)
		return false;
	high = hex_value(in->at[0]);
	low = hex_value(in->at[1]);
	if (high < 0 || low < 0)
		return false;
	*ret_byte = (uint8_t)(high << 4 | low);
	in->at += 2;
	return true;
}

/* Reads what follows a backslash. */
static bool read_escaped(struct reader *in, uint8_t *ret_byte)
{
	if (in->at == in->end)
		return false;
	if (*in->at != '\0' && strchr(" \"#+,;<=>\\", *in->at) != NULL) {
		*ret_byte = (uint8_t)*in->at++;
		return true;
	}
	return read_hex_pair(in, ret_byte);
}

static void skip_blanks(struct reader *in)
{
	while (in->at < in->end && *in->at == ' ')
		in->at++;
}

static struct span trim_blanks(struct span text)
{
	while (text.len > 0 && text.at[0] == ' ')
		text = (struct span) { text.at + 1, text.len - 1 };
	while (text.len > 0 && text.at[text.len - 1] == ' ')
		text.len--;
	return text;
}

static void put_hex(uint8_t byte, struct str *out)
{
	static const char digits[] = "0123456789abcdef";
	char text[3] = { '\\', digits[byte >> 4], digits[byte & 15] };

	str_add(out, (struct span) { text, sizeof(text) });
}

/*
 * Puts one unescaped byte of a value; `start` is where the value begins.  A blank is put when it is
 * not the first, and a second one not at all; trim_value takes away the last.
 */
static void put_byte(uint8_t byte, size_t start, struct str *out)
{
	switch (classify(byte)) {
	case PLAIN:
		if (byte < ' ' || byte == 0x7F || (byte == '#' && out->len == start))
			put_hex(byte, out);
		else
			str_add_byte(out, (char)byte);
		break;
	case UPPER:
		str_add_byte(out, (char)(byte | 0x20));
		break;
	case BLANK:
		if (out->len > start && out->at[out->len - 1] != ' ')
			str_add_byte(out, ' ');
		break;
	case SEPARATOR:
	case BACKSLASH:
	case ILLEGAL:
		put_hex(byte, out);
		break;
	case HIGH:
		str_add_byte(out, (char)byte);
		break;
	}
}

static void trim_value(size_t start, struct str *out)
{
	if (out->len > start && out->at[out->len - 1] == ' ')
		str_truncate(out, out->len - 1);
}

/* Reads the next byte of a value, `ret_done` at its end; false when the text is no DN. */
static bool read_value_byte(struct reader *in, uint8_t *ret_byte, bool *ret_done)
{
	*ret_done = in->at == in->end;
	if (*ret_done)
		return true;
	switch (classify((uint8_t)*in->at)) {
	case PLAIN:
	case UPPER:
	case BLANK:
	case HIGH:
		*ret_byte = (uint8_t)*in->at++;
		return true;
	case SEPARATOR:
		*ret_done = true;
		return true;
	case BACKSLASH:
		in->at++;
		return read_escaped(in, ret_byte);
	case ILLEGAL:
		return false;
	}
	return false;
}

/* Copies plain letters, which is nearly all there is, without looking at each twice. */
static void put_plain_run(struct reader *in, size_t start, struct str *out)
{
	const char *from = in->at;
	size_t len;

	if (out->len == start && from < in->end && *from == '#')
		return;
	while (in->at<in->end && * in->at> ' ' && *in->at != 0x7F &&
	       classify((uint8_t)*in->at) <= UPPER)
		in->at++;
	len = (size_t)(in->at - from);
	if (len == 0)
		return;
	str_reserve(out, len);
	for (size_t i = 0; i < len; i++) {
		char c = from[i];

		out->at[out->len + i] = (char)(c | (c >= 'A' && c <= 'Z' ? 0x20 : 0));
	}
	out->len += len;
	out->at[out->len] = '\0';
}

/* The way of a value that is not all ASCII: unescape, fold as a whole, escape. */
static bool normalize_unicode_value(struct reader *in, struct str *out)
{
	struct str raw = { 0 }, folded = { 0 };
	size_t start = out->len;
	uint8_t byte = 0;
	bool done = false, legal, is_text;

	while ((legal = read_value_byte(in, &byte, &done)) && !done)
		str_add_byte(&raw, (char)byte);
	if (legal) {
		is_text = utf8_fold(str_span(&raw), &folded);
		if (!is_text)
			str_add(&folded, str_span(&raw));
		for (size_t i = 0; i < folded.len; i++) {
			byte = (uint8_t)folded.at[i];
			if (byte >= 0x80 && !is_text)
				put_hex(byte, out);
			else
				put_byte(byte, start, out);
		}
		trim_value(start, out);
	}
	str_done(&raw);
	str_done(&folded);
	return legal;
}

static bool normalize_hex_value(struct reader *in, struct str *out)
{
	uint8_t byte;
	size_t count = 0;

	in->at++;
	str_add_byte(out, '#');
	for (; read_hex_pair(in, &byte); count++)
		str_addf(out, "%02x", byte);
	skip_blanks(in);
	return count > 0;
}

/* Stops at the separator or the end. */
static bool normalize_value(struct reader *in, struct str *out)
{
	struct reader from;
	size_t start = out->len;

	skip_blanks(in);
	from = *in;
	if (in->at < in->end && *in->at == '#')
		return normalize_hex_value(in, out);
	for (;;) {
		uint8_t byte = 0;
		bool done = false;

		put_plain_run(in, start, out);
		if (!read_value_byte(in, &byte, &done))
			return false;
		if (done)
			break;
		if (byte >= 0x80) {
			*in = from;
			str_truncate(out, start);
			return normalize_unicode_value(in, out);
		}
		put_byte(byte, start, out);
	}
	trim_value(start, out);
	return true;
}

static bool normalize_type(struct reader *in, struct str *out)
{
	struct span type;
	const char *equals = memchr(in->at, '=', (size_t)(in->end - in->at));

	if (equals == NULL)
		return false;
	type = trim_blanks((struct span) { in->at, (size_t)(equals - in->at) });
	if (!attribute_name_is_valid(type) || type.at[0] == '.' || span_find(type, ';') < type.len)
		return false;
	for (size_t i = 0; i < type.len; i++) {
		char c = type.at[i];

		str_add_byte(out, (char)(c | (c >= 'A' && c <= 'Z' ? 0x20 : 0)));
	}
	str_add_byte(out, '=');
	in->at = equals + 1;
	return true;
}

static void reverse(char *at, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		char c = at[i];

		at[i] = at[len - 1 - i];
		at[len - 1 - i] = c;
	}
}

/*
 * Moves the last part of an RDN, `a=1+c=3+b=2`, to where byte order wants it.  The parts before it
 * are in order; `part` is the offset of the last one, `rdn` that of the first.
 */
static void sort_last_part(struct str *out, size_t rdn, size_t part)
{
	struct span last = { out->at + part, out->len - part };
	size_t place = rdn;

	while (place < part) {
		struct span rest = { out->at + place, part - 1 - place };
		struct span here = { rest.at, span_find(rest, '+') };

		if (span_compare(last, here) < 0)
			break;
		place += here.len + 1;
	}
	if (place == part)
		return;
	/* "c=3+b=2" becomes "b=2+c=3": turn round both halves, then the whole. */
	reverse(out->at + place, part - 1 - place);
	reverse(out->at + part, out->len - part);
	reverse(out->at + place, out->len - place);
}

static bool normalize_rdn(struct reader *in, struct str *out)
{
	size_t rdn = out->len;

	for (size_t count = 1; count <= RDN_PARTS_MAX; count++) {
		size_t part = out->len;

		if (!normalize_type(in, out) || !normalize_value(in, out))
			return false;
		if (count > 1)
			sort_last_part(out, rdn, part);
		if (in->at == in->end || *in->at != '+')
			return true;
		in->at++;
		str_add_byte(out, '+');
	}
	return false;
}

/* Appends the normal form; on false something was appended that the caller cuts off. */
static bool normalize_dn(struct span dn, struct str *out)
{
	struct reader in = { dn.at, dn.at + dn.len };

	str_reserve(out, dn.len);
	if (trim_blanks(dn).len == 0)
		return true;
	for (;;) {
		if (!normalize_rdn(&in, out))
			return false;
		if (in.at == in.end)
			return true;
		if (*in.at != ',')
			return false;
		in.at++;
		str_add_byte(out, ',');
	}
}

/* Says whether it was a DN. */
static bool normalize_or_lower(struct span dn, struct str *out)
{
	size_t start = out->len;

	if (dn.len == 0)
		return true;
	if (normalize_dn(dn, out))
		return true;
	str_truncate(out, start);
	if (utf8_lower(dn, out))
		return false;
	for (size_t i = 0; i < dn.len; i++) {
		char c = dn.at[i];

		str_add_byte(out, (char)(c | (c >= 'A' && c <= 'Z' ? 0x20 : 0)));
	}
	return false;
}

/*
 * Whether it takes the grammar to know the normal form: for an escape, an RDN of many parts,
 * Unicode, controls, or blanks elsewhere than alone between two letters.  All other text is its own
 * normal form in lower case, whether it is a DN or not.
 */
static bool needs_grammar(struct span dn)
{
	if (!utf8_is_printable_ascii(dn) || span_find(dn, '\\') < dn.len ||
	    span_find(dn, '+') < dn.len)
		return true;
	for (size_t i = span_find(dn, ' '); i < dn.len; i++) {
		if (dn.at[i] == ' ' &&
		    (i == 0 || i + 1 == dn.len || strchr(" ,=", dn.at[i - 1]) != NULL ||
			strchr(" ,=", dn.at[i + 1]) != NULL))
			return true;
	}
	return false;
}

void dn_normalize(struct span dn, struct str *out)
{
	if (needs_grammar(dn))
		normalize_or_lower(dn, out);
	else
		utf8_lower(dn, out);
}

bool dn_equal(struct span a, struct span b)
{
	struct str normal_a = { 0 }, normal_b = { 0 };
	bool equal;

	if (a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0))
		return true;
	dn_normalize(a, &normal_a);
	dn_normalize(b, &normal_b);
	equal = span_equal(str_span(&normal_a), str_span(&normal_b));
	str_done(&normal_a);
	str_done(&normal_b);
	return equal;
}

bool dn_equal_normalized(struct span dn, struct span normal, struct str *scratch)
{
	if (!needs_grammar(dn))
		return dn.len == normal.len && (dn.len == 0 || span_equal_ascii_case(dn, normal));
	str_truncate(scratch, 0);
	normalize_or_lower(dn, scratch);
	return span_equal(str_span(scratch), normal);
}

/* The offset of the first of the two bytes that no backslash guards, or the length. */
static size_t find_bare(struct span dn, char one, char other)
{
	for (size_t i = 0; i < dn.len; i++) {
		if (dn.at[i] == '\\')
			i++;
		else if (dn.at[i] == one || dn.at[i] == other)
			return i;
	}
	return dn.len;
}

struct span dn_parent(struct span dn)
{
	size_t comma = find_bare(dn, ',', ',');

	if (dn.at == NULL)
		return SPAN("");
	if (comma == dn.len)
		return (struct span) { dn.at + dn.len, 0 };
	dn = (struct span) { dn.at + comma + 1, dn.len - comma - 1 };
	while (dn.len > 0 && dn.at[0] == ' ')
		dn = (struct span) { dn.at + 1, dn.len - 1 };
	return dn;
}

/* Cuts blanks off both ends, but not a last one that a backslash guards. */
static struct span trim_escaped(struct span value)
{
	size_t end = 0;

	while (value.len > 0 && value.at[0] == ' ')
		value = (struct span) { value.at + 1, value.len - 1 };
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] == '\\')
			i++;
		else if (value.at[i] == ' ')
			continue;
		end = i + 1 < value.len ? i + 1 : value.len;
	}
	value.len = end;
	return value;
}

bool dn_next_part(struct span *rest, struct span *ret_type, struct span *ret_value)
{
	struct span part = { rest->at, find_bare(*rest, ',', '+') };
	size_t equals = span_find(part, '='),
	       taken = part.len < rest->len ? part.len + 1 : part.len;

	if (rest->len == 0)
		return false;
	*rest = (struct span) { rest->at + taken, rest->len - taken };
	if (equals == part.len) {
		*ret_type = (struct span) { part.at, 0 };
		*ret_value = trim_escaped(part);
		return true;
	}
	*ret_type = trim_blanks((struct span) { part.at, equals });
	*ret_value = trim_escaped((struct span) { part.at + equals + 1, part.len - equals - 1 });
	return true;
}

struct span dn_rdn_value(struct span dn)
{
	struct span rest = dn, type, value;

	if (!dn_next_part(&rest, &type, &value) || type.len == 0)
		return dn;
	return value;
}

void dn_unescape(struct span value, struct str *out)
{
	struct reader in = { value.at, value.at + value.len };

	str_reserve(out, value.len);
	while (in.at < in.end) {
		uint8_t byte = (uint8_t)*in.at++;

		if (byte == '\\' && !read_escaped(&in, &byte))
			byte = '\\';
		str_add_byte(out, (char)byte);
	}
}

bool dn_is_within(struct span dn, struct span base)
{
	struct str normal_dn = { 0 }, normal_base = { 0 };
	bool both, within;
	size_t above;

	both = normalize_or_lower(dn, &normal_dn);
	both = normalize_or_lower(base, &normal_base) && both;
	above = normal_dn.len - normal_base.len;
	if (normal_base.len == 0)
		within = true;
	else if (normal_dn.len < normal_base.len ||
		 memcmp(normal_dn.at + above, normal_base.at, normal_base.len) != 0)
		within = false;
	else
		within = above == 0 || (both && normal_dn.at[above - 1] == ',');
	str_done(&normal_dn);
	str_done(&normal_base);
	return within;
}

size_t dn_depth(struct span dn)
{
	size_t count = 1;

	if (trim_blanks(dn).len == 0)
		return 0;
	for (;;) {
		size_t comma = find_bare(dn, ',', ',');

		if (comma == dn.len)
			return count;
		count++;
		dn = (struct span) { dn.at + comma + 1, dn.len - comma - 1 };
	}
}

bool dn_is_valid(struct span text)
{
	struct str scratch = { 0 };
	bool valid = text.len == 0 || normalize_dn(text, &scratch);

	str_done(&scratch);
	return valid;
}
