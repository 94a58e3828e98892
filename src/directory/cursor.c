/* SPDX-License-Identifier: ISC */
/*
 * The terms are the settings in one text, each with its length, so that no two settings make the
 * same one; eight bytes of its digest are enough to tell a change by.
 */
#include "directory/cursor.h"

#include "base/hash.h"

enum { TERMS_BYTES = 8 };

/* ---- writing ---- */

static bool is_plain(unsigned char byte)
{
	return byte > ' ' && byte < 0x7f && byte != '%' && byte != ':';
}

static void add_escaped(struct str *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (is_plain((unsigned char)bytes.at[i]))
			str_add_byte(out, bytes.at[i]);
		else
			str_addf(out, "%%%02X", (unsigned char)bytes.at[i]);
}

void cursor_encode(const struct cursor *cursor, struct str *out)
{
	str_addf(out, "%s/1 ", directory_changes_name(cursor->mechanism));
	add_escaped(out, cursor->terms);
	for (size_t i = 0; i < cursor->count; i++) {
		const struct cursor_part *part = &cursor->parts[i];

		str_add_byte(out, ' ');
		add_escaped(out, part->place);
		str_add_byte(out, ':');
		add_escaped(out, part->database);
		str_add_byte(out, ':');
		add_escaped(out, part->mark);
	}
}

/* ---- reading ---- */

static bool read_escaped(struct span text, struct arena *arena, struct span *ret_bytes)
{
	char *bytes = arena_alloc(arena, text.len + 1);
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++, count++) {
		uint8_t byte = (uint8_t)text.at[i];
		size_t decoded;

		if (byte == '%') {
			if (text.len - i < 3 ||
			    !hex_decode((struct span) { text.at + i + 1, 2 }, &byte, 1, &decoded))
				return false;
			i += 2;
		} else if (!is_plain(byte)) {
			return false;
		}
		bytes[count] = (char)byte;
	}
	bytes[count] = '\0';
	*ret_bytes = (struct span) { bytes, count };
	return true;
}

static bool read_part(struct span text, struct arena *arena, struct cursor_part *ret_part)
{
	struct span place = span_split(&text, ':'), database;
	size_t end = span_find(text, ':');

	if (place.len == 0 || end == text.len)
		return false;
	database = span_split(&text, ':');
	if (!read_escaped(place, arena, &ret_part->place) ||
	    !read_escaped(database, arena, &ret_part->database) ||
	    !read_escaped(text, arena, &ret_part->mark))
		return false;
	if (database.len == 0)
		ret_part->database = SPAN_NULL;
	return true;
}

static bool read_mechanism(struct span text, enum directory_changes *ret_mechanism)
{
	struct span name = span_split(&text, '/');

	for (int i = DIRECTORY_CHANGES_DIRSYNC; i < DIRECTORY_CHANGES_NONE; i++) {
		enum directory_changes mechanism = (enum directory_changes)i;

		if (span_equal(name, span_of(directory_changes_name(mechanism)))) {
			*ret_mechanism = mechanism;
			return span_equal(text, SPAN("1"));
		}
	}
	return false;
}

bool cursor_decode(struct span text, struct arena *arena, struct cursor *ret_cursor)
{
	struct cursor cursor = { 0 };

	if (text.at == NULL || !read_mechanism(span_split(&text, ' '), &cursor.mechanism))
		return false;
	if (!read_escaped(span_split(&text, ' '), arena, &cursor.terms) || cursor.terms.len == 0)
		return false;
	while (text.len > 0) {
		if (cursor.count == CURSOR_PARTS_MAX ||
		    !read_part(span_split(&text, ' '), arena, &cursor.parts[cursor.count]))
			return false;
		cursor.count++;
	}
	*ret_cursor = cursor;
	return cursor.count > 0;
}

/* ---- parts ---- */

const struct cursor_part *cursor_find(const struct cursor *cursor, struct span place)
{
	for (size_t i = 0; i < cursor->count; i++)
		if (span_equal_ascii_case(cursor->parts[i].place, place))
			return &cursor->parts[i];
	return NULL;
}

static void remove_part(struct cursor *cursor, size_t at)
{
	memmove(&cursor->parts[at], &cursor->parts[at + 1],
	    (cursor->count - at - 1) * sizeof(*cursor->parts));
	cursor->count--;
}

void cursor_set(struct cursor *cursor, struct arena *arena, const struct cursor_part *part)
{
	const struct cursor_part *old = cursor_find(cursor, part->place);
	struct cursor_part copy = { arena_span(arena, part->place),
		arena_span(arena, part->database), arena_span(arena, part->mark) };

	if (old != NULL)
		remove_part(cursor, (size_t)(old - cursor->parts));
	else if (cursor->count == CURSOR_PARTS_MAX)
		remove_part(cursor, 0);
	cursor->parts[cursor->count++] = copy;
}

/* ---- terms ---- */

static void add_term(struct str *text, struct span term)
{
	str_addf(text, "%zu:", term.len);
	str_add(text, term);
}

void cursor_terms(
    const struct directory_settings *settings, const char *user_filter, struct str *out)
{
	struct str text = { 0 };
	struct digest digest;

	str_addf(&text, "%d %d ", (int)settings->kind, (int)settings->users.scope);
	add_term(&text, span_of(user_filter));
	for (size_t i = 0; i < settings->users.base_count; i++)
		add_term(&text, span_of(settings->users.bases[i]));
	for (size_t i = 0; i < settings->group_count; i++) {
		str_add_byte(&text, settings->groups[i].is_nested ? 'n' : 'd');
		add_term(&text, settings->groups[i].dn);
	}
	add_term(&text, span_of(settings->bind.dn));
	digest = hash_digest(str_span(&text));
	hex_encode((struct span) { (const char *)digest.byte, TERMS_BYTES }, out);
	str_done(&text);
}
