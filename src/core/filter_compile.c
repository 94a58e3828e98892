/* SPDX-License-Identifier: ISC */
/*
 * The grammar of RFC 4515 by recursive descent, with blanks where OpenLDAP allows them: around
 * filters and before an operator, never inside an item.
 *
 * A filter that a person wrote is worth an exact complaint, so what a server would call undefined
 * for every entry (a DN attribute compared with no DN) is refused here.
 */
#include "base/nearest.h"
#include "base/unicode.h"
#include "base/vec.h"
#include "core/dn.h"
#include "core/filter_p.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_BYTES = 64 }; /* of what was written, in a message */

#define IN_CHAIN_OID "1.2.840.113556.1.4.1941"

struct compiler {
	struct span text;
	size_t at; /* offset of the next byte */
	size_t depth;
	struct arena *arena;
	struct attribute_set *set;
	size_t fault; /* offset */
	struct err err;
};

/* What stands left of the value: name, operator, and what an extensible match adds. */
struct item {
	struct span name;
	size_t at, value_at; /* offsets of the name and the value */
	enum filter_kind kind;
	enum filter_syntax syntax;
	bool with_dn;
	bool is_plain_equal; /* "=": stars mean something */
};

__attribute__((format(printf, 3, 4))) static bool fail(
    struct compiler *compiler, size_t at, const char *format, ...)
{
	char text[ERR_SIZE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	compiler->fault = at;
	err_set(&compiler->err, "at offset %zu: %s", at, text);
	return false;
}

/* Cuts what a message shows of a text, at a character. */
static struct span shorten(struct span text)
{
	if (text.len <= SHOWN_BYTES)
		return text;
	text.len = SHOWN_BYTES;
	while (text.len > 0 && ((unsigned char)text.at[text.len] & 0xC0) == 0x80)
		text.len--;
	return text;
}

static bool at_end(const struct compiler *compiler)
{
	return compiler->at == compiler->text.len;
}

/* The next byte; NUL, which no filter contains, at the end. */
static char peek(const struct compiler *compiler)
{
	return at_end(compiler) ? '\0' : compiler->text.at[compiler->at];
}

static void skip_blanks(struct compiler *compiler)
{
	while (!at_end(compiler) && strchr(" \t\r\n", peek(compiler)) != NULL)
		compiler->at++;
}

static struct filter_node *new_node(struct compiler *compiler, enum filter_kind kind)
{
	struct filter_node *node = arena_alloc(compiler->arena, sizeof(*node));

