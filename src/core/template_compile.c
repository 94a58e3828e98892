/* SPDX-License-Identifier: ISC */
/*
 * The grammar of templates:
 *
 *     template   = *( text / "$$" / "${" attribute *( "|" function ) "}" )
 *     function   = name [ "(" [ argument *( "," argument ) ] ")" ]
 *     argument   = digits / quoted text, in which \" and \\ are escapes and other backslashes stay
 *
 * with blanks wherever two of these meet inside the braces.
 */
#include "base/nearest.h"
#include "base/unicode.h"
#include "base/vec.h"
#include "core/template_p.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_BYTES = 64, ARGUMENTS_MAX = 2 };

enum arguments { ARGUMENTS_NONE, ARGUMENTS_TEXT, ARGUMENTS_COUNT, ARGUMENTS_TWO_TEXTS };

struct signature {
	const char *name;
	enum arguments arguments;
	const char *usage;
};

/* In the order of enum template_function. */
static const struct signature signatures[] = {
	{ "lower", ARGUMENTS_NONE, "lower" },
	{ "upper", ARGUMENTS_NONE, "upper" },
	{ "trim", ARGUMENTS_NONE, "trim" },
	{ "ascii", ARGUMENTS_NONE, "ascii" },
	{ "nfc", ARGUMENTS_NONE, "nfc" },
	{ "first", ARGUMENTS_NONE, "first" },
	{ "last", ARGUMENTS_NONE, "last" },
	{ "join", ARGUMENTS_TEXT, "join(\",\")" },
	{ "before", ARGUMENTS_TEXT, "before(\"@\")" },
	{ "after", ARGUMENTS_TEXT, "after(\"@\")" },
	{ "left", ARGUMENTS_COUNT, "left(3)" },
	{ "right", ARGUMENTS_COUNT, "right(3)" },
	{ "replace", ARGUMENTS_TWO_TEXTS, "replace(\"pattern\",\"with\")" },
	{ "rdn", ARGUMENTS_NONE, "rdn" },
	{ "default", ARGUMENTS_TEXT, "default(\"x\")" },
	{ "date", ARGUMENTS_NONE, "date" },
};

enum { FUNCTION_COUNT = sizeof(signatures) / sizeof(*signatures) };
_Static_assert(FUNCTION_COUNT == TEMPLATE_DATE + 1, "signatures follow enum template_function");

struct argument {
	size_t at; /* offset */
	bool is_text;
	struct span text; /* unescaped; digits as they are */
};

struct call {
	size_t at; /* offset of the name */
	struct argument arguments[ARGUMENTS_MAX];
	size_t argument_count; /* may be one more than there is room for */
};

struct compiler {
	struct span text;
	size_t at;
	struct attribute_set *set;
	struct template *template;
	size_t fault;
	struct err err;
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

static char peek(const struct compiler *compiler)
{
	return at_end(compiler) ? '\0' : compiler->text.at[compiler->at];
}

static void skip_blanks(struct compiler *compiler)
{
	while (!at_end(compiler) && (peek(compiler) == ' ' || peek(compiler) == '\t'))
		compiler->at++;
}

static struct template_part *new_part(struct compiler *compiler)
{
	struct template *template = compiler->template;

	return vec_push((void **)&template->parts, &template->part_count, &template->part_cap,
	    sizeof(*template->parts));
}

/* Takes bytes up to one of the stop characters, without blanks at the end. */
static struct span take_until(struct compiler *compiler, const char *stops)
{
	struct span word = { compiler->text.at + compiler->at, 0 };

