/* SPDX-License-Identifier: ISC */
/*
 * The writer of JSON.  An account is written for every entry of every full scan, so strings without
 * anything to escape are looked through eight bytes a step and copied once.
 */
#include "base/emit.h"

#include "base/unicode.h"
#include <assert.h>
#include <inttypes.h>

#define ONES      UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

void emit_init(struct emitter *writer, struct str *out, unsigned indent)
{
	*writer = (struct emitter) { .out = out, .indent = indent };
}

static void add_line(struct emitter *writer)
{
	if (writer->indent == 0)
		return;
	str_add_byte(writer->out, '\n');
	for (size_t i = (size_t)writer->indent * writer->depth; i > 0; i--)
		str_add_byte(writer->out, ' ');
}

/* What comes before a member or a value: nothing behind a key, else a comma and a new line. */
static void begin_value(struct emitter *writer)
{
	uint32_t level = UINT32_C(1) << writer->depth;
	if (writer->after_key) {
		writer->after_key = false;
		return;
	}
	if (writer->depth == 0)
		return;
	if ((writer->has_members & level) != 0)
		str_add_byte(writer->out, ',');
	writer->has_members |= level;
	add_line(writer);
}

static void open_level(struct emitter *writer, char bracket)
{
	assert(writer->depth < EMIT_DEPTH);
	begin_value(writer);
	str_add_byte(writer->out, bracket);
	writer->depth++;
	writer->has_members &= ~(UINT32_C(1) << writer->depth);
}

static void close_level(struct emitter *writer, char bracket)
{
	assert(writer->depth > 0 && !writer->after_key);
	bool had_members = (writer->has_members >> writer->depth & 1) != 0;
	writer->depth--;
	if (had_members)
		add_line(writer);
	str_add_byte(writer->out, bracket);
}

void emit_object_open(struct emitter *writer)
{
	open_level(writer, '{');
}

void emit_object_close(struct emitter *writer)
{
	close_level(writer, '}');
}

void emit_array_open(struct emitter *writer)
{
	open_level(writer, '[');
}

void emit_array_close(struct emitter *writer)
{
	close_level(writer, ']');
}

void emit_key_span(struct emitter *writer, struct span key)
{
	assert(writer->depth > 0 && !writer->after_key);
	begin_value(writer);
	emit_escape(key, writer->out);
	str_add(writer->out, writer->indent == 0 ? SPAN(":") : SPAN(": "));
	writer->after_key = true;
}

void emit_key(struct emitter *writer, const char *key)
{
	emit_key_span(writer, span_of(key));
}

void emit_string(struct emitter *writer, struct span text)
{
	if (text.at == NULL) {
		emit_null(writer);
		return;
	}
	begin_value(writer);
	emit_escape(text, writer->out);
}

void emit_string_c(struct emitter *writer, const char *text)
{
	emit_string(writer, span_of(text));
}

void emit_int(struct emitter *writer, int64_t number)
{
	begin_value(writer);
	str_addf(writer->out, "%" PRId64, number);
}

void emit_bool(struct emitter *writer, bool value)
{
	emit_raw(writer, value ? SPAN("true") : SPAN("false"));
}

void emit_null(struct emitter *writer)
{
	emit_raw(writer, SPAN("null"));
}

void emit_member_string(struct emitter *writer, const char *key, struct span text)
{
	emit_key(writer, key);
	emit_string(writer, text);
}

void emit_member_int(struct emitter *writer, const char *key, int64_t number)
{
	emit_key(writer, key);
	emit_int(writer, number);
}

void emit_member_bool(struct emitter *writer, const char *key, bool value)
{
	emit_key(writer, key);
	emit_bool(writer, value);
}

void emit_raw(struct emitter *writer, struct span json)
{
	begin_value(writer);
	str_add(writer->out, json);
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* The high bit of each byte of `word` that is zero (and perhaps of ones above such a byte). */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - ONES) & ~word;
}

/* Length of the run at the start that needs no escape and is ASCII. */
static size_t plain_run(struct span text)
{
	size_t at = 0;
	for (uint64_t word; text.len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text.at + at, sizeof(word));
		uint64_t special = word | (word - ONES * 0x20) | zero_bytes(word ^ (ONES * '"')) |
				   zero_bytes(word ^ (ONES * '\\'));
		if ((special & HIGH_BITS) != 0)
			break;
	}
	while (at < text.len && is_plain((unsigned char)text.at[at]))
		at++;
	return at;
}

static void add_escaped_ascii(char byte, struct str *out)
{
	static const char from[] = "\"\\\b\t\n\f\r";
	static const char to[] = "\"\\btnfr";
	const char *found = byte == '\0' ? NULL : strchr(from, byte);
	if (found == NULL) {
		str_addf(out, "\\u%04x", (unsigned char)byte);
		return;
	}
	str_add_byte(out, '\\');
	str_add_byte(out, to[found - from]);
}

/* Appends the character that is not plain. @return bytes taken */
static size_t add_escaped(struct span text, struct str *out)
{
	uint32_t code_point;
	size_t len = utf8_next(text, &code_point);
	if (len == 1)
		add_escaped_ascii(text.at[0], out);
	else if (len == 0)
		str_add(out, SPAN("\xef\xbf\xbd"));
	else
		str_add(out, (struct span) { text.at, len });
	return len == 0 ? 1 : len;
}

void emit_escape(struct span text, struct str *out)
{
	str_reserve(out, text.len + 2);
	str_add_byte(out, '"');
	while (text.len > 0) {
		size_t taken = plain_run(text);
		str_add(out, (struct span) { text.at, taken });
		if (taken < text.len)
			taken += add_escaped(
			    (struct span) { text.at + taken, text.len - taken }, out);
		text = (struct span) { text.at + taken, text.len - taken };
	}
	str_add_byte(out, '"');
}
