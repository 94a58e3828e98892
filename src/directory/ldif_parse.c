/* SPDX-License-Identifier: ISC */
/*
 * A record:
 *
 *     dn: uid=anna,dc=example        the first line, or behind `version: 1`
 *     objectClass: inetOrgPerson
 *     cn:: QW5uYQ==                  base64
 *     description: a long
 *       line                         folded: the newline and one space go away
 *     jpegPhoto:< file:///a.jpg      refused
 */
#include "directory/ldif_parse.h"

#include "base/hash.h"
#include "base/vec.h"
#include "core/dn.h"
#include <ctype.h>
#include <lber.h>
#include <stdio.h>

#include <ldif.h>
#include <stdlib.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* ---- splitting ---- */

void ldif_splitter_add(struct ldif_splitter *splitter, struct span bytes)
{
	struct str *buffer = &splitter->buffer;

	if (splitter->start > 0) {
		size_t left = buffer->len - splitter->start;
		memmove(buffer->at, buffer->at + splitter->start, left);
		str_truncate(buffer, left);
		splitter->scanned -= splitter->start;
		splitter->start = 0;
	}
	str_add(buffer, bytes);
}

static void skip_mark(struct ldif_splitter *splitter)
{
	struct span text = str_span(&splitter->buffer);
	const size_t mark_len = sizeof(BYTE_ORDER_MARK) - 1;

	splitter->has_begun = true;
	if (text.len >= mark_len && memcmp(text.at, BYTE_ORDER_MARK, mark_len) == 0)
		splitter->start = splitter->scanned = mark_len;
}

/* @return length of the line end at `at`: 2, 1, or 0 when there is none */
static size_t line_end(struct span text, size_t at)
{
	if (at < text.len && text.at[at] == '\n')
		return 1;
	return at + 1 < text.len && text.at[at] == '\r' && text.at[at + 1] == '\n' ? 2 : 0;
}

static void skip_blank_lines(struct ldif_splitter *splitter)
{
	struct span text = str_span(&splitter->buffer);
	size_t len;

	while ((len = line_end(text, splitter->start)) > 0) {
		splitter->start += len;
		splitter->line++;
	}
	if (splitter->scanned < splitter->start)
		splitter->scanned = splitter->start;
}

/* Looks for the blank line that ends a record. @return whether `ret_end` (behind its last newline)
 * is set */
static bool find_end(struct ldif_splitter *splitter, size_t *ret_end)
{
	struct span text = str_span(&splitter->buffer);
	size_t at = splitter->scanned;

	while (at < text.len) {
		const char *newline = memchr(text.at + at, '\n', text.len - at);
		if (newline == NULL)
			break;
		at = (size_t)(newline - text.at) + 1;
		if (line_end(text, at) > 0) {
			*ret_end = at;
			return true;
		}
		/* The next line may begin behind what is there: then this newline is looked at
		 * again. */
		if (at + 2 > text.len)
			break;
		splitter->scanned = at;
	}
	return false;
}

static uint64_t count_lines(struct span text)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	return lines;
}

enum ldif_split ldif_splitter_next(
    struct ldif_splitter *splitter, bool is_end, struct ldif_text *ret_text)
{
	size_t end, after;

	if (!splitter->has_begun) {
		if (!is_end && splitter->buffer.len < sizeof(BYTE_ORDER_MARK) - 1)
			return LDIF_SPLIT_MORE;
		skip_mark(splitter);
	}
	skip_blank_lines(splitter);
	if (splitter->start == splitter->buffer.len)
		return LDIF_SPLIT_MORE;
	if (!find_end(splitter, &end)) {
		if (splitter->buffer.len - splitter->start > LDIF_RECORD_MAX_BYTES)
			return LDIF_SPLIT_TOO_LONG;
		if (!is_end)
			return LDIF_SPLIT_MORE;
		end = splitter->buffer.len;
	}
	after = end + line_end(str_span(&splitter->buffer), end);
	ret_text->at = splitter->buffer.at + splitter->start;
	ret_text->len = end - splitter->start;
	ret_text->line = splitter->line + 1;
	splitter->line += count_lines((struct span) { ret_text->at, after - splitter->start });
	/* The blank line is not needed any more; a str has a NUL behind its end anyway. */
	if (after > end)
		splitter->buffer.at[end] = '\0';
	splitter->start = splitter->scanned = after;
	return LDIF_SPLIT_RECORD;
}

void ldif_splitter_done(struct ldif_splitter *splitter)
{
	str_done(&splitter->buffer);
	*splitter = (struct ldif_splitter) { 0 };
}

/* ---- parsing ---- */

/* libldap marks joined lines by carriage returns and leaves their removal for later. */
static void drop_returns(char *line)
{
	char *to = line;

	for (const char *from = line; *from != '\0'; from++)
		if (*from != '\r')
			*to++ = *from;
	*to = '\0';
}

static bool is_url_value(const char *line)
{
	const char *colon = strchr(line, ':');

	return colon != NULL && colon[1] == '<';
}