	while (
	    !at_end(compiler) && (peek(compiler) == '\0' || strchr(stops, peek(compiler)) == NULL))
		compiler->at++;
	word.len = compiler->at - (size_t)(word.at - compiler->text.at);
	while (word.len > 0 && (word.at[word.len - 1] == ' ' || word.at[word.len - 1] == '\t'))
		word.len--;
	return word;
}

static bool read_quoted(struct compiler *compiler, struct argument *argument)
{
	struct str text = { 0 };
	size_t start = compiler->at++;

	while (!at_end(compiler) && peek(compiler) != '"') {
		char c = peek(compiler);

		if (c == '\\' && compiler->at + 1 < compiler->text.len) {
			char next = compiler->text.at[compiler->at + 1];

			if (next == '"' || next == '\\') {
				c = next;
				compiler->at++;
			}
		}
		str_add_byte(&text, c);
		compiler->at++;
	}
	argument->is_text = true;
	argument->text = arena_span(compiler->template->arena, str_span(&text));
	str_done(&text);
	if (at_end(compiler))
		return fail(compiler, start, "expected a second \" that ends this text");
	compiler->at++;
	return true;
}

static bool read_argument(struct compiler *compiler, struct argument *argument)
{
	argument->at = compiler->at;
	if (peek(compiler) == '"')
		return read_quoted(compiler, argument);
	argument->is_text = false;
	argument->text = (struct span) { compiler->text.at + compiler->at, 0 };
	while (peek(compiler) >= '0' && peek(compiler) <= '9') {
		compiler->at++;
		argument->text.len++;
	}
	if (argument->text.len == 0)
		return fail(compiler, compiler->at, "expected a text in \" or a whole number");
	return true;
}

/* Reads "(a,b)"; stands at the bracket. */
static bool read_arguments(struct compiler *compiler, struct call *call)
{
	struct argument spare;

	compiler->at++;
	skip_blanks(compiler);
	if (peek(compiler) == ')') {
		compiler->at++;
		return true;
	}
	for (;;) {
		struct argument *argument = call->argument_count < ARGUMENTS_MAX
						? &call->arguments[call->argument_count]
						: &spare;

		if (!read_argument(compiler, argument))
			return false;
		if (call->argument_count <= ARGUMENTS_MAX)
			call->argument_count++;
		skip_blanks(compiler);
		if (peek(compiler) == ')') {
			compiler->at++;
			return true;
		}
		if (peek(compiler) != ',')
			return fail(compiler, compiler->at, "expected \",\" or \")\"");
		compiler->at++;
		skip_blanks(compiler);
	}
}

static bool fits(const struct call *call, enum arguments arguments)
{
	switch (arguments) {
	case ARGUMENTS_NONE:
		return call->argument_count == 0;
	case ARGUMENTS_TEXT:
		return call->argument_count == 1 && call->arguments[0].is_text;
	case ARGUMENTS_COUNT:
		return call->argument_count == 1 && !call->arguments[0].is_text;
	case ARGUMENTS_TWO_TEXTS:
		return call->argument_count == 2 && call->arguments[0].is_text &&
		       call->arguments[1].is_text;
	}
	return false;
}

static bool compile_count(
    struct compiler *compiler, const struct call *call, struct template_step *step)
{
	const struct argument *argument = &call->arguments[0];
	uint64_t count;

	if (!span_to_u64(argument->text, &count) || count == 0 || count > TEMPLATE_VALUE_MAX_BYTES)
		return fail(compiler, argument->at, "expected a number from 1 to %d",
		    TEMPLATE_VALUE_MAX_BYTES);
	step->count = (size_t)count;
	return true;
}

static bool compile_replace(
    struct compiler *compiler, const struct call *call, struct template_step *step)
{
	const struct argument *pattern = &call->arguments[0], *with = &call->arguments[1];
	struct err err;
	size_t offset = 0, at;
	bool in_with = false;

	if (replace_compile(pattern->text, with->text, &step->replace, &offset, &in_with, &err))
		return true;
	/* Behind the quote; escapes in the text may shift it, but never out of the argument. */
	at = (in_with ? with->at : pattern->at) + 1 + offset;
	return fail(compiler, at, "%s", err.text);
}

static bool compile_arguments(
    struct compiler *compiler, const struct call *call, struct template_step *step)
{
	const struct signature *signature = &signatures[step->function];

	if (!fits(call, signature->arguments))
		return fail(
		    compiler, call->at, "%s is written %s", signature->name, signature->usage);
	switch (signature->arguments) {
	case ARGUMENTS_NONE:
		return true;
	case ARGUMENTS_COUNT:
		return compile_count(compiler, call, step);
	case ARGUMENTS_TWO_TEXTS:
		return compile_replace(compiler, call, step);
	case ARGUMENTS_TEXT:
		step->text = call->arguments[0].text;
		if (step->text.len == 0 && step->function != TEMPLATE_JOIN)
			return fail(compiler, call->arguments[0].at,
			    "%s needs a text that is not empty", signature->name);
		return true;
	}
	return false;
}

static bool find_function(
    struct compiler *compiler, struct span name, size_t at, enum template_function *ret_function)
{
	const char *names[FUNCTION_COUNT], *nearest;

	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		names[i] = signatures[i].name;
		if (span_equal(name, span_of(names[i]))) {
			*ret_function = (enum template_function)i;
			return true;
		}
	}
	if (name.len == 0)
		return fail(compiler, at, "expected the name of a function");
	nearest = nearest_word(name, names, FUNCTION_COUNT);
	if (nearest != NULL)
		return fail(compiler, at, "unknown function \"%.*s\"; did you mean \"%s\"?",
		    SPAN_ARG(shorten(name)), nearest);
	return fail(compiler, at,
	    "unknown function \"%.*s\"; there are lower upper trim ascii nfc first "
	    "last join before after left right replace rdn default date",
	    SPAN_ARG(shorten(name)));
}

