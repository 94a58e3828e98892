/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with the syntax of a file.
 *
 * libconfig says "syntax error" and a line, often a later one, and loses memory over it.  So the
 * text is walked by its grammar beforehand, and the first thing that does not fit is said in words.
 * libconfig still decides: what it refuses after that is passed on in its own words.
 */
#include "app/config_p.h"
#include "app/config_scan.h"
#include "base/vec.h"
#include <stdlib.h>

/* Repeats are found by comparing with the names before. */
enum { NESTING_MAX = 64, NAMES_MAX = 4000, KEYS_MAX = 1000 };

/* A name that was seen, and in which group. */
struct seen_name {
	struct span name;
	unsigned group, line;
};

struct walk {
	const struct config_source *source;
	struct scanner scanner;
	struct token token; /* the one that is looked at */
	unsigned depth;
	unsigned group, group_count;
	unsigned key_count; /* of this group */
	struct seen_name *names;
	size_t name_count, name_cap;
};

/* What is open, and where. */
struct opening {
	char sign, closer;
	unsigned line;
};

/* Every step gives false once the fault is said. */
static bool walk_value(struct walk *walk, struct span name);
static bool walk_settings(struct walk *walk, const struct opening *opening);

static void next(struct walk *walk)
{
	walk->token = scan_next(&walk->scanner);
}

static bool say(struct walk *walk, unsigned position, const char *remedy, const char *what, ...)
    __attribute__((format(printf, 4, 5)));

static bool say(struct walk *walk, unsigned position, const char *remedy, const char *what, ...)
{
	struct config_place place = config_source_locate(walk->source, position);
	va_list arguments;

	va_start(arguments, what);
	config_faults_report(walk->source->faults, &place, remedy, what, arguments);
	va_end(arguments);
	return false;
}

static unsigned line_in_file(const struct walk *walk, unsigned position)
{
	return config_source_locate(walk->source, position).line;
}

/* A text is never repeated: it may be a secret. */
static const char *describe(const struct walk *walk)
{
	const struct token *token = &walk->token;

	switch (token->kind) {
	case TOKEN_END:
		return "the end of the file";
	case TOKEN_TEXT:
	case TOKEN_OPEN_TEXT:
		return "a text";
	case TOKEN_NUMBER:
		return "a number";
	case TOKEN_NAME:
	case TOKEN_SIGN:
	case TOKEN_STRAY:
	case TOKEN_INCLUDE:
	case TOKEN_OPEN_COMMENT:
		return config_faults_text(walk->source->faults, "\"%.*s\"", SPAN_ARG(token->text));
	}
	return "something";
}

static bool is_closer(const struct token *token)
{
	return token_is_sign(token, '}') || token_is_sign(token, ')') || token_is_sign(token, ']');
}

/* @return false: what is open was not closed here */
static bool say_open(struct walk *walk, const struct opening *opening)
{
	unsigned line = line_in_file(walk, opening->line);

	if (walk->token.kind == TOKEN_END)
		return say(walk, opening->line,
		    config_faults_text(
			walk->source->faults, "close it with \"%c\"", opening->closer),
		    "the \"%c\" that opens here is never closed", opening->sign);
	return say(walk, walk->token.line,
	    config_faults_text(
		walk->source->faults, "close that first, with \"%c\"", opening->closer),
	    "%s closes nothing: open is the \"%c\" of line %u", describe(walk), opening->sign,
	    line);
}

static bool say_value(struct walk *walk, struct span name)
{
	if (walk->token.kind == TOKEN_STRAY && walk->token.text.at[0] == '\'')
		return say(walk, walk->token.line, "texts take double quotes",
		    "a single quote begins no text");
	if (walk->token.kind == TOKEN_NAME || walk->token.kind == TOKEN_STRAY)
		return say(walk, walk->token.line,
		    "texts go into double quotes; besides them there are numbers, true and false",
		    "%s is no value", describe(walk));
	return say(walk, walk->token.line,
	    "after \"=\" goes a text in quotes, a number, true, false, { }, ( ) or [ ]",
	    "the value of \"%.*s\" is missing before %s", SPAN_ARG(name), describe(walk));
}