	node->kind = kind;
	return node;
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

/* Resolves the escapes of a piece of a value, which starts at the offset. */
static bool unescape(struct compiler *compiler, struct span piece, size_t at, struct str *out)
{
	for (size_t i = 0; i < piece.len; i++) {
		int high, low;

		if (piece.at[i] != '\\') {
			str_add_byte(out, piece.at[i]);
			continue;
		}
		high = i + 2 < piece.len ? hex_value(piece.at[i + 1]) : -1;
		low = i + 2 < piece.len ? hex_value(piece.at[i + 2]) : -1;
		if (high < 0 || low < 0)
			return fail(compiler, at + i,
			    "expected two hex digits after \"\\\"; a backslash itself is \\5c, "
			    "\"*\" \\2a, \"(\" \\28, \")\" \\29");
		str_add_byte(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

/* Resolves escapes and prepares for comparing; the result lives in the arena. */
static bool prepare_piece(struct compiler *compiler, struct span piece, size_t at,
    enum filter_syntax syntax, unsigned keep, struct span *ret_prepared)
{
	struct str raw = { 0 }, prepared = { 0 };
	bool done = unescape(compiler, piece, at, &raw);

	if (done) {
		filter_prepare(str_span(&raw), syntax, keep, &prepared);
		*ret_prepared = arena_span(compiler->arena, str_span(&prepared));
	}
	str_done(&raw);
	str_done(&prepared);
	return done;
}

static bool add_name(struct compiler *compiler, const struct item *item, struct filter_node *node)
{
	node->name = arena_span(compiler->arena, item->name);
	node->slot = attribute_set_add(compiler->set, item->name);
	node->syntax = item->syntax;
	node->with_dn = item->with_dn;
	return true;
}

/* "Ada*Ray": initial, any …, final. Empty ones in the middle say nothing and are dropped. */
static bool compile_pieces(
    struct compiler *compiler, const struct item *item, struct span value, struct filter_node *node)
{
	struct span *pieces;
	size_t star_count = 0, at = 0;

	for (size_t i = 0; i < value.len; i++)
		star_count += value.at[i] == '*';
	pieces = arena_array(compiler->arena, star_count + 1, sizeof(*pieces));
	for (size_t i = 0; i <= star_count; i++) {
		struct span rest = { value.at + at, value.len - at };
		struct span piece = { rest.at, span_find(rest, '*') };
		unsigned keep = (i > 0 ? FILTER_KEEP_LEFT : 0) |
				(i < star_count ? FILTER_KEEP_RIGHT : 0);
		struct span prepared;

		if (!prepare_piece(
			compiler, piece, item->value_at + at, item->syntax, keep, &prepared))
			return false;
		at += piece.len + 1;
		if (prepared.len > 0 || i == 0 || i == star_count)
			pieces[node->piece_count++] = prepared;
	}
	node->pieces = pieces;
	return true;
}

/* AD takes a class for its category: its name, of which "user" and others mean Person. */
static struct span category_prefix(struct compiler *compiler, struct span name)
{
	static const char *const persons[] = { "user", "contact", "inetorgperson" };

	for (size_t i = 0; i < sizeof(persons) / sizeof(*persons); i++) {
		if (span_equal_ascii_case(name, span_of(persons[i])))
			name = SPAN("person");
	}
	return arena_format(compiler->arena, "cn=%.*s,", SPAN_ARG(name));
}

static struct span normal_dn(struct compiler *compiler, struct span dn)
{
	struct str normal = { 0 };
	struct span kept;

	dn_normalize(dn, &normal);
	kept = arena_span(compiler->arena, str_span(&normal));
	str_done(&normal);
	return kept;
}

static bool fail_syntax(
    struct compiler *compiler, const struct item *item, struct span value, const char *wanted)
{
	return fail(compiler, item->value_at, "%.*s is compared with %s here, and \"%.*s\" is none",
	    SPAN_ARG(shorten(item->name)), wanted, SPAN_ARG(shorten(value)));
}

/* Checks the unescaped value against the syntax and makes it comparable. */
static bool compile_equal_value(
    struct compiler *compiler, const struct item *item, struct span value, struct filter_node *node)
{
	struct span bare = span_trim(value);

	switch (item->syntax) {
	case SYNTAX_TEXT:
	case SYNTAX_EXACT:
	case SYNTAX_PHONE:
	case SYNTAX_NUMERIC:
	case SYNTAX_OCTETS:
		return true;
	case SYNTAX_BOOLEAN:
		if (!span_equal_ascii_case(bare, SPAN("TRUE")) &&
		    !span_equal_ascii_case(bare, SPAN("FALSE")))
			return fail_syntax(compiler, item, value, "TRUE or FALSE");
		return true;
	case SYNTAX_INTEGER:
		if (!filter_is_number(bare))
			return fail_syntax(compiler, item, value, "a whole number");
		node->value = arena_span(compiler->arena, bare);
		return true;
	case SYNTAX_TIME:
		if (!filter_read_time(bare, &node->time_ms))
			return fail_syntax(compiler, item, value, "a time like 20260301120000Z");
		return true;
	case SYNTAX_CATEGORY:
		node->is_prefix = !dn_is_valid(value);
		node->value = node->is_prefix ? category_prefix(compiler, node->value)
					      : normal_dn(compiler, value);
		return true;
	case SYNTAX_DN:
		if (!dn_is_valid(value))
			return fail_syntax(compiler, item, value,
			    "a whole DN like CN=Finance,OU=Groups,DC=corp,DC=example");
		node->value = normal_dn(compiler, value);
		return true;
	}
	return false;
}

static bool compile_bits(
    struct compiler *compiler, const struct item *item, struct span value, struct filter_node *node)
{
	struct span bare = span_trim(value);
	char buffer[24];

	if (!filter_is_number(bare) || bare.len >= sizeof(buffer))
		return fail_syntax(compiler, item, value, "a whole number of 64 bits");
	memcpy(buffer, bare.at, bare.len);
	buffer[bare.len] = '\0';
	errno = 0;
	node->bits = strtoll(buffer, NULL, 10);
	if (errno != 0)
		return fail_syntax(compiler, item, value, "a whole number of 64 bits");
	return true;
}

static bool compile_value(struct compiler *compiler, const struct item *item, struct span written,
    struct filter_node *node)
{
	struct str raw = { 0 };
	bool done = unescape(compiler, written, item->value_at, &raw) &&
		    prepare_piece(compiler, written, item->value_at, item->syntax, 0, &node->value);

	if (done && node->kind == FILTER_EQUAL)
		done = compile_equal_value(compiler, item, str_span(&raw), node);
	else if (done && (node->kind == FILTER_ALL_BITS || node->kind == FILTER_ANY_BIT))
		done = compile_bits(compiler, item, str_span(&raw), node);
	else if (done)
		node->has_time = filter_read_time(span_trim(str_span(&raw)), &node->time_ms);
	str_done(&raw);
	return done;
}

/* Takes the value up to the bracket that closes the item. */
static bool take_value(struct compiler *compiler, struct span *ret_value)
{
	size_t start = compiler->at;

	while (!at_end(compiler) && peek(compiler) != ')') {
		if (peek(compiler) == '(')
			return fail(compiler, compiler->at,
			    "expected \")\"; inside a value write \"(\" as \\28 and \")\" as \\29");
		if (peek(compiler) == '\0')
			return fail(compiler, compiler->at, "expected no NUL; write it as \\00");
		compiler->at++;
	}
	if (at_end(compiler))
		return fail(compiler, compiler->at, "expected \")\" at the end of this item");
	*ret_value = (struct span) { compiler->text.at + start, compiler->at - start };
	return true;
}

static bool only_stars(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] != '*')
			return false;
	}
	return value.len > 0;
}

static bool compile_item(
    struct compiler *compiler, const struct item *item, struct filter_node **ret_node)
{
	struct filter_node *node = new_node(compiler, item->kind);
	struct span value;
	size_t star;
	bool done;