static bool compile_step(struct compiler *compiler, struct template_part *part, size_t *cap)
{
	struct call call = { .at = compiler->at };
	struct span name = take_until(compiler, "|}(");
	enum template_function function;
	struct template_step *step;

	if (!find_function(compiler, name, call.at, &function))
		return false;
	if (peek(compiler) == '(' && !read_arguments(compiler, &call))
		return false;
	step = vec_push((void **)&part->steps, &part->step_count, cap, sizeof(*step));
	step->function = function;
	if (function == TEMPLATE_FIRST || function == TEMPLATE_LAST || function == TEMPLATE_JOIN)
		part->list_count = part->step_count;
	return compile_arguments(compiler, &call, step);
}

static bool compile_name(struct compiler *compiler, struct template_part *part)
{
	static const char *const derived[] = { ATTRIBUTE_ENABLED, ATTRIBUTE_EXPIRES, ATTRIBUTE_KEY,
		ATTRIBUTE_DN, ATTRIBUTE_PARENT };
	size_t at = compiler->at;
	struct span name = take_until(compiler, "|}");
	const char *nearest = NULL;

	if (attribute_name_is_valid(name)) {
		part->name = arena_span(compiler->template->arena, name);
		part->slot = attribute_set_add(compiler->set, name);
		return true;
	}
	if (name.len == 0)
		return fail(compiler, at, "expected the name of an attribute");
	if (name.at[0] == '.')
		nearest = nearest_word(name, derived, sizeof(derived) / sizeof(*derived));
	if (nearest != NULL)
		return fail(compiler, at, "unknown attribute \"%.*s\"; did you mean \"%s\"?",
		    SPAN_ARG(shorten(name)), nearest);
	if (name.at[0] == '.')
		return fail(compiler, at,
		    "unknown attribute \"%.*s\"; there are .enabled .expires .key .dn .parent",
		    SPAN_ARG(shorten(name)));
	return fail(compiler, at, "expected the name of an attribute, and \"%.*s\" cannot be one",
	    SPAN_ARG(shorten(name)));
}

/* "${…}"; stands at the dollar sign. */
static bool compile_attribute(struct compiler *compiler)
{
	struct template_part *part = new_part(compiler);
	size_t start = compiler->at, step_cap = 0;

	compiler->at += 2;
	skip_blanks(compiler);
	if (!compile_name(compiler, part))
		return false;
	while (peek(compiler) == '|') {
		compiler->at++;
		skip_blanks(compiler);
		if (!compile_step(compiler, part, &step_cap))
			return false;
		skip_blanks(compiler);
	}
	if (at_end(compiler))
		return fail(compiler, start, "expected \"}\" that ends this \"${\"");
	if (peek(compiler) != '}')
		return fail(compiler, compiler->at, "expected \"|\" or \"}\"");
	compiler->at++;
	return true;
}

/* Text up to the next "${"; `$$` becomes one dollar sign. */
static bool compile_literal(struct compiler *compiler)
{
	struct str text = { 0 };
	bool done = true;

	while (done && !at_end(compiler)) {
		char c = peek(compiler);
		char next = compiler->at + 1 < compiler->text.len
				? compiler->text.at[compiler->at + 1]
				: '\0';

		if (c == '$' && next == '{')
			break;
		if (c == '$' && next != '$')
			done = fail(compiler, compiler->at,
			    "expected \"${\" before an attribute, or \"$$\" for a dollar sign");
		str_add_byte(&text, c);
		compiler->at += c == '$' ? 2 : 1;
	}
	if (done)
		new_part(compiler)->literal = arena_span(
		    compiler->template->arena, str_span(&text));
	str_done(&text);
	return done;
}

static bool compile_text(struct compiler *compiler)
{
	if (compiler->text.len == 0)
		return fail(compiler, 0, "expected a text or \"${attribute}\", not nothing");
	if (compiler->text.len > TEMPLATE_TEXT_MAX_BYTES)
		return fail(compiler, TEMPLATE_TEXT_MAX_BYTES, "expected at most %d bytes",
		    TEMPLATE_TEXT_MAX_BYTES);
	if (!utf8_is_valid(compiler->text))
		return fail(compiler, 0, "expected UTF-8");
	while (!at_end(compiler)) {
		bool is_attribute = peek(compiler) == '$' &&
				    compiler->at + 1 < compiler->text.len &&
				    compiler->text.at[compiler->at + 1] == '{';

		if (!(is_attribute ? compile_attribute(compiler) : compile_literal(compiler)))
			return false;
	}
	return true;
}

enum status template_compile(struct span text, struct attribute_set *set,
    struct template **ret_template, size_t *ret_offset, struct err *reterr)
{
	struct compiler compiler = { .text = text, .set = set };

	compiler.template = mem_new(1, sizeof(*compiler.template));
	compiler.template->arena = arena_new();
	compiler.template->text = arena_span(compiler.template->arena, text);
	if (!compile_text(&compiler)) {
		if (ret_offset != NULL)
			*ret_offset = compiler.fault;
		err_set(reterr, "%s", compiler.err.text);
		template_free(&compiler.template);
		return STATUS_REJECT;
	}
	*ret_template = compiler.template;
	return STATUS_OK;
}