static bool is_boolean(struct span text)
{
	return span_equal_ascii_case(text, SPAN("true")) ||
	       span_equal_ascii_case(text, SPAN("false"));
}

/* Texts that follow each other are one. */
static bool walk_scalar(struct walk *walk, struct span name)
{
	if (walk->token.kind == TOKEN_TEXT) {
		while (walk->token.kind == TOKEN_TEXT)
			next(walk);
		return true;
	}
	if (walk->token.kind == TOKEN_NUMBER ||
	    (walk->token.kind == TOKEN_NAME && is_boolean(walk->token.text))) {
		next(walk);
		return true;
	}
	return say_value(walk, name);
}

static bool is_scalar(const struct token *token)
{
	return token->kind == TOKEN_TEXT || token->kind == TOKEN_NUMBER ||
	       token->kind == TOKEN_NAME;
}

static bool walk_item(struct walk *walk, const struct opening *opening)
{
	if (opening->sign == '(')
		return walk_value(walk, SPAN("an item of the list"));
	if (token_is_sign(&walk->token, '{') || token_is_sign(&walk->token, '(') ||
	    token_is_sign(&walk->token, '['))
		return say(walk, walk->token.line,
		    "groups go into a list, in round brackets: ( { … }, { … } )",
		    "an array in square brackets holds plain values only");
	return walk_scalar(walk, SPAN("an item of the array"));
}

/* The items of ( ) and [ ]; the opening sign is behind us. */
static bool walk_items(struct walk *walk, const struct opening *opening)
{
	enum token_kind first;

	if (token_is_sign(&walk->token, opening->closer)) {
		next(walk);
		return true;
	}
	first = walk->token.kind;
	for (;;) {
		if (opening->sign == '[' && walk->token.kind != first && is_scalar(&walk->token))
			return say(walk, walk->token.line, "put all in quotes, or none",
			    "the values of an array in square brackets are of one type");
		if (!walk_item(walk, opening))
			return false;
		if (token_is_sign(&walk->token, opening->closer)) {
			next(walk);
			return true;
		}
		if (walk->token.kind == TOKEN_END || is_closer(&walk->token))
			return say_open(walk, opening);
		if (!token_is_sign(&walk->token, ','))
			return say(walk, walk->token.line, "items are separated by \",\"",
			    "a \",\" is missing before %s", describe(walk));
		next(walk);
		if (token_is_sign(&walk->token, opening->closer))
			return say(walk, walk->token.line, "take the \",\" away",
			    "no item follows the last \",\" before \"%c\"", opening->closer);
	}
}

static bool walk_group(struct walk *walk, const struct opening *opening)
{
	unsigned outer = walk->group, outer_keys = walk->key_count;
	bool is_whole;

	walk->group = ++walk->group_count;
	walk->key_count = 0;
	is_whole = walk_settings(walk, opening);
	walk->group = outer;
	walk->key_count = outer_keys;
	return is_whole;
}

static bool walk_value(struct walk *walk, struct span name)
{
	struct opening opening = { .line = walk->token.line };
	bool is_whole;

	if (walk->token.kind != TOKEN_SIGN || strchr("{([", walk->token.text.at[0]) == NULL)
		return walk_scalar(walk, name);
	opening.sign = walk->token.text.at[0];
	opening.closer = opening.sign == '{' ? '}' : opening.sign == '(' ? ')' : ']';
	if (walk->depth >= NESTING_MAX)
		return say(
		    walk, opening.line, NULL, "it is nested deeper than %d brackets", NESTING_MAX);
	walk->depth++;
	next(walk);
	is_whole = opening.sign == '{' ? walk_group(walk, &opening) : walk_items(walk, &opening);
	walk->depth--;
	return is_whole;
}