	if (!take_value(compiler, &value))
		return false;
	star = span_find(value, '*');
	if (item->is_plain_equal && only_stars(value))
		node->kind = FILTER_PRESENT;
	else if (item->is_plain_equal && star < value.len)
		node->kind = FILTER_SUBSTRINGS;
	else if (item->kind != FILTER_SUBSTRINGS && star < value.len)
		return fail(compiler, item->value_at + star,
		    "expected no \"*\" with this operator; the character itself is \\2a");
	if (node->kind == FILTER_PRESENT)
		done = true;
	else if (node->kind == FILTER_SUBSTRINGS && star < value.len)
		done = compile_pieces(compiler, item, value, node);
	else if (node->kind == FILTER_SUBSTRINGS)
		return fail(compiler, item->value_at, "expected a \"*\" for a rule of substrings");
	else
		done = compile_value(compiler, item, value, node);
	*ret_node = node;
	return done && add_name(compiler, item, node);
}

static bool fail_rule(struct compiler *compiler, struct span rule, size_t at)
{
	const char *names[FILTER_RULES_MAX];
	size_t count = filter_rule_names(names);
	const char *nearest = nearest_word(rule, names, count);

	if (span_equal(rule, SPAN(IN_CHAIN_OID)))
		return fail(compiler, at,
		    "nested membership (" IN_CHAIN_OID ") cannot be decided on one entry; name the "
		    "group in a workspace's `group` with nested = true");
	if (nearest != NULL)
		return fail(compiler, at, "unknown matching rule \"%.*s\"; did you mean \"%s\"?",
		    SPAN_ARG(shorten(rule)), nearest);
	return fail(compiler, at,
	    "unknown matching rule \"%.*s\"; expected one like caseExactMatch, "
	    "integerMatch or 1.2.840.113556.1.4.803",
	    SPAN_ARG(shorten(rule)));
}

/* "name:dn:rule" before ":=". */
static bool read_extensible(struct compiler *compiler, struct span left, struct item *item)
{
	size_t colon = span_find(left, ':');
	const struct filter_rule *rule;
	struct span rest;

	item->name = (struct span) { left.at, colon };
	item->syntax = filter_syntax_of(item->name);
	rest = (struct span) { left.at + colon, left.len - colon };
	if (rest.len >= 3 && span_equal_ascii_case((struct span) { rest.at, 3 }, SPAN(":dn")) &&
	    (rest.len == 3 || rest.at[3] == ':')) {
		item->with_dn = true;
		rest = (struct span) { rest.at + 3, rest.len - 3 };
	}
	if (rest.len > 0) {
		rest = (struct span) { rest.at + 1, rest.len - 1 };
		rule = filter_find_rule(rest);
		if (rule == NULL)
			return fail_rule(compiler, rest, (size_t)(rest.at - compiler->text.at));
		item->kind = rule->kind;
		item->syntax = rule->syntax;
	}
	if (item->name.len == 0)
		return fail(compiler, item->at,
		    "expected an attribute before \":\"; a rule alone would have to look at "
		    "attributes that are never read");
	return true;
}

static bool fail_name(struct compiler *compiler, const struct item *item)
{
	static const char *const derived[] = { ATTRIBUTE_ENABLED, ATTRIBUTE_EXPIRES, ATTRIBUTE_KEY,
		ATTRIBUTE_DN, ATTRIBUTE_PARENT };
	const char *nearest = NULL;

	if (item->name.len > 0 && item->name.at[0] == '.')
		nearest = nearest_word(item->name, derived, sizeof(derived) / sizeof(*derived));
	if (item->name.len == 0)
		return fail(compiler, item->at, "expected the name of an attribute");
	if (nearest != NULL)
		return fail(compiler, item->at, "unknown attribute \"%.*s\"; did you mean \"%s\"?",
		    SPAN_ARG(shorten(item->name)), nearest);
	return fail(compiler, item->at,
	    "expected the name of an attribute, and \"%.*s\" cannot be one",
	    SPAN_ARG(shorten(item->name)));
}

/* Reads the name and the operator, and stops behind it. */
static bool read_left(struct compiler *compiler, struct item *item)
{
	struct span left = { compiler->text.at + compiler->at, 0 };
	size_t room = compiler->text.len - compiler->at;

	item->at = compiler->at;
	while (left.len < room && left.at[left.len] != '\0' &&
	       strchr("=()", left.at[left.len]) == NULL)
		left.len++;
	if (left.len == room || left.at[left.len] != '=')
		return fail(compiler, compiler->at + left.len,
		    "expected one of = ~= >= <= := after the name of an attribute");
	compiler->at += left.len + 1;
	item->value_at = compiler->at;
	item->kind = FILTER_EQUAL;
	item->is_plain_equal = left.len == 0 || strchr("~<>:", left.at[left.len - 1]) == NULL;
	if (!item->is_plain_equal) {
		left.len--;
		if (left.at[left.len] == '>')
			item->kind = FILTER_AT_LEAST;
		else if (left.at[left.len] == '<')
			item->kind = FILTER_AT_MOST;
		else if (left.at[left.len] == ':')
			return read_extensible(compiler, left, item);
	}
	item->name = left;
	item->syntax = filter_syntax_of(left);
	return true;
}

static bool compile_filter(struct compiler *compiler, struct filter_node **ret_node);

static bool compile_list(
    struct compiler *compiler, enum filter_kind kind, struct filter_node **ret_node)
{
	struct filter_node *list = new_node(compiler, kind);
	const struct filter_node **link = &list->child;