static bool split_plain(char *line, struct ldif_value *ret_value)
{
	struct berval type = { 0, NULL }, value = { 0, NULL };
	int must_free = 0;

	if (ldif_parse_line2(line, &type, &value, &must_free) != 0)
		return false;
	/* Only a URL's content would be allocated, and none comes this far. */
	if (must_free) {
		ber_memfree(value.bv_val);
		return false;
	}
	ret_value->name = span_trim((struct span) { type.bv_val, strlen(type.bv_val) });
	ret_value->value = value.bv_val == NULL ? SPAN("")
						: (struct span) { value.bv_val, value.bv_len };
	return ret_value->name.len > 0;
}

/* libldap would write a line to standard error about base64 that is wrong. */
static bool split_base64(char *line, char *colon, struct str *scratch, struct ldif_value *ret_value)
{
	char *place = colon + 2;

	str_truncate(scratch, 0);
	if (!base64_decode(span_trim(span_of(place)), scratch))
		return false;
	if (scratch->len > 0)
		memcpy(place, scratch->at, scratch->len);
	ret_value->name = span_trim((struct span) { line, (size_t)(colon - line) });
	ret_value->value = (struct span) { place, scratch->len };
	return ret_value->name.len > 0;
}

static bool split_line(char *line, struct str *scratch, struct ldif_value *ret_value)
{
	char *colon = strchr(line, ':');

	if (colon == NULL || isspace((unsigned char)line[0]))
		return false;
	return colon[1] == ':' ? split_base64(line, colon, scratch, ret_value)
			       : split_plain(line, ret_value);
}

static enum ldif_outcome refuse(struct err *reterr, uint64_t line, const char *what)
{
	err_set(reterr, "line %llu: %s", (unsigned long long)line, what);
	return LDIF_BAD;
}

static enum ldif_outcome take_value(
    struct ldif_record *record, const struct ldif_value *value, bool *has_dn, struct err *reterr)
{
	if (!*has_dn && record->value_count == 0 &&
	    span_equal_ascii_case(value->name, SPAN("version")))
		return span_equal(value->value, SPAN("1"))
			   ? LDIF_NOTHING
			   : refuse(reterr, record->line, "only version 1 of LDIF is known");
	if (!*has_dn) {
		if (!span_equal_ascii_case(value->name, SPAN("dn")))
			return refuse(
			    reterr, record->line, "the record does not begin with \"dn:\"");
		record->dn = value->value;
		*has_dn = true;
		if (!dn_is_valid(record->dn) || record->dn.len == 0)
			return refuse(reterr, record->line, "what follows \"dn:\" is not a DN");
		return LDIF_ENTRY;
	}
	if (record->value_count == 0 && (span_equal_ascii_case(value->name, SPAN("changetype")) ||
					    span_equal_ascii_case(value->name, SPAN("control"))))
		return refuse(reterr, record->line,
		    "this is a change record (changetype:), but a list of entries is needed; "
		    "export entries "
		    "without changetype");
	*(struct ldif_value *)vec_push((void **)&record->values, &record->value_count,
	    &record->value_cap, sizeof(*value)) = *value;
	return LDIF_ENTRY;
}

/* A value from a URL spoils the entry, but the rest of it is read: it may be a group. */
static enum ldif_outcome take_line(
    struct ldif_record *record, char *line, bool *has_dn, struct err *reterr)
{
	struct ldif_value value;
	enum ldif_outcome outcome;

	drop_returns(line);
	if (is_url_value(line)) {
		outcome = *has_dn ? LDIF_UNUSABLE : LDIF_BAD;
		err_set(reterr,
		    "line %llu: a value is to be read from a URL (%.*s:<), which is refused",
		    (unsigned long long)record->line, (int)strcspn(line, ":"), line);
		return outcome;
	}
	if (!split_line(line, &record->scratch, &value))
		return refuse(
		    reterr, record->line, "a line is not \"name: value\", or its base64 is wrong");
	return take_value(record, &value, has_dn, reterr);
}

enum ldif_outcome ldif_record_parse(
    struct ldif_text *text, struct ldif_record *record, struct err *reterr)
{
	enum ldif_outcome outcome = LDIF_NOTHING;
	bool has_dn = false, is_unusable = false;
	char *next = text->at, *line;

	record->dn = SPAN("");
	record->value_count = 0;
	record->line = text->line;
	if (memchr(text->at, '\0', text->len) != NULL)
		return refuse(reterr, text->line, "the record holds a NUL byte");
	while ((line = ldif_getline(&next)) != NULL) {
		outcome = take_line(record, line, &has_dn, reterr);
		if (outcome == LDIF_BAD)
			return LDIF_BAD;
		is_unusable |= outcome == LDIF_UNUSABLE;
	}
	if (!has_dn)
		return LDIF_NOTHING;
	return is_unusable ? LDIF_UNUSABLE : LDIF_ENTRY;
}

void ldif_record_done(struct ldif_record *record)
{
	free(record->values);
	str_done(&record->scratch);
	*record = (struct ldif_record) { 0 };
}