static bool note_name(struct walk *walk)
{
	struct seen_name *name;

	/* libconfig compares each with all, too. */
	if (walk->key_count++ >= KEYS_MAX)
		return say(walk, walk->token.line, NULL, "a group has more than %d keys", KEYS_MAX);
	for (size_t i = walk->name_count; i > 0 && i + NAMES_MAX > walk->name_count; i--) {
		name = &walk->names[i - 1];
		if (name->group == walk->group && span_equal(name->name, walk->token.text))
			return say(walk, walk->token.line, "keep one of them",
			    "\"%.*s\" is given twice, first on line %u", SPAN_ARG(name->name),
			    line_in_file(walk, name->line));
	}
	name = vec_push((void **)&walk->names, &walk->name_count, &walk->name_cap, sizeof(*name));
	*name = (struct seen_name) {
		.name = walk->token.text, .group = walk->group, .line = walk->token.line
	};
	return true;
}

static bool walk_setting(struct walk *walk)
{
	struct span name = walk->token.text;

	if (is_boolean(name))
		return say(walk, walk->token.line, NULL, "%s is a value, not the name of a key",
		    describe(walk));
	if (!note_name(walk))
		return false;
	next(walk);
	if (!token_is_sign(&walk->token, '=') && !token_is_sign(&walk->token, ':'))
		return say(walk, walk->token.line, "a setting is written name = value;",
		    "a \"=\" is missing between \"%.*s\" and %s", SPAN_ARG(name), describe(walk));
	next(walk);
	if (!walk_value(walk, name))
		return false;
	if (token_is_sign(&walk->token, ';') || token_is_sign(&walk->token, ','))
		next(walk);
	return true;
}

static bool say_name(struct walk *walk)
{
	if (token_is_sign(&walk->token, ';') || token_is_sign(&walk->token, ','))
		return say(walk, walk->token.line, "take it away", "there is a %s too many",
		    describe(walk));
	if (walk->token.kind == TOKEN_STRAY && walk->token.text.at[0] == '@')
		return say(walk, walk->token.line,
		    "it stands alone at the start of a line: @include \"file\"",
		    "an \"@\" begins an include only");
	return say(walk, walk->token.line,
	    "is a bracket or a quote before it closed too early, or a \",\" missing?",
	    "%s stands where the name of a key is expected", describe(walk));
}

/* The settings of a group, up to its `}`; without an opening, of the file. */
static bool walk_settings(struct walk *walk, const struct opening *opening)
{
	for (;;) {
		if (walk->token.kind == TOKEN_NAME) {
			if (!walk_setting(walk))
				return false;
			continue;
		}
		if (opening == NULL && walk->token.kind == TOKEN_END)
			return true;
		if (opening != NULL && token_is_sign(&walk->token, '}')) {
			next(walk);
			return true;
		}
		if (opening != NULL && (walk->token.kind == TOKEN_END || is_closer(&walk->token)))
			return say_open(walk, opening);
		if (is_closer(&walk->token))
			return say(walk, walk->token.line, "take it away, or open it before",
			    "%s closes nothing", describe(walk));
		return say_name(walk);
	}
}

bool config_syntax_check(const struct config_source *source)
{
	struct walk walk = { .source = source, .scanner = scanner_of(str_span(&source->text)) };
	bool is_sound;

	next(&walk);
	is_sound = walk_settings(&walk, NULL);
	free(walk.names);
	return is_sound;
}

void config_syntax_pass_on(const struct config_source *source, const config_t *library)
{
	struct walk walk = { .source = source };
	const char *text = config_error_text(library);
	int line = config_error_line(library);

	say(&walk, line > 0 ? (unsigned)line : 0,
	    "check the brackets, quotes and \"=\" before this line", "libconfig refuses it (%s)",
	    text == NULL ? "it is nested too deeply" : text);
}