	compiler->at++;
	skip_blanks(compiler);
	while (!at_end(compiler) && peek(compiler) != ')') {
		struct filter_node *child = NULL;

		if (!compile_filter(compiler, &child))
			return false;
		*link = child;
		link = &child->next;
		skip_blanks(compiler);
	}
	*ret_node = list;
	return true;
}

static bool compile_not(struct compiler *compiler, struct filter_node **ret_node)
{
	struct filter_node *node = new_node(compiler, FILTER_NOT), *child = NULL;

	compiler->at++;
	skip_blanks(compiler);
	if (!compile_filter(compiler, &child))
		return false;
	skip_blanks(compiler);
	node->child = child;
	*ret_node = node;
	return true;
}

/* What stands between the brackets. */
static bool compile_inner(struct compiler *compiler, struct filter_node **ret_node)
{
	struct item item = { .kind = FILTER_EQUAL };

	switch (peek(compiler)) {
	case '&':
		return compile_list(compiler, FILTER_AND, ret_node);
	case '|':
		return compile_list(compiler, FILTER_OR, ret_node);
	case '!':
		return compile_not(compiler, ret_node);
	}
	if (!read_left(compiler, &item))
		return false;
	if (!attribute_name_is_valid(item.name))
		return fail_name(compiler, &item);
	return compile_item(compiler, &item, ret_node);
}

static bool compile_filter(struct compiler *compiler, struct filter_node **ret_node)
{
	if (peek(compiler) != '(') {
		struct span rest = { compiler->text.at + compiler->at,
			compiler->text.len - compiler->at };

		if (compiler->depth > 0)
			rest.len = span_find(rest, ')');
		rest = span_trim(rest);
		return fail(compiler, compiler->at, "expected \"(\"; write (%.*s)",
		    SPAN_ARG(rest.len == 0 || rest.len > SHOWN_BYTES ? SPAN("mail=*") : rest));
	}
	if (++compiler->depth > FILTER_DEPTH_MAX)
		return fail(compiler, compiler->at, "expected at most %d brackets in one another",
		    FILTER_DEPTH_MAX);
	compiler->at++;
	skip_blanks(compiler);
	if (!compile_inner(compiler, ret_node))
		return false;
	if (peek(compiler) != ')')
		return fail(compiler, compiler->at,
		    (*ret_node)->kind == FILTER_NOT ? "expected \")\"; \"!\" takes one filter"
						    : "expected \")\"");
	compiler->at++;
	compiler->depth--;
	return true;
}

/* The offset of the first byte that is not UTF-8, of a text that has one. */
static size_t find_fault_of_text(struct span text)
{
	size_t at = 0, len = 1;

	while (at + len <= text.len && len <= 4) {
		if (utf8_is_valid((struct span) { text.at + at, len })) {
			at += len;
			len = 1;
		} else {
			len++;
		}
	}
	return at;
}

static bool compile_text(struct compiler *compiler, struct filter_node **ret_root)
{
	if (compiler->text.len > FILTER_TEXT_MAX_BYTES)
		return fail(compiler, FILTER_TEXT_MAX_BYTES, "expected at most %d bytes",
		    FILTER_TEXT_MAX_BYTES);
	if (!utf8_is_valid(compiler->text))
		return fail(compiler, find_fault_of_text(compiler->text),
		    "expected UTF-8; write other bytes as \\xx");
	skip_blanks(compiler);
	if (!compile_filter(compiler, ret_root))
		return false;
	skip_blanks(compiler);
	if (!at_end(compiler))
		return fail(compiler, compiler->at,
		    "expected the end after the last \")\"; join filters as (&(…)(…))");
	return true;
}

enum status filter_compile(struct span text, struct attribute_set *set, struct filter **ret_filter,
    size_t *ret_offset, struct err *reterr)
{
	struct compiler compiler = { .set = set, .arena = arena_new() };
	struct filter_node *root = NULL;
	struct filter *filter;

	compiler.text = text.at == NULL ? SPAN("") : text;
	if (!compile_text(&compiler, &root)) {
		arena_free(&compiler.arena);
		if (ret_offset != NULL)
			*ret_offset = compiler.fault;
		err_set(reterr, "%s", compiler.err.text);
		return STATUS_REJECT;
	}
	filter = mem_new(1, sizeof(*filter));
	filter->arena = compiler.arena;
	filter->text = arena_span(compiler.arena, compiler.text);
	filter->root = root;
	*ret_filter = filter;
	return STATUS_OK;
}
